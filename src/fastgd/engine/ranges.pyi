from typing import Self

from typing_extensions import Buffer, disjoint_base

@disjoint_base
class Mapping(Buffer):
    nbytes: int
    fd: int
    def __new__(cls, fd: int, nbytes: int, wanted: bool) -> Self: ...
