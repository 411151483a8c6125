"""Optimizer: a torch.optim.Optimizer whose step is compiled, in engine/steps, over the tensors' memory."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from torch.autograd import _profiler_enabled
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

from fastgd import validation
from fastgd.engine.formats import MASTER, Storage, absmax_keys
from fastgd.engine.plan import Group
from fastgd.engine.reader import Reader
from fastgd.engine.rows import Rows
from fastgd.engine.zeros import zeros_beside
from fastgd.hyperparameters import Check, Schedule, with_peak
from fastgd.optimizers import base, storage
from fastgd.optimizers import state_dict as saved
from fastgd.optimizers.settings import TOGETHER, Settings
from fastgd.torch import checks, loading, ranks, shards
from fastgd.torch.bound import Bound
from fastgd.torch.clock import Clock, refuse_wrapped
from fastgd.torch.gradients import zero_grad
from fastgd.torch.keeping import Keeping

Closure = Callable[[], Any]
SETTINGS = tuple(Settings.__annotations__)
OF_ALL = ("max_grad_norm", "skip_nonfinite")  # settings that look at all gradients together


class Optimizer(Keeping, torch.optim.Optimizer):
    """
    Base of the classes of `fastgd.torch`; construct one of these.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of dict
        As for torch.optim: float32, float64, bfloat16 or float16, dense, on the CPU. They are updated in place, without
        copies. Of DTensors, as FSDP2 and tensor parallelism make them, each process updates its part.
    defaults : dict
        Hyperparameters of groups that do not say otherwise. Where the NumPy class takes a schedule, so does this one;
        the group shows the number of its next step, and in ``"schedule_step"`` the steps that have been counted.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `fastgd.Optimizer`: over all groups together, in the one pass of the update. Mutable attributes; not
        part of `state_dict`, but of what `fastgd.save` writes.
    state_dtype, rounding, seed, master_weights, ema_decay
        As for `fastgd.Optimizer`; keys of the groups where they are given, and may differ between them.

    Attributes
    ----------
    param_groups, state, defaults
        As of torch.optim: may be changed between steps, and are exchanged with torch by `state_dict` and
        `load_state_dict` at any time. State begins with a parameter's first step. Entries of `state` may be replaced,
        changed in place, moved to other memory and shared with other processes: tensors with the dtype and strides of
        their parameter are used where they lie, others are copied and replaced.
    grad_norm : float or None
        As of `fastgd.Optimizer`.
    skipped_steps : int
        As of `fastgd.Optimizer`.

    Raises
    ------
    TypeError, ValueError
        If a tensor or a hyperparameter is not as described; nothing is then changed. `capturable` and
        `differentiable` must be False; `foreach` and `fused` say how torch computes, and change no number here.

    Notes
    -----
    Numbers are those of the NumPy class of the same name, which has the formula. A gradient with other strides than
    its parameter is copied; otherwise gradients are only read. With ``fused=True``, as in torch, GradScaler leaves it
    to the step to unscale them, which saves a pass over them; hosts that clip gradients themselves refuse that.
    """

    _numpy: ClassVar[type[base.Optimizer]]
    _normalizes = False  # param_groups hold what the user put there
    _own_checks: ClassVar[dict[str, Check]] = {}  # of hyperparameters that mean something else here
    _numbers: ClassVar[tuple[str, ...]]  # keys of what an entry of `state` has beside arrays
    _known: ClassVar[frozenset[str]]  # all keys that are the engine's
    _attributes = ("defaults", "found_inf", "grad_scale", "param_groups", "state")
    param_groups: list[dict[str, Any]]
    _steps: Bound
    _step_supports_amp_scaling: bool  # whether GradScaler gives `found_inf` and `grad_scale` or divides gradients
    _part: bool  # whether other processes have other parameters
    _group: Any = None  # those processes, where they are known
    _constructing: bool

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "_numpy" in cls.__dict__:
            # Groups have numbers in the place of schedules.
            own = {name: check.constant() for name, check in cls._numpy.checks.items()} | cls._own_checks
            cls._reader = Reader(own, convert=checks.plain, together=cls._numpy._reader.together)
            cls._numbers = ("step", *cls._numpy.carried)
            all_keys = Group(cls._numpy._family, 0, 0, Storage()).all_keys()
            cls._known = frozenset(
                (*cls._numbers, *all_keys, *(name for key in all_keys for name in absmax_keys(key)), *checks.STATE)
            )

    def __init__(self, params: Any, given: dict[str, Any], settings: Mapping[str, Any]) -> None:
        settings = self._numpy.without_fixed(settings)
        fixed = {name: check.only for name, check in self._numpy.fixed.items()}
        arguments = self._numpy.torch_signature.replace("*", "").split()
        defaults = {**{name: given[name] for name in arguments}, **fixed}
        validation.arguments(type(self).__name__, settings, ["params", *arguments, *SETTINGS])
        self._steps = Bound(self._reader, self._numpy, self._clock())
        self._group = checks.group_of_zero()
        self._part = self._group is not None
        self._constructing = True
        self._step_supports_amp_scaling = bool(given.get("fused"))  # as in torch
        self._set_given(settings)
        self._storage("", settings)
        defaults.update(storage.given(settings))
        checks.switches("", defaults)
        defaults = with_peak(defaults, defaults["lr"])
        numbers, self._schedules = self._steps.clock.taken("", defaults, 0)
        defaults.update(numbers)
        self._reader.values(defaults)
        super().__init__(params, defaults)
        checks.groups(self.param_groups)
        checks.apart(self.param_groups)
        self._constructing = False

    @classmethod
    def _clock(cls) -> Clock:
        return Clock({name: check for name, check in cls._numpy.checks.items() if name not in cls._own_checks})

    # ---- groups -----------------------------------------------------------------------------------------------

    @property
    def schedules(self) -> list[dict[str, Schedule]]:
        """
        For each group its schedules, by what they are the number of: ``lr``, ``betas[0]``.

        To give another one, put it into the group: ``opt.param_groups[0]["lr"] = schedule``. To go on with the number
        that the group shows, take it away: ``opt.schedules[0].pop("lr")``.
        """
        return self._steps.clock.schedules

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """
        Add a group, as in torch.optim.

        Parameters
        ----------
        param_group : dict
            ``"params"`` and the hyperparameters in which the group differs from the defaults.

        Raises
        ------
        TypeError, ValueError
            As by the constructor; the optimizer is then unchanged.
        RuntimeError
            If another thread is inside a step of this optimizer.
        """
        with self._steps:
            self._steps.check_plain()
            self._add_checked(param_group)

    def _add_checked(self, param_group: dict[str, Any]) -> None:
        groups, number = self.param_groups, len(self.param_groups)
        where = f"param_groups[{number}]"
        schedules = {}
        try:
            if isinstance(param_group, dict):
                schedules = self._schedules_of(where, param_group)
            if self._constructing:
                self.param_groups = []  # torch would compare each group with all before it
            super().add_param_group(param_group)
            param_group.update(with_peak(param_group, schedules.get("lr", param_group["lr"])))
            checks.keep_once(param_group)
            self._refused_group(number, param_group)
            values = self._reader.values(param_group, where)
            stored = self._storage(where, param_group)
            storage.check_rule(self._numpy, self._reader, where, stored, values)
            self._numpy.check_params([(f"{where}['params'][{k}]", p) for k, p in enumerate(param_group["params"])])
            for k, param in enumerate(param_group["params"]):
                checks.parameter(f"{where}['params'][{k}]", param)
                loading.check_param(f"{where}['params'][{k}]", param, stored)
            self._check_divided(where, param_group)
            for name in OF_ALL:
                if getattr(self, name):
                    checks.whole(name, self._part and self._group is None, param_group["params"])
            if self._constructing:
                groups.append(param_group)
                self.param_groups = groups
            else:
                checks.apart(self.param_groups)
            self._steps.clock.add(param_group, schedules, self._steps.completed)
        except BaseException:
            del groups[number:]
            self._steps.clock.cut(number)
            self.param_groups = groups
            raise

    def _schedules_of(self, where: str, group: dict[str, Any]) -> dict[str, Schedule]:
        """The schedules of a group, its own and those of the defaults; in it they give way to numbers."""
        inherited = {n: s for n, s in self._schedules.items() if n.partition("[")[0] not in group}
        numbers, own = self._steps.clock.taken(where, group, self._steps.completed)
        if own or inherited:
            refuse_wrapped(self.__dict__.get("step"))
        group.update(numbers)
        return own | inherited

    def _check_divided(self, where: str, group: dict[str, Any]) -> None:
        """Raise if a group has tensors of which its rule would need more than the part that is here."""
        shards.check_group(where, self._numpy, self._reader, group, self._part)

    def _refuse_setting(self, name: str, value: object) -> None:
        if value and name in OF_ALL:
            groups = self.__dict__.get("param_groups", ())  # which the constructor does not have yet
            params = [param for group in groups for param in group["params"]]
            checks.whole(name, self._part and self._group is None, params)

    def __setattr__(self, name: str, value: object) -> None:
        if name == "step" and any(self._steps.clock.by_group()):
            refuse_wrapped(value)
        super().__setattr__(name, value)

    # ---- what the compiled step asks --------------------------------------------------------------------------

    def _ranks(self, params: list[torch.Tensor]) -> ranks.Ranks | ranks.Unknown | None:
        return ranks.find(params, self._group)

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
        np.copyto(beside, array)
        return beside

    def _look(self) -> None:
        """Find parameters and state where they are now, and read the groups."""
        self._steps.look(self)

    def _written_to(self) -> None:
        """Tell autograd that parameters and copies have been written to."""
        written = [*self._steps.leaves, *self._steps.targets.tensors.values()]
        torch.autograd.graph.increment_version([*written, *map(shards.part, written)])

    # ---- a step -----------------------------------------------------------------------------------------------

    def zero_grad(self, set_to_none: bool = True) -> None:
        """
        Let go of the gradients of all parameters, as torch.optim does, in compiled code.

        Parameters
        ----------
        set_to_none : bool, default True
            Whether gradients become None, and not zeros.
        """
        if _profiler_enabled():
            super().zero_grad(set_to_none)  # which the profile shows
        else:
            zero_grad(self.param_groups, set_to_none)

    def step(self, closure: Closure | None = None, *, zero_grads: bool = False) -> Any:  # type: ignore[override]
        """
        Update every parameter that has a gradient.

        Parameters
        ----------
        closure : callable, optional
            Computes the loss and the gradients; called first, with gradients enabled.
        zero_grads : bool, default False
            Whether gradients are overwritten with zeros after they have been used, in the same pass, also where the
            step is left out: as by ``zero_grad(set_to_none=False)``.

        Returns
        -------
        object
            What `closure` returned, or None.

        Raises
        ------
        TypeError, ValueError
            If a gradient or a hyperparameter is not as it must be; nothing is then changed.
        IndexError
            If a sparse gradient has a row that its parameter does not have; nothing is then changed.
        RuntimeError
            If another thread is inside a step of this optimizer.
        """
        if (
            self._optimizer_step_pre_hooks
            or self._optimizer_step_post_hooks
            or _global_optimizer_pre_hooks
            or _global_optimizer_post_hooks
            or _profiler_enabled()
        ) and type(self).step is Optimizer.step:  # torch wraps that of a subclass
            arguments = () if closure is None else (closure,)
            return self._step_with_hooks(*arguments, **({"zero_grads": zero_grads} if zero_grads else {}))
        return self._step(closure, zero_grads)

    step.hooked = True  # type: ignore[attr-defined]  # torch would wrap it, which costs as much as the step

    def _step(self, closure: Closure | None = None, zero_grads: bool = False) -> Any:
        loss, zero_grads = None, validation.flag("zero_grads", zero_grads)
        if closure is not None:
            if not callable(closure):
                raise TypeError(f"closure must be callable or None, got {type(closure).__name__}")
            with torch.enable_grad():
                loss = closure()
        scale = 1.0
        if "found_inf" in self.__dict__ or "grad_scale" in self.__dict__:
            if bool(self.__dict__.get("found_inf")):
                self._steps.forget_sums()
                if zero_grads:
                    self.zero_grad(set_to_none=False)
                return loss
            scale = checks.unscaling(self.__dict__.get("grad_scale"))
        self._steps.step_tensors(self, self.param_groups, scale, zero_grads)
        return loss

    def _hooked_step(self, closure: Closure | None = None, *, zero_grads: bool = False) -> Any:
        return self._step(closure, zero_grads)  # that of a subclass, if it has its own

    _step_with_hooks = torch.optim.Optimizer.profile_hook_step(_hooked_step)

    def _step_in_backward(self, param: torch.Tensor) -> bool:
        """Update one parameter whose gradient is complete; False if it is in no group."""
        self._check_separable()
        self._opt_called = True  # what schedulers look for
        backward = torch._C._current_graph_task_id()
        return self._steps.step_one(self, self.param_groups, param, backward)

    def _check_separable(self) -> None:
        for name in OF_ALL:
            if getattr(self, name):
                raise ValueError(f"{name} needs all gradients at once: use step after the backward pass")

    # ---- state ------------------------------------------------------------------------------------------------

    @property
    def state(self) -> Any:  # type: ignore[override]
        """For each parameter its entry: step count, carried numbers and arrays, under torch's keys."""
        return self._steps.shown.get_state()

    @state.setter
    def state(self, state: Any) -> None:
        self._steps.shown.set_state(state)

    def state_dict(self) -> dict[str, Any]:
        """
        Hyperparameters and the state itself, as of torch.optim.

        Returns
        -------
        dict
            As of torch. Groups with schedules have the numbers of their next step, ``"schedule_step"``, and what
            schedules remember, if they do, in ``"schedule"`` (of `lr`) or ``"schedules"`` (of others, by name).
        """
        result: dict[str, Any] = super().state_dict()
        if self._steps.clock.active:
            self._steps.clock.save(result["param_groups"])
        return result

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """
        Take over hyperparameters and a copy of the state, of this class or the one of its name in torch or fastgd.

        Parameters
        ----------
        state_dict : mapping
            As `state_dict` of any of these returns it. Hyperparameters that it does not have become the defaults, and
            switches are off, as in torch. Where a number has a schedule it stays one, whatever was saved; it goes on at
            ``"schedule_step"``, or in a dict of `fastgd` at ``"completed"``; in a dict without either, at the largest
            ``step`` of a parameter, or 0.

        Raises
        ------
        TypeError, ValueError
            If anything is missing, or of another shape or dtype; the optimizer is then unchanged.
        """
        self._steps.check_plain()
        state_dict = dict(saved.mapping("state_dict", state_dict))
        for hook in self._optimizer_load_state_dict_pre_hooks.values():
            changed = hook(self, state_dict)
            state_dict = state_dict if changed is None else changed
        groups, entries = saved.parts(state_dict)
        has_step = self._numpy.has_step
        entries = {i: loading.entry_of(f"state_dict['state'][{i!r}]", has_step, e) for i, e in entries.items()}
        before = {"state": self.state, "param_groups": self.param_groups}
        completed = state_dict.get("completed")
        if completed is not None:
            completed = saved.import_step("state_dict['completed']", completed)
        after = loading.groups(self.param_groups, groups, completed)
        remembered, marked = loading.schedules(after), self._steps.clock.mark()
        try:
            storages = loading.storages(self, after)
            state = loading.state(after, storages, groups, entries, self._numbers)
            self.__setstate__({"state": state, "param_groups": after})
            for hook in self._optimizer_load_state_dict_post_hooks.values():
                hook(self)
            with self._steps:
                self._steps.find_loaded(self, remembered)
                self._steps.forget_sums()
        except BaseException:
            self.__setstate__(before)
            self._steps.clock.reset(marked)
            raise

    def __repr__(self) -> str:
        shown = "".join(f"{setting}\n" for setting in self._shown_settings())
        return f"{super().__repr__()[:-1]}{shown})"

    def __getstate__(self) -> dict[str, Any]:
        settings = {name: getattr(self, name) for name in TOGETHER}
        own = {"_skipped": self.skipped_steps, "_part": self._part, "_constructing": False}
        clock = {
            "_schedules": self._schedules,
            "_scheduled": self._steps.clock.by_group(),
            "_completed": self._steps.completed,
        }
        return {
            **super().__getstate__(),
            **settings,
            **own,
            **clock,
            "_schedules": self._schedules,
            "_step_supports_amp_scaling": self._step_supports_amp_scaling,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        settings = {name: state[name] for name in TOGETHER if name in state}
        apart = (*settings, "_skipped", "_scheduled", "_completed", "state")
        rest = {key: value for key, value in state.items() if key not in apart}
        if settings:  # an unpickled optimizer, which has no steps yet
            self._steps = Bound(self._reader, self._numpy, self._clock())
            self._steps.skipped_steps, self._steps.completed = state["_skipped"], state["_completed"]
            for group, schedules in zip(state["param_groups"], state["_scheduled"], strict=True):
                self._steps.clock.add(group, schedules)
        super().__setstate__(rest)
        if "differentiable" not in self._numpy.torch_signature:
            self.defaults.pop("differentiable", None)  # which torch puts there
        if "state" in state:
            self.state = state["state"]
        self._set_given(settings)
        absent = {**self.defaults, **saved.switched_off(self._numpy)}
        for group in self.param_groups:
            for name, value in absent.items():
                group.setdefault(name, value)
