"""A copy of the tree that is compiled in another way, so that the tree keeps the modules that users have."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def build(copy: Path, variables: Mapping[str, str]) -> None:
    """Copy sources and tests, and compile in place there with variables such as CC and CFLAGS."""
    copy.mkdir(parents=True, exist_ok=True)
    for name in ("src", "tests", "docs", "examples", "benchmarks"):
        ignored = shutil.ignore_patterns("*.so", "__pycache__", ".asv", *(["*.c"] if name == "src" else []))
        shutil.copytree(ROOT / name, copy / name, dirs_exist_ok=True, ignore=ignored)
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE", "SECURITY.md"):
        shutil.copy2(ROOT / name, copy / name)
    jobs = str(os.cpu_count() or 1)
    command = [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace", "--parallel", jobs]
    subprocess.run(command, cwd=copy, check=True, env={**os.environ, **variables})
