"""An application that PyInstaller has frozen: its hook is found, and the modules that it names are all there are."""

import runpy
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import fastgd
from fastgd._pyinstaller import get_hook_dirs

PACKAGE = Path(fastgd.__file__).parent
PROJECT = Path(__file__).resolve().parent.parent
PROGRAM = """
import os, sys
import numpy as np, fastgd
param = np.ones(5)
fastgd.AdamW(param, lr=0.5, max_grad_norm=1.0).step(np.ones(5))
assert param[0] < 1
fastgd.functional.sgd(param, np.ones(5), step=1, lr=0.1)
fastgd.grad_norm([param])
from fastgd.engine import dispatch
for name in dispatch.available():
    dispatch.select(name)
print(*dispatch.built(), *sorted(name for name in sys.modules if name.startswith("fastgd.engine.")))
"""
# What fastgd imports only where it is used, and this program does not: each would be analysed for minutes.
ABSENT = ("matplotlib", "safetensors", "scipy", "sklearn", "torch", "tqdm", "PIL", "tkinter")


def test_the_entry_point_names_the_folder_of_hooks() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, function = project["entry-points"]["pyinstaller40"]["hook-dirs"].partition(":")
    (folder,) = getattr(import_module(module), function)()
    assert sorted(path.name for path in Path(folder).glob("hook-*.py")) == ["hook-fastgd.py", "hook-fastgd.torch.py"]


def test_hooks_name_every_compiled_module_that_python_code_does_not_import() -> None:
    named = {
        name
        for path in Path(get_hook_dirs()[0]).glob("hook-*.py")
        for name in runpy.run_path(str(path))["hiddenimports"]
    }
    compiled = {path.relative_to(PACKAGE.parent).with_suffix("") for path in PACKAGE.rglob("*.pyx")}
    modules = {".".join(path.parts) for path in compiled}
    sources = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    read = {
        name for name in modules if f"import {name.rpartition('.')[2]}" in sources or f"from {name} import" in sources
    }
    assert modules - read <= named
    for name in named:
        assert (PACKAGE.parent / name.replace(".", "/")).with_suffix(".pyx").exists() or import_module(name)


def test_a_frozen_application_steps(tmp_path: Path) -> None:
    pytest.importorskip("PyInstaller")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    expected = subprocess.run([sys.executable, program], check=True, capture_output=True, text=True).stdout
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--onedir", "--log-level", "WARN"]
    command += ["--paths", str(PACKAGE.parent), "--additional-hooks-dir", *get_hook_dirs()]
    command += [f"--exclude-module={name}" for name in ABSENT]
    command += [f"--{kind}path={tmp_path / kind}" for kind in ("dist", "work", "spec")]
    built = subprocess.run([*command, program], check=False, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    frozen = subprocess.run(
        [tmp_path / "dist" / "program" / "program"], check=False, capture_output=True, text=True, cwd=tmp_path, env={}
    )
    assert (frozen.returncode, frozen.stdout) == (0, expected), frozen.stderr
