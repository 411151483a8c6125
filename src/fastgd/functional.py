"""
Every rule as a function: stateless, in place, for libraries that own their state.

Each function updates one parameter. `param` and the state arrays are changed in place, `grad` is only read; all are
float32 or all float64, dense, of one shape with the same strides, and share no memory. `step` counts from 1. State
arrays begin as zeros. `grad_scale` multiplies the gradient before anything else. Hyperparameters, formulas and
references are those of the class of the same name. A call changes nothing if it raises TypeError or ValueError, which
it does for arrays and numbers that are not as described.
"""

import numpy as np

from fastgd import validation
from fastgd.engine.apply import Function
from fastgd.optimizers.adadelta import Adadelta
from fastgd.optimizers.adagrad import Adagrad
from fastgd.optimizers.adam import Adam
from fastgd.optimizers.adamax import Adamax
from fastgd.optimizers.asgd import ASGD
from fastgd.optimizers.lion import Lion
from fastgd.optimizers.nadam import NAdam
from fastgd.optimizers.radam import RAdam
from fastgd.optimizers.rmsprop import RMSprop
from fastgd.optimizers.rprop import Rprop
from fastgd.optimizers.sgd import SGD
from fastgd.optimizers.sign import SignSGD

Array = np.ndarray

_sgd = Function(SGD, ("momentum_buffer",))
_sign_sgd = Function(SignSGD, ("momentum_buffer",))
_lion = Function(Lion, ("momentum_buffer",))
_adagrad = Function(Adagrad, ("sum",))
_adadelta = Function(Adadelta, ("square_avg", "acc_delta"))
_rmsprop = Function(RMSprop, ("square_avg", "grad_avg", "momentum_buffer"))
_rprop = Function(Rprop, ("prev", "step_size"))
_adam = Function(Adam, ("exp_avg", "exp_avg_sq", "max_exp_avg_sq"))
_adamax = Function(Adamax, ("exp_avg", "exp_inf"))
_nadam = Function(NAdam, ("exp_avg", "exp_avg_sq"))
_radam = Function(RAdam, ("exp_avg", "exp_avg_sq"))
_asgd = Function(ASGD, ("ax",))


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
    _sgd(
        param, grad, (momentum_buffer,), step, grad_scale,
        (lr, momentum, dampening, weight_decay, nesterov, maximize, momentum_form), (float(step != 1),),
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
    _sign_sgd(
        param, grad, (momentum_buffer,), step, grad_scale,
        (lr, momentum, weight_decay, maximize),
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
    _lion(
        param, grad, (momentum_buffer,), step, grad_scale,
        (lr, betas, weight_decay, maximize),
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
    _adagrad(
        param, grad, (sum,), step, grad_scale,
        (lr, lr_decay, weight_decay, initial_accumulator_value, eps, maximize, eps_root),
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
    _adadelta(
        param, grad, (square_avg, acc_delta), step, grad_scale,
        (lr, rho, eps, weight_decay, maximize),
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
    _rmsprop(
        param, grad, (square_avg, grad_avg, momentum_buffer), step, grad_scale,
        (lr, alpha, eps, weight_decay, momentum, grad_avg is not None, maximize, eps_root),
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
    _rprop(
        param, grad, (prev, step_size), step, grad_scale,
        (lr, etas, step_sizes, maximize),
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
    _adam(
        param, grad, (exp_avg, exp_avg_sq, max_exp_avg_sq), step, grad_scale,
        (lr, betas, eps, weight_decay, max_exp_avg_sq is not None, maximize, decoupled_weight_decay, eps_root, eps_hat),
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
    _adamax(
        param, grad, (exp_avg, exp_inf), step, grad_scale,
        (lr, betas, eps, weight_decay, maximize),
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
    carry = (validation.fraction("mu_product", mu_product),)
    return _nadam(
        param, grad, (exp_avg, exp_avg_sq), step, grad_scale,
        (lr, betas, eps, weight_decay, momentum_decay, decoupled_weight_decay, maximize, eps_root), carry,
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
    _radam(
        param, grad, (exp_avg, exp_avg_sq), step, grad_scale,
        (lr, betas, eps, weight_decay, decoupled_weight_decay, maximize, eps_root),
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
    return _asgd(
        param, grad, (ax,), step, grad_scale,
        (lr, lambd, alpha, t0, weight_decay, maximize), carry,
    )  # fmt: skip
