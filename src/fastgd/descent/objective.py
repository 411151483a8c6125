"""A user's function and its gradient, as `minimize` sees them: called with copies, checked, counted."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fastgd import validation

Index = np.ndarray | None

DOUBLE, SINGLE = (float(np.finfo(dtype).eps) for dtype in (np.float64, np.float32))


class Objective:
    """
    A function of an array, with its gradient.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)``, or ``fun(x, index, *args)`` with batches -> value; with ``jac=True`` (value, gradient).
    jac : callable, True or None
        The gradient; None for finite differences.
    args : tuple
        Further arguments.

    Attributes
    ----------
    nfev, njev : int
        Evaluations of the value and of the gradient.
    eps : float
        Precision of the values at float64 points, as far as they have shown it.
    flat : bool
        Whether the latest differences were of values that are all the same, which says nothing about a gradient.
    """

    def __init__(self, fun: object, jac: object, args: object) -> None:
        if not callable(fun):
            raise TypeError(f"fun must be callable, got {type(fun).__name__}")
        if not (jac is None or jac is True or callable(jac)):
            got = repr(jac) if isinstance(jac, (bool, str)) else type(jac).__name__
            raise TypeError(f"jac must be a callable, True or None, got {got}")
        self._fun: Callable[..., Any] = fun
        self._jac: Any = jac
        self._args = args if isinstance(args, tuple) else (args,)
        self.nfev = 0
        self.njev = 0
        self.eps = DOUBLE
        self.flat = False

    def value(self, x: np.ndarray, index: Index = None) -> float:
        if self._jac is True:
            return self.both(x, index)[0]
        self.nfev += 1
        return self._value(self._fun(*self._arguments(x, index)), x)

    def gradient(self, x: np.ndarray, index: Index = None) -> np.ndarray:
        if self._jac is True:
            return self.both(x, index)[1]
        self.njev += 1
        if self._jac is None:
            return self._differences(x, index)
        return _gradient("jac", self._jac(*self._arguments(x, index)), x)

    def both(self, x: np.ndarray, index: Index = None) -> tuple[float, np.ndarray]:
        if self._jac is not True:
            return self.value(x, index), self.gradient(x, index)
        self.nfev += 1
        self.njev += 1
        result = self._fun(*self._arguments(x, index))
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise TypeError(f"fun must return (value, gradient) with jac=True, got {_described(result)}")
        return self._value(result[0], x), _gradient("the gradient of fun", result[1], x)

    def _arguments(self, x: np.ndarray, index: Index) -> tuple[Any, ...]:
        # The function gets a copy of x, because it may keep the array, and the optimizer writes into x itself.
        return (x.copy(), *self._args) if index is None else (x.copy(), index, *self._args)

    def _value(self, result: object, x: np.ndarray) -> float:
        array = np.asarray(validation.unmasked("the value of fun", result))
        if array.size != 1 or array.dtype.kind not in "fiu":
            got = f"shape {array.shape}" if array.size != 1 else f"dtype {array.dtype}"
            raise TypeError(f"fun must return a real number, got {type(result).__name__} of {got}")
        if array.dtype.kind == "f" and x.dtype == np.float64:
            self.eps = max(self.eps, float(np.finfo(array.dtype).eps))
        return float(array.item())

    def _differences(self, x: np.ndarray, index: Index) -> np.ndarray:
        """
        Forward differences, in float64 even for float32, whose rounding is larger than the differences.

        Where the values turn out to be single precision, or do not differ, the differences are central ones, whose
        step is long enough for float32, or for float16 where values have that dtype.
        """
        if x.size == 0:
            return np.zeros_like(x)
        point = x.astype(np.float64)
        slopes, values = np.zeros_like(point), [0.0]
        if self.eps == DOUBLE:
            slopes, values = self._forward(point, index)
            if _are_single(values):
                self.eps = SINGLE
        if self.eps > DOUBLE or min(values) == max(values):
            slopes, values = self._central(point, index, max(self.eps, SINGLE))
        self.flat = min(values) == max(values)
        return slopes.astype(x.dtype)

    def _forward(self, x: np.ndarray, index: Index) -> tuple[np.ndarray, list[float]]:
        """(f(x + h) - f(x)) / h for each element, and the values."""
        # A power of two as step would make values that float32 holds by chance, such as the square of the step.
        ends = x + 1.1 * math.sqrt(DOUBLE) * np.maximum(1.0, np.abs(x))
        slopes, values = np.empty_like(x), [self.value(x, index)]
        for place in np.ndindex(x.shape):
            values.append(self._value_beside(x, place, ends, index))
            slopes[place] = (values[-1] - values[0]) / (ends[place] - x[place])
        return slopes, values

    def _central(self, x: np.ndarray, index: Index, eps: float) -> tuple[np.ndarray, list[float]]:
        """(f(x + h) - f(x - h)) / 2h for each element, between points that float32 holds; and the values."""
        reach = math.cbrt(eps) * np.maximum(1.0, np.abs(x))
        with np.errstate(over="ignore"):
            above, below = ((x + step).astype(np.float32).astype(np.float64) for step in (reach, -reach))
        slopes, values = np.empty_like(x), [self.value(x, index)]
        for place in np.ndindex(x.shape):
            values += [self._value_beside(x, place, ends, index) for ends in (above, below)]
            slopes[place] = (values[-2] - values[-1]) / (above[place] - below[place])
        return slopes, values

    def _value_beside(self, x: np.ndarray, place: tuple[int, ...], ends: np.ndarray, index: Index) -> float:
        """The value at x with one element of `ends` in its place."""
        point = x.copy()
        point[place] = ends[place]
        return self.value(point, index)


def _are_single(values: list[float]) -> bool:
    """Whether float32 holds all of them: a function that computes in double does not give n + 1 such values."""
    with np.errstate(over="ignore", under="ignore"):
        return all(float(np.float32(value)) == value for value in values)


def _described(value: object) -> str:
    return f"{len(value)} values" if isinstance(value, (tuple, list)) else type(value).__name__


def _gradient(label: str, result: object, x: np.ndarray) -> np.ndarray:
    """Check a gradient and copy it in C order: the function may return the same buffer each time."""
    if not isinstance(result, (np.ndarray, np.generic)):
        try:
            # Python numbers have no dtype of their own, so they take that of x and pass the check below.
            result = np.asarray(result, x.dtype)
        except (TypeError, ValueError):
            raise TypeError(f"{label}: expected an array, got {type(result).__name__}") from None
    array = np.asarray(validation.unmasked(label, result))
    if array.dtype != x.dtype:
        raise TypeError(f"{label}: expected dtype {x.dtype} like x0's, got {array.dtype}")
    if array.shape != x.shape:
        raise ValueError(f"{label}: expected shape {x.shape} like x0's, got {array.shape}")
    return np.array(array, x.dtype, order="C")


def start(x0: object) -> np.ndarray:
    """Copy `x0` to work on: float32 stays float32, all other numbers become float64."""
    array = np.asarray(validation.unmasked("x0", x0))
    if array.dtype.kind not in "fiu":
        raise TypeError(f"x0 must be an array of real numbers, got dtype {array.dtype}")
    x = np.array(array, np.float32 if array.dtype == np.float32 else np.float64, order="C")
    if not np.isfinite(x).all():
        raise ValueError("x0 must be finite, got infinity or NaN in it")
    return x


class Batches:
    """
    Indices of the samples for each update: (index, whether it is the last batch of its epoch).

    Without samples every update takes everything and is an epoch.
    """

    def __init__(self, n_samples: object, batch_size: object, shuffle: object, seed: object) -> None:
        self.all: Index = None
        self.shuffle = validation.flag("shuffle", shuffle)
        if n_samples is None:
            if batch_size is not None:
                raise ValueError(f"batch_size needs n_samples, got batch_size={batch_size!r} alone")
            return
        n = validation.count("n_samples", n_samples)
        self.size = n if batch_size is None else validation.count("batch_size", batch_size)
        if self.size > n:
            raise ValueError(f"batch_size must be at most n_samples ({n}), got {self.size}")
        self.all = _read_only(np.arange(n))
        self.rng = _generator(seed)
        self._rest: np.ndarray = self.all[:0]

    def next(self) -> tuple[Index, bool]:
        if self.all is None:
            return None, True
        if not self._rest.size:
            self._rest = _read_only(self.rng.permutation(self.all)) if self.shuffle else self.all
        index, self._rest = self._rest[: self.size], self._rest[self.size :]
        return index, not self._rest.size


def _generator(seed: object) -> "np.random.Generator":
    if isinstance(seed, np.random.Generator):
        return seed
    try:
        return np.random.default_rng(None if seed is None else validation.whole("seed", seed))
    except TypeError:
        raise TypeError(
            f"seed must be None, an integer or a numpy.random.Generator, got {type(seed).__name__}"
        ) from None


def _read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
