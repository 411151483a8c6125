from typing import Any

import numpy as np
from typing_extensions import disjoint_base

@disjoint_base
class Step:
    def __init__(
        self,
        param: np.ndarray,
        grad: np.ndarray,
        momentum: np.ndarray | None,
        moments: tuple[np.ndarray, ...],
        numbers: dict[str, Any],
    ) -> None: ...

@disjoint_base
class Work:
    def __init__(self) -> None: ...
    def add(self, *arguments: Any) -> None: ...
    def __call__(self) -> None: ...
