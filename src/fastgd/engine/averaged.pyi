from typing import Any

from typing_extensions import disjoint_base

from fastgd.engine.steps import Steps

AVERAGED: str
NONE_KEPT: str

@disjoint_base
class Averaged:
    def __init__(self, front: Any, steps: Steps) -> None: ...
    def __enter__(self) -> None: ...
    def __exit__(self, *error: object) -> None: ...
