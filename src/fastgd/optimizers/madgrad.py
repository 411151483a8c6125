"""MADGRAD: momentum by averaging over dual averages with a cube root."""

from typing import Unpack

from fastgd.hyperparameters import DecayRate, NonNegative, Positive, Rate, Switch
from fastgd.optimizers.base import Optimizer, Params, Settings


class MADGRAD(Optimizer):
    r"""
    MADGRAD, with L2 weight decay.

    With ``g`` the gradient plus ``weight_decay`` times the parameter, ``x0`` the first parameter, at step ``t``
    from 1::

        k = (lr + eps) * sqrt(t)
        v = v + k * g**2;    s = s + k * g
        z = x0 - s / (v**(1 / 3) + eps)
        param = momentum * param + (1 - momentum) * z

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1e-2
        Learning rate, at least 0.
    momentum : float, default 0.9
        In [0, 1).
    weight_decay : float, default 0
        L2 penalty, at least 0.
    eps : float, default 1e-6
        Outside the cube root, above 0.
    maximize : bool, default False
        Ascend.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``, ``grad_sum_sq``, ``s`` and ``x0`` (shape of the parameter).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    torch has no such class; equals the authors' and timm's. It reaches the test accuracy of SGD where Adam does not,
    such as on images, and needs less decay than SGD, often none. With an `lr` of 0 a gradient has no weight. `x0` is
    kept with a `momentum` of 0 too, where the authors compute it anew.

    References
    ----------
    Defazio & Jelassi, "Adaptivity without Compromise: A Momentumized, Adaptive, Dual Averaged Gradient Method for
    Stochastic Optimization", JMLR 23, 2022, Algorithm 1.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.MADGRAD(w, lr=1.0, momentum=0.0).step(np.array([8.0, -1.0]))
    >>> w.round(4)
    array([-1.,  3.])
    """

    family = "madgrad"
    begins_itself = True
    torch_signature = "lr momentum weight_decay eps * foreach maximize capturable differentiable fused"

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-2,
        momentum: DecayRate = 0.9,
        weight_decay: NonNegative = 0.0,
        eps: Positive = 1e-6,
        *,
        maximize: Switch = False,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
