"""
Build for aarch64 with a cross compiler in a copy of the tree, and look for other bits than x86-64's under qemu.

    make aarch64

It needs Debian's mmdebstrap, qemu-user-static, gcc-aarch64-linux-gnu and libc6-dev-arm64-cross. Python is unpacked
from Debian's packages for arm64, NumPy and what the tests need from wheels, into build/aarch64.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from copies import ROOT, build

HERE = ROOT / "build" / "aarch64"
SYSTEM, SITE, COPY = HERE / "root", HERE / "site", HERE / "tree"
COMPILER = "aarch64-linux-gnu-gcc"
EMULATOR = ("qemu-aarch64-static", "-L", str(SYSTEM))
RELEASE, VERSION = "bookworm", "3.11"  # Debian 12 and its Python
SETTINGS = "_sysconfigdata__aarch64-linux-gnu"
WHEELS = [f"--platform=manylinux_2_{minor}_aarch64" for minor in (17, 27, 28)]
TESTS = ["tests/test_bits.py::test_the_bits_of_every_machine", "tests/test_exact.py"]


def unpack() -> None:
    """Unpack Python for arm64, without running any of it, and wheels."""
    HERE.mkdir(parents=True)
    packages = ("python3", "libpython3-dev", "libstdc++6", "zlib1g", "libffi8", "libssl3", "libbz2-1.0")
    command = ["mmdebstrap", "--quiet", "--arch=arm64", "--variant=extract", f"--include={','.join(packages)}", RELEASE]
    sources = [*Path("/etc/apt").glob("sources.list"), *Path("/etc/apt/sources.list.d").glob("debian.sources")]
    subprocess.run([*command, str(SYSTEM), *map(str, sources)], check=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(SITE), "--only-binary=:all:"]
    subprocess.run([*pip, f"--python-version={VERSION}", *WHEELS, "numpy", "ml_dtypes", "pytest"], check=True)


def compile_copy() -> None:
    """Compile as the settings of that Python say, whose headers lie in another place here."""
    text = (SYSTEM / f"usr/lib/python{VERSION}/{SETTINGS}.py").read_text(encoding="utf-8")
    settings = HERE / "settings"
    settings.mkdir(exist_ok=True)
    (settings / f"{SETTINGS}.py").write_text(text.replace("/usr/include", f"{SYSTEM}/usr/include"), encoding="utf-8")
    variables = {
        "CC": COMPILER,
        "LDSHARED": f"{COMPILER} -shared",
        "CFLAGS": f"-isystem {SYSTEM}/usr/include",
        "PYTHONPATH": str(settings),
        "_PYTHON_HOST_PLATFORM": "linux-aarch64",
        "_PYTHON_SYSCONFIGDATA_NAME": SETTINGS,
    }
    build(COPY, variables)


def main() -> None:
    missing = [name for name in ("mmdebstrap", EMULATOR[0], COMPILER) if shutil.which(name) is None]
    if missing or sys.version_info[:2] != tuple(map(int, VERSION.split("."))):
        raise SystemExit(f"this needs {', '.join(missing) or f'Python {VERSION}'}")
    if not (SITE / "numpy").exists():
        shutil.rmtree(HERE, ignore_errors=True)
        unpack()
    compile_copy()
    python = [*EMULATOR, str(SYSTEM / f"usr/bin/python{VERSION}")]
    environment = {**os.environ, "PYTHONPATH": f"{COPY / 'src'}:{SITE}"}
    command = [*python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS]
    raise SystemExit(subprocess.run(command, cwd=COPY, check=False, env=environment).returncode)


if __name__ == "__main__":
    main()
