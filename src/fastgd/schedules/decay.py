"""Schedules that fall, or rise, from one rate to another."""

from bisect import bisect_right
from collections.abc import Sequence

from fastgd import validation
from fastgd.engine.exact import real_power
from fastgd.schedules.base import Schedule, increasing


def constant(lr: float) -> Schedule:
    """
    The same rate at every step.

    ``lr(t) = lr``

    Parameters
    ----------
    lr : float
        Rate, at least 0.

    Returns
    -------
    Schedule

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As optax.constant_schedule. torch's ConstantLR, which changes once, is ``piecewise([n], [factor * lr, lr])``.

    Examples
    --------
    >>> from fastgd import schedules
    >>> schedules.constant(0.1)(1000)
    0.1
    """
    lr = validation.nonnegative("lr", lr)
    return Schedule(constant, dict(lr=lr), lambda t: lr)


def step(lr: float, step_size: int, gamma: float = 0.1) -> Schedule:
    """
    Multiply the rate by a factor at regular intervals.

    ``lr(t) = lr * gamma**(t // step_size)``

    Parameters
    ----------
    lr : float
        Rate at step 0, at least 0.
    step_size : int
        Steps between changes, at least 1.
    gamma : float, default 0.1
        Factor, above 0.

    Returns
    -------
    Schedule

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.lr_scheduler.StepLR, and optax.exponential_decay with ``staircase=True``.

    Examples
    --------
    >>> from fastgd import schedules
    >>> lr = schedules.step(1.0, step_size=30, gamma=0.5)
    >>> [lr(t) for t in (0, 29, 30, 60)]
    [1.0, 1.0, 0.5, 0.25]
    """
    lr = validation.nonnegative("lr", lr)
    step_size = validation.count("step_size", step_size)
    gamma = validation.positive("gamma", gamma)
    arguments = dict(lr=lr, step_size=step_size, gamma=gamma)
    return Schedule(step, arguments, lambda t: lr * real_power(gamma, t // step_size))


def multistep(lr: float, milestones: Sequence[int], gamma: float = 0.1) -> Schedule:
    """
    Multiply the rate by a factor at given steps.

    ``lr(t) = lr * gamma**(number of milestones <= t)``

    Parameters
    ----------
    lr : float
        Rate at step 0, at least 0.
    milestones : sequence of int
        Steps at which the rate changes, from 1 and increasing.
    gamma : float, default 0.1
        Factor, above 0.

    Returns
    -------
    Schedule

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.lr_scheduler.MultiStepLR. optax.piecewise_constant_schedule has a factor for each boundary, see
    `piecewise`.

    Examples
    --------
    >>> from fastgd import schedules
    >>> lr = schedules.multistep(1.0, [30, 80], gamma=0.5)
    >>> [lr(t) for t in (29, 30, 79, 80)]
    [1.0, 0.5, 0.5, 0.25]
    """
    lr = validation.nonnegative("lr", lr)
    steps = increasing("milestones", milestones)
    gamma = validation.positive("gamma", gamma)
    arguments = dict(lr=lr, milestones=list(steps), gamma=gamma)
    return Schedule(multistep, arguments, lambda t: lr * real_power(gamma, bisect_right(steps, t)))


def exponential(
    lr: float, gamma: float, steps: int = 1, *, staircase: bool = False, end_lr: float | None = None
) -> Schedule:
    """
    Multiply the rate by a factor over every so many steps.

    ``lr(t) = lr * gamma**(t / steps)``

    Parameters
    ----------
    lr : float
        Rate at step 0, at least 0.
    gamma : float
        Factor, above 0; above 1 the rate rises.
    steps : int, default 1
        Steps in which the rate changes by `gamma`, at least 1.
    staircase : bool, default False
        Whether the exponent is rounded down.
    end_lr : float, optional
        Where the rate stops falling, or rising; at least 0.

    Returns
    -------
    Schedule

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.lr_scheduler.ExponentialLR, keras' ExponentialDecay and optax.exponential_decay.

    Examples
    --------
    >>> from fastgd import schedules
    >>> lr = schedules.exponential(1.0, 0.25, steps=2, end_lr=0.1)
    >>> [lr(t) for t in (0, 1, 2, 100)]
    [1.0, 0.5, 0.25, 0.1]
    """
    lr = validation.nonnegative("lr", lr)
    gamma = validation.positive("gamma", gamma)
    steps = validation.count("steps", steps)
    staircase = validation.flag("staircase", staircase)
    end = None if end_lr is None else validation.nonnegative("end_lr", end_lr)

    def rate(t: int) -> float:
        value = lr * real_power(gamma, t // steps if staircase else t / steps)
        if end is None:
            return value
        return max(value, end) if gamma < 1 else min(value, end)

    arguments = dict(lr=lr, gamma=gamma, steps=steps, staircase=staircase, end_lr=end)
    return Schedule(exponential, arguments, rate)


def linear(lr: float, steps: int, end_lr: float = 0.0) -> Schedule:
    """
    Go straight from one rate to another, and stay there.

    ``lr(t) = lr + (end_lr - lr) * min(t / steps, 1)``

    Parameters
    ----------
    lr : float
        Rate at step 0, at least 0.
    steps : int
        Steps on the way, at least 1.
    end_lr : float, default 0
        Rate at the end, at least 0.

    Returns
    -------
    Schedule

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As optax.linear_schedule, and torch.optim.lr_scheduler.LinearLR with the factors multiplied in.

    Examples
    --------
    >>> from fastgd import schedules
    >>> lr = schedules.linear(1.0, steps=4)
    >>> [lr(t) for t in range(6)]
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """
    lr = validation.nonnegative("lr", lr)
    steps = validation.count("steps", steps)
    end_lr = validation.nonnegative("end_lr", end_lr)
    arguments = dict(lr=lr, steps=steps, end_lr=end_lr)
    return Schedule(linear, arguments, lambda t: end_lr if t >= steps else lr + (end_lr - lr) * t / steps)


def polynomial(lr: float, steps: int, end_lr: float = 0.0, power: float = 1.0, *, cycle: bool = False) -> Schedule:
    """
    Go from one rate to another along a power of the time that is left.

    ``lr(t) = end_lr + (lr - end_lr) * (1 - min(t / steps, 1))**power``

    Parameters
    ----------
    lr : float
        Rate at step 0, at least 0.
    steps : int
        Steps on the way, at least 1.
    end_lr : float, default 0
        Rate at the end, at least 0.
    power : float, default 1
        Exponent, above 0.
    cycle : bool, default False
        Whether, each time that the end has been passed, `steps` grows by itself, so that the rate jumps up again.

    Returns
    -------
    Schedule

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.lr_scheduler.PolynomialLR (``end_lr=0``), optax.polynomial_schedule and keras' PolynomialDecay.

    Examples
    --------
    >>> from fastgd import schedules
    >>> lr = schedules.polynomial(1.0, steps=4, power=2)
    >>> [lr(t) for t in range(6)]
    [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """
    lr = validation.nonnegative("lr", lr)
    steps = validation.count("steps", steps)
    end_lr = validation.nonnegative("end_lr", end_lr)
    power = validation.positive("power", power)
    cycle = validation.flag("cycle", cycle)

    def rate(t: int) -> float:
        length = steps * max(1, -(-t // steps)) if cycle else steps
        return end_lr + (lr - end_lr) * real_power(1 - min(t, length) / length, power)

    return Schedule(polynomial, dict(lr=lr, steps=steps, end_lr=end_lr, power=power, cycle=cycle), rate)


def inverse_time(
    lr: float, decay_rate: float, steps: int = 1, *, staircase: bool = False, recursive: bool = False
) -> Schedule:
    """
    Divide the rate by one plus a multiple of the time.

    ``lr(t) = lr / (1 + decay_rate * t / steps)``; recursive, once for each `steps` steps, the k-th time (from 1):
    ``lr = lr / (1 + decay_rate * k)``.

    Parameters
    ----------
    lr : float
        Rate at step 0, at least 0.
    decay_rate : float
        Multiple of the time, at least 0.
    steps : int, default 1
        Steps of one unit of time, such as the batches of an epoch; at least 1.
    staircase : bool, default False
        Whether t / steps is rounded down.
    recursive : bool, default False
        Whether each division begins from the rate before, as the assignment ``lr = lr / (1 + decay_rate * epoch)`` in
        a loop does; the rate then falls faster than exponentially. The time is rounded down.

    Returns
    -------
    Schedule

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As keras' InverseTimeDecay; `recursive` is the assignment found in many tutorials, taken literally.

    Examples
    --------
    >>> from fastgd import schedules
    >>> lr = schedules.inverse_time(0.1, 0.1)
    >>> [round(lr(t), 4) for t in range(3)]
    [0.1, 0.0909, 0.0833]
    >>> lr = schedules.inverse_time(0.1, 0.1, recursive=True)
    >>> [round(lr(t), 4) for t in range(3)]
    [0.1, 0.0909, 0.0758]
    """
    lr = validation.nonnegative("lr", lr)
    decay_rate = validation.nonnegative("decay_rate", decay_rate)
    steps = validation.count("steps", steps)
    staircase = validation.flag("staircase", staircase)
    recursive = validation.flag("recursive", recursive)
    # The latest unit of time and its rate are kept, so that a step costs one division and not one per unit so far.
    reached = (0, lr)

    def closed(t: int) -> float:
        return lr / (1 + decay_rate * (t // steps if staircase else t / steps))

    def literal(t: int) -> float:
        nonlocal reached
        unit = t // steps
        k, value = reached if reached[0] <= unit else (0, lr)
        while k < unit and value > 0:
            k += 1
            value = value / (1 + decay_rate * k)
        reached = (k, value)
        return value

    arguments = dict(lr=lr, decay_rate=decay_rate, steps=steps, staircase=staircase, recursive=recursive)
    return Schedule(inverse_time, arguments, literal if recursive else closed)
