from collections.abc import Callable
from typing import Any

from typing_extensions import disjoint_base

@disjoint_base
class Reader:
    names: tuple[str, ...]
    checks: tuple[Any, ...]
    width: int
    convert: Callable[[str, Any], Any] | None
    together: Callable[[dict[str, Any]], None] | None
    def __init__(
        self,
        checks: dict[str, Any],
        convert: Callable[[str, Any], Any] | None = None,
        together: Callable[[dict[str, Any]], None] | None = None,
    ) -> None: ...
    def values(self, given: dict[str, Any], where: str | None = None) -> tuple[Any, ...]: ...
    def doubles(self, values: tuple[Any, ...]) -> tuple[float, ...]: ...
