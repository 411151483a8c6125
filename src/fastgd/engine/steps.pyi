from typing import Any, Self

import numpy as np
from typing_extensions import disjoint_base

from fastgd.engine.following import Following
from fastgd.engine.formats import Storage
from fastgd.engine.plan import Group
from fastgd.engine.reader import Reader
from fastgd.engine.reading import Reading
from fastgd.optimizers.tree import Tree

IN_USE: str
AVERAGED: str

@disjoint_base
class Steps(Following):
    reader: Reader
    readings: list[Reading]
    trees: list[Tree]
    names: set[str]
    grouped: bool
    busy: bool
    averaged: bool
    grad_norm: float | None
    clipping: dict[str, Any]
    skipped_steps: int
    completed: int
    bound: tuple[np.ndarray | None, ...] | None
    def __init__(self, reader: Reader, waits: bool = False) -> None: ...
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
    def place_of(self, i: int) -> tuple[int, int]: ...
    def check_groups(self, front: Any, groups: object) -> None: ...
    def given_params(self, number: int) -> object: ...
    def state_keys(self, number: int) -> tuple[str, ...]: ...
    def bound_gradients(self) -> tuple[np.ndarray | None, ...]: ...
    def check_param(self, i: int, label: str) -> None: ...
    between: Any
    def treatment(self) -> tuple[float, float]: ...
    def plain(self, number: int) -> tuple[Any, ...]: ...
    def current(self, front: Any, groups: object) -> list[tuple[Any, ...]]: ...
    def step(self, front: Any, groups: object, grads: object, grad_scale: float, zero_grads: bool) -> None: ...
