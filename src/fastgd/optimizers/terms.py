"""Types that the modules of this package share."""

from collections.abc import Callable
from typing import TypedDict

Rate = float | Callable[[int], float]  # a learning rate: a number, or a schedule
Carry = tuple[float, float]  # numbers that a rule takes from step to step
Prepared = tuple[str, tuple[float, ...], Carry]  # rule, its scalars in the order of table.pxi, what to carry on

NO_CARRY: Carry = (0.0, 0.0)


class Settings(TypedDict, total=False):
    """What every optimizer takes besides its hyperparameters; see `Optimizer`."""

    max_grad_norm: float | None
    max_grad_value: float | None
    skip_nonfinite: bool
