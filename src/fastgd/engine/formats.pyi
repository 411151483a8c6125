import numpy as np
from typing_extensions import disjoint_base

@disjoint_base
class Storage:
    state_dtype: str | None
    rounding: str
    seed: int
    master_weights: bool
    ema_decay: float | None
    in_blocks: bool
    def __init__(
        self,
        state_dtype: str | None = None,
        rounding: str = "nearest",
        seed: int = 0,
        master_weights: bool = False,
        ema_decay: float | None = None,
    ) -> None: ...
    def absmax_key(self, key: str, param: np.ndarray) -> str | None: ...
    def state_name(self, key: str, param: str) -> str: ...
    def stores_like(self, o: Storage) -> bool: ...

NAMES: tuple[str, ...]
SLOW: frozenset[str]
ABSMAX: str
AVERAGE: str
MASTER: tuple[str, str]
SIGNED: frozenset[str]
SQUARES: frozenset[str]
POSITIVE: frozenset[str]
IN_BLOCKS: tuple[str, str]
BLOCK: int
LEAST: int

def absmax_keys(key: str) -> tuple[str, str]: ...
def format_in_blocks(key: str, root: bool) -> int: ...
def register_bfloat16(number: int) -> None: ...
