"""ASGD: gradient descent with a running average of the parameter."""

from typing import Unpack

from fastgd.hyperparameters import Fraction, NonNegative, Rate, Switch, fraction, nonnegative
from fastgd.optimizers.base import Optimizer, Params, Settings


class ASGD(Optimizer):
    r"""
    Averaged stochastic gradient descent.

    With ``g`` the gradient plus ``weight_decay`` times the parameter, and eta = lr, mu = 1 at first::

        param = (1 - lambd * eta) * param - eta * g
        ax += (param - ax) * mu
        after step t:  eta = lr / (1 + lambd * lr * t)**alpha;    mu = 1 / max(1, t - t0)

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1e-2
        Learning rate, at least 0.
    lambd : float, default 1e-4
        Decay term, at least 0.
    alpha : float, default 0.75
        Power of the schedule of eta, in [0, 1].
    t0 : float, default 1e6
        Step at which averaging begins, at least 0.
    weight_decay : float, default 0
        L2 penalty, at least 0.
    maximize : bool, default False
        Ascend.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``, ``eta`` and ``mu`` (float64 scalars, of the next step), ``ax`` (the average, shape of the
        parameter).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.ASGD, so a changed `lr` acts from the step after the next; ``eta`` and ``mu`` are kept in double.

    References
    ----------
    Polyak & Juditsky, "Acceleration of stochastic approximation by averaging", 1992.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> opt = fastgd.ASGD(w, lr=0.5, lambd=0.0, t0=0.0)
    >>> for _ in range(2):
    ...     opt.step(np.array([1.0, -1.0]))
    >>> w, opt.state[0]["ax"]
    (array([0., 3.]), array([0., 3.]))
    """

    family = "asgd"
    carried = {"eta": nonnegative, "mu": fraction}
    torch_signature = "lr lambd alpha t0 weight_decay foreach maximize differentiable capturable"

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-2,
        lambd: NonNegative = 1e-4,
        alpha: Fraction = 0.75,
        t0: NonNegative = 1e6,
        weight_decay: NonNegative = 0.0,
        *,
        maximize: Switch = False,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
