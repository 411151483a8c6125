"""Communicators of threads with the methods of mpi4py's, so that what ranks do is tested where there is no MPI."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

TIMEOUT = 60  # seconds after which ranks wait for each other in vain


class Shared:
    def __init__(self, ranks: int) -> None:
        self.barrier = threading.Barrier(ranks, timeout=TIMEOUT)
        self.slots: list[Any] = [None] * ranks


class Comm:
    """One rank's; sums are added in the order of the ranks."""

    def __init__(self, shared: Shared, rank: int) -> None:
        self.shared, self.rank = shared, rank
        self.calls = 0

    def Get_rank(self) -> int:  # noqa: N802
        return self.rank

    def Get_size(self) -> int:  # noqa: N802
        return len(self.shared.slots)

    def allgather(self, value: Any) -> list[Any]:
        self.calls += 1
        self.shared.slots[self.rank] = value
        self.shared.barrier.wait()
        found = list(self.shared.slots)
        self.shared.barrier.wait()
        return found

    def Allgather(self, mine: np.ndarray, out: np.ndarray) -> None:  # noqa: N802
        out[...] = np.stack(self.allgather(mine.copy())).reshape(out.shape)

    def Allgatherv(self, mine: np.ndarray, out: list[Any]) -> None:  # noqa: N802
        target, counts = out
        parts = self.allgather(mine.copy())
        assert [part.size for part in parts] == list(counts)
        target[...] = np.concatenate(parts)

    def Gatherv(self, mine: np.ndarray, out: list[Any] | None, root: int = 0) -> None:  # noqa: N802
        parts = self.allgather(mine.copy())
        assert (out is not None) == (root == self.rank)
        if out is not None:
            assert [part.size for part in parts] == list(out[1])
            out[0][...] = np.concatenate(parts)

    def Reduce_scatter(self, mine: np.ndarray, out: np.ndarray, counts: list[int]) -> None:  # noqa: N802
        total, *others = self.allgather(mine.copy())
        total = total.copy()
        for other in others:
            total += other
        start = sum(counts[: self.rank])
        assert out.size == counts[self.rank]
        out[...] = total[start : start + out.size]


def on_threads(ranks: int, scenario: Callable[[Any], Any]) -> list[Any]:
    """What a scenario returns on each rank, or raises."""
    shared = Shared(ranks)
    results: list[Any] = [None] * ranks

    def run(rank: int) -> None:
        try:
            results[rank] = scenario(Comm(shared, rank))
        except BaseException as error:
            results[rank] = error
            if not isinstance(error, threading.BrokenBarrierError):
                shared.barrier.abort()

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(ranks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
        assert not thread.is_alive(), "the ranks wait for each other"
    errors = [result for result in results if isinstance(result, BaseException)]
    for error in sorted(errors, key=lambda error: isinstance(error, threading.BrokenBarrierError)):
        raise error
    return results
