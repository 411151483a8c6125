"""Adan: Adam with Nesterov momentum from differences of gradients."""

from typing import Unpack

from fastgd.hyperparameters import NonNegative, PeakRate, Rate, Switch, ThreeDecayRates
from fastgd.optimizers.base import Optimizer, Params, Settings


class Adan(Optimizer):
    r"""
    Adan, with proximal or decoupled weight decay.

    With ``d`` the gradient minus that of the step before, 0 on the first, at step ``t`` from 1::

        m = beta1 * m + (1 - beta1) * grad
        diff = beta2 * diff + (1 - beta2) * d
        v = beta3 * v + (1 - beta3) * (grad + beta2 * d)**2
        u = m / (1 - beta1**t) + beta2 * diff / (1 - beta2**t)
        param = (param - lr * u / (sqrt(v / (1 - beta3**t)) + eps)) / (1 + lr * weight_decay)


    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1e-3
        Learning rate, at least 0.
    betas : triple of float, default (0.98, 0.92, 0.99)
        Decay rates of the gradient, of its differences and of the second moment, in [0, 1).
    eps : float, default 1e-8
        Outside the root, at least 0.
    weight_decay : float, default 0
        At least 0.
    no_prox : bool, default False
        Whether the parameter is multiplied by ``1 - lr * weight_decay`` before the step, rather than divided after it.
    maximize : bool, default False
        Ascend.
    corrected_weight_decay : float or bool, default 0
        If not 0, the largest learning rate: `weight_decay` is then in proportion to the present one, as in AdamC
        (Defazio, arXiv:2506.02285). True stands for the `lr` that is given with it.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``, ``exp_avg``, ``exp_avg_diff``, ``exp_avg_sq`` and ``neg_pre_grad`` (minus the latest gradient), all of
        the shape of the parameter.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    torch has no such class. It looks ahead along the gradient without computing another one: for vision transformers
    and large batches, with rates five to ten times those of AdamW. The numbers are those of the authors' code;
    optax.adan takes ``1 - beta2`` for the weight of the differences, an error.

    References
    ----------
    Xie, Zhou, Li, Lin & Yan, "Adan: Adaptive Nesterov Momentum Algorithm for Faster Optimizing Deep Models",
    TPAMI 2024, Algorithm 1.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.Adan(w, lr=0.5).step(np.array([4.0, -1.0]))
    >>> w.round(6)
    array([0.5, 2.5])
    """

    family = "adan"
    begins_itself = True
    torch_signature = (
        "lr betas eps weight_decay no_prox * foreach maximize capturable differentiable fused corrected_weight_decay"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-3,
        betas: ThreeDecayRates = (0.98, 0.92, 0.99),
        eps: NonNegative = 1e-8,
        weight_decay: NonNegative = 0.0,
        no_prox: Switch = False,
        *,
        maximize: Switch = False,
        corrected_weight_decay: PeakRate = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
