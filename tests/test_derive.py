"""`make derive`: what is committed is what it writes, and what does not fit is refused with what to add where."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
READ = ["tools", "src/fastgd", "docs/C_API.md", "docs/OPTIMIZERS.md", "tests/capi_abi.txt"]
LEFT_OUT = shutil.ignore_patterns("*.c", "*.so", "__pycache__")

ADAM = "src/fastgd/kernels/rules/adam.pxd"
LAMB = "src/fastgd/kernels/rules/lamb.pxd"
ADAM_PY = "src/fastgd/optimizers/adam.py"
# The last hyperparameter of Adam, in both.
LAST = "    double corrected_weight_decay   # the largest learning rate, or 0\n"
LAST_PY = "        corrected_weight_decay: PeakRate = 0.0,\n"


def derive(tree: Path, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, str(tree / "tools/derive.py"), *arguments]
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


def change(tree: Path, path: str, old: str, new: str) -> None:
    text = (tree / path).read_text(encoding="utf-8")
    assert old in text
    (tree / path).write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in READ:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=LEFT_OUT)
        else:
            shutil.copy2(ROOT / name, tmp_path / name)
    return tmp_path


def test_what_is_committed_is_what_it_writes() -> None:
    assert derive(ROOT, "--check") == (0, "")


def test_a_stale_file_is_named_and_written(tree: Path) -> None:
    change(tree, ADAM, LAST, f"{LAST}    double extra\n")
    change(tree, ADAM_PY, LAST_PY, f"{LAST_PY}        extra: Switch = False,\n")
    change(tree, ADAM_PY, 'corrected_weight_decay"\n', 'corrected_weight_decay extra"\n')
    change(tree, ADAM_PY, '        "eps_hat": Flag(', '        "extra": Flag(only=False),\n        "eps_hat": Flag(')
    code, said = derive(tree, "--check")
    assert code == 1
    assert "stale, run make derive: tests/capi_abi.txt, src/fastgd/kernels/table.pxi, src/fastgd/capi.pxd" in said
    assert derive(tree)[0] == 0
    assert derive(tree, "--check") == (0, "")
    assert (tree / "tests/capi_abi.txt").read_text(encoding="utf-8").endswith("Adam[12]: double extra\n")


# What is changed where, and what is then said.
REFUSALS = {
    "a struct without a hyperparameter": (
        [(ADAM, "    double eps_hat\n", "")],
        "adam.pxd: struct Adam has no eps_hat, which fastgd.Adam takes after eps_root",
    ),
    "a struct without the first": (
        [(ADAM, "    double lr\n", "")],
        "adam.pxd: struct Adam has no lr, which fastgd.Adam takes first",
    ),
    "a class without a hyperparameter": (
        [(ADAM_PY, "        eps_hat: Switch = False,\n", "")],
        "adam.pxd: struct Adam has eps_hat after eps_root, which fastgd.Adam in optimizers/adam.py does not take",
    ),
    "another order": (
        [(ADAM, "    double lr\n    double beta1\n", "    double beta1\n    double lr\n")],
        "adam.pxd: struct Adam has beta1 lr beta2",
    ),
    "a promised name that is gone": (
        [
            (ADAM, "    double eps_hat\n", "    double hat\n"),
            (ADAM_PY, "eps_hat: Switch = False,\n", "hat: Switch = False,\n"),
            (ADAM_PY, '        "eps_hat": Flag(', '        "hat": Flag('),
        ],
        "tests/capi_abi.txt: compiled projects rely on what is changed or gone: Adam[9]: double eps_hat",
    ),
    "rules in another order": (
        [(ADAM, "    ADAM\n    AMSGRAD\n", "    AMSGRAD\n    ADAM\n")],
        "tests/capi_abi.txt: compiled projects rely on what is changed or gone: ADAM_ADAM = 0",
    ),
    "a class without a place for torch": (
        [
            (
                ADAM_PY,
                'fused decoupled_weight_decay eps_root eps_hat cautious corrected_weight_decay"',
                'fused eps_hat cautious corrected_weight_decay spin"',
            )
        ],
        "optimizers/adam.py: Adam has no decoupled_weight_decay, eps_root in its torch_signature",
    ),
    "a class that forgets what its base has": (
        [(ADAM_PY, "        weight_decay: NonNegative = 1e-2,\n", "")],
        "optimizers/adam.py: AdamW takes no weight_decay, which Adam takes; it belongs there or in `fixed`",
    ),
    "a type that is none": (
        [(ADAM_PY, "eps_hat: Switch = False,", "eps_hat: bool = False,")],
        "optimizers/adam.py: eps_hat: bool is no type of hyperparameters.py",
    ),
    "a family without a class": (
        [(ADAM_PY, '    family = "adam"\n', '    family = "adams"\n')],
        'adam.pxd: no class in optimizers/*.py says family = "adam"',
    ),
    "a rule that no fold chooses": (
        [(ADAM, "    ADAM\n    AMSGRAD\n", "    ADAM\n")],
        "adam.pxd: amsgrad stands in no enum of rules",
    ),
    "a rule that is not there": (
        [(ADAM, "    ADAM\n    AMSGRAD\n", "    ADAM\n    AMSGRAD\n    ADAMS\n")],
        "adam.pxd: AdamRules names ADAMS, but there is no rule adams",
    ),
    "a name that C would not keep": (
        [(ADAM, '"fastgd_Adam"', '"fastgd_Adams"')],
        "adam.pxd: struct Adam needs the C name fastgd_Adam",
    ),
    "a measuring pass that is not settled": (
        [(LAMB, "void settle_lamb(", "void settled_lamb(")],
        "lamb.pxd: lamb has 1 measuring passes, and 0 settle functions",
    ),
    "a measuring pass of no rule": (
        [(LAMB, "lamb_measure(", "lamp_measure("), (LAMB, "void settle_lamb(", "void settled_lamb(")],
        "lamb.pxd: lamp_measure measures, but there is no rule that it is called after: x_measure belongs to x",
    ),
    "a file without its place": (
        [("docs/OPTIMIZERS.md", "<!-- derived: optimizers -->", "")],
        "docs/OPTIMIZERS.md: no line <!-- derived: optimizers --> with <!-- end --> after it",
    ),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_what_does_not_fit_is_refused(tree: Path, what: str) -> None:
    changes, message = REFUSALS[what]
    for path, old, new in changes:
        change(tree, path, old, new)
    before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    code, said = derive(tree)
    assert code == 1
    assert f"derive: {message}" in said
    assert all(path.read_bytes() == text for path, text in before.items())


def cimported(path: Path) -> set[str]:
    """The .pxd files of fastgd that a module cimports from, itself and through others."""
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"^(?:from|cimport) (fastgd\.[\w.]+)", text, re.MULTILINE)
    found = [ROOT / f"src/{name.replace('.', '/')}.pxd" for name in named]
    found += [path.parent / name for name in re.findall(r'^include "(.*)"', text, re.MULTILINE)]
    beside = path.with_suffix(".pxd")
    found += [beside] if beside != path else []
    files = {file for file in found if file.exists()}
    return files.union(*map(cimported, files))


MODULES = sorted((ROOT / "src").rglob("*.pyx"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_module_is_built_anew_when_what_it_cimports_changes(module: Path) -> None:
    """Cython notes dependencies by regular expressions, which do not see what is cimported from a package."""
    text = "".join(path.read_text(encoding="utf-8") for path in {module, *cimported(module)})
    packages = [name for name in re.findall(r"^from (fastgd[\w.]*) cimport", text, re.MULTILINE)
                if (ROOT / f"src/{name.replace('.', '/')}").is_dir()]  # fmt: skip
    assert not packages, "name the module: from fastgd.kernels.real cimport ..."
