# Written by make derive from kernels/rules/*.pxd and optimizers/*.py; edit those.
"""
Every rule as a function: stateless, in place, for libraries that own their state.

Each function updates one parameter. `param` and the state arrays are changed in place, `grad` is only read; they are
float32, float64, bfloat16 or float16 (float64 beside float64 parameters alone), dense, of one shape with the same
strides, counted in items, and share no memory. `step` counts from 1. State
arrays begin as zeros; those that may be None are given where the hyperparameters use them. `grad_scale` multiplies the
gradient before anything else. Hyperparameters, formulas and references are those of the class. A call changes nothing
if it raises TypeError or ValueError, which it does for arrays and numbers that are not as described.
"""

from typing import Literal

import numpy as np

from fastgd.engine.apply import Function
from fastgd.optimizers.ada_pnm import AdaPNM
from fastgd.optimizers.adabelief import AdaBelief
from fastgd.optimizers.adadelta import Adadelta
from fastgd.optimizers.adagrad import Adagrad
from fastgd.optimizers.adam import Adam, AdamW
from fastgd.optimizers.adam_atan2 import AdamAtan2
from fastgd.optimizers.adamax import Adamax
from fastgd.optimizers.adan import Adan
from fastgd.optimizers.ademamix import AdEMAMix
from fastgd.optimizers.adopt import ADOPT
from fastgd.optimizers.asgd import ASGD
from fastgd.optimizers.ftrl import Ftrl
from fastgd.optimizers.grams import Grams
from fastgd.optimizers.lamb import LAMB
from fastgd.optimizers.laprop import LaProp
from fastgd.optimizers.lars import LARS
from fastgd.optimizers.lion import Lion
from fastgd.optimizers.madgrad import MADGRAD
from fastgd.optimizers.mars import MARS
from fastgd.optimizers.nadam import NAdam
from fastgd.optimizers.novograd import NovoGrad
from fastgd.optimizers.radam import RAdam
from fastgd.optimizers.rmsprop import RMSprop
from fastgd.optimizers.rprop import Rprop
from fastgd.optimizers.schedule_free import ScheduleFreeAdamW, ScheduleFreeRAdam, ScheduleFreeSGD
from fastgd.optimizers.sgd import SGD
from fastgd.optimizers.sign import SignSGD
from fastgd.optimizers.stable_adamw import StableAdamW
from fastgd.optimizers.yogi import Yogi

Array = np.ndarray


_ada_pnm = Function(AdaPNM, ("exp_avg", "neg_exp_avg", "exp_avg_sq", "max_exp_avg_sq"))


def ada_pnm(
    param: Array,
    grad: Array,
    exp_avg: Array,
    neg_exp_avg: Array,
    exp_avg_sq: Array,
    max_exp_avg_sq: Array | None = None,
    *,
    step: int,
    lr: float = 1e-3,
    betas: tuple[float, float, float] = (0.9, 0.999, 1.0),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    maximize: bool = False,
    corrected_weight_decay: float | bool = 0.0,
    grad_scale: float = 1.0,
) -> None:
    """
    AdaPNM, with decoupled weight decay.

    See `fastgd.AdaPNM`. `ams_bound` is whether `max_exp_avg_sq` is given.
    """
    _ada_pnm.update(
        param,
        grad,
        (exp_avg, neg_exp_avg, exp_avg_sq, max_exp_avg_sq),
        step,
        grad_scale,
        (
            lr,
            betas,
            eps,
            weight_decay,
            max_exp_avg_sq is not None,
            maximize,
            corrected_weight_decay,
        ),
    )


_adabelief = Function(AdaBelief, ("exp_avg", "exp_avg_var"))


def adabelief(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_var: Array,
    *,
    step: int,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-16,
    weight_decay: float = 0.0,
    maximize: bool = False,
    corrected_weight_decay: float | bool = 0.0,
    grad_scale: float = 1.0,
) -> None:
    """
    AdaBelief, with decoupled weight decay.

    See `fastgd.AdaBelief`.
    """
    _adabelief.update(
        param,
        grad,
        (exp_avg, exp_avg_var),
        step,
        grad_scale,
        (
            lr,
            betas,
            eps,
            weight_decay,
            maximize,
            corrected_weight_decay,
        ),
    )


_adadelta = Function(Adadelta, ("square_avg", "acc_delta"))


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
    """
    Adadelta.

    See `fastgd.Adadelta`.
    """
    _adadelta.update(
        param,
        grad,
        (square_avg, acc_delta),
        step,
        grad_scale,
        (
            lr,
            rho,
            eps,
            weight_decay,
            maximize,
        ),
    )


_adagrad = Function(Adagrad, ("sum",))


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
    """
    Adagrad.

    See `fastgd.Adagrad`.
    """
    _adagrad.update(
        param,
        grad,
        (sum,),
        step,
        grad_scale,
        (
            lr,
            lr_decay,
            weight_decay,
            initial_accumulator_value,
            eps,
            maximize,
            eps_root,
        ),
    )


_adam = Function(Adam, ("exp_avg", "exp_avg_sq", "max_exp_avg_sq"))


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
    cautious: bool = False,
    corrected_weight_decay: float | bool = 0.0,
    grad_scale: float = 1.0,
) -> None:
    """
    Adam, with AMSGrad and with L2 or decoupled weight decay.

    See `fastgd.Adam`. `amsgrad` is whether `max_exp_avg_sq` is given.
    """
    _adam.update(
        param,
        grad,
        (exp_avg, exp_avg_sq, max_exp_avg_sq),
        step,
        grad_scale,
        (
            lr,
            betas,
            eps,
            weight_decay,
            max_exp_avg_sq is not None,
            maximize,
            decoupled_weight_decay,
            eps_root,
            eps_hat,
            cautious,
            corrected_weight_decay,
        ),
    )


_adamw = Function(AdamW, ("exp_avg", "exp_avg_sq", "max_exp_avg_sq"))


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
    cautious: bool = False,
    corrected_weight_decay: float | bool = 0.0,
    grad_scale: float = 1.0,
) -> None:
    """
    Adam with decoupled weight decay.

    See `fastgd.AdamW`. `amsgrad` is whether `max_exp_avg_sq` is given.
    """
    _adamw.update(
        param,
        grad,
        (exp_avg, exp_avg_sq, max_exp_avg_sq),
        step,
        grad_scale,
        (
            lr,
            betas,
            eps,
            weight_decay,
            max_exp_avg_sq is not None,
            maximize,
            True,
            eps_root,
            eps_hat,
            cautious,
            corrected_weight_decay,
        ),
    )


_adam_atan2 = Function(AdamAtan2, ("exp_avg", "exp_avg_sq"))


def adam_atan2(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    *,
    step: int,
    lr: float = 1e-4,
    betas: tuple[float, float] = (0.9, 0.99),
    weight_decay: float = 0.0,
    a: float = 1.27,
    b: float = 1.0,
    maximize: bool = False,
    corrected_weight_decay: float | bool = 0.0,
    grad_scale: float = 1.0,
) -> None:
    """
    Adam-atan2, with decoupled weight decay.

    See `fastgd.AdamAtan2`.
    """
    _adam_atan2.update(
        param,
        grad,
        (exp_avg, exp_avg_sq),
        step,
        grad_scale,
        (
            lr,
            betas,
            weight_decay,
            a,
            b,
            maximize,
            corrected_weight_decay,
        ),
    )


_adamax = Function(Adamax, ("exp_avg", "exp_inf"))


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
    """
    Adamax.

    See `fastgd.Adamax`.
    """
    _adamax.update(
        param,
        grad,
        (exp_avg, exp_inf),
        step,
        grad_scale,
        (
            lr,
            betas,
            eps,
            weight_decay,
            maximize,
        ),
    )


_adan = Function(Adan, ("exp_avg", "exp_avg_diff", "exp_avg_sq", "neg_pre_grad"))


def adan(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_diff: Array,
    exp_avg_sq: Array,
    neg_pre_grad: Array,
    *,
    step: int,
    lr: float = 1e-3,
    betas: tuple[float, float, float] = (0.98, 0.92, 0.99),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    no_prox: bool = False,
    maximize: bool = False,
    corrected_weight_decay: float | bool = 0.0,
    grad_scale: float = 1.0,
) -> None:
    """
    Adan, with proximal or decoupled weight decay.

    See `fastgd.Adan`.
    """
    _adan.update(
        param,
        grad,
        (exp_avg, exp_avg_diff, exp_avg_sq, neg_pre_grad),
        step,
        grad_scale,
        (
            lr,
            betas,
            eps,
            weight_decay,
            no_prox,
            maximize,
            corrected_weight_decay,
        ),
    )


_ademamix = Function(AdEMAMix, ("exp_avg", "exp_avg_slow", "exp_avg_sq"))


def ademamix(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_slow: Array,
    exp_avg_sq: Array,
    *,
    step: int,
    lr: float = 1e-3,
    betas: tuple[float, float, float] = (0.9, 0.999, 0.9999),
    alpha: float = 5.0,
    t_alpha: float = 0.0,
    t_beta3: float = 0.0,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
    maximize: bool = False,
    corrected_weight_decay: float | bool = 0.0,
    grad_scale: float = 1.0,
) -> None:
    """
    AdEMAMix, with decoupled weight decay.

    See `fastgd.AdEMAMix`.
    """
    _ademamix.update(
        param,
        grad,
        (exp_avg, exp_avg_slow, exp_avg_sq),
        step,
        grad_scale,
        (
            lr,
            betas,
            alpha,
            t_alpha,
            t_beta3,
            eps,
            weight_decay,
            maximize,
            corrected_weight_decay,
        ),
    )


_adopt = Function(ADOPT, ("exp_avg", "exp_avg_sq"))


def adopt(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    *,
    step: int,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.9999),
    eps: float = 1e-6,
    weight_decay: float = 0.0,
    clip_exponent: float = 0.25,
    maximize: bool = False,
    cautious: bool = False,
    corrected_weight_decay: float | bool = 0.0,
    grad_scale: float = 1.0,
) -> None:
    """
    ADOPT, with decoupled weight decay.

    See `fastgd.ADOPT`.
    """
    _adopt.update(
        param,
        grad,
        (exp_avg, exp_avg_sq),
        step,
        grad_scale,
        (
            lr,
            betas,
            eps,
            weight_decay,
            clip_exponent,
            maximize,
            cautious,
            corrected_weight_decay,
        ),
    )


_asgd = Function(ASGD, ("ax",))


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
    """
    Averaged stochastic gradient descent.

    See `fastgd.ASGD`. Returns the `eta` and `mu` of the next step; step 1 reads none.
    """
    carried: tuple[float, float] = _asgd.update(
        param,
        grad,
        (ax,),
        step,
        grad_scale,
        (
            lr,
            lambd,
            alpha,
            t0,
            weight_decay,
            maximize,
        ),
        (ASGD.carried["eta"]("eta", eta), ASGD.carried["mu"]("mu", mu)),
    )
    return carried


_ftrl = Function(Ftrl, ("accumulator", "linear"))


def ftrl(
    param: Array,
    grad: Array,
    accumulator: Array,
    linear: Array,
    *,
    step: int,
    lr: float = 1e-3,
    initial_accumulator_value: float = 0.1,
    l1_regularization_strength: float = 0.0,
    l2_regularization_strength: float = 0.0,
    l2_shrinkage_regularization_strength: float = 0.0,
    beta: float = 0.0,
    maximize: bool = False,
    grad_scale: float = 1.0,
) -> None:
    """
    FTRL-Proximal, with L1, L2 and shrinkage penalties.

    See `fastgd.Ftrl`.
    """
    _ftrl.update(
        param,
        grad,
        (accumulator, linear),
        step,
        grad_scale,
        (
            lr,
            initial_accumulator_value,
            l1_regularization_strength,
            l2_regularization_strength,
            l2_shrinkage_regularization_strength,
            beta,
            maximize,
        ),
    )


_grams = Function(Grams, ("exp_avg", "exp_avg_sq"))


def grams(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    *,
    step: int,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-6,
    weight_decay: float = 0.0,
    maximize: bool = False,
    corrected_weight_decay: float | bool = 0.0,
    grad_scale: float = 1.0,
) -> None:
    """
    Grams, with decoupled weight decay.

    See `fastgd.Grams`.
    """
    _grams.update(
        param,
        grad,
        (exp_avg, exp_avg_sq),
        step,
        grad_scale,
        (
            lr,
            betas,
            eps,
            weight_decay,
            maximize,
            corrected_weight_decay,
        ),
    )


_lamb = Function(LAMB, ("exp_avg", "exp_avg_sq"))


def lamb(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    *,
    step: int,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-6,
    weight_decay: float = 0.01,
    bias_correction: bool = True,
    grad_averaging: bool = True,
    always_adapt: bool = False,
    trust_clip: bool = False,
    maximize: bool = False,
    cautious: bool = False,
    grad_scale: float = 1.0,
) -> None:
    """
    LAMB: a layer-wise adaptive Adam for large batches.

    See `fastgd.LAMB`.
    """
    _lamb.update(
        param,
        grad,
        (exp_avg, exp_avg_sq),
        step,
        grad_scale,
        (
            lr,
            betas,
            eps,
            weight_decay,
            bias_correction,
            grad_averaging,
            always_adapt,
            trust_clip,
            maximize,
            cautious,
        ),
    )


_laprop = Function(LaProp, ("exp_avg", "exp_avg_sq"))


def laprop(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    *,
    step: int,
    exp_avg_lr_1: float,
    exp_avg_lr_2: float,
    lr: float = 4e-4,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-15,
    weight_decay: float = 0.0,
    maximize: bool = False,
    corrected_weight_decay: float | bool = 0.0,
    cautious: bool = False,
    grad_scale: float = 1.0,
) -> tuple[float, float]:
    """
    LaProp, with decoupled weight decay.

    See `fastgd.LaProp`. Returns the `exp_avg_lr_1` and `exp_avg_lr_2` of the next step; step 1 reads none.
    """
    carried: tuple[float, float] = _laprop.update(
        param,
        grad,
        (exp_avg, exp_avg_sq),
        step,
        grad_scale,
        (
            lr,
            betas,
            eps,
            weight_decay,
            maximize,
            corrected_weight_decay,
            cautious,
        ),
        (
            LaProp.carried["exp_avg_lr_1"]("exp_avg_lr_1", exp_avg_lr_1),
            LaProp.carried["exp_avg_lr_2"]("exp_avg_lr_2", exp_avg_lr_2),
        ),
    )
    return carried


_lars = Function(LARS, ("momentum_buffer",))


def lars(
    param: Array,
    grad: Array,
    momentum_buffer: Array,
    *,
    step: int,
    lr: float = 1.0,
    momentum: float = 0.9,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
    trust_coefficient: float = 1e-3,
    eps: float = 1e-8,
    always_adapt: bool = False,
    trust_clip: bool = False,
    maximize: bool = False,
    grad_scale: float = 1.0,
) -> None:
    """
    LARS: layer-wise adaptive SGD with momentum, for large batches.

    See `fastgd.LARS`.
    """
    _lars.update(
        param,
        grad,
        (momentum_buffer,),
        step,
        grad_scale,
        (
            lr,
            momentum,
            dampening,
            weight_decay,
            nesterov,
            trust_coefficient,
            eps,
            always_adapt,
            trust_clip,
            maximize,
        ),
    )


_lion = Function(Lion, ("momentum_buffer",))


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
    cautious: bool = False,
    corrected_weight_decay: float | bool = 0.0,
    grad_scale: float = 1.0,
) -> None:
    """
    Lion, with decoupled weight decay.

    See `fastgd.Lion`.
    """
    _lion.update(
        param,
        grad,
        (momentum_buffer,),
        step,
        grad_scale,
        (
            lr,
            betas,
            weight_decay,
            maximize,
            cautious,
            corrected_weight_decay,
        ),
    )


_madgrad = Function(MADGRAD, ("grad_sum_sq", "s", "x0"))


def madgrad(
    param: Array,
    grad: Array,
    grad_sum_sq: Array,
    s: Array,
    x0: Array,
    *,
    step: int,
    lr: float = 1e-2,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
    eps: float = 1e-6,
    maximize: bool = False,
    grad_scale: float = 1.0,
) -> None:
    """
    MADGRAD, with L2 weight decay.

    See `fastgd.MADGRAD`.
    """
    _madgrad.update(
        param,
        grad,
        (grad_sum_sq, s, x0),
        step,
        grad_scale,
        (
            lr,
            momentum,
            weight_decay,
            eps,
            maximize,
        ),
    )


_mars = Function(MARS, ("exp_avg", "exp_avg_sq", "last_grad"))


def mars(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    last_grad: Array,
    *,
    step: int,
    lr: float = 3e-3,
    betas: tuple[float, float] = (0.9, 0.99),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    gamma: float = 0.025,
    maximize: bool = False,
    corrected_weight_decay: float | bool = 0.0,
    cautious: bool = False,
    grad_scale: float = 1.0,
) -> None:
    """
    MARS-AdamW, with decoupled weight decay.

    See `fastgd.MARS`.
    """
    _mars.update(
        param,
        grad,
        (exp_avg, exp_avg_sq, last_grad),
        step,
        grad_scale,
        (
            lr,
            betas,
            eps,
            weight_decay,
            gamma,
            maximize,
            corrected_weight_decay,
            cautious,
        ),
    )


_nadam = Function(NAdam, ("exp_avg", "exp_avg_sq"))


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
    corrected_weight_decay: float | bool = 0.0,
    cautious: bool = False,
    grad_scale: float = 1.0,
) -> float:
    """
    NAdam, with L2 or decoupled weight decay.

    See `fastgd.NAdam`. Returns the `mu_product` of the next step; step 1 reads none.
    """
    carried: tuple[float] = _nadam.update(
        param,
        grad,
        (exp_avg, exp_avg_sq),
        step,
        grad_scale,
        (
            lr,
            betas,
            eps,
            weight_decay,
            momentum_decay,
            decoupled_weight_decay,
            maximize,
            eps_root,
            corrected_weight_decay,
            cautious,
        ),
        (NAdam.carried["mu_product"]("mu_product", mu_product),),
    )
    return carried[0]


_novograd = Function(NovoGrad, ("exp_avg",))


def novograd(
    param: Array,
    grad: Array,
    exp_avg: Array,
    *,
    step: int,
    exp_avg_sq: float,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.95, 0.98),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    grad_averaging: bool = False,
    maximize: bool = False,
    grad_scale: float = 1.0,
) -> float:
    """
    NovoGrad: the second moment is one number for each parameter.

    See `fastgd.NovoGrad`. Returns the `exp_avg_sq` of the next step; step 1 reads none.
    """
    carried: tuple[float] = _novograd.update(
        param,
        grad,
        (exp_avg,),
        step,
        grad_scale,
        (
            lr,
            betas,
            eps,
            weight_decay,
            grad_averaging,
            maximize,
        ),
        (NovoGrad.carried["exp_avg_sq"]("exp_avg_sq", exp_avg_sq),),
    )
    return carried[0]


_radam = Function(RAdam, ("exp_avg", "exp_avg_sq"))


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
    corrected_weight_decay: float | bool = 0.0,
    grad_scale: float = 1.0,
) -> None:
    """
    Rectified Adam, with L2 or decoupled weight decay.

    See `fastgd.RAdam`.
    """
    _radam.update(
        param,
        grad,
        (exp_avg, exp_avg_sq),
        step,
        grad_scale,
        (
            lr,
            betas,
            eps,
            weight_decay,
            decoupled_weight_decay,
            maximize,
            eps_root,
            corrected_weight_decay,
        ),
    )


_rmsprop = Function(RMSprop, ("square_avg", "grad_avg", "momentum_buffer"))


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
    """
    RMSprop, plain or centered, with or without momentum.

    See `fastgd.RMSprop`. `centered` is whether `grad_avg` is given.
    """
    _rmsprop.update(
        param,
        grad,
        (square_avg, grad_avg, momentum_buffer),
        step,
        grad_scale,
        (
            lr,
            alpha,
            eps,
            weight_decay,
            momentum,
            grad_avg is not None,
            maximize,
            eps_root,
        ),
    )


_rprop = Function(Rprop, ("prev", "step_size"))


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
    """
    Resilient backpropagation, without weight backtracking.

    See `fastgd.Rprop`.
    """
    _rprop.update(
        param,
        grad,
        (prev, step_size),
        step,
        grad_scale,
        (
            lr,
            etas,
            step_sizes,
            maximize,
        ),
    )


_schedule_free_sgd = Function(ScheduleFreeSGD, ("z",))


def schedule_free_sgd(
    param: Array,
    grad: Array,
    z: Array,
    *,
    step: int,
    weight_sum: float,
    lr_max: float,
    lr: float = 1.0,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
    warmup_steps: float = 0.0,
    r: float = 0.0,
    weight_lr_power: float = 2.0,
    maximize: bool = False,
    grad_scale: float = 1.0,
) -> tuple[float, float]:
    """
    Gradient descent without a schedule: the average of its iterates is as good as with the best one.

    See `fastgd.ScheduleFreeSGD`. Returns the `weight_sum` and `lr_max` of the next step; step 1 reads none.
    """
    carried: tuple[float, float] = _schedule_free_sgd.update(
        param,
        grad,
        (z,),
        step,
        grad_scale,
        (
            lr,
            momentum,
            weight_decay,
            warmup_steps,
            r,
            weight_lr_power,
            maximize,
        ),
        (
            ScheduleFreeSGD.carried["weight_sum"]("weight_sum", weight_sum),
            ScheduleFreeSGD.carried["lr_max"]("lr_max", lr_max),
        ),
    )
    return carried


_schedule_free_adamw = Function(ScheduleFreeAdamW, ("z", "exp_avg_sq"))


def schedule_free_adamw(
    param: Array,
    grad: Array,
    z: Array,
    exp_avg_sq: Array,
    *,
    step: int,
    weight_sum: float,
    lr_max: float,
    lr: float = 2.5e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    warmup_steps: float = 0.0,
    r: float = 0.0,
    weight_lr_power: float = 2.0,
    maximize: bool = False,
    grad_scale: float = 1.0,
) -> tuple[float, float]:
    """
    AdamW without a schedule of the learning rate.

    See `fastgd.ScheduleFreeAdamW`. Returns the `weight_sum` and `lr_max` of the next step; step 1 reads none.
    """
    carried: tuple[float, float] = _schedule_free_adamw.update(
        param,
        grad,
        (z, exp_avg_sq),
        step,
        grad_scale,
        (
            lr,
            betas,
            eps,
            weight_decay,
            warmup_steps,
            r,
            weight_lr_power,
            maximize,
        ),
        (
            ScheduleFreeAdamW.carried["weight_sum"]("weight_sum", weight_sum),
            ScheduleFreeAdamW.carried["lr_max"]("lr_max", lr_max),
        ),
    )
    return carried


_schedule_free_radam = Function(ScheduleFreeRAdam, ("z", "exp_avg_sq"))


def schedule_free_radam(
    param: Array,
    grad: Array,
    z: Array,
    exp_avg_sq: Array,
    *,
    step: int,
    weight_sum: float,
    lr_max: float,
    lr: float = 2.5e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    r: float = 0.0,
    weight_lr_power: float = 2.0,
    silent_sgd_phase: bool = True,
    maximize: bool = False,
    grad_scale: float = 1.0,
) -> tuple[float, float]:
    """
    RAdam without a schedule of the learning rate, and without a warm-up to choose.

    See `fastgd.ScheduleFreeRAdam`. Returns the `weight_sum` and `lr_max` of the next step; step 1 reads none.
    """
    carried: tuple[float, float] = _schedule_free_radam.update(
        param,
        grad,
        (z, exp_avg_sq),
        step,
        grad_scale,
        (
            lr,
            betas,
            eps,
            weight_decay,
            r,
            weight_lr_power,
            silent_sgd_phase,
            maximize,
        ),
        (
            ScheduleFreeRAdam.carried["weight_sum"]("weight_sum", weight_sum),
            ScheduleFreeRAdam.carried["lr_max"]("lr_max", lr_max),
        ),
    )
    return carried


_sgd = Function(SGD, ("momentum_buffer",))


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
    momentum_form: Literal["heavy_ball", "ema"] = "heavy_ball",
    grad_scale: float = 1.0,
) -> None:
    """
    Gradient descent, with heavy-ball, averaged or Nesterov momentum.

    See `fastgd.SGD`.
    """
    _sgd.update(
        param,
        grad,
        (momentum_buffer,),
        step,
        grad_scale,
        (
            lr,
            momentum,
            dampening,
            weight_decay,
            nesterov,
            maximize,
            momentum_form,
        ),
        (float(step != 1),),
    )


_sign_sgd = Function(SignSGD, ("momentum_buffer",))


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
    decoupled_weight_decay: bool = False,
    corrected_weight_decay: float | bool = 0.0,
    grad_scale: float = 1.0,
) -> None:
    """
    Sign descent, and Signum when `momentum` is not 0.

    See `fastgd.SignSGD`.
    """
    _sign_sgd.update(
        param,
        grad,
        (momentum_buffer,),
        step,
        grad_scale,
        (
            lr,
            momentum,
            weight_decay,
            maximize,
            decoupled_weight_decay,
            corrected_weight_decay,
        ),
    )


_stable_adamw = Function(StableAdamW, ("exp_avg", "exp_avg_sq"))


def stable_adamw(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    *,
    step: int,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.99),
    eps: float = 1e-6,
    weight_decay: float = 0.01,
    maximize: bool = False,
    corrected_weight_decay: float | bool = 0.0,
    grad_scale: float = 1.0,
) -> None:
    """
    StableAdamW: AdamW whose update is clipped by its root mean square.

    See `fastgd.StableAdamW`.
    """
    _stable_adamw.update(
        param,
        grad,
        (exp_avg, exp_avg_sq),
        step,
        grad_scale,
        (
            lr,
            betas,
            eps,
            weight_decay,
            maximize,
            corrected_weight_decay,
        ),
    )


_yogi = Function(Yogi, ("exp_avg", "exp_avg_sq"))


def yogi(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    *,
    step: int,
    lr: float = 1e-2,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-3,
    initial_accumulator_value: float = 1e-6,
    weight_decay: float = 0.0,
    maximize: bool = False,
    corrected_weight_decay: float | bool = 0.0,
    grad_scale: float = 1.0,
) -> None:
    """
    Yogi, with decoupled weight decay.

    See `fastgd.Yogi`.
    """
    _yogi.update(
        param,
        grad,
        (exp_avg, exp_avg_sq),
        step,
        grad_scale,
        (
            lr,
            betas,
            eps,
            initial_accumulator_value,
            weight_decay,
            maximize,
            corrected_weight_decay,
        ),
    )
