"""Run the doctests and a step of every optimizer in the fastgd that is installed, without the test tools."""

import doctest
import importlib
import pathlib
import pkgutil
import sys

import numpy as np

import fastgd

# Kernels of other processors cannot be imported here, nor adapters without their hosts.
LEFT_OUT = ("fastgd.kernels.", "fastgd.sklearn", "fastgd.thinc", "fastgd.torch", "fastgd.mpi")


def examples() -> int:
    """How many examples of docstrings passed; none may fail."""
    names = [m.name for m in pkgutil.walk_packages(fastgd.__path__, "fastgd.")]
    modules = [name for name in names if not name.startswith(LEFT_OUT)]
    results = [doctest.testmod(importlib.import_module(name)) for name in modules]
    failed, tried = sum(r.failed for r in results), sum(r.attempted for r in results)
    assert tried > 20, tried
    assert not failed, failed
    return tried


def steps() -> None:
    for name in fastgd.__all__:
        kind = getattr(fastgd, name)
        if isinstance(kind, type) and issubclass(kind, fastgd.Optimizer) and kind is not fastgd.Optimizer:
            for dtype in (np.float32, np.float64):
                params = {"W": np.ones((300, 7), dtype), "b": np.ones((3, 1), dtype)}
                kind(params).step({"W": np.ones((300, 7), dtype), "b": None})
                assert np.isfinite(params["W"]).all(), name
                assert (params["b"] == 1).all(), name


if __name__ == "__main__":
    assert pathlib.Path(fastgd.__file__).is_relative_to(sys.prefix), fastgd.__file__
    passed = examples()
    steps()
    fastgd.show_config()
    print(f"{passed} examples passed")
