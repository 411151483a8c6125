"""
How the arrays of a group are stored, and averages of its parameters.

Keywords of every optimizer, and keys of a group where they are given.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from fastgd import formats, validation
from fastgd.engine.formats import Storage
from fastgd.hyperparameters import Choice

if TYPE_CHECKING:
    from fastgd.optimizers.base import Optimizer


class StorageSettings(TypedDict, total=False):
    """What may differ by group; see `Optimizer`."""

    state_dtype: str | None
    rounding: str | None
    seed: int | None
    master_weights: bool | None
    ema_decay: float | None


def _seed(name: str, value: object) -> int:
    number = validation.whole(name, value)
    if number >= 2**63:
        raise ValueError(f"{name} must be below 2**63, got {number}")
    return number


CHECKS: dict[str, Callable[[str, object], Any]] = {
    "state_dtype": Choice("float32", "bfloat16", "param"),
    "rounding": Choice("nearest", "stochastic"),
    "seed": _seed,
    "master_weights": validation.flag,
    "ema_decay": validation.decay_rate,
}
NAMES = tuple(CHECKS)


def given(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the settings that say how arrays are stored, without those that leave it to the defaults."""
    return {name: settings[name] for name in NAMES if settings.get(name) is not None}


def read(kind: type["Optimizer"], where: str, group: Mapping[str, Any]) -> Storage:
    """The storage that a group of an optimizer, or the arguments of its constructor, ask for, checked."""
    label = f"{where}[{{!r}}]" if where else "{}"
    found = {name: CHECKS[name](label.format(name), value) for name, value in given(group).items()}
    stored = Storage(**found)
    random = stored.rounding == "stochastic"
    if stored.master_weights and random:
        raise ValueError(f"{label.format('rounding')}: master_weights=True rounds nothing at random, got 'stochastic'")
    if kind.rereads_state and stored.state_dtype is not None:
        raise ValueError(
            f"{label.format('state_dtype')}: the second pass of {kind.__name__} reads its state, which is kept as "
            f"it is computed: expected None, got {stored.state_dtype!r}"
        )
    if stored.state_dtype == "bfloat16":
        formats.bfloat16()
    return stored


def check_param(label: str, dtype: object, stored: Storage) -> None:
    """Refuse a parameter, of NumPy's or torch's dtype, that cannot be stored as its group asks for."""
    if stored.rounding == "stochastic" and str(dtype) in ("float16", "torch.float16"):
        raise TypeError(
            f"{label}: expected another dtype with rounding='stochastic', which is for bfloat16, got {dtype}"
        )
