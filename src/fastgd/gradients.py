"""Norms and clipping of gradients, for training loops that do it apart from the step."""

import math

import numpy as np

from fastgd import formats, validation
from fastgd.engine import norm
from fastgd.engine.rows import Rows
from fastgd.optimizers.tree import leaves


def _checked(grads: object, writeable: bool) -> list[np.ndarray]:
    check = validation.writeable if writeable else validation.dense_float
    named = [(label, value) for label, value in leaves("grads", grads) if value is not None]
    for label, value in named:
        if isinstance(value, Rows):
            raise TypeError(f"{label}: expected an array, got Rows, whose sums a step takes: max_grad_norm clips there")
    if not writeable:
        named = [(label, validation.shared(label, value)) for label, value in named]
    arrays = [(label, check(label, value, formats.ALL)) for label, value in named]
    if writeable:
        validation.apart(arrays)
    return [array for _, array in arrays]


def grad_norm(grads: object) -> float:
    """
    Euclidean norm of all elements of all arrays together.

    Parameters
    ----------
    grads : ndarray, or lists, tuples and dicts of ndarray or None, to any depth
        float32, float64, bfloat16 or float16, dense, of any shapes; None counts as nothing. As in a step, an array may
        also be a NumPy scalar, a tensor, or an array of JAX.

    Returns
    -------
    float
        The norm, summed in double: the same bits for any layout, thread count and instruction set, and finite whenever
        the exact norm is. 0 for nothing.

    Raises
    ------
    TypeError, ValueError
        If an array is not as described.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> fastgd.grad_norm([np.array([3.0]), np.array([[4.0]])])
    5.0
    """
    return norm.grad_norm(_checked(grads, writeable=False))


def clip_grad_norm_(grads: object, max_norm: float, *, error_if_nonfinite: bool = False) -> float:
    """
    Scale arrays in place so that their norm together is at most `max_norm`.

    Parameters
    ----------
    grads : ndarray, or lists, tuples and dicts of ndarray or None, to any depth
        As for `grad_norm`, NumPy's alone; changed in place, by the factor min(1, max_norm / (norm + 1e-6)) as in torch.
    max_norm : float
        Largest norm, above 0.
    error_if_nonfinite : bool, default False
        Whether a norm that is not finite is an error; otherwise it spreads, as in torch.

    Returns
    -------
    float
        The norm before clipping.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described; nothing is then changed.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> g = np.array([3.0, 4.0])
    >>> fastgd.clip_grad_norm_(g, 1.0)
    5.0
    >>> g.round(6)
    array([0.6, 0.8])
    """
    max_norm = validation.positive("max_norm", max_norm)
    arrays = _checked(grads, writeable=True)
    total = norm.grad_norm(arrays)
    if validation.flag("error_if_nonfinite", error_if_nonfinite) and not math.isfinite(total):
        raise ValueError(f"grads: expected a finite norm, got {total}")
    factor = max_norm / (total + 1e-6)
    if not factor >= 1.0:
        norm.clip(arrays, factor, math.inf)
    return total


def clip_grad_value_(grads: object, clip_value: float) -> None:
    """
    Clip each element in place to [-clip_value, clip_value].

    Parameters
    ----------
    grads : ndarray, or lists, tuples and dicts of ndarray or None, to any depth
        As for `grad_norm`, NumPy's alone; changed in place. NaN stays NaN.
    clip_value : float
        Largest magnitude, above 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described; nothing is then changed.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> g = np.array([3.0, -0.5])
    >>> fastgd.clip_grad_value_(g, 1.0)
    >>> g
    array([ 1. , -0.5])
    """
    clip_value = validation.positive("clip_value", clip_value)
    norm.clip(_checked(grads, writeable=True), 1.0, clip_value)
