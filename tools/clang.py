"""
Build with clang in a copy of the tree, and look for other bits than gcc's there.

    make clang

The digests of every rule are committed, and expected of every compiler; warnings of this one are errors too.
"""

import os
import shutil
import subprocess
import sys

from copies import ROOT, build

COPY = ROOT / "build" / "clang"
TESTS = [f"tests/test_{name}.py" for name in ("bits", "exact", "fpmode", "functional", "capi", "values")]


def main() -> None:
    if shutil.which("clang") is None:
        raise SystemExit("clang is not installed")
    build(COPY, {"CC": "clang", "LDSHARED": "clang -shared", "FASTGD_STRICT": "1"})
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS]
    environment = {**os.environ, "PYTHONPATH": str(COPY / "src")}
    raise SystemExit(subprocess.run(command, cwd=COPY, check=False, env=environment).returncode)


if __name__ == "__main__":
    main()
