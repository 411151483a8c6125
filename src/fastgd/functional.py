"""
Every rule as a function: stateless, in place, for libraries that own their state.

Each function updates one parameter. `param` and the state arrays are changed in place, `grad` is only read; all are
float32 or all float64, dense, of one shape with the same strides, and share no memory. `step` counts from 1. State
arrays begin as zeros. `grad_scale` multiplies the gradient before anything else. Hyperparameters, formulas and
references are those of the class of the same name. A call changes nothing if it raises TypeError or ValueError, which
it does for arrays and numbers that are not as described.
"""

from typing import Any

import numpy as np

from fastgd import validation
from fastgd.engine import plan
from fastgd.optimizers.adadelta import Adadelta
from fastgd.optimizers.adagrad import Adagrad
from fastgd.optimizers.adam import Adam
from fastgd.optimizers.adamax import Adamax
from fastgd.optimizers.asgd import ASGD
from fastgd.optimizers.base import RULES, Optimizer
from fastgd.optimizers.lion import Lion
from fastgd.optimizers.nadam import NAdam
from fastgd.optimizers.radam import RAdam
from fastgd.optimizers.rmsprop import RMSprop
from fastgd.optimizers.rprop import Rprop
from fastgd.optimizers.sgd import SGD
from fastgd.optimizers.sign import SignSGD
from fastgd.optimizers.terms import NO_CARRY, Carry

Array = np.ndarray

Folded = tuple[int, tuple[str, ...], tuple[float, ...], Carry]  # rule, its state keys, scalars, what to carry on

_latest: dict[type[Optimizer], tuple[tuple[Any, ...], Folded]] = {}


def _prepared(optimizer: type[Optimizer], given: tuple[Any, ...]) -> Folded:
    """What a call does that is `given` (step, grad_scale, carry, *hyperparameters)."""
    # A library calls for each of its parameters in turn, mostly with the same numbers.
    latest = _latest.get(optimizer)
    if latest is not None and plan.same(given, latest[0]):
        return latest[1]
    step, grad_scale, carry, *values = given
    checks = {**optimizer._checks, "lr": validation.nonnegative}
    checked = [check(name, value) for (name, check), value in zip(checks.items(), values, strict=True)]
    scale = validation.real("grad_scale", grad_scale)
    rule, scalars, carry = optimizer._prepare(scale, validation.count("step", step), carry, *checked)
    number, keys, _ = RULES[rule]
    _latest[optimizer] = given, (number, keys, scalars, carry)
    return number, keys, scalars, carry


def _update(
    optimizer: type[Optimizer],
    param: Array,
    grad: Array,
    states: dict[str, Array | None],
    step: int,
    grad_scale: float,
    carry: Carry,
    *values: Any,
) -> Carry:
    """One update; returns the numbers to carry on."""
    number, keys, scalars, carry = _prepared(optimizer, (step, grad_scale, carry, *values))
    for name, state in states.items():
        if (state is None) is (name in keys):
            needed, came = ("an array", "None") if state is None else ("None", "an array")
            raise ValueError(f"{name}: expected {needed} with these hyperparameters, got {came}")
    arrays: tuple[Any, ...] = (param, grad, *[states[key] for key in keys])
    if not plan.fit(arrays):
        arrays = validation.together(list(zip(("param", "grad", *keys), arrays, strict=True)))
    plan.update(number, arrays, scalars)
    return carry


def sgd(
    param: Array,
    grad: Array,
    momentum_buffer: Array | None = None,
    *,
    step: int,
    lr: float = 1e-3,
    momentum: float = 0.0,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
    maximize: bool = False,
    momentum_form: str = "heavy_ball",
    grad_scale: float = 1.0,
) -> None:
    """SGD; `momentum_buffer` is needed where `momentum` is not 0, and begins on step 1."""
    _update(
        SGD, param, grad, {"momentum_buffer": momentum_buffer}, step, grad_scale, (float(step != 1), 0.0),
        lr, momentum, dampening, weight_decay, nesterov, maximize, momentum_form,
    )  # fmt: skip


def sign_sgd(
    param: Array,
    grad: Array,
    momentum_buffer: Array | None = None,
    *,
    step: int,
    lr: float = 1e-3,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
    maximize: bool = False,
    grad_scale: float = 1.0,
) -> None:
    """SignSGD; `momentum_buffer` is needed where `momentum` is not 0."""
    _update(
        SignSGD, param, grad, {"momentum_buffer": momentum_buffer}, step, grad_scale, NO_CARRY,
        lr, momentum, weight_decay, maximize,
    )  # fmt: skip


def lion(
    param: Array,
    grad: Array,
    momentum_buffer: Array,
    *,
    step: int,
    lr: float = 1e-4,
    betas: tuple[float, float] = (0.9, 0.99),
    weight_decay: float = 0.0,
    maximize: bool = False,
    grad_scale: float = 1.0,
) -> None:
    """Lion."""
    _update(
        Lion, param, grad, {"momentum_buffer": momentum_buffer}, step, grad_scale, NO_CARRY,
        lr, betas, weight_decay, maximize,
    )  # fmt: skip


def adagrad(
    param: Array,
    grad: Array,
    sum: Array,
    *,
    step: int,
    lr: float = 1e-2,
    lr_decay: float = 0.0,
    weight_decay: float = 0.0,
    initial_accumulator_value: float = 0.0,
    eps: float = 1e-10,
    maximize: bool = False,
    eps_root: float = 0.0,
    grad_scale: float = 1.0,
) -> None:
    """Adagrad; `sum` begins as zeros, `initial_accumulator_value` is added on step 1."""
    _update(
        Adagrad, param, grad, {"sum": sum}, step, grad_scale, NO_CARRY,
        lr, lr_decay, weight_decay, initial_accumulator_value, eps, maximize, eps_root,
    )  # fmt: skip


def adadelta(
    param: Array,
    grad: Array,
    square_avg: Array,
    acc_delta: Array,
    *,
    step: int,
    lr: float = 1.0,
    rho: float = 0.9,
    eps: float = 1e-6,
    weight_decay: float = 0.0,
    maximize: bool = False,
    grad_scale: float = 1.0,
) -> None:
    """Adadelta."""
    _update(
        Adadelta, param, grad, {"square_avg": square_avg, "acc_delta": acc_delta}, step, grad_scale, NO_CARRY,
        lr, rho, eps, weight_decay, maximize,
    )  # fmt: skip


def rmsprop(
    param: Array,
    grad: Array,
    square_avg: Array,
    grad_avg: Array | None = None,
    momentum_buffer: Array | None = None,
    *,
    step: int,
    lr: float = 1e-2,
    alpha: float = 0.99,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum: float = 0.0,
    maximize: bool = False,
    eps_root: float = 0.0,
    grad_scale: float = 1.0,
) -> None:
    """RMSprop; centered where `grad_avg` is given; `momentum_buffer` is needed where `momentum` is not 0."""
    states = {"square_avg": square_avg, "grad_avg": grad_avg, "momentum_buffer": momentum_buffer}
    _update(
        RMSprop, param, grad, states, step, grad_scale, NO_CARRY,
        lr, alpha, eps, weight_decay, momentum, grad_avg is not None, maximize, eps_root,
    )  # fmt: skip


def rprop(
    param: Array,
    grad: Array,
    prev: Array,
    step_size: Array,
    *,
    step: int,
    lr: float = 1e-2,
    etas: tuple[float, float] = (0.5, 1.2),
    step_sizes: tuple[float, float] = (1e-6, 50.0),
    maximize: bool = False,
    grad_scale: float = 1.0,
) -> None:
    """Rprop; `step_size` begins as zeros, `lr` is added on step 1."""
    _update(
        Rprop, param, grad, {"prev": prev, "step_size": step_size}, step, grad_scale, NO_CARRY,
        lr, etas, step_sizes, maximize,
    )  # fmt: skip


def adam(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    max_exp_avg_sq: Array | None = None,
    *,
    step: int,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    maximize: bool = False,
    decoupled_weight_decay: bool = False,
    eps_root: float = 0.0,
    eps_hat: bool = False,
    grad_scale: float = 1.0,
) -> None:
    """Adam; AMSGrad where `max_exp_avg_sq` is given."""
    states = {"exp_avg": exp_avg, "exp_avg_sq": exp_avg_sq, "max_exp_avg_sq": max_exp_avg_sq}
    _update(
        Adam, param, grad, states, step, grad_scale, NO_CARRY,
        lr, betas, eps, weight_decay, max_exp_avg_sq is not None, maximize, decoupled_weight_decay, eps_root, eps_hat,
    )  # fmt: skip


def adamw(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    max_exp_avg_sq: Array | None = None,
    *,
    step: int,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
    maximize: bool = False,
    eps_root: float = 0.0,
    eps_hat: bool = False,
    grad_scale: float = 1.0,
) -> None:
    """AdamW: `adam` with decoupled weight decay."""
    adam(
        param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq, step=step, lr=lr, betas=betas, eps=eps,
        weight_decay=weight_decay, maximize=maximize, decoupled_weight_decay=True, eps_root=eps_root, eps_hat=eps_hat,
        grad_scale=grad_scale,
    )  # fmt: skip


def adamax(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_inf: Array,
    *,
    step: int,
    lr: float = 2e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    maximize: bool = False,
    grad_scale: float = 1.0,
) -> None:
    """Adamax."""
    _update(
        Adamax, param, grad, {"exp_avg": exp_avg, "exp_inf": exp_inf}, step, grad_scale, NO_CARRY,
        lr, betas, eps, weight_decay, maximize,
    )  # fmt: skip


def nadam(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    *,
    step: int,
    mu_product: float,
    lr: float = 2e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum_decay: float = 4e-3,
    decoupled_weight_decay: bool = False,
    maximize: bool = False,
    eps_root: float = 0.0,
    grad_scale: float = 1.0,
) -> float:
    """NAdam; returns the `mu_product` of this step, for the next."""
    carry = (validation.fraction("mu_product", mu_product), 0.0)
    return _update(
        NAdam, param, grad, {"exp_avg": exp_avg, "exp_avg_sq": exp_avg_sq}, step, grad_scale, carry,
        lr, betas, eps, weight_decay, momentum_decay, decoupled_weight_decay, maximize, eps_root,
    )[0]  # fmt: skip


def radam(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    *,
    step: int,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    decoupled_weight_decay: bool = False,
    maximize: bool = False,
    eps_root: float = 0.0,
    grad_scale: float = 1.0,
) -> None:
    """RAdam."""
    _update(
        RAdam, param, grad, {"exp_avg": exp_avg, "exp_avg_sq": exp_avg_sq}, step, grad_scale, NO_CARRY,
        lr, betas, eps, weight_decay, decoupled_weight_decay, maximize, eps_root,
    )  # fmt: skip


def asgd(
    param: Array,
    grad: Array,
    ax: Array,
    *,
    step: int,
    eta: float,
    mu: float,
    lr: float = 1e-2,
    lambd: float = 1e-4,
    alpha: float = 0.75,
    t0: float = 1e6,
    weight_decay: float = 0.0,
    maximize: bool = False,
    grad_scale: float = 1.0,
) -> tuple[float, float]:
    """ASGD; returns the (eta, mu) of the next step. On step 1, `eta` and `mu` are not used."""
    carry = (validation.nonnegative("eta", eta), validation.fraction("mu", mu))
    return _update(
        ASGD, param, grad, {"ax": ax}, step, grad_scale, carry,
        lr, lambd, alpha, t0, weight_decay, maximize,
    )  # fmt: skip
