"""What is in the sdist and in the wheel, and that the wheel works alone: elsewhere, and for cimport."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from Cython.Build.Dependencies import create_dependency_tree
from Cython.Compiler.Main import Context
from Cython.Compiler.Options import CompilationOptions, default_options

from fastgd.engine import dispatch
from support.running import by_isa, instruction_set

ROOT = Path(__file__).resolve().parent.parent
WRITTEN_BY_HAND = ["tests/support/pool_stress.c", "tests/support/quadratic.c"]
LEFT_OUT = shutil.ignore_patterns(".*", "*.c", "*.so", "__pycache__", "build", "dist", "*.egg-info")

STEP = """
import pathlib, sys
import numpy as np, fastgd
print(pathlib.Path(fastgd.__file__).parent)
params = {"W": np.ones((400, 500), np.float32), "b": np.ones(3, np.float32)}
opt = fastgd.Adam(params, lr=0.5, max_grad_norm=1e9)
opt.step({"W": np.full((400, 500), 2, np.float32), "b": None})
assert (params["W"] == 0.5).all() and (params["b"] == 1).all()
"""

# What tests/capi_project finds, and its first step once more with the class.
TRAIN = """
import numpy as np, fastgd, logistic
rng = np.random.default_rng(0)
x = rng.standard_normal((400, 8), np.float32)
y = (x @ rng.standard_normal(8, np.float32) > 0).astype(np.float32)
assert ((x @ logistic.fit(x, y, 300, 0.05) > 0) == y).mean() > 0.98

weights, grad = np.zeros((2, 8), np.float32)
for row, error in zip(x, (0.5 - y.astype(float)) / 400):
    grad += (error * row).astype(np.float32)
fastgd.Adam([weights], lr=0.05).step([grad])
assert weights.any() and (weights == logistic.fit(x, y, 1, 0.05)).all()
"""

# What a run of many rules leaves, as bits: with ordinary numbers, subnormal ones, NaN and infinities.
DIGEST = """
import hashlib, sys
import numpy as np, fastgd
assert np.array([2.0**-1074])[0] * 1.0 == 2.0**-1074, "the process flushes subnormal numbers"
found = hashlib.sha256()
for dtype in (np.float32, np.float64):
    numbers = ((np.arange(3000) * 7919) % 2003 - 1001).astype(dtype) / dtype(997)
    numbers[::5] *= np.finfo(dtype).tiny
    numbers[7], numbers[107], numbers[207] = np.nan, np.inf, -np.inf
    for name in "SGD Adam NAdam RAdam ASGD Rprop Lion Adadelta".split():
        param = np.full(3000, 1 / 3, dtype)
        optimizer = getattr(fastgd, name)(param)
        for t in range(20):
            optimizer.step(np.roll(numbers, 11 * t))
        assert np.isnan(param[7]) or name in ("Lion", "Rprop")
        found.update(np.where(np.isnan(param), dtype(7), param).tobytes())
    found.update(np.float64(fastgd.grad_norm([numbers[300:]])).tobytes())
print(found.hexdigest())
"""

# What a builder may have set for every package; none of it may reach a bit.
HOSTILE = "-Ofast -ffast-math -funsafe-math-optimizations -ffp-contract=fast -fno-signed-zeros"
# The instruction sets of the wheel: the first, and the last that this processor has.
BUILT = sorted({dispatch.available()[0], dispatch.available()[-1]})

IMPORT = """
try:
    import logistic
except ImportError as error:
    print(error)
"""

USE_REGISTRY = """
import sys
from thinc.api import registry
assert "fastgd" not in sys.modules
for name in ("Adam", "RAdam"):
    made = registry.resolve({"it": {"@optimizers": f"fastgd.{name}.v1", "learn_rate": 0.5}})["it"]
    assert type(made) is getattr(sys.modules["fastgd.thinc"], name)
print(sys.modules["fastgd"].__file__)
"""


def run(*command: object, cwd: Path, **variables: str) -> str:
    """Output of a command that succeeds; PYTHONPATH and the choice of instruction set are not inherited."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "FASTGD", "OMP"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=inherited | variables,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


def build(kind: str, tree: Path, outdir: Path, **variables: str) -> None:
    run(sys.executable, "-m", "build", "--no-isolation", kind, "--outdir", outdir, tree, cwd=outdir.parent, **variables)


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist of a copy of the tree."""
    room = tmp_path_factory.mktemp("dist")
    shutil.copytree(ROOT, room / "tree", ignore=LEFT_OUT)
    for name in WRITTEN_BY_HAND:
        shutil.copy(ROOT / name, room / "tree" / name)
    build("--sdist", room / "tree", room / "dist")
    return room / "dist"


@pytest.fixture(scope="module")
def unpacked(dist: Path) -> Path:
    """
    What is in the sdist, where the wheel is built with flags that must not matter.

    It has the kernels of two instruction sets, and GCC's passes that take most of the time are left out: that the flags
    of all sets are as they were, passes included, is asked of the compiler itself.
    """
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        # An argument for it came with Python 3.11.4, and 3.12 warns where nothing is said.
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, path: member)
        archive.extractall(dist.parent / "unpacked")
    (tree,) = (dist.parent / "unpacked").iterdir()
    kept = ", ".join(f'"{isa.replace("-", "_")}"' for isa in BUILT)
    text = (tree / "setup.py").read_text(encoding="utf-8")
    for old, new in (
        ('FLAGS = ["-O3"', 'FLAGS = ["-O1"'),
        (
            "for name, flags in INSTRUCTION_SETS.items() if",
            f"for name, flags in INSTRUCTION_SETS.items() if name in [{kept}] and",
        ),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (tree / "setup.py").write_text(text, encoding="utf-8")
    build("--wheel", tree, dist, CFLAGS=f"-g0 {HOSTILE}", LDFLAGS=HOSTILE)
    return tree


@pytest.fixture(scope="module")
def wheel(dist: Path, unpacked: Path) -> Path:
    (path,) = dist.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with nothing but NumPy."""
    room = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", room / "venv", cwd=room)
    path = room / "venv" / "bin" / "python"
    run(path, "-m", "pip", "install", f"numpy=={np.__version__}", cwd=room)
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, python: Path) -> Path:
    run(python, "-m", "pip", "install", "--no-deps", wheel, cwd=wheel.parent)
    return python


def sources(*suffixes: str) -> set[str]:
    files = (path for suffix in suffixes for path in (ROOT / "src").rglob(f"*{suffix}"))
    return {path.relative_to(ROOT / "src").as_posix() for path in files}


def test_sdist_holds_every_source_and_nothing_generated(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    expected = {f"src/{name}" for name in sources(".py", ".pyi", ".pyx", ".pxd", ".pxi", ".h", "py.typed")}
    expected |= {"setup.py", "pyproject.toml", "Makefile", "README.md", "CHANGELOG.md", "LICENSE"}
    expected |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "examples").glob("*.py")}
    assert expected - names == set()
    generated = [name for name in names if name.endswith((".c", ".so", ".pyc"))]
    assert sorted(generated) == WRITTEN_BY_HAND


def test_wheel_holds_modules_stubs_and_declarations_only(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if name.startswith("fastgd/")}
    assert sources(".py", ".pyi", ".pxd", "py.typed") - names == set()
    rest = [name for name in names if not name.endswith((".py", ".pyi", ".pxd", ".so", ".pyd", "py.typed"))]
    assert rest == ["fastgd/fastgd.h"]
    compiled = {name.partition(".")[0] for name in names if name.endswith((".so", ".pyd"))}
    modules = {name.removesuffix(".pyx") for name in sources(".pyx") if "x86_64" not in name}
    assert modules <= compiled


def test_wheel_brings_no_runtime_of_threads(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        modules = [name for name in archive.namelist() if name.endswith((".so", ".pyd"))]
        found = [name for name in modules if re.search(rb"lib(g|i)?omp|GOMP_|__kmpc_", archive.read(name))]
    assert modules
    assert found == []


def test_wheel_declares_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        text = archive.read(metadata).decode()
        licenses = [name for name in archive.namelist() if name.endswith("LICENSE")]
    for line in ("Name: fastgd", "License-Expression: BSD-3-Clause", "Requires-Python: >=3.11"):
        assert line in text.splitlines()
    assert len(licenses) == 1


def test_installed_wheel_steps_from_another_directory(installed: Path, tmp_path: Path) -> None:
    where = run(installed, "-W", "error", "-c", STEP, cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parent.parent)
    assert "fastgd:" in run(installed, "-m", "fastgd", "info", cwd=tmp_path)


def test_demo_names_the_extra_that_it_needs(installed: Path, tmp_path: Path) -> None:
    command = [installed, "-m", "fastgd", "demo"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "the demo needs sklearn, matplotlib, tqdm: pip install 'fastgd[demo]'\n"


def test_a_change_of_a_rule_builds_the_kernels_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cython sees a dependency in `cimport package.module`, and not in `from package cimport module`."""
    monkeypatch.chdir(ROOT)
    options = CompilationOptions(default_options, include_path=["src"])
    found = create_dependency_tree(Context.from_options(options)).all_dependencies("src/fastgd/kernels/generic.pyx")
    needed = {path.relative_to(ROOT).as_posix() for path in (ROOT / "src/fastgd/kernels").rglob("*.px[di]")}
    assert {path for path in needed - found if not path.endswith("__init__.pxd")} == set()


def test_flags_of_the_builder_change_no_bit(installed: Path, tmp_path: Path) -> None:
    """The wheel is built with them, and the modules in src without; other passes of GCC's change no bit either."""
    for isa in BUILT:
        found = {
            run(python, "-c", DIGEST, cwd=tmp_path, FASTGD_ISA=isa, **path)
            for python, path in [
                (installed, {}),
                (sys.executable, {"PYTHONPATH": str(ROOT / "src")}),
            ]
        }
        assert len(found) == 1, isa


@by_isa
def test_flags_of_the_builder_change_no_option_of_the_compiler(isa: str, tmp_path: Path) -> None:
    """GCC says what all of its options are in the end, with flags before ours and after."""
    compiler, *_ = sysconfig.get_config_var("CC").split()
    kinds = [f"--help={kind}" for kind in ("common", "optimizers", "params", "target")]
    with instruction_set(isa):
        flags = dispatch.flags().split()

    def options(*given: str) -> list[str]:
        said = run(compiler, *given, "-Q", *kinds, cwd=tmp_path).splitlines()
        return [line for line in said if not line.startswith("  -o ")]  # a temporary file

    if "Free Software Foundation" not in run(compiler, "--version", cwd=tmp_path):
        pytest.skip("this compiler does not list its options")
    assert options("-O2", *HOSTILE.split(), *flags) == options("-O2", *flags)
    assert options(*flags, *HOSTILE.split()) != options(*flags)


@pytest.mark.parametrize("flag", ["-ffast-math", "-Ofast", "-ffinite-math-only", "-fsingle-precision-constant"])
def test_flags_that_come_last_end_the_build(flag: Any, tmp_path: Path) -> None:
    """Those of a compiler's wrapper; setup.py takes back what it can."""
    compiler, *_ = sysconfig.get_config_var("CC").split()
    (tmp_path / "module.c").write_text("int x;\n", encoding="utf-8")
    command = [compiler, "-O3", "-include", ROOT / "src/fastgd/kernels/arithmetic.h", "-c", "module.c"]
    run(*command, cwd=tmp_path)
    done = subprocess.run([*command, flag], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "fastgd" in done.stderr


# ---- tests/capi_project, which cimports fastgd.capi ------------------------------------------------------------------


@pytest.fixture(scope="module")
def builder(installed: Path) -> Path:
    """The environment with the wheel, and what compiles a project there."""
    tools = [f"cython=={version('cython')}", f"setuptools=={version('setuptools')}"]
    run(installed, "-m", "pip", "install", *tools, cwd=installed.parent)
    return installed


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shutil.copytree(ROOT / "tests" / "capi_project", tmp_path / "project", ignore=LEFT_OUT)


def test_a_project_builds_against_the_wheel_and_trains(builder: Path, project: Path, tmp_path: Path) -> None:
    command = [builder, "-m", "pip", "install", "--no-build-isolation", "--no-deps", "--verbose", project]
    output = run(*command, cwd=tmp_path, CFLAGS="-Wall -Wextra -Werror")
    assert "-Werror" in output
    run(builder, "-W", "error", "-c", TRAIN, cwd=tmp_path)


def test_its_steps_cost_no_python(builder: Path, project: Path) -> None:
    """Cython marks each line by how much Python is in its C code: 0 is none."""
    include = run(builder, "-c", "import fastgd; print(fastgd.get_include())", cwd=project).strip()
    run(builder, "-m", "cython", "-3", "-Wextra", "-Werror", "--annotate", "-I", include, "logistic.pyx", cwd=project)
    page = (project / "logistic.html").read_text(encoding="utf-8")
    scores = {int(line): int(score) for score, line in re.findall(r'line score-(\d+)".*?>(\d+)</span>', page)}
    lines = (project / "logistic.pyx").read_text(encoding="utf-8").splitlines()
    first, last = (
        next(i for i, line in enumerate(lines, 1) if line.startswith(s)) for s in ("cdef void tr", "def fit")
    )
    assert {scores[i] for i in range(first + 1, last)} == {0}
    assert scores[last] > 0


def test_a_project_for_another_version_of_the_c_api_says_so(builder: Path, project: Path, tmp_path: Path) -> None:
    include = run(builder, "-c", "import fastgd; print(fastgd.get_include())", cwd=project).strip()
    other = tmp_path / "other" / "fastgd"
    shutil.copytree(Path(include) / "fastgd", other)
    text = (other / "capi.pxd").read_text(encoding="utf-8")
    assert text.count("ABI_VERSION = 1 ") == 1
    (other / "capi.pxd").write_text(text.replace("ABI_VERSION = 1 ", "ABI_VERSION = 9 "), encoding="utf-8")
    run(builder, "setup.py", "build_ext", "--inplace", cwd=project, PYTHONPATH=str(other.parent))
    said = "logistic is built for version 9 of fastgd's C API and found 1; build it anew\n"
    assert run(builder, "-c", IMPORT, cwd=project) == said


def test_thinc_finds_the_optimizers_of_a_wheel_by_name(wheel: Path, tmp_path: Path) -> None:
    pytest.importorskip("thinc")
    shutil.unpack_archive(wheel, tmp_path, "zip")
    found = run(sys.executable, "-c", USE_REGISTRY, cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert Path(found.strip()).is_relative_to(tmp_path)
