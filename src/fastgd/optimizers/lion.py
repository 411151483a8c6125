"""Lion: sign descent with two decay rates, found by program search."""

from typing import Unpack

from fastgd.hyperparameters import DecayRates, NonNegative, PeakRate, Rate, Switch
from fastgd.optimizers.base import Optimizer, Params, Settings


class Lion(Optimizer):
    r"""
    Lion, with decoupled weight decay.

    ::

        param = (1 - lr * weight_decay) * param - lr * sign(beta1 * m + (1 - beta1) * grad)
        m = beta2 * m + (1 - beta2) * grad

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1e-4
        Learning rate, at least 0; three to ten times below that of AdamW.
    betas : pair of float, default (0.9, 0.99)
        Decay rates of the update and of the state, in [0, 1).
    weight_decay : float, default 0
        Decoupled, at least 0; three to ten times above that of AdamW.
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
        ``step`` and ``momentum_buffer`` (shape of the parameter).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    torch has no such class; equals optax.lion with the same `weight_decay`. The sign of 0 is 0, that of NaN is NaN.

    References
    ----------
    Chen et al., "Symbolic Discovery of Optimization Algorithms", NeurIPS 2023, Algorithm 2.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.Lion(w, lr=0.5).step(np.array([0.1, -30.0]))
    >>> w
    array([0.5, 2.5])
    """

    family = "lion"
    torch_signature = (
        "lr betas weight_decay * foreach maximize capturable differentiable fused cautious corrected_weight_decay"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-4,
        betas: DecayRates = (0.9, 0.99),
        weight_decay: NonNegative = 0.0,
        *,
        maximize: Switch = False,
        cautious: Switch = False,
        corrected_weight_decay: PeakRate = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
