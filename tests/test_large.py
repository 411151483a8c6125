"""More than 2**31 elements: counted, not filled, by mapping a few pages of memory over and over."""

import ctypes
import mmap
import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import fastgd
from support.running import threads

TILE = 1 << 22  # elements that have memory of their own, for each half
HALF = (1 << 30) + 5 * TILE
MAP_SHARED, MAP_FIXED, MAP_FAILED = 0x01, 0x10, ctypes.c_void_p(-1).value

pytestmark = pytest.mark.skipif(
    not (sys.platform == "linux" and hasattr(os, "memfd_create") and sys.maxsize > 2**32),
    reason="needs Linux's mmap to show the same pages at many addresses",
)


def repeated(halves: int) -> tuple[np.ndarray, mmap.mmap]:
    """2 * HALF float32 elements: each half shows a tile HALF // TILE times, its own or, if `halves` is 1, the same."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    nbytes = 4 * TILE
    file = os.memfd_create("fastgd-tests")
    os.ftruncate(file, halves * nbytes)
    room = mmap.mmap(-1, 8 * HALF, prot=mmap.PROT_READ)
    begin = np.frombuffer(room, np.uint8, 1).ctypes.data
    for half in range(2):
        for k in range(HALF // TILE):
            address = begin + 4 * half * HALF + k * nbytes
            flags = mmap.PROT_READ | mmap.PROT_WRITE, MAP_SHARED | MAP_FIXED
            if libc.mmap(address, nbytes, *flags, file, half % halves * nbytes) == MAP_FAILED:
                pytest.skip(f"mmap refused: {os.strerror(ctypes.get_errno())}")
    os.close(file)
    memory = (ctypes.c_float * (2 * HALF)).from_address(begin)
    return np.frombuffer(memory, np.float32), room


@pytest.fixture
def arrays() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    param, param_room = repeated(2)
    grad, grad_room = repeated(1)
    grad[:TILE] = 1
    assert param.size > 2**31
    assert (grad[-9:] == 1).all()
    yield param, grad
    del param, grad
    param_room.close()
    grad_room.close()


def test_every_element_is_updated_once(arrays: Any) -> None:
    """Each visit takes 1 off an element of a tile."""
    param, grad = arrays
    with threads(1):
        fastgd.SGD(param, lr=1.0).step(grad)
    assert (param[:TILE] == -(HALF // TILE)).all()
    assert (param[-TILE:] == -(HALF // TILE)).all()
    with threads(2):  # These may be at the same tile at the same time, so that visits cannot be counted.
        fastgd.SGD(param, lr=1.0, weight_decay=1.0).step(grad)
    assert (param[:TILE] == -1).all()
    assert (param[-TILE:] == -1).all()
    assert fastgd.grad_norm(grad) == np.sqrt(2.0 * HALF)
