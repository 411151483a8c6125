"""
How the arrays of a group are stored, and averages of its parameters.

Keywords of every optimizer, and keys of a group where they are given.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from fastgd import formats, validation
from fastgd.engine.formats import IN_BLOCKS, POSITIVE, SIGNED, Storage
from fastgd.engine.plan import Group
from fastgd.engine.reader import Reader
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
    "state_dtype": Choice("float32", "bfloat16", "param", *IN_BLOCKS),
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
    if stored.in_blocks and kind.whole:
        raise ValueError(
            f"{label.format('state_dtype')}: {kind.__name__} reads its state outside of the pass that knows 8 bits: "
            f"expected another one, got {stored.state_dtype!r}"
        )
    if stored.state_dtype == "bfloat16":
        formats.bfloat16()
    return stored


SUM = "a sum, to which 8 bits soon add nothing"
BEFORE = "the gradient of the step before, which is subtracted"
OF_PARAMS = "what parameters follow from"
# Why 8 bits are not enough for a state, by its key.
TOO_FEW = {
    "accumulator": SUM,
    "ax": "an average of parameters",
    "exp_avg_diff": "an average of differences of gradients",
    "grad_avg": "the square of which is subtracted from square_avg, and would be larger",
    "grad_sum_sq": SUM,
    "last_grad": BEFORE,
    "linear": OF_PARAMS,
    "neg_pre_grad": BEFORE,
    "prev": "the gradient of the step before, whose sign decides",
    "step_size": "a rate for each element",
    "s": SUM,
    "sum": SUM,
    "x0": OF_PARAMS,
    "z": OF_PARAMS,
}


def check_rule(kind: type["Optimizer"], reader: Reader, where: str, stored: Storage, values: tuple[Any, ...]) -> None:
    """Refuse 8 bits for a rule, which hyperparameters choose, with a state that they are not enough for."""
    if not stored.in_blocks:
        return
    slots = Group(kind._family, 0, 0, stored)
    slots.set_hyper(reader.doubles(values))
    if others := [key for key in (*slots.keys(),) if key not in SIGNED | POSITIVE]:
        label = f"{where}['state_dtype']" if where else "state_dtype"
        raise ValueError(
            f"{label}: 8 bits are for moving averages of gradients and of their squares, and this {kind.__name__} has "
            f"{others[0]!r}, {TOO_FEW[others[0]]}: expected another one, got {stored.state_dtype!r}"
        )


def check_param(label: str, dtype: object, stored: Storage) -> None:
    """Refuse a parameter, of NumPy's or torch's dtype, that cannot be stored as its group asks for."""
    if stored.in_blocks and str(dtype) in ("float64", "torch.float64"):
        raise TypeError(
            f"{label}: expected another dtype with state_dtype={stored.state_dtype!r}, which is scaled in float32, "
            f"got {dtype}"
        )
    if stored.rounding == "stochastic" and str(dtype) in ("float16", "torch.float16"):
        raise TypeError(
            f"{label}: expected another dtype with rounding='stochastic', which is for bfloat16, got {dtype}"
        )
