from typing import Any

import numpy as np

def update(
    arrays: list[np.ndarray],
    average: np.ndarray | None,
    t: int,
    rectified: bool,
    lr: float,
    lr_scale: float,
    beta1: float,
    beta2: float,
    eps: float,
    l2: float,
    threshold: float,
    l2_is_weight_decay: bool,
    given: np.ndarray,
    counts: dict[Any, int],
    key: object,
) -> None: ...
