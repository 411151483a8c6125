"""
The functions that documents on gradient descent teach, in their forms, over the kernels; and their losses.

Each update is a few lines: what a tutorial's loop calls, with its names, its order of arguments and what it returns.
For anything longer than an exercise use the optimizers themselves, which take all arrays in one call.
"""

import numpy as np

from fastgd import functional, validation
from fastgd.descent.losses import cross_entropy, logistic, mean_squared_error, min_max_scale

__all__ = [
    "adagrad",
    "cross_entropy",
    "gradient_descent",
    "initialize_adam",
    "logistic",
    "mean_squared_error",
    "min_max_scale",
    "momentum",
    "rmsprop",
    "update_parameters_with_adam",
]

Array = np.ndarray
Arrays = dict[str, np.ndarray]


def gradient_descent(w: Array, gradient: Array, learning_rate: float) -> Array:
    """
    One step against the gradient.

    ``w -= learning_rate * gradient``

    Parameters
    ----------
    w : ndarray
        float32 or float64, changed in place.
    gradient : ndarray
        Like `w`.
    learning_rate : float
        At least 0.

    Returns
    -------
    ndarray
        `w`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described; nothing is then changed.

    Examples
    --------
    >>> import numpy as np
    >>> from fastgd import textbook
    >>> textbook.gradient_descent(np.array([1.0, 2.0]), np.array([1.0, -1.0]), 0.5)
    array([0.5, 2.5])
    """
    functional.sgd(w, gradient, step=1, lr=learning_rate)
    return w


def adagrad(w: Array, gradient: Array, learning_rate: float, cache: Array) -> tuple[Array, Array]:
    """
    One step of Adagrad.

    ``cache += gradient**2; w -= learning_rate * gradient / (sqrt(cache) + 1e-8)``

    Parameters
    ----------
    w : ndarray
        float32 or float64, changed in place.
    gradient : ndarray
        Like `w`.
    learning_rate : float
        At least 0.
    cache : ndarray
        Like `w`, zeros at first; changed in place.

    Returns
    -------
    w, cache : ndarray
        The arrays that were given.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described; nothing is then changed.

    References
    ----------
    Duchi, Hazan & Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization", JMLR 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from fastgd import textbook
    >>> w, cache = textbook.adagrad(np.array([1.0, 2.0]), np.array([2.0, -4.0]), 0.5, np.zeros(2))
    >>> w.round(6), cache
    (array([0.5, 2.5]), array([ 4., 16.]))
    """
    functional.adagrad(w, gradient, cache, step=1, lr=learning_rate, eps=1e-8)
    return w, cache


def momentum(w: Array, dw: Array, v: Array, r: float, k: float = 0.9) -> tuple[Array, Array]:
    """
    One step along the moving average of the gradients.

    ``v = k * v + (1 - k) * dw; w -= r * v``

    Parameters
    ----------
    w : ndarray
        float32 or float64, changed in place.
    dw : ndarray
        The gradient, like `w`.
    v : ndarray
        Like `w`, zeros at first; changed in place.
    r : float
        Learning rate, at least 0.
    k : float, default 0.9
        Decay rate, in (0, 1).

    Returns
    -------
    w, v : ndarray
        The arrays that were given.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described; nothing is then changed.

    Notes
    -----
    ``fastgd.SGD(w, lr=r, momentum=k, momentum_form="ema")``. Polyak's form, and torch's, has no factor 1 - k.

    Examples
    --------
    >>> import numpy as np
    >>> from fastgd import textbook
    >>> w, v = textbook.momentum(np.array([1.0]), np.array([2.0]), np.zeros(1), r=0.5, k=0.75)
    >>> w, v
    (array([0.75]), array([0.5]))
    """
    if not 0 < validation.real("k", k) < 1:
        raise ValueError(f"k must be in (0, 1), got {k}")
    functional.sgd(w, dw, v, step=1, lr=r, momentum=k, momentum_form="ema")
    return w, v


def rmsprop(w: Array, dw: Array, s: Array, r: float, k: float = 0.9, u: float = 1e-8) -> tuple[Array, Array]:
    """
    One step of RMSprop, with the small number inside the root.

    ``s = k * s + (1 - k) * dw**2; w -= r * dw / sqrt(s + u)``

    Parameters
    ----------
    w : ndarray
        float32 or float64, changed in place.
    dw : ndarray
        The gradient, like `w`.
    s : ndarray
        Like `w`, zeros at first; changed in place.
    r : float
        Learning rate, at least 0.
    k : float, default 0.9
        Decay rate, in [0, 1].
    u : float, default 1e-8
        At least 0.

    Returns
    -------
    w, s : ndarray
        The arrays that were given.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described; nothing is then changed.

    Notes
    -----
    ``fastgd.RMSprop(w, lr=r, alpha=k, eps=0, eps_root=u)``; torch's form has its eps outside the root.

    References
    ----------
    Tieleman & Hinton, lecture 6.5 of "Neural Networks for Machine Learning", 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from fastgd import textbook
    >>> w, s = textbook.rmsprop(np.array([1.0]), np.array([2.0]), np.zeros(1), r=0.5, k=0.75)
    >>> w.round(6), s
    (array([0.]), array([1.]))
    """
    functional.rmsprop(w, dw, s, step=1, lr=r, alpha=k, eps=0.0, eps_root=u)
    return w, s


def initialize_adam(parameters: Arrays) -> tuple[Arrays, Arrays]:
    """
    Zeros for the two moments of each parameter.

    ``v["d" + name] = s["d" + name] = 0``

    Parameters
    ----------
    parameters : dict of str to ndarray
        ``"W1"``, ``"b1"``, ... -> float32 or float64 array.

    Returns
    -------
    v, s : dict of str to ndarray
        ``"dW1"``, ``"db1"``, ... -> zeros like the parameter.

    Raises
    ------
    TypeError, ValueError
        If `parameters` is not as described.

    Examples
    --------
    >>> import numpy as np
    >>> from fastgd import textbook
    >>> v, s = textbook.initialize_adam({"W1": np.ones((1, 2)), "b1": np.ones(1)})
    >>> v
    {'dW1': array([[0., 0.]]), 'db1': array([0.])}
    """
    _by_name("parameters", parameters)
    for name, array in parameters.items():
        validation.dense_float(f"parameters[{name!r}]", array)
    v, s = ({f"d{name}": np.zeros_like(array) for name, array in parameters.items()} for _ in range(2))
    return v, s


def update_parameters_with_adam(
    parameters: Arrays,
    grads: Arrays,
    v: Arrays,
    s: Arrays,
    t: int,
    learning_rate: float = 0.01,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[Arrays, Arrays, Arrays]:
    """
    One step of Adam over dicts, with the small number inside the root.

    For each parameter p with gradient g::

        v = beta1 * v + (1 - beta1) * g;    s = beta2 * s + (1 - beta2) * g**2
        p -= learning_rate * v / (1 - beta1**t) / sqrt(s / (1 - beta2**t) + epsilon)

    Parameters
    ----------
    parameters : dict of str to ndarray
        ``"W1"``, ``"b1"``, ... -> float32 or float64 array, changed in place.
    grads, v, s : dict of str to ndarray
        ``"dW1"``, ``"db1"``, ... -> gradients and moments; `v` and `s` from `initialize_adam`, changed in place.
    t : int
        Number of this step, from 1.
    learning_rate : float, default 0.01
        At least 0.
    beta1, beta2 : float, default 0.9, 0.999
        Decay rates, in [0, 1).
    epsilon : float, default 1e-8
        At least 0.

    Returns
    -------
    parameters, v, s : dict of str to ndarray
        The dicts that were given.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or a name is missing; nothing is then changed.

    Notes
    -----
    ``fastgd.Adam(parameters, lr=learning_rate, eps=0, eps_root=epsilon)``; the paper has epsilon outside the root.

    References
    ----------
    Kingma & Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, Algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from fastgd import textbook
    >>> parameters = {"W1": np.array([[1.0, 2.0]])}
    >>> v, s = textbook.initialize_adam(parameters)
    >>> grads = {"dW1": np.array([[4.0, -1.0]])}
    >>> parameters, v, s = textbook.update_parameters_with_adam(parameters, grads, v, s, 1, learning_rate=0.5)
    >>> parameters["W1"].round(6)
    array([[0.5, 2.5]])
    """
    rows = []
    _by_name("parameters", parameters)
    for what, arrays in (("grads", grads), ("v", v), ("s", s)):
        _by_name(what, arrays)
        if missing := [f"d{name}" for name in parameters if f"d{name}" not in arrays]:
            raise ValueError(f"{what}: missing {', '.join(map(repr, missing))}")
    written = []
    for name in parameters:
        param = validation.writeable(f"parameters[{name!r}]", parameters[name])
        key = f"d{name}"
        row = [(f"{what}[{key!r}]", arrays[key]) for what, arrays in (("grads", grads), ("v", v), ("s", s))]
        grad, first, second = (validation.like(label, array, param) for label, array in row)
        pair = ((row[1][0], first), (row[2][0], second))
        written += [(f"parameters[{name!r}]", param), *((label, validation.writeable(label, a)) for label, a in pair)]
        rows.append((row[0][0], param, grad, first, second))
    validation.apart(written)
    for label, _, grad, _, _ in rows:
        validation.not_within(label, grad, written)
    for _, param, grad, first, second in rows:
        functional.adam(
            param, grad, first, second,
            step=t, lr=learning_rate, betas=(beta1, beta2), eps=0.0, eps_root=epsilon,
        )  # fmt: skip
    return parameters, v, s


def _by_name(what: str, value: object) -> None:
    if not isinstance(value, dict):
        raise TypeError(f"{what} must be a dict of arrays by name, got {type(value).__name__}")
