"""Schedules of what goes with a learning rate: momentum in cycles."""

from fastgd import validation
from fastgd.schedules.base import Schedule
from fastgd.schedules.waves import MODES, between, height_of_cycle


def cyclic_momentum(
    base_momentum: float = 0.8,
    max_momentum: float = 0.9,
    step_size_up: int = 2000,
    step_size_down: int | None = None,
    *,
    mode: str = "triangular",
    gamma: float = 1.0,
) -> Schedule:
    """
    Fall to a smallest momentum and rise back, against the triangles of `cyclic`.

    Parameters
    ----------
    base_momentum, max_momentum : float, default 0.8 and 0.9
        Smallest and largest momentum, in [0, 1).
    step_size_up, step_size_down, mode, gamma
        As for `cyclic`.

    Returns
    -------
    Schedule

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.lr_scheduler.CyclicLR changes the momentum: for ``momentum=`` of SGD, or the first of ``betas``.

    Examples
    --------
    >>> from fastgd import schedules
    >>> momentum = schedules.cyclic_momentum(0.5, 0.75, 2)
    >>> [momentum(t) for t in range(5)]
    [0.75, 0.625, 0.5, 0.625, 0.75]
    """
    low, high = _bounds(base_momentum, max_momentum)
    up = validation.count("step_size_up", step_size_up)
    down = up if step_size_down is None else validation.count("step_size_down", step_size_down)
    mode = validation.choice(*MODES)("mode", mode)
    gamma = validation.fraction("gamma", gamma)
    arguments = dict(base_momentum=low, max_momentum=high, step_size_up=up, step_size_down=down, mode=mode, gamma=gamma)
    return Schedule(
        cyclic_momentum, arguments, lambda t: high - (high - low) * height_of_cycle(t, up, down, mode, gamma)
    )


def one_cycle_momentum(
    total_steps: int,
    *,
    base_momentum: float = 0.85,
    max_momentum: float = 0.95,
    pct_start: float = 0.3,
    anneal_strategy: str = "cos",
    three_phase: bool = False,
) -> Schedule:
    """
    Fall once to a smallest momentum while the rate of `one_cycle` rises, and rise back while it falls.

    Parameters
    ----------
    total_steps : int
        As for `one_cycle`.
    base_momentum, max_momentum : float, default 0.85 and 0.95
        Smallest and largest momentum, in [0, 1).
    pct_start, anneal_strategy, three_phase
        As for `one_cycle`.

    Returns
    -------
    Schedule

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.lr_scheduler.OneCycleLR changes the momentum: for ``momentum=`` of SGD, or the first of ``betas``.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> from fastgd import schedules
    >>> momentum = schedules.one_cycle_momentum(11, base_momentum=0.5, max_momentum=0.75, pct_start=5 / 11)
    >>> [round(momentum(t), 4) for t in (0, 2, 4, 7, 10, 99)]
    [0.75, 0.625, 0.5, 0.625, 0.75, 0.75]
    >>> opt = fastgd.Adam(np.ones(3), lr=schedules.one_cycle(0.1, 11), betas=(momentum, 0.999))
    """
    low, high = _bounds(base_momentum, max_momentum)
    total_steps = validation.count("total_steps", total_steps)
    if total_steps < 2:
        raise ValueError(f"total_steps must be at least 2, got {total_steps}")
    pct_start = validation.fraction("pct_start", pct_start)
    anneal_strategy = validation.choice("cos", "linear")("anneal_strategy", anneal_strategy)
    if validation.flag("three_phase", three_phase) and pct_start > 0.5:
        raise ValueError(f"pct_start must be at most 0.5 for three phases, got {pct_start}")
    turn, end = pct_start * total_steps - 1, total_steps - 1
    knots = [(0.0, high), (turn, low), *([(2 * turn, high)] if three_phase else []), (end, high)]
    arguments = dict(
        total_steps=total_steps, base_momentum=low, max_momentum=high, pct_start=pct_start,
        anneal_strategy=anneal_strategy, three_phase=three_phase,
    )  # fmt: skip
    return Schedule(one_cycle_momentum, arguments, lambda t: between(knots, t, anneal_strategy))


def _bounds(base_momentum: object, max_momentum: object) -> tuple[float, float]:
    low = validation.decay_rate("base_momentum", base_momentum)
    high = validation.decay_rate("max_momentum", max_momentum)
    if high < low:
        raise ValueError(f"max_momentum must be at least base_momentum ({low}), got {high}")
    return low, high
