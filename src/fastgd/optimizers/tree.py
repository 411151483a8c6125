"""The forms that parameters and gradients come in: one array, a list, a dict by name, or groups of any of these."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from fastgd import validation


class Tree:
    """
    The form of one group's parameters, which its gradients must have too.

    Attributes
    ----------
    keys : list
        One for each parameter: names for a dict, numbers for a list, [None] for a single array.
    arrays : list
        The parameters, in order.
    names : tuple of str or None
        For a dict, the names.
    single : bool
        Whether the group is one array by itself.
    """

    def __init__(self, label: str, params: object) -> None:
        self.keys: list[Any]
        self.arrays: list[Any]
        self.names: tuple[str, ...] | None = None
        self.single = isinstance(params, np.ndarray)
        if self.single:
            self.keys, self.arrays = [None], [params]
        elif isinstance(params, dict):
            for name in params:
                if not isinstance(name, str):
                    raise TypeError(f"{label}: expected names that are strings, got {name!r}")
            self.keys, self.arrays = list(params), list(params.values())
            self.names = tuple(params)
        elif isinstance(params, (list, tuple)):
            self.keys, self.arrays = list(range(len(params))), list(params)
        else:
            raise TypeError(
                f"{label} must be an array, a list or tuple of arrays, a dict of arrays by name, or a list of groups, "
                f"got {type(params).__name__}"
            )
        if not self.arrays:
            raise ValueError(f"{label}: expected at least one array, got none")

    def label(self, label: str, k: int) -> str:
        """What messages call array `k`: `grads['W1']`, `grads[3]`, or `grads` for a single array."""
        return label if self.single else f"{label}[{self.keys[k]!r}]"

    def flatten(self, label: str, values: object) -> tuple[Any, ...]:
        """`values`, in this form, as a tuple in the order of the parameters."""
        if self.single:
            return (values,)
        if self.names is not None:
            return self._by_name(label, values)
        if not isinstance(values, (list, tuple)):
            raise TypeError(f"{label}: expected a list or tuple like params, got {type(values).__name__}")
        if len(values) != len(self.keys):
            raise ValueError(f"{label}: expected {len(self.keys)} entries like params, got {len(values)}")
        return tuple(values)

    def _by_name(self, label: str, values: object) -> tuple[Any, ...]:
        assert self.names is not None
        if not isinstance(values, dict):
            raise TypeError(f"{label}: expected a dict by name like params, got {type(values).__name__}")
        if len(values) == len(self.names):
            try:
                return tuple([values[name] for name in self.names])
            except KeyError:
                pass
        missing = [name for name in self.names if name not in values]
        unknown = [name for name in values if name not in self.names]
        raise ValueError(
            f"{label}: expected the names of params"
            + (f", missing {', '.join(map(repr, missing))}" if missing else "")
            + (f", unknown {', '.join(map(repr, unknown))}" if unknown else "")
        )


def refuse_tensors(owner: str, params: Any) -> None:
    """Say which class takes the parameters of a torch model."""
    first = params
    while isinstance(first, (list, tuple, dict, Iterator)):
        if isinstance(first, dict):
            first = first.get("params", list(first.values()))
        elif isinstance(first, tuple) and len(first) == 2 and isinstance(first[0], str):
            first = first[1]  # of named_parameters()
        else:
            first = next(iter(first), None)
    if validation.is_of_torch(first):
        raise TypeError(f"params: expected NumPy arrays, got a torch {type(first).__name__}: use fastgd.torch.{owner}")


def split_groups(params: object) -> list[dict[str, Any]] | None:
    """The groups, if `params` is a list of groups like torch's."""
    if not (isinstance(params, (list, tuple)) and params and isinstance(params[0], dict)):
        return None
    for i, group in enumerate(params):
        if not isinstance(group, dict) or "params" not in group:
            raise TypeError(f"params[{i}]: expected a group, a dict with the key 'params', got {_describe(group)}")
    return list(params)


def _describe(value: object) -> str:
    return f"a dict without it: {list(value)}" if isinstance(value, dict) else type(value).__name__


def flatten_groups(trees: list[Tree], label: str, values: object) -> tuple[Any, ...]:
    """Gradients of several groups: one entry a group, in the form of its parameters, or one flat list."""
    total = sum(len(tree.keys) for tree in trees)
    if not isinstance(values, (list, tuple)):
        raise TypeError(f"{label}: expected a list with an entry for each group, got {type(values).__name__}")
    nested = any(isinstance(value, (list, tuple, dict)) for value in values)
    if len(values) == total and not nested:
        return tuple(values)
    if len(values) != len(trees):
        raise ValueError(
            f"{label}: expected {len(trees)} entries, one for each group, or a flat list of {total}, got {len(values)}"
        )
    flat: list[Any] = []
    for i, (tree, value) in enumerate(zip(trees, values, strict=True)):
        if isinstance(value, dict) and list(value) == ["params"] and tree.names != ("params",):
            value = value["params"]
        flat.extend(tree.flatten(f"{label}[{i}]", value))
    return tuple(flat)
