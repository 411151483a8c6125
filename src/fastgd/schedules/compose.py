"""Schedules put together: a warm-up before any other, pieces, one after another."""

from bisect import bisect_right
from collections.abc import Sequence

from fastgd import validation
from fastgd.engine.exact import cos_pi
from fastgd.schedules.base import Rate, Schedule, increasing
from fastgd.schedules.decay import constant


def _schedule(name: str, value: object) -> Rate:
    """Take a schedule as it is, and a number as a constant schedule."""
    if callable(value):
        return value
    try:
        return constant(validation.nonnegative(name, value))
    except TypeError:
        raise TypeError(f"{name} must be a number or a schedule, got {type(value).__name__}") from None


def warmup(after: float | Rate, steps: int, start_lr: float = 0.0) -> Schedule:
    """
    Rise straight to where another schedule begins, and then follow it.

    ``lr(t) = start_lr + (after(0) - start_lr) * t / steps`` before `steps`, then ``after(t - steps)``.

    Parameters
    ----------
    after : float or callable
        Rate or schedule that follows.
    steps : int
        Steps of the warm-up, at least 0.
    start_lr : float, default 0
        Rate at step 0, at least 0.

    Returns
    -------
    Schedule

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    ``warmup(cosine(lr, n), steps)`` is optax.warmup_cosine_decay_schedule with ``decay_steps = steps + n``, keras'
    CosineDecay with a warm-up, and torch's SequentialLR of LinearLR and CosineAnnealingLR.

    References
    ----------
    Goyal et al., "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour", arXiv:1706.02677, section 2.2.

    Examples
    --------
    >>> from fastgd import schedules
    >>> lr = schedules.warmup(schedules.linear(1.0, steps=2), steps=4)
    >>> [lr(t) for t in range(8)]
    [0.0, 0.25, 0.5, 0.75, 1.0, 0.5, 0.0, 0.0]
    """
    following = _schedule("after", after)
    steps = validation.whole("steps", steps)
    start_lr = validation.nonnegative("start_lr", start_lr)

    def rate(t: int) -> float:
        if t >= steps:
            return following(t - steps)
        return start_lr + (following(0) - start_lr) * t / steps

    return Schedule(warmup, dict(after=following, steps=steps, start_lr=start_lr), rate, [following])


def piecewise(boundaries: Sequence[int], values: Sequence[float], interpolation: str = "constant") -> Schedule:
    """
    Given rates at given steps: held until the next, or with a way between them.

    With ``b = (0, *boundaries)``, for t from b[i] and before b[i+1]::

        constant    lr(t) = values[i]
        linear      lr(t) = values[i] + (values[i+1] - values[i]) * (t - b[i]) / (b[i+1] - b[i])
        cosine      the same along half a cosine

    and from the last boundary on, the last value.

    Parameters
    ----------
    boundaries : sequence of int
        Steps, from 1 and increasing.
    values : sequence of float
        One more than boundaries, each at least 0; the first is the rate at step 0.
    interpolation : {"constant", "linear", "cosine"}, default "constant"
        Way from one rate to the next.

    Returns
    -------
    Schedule

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As optax.piecewise_constant_schedule and piecewise_interpolate_schedule, with values in place of factors. keras'
    PiecewiseConstantDecay keeps the old value at the boundary itself: its boundaries are one less.

    Examples
    --------
    >>> from fastgd import schedules
    >>> lr = schedules.piecewise([10, 20], [1.0, 0.5, 0.1])
    >>> [lr(t) for t in (0, 9, 10, 19, 20)]
    [1.0, 1.0, 0.5, 0.5, 0.1]
    >>> lr = schedules.piecewise([10, 20], [0.0, 1.0, 0.5], "linear")
    >>> [lr(t) for t in (0, 5, 10, 15, 20, 99)]
    [0.0, 0.5, 1.0, 0.75, 0.5, 0.5]
    """
    steps = increasing("boundaries", boundaries)
    if not isinstance(values, (list, tuple)):
        raise TypeError(f"values must be a list of numbers, got {type(values).__name__}")
    rates = [validation.nonnegative(f"values[{i}]", value) for i, value in enumerate(values)]
    if len(rates) != len(steps) + 1:
        raise ValueError(f"values must be one more than boundaries ({len(steps)}), got {len(rates)}")
    interpolation = validation.choice("constant", "linear", "cosine")("interpolation", interpolation)
    knots = (0, *steps)

    def rate(t: int) -> float:
        i = bisect_right(steps, t)
        if interpolation == "constant" or i == len(steps):
            return rates[i]
        way = (t - knots[i]) / (knots[i + 1] - knots[i])
        if interpolation == "cosine":
            way = (1 - cos_pi(way)) / 2
        return rates[i] + (rates[i + 1] - rates[i]) * way

    return Schedule(piecewise, dict(boundaries=list(steps), values=rates, interpolation=interpolation), rate)


def join(schedules: Sequence[float | Rate], boundaries: Sequence[int]) -> Schedule:
    """
    One schedule after another, each counting from its own beginning.

    With ``b = (0, *boundaries)``, for t from b[i] and before b[i+1]: ``lr(t) = schedules[i](t - b[i])``.

    Parameters
    ----------
    schedules : sequence of float or callable
        Rates, or any schedules.
    boundaries : sequence of int
        Steps at which the second and later ones begin, from 1 and increasing; one less than schedules.

    Returns
    -------
    Schedule

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As optax.join_schedules and torch.optim.lr_scheduler.SequentialLR.

    Examples
    --------
    >>> from fastgd import schedules
    >>> lr = schedules.join([0.5, schedules.linear(1.0, steps=2)], [3])
    >>> [lr(t) for t in range(7)]
    [0.5, 0.5, 0.5, 1.0, 0.5, 0.0, 0.0]
    """
    if not isinstance(schedules, (list, tuple)):
        raise TypeError(f"schedules must be a list, got {type(schedules).__name__}")
    parts = [_schedule(f"schedules[{i}]", value) for i, value in enumerate(schedules)]
    starts = increasing("boundaries", boundaries)
    if len(parts) != len(starts) + 1:
        raise ValueError(f"schedules must be one more than boundaries ({len(starts)}), got {len(parts)}")

    def rate(t: int) -> float:
        i = bisect_right(starts, t)
        return parts[i](t - (starts[i - 1] if i else 0))

    return Schedule(join, dict(schedules=parts, boundaries=list(starts)), rate, parts)
