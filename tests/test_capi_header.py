"""fastgd.h: C and C++ get the bits of the classes by it, and are refused by a fastgd that is too old."""

import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import capi
from support.capi import exported

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "tests/support/quadratic.c"
DOC = (ROOT / "docs/C_API.md").read_text(encoding="utf-8")
HEADER = Path(fastgd.get_include(), "fastgd/fastgd.h").read_text(encoding="utf-8")
LANGUAGES = {"c99": ("CC", "cc", ".c"), "c++11": ("CXX", "c++", ".cpp")}

RUN = """
import sys
import numpy as np
import quadratic
x, target = np.load(sys.argv[1])
quadratic.run(x, target, np.zeros(3 * x.size, np.float32), 50)
np.save(sys.argv[2], x)
"""


@pytest.fixture(params=LANGUAGES)
def built(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A directory with the extension module."""
    variable, usual, suffix = LANGUAGES[request.param]
    compiler = (sysconfig.get_config_var(variable) or usual).split()[0]
    compiler = shutil.which(compiler) or shutil.which(usual)
    if compiler is None:
        pytest.skip(f"no compiler of {request.param}")
    source = tmp_path / f"quadratic{suffix}"
    shutil.copy(SOURCE, source)
    paths = [sysconfig.get_path("include"), fastgd.get_include()]
    target = tmp_path / f"quadratic{sysconfig.get_config_var('EXT_SUFFIX')}"
    flags = ["-O2", "-shared", "-fPIC", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-std={request.param}"]
    flags += ["-undefined", "dynamic_lookup"] if sys.platform == "darwin" else []
    command = [compiler, *flags, *(f"-I{path}" for path in paths), str(source), "-o", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return tmp_path


def test_c_gets_the_bits_of_the_class(built: Path) -> None:
    rng = np.random.default_rng(0)
    arrays = rng.standard_normal((2, 1003)).astype(np.float32)
    np.save(built / "given.npy", arrays)
    command = [sys.executable, "-c", RUN, "given.npy", "found.npy"]
    subprocess.run(command, cwd=built, check=True)
    x, target = arrays
    opt = fastgd.AdamW(x, lr=0.1, weight_decay=0.01)
    for _ in range(50):
        opt.step(x - target)
    assert (np.load(built / "found.npy") == x).all()


OLDER = """
from fastgd import capi
capi.__pyx_capi__.{change}
try:
    import quadratic
except ImportError as error:
    print(error)
"""
REFUSALS = {
    "pop('yogi_f64')": "fastgd.capi has no function yogi_f64 with the arguments that it was compiled for: a later "
    "fastgd is needed\n",
    "update(yogi_f64=capi.__pyx_capi__['yogi_f32'])": "fastgd.capi has no function yogi_f64 with the arguments that "
    "it was compiled for: a later fastgd is needed\n",
}


@pytest.mark.parametrize("change", REFUSALS)
def test_another_fastgd_is_refused_in_words(built: Path, change: str) -> None:
    code = OLDER.format(change=change)
    done = subprocess.run([sys.executable, "-c", code], cwd=built, capture_output=True, text=True, check=True)
    assert done.stdout == REFUSALS[change]


def test_numba_gets_the_bits_of_the_class() -> None:
    pytest.importorskip("numba")
    (example,) = re.findall(r"```python\n(import ctypes.*?)```", DOC, re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)
    x, target = np.random.default_rng(0).standard_normal((2, 1003)).astype(np.float32)
    opt = fastgd.Adam(expected := x.copy(), lr=0.1)
    names["minimize"](x, target, 50)
    for _ in range(50):
        opt.step(expected - target)
    assert (x == expected).all()


def test_the_header_has_every_function_with_its_signature() -> None:
    found = dict(re.findall(r'\{"(\w+)",\s+"([^"]+)",', HEADER))
    assert found == exported()
    assert re.findall(r"\(\*(\w+)\)\(", HEADER) == list(found)
    assert set(found) == set(capi.__pyx_capi__)


def test_the_example_is_that_of_the_docs() -> None:
    blocks = re.findall(r"```c\n(.*?)```", DOC, re.DOTALL)
    assert SOURCE.read_text(encoding="utf-8") in blocks
