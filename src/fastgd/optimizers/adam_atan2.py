"""Adam-atan2: an angle in the place of Adam's quotient."""

from typing import Unpack

from fastgd.hyperparameters import DecayRates, NonNegative, PeakRate, Rate, Switch
from fastgd.optimizers.base import Optimizer, Params, Settings


class AdamAtan2(Optimizer):
    r"""
    Adam-atan2, with decoupled weight decay.

    At step ``t`` from 1::

        m = beta1 * m + (1 - beta1) * grad
        v = beta2 * v + (1 - beta2) * grad**2
        u = arctan2(m / (1 - beta1**t), b * sqrt(v / (1 - beta2**t)))
        param = (1 - lr * weight_decay) * param - lr * a * u

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1e-4
        Learning rate, at least 0.
    betas : pair of float, default (0.9, 0.99)
        Decay rates of the two moments, in [0, 1).
    weight_decay : float, default 0
        Decoupled, at least 0.
    a : float, default 1.27
        Factor of the angle, at least 0; 4 / pi makes a step of Adam where v is the square of m.
    b : float, default 1.0
        Factor of the root, at least 0; a step is bounded by ``lr * a * pi / 2``, the sooner the smaller it is.
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
    torch has no such class; equals adam-atan2-pytorch without its regularization. There is no eps to tune, and steps do
    not depend on the scale of the gradients at all: for models whose gradients are tiny. The angle is fastgd's own, to
    some two units in the last place, with the same bits everywhere.

    References
    ----------
    Everett et al., "Scaling Exponents Across Parameterizations and Optimizers", ICML 2024, section 4.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.AdamAtan2(w, lr=0.5, a=1.0).step(np.array([4.0, -1e-30]))
    >>> w.round(6)
    array([0.607301, 2.392699])
    """

    family = "adam_atan2"
    torch_signature = (
        "lr betas weight_decay a b * foreach maximize capturable differentiable fused corrected_weight_decay"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-4,
        betas: DecayRates = (0.9, 0.99),
        weight_decay: NonNegative = 0.0,
        a: NonNegative = 1.27,
        b: NonNegative = 1.0,
        *,
        maximize: Switch = False,
        corrected_weight_decay: PeakRate = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
