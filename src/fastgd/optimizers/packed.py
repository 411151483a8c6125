"""State in 8 bits as it comes in: codes with the largest magnitude of each block, or numbers that become such."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastgd import formats, validation
from fastgd.engine.formats import BLOCK, absmax_keys, format_in_blocks
from fastgd.engine.plan import Group
from fastgd.engine.tile import pack, unpack

Take = Callable[[str, str, Any, np.ndarray, Group], np.ndarray]


def read(
    label: str, key: str, entry: Mapping[str, Any], param: np.ndarray, slots: Group, take: Take
) -> dict[str, np.ndarray] | None:
    """
    The state arrays of a key of an entry, in 8 bits where the group has them so; None where neither does.

    `take` makes an array of one that is stored as it is saved.
    """
    found = [name for name in absmax_keys(key) if name in entry]
    if not found and (key not in entry or not slots.storage.in_blocks):
        return None
    wanted = slots.storage.absmax_key(key, param)
    if len(found) > 1:
        raise ValueError(f"{label}: expected one of {found[0]!r} and {found[1]!r}, got both")
    if wanted is None and not found:
        return None
    if found and key not in entry:
        raise ValueError(f"{label}: missing {key!r}, of which {found[0]!r} has the largest magnitudes")
    if found == [wanted]:
        return {name: take(label, name, entry[name], param, slots) for name in (key, found[0])}
    numbers = decoded(label, key, entry, found[0], param) if found else floats(f"{label}[{key!r}]", entry[key], param)
    zeros = slots.zeros_of([key], param)
    if wanted is None:
        zeros[key][...] = numbers
    else:
        pack(numbers, format_in_blocks(key, wanted == absmax_keys(key)[1]), zeros[key], zeros[wanted])
    return zeros


def absmax(label: str, value: Any, param: np.ndarray) -> np.ndarray:
    """The largest magnitude of each block, checked, in an array of its own."""
    array = formats.asarray(validation.unmasked(label, value))
    shape = (-(-param.size // BLOCK),)
    if array.dtype != np.float32:
        raise TypeError(f"{label}: expected dtype float32, got {array.dtype}")
    if array.shape != shape:
        raise ValueError(f"{label}: expected shape {shape}, one for {BLOCK} elements each, got {array.shape}")
    if not (np.isfinite(array) & (array >= 0)).all():
        raise ValueError(f"{label}: expected finite numbers of at least 0, got others too")
    return array.copy().view()


def decoded(label: str, key: str, entry: Mapping[str, Any], name: str, param: np.ndarray) -> np.ndarray:
    """The numbers that codes stand for, in float32 and in C order."""
    codes = formats.asarray(validation.unmasked(f"{label}[{key!r}]", entry[key]))
    if codes.dtype != np.uint8:
        raise TypeError(f"{label}[{key!r}]: expected dtype uint8 beside {name!r}, got {codes.dtype}")
    if codes.shape != param.shape:
        raise ValueError(f"{label}[{key!r}]: expected shape {param.shape}, got {codes.shape}")
    numbers = np.empty(param.shape, np.float32)
    most = absmax(f"{label}[{name!r}]", entry[name], param)
    unpack(np.ascontiguousarray(codes), most, format_in_blocks(key, name == absmax_keys(key)[1]), numbers)
    return numbers


def floats(label: str, value: Any, param: np.ndarray) -> np.ndarray:
    """A saved array of numbers in float32 and in C order."""
    array = formats.asarray(validation.unmasked(label, value))
    if formats.name_of(array.dtype) not in formats.NARROW:
        raise TypeError(f"{label}: expected dtype {formats.listed(formats.NARROW)}, got {array.dtype}")
    if array.shape != param.shape:
        raise ValueError(f"{label}: expected shape {param.shape}, got {array.shape}")
    numbers = np.array(array, np.float32, order="C")
    if not np.isfinite(numbers).all():
        raise ValueError(f"{label}: expected finite numbers for state in 8 bits, got others too")
    return numbers
