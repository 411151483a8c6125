from typing import Any

import numpy as np
from typing_extensions import disjoint_base

from fastgd.engine.steps import Steps

AVERAGED: str
NONE_KEPT: str

@disjoint_base
class Averaged:
    def __init__(self, front: Any, steps: Steps) -> None: ...
    def __enter__(self) -> None: ...
    def __exit__(self, *error: object) -> None: ...

@disjoint_base
class Behind:
    slow: list[np.ndarray]
    count: int
    def __init__(self, steps: Steps, k: int, alpha: float) -> None: ...
    def grow(self) -> None: ...
    def follow(self, completed: int) -> None: ...

@disjoint_base
class Way:
    def __init__(
        self, alpha: float, counts: list[tuple[dict[str, Any], int]], pairs: list[tuple[Any, Any]]
    ) -> None: ...
    def __call__(self) -> None: ...

def change(entries: list[tuple[dict[str, Any], str, Any]], pairs: list[tuple[Any, Any]]) -> None: ...
