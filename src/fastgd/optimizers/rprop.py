"""Rprop: step sizes of their own for each element, steered by the gradient's sign alone; for full batches."""

from typing import Unpack

from fastgd import validation
from fastgd.engine import scalars
from fastgd.optimizers.base import Optimizer
from fastgd.optimizers.terms import Rate, Settings


class Rprop(Optimizer):
    r"""
    Resilient backpropagation, without weight backtracking.

    ::

        size *= etas[1] where grad * prev > 0, etas[0] where grad * prev < 0, kept within step_sizes
        grad = 0 where grad * prev < 0
        param -= sign(grad) * size
        prev = grad

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1e-2
        The size of the first step, at least 0.
    etas : pair of float, default (0.5, 1.2)
        Factors of the step size, above 0: the first below 1, the second above.
    step_sizes : pair of float, default (1e-6, 50)
        Smallest and largest step size, above 0.
    maximize : bool, default False
        Ascend.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``, ``prev`` and ``step_size`` (shape of the parameter).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.Rprop.

    References
    ----------
    Riedmiller & Braun, "A direct adaptive method for faster backpropagation learning: the RPROP algorithm",
    ICNN 1993; Igel & Huesken, "Improving the Rprop Learning Algorithm", NC 2000.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.Rprop(w, lr=0.5).step(np.array([4.0, -1.0]))
    >>> w
    array([0.5, 2.5])
    """

    _checks = {
        "lr": validation.rate,
        "etas": validation.etas,
        "step_sizes": validation.interval,
        "maximize": validation.flag,
    }
    _prepare = staticmethod(scalars.rprop)

    def __init__(
        self,
        params: object,
        lr: Rate = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0),
        *,
        maximize: bool = False,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, dict(lr=lr, etas=etas, step_sizes=step_sizes, maximize=maximize), **settings)
