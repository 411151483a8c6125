"""
Formats in which parameters, gradients and state can be stored, and bfloat16, which is ml_dtypes'.

State in 8 bits goes to bitsandbytes and torchao, and comes from them, by `to_bitsandbytes` and its like.
"""

import functools
import sys
from typing import Any

import numpy as np

from fastgd.engine.formats import NAMES, register_bfloat16
from fastgd.exchange import dynamic_map, from_bitsandbytes, from_torchao, to_bitsandbytes, to_torchao

__all__ = ["bfloat16", "dynamic_map", "from_bitsandbytes", "from_torchao", "to_bitsandbytes", "to_torchao"]

ALL = NAMES[:4]  # int16 holds no numbers by itself
WIDE = ("float32", "float64")
NARROW = ("float32", "bfloat16", "float16")  # what a copy of a parameter may be in


@functools.cache
def bfloat16() -> np.dtype:
    """
    NumPy's dtype for bfloat16.

    Returns
    -------
    numpy.dtype
        That of ml_dtypes, as JAX and others have it.

    Raises
    ------
    ImportError
        If ml_dtypes is not installed.

    Examples
    --------
    >>> import numpy as np, fastgd.formats
    >>> np.array([1.0, 1.001], fastgd.formats.bfloat16()).tolist()
    [1.0, 1.0]
    """
    try:
        import ml_dtypes
    except ImportError as error:
        raise ImportError("bfloat16 needs ml_dtypes: pip install 'fastgd[precision]'") from error
    found: np.dtype = np.dtype(ml_dtypes.bfloat16)
    register_bfloat16(found.num)
    return found


def dtype(name: str) -> np.dtype:
    """NumPy's own dtype object of a format, by its name."""
    return bfloat16() if name == "bfloat16" else np.dtype(name)


def name_of(given: np.dtype) -> str:
    """The name of a dtype's format, in whatever byte order; "" for one that is in none."""
    name = given.name if given.name in ALL else ""
    return name if name != "bfloat16" or given == bfloat16() else ""


def beside(param: np.dtype) -> tuple[str, ...]:
    """Names of the formats that a gradient or state of a parameter may have: float64 is for float64 alone."""
    return tuple(name for name in ALL if name != "float64" or param == np.float64)


def listed(names: tuple[str, ...]) -> str:
    """Names of formats as a message has them."""
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]


def asarray(value: Any) -> np.ndarray:
    """As numpy.asarray, also for a CPU tensor of torch's bfloat16, which torch does not show to NumPy."""
    if str(getattr(value, "dtype", None)) == "torch.bfloat16":
        bits: np.ndarray = value.detach().view(sys.modules["torch"].int16).numpy()
        return bits.view(bfloat16())
    return np.asarray(value)
