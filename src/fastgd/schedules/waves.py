"""Schedules along a cosine or a triangle: annealing, restarts, cycles."""

from collections.abc import Sequence
from itertools import pairwise

from fastgd import validation
from fastgd.engine.exact import cos_pi, real_power
from fastgd.schedules.base import Schedule

MODES = ("triangular", "triangular2", "exp_range")


def cosine(lr: float, steps: int, end_lr: float = 0.0, *, periodic: bool = False, exponent: float = 1.0) -> Schedule:
    """
    Go from one rate to another along half a cosine.

    ``lr(t) = end_lr + (lr - end_lr) * ((1 + cos(pi * t / steps)) / 2)**exponent``

    Parameters
    ----------
    lr : float
        Rate at step 0, at least 0.
    steps : int
        Steps on the way, at least 1.
    end_lr : float, default 0
        Rate at the end, at least 0.
    periodic : bool, default False
        Whether the rate, past the end, rises again along the cosine, rather than staying.
    exponent : float, default 1
        Exponent of the cosine, above 0.

    Returns
    -------
    Schedule

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As optax.cosine_decay_schedule and keras' CosineDecay, with their alpha as ``end_lr / lr``; with ``periodic=True``
    as torch.optim.lr_scheduler.CosineAnnealingLR.

    References
    ----------
    Loshchilov & Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017, equation 5.

    Examples
    --------
    >>> from fastgd import schedules
    >>> lr = schedules.cosine(1.0, steps=4)
    >>> [round(lr(t), 6) for t in (0, 2, 4, 8)]
    [1.0, 0.5, 0.0, 0.0]
    >>> lr = schedules.cosine(1.0, steps=4, periodic=True)
    >>> [round(lr(t), 6) for t in (0, 2, 4, 8)]
    [1.0, 0.5, 0.0, 1.0]
    """
    lr = validation.nonnegative("lr", lr)
    steps = validation.count("steps", steps)
    end_lr = validation.nonnegative("end_lr", end_lr)
    periodic = validation.flag("periodic", periodic)
    exponent = validation.positive("exponent", exponent)

    def rate(t: int) -> float:
        t = t % (2 * steps) if periodic else min(t, steps)
        return end_lr + (lr - end_lr) * real_power((1 + cos_pi(t / steps)) / 2, exponent)

    return Schedule(cosine, dict(lr=lr, steps=steps, end_lr=end_lr, periodic=periodic, exponent=exponent), rate)


def warm_restarts(
    lr: float, steps: int, end_lr: float = 0.0, *, length_factor: float = 1.0, lr_factor: float = 1.0
) -> Schedule:
    """
    Half a cosine, from the start again each time that it ends.

    In cycle i (from 0), u steps after its beginning, and with ``top = lr * lr_factor**i``::

        lr(t) = end_lr + (top - end_lr) * (1 + cos(pi * u / (steps * length_factor**i))) / 2

    Parameters
    ----------
    lr : float
        Rate at step 0, at least 0.
    steps : int
        Steps of the first cycle, at least 1.
    end_lr : float, default 0
        Rate at the end of each cycle, at least 0.
    length_factor : float, default 1
        Each cycle's length over the one before; at least 1.
    lr_factor : float, default 1
        Each cycle's first rate over the one before; above 0.

    Returns
    -------
    Schedule

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.lr_scheduler.CosineAnnealingWarmRestarts (T_0, eta_min, T_mult), and with ``end_lr=0`` as keras'
    CosineDecayRestarts (t_mul, m_mul), whose alpha shrinks with the rate.

    References
    ----------
    Loshchilov & Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017.

    Examples
    --------
    >>> from fastgd import schedules
    >>> lr = schedules.warm_restarts(1.0, steps=2, length_factor=2)
    >>> [round(lr(t), 6) for t in range(7)]
    [1.0, 0.5, 1.0, 0.853553, 0.5, 0.146447, 1.0]
    """
    lr = validation.nonnegative("lr", lr)
    steps = validation.count("steps", steps)
    end_lr = validation.nonnegative("end_lr", end_lr)
    length_factor = validation.positive("length_factor", length_factor)
    if length_factor < 1:
        raise ValueError(f"length_factor must be at least 1, got {length_factor}")
    lr_factor = validation.positive("lr_factor", lr_factor)

    def rate(t: int) -> float:
        since, length, top = float(t), float(steps), lr
        if length_factor == 1:
            cycles, since = divmod(since, length)
            top = lr * real_power(lr_factor, cycles)
        while since >= length:
            since -= length
            length *= length_factor
            top *= lr_factor
        return end_lr + (top - end_lr) * (1 + cos_pi(since / length)) / 2

    arguments = dict(lr=lr, steps=steps, end_lr=end_lr, length_factor=length_factor, lr_factor=lr_factor)
    return Schedule(warm_restarts, arguments, rate)


def cyclic(
    lr: float,
    max_lr: float,
    step_size_up: int = 2000,
    step_size_down: int | None = None,
    *,
    mode: str = "triangular",
    gamma: float = 1.0,
) -> Schedule:
    """
    Rise to a largest rate and fall back, in triangles.

    With ``h`` from 0 at the foot of a triangle to 1 at its top, in cycle i (from 0)::

        triangular     lr(t) = lr + (max_lr - lr) * h
        triangular2    lr(t) = lr + (max_lr - lr) * h / 2**i
        exp_range      lr(t) = lr + (max_lr - lr) * h * gamma**t

    Parameters
    ----------
    lr, max_lr : float
        Smallest and largest rate, at least 0; `max_lr` is at least `lr`.
    step_size_up : int, default 2000
        Steps up, at least 1.
    step_size_down : int, optional
        Steps down, at least 1; by default as many as up.
    mode : {"triangular", "triangular2", "exp_range"}, default "triangular"
        Whether and how the triangles shrink.
    gamma : float, default 1
        Factor of each step for ``"exp_range"``, in [0, 1].

    Returns
    -------
    Schedule

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.lr_scheduler.CyclicLR, which by default changes the momentum too: `cyclic_momentum`.

    References
    ----------
    Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017.

    Examples
    --------
    >>> from fastgd import schedules
    >>> lr = schedules.cyclic(0.0, 1.0, 2, mode="triangular2")
    >>> [lr(t) for t in range(9)]
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.25, 0.5, 0.25, 0.0]
    """
    lr = validation.nonnegative("lr", lr)
    max_lr = _top(max_lr, lr)
    up = validation.count("step_size_up", step_size_up)
    down = up if step_size_down is None else validation.count("step_size_down", step_size_down)
    mode = validation.choice(*MODES)("mode", mode)
    gamma = validation.fraction("gamma", gamma)

    def rate(t: int) -> float:
        return lr + (max_lr - lr) * height_of_cycle(t, up, down, mode, gamma)

    arguments = dict(lr=lr, max_lr=max_lr, step_size_up=up, step_size_down=down, mode=mode, gamma=gamma)
    return Schedule(cyclic, arguments, rate)


def height_of_cycle(t: int, up: int, down: int, mode: str, gamma: float) -> float:
    """How high in its triangle step t is: 0 at the foot, 1 at the top of one that has not shrunk."""
    cycle, u = divmod(t, up + down)
    height = u / up if u <= up else (up + down - u) / down
    if mode == "triangular2":
        height *= real_power(0.5, cycle)
    elif mode == "exp_range":
        height *= real_power(gamma, t)
    return height


def _top(max_lr: object, lr: float) -> float:
    top = validation.nonnegative("max_lr", max_lr)
    if top < lr:
        raise ValueError(f"max_lr must be at least lr ({lr}), got {top}")
    return top


def one_cycle(
    max_lr: float,
    total_steps: int,
    *,
    pct_start: float = 0.3,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
    anneal_strategy: str = "cos",
    three_phase: bool = False,
) -> Schedule:
    """
    Rise once to a largest rate, and fall far below the first one.

    From ``max_lr / div_factor`` at step 0 to ``max_lr`` at ``pct_start * total_steps - 1``, and down to
    ``max_lr / div_factor / final_div_factor`` at the last step; in three phases, the fall as long as the rise and then
    on from the first rate to the last one. In between along half a cosine or straight.

    Parameters
    ----------
    max_lr : float
        Largest rate, at least 0.
    total_steps : int
        Steps of the whole cycle, at least 2; past them the rate stays.
    pct_start : float, default 0.3
        Share of the steps in which the rate rises, in [0, 1]; for three phases at most 0.5.
    div_factor : float, default 25
        Largest rate over the first, above 0.
    final_div_factor : float, default 1e4
        First rate over the last, above 0.
    anneal_strategy : {"cos", "linear"}, default "cos"
        Way from one rate to the next.
    three_phase : bool, default False
        Whether the fall is as long as the rise, with a phase after it.

    Returns
    -------
    Schedule

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.lr_scheduler.OneCycleLR, which by default changes the momentum too (`one_cycle_momentum`), and
    raises past the end. optax's cosine_onecycle_schedule and linear_onecycle_schedule turn at other steps: see
    `piecewise`.

    References
    ----------
    Smith & Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates", 2018.

    Examples
    --------
    >>> from fastgd import schedules
    >>> lr = schedules.one_cycle(1.0, 11, pct_start=5 / 11, div_factor=4, final_div_factor=2, anneal_strategy="linear")
    >>> [round(lr(t), 4) for t in (0, 2, 4, 7, 10, 99)]
    [0.25, 0.625, 1.0, 0.5625, 0.125, 0.125]
    """
    max_lr = validation.nonnegative("max_lr", max_lr)
    total_steps = validation.count("total_steps", total_steps)
    if total_steps < 2:
        raise ValueError(f"total_steps must be at least 2, got {total_steps}")
    pct_start = validation.fraction("pct_start", pct_start)
    div_factor = validation.positive("div_factor", div_factor)
    final_div_factor = validation.positive("final_div_factor", final_div_factor)
    anneal_strategy = validation.choice("cos", "linear")("anneal_strategy", anneal_strategy)
    if validation.flag("three_phase", three_phase) and pct_start > 0.5:
        raise ValueError(f"pct_start must be at most 0.5 for three phases, got {pct_start}")

    first = max_lr / div_factor
    top, end = pct_start * total_steps - 1, total_steps - 1
    knots = [(0.0, first), (top, max_lr), *([(2 * top, first)] if three_phase else []), (end, first / final_div_factor)]

    arguments = dict(
        max_lr=max_lr, total_steps=total_steps, pct_start=pct_start, div_factor=div_factor,
        final_div_factor=final_div_factor, anneal_strategy=anneal_strategy, three_phase=three_phase,
    )  # fmt: skip
    return Schedule(one_cycle, arguments, lambda t: between(knots, t, anneal_strategy))


def between(knots: Sequence[tuple[float, float]], t: int, anneal_strategy: str) -> float:
    """The value at step t on the way through (step, value) pairs, and past the last of them."""
    for (begin, start), (stop, target) in pairwise(knots):
        if t <= stop or stop == knots[-1][0]:
            way = min((t - begin) / (stop - begin), 1.0) if stop > begin else 1.0
            if anneal_strategy == "cos":
                way = (1 - cos_pi(way)) / 2
            return start + (target - start) * way
    raise AssertionError("the last knot takes every step")
