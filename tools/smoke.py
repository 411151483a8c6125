"""
Install fastgd from a copy of the source with every supported Python on the PATH, and run its doctests there.

What a user of that Python does, without the test tools: an isolated build, an empty environment, another directory.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("python3.11", "python3.12", "python3.13")
LEFT_OUT = shutil.ignore_patterns(".*", "*.c", "*.so", "__pycache__", "build", "dist", "*.egg-info")
CHECK = """
import doctest, importlib, pathlib, pkgutil, sys
import numpy as np
import fastgd

assert pathlib.Path(fastgd.__file__).is_relative_to(sys.prefix), fastgd.__file__
names = [m.name for m in pkgutil.walk_packages(fastgd.__path__, "fastgd.")]
# kernels of other processors; adapters without hosts
left_out = ("fastgd.kernels.", "fastgd.sklearn", "fastgd.thinc", "fastgd.torch")
modules = [name for name in names if not name.startswith(left_out)]
results = [doctest.testmod(importlib.import_module(name)) for name in modules]
failed, tried = sum(r.failed for r in results), sum(r.attempted for r in results)
assert tried > 20 and not failed, (tried, failed)
for name in fastgd.__all__:
    kind = getattr(fastgd, name)
    if isinstance(kind, type) and kind is not fastgd.Optimizer:
        for dtype in (np.float32, np.float64):
            params = {"W": np.ones((300, 7), dtype), "b": np.ones(3, dtype)}
            kind(params).step({"W": np.ones((300, 7), dtype), "b": None})
            assert np.isfinite(params["W"]).all() and (params["b"] == 1).all(), name
fastgd.show_config()
print(f"{tried} examples passed")
"""


def smoke(python: str) -> bool:
    with TemporaryDirectory() as name:
        directory = Path(name)
        environment = directory / "environment"
        source = directory / "source"
        shutil.copytree(ROOT, source, ignore=LEFT_OUT)
        inside = str(environment / "bin" / "python")
        commands = [
            [python, "-m", "venv", str(environment)],
            [inside, "-m", "pip", "install", "--quiet", f"{source}[checkpoint,scipy]"],
            [inside, "-I", "-W", "error", "-c", CHECK],
        ]
        return all(subprocess.run(command, cwd=directory, check=False).returncode == 0 for command in commands)


def main() -> int:
    passed, failed, skipped = [], [], []
    for name in PYTHONS:
        path = shutil.which(name)
        # a shim of a version manager may be on the PATH without the version behind it
        if path is None or subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode:
            skipped.append(name)
            continue
        print(f"== {name}", flush=True)
        (passed if smoke(path) else failed).append(name)
    for label, names in (("passed", passed), ("failed", failed), ("skipped, not on the PATH", skipped)):
        if names:
            print(f"{label}: {', '.join(names)}")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
