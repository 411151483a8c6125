"""The forms of parameters and gradients: an array, lists and dicts of arrays to any depth, or groups of these."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from fastgd import validation

# What a list or dict is made of, for the compiled step: the names of a dict, or None; for each entry None where it is
# an array, else what it is made of itself; whether all of them are arrays.
Form = tuple[tuple[str, ...] | None, tuple[Any, ...], bool]
Leaf = tuple[str, str, Any]  # how to come to an array, such as ['encoder'][0]; its name, encoder.0; the array

DEEPEST = 500  # lists and dicts inside one another


class Tree:
    """
    The form of one group's parameters, which its gradients must have too.

    Attributes
    ----------
    form : tuple or None
        What the list or dict is made of; None for a single array.
    arrays : list
        The parameters, in order: depth first.
    places : list of str
        How to come to each parameter, such as ``['encoder'][0]``.
    names : tuple of str or None
        As torch names the parameters of modules: ``encoder.0``. None for an array, for a list of arrays, which are
        numbered, and for any list that is one group of several, whose numbers would be those of another group too.
    """

    def __init__(self, label: str, params: object, grouped: bool = False) -> None:
        self.arrays: list[Any] = []
        self.places: list[str] = []
        self.form: Form | None = None
        self.names: tuple[str, ...] | None = None
        if isinstance(params, np.ndarray):
            self.arrays, self.places = [params], [""]
            return
        if not isinstance(params, (dict, list, tuple)):
            raise TypeError(
                f"{label} must be an array, a list, tuple or dict of arrays, also of lists and dicts of them, or a "
                f"list of groups, got {type(params).__name__}"
            )
        found: list[Leaf] = []
        self.form = _open(label, params, "", (), found)
        if not found:
            raise ValueError(f"{label}: expected at least one array, got none")
        self.places, names, self.arrays = (list(column) for column in zip(*found, strict=True))
        if isinstance(params, dict) or not (grouped or self.form[2]):
            self.names = tuple(names)
            if twice := [name for name, times in Counter(names).items() if times > 1]:
                raise ValueError(f"{label}: the name {twice[0]!r} is that of two arrays")

    def label(self, label: str, k: int) -> str:
        """What messages call array `k`: `grads['W1']`, `grads[3]`, or `grads` for a single array."""
        return label + self.places[k]

    def flatten(self, label: str, values: object) -> tuple[Any, ...]:
        """`values`, in this form, as a tuple in the order of the parameters."""
        if self.form is None:
            return (values,)
        flat: list[Any] = []
        _collect(label, self.form, values, flat)
        return tuple(flat)


def leaves(label: str, values: Any) -> list[tuple[str, Any]]:
    """What is in lists and dicts, in order, with what messages call it; something else by itself."""
    if not isinstance(values, (dict, list, tuple)):
        return [(label, values)]
    found: list[Leaf] = []
    _open(label, values, "", (), found)
    return [(label + place, value) for place, _, value in found]


def _open(label: str, value: Any, place: str, path: tuple[str, ...], found: list[Leaf]) -> Form:
    """Append what is in a list or dict at `place` to `found`; returns what it is made of."""
    if len(path) >= DEEPEST:
        raise ValueError(
            f"{label}: expected lists and dicts at most {DEEPEST} deep, got deeper ones, or one that is in itself"
        )
    if isinstance(value, dict):
        for name in value:
            if not isinstance(name, str):
                raise TypeError(f"{label}{place}: expected names that are strings, got {name!r}")
    parts: list[Form | None] = []
    for key, entry in value.items() if isinstance(value, dict) else enumerate(value):
        there, way = f"{place}[{key!r}]", (*path, str(key))
        if isinstance(entry, (dict, list, tuple)):
            parts.append(_open(label, entry, there, way, found))
        else:
            parts.append(None)
            found.append((there, ".".join(way), entry))
    names = tuple(value) if isinstance(value, dict) else None
    return names, tuple(parts), all(part is None for part in parts)


def _collect(label: str, form: Form, values: Any, flat: list[Any]) -> None:
    """Append what is in `values`; None in the place of a list or dict is None for each of its arrays."""
    names, parts, _ = form
    if names is not None:
        values = _by_name(label, names, values)
    elif not isinstance(values, (list, tuple)):
        raise TypeError(f"{label}: expected a list or tuple like params, got {type(values).__name__}")
    elif len(values) != len(parts):
        raise ValueError(f"{label}: expected {len(parts)} entries like params, got {len(values)}")
    for key, part, value in zip(names or range(len(parts)), parts, values, strict=True):
        if part is None:
            flat.append(value)
        elif value is None:
            flat.extend([None] * _count(part))
        else:
            _collect(f"{label}[{key!r}]", part, value, flat)


def _count(form: Form) -> int:
    return sum(1 if part is None else _count(part) for part in form[1])


def _by_name(label: str, names: tuple[str, ...], values: object) -> list[Any]:
    """The values of a dict, which has these names, in their order."""
    if not isinstance(values, dict):
        raise TypeError(f"{label}: expected a dict by name like params, got {type(values).__name__}")
    if len(values) == len(names):
        try:
            return [values[name] for name in names]
        except KeyError:
            pass
    missing = [name for name in names if name not in values]
    unknown = [name for name in values if name not in names]
    raise ValueError(
        f"{label}: expected the names of params"
        + (f", missing {', '.join(map(repr, missing))}" if missing else "")
        + (f", unknown {', '.join(map(repr, unknown))}" if unknown else "")
    )


def refuse_tensors(owner: str, params: Any) -> None:
    """Say which class takes the parameters of a torch model."""
    first = params
    for _ in range(DEEPEST):
        if isinstance(first, dict):
            first = first.get("params", next(iter(first.values()), None))
        elif isinstance(first, tuple) and len(first) == 2 and isinstance(first[0], str):
            first = first[1]  # of named_parameters()
        elif isinstance(first, (list, tuple, Iterator)):
            first = next(iter(first), None)
        else:
            break
    if validation.is_of_torch(first):
        raise TypeError(f"params: expected NumPy arrays, got a torch {type(first).__name__}: use fastgd.torch.{owner}")


def split_groups(params: object) -> list[dict[str, Any]] | None:
    """The groups, if `params` is a list of groups like torch's: of dicts with the key "params"."""
    if not isinstance(params, (list, tuple)):
        return None
    if not any(isinstance(group, dict) and ("params" in group or _is_no_layer(group)) for group in params):
        return None
    for i, group in enumerate(params):
        if not isinstance(group, dict) or "params" not in group:
            raise TypeError(f"params[{i}]: expected a group, a dict with the key 'params', got {_describe(group)}")
    return list(params)


def _is_no_layer(group: dict[Any, Any]) -> bool:
    """Whether a dict has what no part of a network has, so that a group was meant."""
    return any(callable(value) or isinstance(value, (bool, int, float, str)) for value in group.values())


def _describe(value: object) -> str:
    return f"a dict without it: {list(value)}" if isinstance(value, dict) else type(value).__name__


def flatten_groups(trees: list[Tree], label: str, values: object) -> tuple[Any, ...]:
    """Gradients of several groups: one entry a group, in the form of its parameters, or one flat list."""
    total = sum(len(tree.arrays) for tree in trees)
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
        if isinstance(value, dict) and list(value) == ["params"] and (tree.form is None or tree.form[0] != ("params",)):
            value = value["params"]
        flat.extend(tree.flatten(f"{label}[{i}]", value))
    return tuple(flat)
