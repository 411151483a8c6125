"""The configuration of this build and of this machine."""

import os
import platform
import sys

import numpy as np

from fastgd.engine import dispatch, threads


def _cpu_model() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        return names[0]
    except (OSError, IndexError):
        return platform.processor() or platform.machine()


def _threads() -> dict[str, str]:
    """How many a step can use, and how soon one of them begins; it is found out by waking one."""
    wanted = threads.get_num_threads()
    reaction = threads.reaction_us() if wanted > 1 else None
    there = threads.get_num_threads()
    return {
        "threads": f"{there} (the system refuses to make {wanted})" if there < wanted else str(there),
        "a thread begins": f"after {reaction:.0f} us" if reaction else "n/a",
    }


def config() -> dict[str, str]:
    """The lines that `show_config` prints, as a dict."""
    import fastgd

    forced = os.environ.get("FASTGD_ISA")
    return {
        "fastgd": fastgd.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "cpu": _cpu_model(),
        "instruction set": dispatch.chosen() + (" (set by FASTGD_ISA)" if forced else ""),
        "available": ", ".join(dispatch.available()),
        "built": ", ".join(dispatch.built()),
        **_threads(),
        "compiler flags": dispatch.flags(),
    }


def show_config() -> None:
    """
    Print the version, the instruction sets, threads and compiler flags.

    The same as ``python -m fastgd info``.
    """
    for name, value in config().items():
        sys.stdout.write(f"{name + ':':<17}{value}\n")


def get_include() -> str:
    """
    Directory in which Cython finds ``fastgd/capi.pxd``, for ``cimport fastgd.capi``.

    Returns
    -------
    str
        The directory, for ``cythonize(..., include_path=[fastgd.get_include()])`` or ``cython -I``.

    Examples
    --------
    >>> import fastgd, pathlib
    >>> pathlib.Path(fastgd.get_include(), "fastgd", "capi.pxd").is_file()
    True
    """
    from pathlib import Path  # where it is needed: it would be a part of the time that `import fastgd` takes

    return str(Path(__file__).resolve().parent.parent)
