"""AdaPNM: Adam with a positive and a negative momentum."""

from typing import Unpack

from fastgd.hyperparameters import NonNegative, PeakRate, PnmRates, Rate, Switch
from fastgd.optimizers.base import Optimizer, Params, Settings


class AdaPNM(Optimizer):
    r"""
    AdaPNM, with decoupled weight decay.

    At step ``t`` from 1, with two momenta that take turns, ``m1`` now and ``m0`` at the step before::

        m1 = beta1**2 * m1 + (1 - beta1**2) * grad
        v = beta2 * v + (1 - beta2) * grad**2;    ams_bound: w = max(w, v), and w in place of v below
        u = ((1 + beta3) * m1 - beta3 * m0) / sqrt((1 + beta3)**2 + beta3**2)
        param = (1 - lr * weight_decay) * param
                - lr * u / (1 - beta1**t) / (sqrt(v / (1 - beta2**t)) + eps)

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1e-3
        Learning rate, at least 0.
    betas : triple of float, default (0.9, 0.999, 1.0)
        Decay rates of momentum and second moment, in [0, 1), and how much of the other momentum is subtracted, at least
        0.
    eps : float, default 1e-8
        Outside the root, at least 0.
    weight_decay : float, default 0
        Decoupled, at least 0.
    ams_bound : bool, default True
        Whether to divide by the largest second moment so far.
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
        ``step``, ``exp_avg`` (which odd steps move), ``neg_exp_avg`` (which even ones move), ``exp_avg_sq`` and with
        `ams_bound` ``max_exp_avg_sq`` (shape of the parameter).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    torch has no such class; equals the authors' and pytorch-optimizer's but for their 1e-15 in the root. Its noise is
    amplified on purpose, for flatter minima: for images, where Adam generalizes worse than SGD. `eps` is divided by the
    correction too in theirs.

    References
    ----------
    Xie et al., "Positive-Negative Momentum: Manipulating Stochastic Gradient Noise to Improve Generalization", ICML
    2021, Algorithm 2.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.AdaPNM(w, lr=0.5, betas=(0.5, 0.9, 0.0)).step(np.array([4.0, -1.0]))
    >>> w.round(6)
    array([0.25, 2.75])
    """

    family = "ada_pnm"
    implied = {"ams_bound": "max_exp_avg_sq"}
    torch_signature = (
        "lr betas eps weight_decay ams_bound * foreach maximize capturable differentiable fused corrected_weight_decay"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-3,
        betas: PnmRates = (0.9, 0.999, 1.0),
        eps: NonNegative = 1e-8,
        weight_decay: NonNegative = 0.0,
        ams_bound: Switch = True,
        *,
        maximize: Switch = False,
        corrected_weight_decay: PeakRate = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
