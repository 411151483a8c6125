"""AdEMAMix: Adam with a second, slow average of the gradient."""

from typing import Unpack

from fastgd.hyperparameters import NonNegative, PeakRate, Rate, Switch, ThreeDecayRates
from fastgd.optimizers.base import Optimizer, Params, Settings


class AdEMAMix(Optimizer):
    r"""
    AdEMAMix, with decoupled weight decay.

    At step ``t`` from 1::

        param *= 1 - lr * weight_decay
        m = beta1 * m + (1 - beta1) * grad
        v = beta2 * v + (1 - beta2) * grad**2
        slow = beta3 * slow + (1 - beta3) * grad
        param -= lr * (m / (1 - beta1**t) + alpha * slow) / (sqrt(v / (1 - beta2**t)) + eps)


    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1e-3
        Learning rate, at least 0.
    betas : triple of float, default (0.9, 0.999, 0.9999)
        Decay rates of the fast average, the second moment and the slow average, in [0, 1).
    alpha : float, default 5
        Weight of the slow average, at least 0.
    t_alpha : float, default 0
        Steps in which `alpha` grows from 0, linearly; at least 0.
    t_beta3 : float, default 0
        Steps in which the decay rate of the slow average grows from ``betas[0]`` to ``betas[2]``, its half-life
        linearly; at least 0.
    eps : float, default 1e-8
        Outside the root, at least 0.
    weight_decay : float, default 1e-2
        Decoupled, at least 0.
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
        ``step``, ``exp_avg``, ``exp_avg_slow`` and ``exp_avg_sq`` (shape of the parameter).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    torch has no such class. The slow average keeps what gradients of thousands of steps ago have in common: for long
    trainings, such as of language models, with `t_alpha` and `t_beta3` the number of steps, without which the start may
    diverge. The numbers are those of the authors' code; bitsandbytes has the same names.

    References
    ----------
    Pagliardini, Ablin & Grangier, "The AdEMAMix Optimizer: Better, Faster, Older", ICLR 2025, Algorithm 1.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.AdEMAMix(w, lr=0.5, weight_decay=0.0).step(np.array([4.0, -1.0]))
    >>> w.round(6)
    array([0.49975, 2.50025])
    """

    family = "ademamix"
    torch_signature = (
        "lr betas alpha t_alpha t_beta3 eps weight_decay * foreach maximize capturable differentiable fused "
        "corrected_weight_decay"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-3,
        betas: ThreeDecayRates = (0.9, 0.999, 0.9999),
        alpha: NonNegative = 5.0,
        t_alpha: NonNegative = 0.0,
        t_beta3: NonNegative = 0.0,
        eps: NonNegative = 1e-8,
        weight_decay: NonNegative = 1e-2,
        *,
        maximize: Switch = False,
        corrected_weight_decay: PeakRate = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
