import numpy as np

def rms(dense: np.ndarray) -> float: ...
def step(
    param: np.ndarray,
    grad: np.ndarray,
    moments: tuple[np.ndarray, ...],
    scale: float,
    bound: float,
    share: float,
    eps1: float,
    keep: float,
    alpha: float,
    d: float,
) -> None: ...
