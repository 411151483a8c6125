"""Steps of constant size in the direction of the gradient's sign."""

from typing import Unpack

from fastgd.hyperparameters import DecayRate, NonNegative, PeakRate, Rate, Switch
from fastgd.optimizers.base import Optimizer, Params, Settings


class SignSGD(Optimizer):
    r"""
    Sign descent, and Signum when `momentum` is not 0.

    With ``g`` the gradient plus ``weight_decay`` times the parameter (unless decoupled)::

        momentum = 0  param -= lr * sign(g)
        otherwise     b = momentum * b + (1 - momentum) * g;    param -= lr * sign(b)

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1e-3
        Learning rate, at least 0: the size of every step.
    momentum : float, default 0
        In [0, 1); 0.9 is usual for Signum.
    weight_decay : float, default 0
        At least 0.
    maximize : bool, default False
        Ascend.
    decoupled_weight_decay : bool, default False
        Whether the parameter is multiplied by ``1 - lr * weight_decay`` instead of the gradient being changed.
    corrected_weight_decay : float or bool, default 0
        If not 0, the largest learning rate: `weight_decay` is then in proportion to the present one, as in AdamC
        (Defazio, arXiv:2506.02285). True stands for the `lr` that is given with it.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``, and ``momentum_buffer`` (shape of the parameter) where `momentum` is not 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    torch has no such class. The sign of 0 is 0, that of NaN is NaN. For where gradients are compressed, or little
    memory is left; ``momentum=0.965, decoupled_weight_decay=True`` is Tiger (Su, "Tiger: A Tight-fisted Optimizer",
    2023).

    References
    ----------
    Bernstein, Wang, Azizzadenesheli & Anandkumar, "signSGD: Compressed Optimisation for Non-Convex Problems",
    ICML 2018.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.SignSGD(w, lr=0.5).step(np.array([0.1, -30.0]))
    >>> w
    array([0.5, 2.5])
    """

    family = "sign_sgd"
    torch_signature = (
        "lr momentum weight_decay * foreach maximize capturable differentiable fused decoupled_weight_decay "
        "corrected_weight_decay"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-3,
        momentum: DecayRate = 0.0,
        weight_decay: NonNegative = 0.0,
        *,
        maximize: Switch = False,
        decoupled_weight_decay: Switch = False,
        corrected_weight_decay: PeakRate = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
