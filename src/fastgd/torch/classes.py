# Written by make derive from kernels/rules/*.pxd and optimizers/*.py; edit those.
"""The classes of `fastgd.torch`: torch's signatures, in torch's order, and what the NumPy classes have beside them."""

from typing import Any, ClassVar, Literal, Unpack

from fastgd.optimizers import (
    ada_pnm,
    adabelief,
    adadelta,
    adafactor,
    adagrad,
    adam,
    adam_atan2,
    adamax,
    adan,
    ademamix,
    adopt,
    asgd,
    dadaptation,
    ftrl,
    grams,
    lamb,
    laprop,
    lars,
    lion,
    madgrad,
    mars,
    muon,
    nadam,
    novograd,
    radam,
    rmsprop,
    row_wise_adagrad,
    rprop,
    schedule_free,
    sgd,
    sign,
    stable_adamw,
    yogi,
)
from fastgd.optimizers.base import Optimizer as NumPyOptimizer
from fastgd.torch.adafactor import AdafactorBase
from fastgd.torch.adagrad import AdagradBase
from fastgd.torch.base import Optimizer, Settings
from fastgd.torch.dadaptation import DadaptationBase
from fastgd.torch.muon import MuonBase
from fastgd.torch.schedule_free import ScheduleFreeBase


class AdaPNM(Optimizer):
    """
    AdaPNM, with decoupled weight decay.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, betas, eps, weight_decay, ams_bound, maximize, corrected_weight_decay
        As for `fastgd.AdaPNM`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = ada_pnm.AdaPNM

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[Any, Any, Any] = (0.9, 0.999, 1.0),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        ams_bound: bool = True,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        corrected_weight_decay: float | bool = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            ams_bound=ams_bound,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            corrected_weight_decay=corrected_weight_decay,
        )
        super().__init__(params, given, settings)


class AdaBelief(Optimizer):
    """
    AdaBelief, with decoupled weight decay.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, betas, eps, weight_decay, maximize, corrected_weight_decay
        As for `fastgd.AdaBelief`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = adabelief.AdaBelief

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-16,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        corrected_weight_decay: float | bool = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            corrected_weight_decay=corrected_weight_decay,
        )
        super().__init__(params, given, settings)


class Adadelta(Optimizer):
    """
    Adadelta.

    Parameters
    ----------
    params, lr, rho, eps, weight_decay, foreach, capturable, maximize, differentiable
        As for torch.optim.Adadelta.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = adadelta.Adadelta

    def __init__(
        self,
        params: Any,
        lr: Any = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            rho=rho,
            eps=eps,
            weight_decay=weight_decay,
            foreach=foreach,
            capturable=capturable,
            maximize=maximize,
            differentiable=differentiable,
        )
        super().__init__(params, given, settings)


class Adafactor(AdafactorBase):
    """
    Adafactor, with decoupled weight decay.

    Parameters
    ----------
    params, lr, beta2_decay, eps, d, weight_decay, foreach, maximize
        As for torch.optim.Adafactor.
    scale_parameter, relative_step, warmup_init, beta1, form, cautious, corrected_weight_decay
        As for `fastgd.Adafactor`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = adafactor.Adafactor

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[Any | None, Any] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        scale_parameter: bool = True,
        relative_step: bool = True,
        warmup_init: bool = False,
        beta1: float | None = None,
        form: Literal["torch", "transformers"] = "torch",
        cautious: bool = False,
        corrected_weight_decay: float | bool = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            beta2_decay=beta2_decay,
            eps=eps,
            d=d,
            weight_decay=weight_decay,
            foreach=foreach,
            maximize=maximize,
            scale_parameter=scale_parameter,
            relative_step=relative_step,
            warmup_init=warmup_init,
            beta1=beta1,
            form=form,
            cautious=cautious,
            corrected_weight_decay=corrected_weight_decay,
        )
        super().__init__(params, given, settings)


class Adagrad(AdagradBase):
    """
    Adagrad.

    Parameters
    ----------
    params, lr, lr_decay, weight_decay, initial_accumulator_value, eps, foreach, maximize, differentiable, fused
        As for torch.optim.Adagrad.
    eps_root
        As for `fastgd.Adagrad`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = adagrad.Adagrad

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        eps_root: float = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
            foreach=foreach,
            maximize=maximize,
            differentiable=differentiable,
            fused=fused,
            eps_root=eps_root,
        )
        super().__init__(params, given, settings)


class Adam(Optimizer):
    """
    Adam, with AMSGrad and with L2 or decoupled weight decay.

    Parameters
    ----------
    params, lr, betas, eps, weight_decay, amsgrad, foreach, maximize, capturable, differentiable, fused, \
decoupled_weight_decay
        As for torch.optim.Adam.
    eps_root, eps_hat, cautious, corrected_weight_decay
        As for `fastgd.Adam`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = adam.Adam

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
        eps_root: float = 0.0,
        eps_hat: bool = False,
        cautious: bool = False,
        corrected_weight_decay: float | bool = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            amsgrad=amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=decoupled_weight_decay,
            eps_root=eps_root,
            eps_hat=eps_hat,
            cautious=cautious,
            corrected_weight_decay=corrected_weight_decay,
        )
        super().__init__(params, given, settings)


class AdamW(Adam):
    """
    Adam with decoupled weight decay.

    Parameters
    ----------
    params, lr, betas, eps, weight_decay, amsgrad, maximize, foreach, capturable, differentiable, fused
        As for torch.optim.AdamW.
    eps_root, eps_hat, cautious, corrected_weight_decay
        As for `fastgd.AdamW`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = adam.AdamW

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        eps_root: float = 0.0,
        eps_hat: bool = False,
        cautious: bool = False,
        corrected_weight_decay: float | bool = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            amsgrad=amsgrad,
            maximize=maximize,
            foreach=foreach,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            eps_root=eps_root,
            eps_hat=eps_hat,
            cautious=cautious,
            corrected_weight_decay=corrected_weight_decay,
        )
        super(Adam, self).__init__(params, given, settings)


class SparseAdam(Adam):
    """
    Adam for gradients of rows, with eps before the bias correction.

    Parameters
    ----------
    params, lr, betas, eps, maximize
        As for torch.optim.SparseAdam.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = adam.SparseAdam

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            maximize=maximize,
        )
        super(Adam, self).__init__(params, given, settings)


class AdamAtan2(Optimizer):
    """
    Adam-atan2, with decoupled weight decay.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, betas, weight_decay, a, b, maximize, corrected_weight_decay
        As for `fastgd.AdamAtan2`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = adam_atan2.AdamAtan2

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-4,
        betas: tuple[Any, Any] = (0.9, 0.99),
        weight_decay: float = 0.0,
        a: float = 1.27,
        b: float = 1.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        corrected_weight_decay: float | bool = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            weight_decay=weight_decay,
            a=a,
            b=b,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            corrected_weight_decay=corrected_weight_decay,
        )
        super().__init__(params, given, settings)


class Adamax(Optimizer):
    """
    Adamax.

    Parameters
    ----------
    params, lr, betas, eps, weight_decay, foreach, maximize, differentiable, capturable
        As for torch.optim.Adamax.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = adamax.Adamax

    def __init__(
        self,
        params: Any,
        lr: Any = 2e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            foreach=foreach,
            maximize=maximize,
            differentiable=differentiable,
            capturable=capturable,
        )
        super().__init__(params, given, settings)


class Adan(Optimizer):
    """
    Adan, with proximal or decoupled weight decay.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, betas, eps, weight_decay, no_prox, maximize, corrected_weight_decay
        As for `fastgd.Adan`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = adan.Adan

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[Any, Any, Any] = (0.98, 0.92, 0.99),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        no_prox: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        corrected_weight_decay: float | bool = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            no_prox=no_prox,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            corrected_weight_decay=corrected_weight_decay,
        )
        super().__init__(params, given, settings)


class AdEMAMix(Optimizer):
    """
    AdEMAMix, with decoupled weight decay.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, betas, alpha, t_alpha, t_beta3, eps, weight_decay, maximize, corrected_weight_decay
        As for `fastgd.AdEMAMix`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = ademamix.AdEMAMix

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[Any, Any, Any] = (0.9, 0.999, 0.9999),
        alpha: float = 5.0,
        t_alpha: float = 0.0,
        t_beta3: float = 0.0,
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        corrected_weight_decay: float | bool = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            alpha=alpha,
            t_alpha=t_alpha,
            t_beta3=t_beta3,
            eps=eps,
            weight_decay=weight_decay,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            corrected_weight_decay=corrected_weight_decay,
        )
        super().__init__(params, given, settings)


class ADOPT(Optimizer):
    """
    ADOPT, with decoupled weight decay.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, betas, eps, weight_decay, clip_exponent, maximize, cautious, corrected_weight_decay
        As for `fastgd.ADOPT`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = adopt.ADOPT

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.9999),
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        clip_exponent: float = 0.25,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        cautious: bool = False,
        corrected_weight_decay: float | bool = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            clip_exponent=clip_exponent,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            cautious=cautious,
            corrected_weight_decay=corrected_weight_decay,
        )
        super().__init__(params, given, settings)


class ASGD(Optimizer):
    """
    Averaged stochastic gradient descent.

    Parameters
    ----------
    params, lr, lambd, alpha, t0, weight_decay, foreach, maximize, differentiable, capturable
        As for torch.optim.ASGD.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.

    Notes
    -----
    Kept in double: ``eta``, ``mu``.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = asgd.ASGD

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0.0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            lambd=lambd,
            alpha=alpha,
            t0=t0,
            weight_decay=weight_decay,
            foreach=foreach,
            maximize=maximize,
            differentiable=differentiable,
            capturable=capturable,
        )
        super().__init__(params, given, settings)


class Prodigy(DadaptationBase):
    """
    Prodigy, with decoupled or L2 weight decay.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, betas, beta3, eps, weight_decay, decouple, use_bias_correction, safeguard_warmup, d0, d_coef, growth_rate, \
maximize
        As for `fastgd.Prodigy`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.

    Notes
    -----
    Kept in double: ``d``, ``d_max``, ``d_numerator``.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = dadaptation.Prodigy

    def __init__(
        self,
        params: Any,
        lr: Any = 1.0,
        betas: tuple[Any, Any] = (0.9, 0.999),
        beta3: float | None = None,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decouple: bool = True,
        use_bias_correction: bool = False,
        safeguard_warmup: bool = False,
        d0: float = 1e-6,
        d_coef: float = 1.0,
        growth_rate: float | None = None,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            beta3=beta3,
            eps=eps,
            weight_decay=weight_decay,
            decouple=decouple,
            use_bias_correction=use_bias_correction,
            safeguard_warmup=safeguard_warmup,
            d0=d0,
            d_coef=d_coef,
            growth_rate=growth_rate,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
        )
        super().__init__(params, given, settings)


class DAdaptAdam(DadaptationBase):
    """
    Adam by D-Adaptation, with decoupled or L2 weight decay.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, betas, eps, weight_decay, decouple, use_bias_correction, d0, growth_rate, maximize
        As for `fastgd.DAdaptAdam`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.

    Notes
    -----
    Kept in double: ``d``, ``numerator_weighted``.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = dadaptation.DAdaptAdam

    def __init__(
        self,
        params: Any,
        lr: Any = 1.0,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decouple: bool = True,
        use_bias_correction: bool = False,
        d0: float = 1e-6,
        growth_rate: float | None = None,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            decouple=decouple,
            use_bias_correction=use_bias_correction,
            d0=d0,
            growth_rate=growth_rate,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
        )
        super().__init__(params, given, settings)


class Ftrl(Optimizer):
    """
    FTRL-Proximal, with L1, L2 and shrinkage penalties.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, initial_accumulator_value, l1_regularization_strength, l2_regularization_strength, \
l2_shrinkage_regularization_strength, beta, maximize
        As for `fastgd.Ftrl`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = ftrl.Ftrl

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            initial_accumulator_value=initial_accumulator_value,
            l1_regularization_strength=l1_regularization_strength,
            l2_regularization_strength=l2_regularization_strength,
            l2_shrinkage_regularization_strength=l2_shrinkage_regularization_strength,
            beta=beta,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
        )
        super().__init__(params, given, settings)


class Grams(Optimizer):
    """
    Grams, with decoupled weight decay.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, betas, eps, weight_decay, maximize, corrected_weight_decay
        As for `fastgd.Grams`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = grams.Grams

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        corrected_weight_decay: float | bool = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            corrected_weight_decay=corrected_weight_decay,
        )
        super().__init__(params, given, settings)


class LAMB(Optimizer):
    """
    LAMB: a layer-wise adaptive Adam for large batches.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, betas, eps, weight_decay, bias_correction, grad_averaging, always_adapt, trust_clip, maximize, cautious
        As for `fastgd.LAMB`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = lamb.LAMB

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.01,
        bias_correction: bool = True,
        grad_averaging: bool = True,
        always_adapt: bool = False,
        trust_clip: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        cautious: bool = False,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            bias_correction=bias_correction,
            grad_averaging=grad_averaging,
            always_adapt=always_adapt,
            trust_clip=trust_clip,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            cautious=cautious,
        )
        super().__init__(params, given, settings)


class LaProp(Optimizer):
    """
    LaProp, with decoupled weight decay.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, betas, eps, weight_decay, maximize, corrected_weight_decay, cautious
        As for `fastgd.LaProp`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.

    Notes
    -----
    Kept in double: ``exp_avg_lr_1``, ``exp_avg_lr_2``.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = laprop.LaProp

    def __init__(
        self,
        params: Any,
        lr: Any = 4e-4,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-15,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        corrected_weight_decay: float | bool = 0.0,
        cautious: bool = False,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            corrected_weight_decay=corrected_weight_decay,
            cautious=cautious,
        )
        super().__init__(params, given, settings)


class LARS(Optimizer):
    """
    LARS: layer-wise adaptive SGD with momentum, for large batches.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, momentum, dampening, weight_decay, nesterov, trust_coefficient, eps, always_adapt, trust_clip, maximize
        As for `fastgd.LARS`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = lars.LARS

    def __init__(
        self,
        params: Any,
        lr: Any = 1.0,
        momentum: float = 0.9,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        trust_coefficient: float = 1e-3,
        eps: float = 1e-8,
        always_adapt: bool = False,
        trust_clip: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            nesterov=nesterov,
            trust_coefficient=trust_coefficient,
            eps=eps,
            always_adapt=always_adapt,
            trust_clip=trust_clip,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
        )
        super().__init__(params, given, settings)


class Lion(Optimizer):
    """
    Lion, with decoupled weight decay.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, betas, weight_decay, maximize, cautious, corrected_weight_decay
        As for `fastgd.Lion`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = lion.Lion

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-4,
        betas: tuple[Any, Any] = (0.9, 0.99),
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        cautious: bool = False,
        corrected_weight_decay: float | bool = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            weight_decay=weight_decay,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            cautious=cautious,
            corrected_weight_decay=corrected_weight_decay,
        )
        super().__init__(params, given, settings)


class MADGRAD(Optimizer):
    """
    MADGRAD, with L2 weight decay.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, momentum, weight_decay, eps, maximize
        As for `fastgd.MADGRAD`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = madgrad.MADGRAD

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        eps: float = 1e-6,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            momentum=momentum,
            weight_decay=weight_decay,
            eps=eps,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
        )
        super().__init__(params, given, settings)


class MARS(Optimizer):
    """
    MARS-AdamW, with decoupled weight decay.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, betas, eps, weight_decay, gamma, maximize, corrected_weight_decay, cautious
        As for `fastgd.MARS`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = mars.MARS

    def __init__(
        self,
        params: Any,
        lr: Any = 3e-3,
        betas: tuple[Any, Any] = (0.9, 0.99),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        gamma: float = 0.025,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        corrected_weight_decay: float | bool = 0.0,
        cautious: bool = False,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            gamma=gamma,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            corrected_weight_decay=corrected_weight_decay,
            cautious=cautious,
        )
        super().__init__(params, given, settings)


class Muon(MuonBase):
    """
    Muon, for matrices.

    Parameters
    ----------
    params, lr, weight_decay, momentum, nesterov, ns_coefficients, eps, ns_steps, adjust_lr_fn
        As for torch.optim.Muon.
    maximize, corrected_weight_decay
        As for `fastgd.Muon`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = muon.Muon

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[Any, Any, Any] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: Literal["original", "match_rms_adamw"] | None = None,
        *,
        maximize: bool = False,
        corrected_weight_decay: float | bool = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            weight_decay=weight_decay,
            momentum=momentum,
            nesterov=nesterov,
            ns_coefficients=ns_coefficients,
            eps=eps,
            ns_steps=ns_steps,
            adjust_lr_fn=adjust_lr_fn,
            maximize=maximize,
            corrected_weight_decay=corrected_weight_decay,
        )
        super().__init__(params, given, settings)


class NAdam(Optimizer):
    """
    NAdam, with L2 or decoupled weight decay.

    Parameters
    ----------
    params, lr, betas, eps, weight_decay, momentum_decay, decoupled_weight_decay, foreach, maximize, capturable, \
differentiable
        As for torch.optim.NAdam.
    eps_root, corrected_weight_decay, cautious
        As for `fastgd.NAdam`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.

    Notes
    -----
    Kept in double: ``mu_product``.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = nadam.NAdam

    def __init__(
        self,
        params: Any,
        lr: Any = 2e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        eps_root: float = 0.0,
        corrected_weight_decay: float | bool = 0.0,
        cautious: bool = False,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            momentum_decay=momentum_decay,
            decoupled_weight_decay=decoupled_weight_decay,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            eps_root=eps_root,
            corrected_weight_decay=corrected_weight_decay,
            cautious=cautious,
        )
        super().__init__(params, given, settings)


class NovoGrad(Optimizer):
    """
    NovoGrad: the second moment is one number for each parameter.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, betas, eps, weight_decay, grad_averaging, maximize
        As for `fastgd.NovoGrad`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.

    Notes
    -----
    Kept in double: ``exp_avg_sq``.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = novograd.NovoGrad

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.95, 0.98),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        grad_averaging: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            grad_averaging=grad_averaging,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
        )
        super().__init__(params, given, settings)


class RAdam(Optimizer):
    """
    Rectified Adam, with L2 or decoupled weight decay.

    Parameters
    ----------
    params, lr, betas, eps, weight_decay, decoupled_weight_decay, foreach, maximize, capturable, differentiable
        As for torch.optim.RAdam.
    eps_root, corrected_weight_decay
        As for `fastgd.RAdam`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = radam.RAdam

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        eps_root: float = 0.0,
        corrected_weight_decay: float | bool = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            decoupled_weight_decay=decoupled_weight_decay,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            eps_root=eps_root,
            corrected_weight_decay=corrected_weight_decay,
        )
        super().__init__(params, given, settings)


class RMSprop(Optimizer):
    """
    RMSprop, plain or centered, with or without momentum.

    Parameters
    ----------
    params, lr, alpha, eps, weight_decay, momentum, centered, capturable, foreach, maximize, differentiable
        As for torch.optim.RMSprop.
    eps_root
        As for `fastgd.RMSprop`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = rmsprop.RMSprop

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        *,
        eps_root: float = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            alpha=alpha,
            eps=eps,
            weight_decay=weight_decay,
            momentum=momentum,
            centered=centered,
            capturable=capturable,
            foreach=foreach,
            maximize=maximize,
            differentiable=differentiable,
            eps_root=eps_root,
        )
        super().__init__(params, given, settings)


class RowWiseAdagrad(Optimizer):
    """
    Adagrad with one sum for each row of a table.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach
        As for torch.optim.Adam.
    lr, weight_decay, eps, maximize
        As for `fastgd.RowWiseAdagrad`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = row_wise_adagrad.RowWiseAdagrad

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        weight_decay: float = 0.0,
        eps: float = 1e-10,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            weight_decay=weight_decay,
            eps=eps,
            foreach=foreach,
            maximize=maximize,
        )
        super().__init__(params, given, settings)


class Rprop(Optimizer):
    """
    Resilient backpropagation, without weight backtracking.

    Parameters
    ----------
    params, lr, etas, step_sizes, capturable, foreach, maximize, differentiable
        As for torch.optim.Rprop.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = rprop.Rprop

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        etas: tuple[Any, Any] = (0.5, 1.2),
        step_sizes: tuple[Any, Any] = (1e-6, 50.0),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            etas=etas,
            step_sizes=step_sizes,
            capturable=capturable,
            foreach=foreach,
            maximize=maximize,
            differentiable=differentiable,
        )
        super().__init__(params, given, settings)


class ScheduleFreeSGD(ScheduleFreeBase):
    """
    Gradient descent without a schedule: the average of its iterates is as good as with the best one.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, momentum, weight_decay, warmup_steps, r, weight_lr_power, maximize
        As for `fastgd.ScheduleFreeSGD`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.

    Notes
    -----
    Kept in double: ``weight_sum``, ``lr_max``.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = schedule_free.ScheduleFreeSGD

    def __init__(
        self,
        params: Any,
        lr: Any = 1.0,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        warmup_steps: float = 0.0,
        r: float = 0.0,
        weight_lr_power: float = 2.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            momentum=momentum,
            weight_decay=weight_decay,
            warmup_steps=warmup_steps,
            r=r,
            weight_lr_power=weight_lr_power,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
        )
        super().__init__(params, given, settings)


class ScheduleFreeAdamW(ScheduleFreeBase):
    """
    AdamW without a schedule of the learning rate.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, betas, eps, weight_decay, warmup_steps, r, weight_lr_power, maximize
        As for `fastgd.ScheduleFreeAdamW`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.

    Notes
    -----
    Kept in double: ``weight_sum``, ``lr_max``.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = schedule_free.ScheduleFreeAdamW

    def __init__(
        self,
        params: Any,
        lr: Any = 2.5e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        warmup_steps: float = 0.0,
        r: float = 0.0,
        weight_lr_power: float = 2.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            warmup_steps=warmup_steps,
            r=r,
            weight_lr_power=weight_lr_power,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
        )
        super().__init__(params, given, settings)


class ScheduleFreeRAdam(ScheduleFreeBase):
    """
    RAdam without a schedule of the learning rate, and without a warm-up to choose.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, betas, eps, weight_decay, r, weight_lr_power, silent_sgd_phase, maximize
        As for `fastgd.ScheduleFreeRAdam`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.

    Notes
    -----
    Kept in double: ``weight_sum``, ``lr_max``.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = schedule_free.ScheduleFreeRAdam

    def __init__(
        self,
        params: Any,
        lr: Any = 2.5e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        r: float = 0.0,
        weight_lr_power: float = 2.0,
        silent_sgd_phase: bool = True,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            r=r,
            weight_lr_power=weight_lr_power,
            silent_sgd_phase=silent_sgd_phase,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
        )
        super().__init__(params, given, settings)


class SGD(Optimizer):
    """
    Gradient descent, with heavy-ball, averaged or Nesterov momentum.

    Parameters
    ----------
    params, lr, momentum, dampening, weight_decay, nesterov, maximize, foreach, differentiable, fused
        As for torch.optim.SGD.
    momentum_form
        As for `fastgd.SGD`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = sgd.SGD

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
        momentum_form: Literal["heavy_ball", "ema"] = "heavy_ball",
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            nesterov=nesterov,
            maximize=maximize,
            foreach=foreach,
            differentiable=differentiable,
            fused=fused,
            momentum_form=momentum_form,
        )
        super().__init__(params, given, settings)


class SignSGD(Optimizer):
    """
    Sign descent, and Signum when `momentum` is not 0.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, momentum, weight_decay, maximize, decoupled_weight_decay, corrected_weight_decay
        As for `fastgd.SignSGD`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = sign.SignSGD

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
        corrected_weight_decay: float | bool = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            momentum=momentum,
            weight_decay=weight_decay,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=decoupled_weight_decay,
            corrected_weight_decay=corrected_weight_decay,
        )
        super().__init__(params, given, settings)


class StableAdamW(Optimizer):
    """
    StableAdamW: AdamW whose update is clipped by its root mean square.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, betas, eps, weight_decay, maximize, corrected_weight_decay
        As for `fastgd.StableAdamW`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = stable_adamw.StableAdamW

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.99),
        eps: float = 1e-6,
        weight_decay: float = 0.01,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        corrected_weight_decay: float | bool = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            corrected_weight_decay=corrected_weight_decay,
        )
        super().__init__(params, given, settings)


class Yogi(Optimizer):
    """
    Yogi, with decoupled weight decay.

    Parameters
    ----------
    params
        As for torch.optim, which has no such class.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    lr, betas, eps, initial_accumulator_value, weight_decay, maximize, corrected_weight_decay
        As for `fastgd.Yogi`, which has the formula.
    **settings
        `max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = yogi.Yogi

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-3,
        initial_accumulator_value: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        corrected_weight_decay: float | bool = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        given = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            initial_accumulator_value=initial_accumulator_value,
            weight_decay=weight_decay,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            corrected_weight_decay=corrected_weight_decay,
        )
        super().__init__(params, given, settings)
