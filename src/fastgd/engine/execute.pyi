ALIGN_FROM: int
PARALLEL_FROM: int

def set_parallel_from(elements: int) -> int: ...
