from typing import Any

from typing_extensions import disjoint_base

@disjoint_base
class Views:
    def __init__(self, kind: type) -> None: ...
    def look(self, tensors: list[Any]) -> tuple[Any, ...]: ...
