"""Yogi: Adam whose second moment moves by a bounded part of the squared gradient."""

from typing import Unpack

from fastgd.hyperparameters import DecayRates, NonNegative, PeakRate, Rate, Switch
from fastgd.optimizers.base import Optimizer, Params, Settings


class Yogi(Optimizer):
    r"""
    Yogi, with decoupled weight decay.

    With both moments `initial_accumulator_value` at first, at step ``t`` from 1::

        param *= 1 - lr * weight_decay
        m = beta1 * m + (1 - beta1) * grad
        v = v - (1 - beta2) * sign(v - grad**2) * grad**2
        param -= lr * (m / (1 - beta1**t)) / (sqrt(v / (1 - beta2**t)) + eps)


    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1e-2
        Learning rate, at least 0.
    betas : pair of float, default (0.9, 0.999)
        Decay rates of the two moments, in [0, 1).
    eps : float, default 1e-3
        Outside the root, at least 0.
    initial_accumulator_value : float, default 1e-6
        What both moments begin with, at least 0.
    weight_decay : float, default 0
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
    torch has no such class; the numbers are those of optax.yogi. Where Adam forgets large gradients fast, and its rate
    then jumps, the second moment here falls slowly: for sparse or very noisy gradients. Because of the first values a
    parameter moves a little even while its gradient is zero.

    References
    ----------
    Zaheer, Reddi, Sachan, Kale & Kumar, "Adaptive Methods for Nonconvex Optimization", NeurIPS 2018, Algorithm 2.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.Yogi(w, lr=0.5).step(np.array([4.0, -1.0]))
    >>> w.round(2)
    array([0.5, 2.5])
    """

    family = "yogi"
    begins_itself = True
    torch_signature = (
        "lr betas eps initial_accumulator_value weight_decay * foreach maximize capturable differentiable fused "
        "corrected_weight_decay"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-2,
        betas: DecayRates = (0.9, 0.999),
        eps: NonNegative = 1e-3,
        initial_accumulator_value: NonNegative = 1e-6,
        weight_decay: NonNegative = 0.0,
        *,
        maximize: Switch = False,
        corrected_weight_decay: PeakRate = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
