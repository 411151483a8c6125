"""
Steps with gradients of a few rows of a table: fastgd's, on NumPy's arrays and torch's tensors, and torch's own.

Beside them what memory alone asks for: the same rows of all arrays, read and written back by NumPy.
"""

import importlib
import itertools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import fastgd
from fastgd.tools.bench import pairing, peers
from fastgd.tools.bench.pairing import Ratio
from fastgd.tools.bench.rows import LR
from fastgd.tools.bench.stepper import Stepper
from fastgd.tools.bench.threads import using

WIDTH, TOUCHED = 64, 4096
BATCHES = 32  # gradients that take turns, so that a step does not find its rows where the last one left them
STATES = {"SGD": 0, "Adagrad": 1, "SparseAdam": 2}  # arrays like the table
RULES = tuple(STATES)
MEMORY = "take and put"
LIBRARIES = ("fastgd", "fastgd.torch", "torch", MEMORY)


def batches(rows: int) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(0)
    return [(rng.integers(0, rows, TOUCHED), rng.standard_normal((TOUCHED, WIDTH), np.float32)) for _ in range(BATCHES)]


def stepper(library: str, rule: str, rows: int) -> Stepper:
    """Steps of a table of so many rows."""
    table, given = np.ones((rows, WIDTH), np.float32), batches(rows)
    touched = np.unique(given[0][0])
    if library == "fastgd":
        opt = getattr(fastgd, rule)([table], lr=LR)
        gradients = itertools.cycle([[fastgd.Rows(*batch)] for batch in given])
        return Stepper(library, lambda: [table[touched]], lambda: opt.step(next(gradients)))
    if library == MEMORY:
        return Stepper(library, lambda: [table[touched]], _memory_step(rule, table, given))
    return Stepper(library, lambda: [table[touched]], _tensor_step(library, rule, table, given))


def _memory_step(rule: str, table: np.ndarray, given: list[Any]) -> Callable[[], None]:
    """What NumPy takes to read the rows of a step, sorted and each once, and to write them with something added."""
    arrays = [table, *(np.ones_like(table) for _ in range(STATES[rule]))]
    numbers = itertools.cycle([np.unique(indices) for indices, _ in given])
    room = np.empty((TOUCHED, WIDTH), np.float32)

    def step() -> None:
        rows = next(numbers)
        for array in arrays:
            part = np.take(array, rows, 0, room[: len(rows)], "clip")
            part += LR
            array[rows] = part

    return step


def _tensor_step(library: str, rule: str, table: np.ndarray, given: list[Any]) -> Callable[[], None]:
    torch: Any = peers.module("torch")
    host = importlib.import_module("fastgd.torch" if library == "fastgd.torch" else "torch.optim")
    tensor = torch.from_numpy(table).requires_grad_(True)
    opt = getattr(host, rule)([tensor], lr=LR)

    def sparse(indices: np.ndarray, values: np.ndarray) -> Any:
        return torch.sparse_coo_tensor(
            torch.from_numpy(indices)[None], torch.from_numpy(values), table.shape, check_invariants=False
        )

    gradients = itertools.cycle([sparse(*batch) for batch in given])

    def step() -> None:
        tensor.grad = next(gradients)
        with warnings.catch_warnings():
            # torch's Adagrad makes sparse tensors without saying whether they are to be checked.
            warnings.simplefilter("ignore", UserWarning)
            opt.step()

    return step


def against(library: str, other: str, rule: str, rows: int, threads: int, seconds: float) -> Ratio:
    """`ratio` is how many times longer the other's step takes."""
    with using(threads):
        return pairing.compare(stepper(library, rule, rows), stepper(other, rule, rows), seconds, calm=threads > 1)


def growth(library: str, rule: str, rows: int, more: int, seconds: float) -> Ratio:
    """`ratio` is the time of a step on a table of `more` rows over that on one of `rows`."""
    with using(1):
        return pairing.compare(stepper(library, rule, rows), stepper(library, rule, more), seconds)
