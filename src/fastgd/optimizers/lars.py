"""LARS: SGD whose gradient is as long as a part of the parameter."""

from typing import Unpack

from fastgd.hyperparameters import DecayRate, Fraction, NonNegative, Rate, Switch
from fastgd.optimizers.base import Optimizer, Params, Settings


class LARS(Optimizer):
    r"""
    LARS: layer-wise adaptive SGD with momentum, for large batches.

    With the norms of each parameter and of its gradient::

        ratio = trust_coefficient * norm(param) / (norm(grad) + weight_decay * norm(param) + eps)
        d = ratio * (grad + weight_decay * param)
        b = momentum * b + (1 - dampening) * d      # at first b = d
        param -= lr * b                             # nesterov: lr * (d + momentum * b)

    The ratio is 1 where one of the norms is 0.

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1.0
        Learning rate, at least 0.
    momentum : float, default 0.9
        In [0, 1).
    dampening : float, default 0
        In [0, 1].
    weight_decay : float, default 0
        L2 penalty, at least 0.
    nesterov : bool, default False
        Look ahead.
    trust_coefficient : float, default 1e-3
        At least 0.
    eps : float, default 1e-8
        At least 0.
    always_adapt : bool, default False
        Take the ratio also where `weight_decay` is 0; otherwise it is 1 there.
    trust_clip : bool, default False
        Let the ratio be at most `lr`, by which it is then divided.
    maximize : bool, default False
        Ascend.
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
    torch has no such class; options and numbers are those of timm, whose momentum is 0 unless it is given. Without
    weight decay and `always_adapt` this is SGD, with a buffer also for a momentum of 0. For batches of thousands in
    networks with batch normalization. The sums are in double, in blocks of 4096 elements in the order of memory, so
    that they depend on nothing else.

    References
    ----------
    You, Gitman & Ginsburg, "Large Batch Training of Convolutional Networks", 2017, Algorithm 1.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.LARS(w, lr=10.0, weight_decay=0.01).step(np.array([4.0, -1.0]))
    >>> w.round(4)
    array([0.9784, 2.0053])
    """

    family = "lars"
    torch_signature = (
        "lr momentum dampening weight_decay nesterov trust_coefficient eps always_adapt trust_clip * foreach maximize "
        "capturable differentiable fused"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1.0,
        momentum: DecayRate = 0.9,
        dampening: Fraction = 0.0,
        weight_decay: NonNegative = 0.0,
        nesterov: Switch = False,
        trust_coefficient: NonNegative = 1e-3,
        eps: NonNegative = 1e-8,
        always_adapt: Switch = False,
        trust_clip: Switch = False,
        *,
        maximize: Switch = False,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
