"""LAMB: Adam whose step is as long as a part of the parameter."""

from typing import Unpack

from fastgd.hyperparameters import DecayRates, NonNegative, Rate, Switch
from fastgd.optimizers.base import Optimizer, Params, Settings


class LAMB(Optimizer):
    r"""
    LAMB: a layer-wise adaptive Adam for large batches.

    At step ``t`` from 1, with the norms of each parameter::

        m = beta1 * m + (1 - beta1) * grad
        v = beta2 * v + (1 - beta2) * grad**2
        u = (m / (1 - beta1**t)) / (sqrt(v / (1 - beta2**t)) + eps) + weight_decay * param
        param -= lr * norm(param) / norm(u) * u

    The ratio of the norms is 1 where one of them is 0.

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1e-3
        Learning rate, at least 0.
    betas : pair of float, default (0.9, 0.999)
        Decay rates of the two moments, in [0, 1).
    eps : float, default 1e-6
        Outside the root, at least 0.
    weight_decay : float, default 0.01
        Part of the update, and so of the ratio; at least 0.
    bias_correction : bool, default True
        Divide the moments by ``1 - beta**t``.
    grad_averaging : bool, default True
        Weigh the gradient by ``1 - beta1`` in the first moment; otherwise by 1.
    always_adapt : bool, default False
        Take the ratio also where `weight_decay` is 0; otherwise it is 1 there.
    trust_clip : bool, default False
        Let the ratio be at most 1.
    maximize : bool, default False
        Ascend.
    cautious : bool, default False
        Whether the elements of an update, before its decay, are left out whose sign is not the gradient's, and the
        others divided by the part of all that they are, at least a thousandth (Liang et al., arXiv:2411.16085).
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
    torch has no such class; options and numbers are those of timm, which also clips by the global norm unless it is
    told not to: here that is `max_grad_norm`. For batches of thousands, where one rate for all layers is too large for
    some of them. The sums are in double, in blocks of 4096 elements in the order of memory, so that they depend on
    nothing else.

    References
    ----------
    You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", ICLR 2020, Algorithm 2.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.LAMB(w, lr=0.5).step(np.array([4.0, -1.0]))
    >>> w.round(4)
    array([0.1976, 2.7786])
    """

    family = "lamb"
    rereads_state = True
    torch_signature = (
        "lr betas eps weight_decay bias_correction grad_averaging always_adapt trust_clip * foreach maximize "
        "capturable differentiable fused cautious"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-3,
        betas: DecayRates = (0.9, 0.999),
        eps: NonNegative = 1e-6,
        weight_decay: NonNegative = 0.01,
        bias_correction: Switch = True,
        grad_averaging: Switch = True,
        always_adapt: Switch = False,
        trust_clip: Switch = False,
        *,
        maximize: Switch = False,
        cautious: Switch = False,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
