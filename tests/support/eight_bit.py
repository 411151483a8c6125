"""State in 8 bits in plain NumPy: the tables, the arithmetic that finds codes, and twins of parameters."""

from typing import Any

import numpy as np

from fastgd.engine import dispatch
from fastgd.engine.formats import LEAST, POSITIVE, SIGNED, SQUARES
from support.cases import CASES, Case
from support.formats import Mix, Twin

SPAN = 256
DECADES = 7


def table(signed: bool) -> np.ndarray:
    """bitsandbytes' dynamic map: what each of 256 codes stands for."""
    values = [np.float32(0), np.float32(1)]
    for i in range(DECADES):
        n = 2**i if signed else 2 ** (i + 1)
        # torch.linspace, which multiplies and adds with one rounding: exact in double.
        step = float((np.float32(1) - np.float32(0.1)) / np.float32(n))
        low = [np.float32(float(np.float32(0.1)) + step * k) for k in range((n + 1) // 2)]
        edges = np.array([*low, *(np.float32(1.0 - step * (n - k)) for k in range((n + 1) // 2, n + 1))])
        values += list(np.float32(10.0 ** (i - 6)) * ((edges[:-1] + edges[1:]) / np.float32(2)))
    if signed:
        values += [-v for v in values if 0 < v < 1]
    return np.sort(np.array(values, np.float32))


TABLES = {signed: table(signed) for signed in (True, False)}


def midpoints(signed: bool) -> np.ndarray:
    """Between neighbours of a table, exact in float64."""
    wide = TABLES[signed].astype(np.float64)
    middle: np.ndarray = (wide[:-1] + wide[1:]) / 2
    return middle


def places(x: np.ndarray, signed: bool) -> tuple[np.ndarray, np.float32]:
    """The places of magnitudes in [0, 1] on the lines of their decades, by the kernels' arithmetic; and the least."""
    positive = TABLES[signed][TABLES[signed] >= 0]
    counts = [2**i if signed else 2 ** (i + 1) for i in range(DECADES)]
    before = np.cumsum([0, *counts])
    middle = (positive[before].astype(np.float64) + positive[before + 1]) / 2
    starts = middle.astype(np.float32)
    starts = np.where(starts < middle, np.nextafter(starts, np.float32(2)), starts)
    decade = np.sum([x >= start for start in starts[1:DECADES]], axis=0)
    count = np.array(counts, np.float32)[decade]
    slope = np.array([n * 10.0 ** (6 - i) / 0.9 for i, n in enumerate(counts)]).astype(np.float32)[decade]
    place, most = slope * x + count * np.float32(0.8888889), count + count - np.float32(1)
    place = np.where(place < most, place, most)
    return np.where(x >= starts[DECADES], np.float32(128 if signed else 256), place), starts[0]


def encoded(values: np.ndarray, signed: bool) -> tuple[np.ndarray, np.ndarray]:
    """(codes, largest magnitude of each block) of float32 numbers in C order."""
    flat = np.asarray(values, np.float32).ravel()
    flat = flat if signed else np.where(flat > 0, flat, np.float32(0))
    blocks = np.concatenate([flat, np.zeros(-flat.size % SPAN, np.float32)]).reshape(-1, SPAN)
    magnitude = abs(blocks)
    absmax = np.where(np.isfinite(magnitude), magnitude, np.float32(0)).max(axis=1, initial=0)
    with np.errstate(all="ignore"):
        lift = np.where(absmax < np.float32(1e-30), np.float32(2**32), np.float32(1)) * (absmax > 0)
        inverse = np.where(absmax > 0, np.float32(1) / (absmax * lift.astype(np.float32)), np.float32(0))
        x = magnitude * lift.astype(np.float32)[:, None] * inverse[:, None]
        place, least = places(x, signed)
    if signed:
        place = np.where(x >= least, place, np.float32(0))
        codes = np.maximum(127 + np.copysign(place, blocks).astype(np.int32), 0)
    else:
        lowest = np.where(blocks > 0, np.float32(2), np.float32(1))
        codes = np.where(place > lowest, place, lowest).astype(np.int32) - 1
    return codes.ravel()[: flat.size].astype(np.uint8).reshape(values.shape), absmax


def decoded(codes: np.ndarray, absmax: np.ndarray, signed: bool) -> np.ndarray:
    values = TABLES[signed][codes.ravel()] * np.repeat(absmax, SPAN)[: codes.size]
    result: np.ndarray = values.reshape(codes.shape)
    return result


def can(case: Case) -> bool:
    """Whether a case's states are all moving averages."""
    keys = {key for rule in case.rules for key in dispatch.rules()[rule][1]}
    kind = case.optimizer
    return keys <= SIGNED | POSITIVE and not (kind.rereads_state or kind.whole)


ABLE = [case for case in CASES if can(case)]


class TwinIn8Bits(Twin):
    """
    A parameter whose state is in 8 bits, in C order, as it is stored after each step.

    Attributes
    ----------
    param : ndarray
        In its dtype.
    state : dict
        As `opt.state` has it, without the step: codes, and the largest magnitudes of their blocks.
    """

    def __init__(self, case: Case, mix: Mix, param: np.ndarray, root: bool) -> None:
        super().__init__(case, mix, param)
        self.root = root

    def step(self, grad: np.ndarray, t: int, **more: Any) -> None:
        param = self.param.astype(np.float32)
        state = self.numbers()
        with np.errstate(all="ignore"):
            self.case.reference(param, grad.astype(np.float32), state, t, **self.case.arguments, **more)
        self.param[...] = self._stored(param, self.param.dtype, False, t, 0)
        self.state = {}
        for key, value in state.items():
            if not isinstance(value, np.ndarray) or param.size < LEAST:
                self.state[key] = value
                continue
            name, values = self._absmax(key), value
            if name.endswith("_sqrt_absmax"):
                values = np.sqrt(np.where(value > 0, value, np.float32(0)))
            self.state[key], self.state[name] = encoded(values, key in SIGNED)

    def numbers(self) -> dict[str, Any]:
        """The state as it is computed with."""
        result = {}
        for key, value in self.state.items():
            if key.endswith("_absmax"):
                continue
            result[key] = value
            if (name := self._absmax(key)) in self.state:
                result[key] = decoded(value, self.state[name], key in SIGNED)
                if name.endswith("_sqrt_absmax"):
                    result[key] = result[key] * result[key]
        return result

    def _absmax(self, key: str) -> str:
        return f"{key}_sqrt_absmax" if self.root and key in SQUARES else f"{key}_absmax"
