"""State that does not depend on how many ranks there are."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from fastgd import checkpoint, formats
from fastgd.mpi.agreement import agree
from fastgd.mpi.division import Range, flat
from fastgd.mpi.traffic import assembled
from fastgd.optimizers import state_dict as saved
from fastgd.optimizers.base import Optimizer
from fastgd.optimizers.settings import TOGETHER


class Saved:
    """State dicts and files of an optimizer whose state is divided."""

    comm: Any
    shard: Optimizer
    whole: bool  # whether each parameter is on one rank
    ranges: list[list[Range]]  # for each rank and parameter the elements that it has
    _params: list[np.ndarray]
    _axes: list[list[int]]
    _flat: list[np.ndarray]
    _original: Any  # the parameters, in the form in which they were given
    _kind: type[Optimizer]
    _given: dict[str, Any]

    def _alone(self) -> Any:
        """One thread at a time."""
        raise NotImplementedError

    def state_dict(self, root: int | None = None) -> dict[str, Any] | None:
        """
        Hyperparameters and the state of all ranks, as one process would have them.

        Parameters
        ----------
        root : int, optional
            The one rank that gets it; without it all do, and need the memory.

        Returns
        -------
        dict or None
            As of `Optimizer.state_dict`, for the optimizer class or for any number of ranks; None on ranks but `root`.

        Raises
        ------
        ValueError
            If there is no such rank.
        RuntimeError
            If another thread is inside a method of this optimizer.
        """
        if root is not None and not 0 <= root < self.comm.Get_size():
            raise ValueError(f"root must be None or in [0, {self.comm.Get_size()}), got {root}")
        with self._alone():
            mine = self.shard.state_dict()
            here = root is None or root == self.comm.Get_rank()
            state: dict[int, dict[str, Any]] = {}
            # What keys there are, and the numbers, which lie with the elements.
            forms = self.comm.allgather({i: self._forms(entry) for i, entry in mine["state"].items()})
            for i in range(len(self._params)):
                entry = self._assembled(i, mine["state"].get(i, {}), forms, root, here)
                if entry:
                    state[i] = entry
        return {**mine, "state": state} if here else None

    def _assembled(
        self, i: int, mine: dict[str, Any], forms: list[dict[int, Any]], root: int | None, here: bool
    ) -> dict[str, Any]:
        """The entry of parameter `i`, or nothing where it is not wanted."""
        holds = [own[i][1] > own[i][0] for own in self.ranges]
        owner = holds.index(True) if any(holds) else 0
        entry: dict[str, Any] = {}
        for key, form in forms[owner].get(i, {}).items():
            if isinstance(form, np.ndarray):
                entry[key] = form
                continue
            dtype, part = formats.dtype(form[0]), mine.get(key)
            if self.whole:  # The array has a shape of its own, and all of it is on one rank.
                out, axes = np.empty(form[1] if here else 0, dtype), list(range(len(form[1]) if here else 1))
                counts = [math.prod(form[1]) if rank == owner else 0 for rank in range(len(holds))]
                part = None if part is None else np.asarray(part, order="C")
            else:
                out, axes = np.empty_like(self._params[i] if here else self._flat[i][:0], dtype), self._axes[i]
                axes = axes if here else [0]
                counts = [own[i][1] - own[i][0] for own in self.ranges]
            sent = np.empty(0, dtype) if part is None or not counts[self.comm.Get_rank()] else part.reshape(-1)
            assembled(self.comm, sent, counts, flat(out, axes) if here else None, root)
            entry[key] = out
        return entry if here else {}

    def _forms(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Of an entry the numbers, and the dtypes and shapes of the arrays."""
        return {key: value if key in self._numbers else (value.dtype.name, value.shape) for key, value in entry.items()}

    @property
    def _numbers(self) -> tuple[str, ...]:
        """Keys of what an entry has beside arrays."""
        return ("step", *self.shard.carried)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """
        Take over hyperparameters and state, of which this rank keeps its part.

        Parameters
        ----------
        state_dict : mapping
            As `state_dict` returns it for any number of ranks, or that of `Optimizer`; the same on all ranks.

        Raises
        ------
        TypeError, ValueError
            As by `Optimizer.load_state_dict`, on the rank where that is so; the optimizer is then unchanged on all.
        RuntimeError
            On the other ranks, or if another thread is inside a method of this optimizer.
        """
        with self._alone():
            error, before = None, self.shard.state_dict()
            try:
                self.shard.load_state_dict(self._own(state_dict))
            except Exception as raised:
                error = raised
            try:
                agree(self.comm, [("completed", self.shard.steps_completed)], error, "to load this state")
            except Exception:
                if error is None:
                    self.shard.load_state_dict(before)
                raise

    def _own(self, state_dict: Mapping[str, Any]) -> dict[str, Any]:
        """A state dict with this rank's part of the arrays."""
        groups, entries = saved.parts(state_dict)
        numbers = [key for group in groups for key in group["params"]]
        own, state = self.ranges[self.comm.Get_rank()], {}
        for key, entry in entries.items():
            label = f"state_dict['state'][{key!r}]"
            i = numbers.index(key) if key in numbers else -1
            if not 0 <= i < len(self._params):
                raise ValueError(f"state_dict: state of unknown parameters {[key]}")
            if not self.whole:
                state[key] = {
                    name: value if value is None or name in self._numbers
                    else self._part(f"{label}[{name!r}]", i, value, own[i])
                    for name, value in saved.mapping(label, entry).items()
                }  # fmt: skip
            elif own[i][1] or not self._params[i].size:
                state[key] = entry
        rest = {"completed": state_dict["completed"]} if "completed" in state_dict else {}
        if not rest and self.shard.has_step:  # A rank without parameters would find nothing to count.
            rest = {"completed": max([int(np.asarray(e["step"])) for e in entries.values() if "step" in e], default=0)}
        return {"state": state, "param_groups": groups, **rest}

    def _part(self, label: str, i: int, value: Any, own: Range) -> Any:
        """The elements of a state array that are this rank's."""
        array = formats.asarray(value)
        if array.shape != self._params[i].shape:
            raise ValueError(f"{label}: expected shape {self._params[i].shape}, got {array.shape}")
        return flat(array, self._axes[i])[own[0] : own[1]]

    # ---- files ------------------------------------------------------------------------------------------------

    def save(self, path: Any, *, params: object = None, extra: object = None, root: int = 0) -> None:
        """
        Write the state of all ranks to a file, from one rank, as `fastgd.save` writes an optimizer of `kind`.

        Parameters
        ----------
        path, params, extra
            As for `fastgd.save`.
        root : int, default 0
            The rank that writes; it needs memory for all of the state, twice.

        Raises
        ------
        TypeError, ValueError, OSError
            As by `fastgd.save`, on `root`.
        RuntimeError
            On the other ranks, or if another thread is inside a method of this optimizer.
        """
        state, error = self.state_dict(root), None
        if state is not None:
            try:
                checkpoint.save(path, self._one_process(state), params=params, extra=extra)
            except Exception as raised:
                error = raised
        agree(self.comm, (), error, f"to write {path!r}")

    def load(self, path: Any, *, params: object = None) -> Any:
        """
        Read what `save`, or `fastgd.save` of an optimizer of the same class, has written, on every rank.

        Parameters
        ----------
        path, params
            As for `fastgd.load`.

        Returns
        -------
        object
            As of `fastgd.load`.

        Raises
        ------
        TypeError, ValueError, OSError
            As by `fastgd.load`, on the rank where that is so.
        RuntimeError
            On the other ranks, or if another thread is inside a method of this optimizer.
        """
        error, extra, state = None, None, None
        try:
            one = self._one_process(None)
            extra = checkpoint.load(path, one, params=params)
            state = one.state_dict()
        except Exception as raised:
            error = raised
        agree(self.comm, (), error, f"to read {path!r}")
        if state is not None:
            self.load_state_dict(state)
            for name in TOGETHER:
                setattr(self.shard, name, getattr(one, name))
        return extra

    def _one_process(self, state: dict[str, Any] | None) -> Optimizer:
        """An optimizer of all parameters, with a state."""
        opt = self._kind(self._original, **self._given)
        for name in TOGETHER:
            setattr(opt, name, getattr(self.shard, name))
        if state is not None:
            opt.load_state_dict(state)
            opt._steps.skipped_steps = self.shard.skipped_steps
        return opt
