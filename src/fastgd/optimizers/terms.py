"""Types that the modules of this package share."""

from collections.abc import Callable
from typing import TypedDict

from fastgd import validation

Rate = float | Callable[[int], float]  # a learning rate: a number, or a schedule
Carry = tuple[float, float]  # numbers that a rule takes from step to step
Prepared = tuple[str, tuple[float, ...], Carry]  # rule, its scalars in the order of table.pxi, what to carry on

NO_CARRY: Carry = (0.0, 0.0)


class Settings(TypedDict, total=False):
    """What every optimizer takes besides its hyperparameters; see `Optimizer`."""

    max_grad_norm: float | None
    max_grad_value: float | None
    skip_nonfinite: bool


class GradientSettings:
    """The same as attributes, checked when they are set; they may be set between steps."""

    def _set(self, settings: Settings) -> None:
        self.max_grad_norm = settings.get("max_grad_norm")
        self.max_grad_value = settings.get("max_grad_value")
        self.skip_nonfinite = settings.get("skip_nonfinite", False)

    @property
    def max_grad_norm(self) -> float | None:
        """Largest norm of the gradients of all parameters together, or None."""
        return self._max_grad_norm

    @max_grad_norm.setter
    def max_grad_norm(self, value: float | None) -> None:
        self._max_grad_norm = validation.optional_positive("max_grad_norm", value)

    @property
    def max_grad_value(self) -> float | None:
        """Largest magnitude of a gradient's element, or None."""
        return self._max_grad_value

    @max_grad_value.setter
    def max_grad_value(self, value: float | None) -> None:
        self._max_grad_value = validation.optional_positive("max_grad_value", value)

    @property
    def skip_nonfinite(self) -> bool:
        """Whether steps with infinite or NaN gradients are left out."""
        return self._skip_nonfinite

    @skip_nonfinite.setter
    def skip_nonfinite(self, value: bool) -> None:
        self._skip_nonfinite = validation.flag("skip_nonfinite", value)
