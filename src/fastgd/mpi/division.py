"""Which rank has which elements of the parameters."""

import itertools
from collections.abc import Sequence

import numpy as np

Range = tuple[int, int]  # [start, stop) of a parameter's elements, in the order of memory
LINE = 16  # elements that stay together, so that no two ranks update one cache line of float32


def by_elements(sizes: Sequence[int], ranks: int) -> list[list[Range]]:
    """
    One contiguous range of all elements, one parameter after the other, for each rank.

    Returns
    -------
    list of list of (int, int)
        For each rank and each parameter the range that the rank has, which may be empty.
    """
    total = sum(sizes)
    lines = -(-total // LINE)
    cuts = [min(lines * rank // ranks * LINE, total) for rank in range(ranks + 1)]
    result = []
    for first, last in itertools.pairwise(cuts):
        before, own = 0, []
        for size in sizes:
            start = min(max(first - before, 0), size)
            own.append((start, max(min(last - before, size), start)))
            before += size
        result.append(own)
    return result


def by_tensors(sizes: Sequence[int], ranks: int) -> list[list[Range]]:
    """The same, each parameter on one rank: the largest first, on the rank that has least so far."""
    loads = [0] * ranks
    owners = [0] * len(sizes)
    for i in sorted(range(len(sizes)), key=lambda i: (-sizes[i], i)):
        owners[i] = loads.index(min(loads))
        loads[owners[i]] += sizes[i]
    return [[(0, size if owners[i] == rank else 0) for i, size in enumerate(sizes)] for rank in range(ranks)]


def axes_of(array: np.ndarray) -> list[int]:
    """The axes of a dense array in the order in which memory has them."""
    return sorted(range(array.ndim), key=lambda axis: -array.strides[axis])


def flat(array: np.ndarray, axes: Sequence[int]) -> np.ndarray:
    """The elements in the order that memory has for `axes`: a view of a dense array that lies so, else a copy."""
    return array.transpose(axes).reshape(-1)


def laid_out(elements: np.ndarray, param: np.ndarray, axes: Sequence[int]) -> np.ndarray:
    """A view of all elements of a parameter, in the order of memory, in its shape."""
    shape = [param.shape[axis] for axis in axes]
    return elements.reshape(shape).transpose(np.argsort(axes) if len(axes) else ())
