"""Memory for state arrays."""

import numpy as np

from fastgd.engine.execute import ALIGN_FROM

CACHE_LINE = 64


def zeros_beside(param: np.ndarray) -> np.ndarray:
    """
    Zeros laid out like `param`, in pages that nobody has touched yet.

    They begin at the parameter's offset within a cache line, so that one short head brings both to the next; below
    the size that gets a head, at the beginning of a line. The result is a view, so that it cannot be resized in place.
    """
    raw = np.zeros(param.nbytes + CACHE_LINE, np.uint8)
    start = param.ctypes.data if param.size >= ALIGN_FROM else 0
    offset = (start - raw.ctypes.data) % CACHE_LINE
    if param.size == 0:
        return raw[:0].view(param.dtype).reshape(param.shape)
    strides = [stride if n > 1 else param.itemsize for n, stride in zip(param.shape, param.strides, strict=True)]
    return np.ndarray(param.shape, param.dtype, raw.data, offset, strides)
