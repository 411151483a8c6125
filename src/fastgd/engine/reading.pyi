from typing import Any

from typing_extensions import disjoint_base

from fastgd.engine.plan import Group
from fastgd.engine.reader import Reader
from fastgd.optimizers.tree import Tree

@disjoint_base
class Reading:
    given: dict[str, Any]
    schedules: list[tuple[int, Any, str, Any]]
    def __init__(
        self, group: Group, tree: Tree | None, given: dict[str, Any], reader: Reader, where: str | None = None
    ) -> None: ...
