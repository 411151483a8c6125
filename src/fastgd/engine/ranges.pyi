from collections.abc import Buffer

class Mapping(Buffer):
    nbytes: int
    fd: int
    def __new__(cls, fd: int, nbytes: int, wanted: bool) -> Mapping: ...
