"""Bound: a NumPy optimizer over the memory of a torch optimizer's tensors."""

from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.autograd.graph import increment_version

from fastgd import validation
from fastgd.engine.memory import zeros_beside
from fastgd.engine.plan import Plan
from fastgd.engine.tensors import Binding, Views
from fastgd.optimizers.base import Optimizer as NumPyOptimizer
from fastgd.torch import checks

if TYPE_CHECKING:
    from fastgd.torch.base import Optimizer


class Bound:
    """
    Parameters and state of a torch optimizer as they were found, and the NumPy optimizer that updates them.

    It is made anew when parameters, groups or state are no longer where and what they were. The state is then copied,
    so that it lies in memory as the engine wants it, and its tensors in `state` are replaced by those that share
    memory with the NumPy optimizer.

    Attributes
    ----------
    inner : fastgd.Optimizer or None
        None where no group has a parameter, as on a rank of ZeroRedundancyOptimizer.
    """

    __slots__ = (
        "binding", "carry", "filled", "groups", "inner", "lately", "numpy_class", "params", "pick", "places",
        "plan", "published", "state", "steps", "values", "waiting", "where",
    )  # fmt: skip

    def __init__(self, optimizer: "Optimizer") -> None:
        numpy_class = self.numpy_class = optimizer._numpy
        self.groups, self.state = optimizer.param_groups, optimizer.state
        names = checks.names(numpy_class)
        self.pick = itemgetter(*names)
        self.binding = Binding(torch.Tensor, self.groups)
        self.params = self.binding.params
        self.where: list[str] = []  # of the groups that have parameters, what messages call them,
        self.filled: list[dict[str, Any]] = []  # the groups themselves
        self.values: list[tuple[Any, ...]] = []  # and their checked hyperparameters
        self.places: dict[int, tuple[int, int, int]] = {}  # by id of a parameter: its number, group and address
        self.lately: set[int] = set()  # what `update_one` has updated since it looked at everything
        given, saved, state = [], [], {}
        for n, group in enumerate(self.groups):
            values = checks.hyperparameters(numpy_class, where := f"param_groups[{n}]", group)
            if not group["params"]:
                continue
            keys = ("step", *numpy_class._carries, *checks.state_keys(numpy_class, values))
            numbers = []
            for k, param in enumerate(group["params"]):
                checks.parameter(f"{where}['params'][{k}]", param)
                i = len(self.places)
                self.places[id(param)] = i, len(self.filled), param.data_ptr()
                entry = self.state.get(param, {})
                state[i] = {key: _array(entry[key]) for key in keys if entry.get(key) is not None}
                numbers.append(i)
            self.where.append(where)
            self.filled.append(group)
            self.values.append(values)
            named = dict(zip(names, values, strict=True))
            given.append({**named, "params": [self.binding.arrays[i] for i in numbers]})
            saved.append({**named, "params": numbers})
        self.inner = numpy_class(given, **optimizer._settings()) if given else None
        if self.inner is not None and any(state.values()):
            self.inner.load_state_dict({"state": state, "param_groups": saved})
        self.plan = Plan() if self.inner is None else self.inner._plan
        self.steps, self.carry = np.zeros(len(self.params), np.float32), np.zeros((len(self.params), 2))
        self.waiting: set[int] = set()  # parameters that have not begun
        self.publish(anew=True)

    def holds(self, optimizer: "Optimizer") -> bool:
        """Whether parameters, groups and state are where and what they were after the latest step."""
        return (
            optimizer.param_groups is self.groups
            and optimizer.state is self.state
            and self.binding.holds(self.groups, self.state)
            and self.plan.has_progress(self.steps, self.carry)
        )

    def publish(self, *, anew: bool) -> None:
        """Bring into `state` what the NumPy optimizer has: all of it, or what is not there yet."""
        inner = self.inner
        if inner is not None:
            if not self.plan.write_progress(self.steps, self.carry):
                self.steps, anew = self.steps.astype(np.float64), True  # float32 would stay at 2**24
                self.plan.write_progress(self.steps, self.carry)
            for number, keys in enumerate(inner._group_states):
                for i in inner._members(number):
                    self._publish_one(i, keys, anew or i in self.waiting)
            self.published = list(inner._group_states)
            self.waiting = {i for i in range(len(self.params)) if not self.plan.progress(i)[0]}
        self.binding.remember(self.state)

    def _publish_one(self, i: int, keys: tuple[str, ...], anew: bool) -> None:
        assert self.inner is not None
        steps, carry = self.plan.progress(i)
        if not steps:
            return
        arrays = {key: self.inner._states[i][key] for key in keys}
        visible = self.inner._entry(steps, carry, arrays, {})
        if not visible:
            return
        arrays["step"] = self.steps[i : i + 1].reshape(())
        for k, key in enumerate(self.numpy_class._carries):
            arrays[key] = self.carry[i, k : k + 1].reshape(())
        entry = self.state[self.params[i]]
        entry.update({key: torch.from_numpy(arrays[key]) for key in visible if anew or key not in entry})

    # ---- a step -----------------------------------------------------------------------------------------------

    def update(self, scale: float) -> None:
        """Update all parameters that have a gradient."""
        for n in range(len(self.filled)):
            self.read_group(n)
        flat, grads = self.binding.gradients()
        if self.run(flat, scale):
            updated = self.params
            if self.binding.missing:
                updated = [param for param, grad in zip(updated, grads, strict=True) if grad is not None]
            self.finish(updated)

    def knows(self, param: torch.Tensor) -> bool:
        """
        Whether `update_one` can go on without looking at everything.

        It cannot where a parameter's turn comes again: this is another backward pass.
        """
        i, _, address = self.places.get(id(param), (0, 0, None))
        return address == param.data_ptr() and i not in self.lately

    def update_one(self, param: torch.Tensor) -> None:
        """Update one parameter, as in a step in which no other has a gradient."""
        i, n, _ = self.places[id(param)]
        self.lately.add(i)
        self.read_group(n)
        flat: list[Any] = [None] * len(self.params)
        flat[i] = Views(torch.Tensor).look([param.grad])[0]
        if self.run(tuple(flat), 1.0):
            self.finish([param])

    def read_group(self, n: int) -> None:
        """Check the hyperparameters of a group if they have been changed."""
        group = self.filled[n]
        try:
            if self.pick(group) == self.values[n]:
                return
        except Exception:  # a name is missing, or a value that cannot be compared: the checks say which
            pass
        self.values[n] = checks.hyperparameters(self.numpy_class, self.where[n], group)

    def run(self, flat: tuple[Any, ...], scale: float) -> bool:
        if self.inner is None:
            return False
        try:
            return self.inner._update(flat, scale, self.values, self.check_gradient)
        except BaseException:
            self.plan.release()
            raise

    def check_gradient(self, i: int, _: object) -> np.ndarray:
        """The gradient of parameter `i`, which the plan does not take as it is; copied if its strides differ."""
        assert self.inner is not None
        n = self.places[id(self.params[i])][1]
        k = i - sum(len(group["params"]) for group in self.filled[:n])
        label = f"{self.where[n]}['params'][{k}].grad"
        array = checks.gradient(label, self.params[i])
        if validation.is_dense(array) and self.plan.touches(array):
            raise ValueError(f"{label}: expected memory of its own, got memory that the step writes to")
        beside = zeros_beside(self.binding.arrays[i])
        np.copyto(beside, array)
        return beside

    def finish(self, updated: list[torch.Tensor]) -> None:
        """Tell autograd what has been written to, and bring `state` up to date."""
        assert self.inner is not None
        increment_version(updated)
        if (
            not self.plan.write_progress(self.steps, self.carry)
            or self.inner._group_states != self.published
            or (self.waiting and self.steps[list(self.waiting)].any())
        ):
            self.publish(anew=False)


def _array(value: Any) -> Any:
    return value.detach().numpy() if isinstance(value, torch.Tensor) else value
