"""
Checks of arrays and numbers that all parts of fastgd share, and their messages.

Hyperparameters have theirs in hyperparameters.py, and what one format or one host alone can get wrong is checked there:
optimizers/tree.py, optimizers/state_dict.py, checkpoint.py, torch/checks.py. Everywhere messages name the argument,
what is required and what came. ValueError is for values, shapes, layouts and read-only arrays; TypeError for types and
dtypes.
"""

import itertools
import numbers
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from fastgd import formats, hyperparameters

Named = tuple[str, np.ndarray]

real = hyperparameters.real
flag = hyperparameters.flag
nonnegative = hyperparameters.nonnegative
positive = hyperparameters.positive
fraction = hyperparameters.fraction
decay_rate = hyperparameters.decay_rate
rate = hyperparameters.rate
choice = hyperparameters.Choice


# ---- numbers ----------------------------------------------------------------------------------------------------


def optional_positive(name: str, value: object) -> float | None:
    return None if value is None else positive(name, value)


def count(name: str, value: object) -> int:
    """An integer in [1, 2**53]: one that float64 holds."""
    if isinstance(value, (bool, np.bool)) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    number = int(value)
    if number < 1:
        raise ValueError(f"{name} must be at least 1, got {number}")
    if number > 2**53:
        raise ValueError(f"{name} must be at most 2**53, got {number}")
    return number


def whole(name: str, value: object) -> int:
    """An integer from 0."""
    if type(value) is int and value >= 0:
        return value
    if isinstance(value, (bool, np.bool)) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if value < 0:
        raise ValueError(f"{name} must be at least 0, got {value}")
    return int(value)


def known(what: str, given: Iterable[object], allowed: Iterable[str]) -> None:
    """Refuse names that are not allowed, with the nearest right one."""
    allowed = list(allowed)
    for name in given:
        if name not in allowed:
            raise ValueError(f"{what}: unknown name {name!r}{_hint(name, allowed)}")


def arguments(owner: str, given: Iterable[str], allowed: Iterable[str]) -> None:
    """Refuse keywords that a call does not have."""
    allowed = list(allowed)
    for name in given:
        if name not in allowed:
            raise TypeError(f"{owner}: unknown argument {name!r}{_hint(name, allowed)}")


def settable(owner: str, name: str, allowed: Iterable[str]) -> None:
    """Refuse an attribute that would mean nothing."""
    allowed = list(allowed)
    if name not in allowed:
        raise AttributeError(f"{owner} has no attribute {name!r} to set{_hint(name, allowed)}")


def _hint(name: object, allowed: list[str]) -> str:
    import difflib  # where it is needed: it would be a part of the time that `import fastgd` takes

    near = difflib.get_close_matches(str(name), allowed, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(allowed)}"


def is_of_torch(value: object) -> bool:
    """Whether something is of a class of torch, or of one that is derived from it."""
    for kind in type(value).__mro__:  # noqa: SIM110  (an interrupt in a generator would be lost)
        if kind.__module__.partition(".")[0] == "torch":
            return True
    return False


# ---- arrays -----------------------------------------------------------------------------------------------------


def unmasked(label: str, value: Any) -> Any:
    """`value`, which is no masked array: `numpy.asarray` drops masks without a word."""
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{label}: expected a numpy.ndarray, got a masked array, whose mask would be lost")
    return value


def _array(label: str, value: object) -> np.ndarray:
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{label}: expected a numpy.ndarray, got {type(value).__name__}")
    unmasked(label, value)
    return value


def shared(label: str, value: Any) -> Any:
    """
    What gives its memory without a copy as an array over it, a NumPy scalar as a 0-d array, and others as they are.

    It is given by ``__dlpack__``, as by tensors and JAX's arrays, or by ``__array_interface__``.
    """
    if isinstance(value, (np.ndarray, type)):
        return value
    if isinstance(value, np.generic):
        scalar = np.asarray(value)
        scalar.flags.writeable = False  # as the scalar is, so that nothing is written that nobody sees
        return scalar
    if not (hasattr(value, "__dlpack__") or hasattr(value, "__array_interface__")):
        return value
    try:
        return _exported(value)
    except (TypeError, ValueError, RuntimeError, BufferError) as error:
        raise TypeError(
            f"{label}: expected memory that NumPy can share, got {type(value).__name__}: {error}"
        ) from error


def _exported(value: Any) -> np.ndarray:
    if not hasattr(value, "__dlpack__"):
        return np.asarray(value, copy=False)
    device = value.__dlpack_device__()[0]
    if device != 1:
        raise ValueError(f"it is on {getattr(value, 'device', f'device {int(device)} of DLPack')}, not on the CPU")
    of_torch = is_of_torch(value)
    if of_torch and value.is_neg():  # DLPack knows no signs that are yet to be turned.
        raise ValueError("it has the negative bit set")
    if str(getattr(value, "dtype", "")).rpartition(".")[2] != "bfloat16":
        return np.from_dlpack(value)
    # NumPy does not take bfloat16 from DLPack.
    if not of_torch:
        return np.asarray(value, copy=False)
    bits: np.ndarray = np.from_dlpack(value.view(sys.modules["torch"].int16))
    return bits.view(formats.bfloat16())


def _memory(label: str, array: np.ndarray) -> None:
    if not array.dtype.isnative:
        raise TypeError(f"{label}: expected native byte order, got dtype {array.dtype.str!r}")
    if not array.flags.aligned:
        raise ValueError(f"{label}: expected an array aligned to its items, got one at address {array.ctypes.data:#x}")


def is_dense(array: np.ndarray) -> bool:
    """Whether the elements lie side by side in memory, in C order under some permutation of the axes."""
    expected = array.itemsize
    for stride, n in sorted((s, n) for s, n in zip(array.strides, array.shape, strict=True) if n != 1):
        if stride != expected:
            return array.size == 0
        expected *= n
    return True


def _dense(label: str, array: np.ndarray) -> None:
    if not is_dense(array):
        raise ValueError(
            f"{label}: expected a dense array (C or F order, or another permutation of axes), "
            f"got a strided view of shape {array.shape} and strides {array.strides}"
        )


def _plain(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """`array` as a plain ndarray of NumPy's own `dtype` object, sharing its memory; the engine compares that object."""
    base = np.asarray(array)
    return base if base.dtype is dtype else base.view(dtype)


def dense_float(label: str, value: object, names: tuple[str, ...] = formats.WIDE) -> np.ndarray:
    """A dense array in one of the formats `names`, as a plain ndarray that shares its memory."""
    array = _array(label, value)
    name = formats.name_of(array.dtype)
    if name not in names:
        raise TypeError(f"{label}: expected dtype {formats.listed(names)}, got {array.dtype}")
    _memory(label, array)
    _dense(label, array)
    return _plain(array, formats.dtype(name))


def writeable(label: str, value: object, names: tuple[str, ...] = formats.WIDE) -> np.ndarray:
    """As `dense_float`, and it can be written to."""
    array = dense_float(label, value, names)
    if not array.flags.writeable:
        raise ValueError(f"{label}: expected a writeable array, got a read-only one")
    return array


def same_strides(a: np.ndarray, param: np.ndarray) -> bool:
    """Whether strides, counted in items, are equal where they matter."""
    strides = [stride // param.itemsize * a.itemsize for stride in param.strides]
    axes = zip(a.shape, a.strides, strides, strict=True)
    return a.size == 0 or all(s == t for n, s, t in axes if n != 1)


def like(label: str, value: object, param: np.ndarray) -> np.ndarray:
    """An array with the dtype, shape and strides of its parameter, as a plain ndarray that shares its memory."""
    array = _array(label, value)
    if array.dtype.newbyteorder("=") != param.dtype:
        raise TypeError(f"{label}: expected dtype {param.dtype} like the parameter's, got {array.dtype}")
    return laid_out_like(label, array, param)


def _contiguous(label: str, array: np.ndarray) -> None:
    if not array.flags.c_contiguous:
        raise ValueError(
            f"{label}: expected an array in C order (numpy.ascontiguousarray makes one), "
            f"got shape {array.shape} and strides {array.strides}"
        )


def rows(indices_label: str, indices: object, values_label: str, values: object) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of rows and the values of each, as plain ndarrays that share their memory."""
    numbers = _array(indices_label, shared(indices_label, indices))
    array = _array(values_label, shared(values_label, values))
    if numbers.dtype.kind != "i" or numbers.itemsize < 4:
        raise TypeError(f"{indices_label}: expected dtype int32 or int64, got {numbers.dtype}")
    name = formats.name_of(array.dtype)
    if not name:
        raise TypeError(f"{values_label}: expected dtype {formats.listed(formats.ALL)}, got {array.dtype}")
    for label, each in ((indices_label, numbers), (values_label, array)):
        _memory(label, each)
        _contiguous(label, each)
    if numbers.ndim != 1:
        raise ValueError(f"{indices_label}: expected one axis, got shape {numbers.shape}")
    if array.shape[:1] != numbers.shape:
        raise ValueError(f"{values_label}: expected {len(numbers)} rows, one for each index, got shape {array.shape}")
    return np.asarray(numbers), _plain(array, formats.dtype(name))


def rows_beside(label: str, values: np.ndarray, param: np.ndarray) -> None:
    """Values of rows in a format and of a shape that go with their parameter's."""
    names = formats.beside(param.dtype)
    if formats.name_of(values.dtype) not in names:
        raise TypeError(f"{label}: expected dtype {formats.listed(names)} beside {param.dtype}, got {values.dtype}")
    if values.shape[1:] != param.shape[1:]:
        expected = (len(values), *param.shape[1:])
        raise ValueError(f"{label}: expected shape {expected} beside {param.shape}, got {values.shape}")


def beside(label: str, value: object, param: np.ndarray) -> np.ndarray:
    """As `like`, in any format that goes with the parameter's."""
    array = _array(label, value)
    names = formats.beside(param.dtype)
    if formats.name_of(array.dtype) not in names:
        raise TypeError(f"{label}: expected dtype {formats.listed(names)} beside {param.dtype}, got {array.dtype}")
    return laid_out_like(label, array, param)


def laid_out_like(label: str, array: np.ndarray, param: np.ndarray) -> np.ndarray:
    _memory(label, array)
    if array.shape != param.shape:
        raise ValueError(f"{label}: expected shape {param.shape}, got {array.shape}")
    if not same_strides(array, param):
        expected = tuple(stride // param.itemsize * array.itemsize for stride in param.strides)
        raise ValueError(
            f"{label}: expected strides {expected} like the parameter's, got {array.strides}; "
            f"the elements would be paired wrongly (numpy.copyto into an array made with empty_like(param) helps)"
        )
    return _plain(array, formats.dtype(formats.name_of(array.dtype)))


def extent_of(array: np.ndarray) -> tuple[int, int]:
    """[first address, address after the last) of a dense array."""
    start = array.ctypes.data
    return start, start + array.nbytes


def apart(arrays: Sequence[Named]) -> None:
    """Dense arrays that are written to share no memory."""
    extents = sorted((*extent_of(a), label) for label, a in arrays if a.size)
    for (_, stop, first), (start, _, second) in itertools.pairwise(extents):
        if start < stop:
            raise ValueError(f"{second}: expected memory of its own, got memory that it shares with {first}")


def together(arrays: Sequence[Named], mixed: bool = True) -> tuple[np.ndarray, ...]:
    """
    What one update takes: a parameter, its gradient and states; all but the gradient are written to.

    They are in any formats that go together, or, unless `mixed`, all in float32 or all in float64.
    """
    names, check = (formats.ALL, beside) if mixed else (formats.WIDE, like)
    (first, param), *others = arrays
    param = writeable(first, param, names)
    others = [(label, shared(label, array)) for label, array in others[:1]] + others[1:]
    checked = [(label, check(label, array, param)) for label, array in others]
    for label, array in checked[1:]:
        writeable(label, array, names)
    apart([(first, param), *checked])
    return (param, *(array for _, array in checked))


def not_within(label: str, array: np.ndarray, written: Sequence[Named]) -> None:
    """A gradient shares no memory with what a step writes to."""
    start, stop = extent_of(array)
    for other, target in written:
        begin, end = extent_of(target)
        if start < end and begin < stop and array.size and target.size:
            raise ValueError(f"{label}: expected memory of its own, got memory that it shares with {other}")
