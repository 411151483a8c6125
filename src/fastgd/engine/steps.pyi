from typing import Any, Self

import numpy as np
from typing_extensions import disjoint_base

from fastgd.engine.formats import Storage
from fastgd.engine.kept import Kept
from fastgd.engine.plan import Group
from fastgd.engine.reader import Reader

IN_USE: str
AVERAGED: str

@disjoint_base
class Steps(Kept):
    names: set[str]
    grouped: bool
    busy: bool
    grad_norm: float | None
    clipping: dict[str, Any]
    skipped_steps: int
    bound: tuple[np.ndarray | None, ...] | None
    def __init__(self, reader: Reader) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None: ...
    def check_plain(self) -> None: ...
    def set_clipping(
        self,
        max_grad_norm: float | None = None,
        max_grad_value: float | None = None,
        skip_nonfinite: bool = False,
        lazy_rows: bool = False,
        weight_decay_rows: str | None = None,
    ) -> None: ...
    def add(
        self,
        param_groups: list[dict[str, Any]],
        added: list[tuple[Group, Any, dict[str, Any], list[np.ndarray]]],
        names: set[str],
        grouped: bool,
    ) -> None: ...
    def load(
        self,
        param_groups: list[dict[str, Any]],
        values: list[tuple[Any, ...]],
        stored: list[tuple[dict[str, Any], Storage]],
        entries: list[tuple[int, tuple[float, ...], dict[str, np.ndarray]]],
        completed: int,
    ) -> None: ...
    def bound_gradients(self) -> tuple[np.ndarray | None, ...]: ...
    between: Any
    @property
    def exchanging(self) -> bool: ...
    def refuse(self) -> None: ...
    def treatment(self) -> tuple[float, float]: ...
    def step(self, front: Any, groups: object, grads: object, grad_scale: float, zero_grads: bool) -> None: ...
    def accumulate(self, front: Any, grads: object, zero_grads: bool) -> None: ...
