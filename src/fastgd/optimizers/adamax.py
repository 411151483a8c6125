"""Adamax: Adam with the infinity norm."""

from typing import Unpack

from fastgd.hyperparameters import DecayRates, NonNegative, Rate, Switch
from fastgd.optimizers.base import Optimizer, Params, Settings


class Adamax(Optimizer):
    r"""
    Adamax.

    With ``g`` the gradient plus ``weight_decay`` times the parameter, at step ``t`` from 1::

        m = beta1 * m + (1 - beta1) * g
        u = max(beta2 * u, abs(g) + eps)
        param -= lr / (1 - beta1**t) * m / u

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 2e-3
        Learning rate, at least 0.
    betas : pair of float, default (0.9, 0.999)
        Decay rates, in [0, 1).
    eps : float, default 1e-8
        Added to the gradient's magnitude, at least 0; with 0 a gradient that has always been 0 gives NaN.
    weight_decay : float, default 0
        L2 penalty, at least 0.
    maximize : bool, default False
        Ascend.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``, ``exp_avg`` and ``exp_inf`` (shape of the parameter).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.Adamax.

    References
    ----------
    Kingma & Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, Algorithm 2.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.Adamax(w, lr=0.5).step(np.array([4.0, -1.0]))
    >>> w.round(6)
    array([0.5, 2.5])
    """

    family = "adamax"
    torch_signature = "lr betas eps weight_decay foreach * maximize differentiable capturable"

    def __init__(
        self,
        params: Params,
        lr: Rate = 2e-3,
        betas: DecayRates = (0.9, 0.999),
        eps: NonNegative = 1e-8,
        weight_decay: NonNegative = 0.0,
        *,
        maximize: Switch = False,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
