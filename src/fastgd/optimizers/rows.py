"""Gradients of rows: which optimizers take them, and what they must be told before."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from fastgd import validation
from fastgd.engine.rows import Rows
from fastgd.hyperparameters import Choice

if TYPE_CHECKING:
    from fastgd.optimizers.base import Optimizer

TAKEN = (
    "SGD without momentum, Adagrad, RowWiseAdagrad, SparseAdam, and Adam and AdamW with lazy_rows=True take gradients "
    "of rows"
)
touched = Choice("touched")


def check_lazy(kind: type["Optimizer"], value: bool) -> None:
    """Refuse `lazy_rows` where it would mean nothing."""
    if value and kind.rows != "if lazy":
        does = "does not take gradients of rows" if kind.rows == "never" else "updates no other rows in any case"
        raise ValueError(f"lazy_rows must be False for {kind.__name__}, which {does}, got True")


def check_decay(kind: type["Optimizer"], value: str | None) -> None:
    """Refuse `weight_decay_rows` where it would mean nothing."""
    if value is not None and (kind.rows == "never" or "weight_decay" in kind.fixed):
        does = "does not take gradients of rows" if kind.rows == "never" else "has no weight decay"
        raise ValueError(f"weight_decay_rows must be None for {kind.__name__}, which {does}, got {value!r}")


SETTINGS: dict[str, Callable[[type["Optimizer"], Any], None]] = {
    "lazy_rows": check_lazy,
    "weight_decay_rows": check_decay,
}


def check(kind: type["Optimizer"], label: str, values: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    """Raise unless an optimizer with these hyperparameters and settings takes rows as a gradient."""
    name = kind.__name__
    if kind.rows == "never":
        raise TypeError(f"{label}: expected a gradient of all rows for {name}, got Rows; {TAKEN}")
    if kind.rows == "if lazy" and not settings["lazy_rows"]:
        raise TypeError(
            f"{label}: expected a gradient of all rows, since {name} moves rows without a gradient too, got Rows; "
            f"lazy_rows=True leaves them alone"
        )
    if kind.rows == "without momentum" and values["momentum"] != 0:
        raise ValueError(
            f"{label}: expected momentum=0 with Rows, since momentum moves rows without a gradient too, "
            f"got {values['momentum']}; {TAKEN}"
        )
    if values.get("cautious"):
        raise ValueError(f"{label}: expected cautious=False with Rows, since it counts all elements, got True")
    if settings["ema_decay"] is not None:
        raise ValueError(
            f"{label}: expected no ema_decay with Rows, whose averages all move, got {settings['ema_decay']}"
        )
    if values["weight_decay"] != 0 and settings["weight_decay_rows"] is None:
        raise ValueError(
            f"{label}: expected weight_decay=0 with Rows, or weight_decay_rows='touched', which decays the rows of a "
            f"step alone, got {values['weight_decay']}"
        )


def refuse(label: str, rows: Rows, param: np.ndarray) -> NoReturn:
    """Say what keeps rows from being those of a parameter."""
    validation.rows(f"{label}.indices", rows.indices, f"{label}.values", rows.values)
    if param.ndim == 0 or not param.flags.c_contiguous:
        form = "one of no axes" if param.ndim == 0 else f"one of shape {param.shape} and strides {param.strides}"
        raise ValueError(f"{label}: expected a parameter in C order, whose rows lie in one piece, for Rows, got {form}")
    validation.rows_beside(f"{label}.values", rows.values, param)
    raise ValueError(f"{label}: expected memory of its own, got memory that the step writes to")
