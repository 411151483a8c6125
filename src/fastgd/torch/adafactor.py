"""What Adafactor does beyond others: moments of rows and columns, which have another shape than their parameter."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from fastgd import beside
from fastgd.engine import factored
from fastgd.engine.plan import Group
from fastgd.optimizers import state_dict as saved
from fastgd.optimizers.adafactor import NAMES, add_step, begun, check_moment, named
from fastgd.torch import checks
from fastgd.torch.base import Optimizer


class AdafactorBase(Optimizer):
    """Base of `fastgd.torch.Adafactor`."""

    def __init__(self, params: Any, given: dict[str, Any], settings: Mapping[str, Any]) -> None:
        super().__init__(params, given, settings)
        self._steps.between = Moments()

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._steps.between = Moments()

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        _, state = saved.parts(state_dict)
        super().load_state_dict({**state_dict, "state": {i: own_moments(entry) for i, entry in state.items()}})

    def _entry(
        self, i: int, param: torch.Tensor, array: np.ndarray, slots: Group, shown: tuple[str, ...], copying: bool
    ) -> saved.Entry:
        found = super()._entry(i, param, array, slots, shown, copying)
        if copying and found[0]:  # Others are looked at in the step, which is where they may have been changed last.
            entry, label = self.state[param], f"state_dict['state'][{i}]"
            for name, zeros in begun(array, entry.get("exp_avg") is not None).items():
                if entry.get(name) is None:
                    raise ValueError(f"{label}: missing {name!r}")
                own = moment(f"{label}[{name!r}]", entry[name])
                check_moment(f"{label}[{name!r}]", own, zeros, name == "exp_avg")
        return found


def own_moments(entry: Any) -> Any:
    """An entry of a saved state with copies of its moments, which the steps of its owner go on to change."""
    if not isinstance(entry, Mapping):
        return entry  # which is refused
    mine = {name: entry[name] for name in NAMES if isinstance(entry.get(name), torch.Tensor)}
    return {**entry, **{name: tensor.detach().resolve_neg().contiguous().clone() for name, tensor in mine.items()}}


def moment(label: str, tensor: torch.Tensor) -> np.ndarray:
    """The memory of a moment."""
    array = checks.memory(label, tensor)
    if tensor.is_neg():
        raise ValueError(f"{label}: expected a tensor of plain numbers, got one with the negative bit set")
    return array


class Moments:
    """The moments in the `state` of an optimizer, and what a step does with them."""

    def __init__(self) -> None:
        self.used: list[tuple[Any, dict[str, np.ndarray]]] = []  # of each parameter that the step under way updates

    def __call__(self, steps: Any) -> factored.Work:
        """The step under way, to be made."""
        work, state = factored.Work(), steps.shown.get_state()
        self.used = []
        for i in steps.updated():
            leaf = steps.leaves[i]
            entry = state.get(leaf, {})
            label = "param_groups[{}]['params'][{}]".format(*steps.place_of(i))
            given = {name: entry[name] for name in NAMES if entry.get(name) is not None}
            moments = {name: moment(f"state {name!r} of {label}", given[name]) for name in given}
            self.used.append((leaf, moments))
            add_step(work, steps, i, moments)
        updated = steps.updated()
        moments_of = dict(zip(updated, [moments for _, moments in self.used], strict=True))
        beside.check_apart(steps, named(steps, moments_of), updated)
        return work

    def tell(self, steps: Any) -> None:
        """Bring into `state` what the step has begun; the same again does no harm."""
        state = steps.shown.get_state()
        for leaf, moments in self.used:
            entry = state.get(leaf, {})
            for name, array in moments.items():
                if entry.get(name) is None:
                    entry[name] = torch.from_numpy(array)
