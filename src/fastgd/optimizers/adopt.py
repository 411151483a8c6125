"""ADOPT: Adam that converges with any beta2."""

from typing import Unpack

from fastgd.hyperparameters import DecayRates, NonNegative, PeakRate, Rate, Switch
from fastgd.optimizers.base import Optimizer, Params, Settings


class ADOPT(Optimizer):
    r"""
    ADOPT, with decoupled weight decay.

    The first step only takes ``v = grad**2``. At step ``t`` from 2, and clip to ``[-b, b]`` with
    ``b = (t - 1)**clip_exponent``::

        param *= 1 - lr * weight_decay
        m = beta1 * m + (1 - beta1) * clip(grad / max(sqrt(v), eps))
        param -= lr * m
        v = beta2 * v + (1 - beta2) * grad**2


    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1e-3
        Learning rate, at least 0.
    betas : pair of float, default (0.9, 0.9999)
        Decay rates of the two moments, in [0, 1).
    eps : float, default 1e-6
        The least that gradients are divided by, at least 0.
    weight_decay : float, default 0
        Decoupled, at least 0.
    clip_exponent : float, default 0.25
        How fast the bound of normalized gradients grows, at least 0.
    maximize : bool, default False
        Ascend.
    cautious : bool, default False
        Whether the elements of an update are left out whose sign is not the gradient's, and the others divided by the
        part of all that they are, at least a thousandth (Liang et al., arXiv:2411.16085).
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
    torch has no such class. Gradients are divided by a second moment that does not know them yet, so that it converges
    at the best rate whatever `betas`: for where Adam is unstable, or its beta2 would have to be tuned. The numbers are
    those of the authors' code with ``decouple=True``, and of optax.contrib.adopt.

    References
    ----------
    Taniguchi et al., "ADOPT: Modified Adam Can Converge with Any beta2 with the Optimal Rate", NeurIPS 2024,
    Algorithm 2.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> opt = fastgd.ADOPT(w, lr=0.5, betas=(0.0, 0.9999))
    >>> for _ in range(2):
    ...     opt.step(np.array([4.0, -1.0]))
    >>> w
    array([0.5, 2.5])
    """

    family = "adopt"
    begins_itself = True
    torch_signature = (
        "lr betas eps weight_decay clip_exponent * foreach maximize capturable differentiable fused "
        "cautious corrected_weight_decay"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-3,
        betas: DecayRates = (0.9, 0.9999),
        eps: NonNegative = 1e-6,
        weight_decay: NonNegative = 0.0,
        clip_exponent: NonNegative = 0.25,
        *,
        maximize: Switch = False,
        cautious: Switch = False,
        corrected_weight_decay: PeakRate = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
