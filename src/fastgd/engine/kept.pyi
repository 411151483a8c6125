from typing import Any

import numpy as np
from typing_extensions import disjoint_base

from fastgd.engine.shared import Shared

ROW_OF_LEDGER: int

@disjoint_base
class Kept(Shared):
    files: Any
    def set_ledger(self, ledger: np.ndarray) -> None: ...
    def set_renaming(self, renaming: tuple[bytes, bytes] | None) -> None: ...
    def set_ranges(self, mapped: list[tuple[int, int, int, int]]) -> None: ...
    def settle(self) -> None: ...
