"""All ranks go on, or none does: what one refuses, all refuse, and what must be the same is compared."""

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

Said = Sequence[tuple[str, object]]  # what must be the same on all ranks, by what messages call it


def agree(comm: Any, said: Said, error: Exception | None, refused: str) -> None:
    """
    Raise on all ranks where one has an error, or where they do not say the same.

    Parameters
    ----------
    comm
        The communicator; every rank calls this.
    said : list of (str, object)
        What must be the same; compared by its `repr`.
    error : Exception or None
        What this rank raises.
    refused : str
        What messages say of a rank that has an error: ``rank 3 has refused its step``.

    Raises
    ------
    Exception
        `error`, on the rank that has it.
    RuntimeError
        On the others.
    ValueError
        On all ranks, where they do not say the same.
    """
    digest = zlib.crc32(repr(list(said)).encode())
    mine = np.array([error is not None, digest], np.float64)
    found = np.empty((comm.Get_size(), 2))
    comm.Allgather(mine, found)
    failed = np.flatnonzero(found[:, 0])
    if error is not None:
        raise error
    if failed.size:
        raise RuntimeError(f"rank {failed[0]} has refused {refused}; its error says why")
    if np.any(found[:, 1] != digest):
        raise ValueError(_difference(comm.allgather([(name, repr(value)) for name, value in said])))


def _difference(all_said: list[list[tuple[str, str]]]) -> str:
    """What is not the same on all ranks."""
    for rank, said in enumerate(all_said):
        for (name, first), (_, other) in zip(all_said[0], said, strict=False):
            if first != other:
                return f"{name}: expected the same on all ranks, got {first} on rank 0 and {other} on rank {rank}"
    return "expected the same arguments on all ranks, got others"
