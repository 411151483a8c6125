"""Adafactor: a second moment of rows and columns, and steps in proportion to the parameter."""

import math
from collections.abc import Mapping
from typing import Any, Unpack

import numpy as np

from fastgd import beside, formats, validation
from fastgd.engine import factored
from fastgd.engine.exact import real_power
from fastgd.hyperparameters import (
    AdafactorEps,
    AdafactorForm,
    AtLeastOne,
    NonNegative,
    NonPositive,
    OptionalFraction,
    PeakRate,
    Rate,
    Switch,
)
from fastgd.optimizers import state_dict as saved
from fastgd.optimizers.base import Optimizer, Params, Settings


class Adafactor(Optimizer):
    r"""
    Adafactor, with decoupled weight decay.

    At step ``t`` from 1, with means of squares over the last axis for ``row`` and the one before it for ``col``::

        b = t**beta2_decay
        row = (1 - b) * row + b * mean(grad**2, -1);    col = (1 - b) * col + b * mean(grad**2, -2)
        u = grad / sqrt(max(row * col / max(mean(row, -2), eps1), eps1**2))
        step = max(eps2, rms(param)) * min(lr, 1 / sqrt(t)) / max(1, rms(u) / d)
        param = (1 - lr * weight_decay) * param - step * u

    and for fewer than two axes the squares themselves in the place of row * col / mean(row).

    Parameters
    ----------
    params
        As for `Optimizer`, float32 or float64.
    lr : float or schedule, default 1e-2
        Bound of the learning rate, at least 0; it falls with the root of the step by itself.
    beta2_decay : float, default -0.8
        Power of the step in the weight of new squares, at most 0.
    eps : pair, default (None, 1e-3)
        The least second moment (its root; None: the dtype's precision) and the least size of the parameter, at least 0.
    d : float, default 1.0
        Largest root mean square of an update, at least 1.
    weight_decay : float, default 0
        Decoupled, at least 0.
    maximize : bool, default False
        Ascend.
    scale_parameter : bool, default True
        Whether the rate is in proportion to the size of the parameter, ``max(eps2, rms(param))``; 1 is in its place
        otherwise.
    relative_step : bool, default True
        Whether the rate is at most ``1 / sqrt(t)``; otherwise it is `lr`.
    warmup_init : bool, default False
        Whether ``1e-6 * t`` is in the place of `lr`; needs `relative_step`.
    beta1 : float or None, default None
        Decay rate of a momentum of steps, in (0, 1), which has the size of the parameter; None is for none.
    form : {"torch", "transformers"}, default "torch"
        What `eps` and `weight_decay` are about. In transformers' form eps1 is added to the squares (1e-30 for None),
        and there is no other floor; and the decay is that of the rate with which the parameter moves.
    cautious : bool, default False
        Whether the elements of the momentum are left out whose sign is not the gradient's, and the others divided by
        the part of all that they are, at least a thousandth (Liang et al., arXiv:2411.16085); needs `beta1`.
    corrected_weight_decay : float or bool, default 0
        If not 0, the largest learning rate: `weight_decay` is then in proportion to the present one, as in AdamC
        (Defazio, arXiv:2506.02285). True stands for the `lr` that is given with it.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``, and ``row_var`` (the parameter's shape with 1 as its last axis) and ``col_var`` (with 1 as the one
        before it), or ``variance`` (the parameter's shape) for fewer than two axes.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.Adafactor. For models whose state would not fit: a matrix of r rows and c columns keeps r + c
    numbers. Another order than C and F is copied for a step.

    transformers' Adafactor is this one with ``form="transformers"``; its `decay_rate` is `beta2_decay` and its
    `clip_threshold` `d`. Its default has ``lr=None``, which is the 1e-2 here; a rate of its own goes with
    ``relative_step=False``.

    References
    ----------
    Shazeer & Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", ICML 2018, Algorithms 4 and 6.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.ones((2, 3))
    >>> opt = fastgd.Adafactor(w, lr=0.5)
    >>> opt.step(np.full((2, 3), 4.0))
    >>> w[0], opt.state[0]["row_var"].shape
    (array([0.5, 0.5, 0.5]), (2, 1))
    """

    family = "adafactor"
    elementwise = False
    whole = True
    in_c = False
    state_bytes = "4 for each row and column"
    beyond_torch = (
        "scale_parameter",
        "relative_step",
        "warmup_init",
        "beta1",
        "form",
        "cautious",
        "corrected_weight_decay",
    )
    in_files = False
    torch_signature = (
        "lr beta2_decay eps d weight_decay * foreach maximize "
        "scale_parameter relative_step warmup_init beta1 form cautious corrected_weight_decay"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-2,
        beta2_decay: NonPositive = -0.8,
        eps: AdafactorEps = (None, 1e-3),
        d: AtLeastOne = 1.0,
        weight_decay: NonNegative = 0.0,
        *,
        maximize: Switch = False,
        scale_parameter: Switch = True,
        relative_step: Switch = True,
        warmup_init: Switch = False,
        beta1: OptionalFraction = None,
        form: AdafactorForm = "torch",
        cautious: Switch = False,
        corrected_weight_decay: PeakRate = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        self._moments = Moments()
        super().__init__(params, locals(), settings)
        self._steps.between = self._moments

    @classmethod
    def check_together(cls, values: dict[str, Any]) -> None:
        if values["warmup_init"] and not values["relative_step"]:
            raise ValueError("warmup_init must be False without relative_step, got True")
        if values["cautious"] and values["beta1"] is None:
            raise ValueError("cautious must be False without beta1, got True: only a momentum can disagree")

    @classmethod
    def check_params(cls, named: list[tuple[str, Any]]) -> None:
        """Raise if a parameter is of a format that the step does not compute in."""
        for name, param in named:
            if str(param.dtype).removeprefix("torch.") not in formats.WIDE:
                raise TypeError(f"Adafactor takes float32 and float64, got {name} of dtype {param.dtype}")

    def _entries(self) -> list[dict[str, Any]]:
        moments = self._moments.of(len(self._steps.params))
        return [entry | own if entry else {} for entry, own in zip(super()._entries(), moments, strict=True)]

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        groups, state = saved.parts(state_dict)
        entries = {i: dict(saved.mapping(f"state_dict['state'][{i!r}]", entry)) for i, entry in state.items()}
        moments: list[dict[str, np.ndarray]] = []
        members = [(key, group.get("beta1") is not None) for group in groups for key in group["params"]]
        for (key, has_momentum), param in zip(members, self._steps.params, strict=False):
            moments.append({})
            if not entries.get(key):
                continue
            label = f"state_dict['state'][{key!r}]"
            for name, array in begun(param, has_momentum or entries[key].get("exp_avg") is not None).items():
                if entries[key].get(name) is None:
                    raise ValueError(f"{label}: missing {name!r}")
                array[...] = saved.array_like(f"{label}[{name!r}]", entries[key].pop(name), array, [param.dtype])
                moments[-1][name] = array
            for name in NAMES:
                if name in entries[key] and entries[key][name] is None:  # as torch has those that it does not use
                    del entries[key][name]
        steps, last = self._steps, self._steps.states[-1]
        try:
            super().load_state_dict({**state_dict, "state": entries})
        finally:
            if steps.states[-1] is not last:  # It was loaded, and perhaps an interrupt came right after.
                self._moments.held = moments

    load_state_dict.__doc__ = Optimizer.load_state_dict.__doc__


NAMES = ("row_var", "col_var", "variance", "exp_avg")


class Moments:
    """The moments of an optimizer's parameters, and what a step does with them."""

    def __init__(self) -> None:
        self.held: list[dict[str, np.ndarray]] = []

    def of(self, count: int) -> list[dict[str, np.ndarray]]:
        return [*self.held, *({} for _ in range(count - len(self.held)))]

    def __call__(self, steps: Any) -> factored.Work:
        """The step under way, to be made."""
        work = factored.Work()
        self.held = self.of(len(steps.params))
        for i in steps.updated():
            add_step(work, steps, i, self.held[i])
        updated = steps.updated()
        beside.check_apart(steps, named(steps, {i: self.held[i] for i in updated}), updated)
        return work


def begun(param: np.ndarray, has_momentum: bool) -> dict[str, np.ndarray]:
    """The moments of a parameter before its first step."""
    momentum = {"exp_avg": np.zeros_like(param)} if has_momentum else {}
    if param.ndim < 2:
        return {"variance": np.zeros(param.shape, param.dtype), **momentum}
    *batch, rows, columns = param.shape
    return {
        "row_var": np.zeros((*batch, rows, 1), param.dtype),
        "col_var": np.zeros((*batch, 1, columns), param.dtype),
        **momentum,
    }


def add_step(work: factored.Work, steps: Any, i: int, moments: dict[str, np.ndarray]) -> None:
    """The step of parameter `i` to what is to be done; its moments are begun where they are not there yet."""
    param, t = steps.params[i], steps.progress(i)[0] + 1
    values = dict(zip(steps.reader.names, steps.plain(steps.place_of(i)[0]), strict=True))
    for name, zeros in begun(param, values["beta1"] is not None).items():
        label = f"state {name!r} of {beside.label(steps, i)}"
        if t > 1 and name != "exp_avg" and name not in moments:
            raise ValueError(f"{label}: missing after {t - 1} steps")
        check_moment(label, moments.setdefault(name, zeros), zeros, name == "exp_avg")
    if not param.size:
        return
    scale, bound = steps.treatment()
    momentum = None if values["beta1"] is None else moments["exp_avg"]
    own = tuple(array for name, array in moments.items() if name != "exp_avg")
    treated = {"scale": -scale if values["maximize"] else scale, "bound": bound}
    grad = steps.gradient(i).astype(param.dtype, copy=False)
    work.add(param, grad, momentum, own, {**treated, **numbers(param, t, values)})


def named(steps: Any, moments: Mapping[int, Mapping[str, np.ndarray]]) -> list[validation.Named]:
    """Moments of parameters, with what messages call them."""
    return [(f"state {name!r} of {beside.label(steps, i)}", a) for i, own in moments.items() for name, a in own.items()]


def check_moment(label: str, array: np.ndarray, zeros: np.ndarray, any_order: bool) -> None:
    """Raise unless a moment is as `zeros`, with which it would begin: who has it may have changed it."""
    validation.writeable(label, array, (zeros.dtype.name,))
    if any_order and array.shape == zeros.shape:
        return
    validation.laid_out_like(label, array, zeros)


def numbers(param: np.ndarray, t: int, values: Mapping[str, Any]) -> dict[str, Any]:
    """What step `t` of a parameter is made with, but for how its gradient is treated."""
    eps1, eps2 = values["eps"]
    lr, decay, peak = values["lr"], values["weight_decay"], values["corrected_weight_decay"]
    rate = min(1e-6 * t if values["warmup_init"] else lr, 1.0 / math.sqrt(t)) if values["relative_step"] else lr
    in_squares = values["form"] == "transformers"
    if eps1 is None:
        eps1 = 1e-30 if in_squares else float(np.finfo(param.dtype).eps)
    return {
        "share": real_power(t, values["beta2_decay"]),
        "added": eps1 if in_squares else 0.0,
        "eps1": 0.0 if in_squares else eps1,
        "rate": rate,
        "eps2": eps2,
        "scaled": values["scale_parameter"],
        "decay": decay * lr / peak if peak else decay,
        "lr": lr,
        "decays_so": in_squares,
        "d": values["d"],
        "beta1": values["beta1"] or 0.0,
        "cautious": values["cautious"],
    }
