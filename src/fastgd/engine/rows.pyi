import numpy as np
from typing_extensions import disjoint_base

@disjoint_base
class Rows:
    indices: np.ndarray
    values: np.ndarray
    def __init__(self, indices: object, values: object) -> None: ...
    def __reduce__(self) -> tuple[type[Rows], tuple[np.ndarray, np.ndarray]]: ...

@disjoint_base
class Gathered: ...
