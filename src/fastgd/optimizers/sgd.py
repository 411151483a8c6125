"""Stochastic gradient descent, with momentum in its usual forms."""

from collections.abc import Mapping
from typing import Any, Unpack

from fastgd.engine.formats import AVERAGE, MASTER
from fastgd.hyperparameters import MomentumForm, NonNegative, Rate, Real, Switch
from fastgd.optimizers.base import Optimizer, Params, Progress, Settings


class SGD(Optimizer):
    r"""
    Gradient descent, with heavy-ball, averaged or Nesterov momentum.

    With ``g`` the gradient plus ``weight_decay`` times the parameter, and ``b = g`` on the first step::

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

    family = "sgd"
    rows = "without momentum"
    beyond_torch = ("momentum_form",)
    has_step = False
    torch_signature = (
        "lr momentum dampening weight_decay nesterov * maximize foreach differentiable fused momentum_form"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-3,
        momentum: NonNegative = 0.0,
        dampening: Real = 0.0,
        weight_decay: NonNegative = 0.0,
        nesterov: Switch = False,
        *,
        maximize: Switch = False,
        momentum_form: MomentumForm = "heavy_ball",
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)

    @classmethod
    def check_together(cls, values: dict[str, Any]) -> None:
        momentum, dampening = values["momentum"], values["dampening"]
        if values["nesterov"] and (momentum == 0 or dampening != 0):
            raise ValueError(f"nesterov needs momentum above 0 and dampening 0, got {momentum} and {dampening}")
        if momentum and values["momentum_form"] == "ema" and (momentum >= 1 or dampening != 0):
            raise ValueError(
                f"momentum_form='ema' needs momentum in (0, 1) and dampening 0, got {momentum} and {dampening}"
            )

    @classmethod
    def entry(
        cls, steps: int, carry: tuple[float, ...], arrays: dict[str, Any], hyperparameters: dict[str, Any]
    ) -> dict[str, Any]:
        return {key: array for key, array in arrays.items() if carry[0] or (steps and key in (*MASTER, AVERAGE))}

    @classmethod
    def progress(cls, label: str, entry: Mapping[str, Any]) -> Progress:
        return 1, (float("momentum_buffer" in entry),)
