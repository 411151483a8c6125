"""What capi.pxd declares, and its functions as ctypes calls them: through the capsules that importers use."""

import ctypes
import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import fastgd
from fastgd import capi
from support.cases import Case

PXD = Path(fastgd.get_include(), "fastgd/capi.pxd").read_text(encoding="utf-8")
LEDGER = Path(__file__).parents[1].joinpath("capi_abi.txt").read_text(encoding="utf-8").splitlines()
FUNCTION = re.compile(r"^cdef ([\w ]+\*?) (\w+)\(([^)]*)\) noexcept nogil", re.MULTILINE)
STRUCT = re.compile(r'^ctypedef struct (\w+) "fastgd_\w+":\n((?:    double \w+\n)+)', re.MULTILINE)
CONSTANT = re.compile(r"^    ([A-Z]\w+) = (\d+)\b", re.MULTILINE)
TYPES = {
    "double": ctypes.c_double,
    "long long": ctypes.c_longlong,
    "Py_ssize_t": ctypes.c_ssize_t,
    "size_t": ctypes.c_size_t,
    "int": ctypes.c_int,
    "void": None,
    "const char*": ctypes.c_char_p,
}

UNREAD = -7.0  # in what is filled, and in what may not be read


class Declared(NamedTuple):
    returns: str
    arguments: dict[str, str]  # name -> type


@functools.cache
def declared() -> dict[str, Declared]:
    functions = {}
    for returns, name, text in FUNCTION.findall(PXD):
        pairs = [argument.strip().rsplit(" ", 1) for argument in text.split(",") if argument.strip()]
        functions[name] = Declared(returns, {argument: kind for kind, argument in pairs})
    return functions


@functools.cache
def structs() -> dict[str, list[str]]:
    """Structs of hyperparameters with their fields."""
    return {name: re.findall(r"double (\w+)", fields) for name, fields in STRUCT.findall(PXD)}


@functools.cache
def constants() -> dict[str, int]:
    return {name: int(value) for name, value in CONSTANT.findall(PXD)}


@functools.cache
def exported() -> dict[str, str]:
    """name -> signature in C, which importers compare when they are imported."""
    name_of = ctypes.pythonapi.PyCapsule_GetName
    name_of.restype, name_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
    return {name: name_of(capsule).decode() for name, capsule in capi.__pyx_capi__.items()}


@functools.cache
def function(name: str) -> Callable[..., Any]:
    returns, arguments = declared()[name]
    kinds = [ctypes.c_void_p if kind.endswith("*") else TYPES[kind] for kind in arguments.values()]
    address_of = ctypes.pythonapi.PyCapsule_GetPointer
    address_of.restype, address_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    address = address_of(capi.__pyx_capi__[name], exported()[name].encode())
    return ctypes.CFUNCTYPE(TYPES[returns], *kinds)(address)


def struct_of(family: str) -> str:
    (name,) = [name for name in structs() if name.lower() == family.replace("_", "")]
    return name


def hyper_of(case: Case) -> np.ndarray:
    """Hyperparameters as the fields of the struct of the family."""
    values = case.optimizer(np.ones((1, 1)), **case.arguments).param_groups[0]
    doubles = [check.doubles(values[name]) for name, check in case.optimizer.checks.items()]
    return np.array([number for numbers in doubles for number in numbers], np.float64)


def scalars(family: str, t: int, hyper: np.ndarray, carry: np.ndarray, *, size: int | None = None) -> tuple[int, bytes]:
    """What a fold returns, and what it fills."""
    filled = np.full(scalars_size(), UNREAD)
    arguments = [filled.ctypes.data, 0.37, t, hyper.ctypes.data, hyper.nbytes if size is None else size]
    if "carry" in declared()[f"{family}_scalars"].arguments:
        arguments.append(carry.ctypes.data)
    return function(f"{family}_scalars")(*arguments), filled.tobytes()


@functools.cache
def scalars_size() -> int:
    (line,) = [line for line in LEDGER if line.startswith("Scalars: ")]
    return int(line.split()[1])
