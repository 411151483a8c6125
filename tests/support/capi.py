"""What capi.pxd declares, and its functions as ctypes calls them: through the capsules that importers use."""

import ctypes
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import fastgd
from fastgd import capi

PXD = Path(fastgd.get_include(), "fastgd/capi.pxd").read_text(encoding="utf-8")
FUNCTION = re.compile(r"^cdef ([\w ]+\*?) (\w+)\(([^)]*)\) noexcept nogil", re.MULTILINE)
TYPES = {
    "double": ctypes.c_double,
    "long long": ctypes.c_longlong,
    "Py_ssize_t": ctypes.c_ssize_t,
    "int": ctypes.c_int,
    "bint": ctypes.c_int,
    "void": None,
    "const char*": ctypes.c_char_p,
}


class Declared(NamedTuple):
    returns: str
    arguments: dict[str, str]  # name -> type


def declared() -> dict[str, Declared]:
    functions = {}
    for returns, name, text in FUNCTION.findall(PXD):
        pairs = [argument.strip().rsplit(" ", 1) for argument in text.split(",") if argument.strip()]
        functions[name] = Declared(returns, {argument: kind for kind, argument in pairs})
    return functions


def exported() -> dict[str, str]:
    """name -> signature in C, which importers compare when they are imported."""
    name_of = ctypes.pythonapi.PyCapsule_GetName
    name_of.restype, name_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
    return {name: name_of(capsule).decode() for name, capsule in capi.__pyx_capi__.items()}


def function(name: str) -> Callable[..., Any]:
    returns, arguments = declared()[name]
    kinds = [ctypes.c_void_p if kind.endswith("*") else TYPES[kind] for kind in arguments.values()]
    address_of = ctypes.pythonapi.PyCapsule_GetPointer
    address_of.restype, address_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    address = address_of(capi.__pyx_capi__[name], exported()[name].encode())
    return ctypes.CFUNCTYPE(TYPES[returns], *kinds)(address)
