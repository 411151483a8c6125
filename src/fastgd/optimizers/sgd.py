"""Stochastic gradient descent, with momentum in its usual forms."""

from collections.abc import Mapping
from typing import Any, Unpack

import numpy as np

from fastgd import validation
from fastgd.engine import scalars
from fastgd.optimizers.base import Optimizer
from fastgd.optimizers.terms import Carry, Rate, Settings


class SGD(Optimizer):
    r"""
    Gradient descent, with heavy-ball, averaged or Nesterov momentum.

    With :math:`g` the gradient plus ``weight_decay`` times the parameter, and :math:`b = g` on the first step::

        heavy_ball    b = momentum * b + (1 - dampening) * g;    param -= lr * b
        ema           b = momentum * b + (1 - momentum) * g, from zero;    param -= lr * b
        nesterov      b as above;    param -= lr * (g + momentum * b)
        momentum = 0  param -= lr * g

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1e-3
        Learning rate, at least 0.
    momentum : float, default 0
        At least 0; below 1 for ``momentum_form="ema"``.
    dampening : float, default 0
        Taken off the gradient's weight in the buffer; 0 for Nesterov and ``"ema"``.
    weight_decay : float, default 0
        L2 penalty, at least 0.
    nesterov : bool, default False
        Look ahead; needs `momentum` above 0. With ``"ema"`` the gradient's weight is 1 - momentum here too.
    maximize : bool, default False
        Ascend.
    momentum_form : {"heavy_ball", "ema"}, default "heavy_ball"
        torch's form, or the exponential moving average of the gradient.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``momentum_buffer`` (shape of the parameter) where `momentum` is not 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.SGD; ``"ema"`` is fastgd's own.

    References
    ----------
    Polyak 1964; Sutskever, Martens, Dahl & Hinton, "On the importance of initialization and momentum in deep
    learning", ICML 2013.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.SGD(w, lr=0.5).step(np.array([1.0, 1.0]))
    >>> w
    array([0.5, 1.5])
    """

    _checks = {
        "lr": validation.rate,
        "momentum": validation.nonnegative,
        "dampening": validation.real,
        "weight_decay": validation.nonnegative,
        "nesterov": validation.flag,
        "maximize": validation.flag,
        "momentum_form": validation.choice("heavy_ball", "ema"),
    }
    _prepare = staticmethod(scalars.sgd)
    _own = ("momentum_form",)
    _has_step = False

    def __init__(
        self,
        params: object,
        lr: Rate = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        momentum_form: str = "heavy_ball",
        **settings: Unpack[Settings],
    ) -> None:
        defaults = dict(
            lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov,
            maximize=maximize, momentum_form=momentum_form,
        )  # fmt: skip
        super().__init__(params, defaults, **settings)

    def _entry(
        self, steps: int, carry: Carry, arrays: dict[str, np.ndarray], hyperparameters: dict[str, Any]
    ) -> dict[str, Any]:
        return dict(arrays) if carry[0] else {}

    def _progress(self, label: str, entry: Mapping[str, Any]) -> tuple[int, Carry]:
        return 1, (1.0, 0.0)
