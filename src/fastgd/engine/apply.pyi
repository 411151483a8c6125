from typing import Any

import numpy as np

def fit(arrays: tuple[Any, ...]) -> bool: ...

class Function:
    def __init__(self, kind: Any, states: tuple[str, ...]) -> None: ...
    def __call__(
        self,
        param: np.ndarray,
        grad: np.ndarray,
        states: tuple[np.ndarray | None, ...],
        step: int,
        grad_scale: float,
        values: tuple[Any, ...],
        carry: tuple[float, ...] = (),
    ) -> Any: ...
