"""
What a hyperparameter may be. A class states it where it states the default: ``eps: NonNegative = 1e-8``.

Each check is one object: called, it returns the value in its plain form or raises with its own range in the message;
printed, it is that range, so that ``help`` and editors show it; `fields` names what C gets, always doubles. The types
that follow the checks are what signatures of optimizers are written with; most numbers may be schedules too, which are
functions of the steps completed, for `fastgd.Optimizer`.
"""

import math
import numbers
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import numpy as np

Schedule = Callable[[int], float]

LARGEST = float(np.finfo(np.float32).max)


def real(name: str, value: object) -> float:
    """`value` as a float that is finite in float32 too."""
    if type(value) is float and -LARGEST <= value <= LARGEST:
        return value  # The checks below cost a microsecond.
    if isinstance(value, (bool, np.bool)) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a real number, got {type(value).__name__}")
    try:
        number = float(value)
    except OverflowError:  # float() has no room for a large integer
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, got {number}")
    if abs(number) > LARGEST:
        raise ValueError(f"{name} must be within float32's range, got {number}")
    return number


def flag(name: str, value: object) -> bool:
    """`value` as a bool; a number is none."""
    if not isinstance(value, (bool, np.bool)):
        raise TypeError(f"{name} must be a bool, got {type(value).__name__}")
    return bool(value)


class Check:
    """
    Base of the checks.

    Parameters
    ----------
    requirement : str
        What a value must be, as messages and ``help`` say it.
    fields : tuple of str, optional
        Names of the doubles that C gets, where they are not the argument's own name.
    """

    def __init__(self, requirement: str, fields: tuple[str, ...] = ()) -> None:
        self.requirement = requirement
        self.fields = fields

    def __repr__(self) -> str:
        return self.requirement

    def __call__(self, name: str, value: object) -> Any:
        raise NotImplementedError

    def doubles(self, value: Any) -> tuple[float, ...]:
        """A checked value as C gets it."""
        return (float(value),)

    def constant(self) -> "Check":
        """The check where no schedule is taken."""
        return self


class Number(Check):
    """
    A real number that float32 holds too; the engine takes floats in its range without a call.

    Parameters
    ----------
    requirement : str
        As for `Check`.
    low, high : float
        The least and the largest number allowed; a bound that is open is the next double.
    """

    def __init__(self, requirement: str, low: float, high: float = LARGEST) -> None:
        super().__init__(requirement)
        self.low = low
        self.high = high

    def __call__(self, name: str, value: object) -> float:
        number = real(name, value)
        if not self.low <= number <= self.high:
            raise ValueError(f"{name} must be {self.requirement}, got {number}")
        return number


class Peak(Number):
    """
    A largest learning rate, or 0 or False for none; C gets 0 for none.

    True is what `with_peak` puts the rate in the place of.
    """

    def __init__(self) -> None:
        super().__init__("the largest learning rate, or 0 for none", 0.0)

    def __call__(self, name: str, value: object) -> float:
        if value is False:
            return 0.0
        if value is True:
            raise ValueError(f"{name} must be {self.requirement}; True takes an lr that is a number above 0")
        return super().__call__(name, value)


class Scheduled(Check):
    """
    A number, or a schedule, whose values are checked when they are used; C gets 0 for a schedule.

    Parameters
    ----------
    number : Number
        The check of a number.
    """

    def __init__(self, number: Number) -> None:
        super().__init__(f"{number}, or a schedule")
        self.number = number

    def __call__(self, name: str, value: object) -> float | Schedule:
        return value if callable(value) else self.number(name, value)

    def doubles(self, value: Any) -> tuple[float, ...]:
        return (0.0 if callable(value) else float(value),)

    def constant(self) -> Check:
        return self.number


class Several(Check):
    """
    A tuple or list of two or three numbers; its plain form is a tuple.

    Parameters
    ----------
    each : Number or Scheduled
        The check of each.
    fields : tuple of str
        Names of the doubles that C gets, one for each number.
    together : str, optional
        The requirement on all of them, where there is more than that on each.
    accepts : callable, optional
        Whether the numbers meet it.
    """

    def __init__(
        self,
        each: Number | Scheduled,
        fields: tuple[str, ...],
        together: str = "",
        accepts: Callable[..., bool] | None = None,
    ) -> None:
        self.count = "a pair" if len(fields) == 2 else "a triple"
        super().__init__(together or f"{self.count} {each}", fields)
        self.each = each
        self.accepts = accepts

    def __call__(self, name: str, value: object) -> tuple[float | Schedule, ...]:
        if not isinstance(value, (tuple, list)):
            raise TypeError(f"{name} must be {self.count} of numbers, got {type(value).__name__}")
        if len(value) != len(self.fields):
            raise ValueError(f"{name} must be {self.count} of numbers, got {len(value)} of them")
        numbers = tuple(self.each(f"{name}[{i}]", entry) for i, entry in enumerate(value))
        if self.accepts is not None and not self.accepts(*numbers):
            raise ValueError(f"{name} must be {self.requirement}, got {numbers}")
        return numbers

    def doubles(self, value: Any) -> tuple[float, ...]:
        return tuple(number for entry in value for number in self.each.doubles(entry))

    def constant(self) -> Check:
        return self if isinstance(self.each, Number) else Several(self.each.number, self.fields)


class Flag(Check):
    """
    A bool; C gets 0 or 1.

    Parameters
    ----------
    requirement : str
        As for `Check`.
    only : bool, optional
        The one value that a class allows.
    otherwise : str
        What a message adds about the other one.
    """

    def __init__(self, requirement: str = "a bool", only: bool | None = None, otherwise: str = "") -> None:
        super().__init__(requirement)
        self.only = only
        self.otherwise = otherwise

    def __call__(self, name: str, value: object) -> bool:
        given = flag(name, value)
        if self.only is not None and given is not self.only:
            raise ValueError(f"{name} must be {self.requirement}, got {given}; {self.otherwise}")
        return given


class Choice(Check):
    """
    One of a few strings; C gets its place among them, from 0.

    Parameters
    ----------
    *allowed : str
        The strings.
    """

    def __init__(self, *allowed: str) -> None:
        super().__init__(f"one of {', '.join(map(repr, allowed))}")
        self.allowed = allowed

    def __call__(self, name: str, value: object) -> str:
        if not isinstance(value, str):
            raise TypeError(f"{name} must be a string, got {type(value).__name__}")
        if value not in self.allowed:
            raise ValueError(f"{name} must be {self.requirement}, got {value!r}")
        return value

    def doubles(self, value: Any) -> tuple[float, ...]:
        return (float(self.allowed.index(value)),)


class Optional(Check):
    """
    None, or what another check takes; C gets 0 for None.

    Parameters
    ----------
    check : Check
        The other one.
    """

    def __init__(self, check: Check) -> None:
        super().__init__(f"{check}, or None", check.fields)
        self.check = check

    def __call__(self, name: str, value: object) -> Any:
        return None if value is None else self.check(name, value)

    def doubles(self, value: Any) -> tuple[float, ...]:
        return (0.0,) if value is None else self.check.doubles(value)


class FloorPair(Check):
    """Two numbers that are at least 0, of which the first may be None."""

    def __init__(self, fields: tuple[str, str]) -> None:
        super().__init__("a pair at least 0, the first or None", fields)

    def __call__(self, name: str, value: object) -> tuple[float | None, float]:
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            raise TypeError(f"{name} must be a pair of numbers, got {type(value).__name__}")
        first = None if value[0] is None else nonnegative(f"{name}[0]", value[0])
        return first, nonnegative(f"{name}[1]", value[1])

    def doubles(self, value: Any) -> tuple[float, ...]:
        return value[0] or 0.0, value[1]


class Whole(Check):
    """An integer that is at least 1."""

    def __init__(self) -> None:
        super().__init__("an integer of at least 1")

    def __call__(self, name: str, value: object) -> int:
        if isinstance(value, (bool, np.bool)) or not isinstance(value, numbers.Integral):
            raise TypeError(f"{name} must be {self.requirement}, got {type(value).__name__}")
        if value < 1:
            raise ValueError(f"{name} must be {self.requirement}, got {value}")
        return int(value)


any_real = Number("a real number", -LARGEST)
nonnegative = Number("at least 0", 0.0)
positive = Number("above 0", math.nextafter(0.0, 1.0))
fraction = Number("in [0, 1]", 0.0, 1.0)
decay_rate = Number("in [0, 1)", 0.0, math.nextafter(1.0, 0.0))
open_fraction = Number("in (0, 1)", math.nextafter(0.0, 1.0), math.nextafter(1.0, 0.0))
rate = Scheduled(nonnegative)

Rate = Annotated[float | Schedule, rate]
PositiveRate = Annotated[float | Schedule, Scheduled(positive)]
Real = Annotated[float | Schedule, Scheduled(any_real)]
NonNegative = Annotated[float | Schedule, rate]
Fraction = Annotated[float | Schedule, Scheduled(fraction)]
OpenFraction = Annotated[float, open_fraction]
DecayRate = Annotated[float | Schedule, Scheduled(decay_rate)]
DecayRates = Annotated[
    tuple[float | Schedule, float | Schedule], Several(Scheduled(decay_rate), fields=("beta1", "beta2"))
]
ThreeDecayRates = Annotated[
    tuple[float | Schedule, float | Schedule, float | Schedule],
    Several(Scheduled(decay_rate), fields=("beta1", "beta2", "beta3")),
]
ThreeNumbers = Annotated[tuple[float, float, float], Several(any_real, fields=("ns_a", "ns_b", "ns_c"))]
AveragingRates = Annotated[
    tuple[float, float],
    Several(decay_rate, fields=("beta1", "beta2"), together="(in (0, 1), in [0, 1))", accepts=lambda a, b: a > 0),
]
Etas = Annotated[
    tuple[float, float],
    Several(positive, fields=("eta_minus", "eta_plus"), together="(below 1, above 1)", accepts=lambda a, b: a < 1 < b),
]
StepSizes = Annotated[
    tuple[float, float],
    Several(positive, fields=("smallest", "largest"), together="(smallest, largest)", accepts=lambda a, b: a <= b),
]
Switch = Annotated[bool, Flag()]
Positive = Annotated[float, positive]
PeakRate = Annotated[float | bool, Peak()]
AtLeastOne = Annotated[float, Number("at least 1", 1.0)]
NonPositive = Annotated[float, Number("at most 0", -LARGEST, 0.0)]
AdafactorEps = Annotated[tuple[float | None, float], FloorPair(fields=("eps1", "eps2"))]
OptionalFraction = Annotated[float | None, Optional(open_fraction)]
GrowthRate = Annotated[float | None, Optional(Number("at least 1", 1.0))]
Count = Annotated[int, Whole()]
AdjustLr = Annotated[Literal["original", "match_rms_adamw"] | None, Optional(Choice("original", "match_rms_adamw"))]
MomentumForm = Annotated[Literal["heavy_ball", "ema"], Choice("heavy_ball", "ema")]


def with_peak(given: dict[str, Any], lr: Any) -> dict[str, Any]:
    """Hyperparameters as given, with `lr`, if it is a number, for a ``corrected_weight_decay`` that is True."""
    if given.get("corrected_weight_decay") is not True or callable(lr) or not lr:
        return given
    return {**given, "corrected_weight_decay": getattr(lr, "item", lambda: lr)()}


def schedules_of(values: Mapping[str, Any]) -> dict[str, Schedule]:
    """The schedules among hyperparameters, by what a message calls each: ``lr``, ``betas[0]``."""
    found = {name: value for name, value in values.items() if callable(value)}
    for name, value in values.items():
        if isinstance(value, (tuple, list)):
            found.update({f"{name}[{i}]": entry for i, entry in enumerate(value) if callable(entry)})
    return found
