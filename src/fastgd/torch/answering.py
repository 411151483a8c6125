"""What the compiled step asks a torch optimizer about: parameters, state and gradients that are not plainly right."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch

from fastgd import validation
from fastgd.engine.formats import MASTER
from fastgd.engine.plan import Group
from fastgd.engine.rows import Rows
from fastgd.engine.zeros import zeros_beside
from fastgd.optimizers import base
from fastgd.optimizers import state_dict as saved
from fastgd.optimizers.settings import TOGETHER
from fastgd.ranks import Ranks
from fastgd.torch import checks, ranks, shards
from fastgd.torch.keeping import Keeping


class Answering(Keeping):
    """The words for what is refused, and arrays for what can be taken all the same."""

    _numpy: ClassVar[type[base.Optimizer]]
    _numbers: ClassVar[tuple[str, ...]]
    _known: ClassVar[frozenset[str]]
    _part: bool
    _group: Any
    state: Any

    def _tell_refusal(self) -> None:
        """Tell other processes, if they wait for this one's part of a step, that it has none."""
        if not self._steps.busy:  # with the step of another thread, which is this process' part
            self._steps.refuse_step(self)

    def _ranks(self, params: list[torch.Tensor]) -> Ranks | None:
        if self._part and self._group is None:
            kind = type(self).__name__
            return ranks.Unknown(f"this {kind} is a copy, which does not know the processes that have other parameters")
        return ranks.ranks_of(params, self._group)

    def _refused_groups(self, count: int) -> None:
        raise TypeError(f"param_groups must be a list of {count} dicts, got {type(self.param_groups).__name__}")

    def _refused_group(self, number: int, group: object) -> None:
        """Raise unless a group can be read."""
        where = f"param_groups[{number}]"
        if not isinstance(group, dict):
            raise TypeError(f"{where} must be a dict, got {type(group).__name__}")
        checks.switches(where, group)
        for name in TOGETHER:
            # torch lets a group have any key, and ZeroRedundancyOptimizer puts all arguments into each.
            if name in group and not (self._part and group[name] == getattr(self, name)):
                raise ValueError(f"{where}: {name} is for all groups together, an argument of the optimizer")
        if missing := [name for name in self._reader.names if name not in group]:
            raise ValueError(f"{where}: missing {', '.join(map(repr, missing))}")
        self._storage(where, group)

    def _progress(self, label: str, entry: Mapping[str, Any]) -> base.Progress:
        """(steps, carried numbers) of an entry of `state`."""
        numbers = {key: checks.number(f"{label}[{key!r}]", entry[key]) for key in self._numbers if key in entry}
        return self._numpy.progress(label, {**entry, **numbers})

    def _entry(
        self, i: int, param: torch.Tensor, array: np.ndarray, slots: Group, shown: tuple[str, ...], copying: bool
    ) -> saved.Entry:
        """
        Progress and state arrays of parameter `i`, read from `state`.

        `shown`: what its entry has had; `copying`: whether the arrays are copies in any case.
        """
        self._numpy.check_params([(f"params[{i}]", array)])  # which may lie otherwise than it did
        label = f"state_dict['state'][{i}]"
        given = shards.entry(label, saved.mapping(label, self.state.get(param, {})), self._numbers, param)
        master = slots.master_key(array)
        known = self._known.difference(key for key in MASTER if key != master)
        entry = {key: value for key, value in given.items() if key in known and value is not None}
        entry |= {key: checks.number(f"{label}[{key!r}]", entry[key]) for key in self._numbers if key in entry}
        keys = slots.keys()
        needed = [key for key in slots.all_keys() if key in slots.common_keys() or (key in keys and key in shown)]
        take = saved.copied if copying else checks.adopted
        steps, carry, arrays = saved.read_entry(self._numpy, label, entry, array, slots, needed, take)
        if entry and not steps and self._numpy.begins_itself:
            raise ValueError(f"{label}['step']: expected at least 1, got 0: the first step would overwrite the state")
        return steps, carry, saved.with_zeros(arrays, slots, array)

    def _label(self, i: int) -> str:
        """What messages call a parameter."""
        number, k = self._steps.place_of(i)
        return f"param_groups[{number}]['params'][{k}]"

    def _gradient_label(self, i: int) -> str:
        return f"{self._label(i)}.grad"

    def _gradient(self, i: int, grad: torch.Tensor) -> np.ndarray | Rows:
        """What stands for a gradient that cannot be read where it lies: a copy in parameter `i`'s layout, or rows."""
        label = self._gradient_label(i)
        grad = shards.beside(label, grad, self._steps.leaves[i])  # which holds the memory of the array
        if getattr(grad, "layout", None) is torch.sparse_coo:
            return checks.rows(label, grad, self._steps.leaves[i])
        array = checks.gradient(label, grad, self._steps.leaves[i])
        if validation.is_dense(array) and self._steps.touches(array):
            raise ValueError(f"{label}: expected memory of its own, got memory that the step writes to")
        beside = zeros_beside(self._steps.params[i], array)
        np.copyto(beside, checks.signed(grad, array))
        return beside

    def _look(self) -> None:
        """Find parameters and state where they are now, and read the groups."""
        self._steps.look(self)

    def _written_to(self) -> None:
        """Tell autograd that parameters and copies have been written to."""
        written = [*self._steps.leaves, *self._steps.targets.tensors.values()]
        torch.autograd.graph.increment_version([*written, *map(shards.part, written)])
