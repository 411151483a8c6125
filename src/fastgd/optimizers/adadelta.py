"""Adadelta: steps in the units of the parameter, without a global learning rate."""

from typing import Unpack

from fastgd.hyperparameters import Fraction, NonNegative, Rate, Switch
from fastgd.optimizers.base import Optimizer, Params, Settings


class Adadelta(Optimizer):
    r"""
    Adadelta.

    With ``g`` the gradient plus ``weight_decay`` times the parameter::

        v = rho * v + (1 - rho) * g**2
        delta = sqrt((u + eps) / (v + eps)) * g
        u = rho * u + (1 - rho) * delta**2
        param -= lr * delta

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1.0
        Factor of the step, at least 0; 1 is the paper's method.
    rho : float, default 0.9
        Decay rate of both averages, in [0, 1].
    eps : float, default 1e-6
        Inside both roots, at least 0.
    weight_decay : float, default 0
        L2 penalty, at least 0.
    maximize : bool, default False
        Ascend.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``, ``square_avg`` and ``acc_delta`` (shape of the parameter).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.Adadelta, with one root of the quotient in place of the quotient of two roots: the same within
    rounding, except that float32 gradients beyond 1e16 bring the quotient into the subnormal range (a relative error of
    2e-5 at 1e18).

    References
    ----------
    Zeiler, "ADADELTA: An Adaptive Learning Rate Method", arXiv:1212.5701, Algorithm 1.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.Adadelta(w).step(np.array([4.0, -1.0]))
    >>> w.round(4)
    array([0.9968, 2.0032])
    """

    family = "adadelta"
    torch_signature = "lr rho eps weight_decay foreach * capturable maximize differentiable"

    def __init__(
        self,
        params: Params,
        lr: Rate = 1.0,
        rho: Fraction = 0.9,
        eps: NonNegative = 1e-6,
        weight_decay: NonNegative = 0.0,
        *,
        maximize: Switch = False,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
