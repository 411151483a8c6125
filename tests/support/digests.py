"""
The bits of every case after eight steps, as digests in tests/digests.txt: what every machine must find.

    cd tests && python -m support.digests

writes the file anew, for a rule that is new or is meant to have other bits; the difference belongs in the review.
"""

import hashlib
from pathlib import Path

import numpy as np

from support.cases import CASES, Case

FILE = Path(__file__).resolve().parent.parent / "digests.txt"
STEPS = 8
SIZES = (1, 67, 1030)  # a tail alone; a body and a tail; a head, a body and a tail
HEAD = "# case, and its bits in float32 and float64; written by support/digests.py\n"


def numbers(start: int, size: int, dtype: type) -> np.ndarray:
    """Multiples of 2**-21 in [-4, 4) from integers alone, so that no generator and no C library has a part in them."""
    with np.errstate(over="ignore"):
        mixed = (np.arange(start, start + size, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return ((mixed >> np.uint64(40)).astype(np.int64) - 2**23).astype(dtype) / dtype(2**21)


def digest(case: Case, dtype: type) -> str:
    """Of the parameters, then the states by their keys, little-endian."""
    params = [numbers(10_000 * i, size, dtype) for i, size in enumerate(SIZES)]
    opt = case.optimizer(params, **case.arguments)
    for step in range(STEPS):
        opt.step([numbers(100_000 * (step + 1) + 10_000 * i, size, dtype) for i, size in enumerate(SIZES)])
    found = hashlib.sha256()
    for i, param in enumerate(params):
        for array in (param, *(array for _, array in sorted(opt.state.get(i, {}).items()))):
            found.update(np.asarray(array).astype(np.asarray(array).dtype.newbyteorder("<")).tobytes())
    return found.hexdigest()[:16]


def expected() -> dict[str, tuple[str, str]]:
    lines = [line.split() for line in FILE.read_text().splitlines() if not line.startswith("#")]
    return {name: (single, double) for name, single, double in lines}


if __name__ == "__main__":
    lines = [f"{case.name} {digest(case, np.float32)} {digest(case, np.float64)}\n" for case in CASES]
    FILE.write_text(HEAD + "".join(lines))
