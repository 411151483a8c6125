"""FTRL-Proximal: the point that would have been best so far, with penalties that make weights exactly zero."""

from typing import Unpack

from fastgd.hyperparameters import NonNegative, PositiveRate, Switch
from fastgd.optimizers.base import Optimizer, Params, Settings


class Ftrl(Optimizer):
    r"""
    FTRL-Proximal, with L1, L2 and shrinkage penalties.

    With ``n`` `initial_accumulator_value` and ``z`` zero at first, and l1, l2, shrinkage for the three strengths::

        m = n + grad**2
        z += grad + 2 * shrinkage * param - (sqrt(m) - sqrt(n)) / lr * param;    n = m
        param = (clip(z, -l1, l1) - z) / ((beta + sqrt(n)) / lr + 2 * l2)


    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1e-3
        Learning rate, above 0.
    initial_accumulator_value : float, default 0.1
        What ``n`` begins with, at least 0.
    l1_regularization_strength : float, default 0
        At least 0; a weight is 0 where its ``z`` is not above it.
    l2_regularization_strength : float, default 0
        At least 0.
    l2_shrinkage_regularization_strength : float, default 0
        L2 penalty on the gradient, which does not count in the accumulator; at least 0.
    beta : float, default 0
        Takes from the rate where gradients have been small, at least 0.
    maximize : bool, default False
        Ascend.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``, ``accumulator`` (``n``) and ``linear`` (``z``), of the shape of the parameter.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    torch has no such class; the numbers are those of keras.optimizers.Ftrl with its ``learning_rate_power`` of -0.5.
    For linear models over millions of sparse features, online, where `l1_regularization_strength` makes the model
    small. The parameter follows from the state: **what it was before the first step is forgotten**, and where a
    gradient has always been zero it becomes 0.

    References
    ----------
    McMahan et al., "Ad Click Prediction: a View from the Trenches", KDD 2013, Algorithm 1.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.zeros(2)
    >>> opt = fastgd.Ftrl(w, lr=0.5, initial_accumulator_value=0.0, l1_regularization_strength=2.0)
    >>> opt.step(np.array([4.0, -1.0]))
    >>> w
    array([-0.25,  0.  ])
    """

    family = "ftrl"
    begins_itself = True
    torch_signature = (
        "lr initial_accumulator_value l1_regularization_strength l2_regularization_strength "
        "l2_shrinkage_regularization_strength beta * foreach maximize capturable differentiable fused"
    )

    def __init__(
        self,
        params: Params,
        lr: PositiveRate = 1e-3,
        initial_accumulator_value: NonNegative = 0.1,
        l1_regularization_strength: NonNegative = 0.0,
        l2_regularization_strength: NonNegative = 0.0,
        l2_shrinkage_regularization_strength: NonNegative = 0.0,
        beta: NonNegative = 0.0,
        *,
        maximize: Switch = False,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
