"""Optimizer: what all rules share. Parameters -> groups -> Plan; a step; the state as a dict."""

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from operator import itemgetter
from types import MappingProxyType
from typing import Any, ClassVar, Unpack

import numpy as np

from fastgd import validation
from fastgd.engine import dispatch
from fastgd.engine.memory import zeros_beside
from fastgd.engine.plan import Plan
from fastgd.optimizers import exchange
from fastgd.optimizers.structure import Form, flatten_groups, read_group, split_groups
from fastgd.optimizers.terms import NO_CARRY, Carry, GradientSettings, Prepared, Settings

RULES = dispatch.rules()
IN_USE = "this optimizer is in use by another thread; give each thread its own, or a lock"


class Optimizer(GradientSettings):
    """
    Base of all optimizers; construct one of its subclasses.

    Parameters
    ----------
    params : ndarray, list or tuple of ndarray, dict of str to ndarray, or list of groups
        float32 or float64, updated in place. Any dense layout: C or F order or another permutation of axes; 0-d and
        empty arrays too. A group is a dict with the key ``"params"`` (an array, a list or a dict) and the
        hyperparameters in which it differs.
    defaults : dict
        Hyperparameters of groups that do not say otherwise. `lr` may be a number or a schedule: a function of the
        steps completed so far that returns the learning rate of the next, see `fastgd.schedules`.
    max_grad_norm : float, optional
        If given, gradients are scaled so that their Euclidean norm over all parameters is at most this.
    max_grad_value : float, optional
        If given, each element of the gradients is clipped to [-max_grad_value, max_grad_value].
    skip_nonfinite : bool, default False
        Whether a step whose gradients have, after `grad_scale`, a norm that is NaN or beyond the dtype's range is left
        out: nothing changes but `skipped_steps`.

    Attributes
    ----------
    param_groups : list of dict
        ``"params"`` (a tuple of arrays) and every hyperparameter; mutable, read and checked at each step.
    state : mapping
        For each parameter that has been updated, by its name or number: its step count and state arrays under
        torch's keys. The arrays are the optimizer's own.
    grad_norm : float or None
        Norm of the latest step's gradients, after `grad_scale` and before clipping; None unless `max_grad_norm` or
        `skip_nonfinite` asked for it.
    skipped_steps : int
        Steps that `skip_nonfinite` refused.

    Notes
    -----
    The gradient is only read. It goes through `grad_scale`, the norm, the value, the sign of `maximize` and weight
    decay, in this order, all in the one pass of the update; the norm costs one more read of the gradient.
    """

    _checks: ClassVar[dict[str, Callable[[str, object], Any]]]
    _own: ClassVar[tuple[str, ...]] = ()  # hyperparameters that torch does not have
    _carries: ClassVar[dict[str, Callable[[str, object], float]]] = {}  # state keys of the numbers that a rule carries
    _has_step: ClassVar[bool] = True

    def __init__(
        self,
        params: object,
        defaults: dict[str, Any],
        **settings: Unpack[Settings],
    ) -> None:
        if type(self) is Optimizer:
            raise TypeError("Optimizer is the base of all optimizers: construct one of its subclasses")
        validation.arguments(type(self).__name__, settings, ["params", *self._checks, *Settings.__annotations__])
        self._set(settings)
        self.defaults = {name: check(name, defaults[name]) for name, check in self._checks.items()}
        self.param_groups: list[dict[str, Any]] = []
        self.grad_norm: float | None = None
        self.skipped_steps = 0
        self._completed = 0  # steps, as schedules count them
        self._scheduled = False  # whether a group's lr is a schedule
        self._largest = sys.float_info.max  # norm of a gradient that is finite in the dtypes of all parameters
        self._lock = threading.Lock()
        self._plan = Plan()
        self._forms: list[Form] = []
        self._group_params: list[tuple[np.ndarray, ...]] = []
        self._group_states: list[tuple[str, ...]] = []  # the state keys that the plan's arrays stand for
        self._group_values: list[tuple[Any, ...]] = []  # checked hyperparameters, as of the latest step
        self._group_keys: list[int] = []  # how many keys a group has
        self._params: list[np.ndarray] = []
        self._extents: list[tuple[int, int]] = []
        self._labels: list[str] = []
        self._states: list[dict[str, np.ndarray]] = []
        self._bound: tuple[np.ndarray | None, ...] | None = None
        self._grouped = (groups := split_groups(params)) is not None
        self._pick = itemgetter(*self._checks)
        for group in [{"params": params}] if groups is None else groups:
            self._add_group(group)
        # gradients, in the form of the parameters -> a tuple in their order
        self._flatten: Callable[[str, object], tuple[Any, ...]] = (
            self._forms[0].flatten if groups is None else partial(flatten_groups, self._forms)
        )

    @staticmethod
    def _prepare(scale: float, t: int, carry: Carry, *args: Any, **kwargs: Any) -> Prepared:
        """
        The rule of step `t` (from 1), its scalars in the order of table.pxi, and the numbers to carry on.

        `scale` is what the rule multiplies the gradient by; hyperparameters follow in the order of `_checks`.
        """
        raise NotImplementedError

    # ---- groups -----------------------------------------------------------------------------------------------

    def add_param_group(self, group: dict[str, Any]) -> None:
        """
        Add a group of parameters; from then on, gradients come as for groups.

        Parameters
        ----------
        group : dict
            ``"params"`` and the hyperparameters in which the group differs from the defaults.

        Raises
        ------
        TypeError, ValueError
            As by the constructor; the optimizer is then unchanged.
        """
        if not isinstance(group, dict) or "params" not in group:
            raise TypeError("group must be a dict with the key 'params'")
        with self._exclusive():
            self._add_group(group)
            self._grouped = True
            self._flatten = partial(flatten_groups, self._forms)
            self._bound = None

    def _add_group(self, group: dict[str, Any]) -> None:
        number = len(self.param_groups)
        label = f"params[{number}]" if self._grouped or number else "params"
        validation.known(label, group, ["params", *self._checks])
        form = Form(label, group["params"])
        labels = form.labels(label)
        arrays = [validation.writeable(*pair) for pair in zip(labels, form.arrays, strict=True)]
        given = {name: group.get(name, default) for name, default in self.defaults.items()}
        named = {name: f"{label}[{name!r}]" if name in group else name for name in self._checks}
        values = tuple(check(named[name], given[name]) for name, check in self._checks.items())
        validation.apart([*self._written(), *zip(labels, arrays, strict=True)])
        for name in form.names or ():
            if any(name in (other.names or ()) for other in self._forms):
                raise ValueError(f"{label}: the name {name!r} is taken by another group")
        rule = self._rule(number, values)
        states = [{key: zeros_beside(array) for key in RULES[rule][1]} for array in arrays]

        names = {} if form.names is None else {"param_names": form.names}
        self.param_groups.append({"params": tuple(arrays), **names, **dict(zip(self._checks, values, strict=True))})
        self._forms.append(form)
        self._group_params.append(self.param_groups[number]["params"])
        self._group_values.append(values)
        self._scheduled = self._scheduled or callable(values[0])
        self._group_keys.append(len(self.param_groups[number]))
        self._group_states.append(())
        for array, state, name in zip(arrays, states, labels, strict=True):
            self._plan.add(array, number)
            self._params.append(array)
            self._largest = min(self._largest, float(np.finfo(array.dtype).max))
            self._extents.append(validation.extent_of(array))
            self._labels.append(name)
            self._states.append(state)
        self._use(number, rule)

    def _written(self) -> list[tuple[str, np.ndarray]]:
        """What a step writes to, by name."""
        written = list(zip(self._labels, self._params, strict=True))
        for label, state in zip(self._labels, self._states, strict=True):
            written.extend((f"state {key!r} of {label}", array) for key, array in state.items())
        return written

    def _members(self, number: int) -> range:
        """Numbers of the parameters of a group."""
        start = sum(len(params) for params in self._group_params[:number])
        return range(start, start + len(self._group_params[number]))

    def _use(self, number: int, rule: str) -> None:
        """Give a group's parameters the state arrays of `rule`; those that they have are kept."""
        keys = RULES[rule][1]
        if keys == self._group_states[number]:
            return
        for i in self._members(number):
            for key in keys:
                if key not in self._states[i]:
                    self._states[i][key] = zeros_beside(self._params[i])
            self._plan.set_states(i, tuple(self._states[i][key] for key in keys))
        self._group_states[number] = keys

    def _read_group(self, number: int) -> None:
        """Check the hyperparameters of a group that has been changed, and take them over."""
        group = self.param_groups[number]
        values = read_group(
            f"param_groups[{number}]", group, self._forms[number], self._group_params[number], self._checks
        )
        self._take(number, values)

    def _take(self, number: int, values: tuple[Any, ...]) -> None:
        """Make checked values the hyperparameters of a group."""
        self.param_groups[number].update(zip(self._checks, values, strict=True))
        self._group_values[number] = values
        self._scheduled = any(callable(values[0]) for values in self._group_values)

    def _current(self, number: int, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """Hyperparameters of a group in this step: where `lr` is a schedule, its value now."""
        if not callable(values[0]):
            return values
        label = f"param_groups[{number}]['lr']({self._completed})"
        try:
            lr = values[0](self._completed)
        except Exception as error:
            error.add_note(f"{label}, a schedule, raised it")
            raise
        return (validation.nonnegative(label, lr), *values[1:])

    def _rule(self, number: int, values: tuple[Any, ...]) -> str:
        """The rule that a group begins with; raises where its hyperparameters do not go together."""
        return self._prepare(1.0, 1, NO_CARRY, *self._current(number, values))[0]

    def _read_groups(self) -> list[tuple[Any, ...]]:
        """The hyperparameters of this step, with what has been changed in `param_groups` since the latest."""
        if not isinstance(self.param_groups, list):
            raise TypeError(f"param_groups must be a list, got {type(self.param_groups).__name__}")
        if len(self.param_groups) != len(self._forms):
            raise ValueError(f"param_groups: expected {len(self._forms)} groups, got {len(self.param_groups)}")
        for number, group in enumerate(self.param_groups):
            try:
                same = (
                    self._pick(group) == self._group_values[number]
                    and group["params"] is self._group_params[number]
                    and len(group) == self._group_keys[number]
                )
            except Exception:  # no dict, a name is missing, a value that cannot be compared: the checks say which
                same = False
            if not same:
                self._read_group(number)
        if not self._scheduled:
            return self._group_values
        return [self._current(number, values) for number, values in enumerate(self._group_values)]

    # ---- a step -----------------------------------------------------------------------------------------------

    def step(self, grads: object = None, *, grad_scale: float = 1.0) -> None:
        """
        Update every parameter that has a gradient, in one pass over memory.

        Parameters
        ----------
        grads : like params
            Gradients in the form of the parameters (for groups, also one flat list), each with the dtype, shape and
            strides of its parameter. None for a parameter leaves it alone. They are only read. Without this argument
            the gradients given to `bind` are used.
        grad_scale : float, default 1.0
            What gradients are multiplied by before anything else, such as 1 / batches for accumulated ones.

        Raises
        ------
        TypeError, ValueError
            If a gradient or a hyperparameter is not as it must be; nothing is then changed.
        RuntimeError
            If another thread is inside a method of this optimizer.
        """
        if self._lock.locked():
            raise RuntimeError(IN_USE)
        with self._lock:
            try:
                self._step(grads, grad_scale)
            except BaseException:
                self._plan.release()
                raise

    def _step(self, grads: object, grad_scale: float) -> None:
        scale = validation.real("grad_scale", grad_scale)
        values = self._read_groups()
        flat = self._bound_gradients() if grads is None else self._flatten("grads", grads)
        self._update(flat, scale, values, self._check_gradient)

    def _update(
        self,
        flat: tuple[Any, ...],
        scale: float,
        values: list[tuple[Any, ...]],
        check: Callable[[int, Any], np.ndarray | None],
    ) -> bool:
        """
        The step itself, with the hyperparameters of each group; returns whether anything has been updated.

        `check` is asked about a gradient that the plan does not take: it raises, or returns what can be taken.
        """
        plan = self._plan
        refused = -1
        while (i := plan.refresh(flat)) >= 0:
            if i == refused:
                raise RuntimeError(f"gradient {i} passed every check and was refused by the plan; please report this")
            refused, flat = i, (*flat[:i], check(i, flat[i]), *flat[i + 1 :])
        norm = None
        if self._max_grad_norm is not None or self._skip_nonfinite:
            norm = plan.grad_norm() * abs(scale)
            if self._skip_nonfinite and not norm <= self._largest:
                self.grad_norm = norm
                self.skipped_steps += 1
                plan.release()
                return False
            if self._max_grad_norm is not None:
                factor = self._max_grad_norm / (norm + 1e-6)
                # NaN must not become 1
                scale *= 1.0 if factor > 1.0 else factor
        bound = self._max_grad_value
        rule_scale = scale if bound is None else 1.0
        cohorts = plan.cohorts_of_step()
        for cohort, (number, steps, carry) in enumerate(cohorts):
            rule, scalars, carry = self._prepare(rule_scale, steps + 1, carry, *values[number])
            rule_number, keys, _ = RULES[rule]
            if keys is not self._group_states[number]:
                self._use(number, rule)
            plan.prepare(cohort, rule_number, scalars, carry)
        self.grad_norm = norm
        done = bool(cohorts)
        self._completed += done  # counted first: an interrupt comes when a call is over, so not in between
        plan.run(scale, bound or 0.0, bound is not None)
        return done

    def _check_gradient(self, i: int, grad: object) -> np.ndarray | None:
        """The gradient of parameter `i`, checked with a message for what is wrong."""
        validation.unchanged(self._labels[i], self._params[i], self._extents[i])
        if grad is None:
            return None
        label = "grads" + self._labels[i].removeprefix("params")
        array = validation.like(label, grad, self._params[i])
        if self._plan.touches(array):
            validation.not_within(label, array, self._written())
        return array

    # ---- gradients that stay where they are -------------------------------------------------------------------

    def bind(self, grads: object) -> None:
        """
        Keep gradient buffers, for `step` without an argument and for `zero_grad`.

        Parameters
        ----------
        grads : like params
            As for `step`; the arrays are read again at each step.

        Raises
        ------
        TypeError, ValueError
            As by `step`; what was bound before stays so.
        """
        with self._exclusive():
            flat = self._flatten("grads", grads)
            self._bound = tuple(self._check_gradient(i, grad) for i, grad in enumerate(flat))

    def zero_grad(self) -> None:
        """
        Set the bound gradients to zero.

        Raises
        ------
        RuntimeError
            If none are bound.
        ValueError
            If one of them is read-only; all are then unchanged.
        """
        with self._exclusive():
            bound = [(i, grad) for i, grad in enumerate(self._bound_gradients()) if grad is not None]
            for i, grad in bound:
                if not grad.flags.writeable:
                    label = "grads" + self._labels[i].removeprefix("params")
                    raise ValueError(f"{label}: expected a writeable array, got a read-only one")
            for _, grad in bound:
                grad.fill(0)

    def _bound_gradients(self) -> tuple[np.ndarray | None, ...]:
        if self._bound is None:
            raise RuntimeError("no gradients are bound: give them to bind once, or to each step")
        return self._bound

    # ---- state ------------------------------------------------------------------------------------------------

    @property
    def state(self) -> Mapping[Any, Mapping[str, Any]]:
        keys: list[Any] = list(range(len(self._params)))
        if all(form.names is not None for form in self._forms):
            keys = [name for form in self._forms for name in form.names or ()]
        entries = dict(zip(keys, self._entries(), strict=True))
        return MappingProxyType({key: MappingProxyType(entry) for key, entry in entries.items() if entry})

    def _entries(self) -> list[dict[str, Any]]:
        """For each parameter its state under torch's keys, as `_entry` gives it."""
        entries = []
        for number, keys in enumerate(self._group_states):
            hyperparameters = dict(zip(self._checks, self._group_values[number], strict=True))
            for i in self._members(number):
                arrays = {key: self._states[i][key] for key in keys}
                entries.append(self._entry(*self._plan.progress(i), arrays, hyperparameters))
        return entries

    def _entry(
        self, steps: int, carry: Carry, arrays: dict[str, np.ndarray], hyperparameters: dict[str, Any]
    ) -> dict[str, Any]:
        """The state of a parameter after `steps` steps; empty before the first."""
        if steps == 0:
            return {}
        numbers = {key: np.array(number) for key, number in zip(self._carries, carry, strict=False)}
        return {"step": exchange.export_step(steps), **numbers, **arrays}

    def state_dict(self) -> dict[str, Any]:
        """
        Hyperparameters and a copy of the state, in torch's layout.

        Returns
        -------
        dict
            ``"state"``: parameter number -> state key -> array; ``"param_groups"``: hyperparameters, ``"params"`` as
            numbers, and ``"param_names"`` for parameters given as a dict; where `lr` is a schedule, its value now and
            the schedule's own state as ``"schedule"``. With arrays turned into tensors it loads into the torch.optim
            class of the same name.
        """
        with self._exclusive():
            values_now = self._read_groups()
            for number, values in enumerate(self._group_values):
                self._use(number, self._rule(number, values))
            return exchange.write(self, values_now, self._entries(), self._completed)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """
        Take over hyperparameters and state from `state_dict`, also from that of the torch.optim class.

        Parameters
        ----------
        state_dict : mapping
            As `state_dict` returns it; arrays may be anything that `numpy.asarray` takes, such as CPU tensors.
            Hyperparameters that torch does not have may be absent. Where `lr` is a schedule it stays one; it takes its
            own state, or counts from the largest ``step`` in the state if there is none (SGD's state has none: from 1).

        Raises
        ------
        TypeError, ValueError
            If anything is missing, unknown, or of another shape or dtype; the optimizer is then unchanged.
        """
        with self._exclusive():
            groups, entries = exchange.read(self, state_dict)
            rules = [self._rule(number, values) for number, values in enumerate(groups)]
            self._completed = exchange.restore_schedules(self, state_dict, entries)
            for number, (values, rule) in enumerate(zip(groups, rules, strict=True)):
                self._take(number, values)
                self._group_states[number] = ()
                for i in self._members(number):
                    steps, carry, self._states[i] = entries[i]
                    self._plan.set_progress(i, steps, carry)
                self._use(number, rule)

    def _progress(self, label: str, entry: Mapping[str, Any]) -> tuple[int, Carry]:
        """(steps, carried numbers) of a parameter whose state is `entry`."""
        names = {key: f"{label}[{key!r}]" for key in self._carries}
        carry = [check(names[key], exchange.number(names[key], entry[key])) for key, check in self._carries.items()]
        first, second, *_ = [*carry, *NO_CARRY]
        return exchange.import_step(f"{label}['step']", entry["step"]), (first, second)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        if self._lock.locked():
            raise RuntimeError(IN_USE)
        with self._lock:  # no interrupt can come between taking it and the block
            yield

    def __reduce__(self) -> Any:
        raise TypeError(f"{type(self).__name__} is bound to its arrays and cannot be copied or pickled: use state_dict")

    def __repr__(self) -> str:
        lines = []
        for number, group in enumerate(self.param_groups):
            sizes = sum(a.size for a in group["params"])
            numbers = ", ".join(f"{name}={group[name]!r}" for name in self._checks)
            lines.append(f"  group {number}: {len(group['params'])} arrays, {sizes} elements, {numbers}")
        return "\n".join([f"{type(self).__name__}(", *lines, ")"])
