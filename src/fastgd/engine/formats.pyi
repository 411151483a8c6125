from typing_extensions import disjoint_base

@disjoint_base
class Storage:
    state_dtype: str | None
    rounding: str
    seed: int
    def __init__(self, state_dtype: str | None = None, rounding: str = "nearest", seed: int = 0) -> None: ...
    def state_name(self, key: str, param: str) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...

NAMES: tuple[str, ...]
SLOW: frozenset[str]

def register_bfloat16(number: int) -> None: ...
