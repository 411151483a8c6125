"""Rprop: step sizes of their own for each element, steered by the gradient's sign alone; for full batches."""

from typing import Unpack

from fastgd.hyperparameters import Etas, Rate, StepSizes, Switch
from fastgd.optimizers.base import Optimizer, Params, Settings


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

    family = "rprop"
    begins_itself = True
    torch_signature = "lr etas step_sizes * capturable foreach maximize differentiable"

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-2,
        etas: Etas = (0.5, 1.2),
        step_sizes: StepSizes = (1e-6, 50.0),
        *,
        maximize: Switch = False,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
