"""Gradients that are summed, and parameters that are gathered, in rounds whose buffers have a bounded size."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from fastgd.mpi.division import Range

ELEMENTS = 1 << 24  # of a round, over all ranks: 64 MB of float32


class Copy(NamedTuple):
    """Elements [start, stop) of a parameter, which lie from `place` on in a round's buffer."""

    rank: int
    param: int
    start: int
    stop: int
    place: int


class Round(NamedTuple):
    """What is sent at once: how many elements each rank has, and what they are."""

    counts: list[int]
    copies: list[Copy]
    first: int  # of a rank's elements, before this round


def rounds_of(division: Sequence[Sequence[Range]], elements: int = ELEMENTS) -> list[Round]:
    """The rounds in which all elements of a division are sent."""
    ranks = len(division)
    share = max(1, elements // ranks)
    longest = max(sum(stop - start for start, stop in own) for own in division)
    walks = [_pieces(own, share) for own in division]
    result = []
    for first in range(0, longest, share):
        counts, copies, place = [], [], 0
        for rank, walk in enumerate(walks):
            before = place
            for param, start, stop in next(walk, []):
                copies.append(Copy(rank, param, start, stop, place))
                place += stop - start
            counts.append(place - before)
        result.append(Round(counts, copies, first))
    return result


def _pieces(own: Sequence[Range], share: int) -> Iterator[list[tuple[int, int, int]]]:
    """The elements of one rank, `share` of them at a time: (parameter, start, stop)."""
    pieces: list[tuple[int, int, int]] = []
    room = share
    for param, (start, stop) in enumerate(own):
        while start < stop:
            end = min(stop, start + room)
            pieces.append((param, start, end))
            room -= end - start
            start = end
            if not room:
                yield pieces
                pieces, room = [], share
    if pieces:
        yield pieces


class Bucket:
    """
    Parameters of one dtype, which are sent together.

    Parameters
    ----------
    comm
        The communicator.
    params : list of ndarray
        Their elements in the order of memory, one axis each.
    division : list of list of (int, int)
        For each rank and each parameter the elements that the rank has.
    sum_dtype : dtype
        In which gradients are summed.
    """

    def __init__(
        self, comm: Any, params: list[np.ndarray], division: list[list[Range]], sum_dtype: np.dtype, elements: int
    ) -> None:
        self.comm = comm
        self.rank = comm.Get_rank()
        self.params = [_sendable(param) for param in params]
        self.rounds = rounds_of(division, elements)
        self.own = division[self.rank]
        self.sums = np.zeros(sum(stop - start for start, stop in self.own), sum_dtype)
        room = max((sum(one.counts) for one in self.rounds), default=0)
        self._sent = np.empty(room, sum_dtype)
        # Memory that is new to the process would be filled with zeros by the kernel, page by page, in every step.
        self._gathered = np.empty(room, self.params[0].dtype)
        self._mine = np.empty(max((one.counts[self.rank] for one in self.rounds), default=0), self.params[0].dtype)

    def own_sums(self) -> list[np.ndarray]:
        """For each parameter where the sums of this rank's elements are put."""
        ends = np.cumsum([stop - start for start, stop in self.own])
        return np.split(self.sums, ends[:-1])

    def reduce(self, grads: list[np.ndarray | None]) -> None:
        """Sum gradients, elements as `params` has them, over the ranks; None for a parameter that has none."""
        for one in self.rounds:
            for _, param, start, stop, place in one.copies:
                grad = grads[param]
                self._sent[place : place + stop - start] = 0 if grad is None else grad[start:stop]
            mine = self.sums[one.first : one.first + one.counts[self.rank]]
            self.comm.Reduce_scatter(self._sent[: sum(one.counts)], mine, one.counts)

    def gather(self) -> None:
        """Give each rank's elements of the parameters to all others."""
        for one in self.rounds:
            mine = self._mine[: one.counts[self.rank]]
            begin = sum(one.counts[: self.rank])
            for rank, param, start, stop, place in one.copies:
                if rank == self.rank:
                    mine[place - begin : place - begin + stop - start] = self.params[param][start:stop]
            self.comm.Allgatherv(mine, [self._gathered[: sum(one.counts)], one.counts])
            for rank, param, start, stop, place in one.copies:
                if rank != self.rank:
                    self.params[param][start:stop] = self._gathered[place : place + stop - start]


def _sendable(array: np.ndarray) -> np.ndarray:
    """An array as MPI knows its elements: those of 16 bits as integers."""
    return array.view(np.uint16) if array.dtype.itemsize == 2 else array


def assembled(comm: Any, mine: np.ndarray, counts: list[int], out: np.ndarray | None, root: int | None) -> None:
    """
    Put the elements that ranks have of one array, in order, into `out`: on `root`, or on all ranks.

    `out` is None where it is not wanted.
    """
    mine = _sendable(mine)
    target = None if out is None else _sendable(out)
    starts = [sum(counts[:rank]) for rank in range(len(counts))]
    here = starts[comm.Get_rank()]
    total = sum(counts)
    for first in range(0, total, ELEMENTS):
        last = min(first + ELEMENTS, total)
        parts = [max(min(s + n, last) - max(s, first), 0) for s, n in zip(starts, counts, strict=True)]
        begin = max(first - here, 0)
        part = mine[begin : begin + parts[comm.Get_rank()]]
        if root is None:
            comm.Allgatherv(part, [_there(target)[first:last], parts])
        else:
            comm.Gatherv(part, None if target is None else [target[first:last], parts], root=root)


def _there(target: np.ndarray | None) -> np.ndarray:
    if target is None:
        raise RuntimeError("an array is gathered on all ranks and has no place on this one; please report this")
    return target
