"""Optimizer: a torch.optim.Optimizer whose step is that of a NumPy optimizer over the tensors' memory."""

import threading
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch.autograd import _profiler_enabled
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

from fastgd import validation
from fastgd.optimizers import base, exchange
from fastgd.optimizers.terms import GradientSettings, Settings
from fastgd.torch import checks
from fastgd.torch.bound import Bound

Closure = Callable[[], Any]
SETTINGS = tuple(Settings.__annotations__)


def _setting(name: str) -> Any:
    """A property like that of `fastgd.Optimizer`, which tells the NumPy optimizer too."""
    own = getattr(GradientSettings, name)

    def write(self: "Optimizer", value: Any) -> None:
        own.fset(self, value)
        if self._bound is not None and self._bound.inner is not None:
            own.fset(self._bound.inner, value)

    return property(own.fget, write, doc=own.__doc__)


class Optimizer(GradientSettings, torch.optim.Optimizer):
    """
    Base of the classes of `fastgd.torch`; construct one of these.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of dict
        As for torch.optim: float32 or float64, dense, on the CPU. They are updated in place, without copies.
    defaults : dict
        Hyperparameters of groups that do not say otherwise.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `fastgd.Optimizer`: over all groups together, in the one pass of the update. Mutable attributes; not
        part of `state_dict`.

    Attributes
    ----------
    param_groups, state, defaults
        As of torch.optim: may be changed between steps, and are exchanged with torch by `state_dict` and
        `load_state_dict` at any time. State begins with a parameter's first step. Entries of `state` may be replaced,
        changed in place or moved to other memory, which is noticed if nothing else holds the old one; a ``step`` of 0
        begins a parameter's state anew.
    grad_norm : float or None
        As of `fastgd.Optimizer`.
    skipped_steps : int
        As of `fastgd.Optimizer`.

    Raises
    ------
    TypeError, ValueError
        If a tensor or a hyperparameter is not as described; nothing is then changed. `capturable` and
        `differentiable` must be False; `foreach` and `fused` say how torch computes, and have no meaning here.

    Notes
    -----
    Numbers are those of the NumPy class of the same name, which has the formula. A gradient with other strides than
    its parameter is copied; otherwise gradients are only read, also where GradScaler has them unscaled.
    """

    _numpy: ClassVar[type[base.Optimizer]]
    _skipped = 0
    _constructing = False
    _bound: Bound | None = None  # made by the first step, and anew when something has moved
    _step_supports_amp_scaling = True  # GradScaler gives `found_inf` and `grad_scale`, instead of dividing gradients

    max_grad_norm = _setting("max_grad_norm")
    max_grad_value = _setting("max_grad_value")
    skip_nonfinite = _setting("skip_nonfinite")

    def __init__(self, params: Any, defaults: dict[str, Any], settings: Settings) -> None:
        validation.arguments(type(self).__name__, settings, ["params", *defaults, *SETTINGS])
        self._set(settings)
        self._lock = threading.Lock()
        checks.hyperparameters(self._numpy, "", defaults)
        self._constructing = True
        super().__init__(params, defaults)
        self._check_apart()
        self._constructing = False

    # ---- groups -----------------------------------------------------------------------------------------------

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
        """
        super().add_param_group(param_group)
        try:
            where = f"param_groups[{len(self.param_groups) - 1}]"
            for name in SETTINGS:
                if name in param_group:  # torch lets a group have any key
                    raise ValueError(f"{where}: {name} is for all groups together, an argument of the optimizer")
            checks.hyperparameters(self._numpy, where, param_group)
            for k, param in enumerate(param_group["params"]):
                checks.parameter(f"{where}['params'][{k}]", param)
            if not self._constructing:
                self._check_apart()
        except Exception:
            self.param_groups.pop()
            raise

    def _check_apart(self) -> None:
        groups = enumerate(self.param_groups)
        named = [(f"param_groups[{n}]['params'][{k}]", p) for n, g in groups for k, p in enumerate(g["params"])]
        validation.apart([(label, checks.parameter(label, param)) for label, param in named])

    def _settings(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in SETTINGS}

    # ---- a step -----------------------------------------------------------------------------------------------

    def step(self, closure: Closure | None = None) -> Any:  # type: ignore[override]
        """
        Update every parameter that has a gradient.

        Parameters
        ----------
        closure : callable, optional
            Computes the loss and the gradients; called first, with gradients enabled.

        Returns
        -------
        object
            What `closure` returned, or None.

        Raises
        ------
        TypeError, ValueError
            If a gradient or a hyperparameter is not as it must be; nothing is then changed.
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
            return self._step_with_hooks() if closure is None else self._step_with_hooks(closure)
        return self._step(closure)

    step.hooked = True  # type: ignore[attr-defined]  # torch would wrap it, which costs as much as the step

    def _step(self, closure: Closure | None = None) -> Any:
        loss = None
        if closure is not None:
            if not callable(closure):
                raise TypeError(f"closure must be callable or None, got {type(closure).__name__}")
            with torch.enable_grad():
                loss = closure()
        if self._lock.locked():
            raise RuntimeError(base.IN_USE)
        with self._lock:  # which, unlike acquire and try, no interrupt can come between
            scale = 1.0
            if "found_inf" in self.__dict__ or "grad_scale" in self.__dict__:
                if bool(self.__dict__.get("found_inf")):
                    return loss
                given = self.__dict__.get("grad_scale")
                scale = 1.0 if given is None else 1.0 / float(given)
            bound = self._bound
            if bound is None or not bound.holds(self.param_groups, self.state):
                bound = self._bind()
            bound.update(scale)
        return loss

    _step_with_hooks = torch.optim.Optimizer.profile_hook_step(_step)

    def _step_in_backward(self, param: torch.Tensor) -> bool:
        """Update one parameter whose gradient is complete; False if it is in no group."""
        self._check_separable()
        self._opt_called = True  # what schedulers look for
        if self._lock.locked():
            raise RuntimeError(base.IN_USE)
        with self._lock:
            bound = self._bound
            backward = torch._C._current_graph_task_id()
            if bound is None or not bound.holds_in(self.param_groups, self.state, param, backward):
                bound = self._bind()
            return bound.update_one(param)

    def _check_separable(self) -> None:
        for name in ("max_grad_norm", "skip_nonfinite"):
            if getattr(self, name):
                raise ValueError(f"{name} needs all gradients at once: use step after the backward pass")

    def _bind(self) -> Bound:
        bound = Bound(self)
        self._unbind()
        self._bound = bound
        return bound

    def _unbind(self) -> None:
        self._skipped, self._bound = self.skipped_steps, None

    @property
    def grad_norm(self) -> float | None:
        """Norm of the latest step's gradients, as of `fastgd.Optimizer`."""
        return None if self._bound is None or self._bound.inner is None else self._bound.inner.grad_norm

    @property
    def skipped_steps(self) -> int:
        """Steps that `skip_nonfinite` refused."""
        inner = None if self._bound is None else self._bound.inner
        return self._skipped + (0 if inner is None else inner.skipped_steps)

    # ---- state ------------------------------------------------------------------------------------------------

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """
        Take over hyperparameters and a copy of the state, from this class or the torch.optim class of the same name.

        Parameters
        ----------
        state_dict : mapping
            As `state_dict` returns it. Hyperparameters that it does not have become the defaults.

        Raises
        ------
        TypeError, ValueError
            If anything is missing, or of another shape or dtype; the optimizer is then unchanged.
        """
        before = {"state": self.state, "param_groups": self.param_groups}
        _, entries = exchange.parts(state_dict)
        state = {i: checks.entry(f"state_dict['state'][{i!r}]", self._numpy, entry) for i, entry in entries.items()}
        try:
            super().load_state_dict({**state_dict, "state": state})
            self._bind()
        except Exception:
            self.__setstate__(before)
            raise

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), **self._settings(), "_skipped": self.skipped_steps}

    def __setstate__(self, state: dict[str, Any]) -> None:
        settings = {name: state[name] for name in SETTINGS if name in state}
        super().__setstate__({key: value for key, value in state.items() if key not in settings})
        for name, value in settings.items():
            setattr(self, name, value)
        for group in self.param_groups:
            for name, value in self.defaults.items():
                group.setdefault(name, value)
        self._lock = threading.Lock()
        self._unbind()
