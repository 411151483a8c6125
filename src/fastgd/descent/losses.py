"""Losses with their gradients, and scaling, as the examples need them; public as part of `fastgd.textbook`."""

import numpy as np

from fastgd import validation

Array = np.ndarray


def _floats(name: str, value: object) -> Array:
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name}: expected a numpy.ndarray, got {type(value).__name__}")
    validation.unmasked(name, value)
    if value.dtype not in (np.float32, np.float64):
        raise TypeError(f"{name}: expected dtype float32 or float64, got {value.dtype}")
    if not value.size:
        raise ValueError(f"{name}: expected at least one element, got shape {value.shape}")
    return value


def _labels(labels: object, shape: tuple[int, ...], classes: int) -> Array:
    array = np.asarray(validation.unmasked("labels", labels))
    if array.dtype.kind not in "iub":
        raise TypeError(f"labels: expected integers, got dtype {array.dtype}")
    if array.shape != shape:
        raise ValueError(f"labels: expected shape {shape}, got {array.shape}")
    if array.min() < 0 or array.max() >= classes:
        raise ValueError(f"labels must be in [0, {classes}), got {array.min()} to {array.max()}")
    return array.astype(np.intp)


def mean_squared_error(prediction: Array, target: Array, *, half: bool = False) -> tuple[float, Array]:
    """
    Mean squared error, and its gradient.

    ``mean((prediction - target)**2)``, halved with `half`, as in the cost whose gradient is the plain mean.

    Parameters
    ----------
    prediction : ndarray
        float32 or float64, of any shape.
    target : ndarray
        Of the same shape.
    half : bool, default False
        Whether to take half of it.

    Returns
    -------
    value : float
    gradient : ndarray
        With respect to `prediction`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import numpy as np
    >>> from fastgd import textbook
    >>> textbook.mean_squared_error(np.array([3.0, 1.0]), np.array([1.0, 1.0]))
    (2.0, array([2., 0.]))
    """
    prediction = _floats("prediction", prediction)
    target = np.asarray(validation.unmasked("target", target))
    if target.shape != prediction.shape:
        raise ValueError(f"target: expected shape {prediction.shape} like prediction's, got {target.shape}")
    factor = 0.5 if validation.flag("half", half) else 1.0
    error = prediction - target.astype(prediction.dtype, copy=False)
    return factor * float(np.mean(error * error)), error * (2 * factor / error.size)


def cross_entropy(scores: Array, labels: Array) -> tuple[float, Array]:
    """
    Mean cross-entropy of the softmax of scores, and its gradient.

    ``-mean(log(softmax(scores))[i, labels[i]])``

    Parameters
    ----------
    scores : ndarray of shape (n, classes)
        float32 or float64; logits, not probabilities.
    labels : ndarray of shape (n,)
        Integers in [0, classes).

    Returns
    -------
    value : float
    gradient : ndarray of shape (n, classes)
        With respect to `scores`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import numpy as np
    >>> from fastgd import textbook
    >>> value, gradient = textbook.cross_entropy(np.zeros((1, 4)), np.array([2]))
    >>> round(value, 6), gradient
    (1.386294, array([[ 0.25,  0.25, -0.75,  0.25]]))
    """
    scores = _floats("scores", scores)
    if scores.ndim != 2:
        raise ValueError(f"scores: expected shape (samples, classes), got {scores.shape}")
    n, classes = scores.shape
    chosen = np.arange(n), _labels(labels, (n,), classes)
    shifted = scores - scores.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    gradient = np.exp(logs)
    gradient[chosen] -= 1
    gradient /= n
    return -float(np.mean(logs[chosen])), gradient


def logistic(scores: Array, labels: Array) -> tuple[float, Array]:
    """
    Mean cross-entropy of two classes, and its gradient.

    With ``p = 1 / (1 + exp(-scores))``: ``-mean(labels * log(p) + (1 - labels) * log(1 - p))``, without overflow.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        float32 or float64; logits, not probabilities.
    labels : ndarray of shape (n,)
        0 or 1.

    Returns
    -------
    value : float
    gradient : ndarray of shape (n,)
        With respect to `scores`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import numpy as np
    >>> from fastgd import textbook
    >>> value, gradient = textbook.logistic(np.array([0.0, 1000.0]), np.array([0, 1]))
    >>> round(value, 6), gradient
    (0.346574, array([0.25, 0.  ]))
    """
    scores = _floats("scores", scores)
    y = _labels(labels, scores.shape, 2).astype(scores.dtype)
    small = np.exp(-np.abs(scores))
    value = np.mean(np.log1p(small) + np.maximum(scores, 0) - y * scores)
    probability = np.where(scores >= 0, 1, small) / (1 + small)
    return float(value), (probability - y) / scores.size


def min_max_scale(x: Array) -> Array:
    """
    All elements of an array, scaled together to [0, 1].

    ``(x - x.min()) / (x.max() - x.min())``

    Parameters
    ----------
    x : ndarray
        float32 or float64, with two different values at least.

    Returns
    -------
    ndarray
        A new array.

    Raises
    ------
    TypeError, ValueError
        If `x` is not as described.

    Notes
    -----
    One range for the whole array. Columns of different kinds each need their own, from the training data alone:
    sklearn.preprocessing.MinMaxScaler or StandardScaler.

    Examples
    --------
    >>> import numpy as np
    >>> from fastgd import textbook
    >>> textbook.min_max_scale(np.array([[1.0, 5.0], [2.0, 3.0]]))
    array([[0.  , 1.  ],
           [0.25, 0.5 ]])
    """
    x = _floats("x", x)
    low, high = x.min(), x.max()
    if not low < high:
        raise ValueError(f"x: expected two different values at least, got {low} to {high}")
    scaled: Array = (x - low) / (high - low)
    return scaled
