"""LaProp: momentum of normalized gradients, where Adam normalizes the momentum."""

from typing import Unpack

from fastgd.hyperparameters import DecayRates, NonNegative, PeakRate, Rate, Switch, fraction, nonnegative
from fastgd.optimizers.base import Optimizer, Params, Settings


class LaProp(Optimizer):
    r"""
    LaProp, with decoupled weight decay.

    At step ``t`` from 1, with ``e`` the mean of the rates so far under the weights of the momentum, which is
    ``lr * (1 - beta1**t)`` for one rate, and ``c`` that of ones under those of the second moment::

        v = beta2 * v + (1 - beta2) * grad**2
        m = beta1 * m + (1 - beta1) * lr * grad / (sqrt(v / c) + eps)
        param = (1 - lr * weight_decay) * (param - lr / e * m)

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 4e-4
        Learning rate, at least 0.
    betas : pair of float, default (0.9, 0.999)
        Decay rates of the two moments, in [0, 1).
    eps : float, default 1e-15
        Outside the root, at least 0.
    weight_decay : float, default 0
        Decoupled, at least 0; it comes after the step.
    maximize : bool, default False
        Ascend.
    corrected_weight_decay : float or bool, default 0
        If not 0, the largest learning rate: `weight_decay` is then in proportion to the present one, as in AdamC
        (Defazio, arXiv:2506.02285). True stands for the `lr` that is given with it.
    cautious : bool, default False
        Whether the elements of an update are left out whose sign is not the gradient's, and the others divided by the
        part of all that they are, at least a thousandth (Liang et al., arXiv:2411.16085).
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``, ``exp_avg`` and ``exp_avg_sq`` (shape of the parameter), and the numbers ``exp_avg_lr_1`` (e) and
        ``exp_avg_lr_2`` (c).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    torch has no such class; equals timm's, which keeps e and c in float32. The momentum and the normalization are
    apart, so that any `betas` go together: for noisy gradients, where Adam would be unstable. With an `lr` of 0 nothing
    moves, where the authors' code takes a step.

    References
    ----------
    Ziyin, Wang & Ueda, "LaProp: Separating Momentum and Adaptivity in Adam", arXiv:2002.04839, Algorithm 1.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.LaProp(w, lr=0.5).step(np.array([4.0, -1.0]))
    >>> w.round(6)
    array([0.5, 2.5])
    """

    family = "laprop"
    carried = {"exp_avg_lr_1": nonnegative, "exp_avg_lr_2": fraction}
    torch_signature = (
        "lr betas eps weight_decay * foreach maximize capturable differentiable fused corrected_weight_decay cautious"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 4e-4,
        betas: DecayRates = (0.9, 0.999),
        eps: NonNegative = 1e-15,
        weight_decay: NonNegative = 0.0,
        *,
        maximize: Switch = False,
        corrected_weight_decay: PeakRate = 0.0,
        cautious: Switch = False,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
