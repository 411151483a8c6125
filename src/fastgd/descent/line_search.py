"""Step lengths along a direction of descent: Armijo's and Goldstein's conditions, each from its definition."""

import math
from collections.abc import Callable

from fastgd import validation

# 60 halvings take a double from 1 to below its last bit, so a further trial could not change the step.
HALVINGS = 60
# A factor near 1 takes very many trials to get that far; one that rounds away would never get there.
MAX_TRIALS = 10_000


def _direction(slope: float, step: float) -> None:
    if not validation.real("slope", slope) < 0:
        raise ValueError(f"slope must be below 0, got {slope}")
    validation.positive("step", step)


def armijo(
    value_at: Callable[[float], float],
    value: float,
    slope: float,
    step: float = 1.0,
    *,
    decrease: float = 1e-4,
    shrink: float = 0.5,
) -> float | None:
    """
    Backtrack from a first step until the value has fallen enough.

    The first of ``t = step, shrink * step, shrink**2 * step, ...`` with
    ``value_at(t) <= value + decrease * t * slope``.

    Parameters
    ----------
    value_at : callable
        Step -> value of the objective there. A value that is not finite counts as too high.
    value : float
        Value of the objective at step 0.
    slope : float
        Derivative at step 0, below 0; for steepest descent minus the square of the gradient's norm.
    step : float, default 1
        First trial, above 0.
    decrease : float, default 1e-4
        Share of the slope that must be reached, in (0, 1).
    shrink : float, default 0.5
        Factor of each trial over the one before, in (0, 1).

    Returns
    -------
    float or None
        The step; None if there is none, down to 2**-60 of the first and above 0, among 10,000 trials.

    Raises
    ------
    TypeError, ValueError
        If a number is not as described.

    Notes
    -----
    The value must truly fall: where rounding hides that it does, there is no step.

    References
    ----------
    Armijo, "Minimization of functions having Lipschitz continuous first partial derivatives", Pacific J. Math. 1966;
    Nocedal & Wright, "Numerical Optimization", 2006, algorithm 3.1.

    Examples
    --------
    >>> from fastgd.line_search import armijo
    >>> armijo(lambda t: (1 - 2 * t) ** 2, 1.0, -4.0, step=4.0)  # from x = 1 down x**2
    0.5
    """
    _direction(slope, step)
    _share("decrease", decrease)
    _share("shrink", shrink)
    least = step * 0.5**HALVINGS
    for _ in range(MAX_TRIALS):
        if step < least or step == 0:
            break
        trial = value_at(step)
        if trial <= value + decrease * step * slope and -math.inf < trial < value:
            return step
        step *= shrink
    return None


def goldstein(
    value_at: Callable[[float], float], value: float, slope: float, step: float = 1.0, *, decrease: float = 0.25
) -> float | None:
    """
    Grow, then bisect, until the value has fallen enough and the step is not too short.

    A t with ``value + (1 - decrease) * t * slope <= value_at(t) <= value + decrease * t * slope``.

    Parameters
    ----------
    value_at, value, slope, step
        As for `armijo`.
    decrease : float, default 0.25
        Share of the slope that must be reached, in (0, 0.5).

    Returns
    -------
    float or None
        The step; None if 60 trials found none, or the next would be 0 or beyond the range of numbers.

    Raises
    ------
    TypeError, ValueError
        If a number is not as described.

    Notes
    -----
    As for `armijo`, the value must truly fall.

    References
    ----------
    Goldstein, "On steepest descent", SIAM J. Control 1965; Nocedal & Wright, "Numerical Optimization", 2006,
    equation 3.11.

    Examples
    --------
    >>> from fastgd.line_search import goldstein
    >>> goldstein(lambda t: (1 - 2 * t) ** 2, 1.0, -4.0, step=0.0625)  # from x = 1 down x**2
    0.25
    """
    _direction(slope, step)
    if not 0 < validation.real("decrease", decrease) < 0.5:
        raise ValueError(f"decrease must be in (0, 0.5), got {decrease}")
    short, long = 0.0, math.inf
    for _ in range(HALVINGS):
        if step == 0 or step == math.inf:
            break
        trial = value_at(step)
        # The condition is negated because a NaN compares as false and must count as too high.
        if not (trial <= value + decrease * step * slope and -math.inf < trial < value):
            long = step
        elif trial < value + (1 - decrease) * step * slope:
            short = step
        else:
            return step
        step = 2 * step if long == math.inf else short + (long - short) / 2
    return None


def _share(name: str, value: float) -> None:
    if not 0 < validation.real(name, value) < 1:
        raise ValueError(f"{name} must be in (0, 1), got {value}")
