"""NovoGrad: momentum of gradients that are normalized for each parameter."""

from typing import Unpack

from fastgd.hyperparameters import DecayRates, NonNegative, Rate, Switch, nonnegative
from fastgd.optimizers.base import Optimizer, Params, Settings


class NovoGrad(Optimizer):
    r"""
    NovoGrad: the second moment is one number for each parameter.

    With the norm of each parameter's gradient::

        v = beta2 * v + (1 - beta2) * norm(grad)**2     # at first norm(grad)**2
        m = beta1 * m + grad / (sqrt(v) + eps) + weight_decay * param
        param -= lr * m

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1e-3
        Learning rate, at least 0.
    betas : pair of float, default (0.95, 0.98)
        Decay rates of the two moments, in [0, 1).
    eps : float, default 1e-8
        Outside the root, at least 0.
    weight_decay : float, default 0
        Part of the first moment, at least 0.
    grad_averaging : bool, default False
        Weigh what is added to the first moment by ``1 - beta1``.
    maximize : bool, default False
        Ascend.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``, ``exp_avg_sq`` (one number, in double) and ``exp_avg`` (shape of the parameter).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    torch has no such class; options and numbers are those of timm. As long as the second moment is 0 it is taken for
    new. Half the state of Adam; for speech and language models that are trained with large rates. The sums are in
    double, in blocks of 4096 elements in the order of memory, so that they depend on nothing else.

    References
    ----------
    Ginsburg et al., "Stochastic Gradient Methods with Layer-wise Adaptive Moments for Training of Deep Networks", 2019,
    Algorithm 1.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.NovoGrad(w, lr=0.5).step(np.array([4.0, -1.0]))
    >>> w.round(4)
    array([0.5149, 2.1213])
    """

    family = "novograd"
    carried = {"exp_avg_sq": nonnegative}
    torch_signature = "lr betas eps weight_decay grad_averaging * foreach maximize capturable differentiable fused"

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-3,
        betas: DecayRates = (0.95, 0.98),
        eps: NonNegative = 1e-8,
        weight_decay: NonNegative = 0.0,
        grad_averaging: Switch = False,
        *,
        maximize: Switch = False,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
