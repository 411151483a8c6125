"""Optimizer: a torch.optim.Optimizer whose step is compiled, in engine/steps, over the tensors' memory."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch.autograd import _profiler_enabled
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

from fastgd import validation
from fastgd.engine.formats import Storage, absmax_keys
from fastgd.engine.plan import Group
from fastgd.engine.reader import Reader
from fastgd.hyperparameters import Check, Schedule, with_peak
from fastgd.optimizers import base, storage
from fastgd.optimizers import state_dict as saved
from fastgd.optimizers.settings import TOGETHER
from fastgd.optimizers.settings import Settings as NumPySettings
from fastgd.torch import checks, loading, shards
from fastgd.torch.answering import Answering
from fastgd.torch.bound import Bound
from fastgd.torch.clock import Clock, refuse_wrapped
from fastgd.torch.gradients import zero_grad
from fastgd.torch.sam import SAM

Closure = Callable[[], Any]
OF_ALL = ("max_grad_norm", "skip_nonfinite")  # settings that look at all gradients together


class Settings(NumPySettings, total=False):
    """What every optimizer takes besides its hyperparameters; see `Optimizer`."""

    process_group: Any


class Optimizer(Answering, torch.optim.Optimizer):
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
    process_group : torch.distributed.ProcessGroup, optional
        The processes that have other parameters, or other parts of them, where nothing else tells: `max_grad_norm`,
        `skip_nonfinite` and sums over all parameters are then of all of them together. What several of them have counts
        several times. DTensors and ZeroRedundancyOptimizer tell it themselves. Not part of a copy or a pickle.

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
    _settings = tuple(Settings.__annotations__)
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
        validation.arguments(type(self).__name__, settings, ["params", *arguments, *self._settings])
        if settings.pop("state_dir", None) is not None:
            raise ValueError("state_dir is for NumPy's optimizers: states of fastgd.torch are tensors in memory")
        self._steps = Bound(self._reader, self._numpy, self._clock())
        self._group = checks.process_group(settings.pop("process_group", None), checks.group_of_zero())
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
                checks.beside_group(f"{where}['params'][{k}]", param, self._group)
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
        shards.check_group(where, self._numpy, self._reader, group)

    def _refuse_setting(self, name: str, value: object) -> None:
        if value and name in OF_ALL:
            groups = self.__dict__.get("param_groups", ())  # which the constructor does not have yet
            params = [param for group in groups for param in group["params"]]
            checks.whole(name, self._part and self._group is None, params)

    def __setattr__(self, name: str, value: object) -> None:
        if name == "step" and any(self._steps.clock.by_group()):
            refuse_wrapped(value)
        super().__setattr__(name, value)

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
            exchanges = self._steps.exchanges
            try:
                return self._step_with_hooks(*arguments, **({"zero_grads": zero_grads} if zero_grads else {}))
            except Exception:
                if self._steps.exchanges == exchanges:
                    self._tell_refusal()
                raise
        return self._step(closure, zero_grads)

    step.hooked = True  # type: ignore[attr-defined]  # torch would wrap it, which costs as much as the step

    def _step(self, closure: Closure | None = None, zero_grads: bool = False) -> Any:
        loss, scale, left_out = None, 1.0, False
        try:
            zero_grads = validation.flag("zero_grads", zero_grads)
            if closure is not None:
                if not callable(closure):
                    raise TypeError(f"closure must be callable or None, got {type(closure).__name__}")
                with torch.enable_grad():
                    loss = closure()
            if "found_inf" in self.__dict__ or "grad_scale" in self.__dict__:
                left_out = bool(self.__dict__.get("found_inf"))
                scale = checks.unscaling(self.__dict__.get("grad_scale"))
        except Exception:
            self._tell_refusal()
            raise
        if left_out:
            self._leave_out(zero_grads)
        else:
            self._steps.step_tensors(self, self.param_groups, scale, zero_grads)
        return loss

    def _leave_out(self, zero_grads: bool) -> None:
        self._steps.leave_out(self)
        with self._steps:
            self._steps.check_plain()
            self._steps.forget_sums()
            if zero_grads:
                self.zero_grad(set_to_none=False)

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
        if self._steps.behind is not None:
            raise ValueError("Lookahead counts whole steps: use step after the backward pass")
        if any(isinstance(getattr(hook, "__self__", None), SAM) for hook in self._optimizer_step_pre_hooks.values()):
            raise ValueError("SAM needs a closure: use step after the backward pass")

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
        own = {name: getattr(self, name) for name in ("_part", "_schedules", "_step_supports_amp_scaling")}
        steps = {"_skipped": self.skipped_steps, "_completed": self._steps.completed}
        scheduled = {"_scheduled": self._steps.clock.by_group(), "_constructing": False}
        return {**super().__getstate__(), **settings, **own, **steps, **scheduled}

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
