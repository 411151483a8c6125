from typing_extensions import disjoint_base

@disjoint_base
class Storage:
    state_dtype: str | None
    rounding: str
    seed: int
    master_weights: bool
    ema_decay: float | None
    def __init__(
        self,
        state_dtype: str | None = None,
        rounding: str = "nearest",
        seed: int = 0,
        master_weights: bool = False,
        ema_decay: float | None = None,
    ) -> None: ...
    def state_name(self, key: str, param: str) -> str: ...
    def stores_like(self, o: Storage) -> bool: ...

NAMES: tuple[str, ...]
SLOW: frozenset[str]
AVERAGE: str
MASTER: tuple[str, str]

def register_bfloat16(number: int) -> None: ...
