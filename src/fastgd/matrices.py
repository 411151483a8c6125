"""What Muon needs for matrices: their orthogonal factors, and which parameters of a model they are."""

from collections.abc import Collection, Mapping
from math import sqrt

import numpy as np

from fastgd import validation
from fastgd.gradients import grad_norm


def orthogonalized(u: np.ndarray, coefficients: tuple[float, float, float], steps: int, eps: float) -> np.ndarray:
    """
    The matrix whose singular values are nearly 1 and whose vectors are those of `u`.

    Parameters
    ----------
    u : ndarray
        Two axes; it is not changed.
    coefficients, steps, eps
        As for `Muon`.

    Returns
    -------
    ndarray
    """
    a, b, c = coefficients
    x: np.ndarray = u / u.dtype.type(max(grad_norm(u), eps))
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return x.T if tall else x


def lr_factor(shape: tuple[int, ...], adjust_lr_fn: str | None) -> float:
    """What the rate of a matrix is multiplied by."""
    rows, columns = shape
    if adjust_lr_fn == "match_rms_adamw":
        return 0.2 * sqrt(max(rows, columns))
    return sqrt(max(1.0, rows / columns)) if columns else 1.0


def muon_groups(
    params: Mapping[str, np.ndarray], exclude: Collection[str] = ()
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """
    Split parameters by name into the matrices, for `Muon`, and the rest, for `AdamW`.

    Parameters
    ----------
    params : dict of str to ndarray
        The parameters of a model.
    exclude : collection of str, default ()
        Names of matrices that belong to the rest: embeddings, and the last layer.

    Returns
    -------
    matrices, rest : dict of str to ndarray

    Raises
    ------
    TypeError
        If `params` is not a dict of arrays.
    ValueError
        If `exclude` has a name that `params` has not.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> params = {"W1": np.ones((3, 4)), "b1": np.ones(4), "W2": np.ones((4, 2)), "b2": np.ones(2)}
    >>> matrices, rest = fastgd.muon_groups(params, exclude=["W2"])
    >>> list(matrices), list(rest)
    (['W1'], ['b1', 'W2', 'b2'])
    >>> optimizers = fastgd.Muon(matrices, lr=0.02), fastgd.AdamW(rest, lr=1e-3)
    """
    if not isinstance(params, dict):
        raise TypeError(f"params must be a dict of arrays by name, got {type(params).__name__}")
    validation.known("exclude", exclude, list(params))
    matrices = {name: array for name, array in params.items() if np.ndim(array) == 2 and name not in exclude}
    return matrices, {name: array for name, array in params.items() if name not in matrices}
