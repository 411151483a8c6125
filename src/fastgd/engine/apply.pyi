from typing import Any

import numpy as np
from typing_extensions import disjoint_base

def is_plain(arrays: tuple[Any, ...]) -> bool: ...

@disjoint_base
class Function:
    def __init__(self, kind: Any, states: tuple[str, ...]) -> None: ...
    def update(
        self,
        param: np.ndarray,
        grad: np.ndarray,
        states: tuple[np.ndarray | None, ...],
        step: int,
        grad_scale: float,
        values: tuple[Any, ...],
        carry: tuple[float, ...] = (),
    ) -> Any: ...
