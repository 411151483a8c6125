"""StableAdamW: AdamW with a smaller rate where the gradient is larger than its second moment."""

from typing import Unpack

from fastgd.hyperparameters import DecayRates, NonNegative, PeakRate, Rate, Switch
from fastgd.optimizers.base import Optimizer, Params, Settings


class StableAdamW(Optimizer):
    r"""
    StableAdamW: AdamW whose update is clipped by its root mean square.

    At step ``t`` from 1, with ``beta`` for ``(beta**t - beta) / (beta**t - 1)`` and the mean over each parameter::

        m = beta1 * m + (1 - beta1) * grad
        v = beta2 * v + (1 - beta2) * grad**2
        rate = lr / max(1, sqrt(mean(grad**2 / max(v, eps**2))))
        param = (1 - rate * weight_decay) * param - rate * m / (sqrt(v) + eps)

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1e-3
        Learning rate, at least 0.
    betas : pair of float, default (0.9, 0.99)
        Decay rates of the two moments, in [0, 1).
    eps : float, default 1e-6
        Outside the root, at least 0.
    weight_decay : float, default 0.01
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
        ``step``, ``exp_avg`` and ``exp_avg_sq`` (shape of the parameter).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    torch has no such class; numbers and debiased moments, which are not those of Adam, are those of torch-optimi. Where
    single steps with huge gradients spoil a training, in the place of clipping by the norm. The sums are in double, in
    blocks of 4096 elements in the order of memory, so that they depend on nothing else.

    References
    ----------
    Wortsman et al., "Stable and low-precision training for large-scale vision-language models", NeurIPS 2023, Algorithm
    2.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.StableAdamW(w, lr=0.5).step(np.array([4.0, -1.0]))
    >>> w.round(4)
    array([0.495, 2.49 ])
    """

    family = "stable_adamw"
    rereads_state = True
    begins_itself = True
    torch_signature = (
        "lr betas eps weight_decay * foreach maximize capturable differentiable fused corrected_weight_decay"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-3,
        betas: DecayRates = (0.9, 0.99),
        eps: NonNegative = 1e-6,
        weight_decay: NonNegative = 0.01,
        *,
        maximize: Switch = False,
        corrected_weight_decay: PeakRate = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
