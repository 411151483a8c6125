"""MARS: AdamW along gradients that are corrected by how they have changed."""

from typing import Unpack

from fastgd.hyperparameters import DecayRates, NonNegative, PeakRate, Rate, Switch
from fastgd.optimizers.base import Optimizer, Params, Settings


class MARS(Optimizer):
    r"""
    MARS-AdamW, with decoupled weight decay.

    At step ``t`` from 1, and with the gradient itself as c on the first step::

        c = grad + gamma * beta1 / (1 - beta1) * (grad - last_grad)
        c = c / max(1, norm(c))
        m = beta1 * m + (1 - beta1) * c
        v = beta2 * v + (1 - beta2) * c**2
        u = m / (1 - beta1**t) / (sqrt(v / (1 - beta2**t)) + eps)
        param = (1 - lr * weight_decay) * param - lr * u

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 3e-3
        Learning rate, at least 0.
    betas : pair of float, default (0.9, 0.99)
        Decay rates of the two moments, in [0, 1).
    eps : float, default 1e-8
        Outside the root, at least 0.
    weight_decay : float, default 0
        Decoupled, at least 0.
    gamma : float, default 0.025
        Part of the correction that is taken, at least 0; 1 is that of a full variance reduction.
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
        ``step``, ``exp_avg``, ``exp_avg_sq`` and ``last_grad`` (shape of the parameter).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    torch has no such class; equals timm's with ``optimize_1d=True``. For large batches of noisy gradients; the authors
    train matrices by it, and vectors by AdamW: `fastgd.muon_groups` splits them. The norm is that of each parameter.

    References
    ----------
    Yuan et al., "MARS: Unleashing the Power of Variance Reduction for Training Large Models", ICML 2025, Algorithm 2.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.MARS(w, lr=0.5).step(np.array([0.4, -0.1]))
    >>> w.round(6)
    array([0.5, 2.5])
    """

    family = "mars"
    begins_itself = True
    torch_signature = (
        "lr betas eps weight_decay gamma * foreach maximize capturable differentiable fused corrected_weight_decay "
        "cautious"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 3e-3,
        betas: DecayRates = (0.9, 0.99),
        eps: NonNegative = 1e-8,
        weight_decay: NonNegative = 0.0,
        gamma: NonNegative = 0.025,
        *,
        maximize: Switch = False,
        corrected_weight_decay: PeakRate = 0.0,
        cautious: Switch = False,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
