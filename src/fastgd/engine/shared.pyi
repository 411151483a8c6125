from typing_extensions import disjoint_base

from fastgd.engine.grouped import Grouped
from fastgd.ranks import Ranks

@disjoint_base
class Shared(Grouped):
    ranks: Ranks | None
    exchanges: int
    def set_ranks(self, ranks: Ranks | None, over_all: bool) -> None: ...
