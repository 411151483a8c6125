"""
A copy of the tree with more in it: the rule that CONTRIBUTING.md adds, by the edits that stand there, and one more
field in a struct of the C API, under an importer that was compiled before.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from test_packaging import ROOT, TRAIN, run

GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTION = re.search(r"^## Add an optimizer\n(.*?)^## ", GUIDE, re.MULTILINE | re.DOTALL)
EDITS = re.findall(r"`([\w/]+\.\w+)`:\n\n```\w+\n(.*?)^```", SECTION[1], re.MULTILINE | re.DOTALL)

# Where an edit of a file that there is goes: before this, or at the end.
BEFORE = {"tests/support/cases.py": "]  # fmt: skip", "src/fastgd/tools/bench/rows.py": ")\n# fmt: on"}

# Any pointer will do for a kernel that never runs.
GUARDS = """
include "build_table.pxi"

from fastgd.kernels.rules cimport adam


def add_rule(bytes name, bytes states):
    rule(name, states, NULL, NULL)


def add_family(bytes name, bytes hyper, bytes carry, bytes variants, size_t scalars):
    family(name, hyper, carry, 0, variants, <Fold>adam.fold_adam, scalars)
"""

TRAIN_NEW = """
import numpy as np, fastgd
from fastgd import functional

rng = np.random.default_rng(0)
target = rng.standard_normal(100)
x = np.zeros(100)
opt = fastgd.QHM(x, lr=0.1, momentum=0.9)
for _ in range(300):
    opt.step(x - target)
assert np.abs(x - target).max() < 1e-6
assert list(opt.state[0]) == ["step", "momentum_buffer"]

param, state = np.zeros(100), np.zeros(100)
for t in range(1, 301):
    functional.qhm(param, param - target, state, step=t, lr=0.1, momentum=0.9)
assert (param == x).all()
"""

TRAIN_TORCH = """
import torch, fastgd.torch
x = torch.zeros(100, requires_grad=True)
opt = fastgd.torch.QHM([x], lr=0.1, momentum=0.9, foreach=None)
for _ in range(300):
    opt.zero_grad()
    (x - 1).square().sum().backward()
    opt.step()
assert (x - 1).abs().max() < 1e-4
"""

MANY = b" ".join(b"h%d" % i for i in range(33))


def edit(tree: Path, name: str, text: str) -> None:
    path = tree / name
    if not path.exists():
        path.write_text(text)
        return
    before, mark, after = path.read_text().partition(BEFORE[name]) if name in BEFORE else (path.read_text(), "", "")
    assert mark or name not in BEFORE, f"{name}: no line {BEFORE[name]!r}"
    path.write_text(before + ("" if mark else "\n\n") + text + mark + after)


def replace(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in pairs:
        assert old in text, f"{path.name}: no {old!r}"
        text = text.replace(old, new)
    path.write_text(text)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy, built for one instruction set; the engine is taken as it is."""
    tree = tmp_path_factory.mktemp("new") / "tree"
    left_out = shutil.ignore_patterns(".*", "__pycache__", "x86_64_*", "generic.*.so", "capi.*.so", "dist")

    def ignored(folder: str, names: list[str]) -> set[str]:
        others = set(names) - {"inplace"} if Path(folder) == ROOT / "build" else set()  # other targets' builds
        return others | left_out(folder, names)

    shutil.copytree(ROOT, tree, ignore=ignored)
    for name, text in EDITS:
        edit(tree, name, text)
    rules, optimizers = tree / "src/fastgd/kernels/rules", tree / "src/fastgd/optimizers"
    field = "    double corrected_weight_decay   # the largest learning rate, or 0\n"
    replace(rules / "adam.pxd", (field, f"{field}    double extra\n"))
    replace(rules / "adam.pxd", ("    s.eps = h.eps if h.eps_hat", "    s.eps = h.extra + h.eps if h.eps_hat"))
    signature = "corrected_weight_decay: PeakRate = 0.0,\n"
    more = f"{signature}        extra: NonNegative = 0.0,\n"
    names = 'corrected_weight_decay"\n', 'corrected_weight_decay extra"\n'
    held = '        "corrected_weight_decay": Held("0 for SparseAdam, which decays nothing", only=0.0),\n'
    too = f'{held}        "extra": Held("0 for SparseAdam", only=0.0),\n'
    replace(optimizers / "adam.py", (signature, more), names, (held, too))
    run(sys.executable, "tools/derive.py", cwd=tree)
    (tree / "src/fastgd/kernels/guards.pyx").write_text(GUARDS)
    setup = (tree / "setup.py").read_text()
    sets = re.compile(r"^INSTRUCTION_SETS = \{\n.*?^\}", re.MULTILINE | re.DOTALL)
    setup, count = sets.subn('INSTRUCTION_SETS = {"generic": ["-O1"], "guards": ["-O1"]}', setup)
    assert count == 1
    (tree / "setup.py").write_text(setup.replace(' if X86_64 or name == "generic"', ""))
    run(sys.executable, "setup.py", "--quiet", "build_ext", "--inplace", cwd=tree, CFLAGS="-g0")
    run(sys.executable, "-m", "support.digests", cwd=tree / "tests", PYTHONPATH=str(tree / "src"))
    return tree


def test_the_edits_are_those_that_the_text_counts() -> None:
    assert [Path(name).name for name, _ in EDITS] == ["qhm.pxd", "qhm.py", "reference.py", "cases.py", "rows.py"]


def test_what_is_derived_is_not_stale_and_only_added(tree: Path) -> None:
    run(sys.executable, "tools/derive.py", "--check", cwd=tree)
    before, after = ((root / "tests/capi_abi.txt").read_text() for root in (ROOT, tree))
    assert after.startswith(before)
    assert "qhm_scalars: int (" in after.removeprefix(before)


def test_the_bits_of_other_rules_stay(tree: Path) -> None:
    before, after = ((root / "tests/digests.txt").read_text().splitlines() for root in (ROOT, tree))
    assert [line for line in after if not line.startswith("qhm")] == before


def test_the_new_rule_trains(tree: Path) -> None:
    run(sys.executable, "-W", "error", "-c", TRAIN_NEW, cwd=tree.parent, PYTHONPATH=str(tree / "src"))


def test_the_new_rule_trains_torch(tree: Path) -> None:
    pytest.importorskip("torch")
    run(sys.executable, "-c", TRAIN_TORCH, cwd=tree.parent, PYTHONPATH=str(tree / "src"))


def test_the_new_rule_passes_the_tests_of_rules(tree: Path) -> None:
    tests = ["tests/test_completeness.py", "tests/test_capi.py", "tests/test_bits.py"]
    command = [sys.executable, "-m", "pytest", "-q", "-o", "addopts=", "-p", "no:cacheprovider", "-k", "qhm or every"]
    said = run(*command, *tests, cwd=tree, PYTHONPATH=str(tree / "src"))
    assert "qhm" in run(*command, "--collect-only", *tests, cwd=tree, PYTHONPATH=str(tree / "src")), said


def test_an_importer_compiled_before_runs_with_a_struct_that_has_grown(tree: Path, tmp_path: Path) -> None:
    project = shutil.copytree(ROOT / "tests/capi_project", tmp_path / "project")
    run(sys.executable, "setup.py", "build_ext", "--inplace", cwd=project, PYTHONPATH=str(ROOT / "src"))
    now, then = str(tree / "src"), str(ROOT / "src")
    for source in (then, now):
        run(sys.executable, "-c", TRAIN, cwd=project, PYTHONPATH=source)
    code = "import logistic, fastgd; print(fastgd.__file__)"
    assert run(sys.executable, "-c", code, cwd=project, PYTHONPATH=now).startswith(now)


# What is added, and what is said of it.
TOO_MUCH = [
    (["rule", b"many_states", b"a b c d e"], "many_states has 5 states, and there is room for 4"),
    (["family", b"many_hyper", MANY, b"", b"r", 8],
     "many_hyper has 33 hyperparameters, and there is room for 32"),
    (["family", b"many_carry", b"a", b"a b c d e", b"r", 8],
     "many_carry has 5 carried numbers, and there is room for 4"),
    (["family", b"many_scalars", b"a", b"", b"r", 8 * 33], "many_scalars has 33 scalars, and there is room for 32"),
    (["family", b"many_rules", b"a", b"", b"r r r r r r r r r", 8],
     "many_rules has 9 rules, and there is room for 8"),
    (["family", b"astray", b"a", b"", b"nowhere", 8], "astray names a rule nowhere, which has no row before it"),
]  # fmt: skip


@pytest.mark.parametrize(("added", "message"), TOO_MUCH, ids=lambda value: value if isinstance(value, str) else "")
def test_what_has_no_room_in_the_table_is_refused(tree: Path, added: list, message: str) -> None:
    kind, *arguments = added
    code = f"""
from fastgd.kernels import guards
guards.add_rule(b"r", b"a b c d")
guards.add_{kind}(*{arguments!r})
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(tree / "src")}, text=True, stderr=subprocess.PIPE, check=False
    )
    assert done.stderr.rstrip().endswith(f"ImportError: {message}")


def test_more_rows_than_the_table_has_are_refused(tree: Path) -> None:
    code = """
from fastgd.kernels import guards
for i in range(96):
    guards.add_rule(b"rule_%d" % i, b"")
try:
    guards.add_rule(b"one_more", b"")
except ImportError as error:
    print(error)
"""
    said = run(sys.executable, "-c", code, cwd=tree.parent, PYTHONPATH=str(tree / "src"))
    assert said == "one_more has 97 rows in the table up to itself, and there is room for 96\n"
