"""
Install fastgd with every supported Python on the PATH, and run its doctests there.

    python tools/smoke.py                # from a copy of the source
    python tools/smoke.py dist/*.whl     # a wheel, with this Python

What a user of that Python does, without the test tools: an isolated build, an empty environment, another directory.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")
LEFT_OUT = shutil.ignore_patterns(".*", "*.c", "*.so", "__pycache__", "build", "dist", "*.egg-info")
CHECK = ROOT / "tools" / "check_installed.py"


def smoke(python: str, wheel: str = "") -> bool:
    """Whether an empty environment of an interpreter can install and use the wheel, or else the source."""
    with TemporaryDirectory() as name:
        directory = Path(name)
        environment = directory / "environment"
        source = directory / "source"
        if not wheel:
            shutil.copytree(ROOT, source, ignore=LEFT_OUT)
        what = Path(wheel).resolve() if wheel else source
        inside = str(environment / "bin" / "python")
        commands = [
            [python, "-m", "venv", str(environment)],
            [inside, "-m", "pip", "install", "--quiet", f"{what}[checkpoint,scipy]"],
            [inside, "-I", "-W", "error", str(CHECK)],
        ]
        return all(subprocess.run(command, cwd=directory, check=False).returncode == 0 for command in commands)


def main(wheels: list[str]) -> int:
    if wheels:
        return 0 if all(smoke(sys.executable, wheel) for wheel in wheels) else 1
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
    sys.exit(main(sys.argv[1:]))
