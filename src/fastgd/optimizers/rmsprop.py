"""RMSprop: the gradient over the root of its mean square."""

from typing import Unpack

from fastgd.hyperparameters import Fraction, NonNegative, Rate, Switch
from fastgd.optimizers.base import Optimizer, Params, Settings


class RMSprop(Optimizer):
    r"""
    RMSprop, plain or centered, with or without momentum.

    With ``g`` the gradient plus ``weight_decay`` times the parameter::

        v = alpha * v + (1 - alpha) * g**2
        centered: a = alpha * a + (1 - alpha) * g, and max(v - a**2, 0) in place of v below
        q = g / (sqrt(v + eps_root) + eps)
        momentum: b = momentum * b + q, and b in place of q below
        param -= lr * q

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1e-2
        Learning rate, at least 0.
    alpha : float, default 0.99
        Decay rate of the averages, in [0, 1].
    eps : float, default 1e-8
        Outside the root, at least 0.
    weight_decay : float, default 0
        L2 penalty, at least 0.
    momentum : float, default 0
        At least 0.
    centered : bool, default False
        Whether to divide by the standard deviation.
    maximize : bool, default False
        Ascend.
    eps_root : float, default 0
        Inside the root, at least 0.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``, ``square_avg``, and as needed ``grad_avg`` and ``momentum_buffer`` (shape of the parameter).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.RMSprop, but a variance that rounding makes negative counts as 0 where torch's root gives NaN.
    `eps_root` is fastgd's own; Keras and optax have their eps inside the root: ``eps=0, eps_root=1e-7``.

    References
    ----------
    Tieleman & Hinton, lecture 6.5 of "Neural Networks for Machine Learning", 2012; Graves, "Generating Sequences
    With Recurrent Neural Networks", arXiv:1308.0850, section 4.2.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.RMSprop(w, lr=0.5, alpha=0.0).step(np.array([4.0, -1.0]))
    >>> w
    array([0.5, 2.5])
    """

    family = "rmsprop"
    beyond_torch = ("eps_root",)
    implied = {"centered": "grad_avg"}
    torch_signature = (
        "lr alpha eps weight_decay momentum centered capturable foreach maximize differentiable * eps_root"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-2,
        alpha: Fraction = 0.99,
        eps: NonNegative = 1e-8,
        weight_decay: NonNegative = 0.0,
        momentum: NonNegative = 0.0,
        centered: Switch = False,
        *,
        maximize: Switch = False,
        eps_root: NonNegative = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
