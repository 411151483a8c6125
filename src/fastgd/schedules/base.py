"""`Schedule`, the class of all schedules, and the check that only schedules need."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from fastgd import validation

Rate = Callable[[int], float]


def increasing(name: str, value: object) -> tuple[int, ...]:
    """Check integers that begin at 1 or above and increase."""
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"{name} must be a list of integers, got {type(value).__name__}")
    steps = tuple(validation.count(f"{name}[{i}]", entry) for i, entry in enumerate(value))
    if any(later <= earlier for earlier, later in pairwise(steps)):
        raise ValueError(f"{name} must increase, got {list(steps)}")
    return steps


class Schedule:
    """
    A learning rate for each step; made by the functions of `fastgd.schedules`.

    Calling it computes ``lr = schedule(step)``.

    Parameters
    ----------
    make : callable
        The function that makes this schedule; schedules print and pickle as a call of it.
    arguments : dict
        Its arguments, checked.
    rate : callable
        Steps completed -> learning rate.
    parts : sequence of callable, default ()
        Schedules inside this one, whose state belongs to its own.

    Examples
    --------
    >>> from fastgd import schedules
    >>> lr = schedules.step(0.1, step_size=10)
    >>> lr
    step(lr=0.1, step_size=10, gamma=0.1)
    >>> lr(9), round(lr(10), 6)
    (0.1, 0.01)
    """

    def __init__(
        self, make: Callable[..., "Schedule"], arguments: dict[str, Any], rate: Rate, parts: Sequence[Rate] = ()
    ) -> None:
        self._make = make
        self._arguments = arguments
        self._rate = rate
        self._parts = tuple(parts)

    def __call__(self, step: int) -> float:
        """
        The learning rate after `step` steps.

        Parameters
        ----------
        step : int
            Steps completed, at least 0.

        Returns
        -------
        float

        Raises
        ------
        TypeError, ValueError
            If `step` is not an integer, or is negative.
        """
        return self._rate(validation.whole("step", step))

    def state_dict(self) -> dict[str, Any]:
        """
        The state of the schedules inside that have one, by their number.

        Returns
        -------
        dict
            Empty for most schedules, which are functions of the step alone.
        """
        states = {str(i): p.state_dict() for i, p in enumerate(self._parts) if hasattr(p, "state_dict")}
        return {number: state for number, state in states.items() if state}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """
        Load what `state_dict` returned.

        Parameters
        ----------
        state : mapping
            State of a schedule of the same kind.

        Raises
        ------
        TypeError, ValueError
            If the state is not this schedule's; nothing is then changed.
        """
        before = self.state_dict()
        validation.known(f"the state of {self._make.__name__}", state, before)
        if missing := [number for number in before if number not in state]:
            raise ValueError(f"the state of {self._make.__name__}: missing {', '.join(map(repr, missing))}")
        try:
            self._load(state)
        except Exception:
            self._load(before)
            raise

    def _load(self, state: Mapping[str, Any]) -> None:
        for number, part in state.items():
            self._parts[int(number)].load_state_dict(part)  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self._arguments.items())
        return f"{self._make.__name__}({arguments})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _remake, (self._make, self._arguments, self.state_dict())


def _remake(make: Callable[..., Schedule], arguments: dict[str, Any], state: dict[str, Any]) -> Schedule:
    schedule = make(**arguments)
    schedule.load_state_dict(state)
    return schedule
