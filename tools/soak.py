"""
A long life: steps, optimizers and forks by the thousand, after which the process is no larger than before.

    make soak                       # a million steps, ten thousand optimizers, a thousand forks
    python tools/soak.py 1000 100 10
"""

import gc
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

import fastgd

LIFE = {"steps": 1_000_000, "optimizers": 10_000, "forks": 1_000}
ALLOWED = 1 << 20  # what the allocator may keep without its being a leak; a leak of one object a step is far more
CLASSES = (fastgd.SGD, fastgd.Adam, fastgd.NAdam, fastgd.RMSprop, fastgd.Rprop)


def resident() -> int:
    """Bytes of this process that lie in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def arrays() -> list[np.ndarray]:
    return [np.ones(40, np.float32), np.ones((3, 5)), np.ones(())]


def steps(count: int) -> Iterator[None]:
    """Steps of every kind: clipped, bound, left out, refused."""
    opts = [
        cls(arrays(), lr=fastgd.schedules.constant(1e-6), max_grad_norm=1.0, skip_nonfinite=True) for cls in CLASSES
    ]
    grads, bad = arrays(), [*arrays()[:2], np.full((), np.nan)]
    for opt in opts:
        opt.bind(grads)
    for i in range(count):
        opt = opts[i % len(opts)]
        if i % 7 == 0:
            opt.step()
        elif i % 11 == 0:
            opt.step(bad)
        elif i % 13 == 0:
            with suppress(ValueError):
                opt.step(grads[:2])
        else:
            opt.step(grads)
        yield


def optimizers(count: int) -> Iterator[None]:
    """Optimizers that are made, stepped, saved, loaded and let go."""
    with tempfile.TemporaryDirectory() as folder:
        for i in range(count):
            opt, other = (CLASSES[i % len(CLASSES)](arrays(), max_grad_norm=1.0) for _ in range(2))
            opt.step(arrays())
            other.load_state_dict(opt.state_dict())
            if i % 10 == 0:
                fastgd.save(Path(folder, "run"), opt)
                fastgd.load(Path(folder, "run"), other)
            yield


def forks(count: int) -> Iterator[None]:
    """Children that step, after the parent has stepped with all its threads."""
    params, grads = [np.ones(600_000, np.float32)], [np.ones(600_000, np.float32)]
    opt = fastgd.Adam(params)
    for _ in range(count):
        opt.step(grads)
        child = os.fork()
        if child == 0:
            opt.step(grads)
            os._exit(0 if np.isfinite(params[0][0]) else 1)
        if os.waitpid(child, 0)[1]:
            raise SystemExit("a forked child could not step")
        yield


def grown(work: Callable[[int], Iterator[None]], count: int) -> int:
    """Bytes by which the process has grown since the first fifth, in which caches fill and the allocator settles."""
    before = 0
    for i, _ in enumerate(work(count)):
        if i == count // 5:
            gc.collect()
            before = resident()
    gc.collect()
    return resident() - before


def main(counts: list[int]) -> None:
    for work, count in zip((steps, optimizers, forks), counts, strict=True):
        growth = grown(work, count)
        print(f"{count} {work.__name__}: {growth / 1024:+.0f} KiB")
        if growth > ALLOWED:
            raise SystemExit(f"{work.__name__}: the process has grown by {growth} bytes")


if __name__ == "__main__":
    main([int(count) for count in sys.argv[1:]] or list(LIFE.values()))
