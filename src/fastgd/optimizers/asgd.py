"""ASGD: gradient descent with a running average of the parameter."""

from typing import Unpack

from fastgd import validation
from fastgd.engine import scalars
from fastgd.optimizers.base import Optimizer
from fastgd.optimizers.terms import Rate, Settings


class ASGD(Optimizer):
    r"""
    Averaged stochastic gradient descent.

    With :math:`g` the gradient plus ``weight_decay`` times the parameter, and eta = lr, mu = 1 at first::

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

    _checks = {
        "lr": validation.rate,
        "lambd": validation.nonnegative,
        "alpha": validation.fraction,
        "t0": validation.nonnegative,
        "weight_decay": validation.nonnegative,
        "maximize": validation.flag,
    }
    _prepare = staticmethod(scalars.asgd)
    _carries = {"eta": validation.nonnegative, "mu": validation.fraction}

    def __init__(
        self,
        params: object,
        lr: Rate = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(
            params,
            dict(lr=lr, lambd=lambd, alpha=alpha, t0=t0, weight_decay=weight_decay, maximize=maximize),
            **settings,
        )
