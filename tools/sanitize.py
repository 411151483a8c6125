"""
Build the compiled modules with sanitizers in a copy of the tree, and run the tests that go through them.

    make sanitize                                # about twenty minutes on two cores
    python tools/sanitize.py tests/test_steps.py    # some of the tests

A report of AddressSanitizer or UndefinedBehaviorSanitizer ends the test run. Leaks are not looked for, since Python's
own at exit would hide ours; `make soak` and tests/test_memory.py do that. The tests of machine code, of builds and of
other processes' memory are left out: they are about builds that users have.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from copies import ROOT, build

COPY = ROOT / "build" / "sanitize"
SANITIZERS = "-fsanitize=address,undefined"
# bounds and pointer-overflow belong to undefined. Alignment stays out where a caller's array may be of any alignment.
FLAGS = f"{SANITIZERS} -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g1"
TESTS = [
    "bad_input", "bits", "checkpoint", "checkpoint_files", "exact", "functional", "fuzz", "gradients", "interrupts",
    "properties", "refusals", "resuming", "steps", "thinc_arrays", "torch_adapter", "torch_changes", "torch_hazards",
    "torch_tensors", "treated_gradients", "values",
]  # fmt: skip


def runtimes() -> list[str]:
    """The libraries that must be loaded before Python is: it is not built with them."""
    compiler = shutil.which(sysconfig.get_config_var("CC").split()[0]) or "cc"
    names = ("libasan.so", "libubsan.so")
    found = [
        subprocess.run(
            [compiler, f"-print-file-name={name}"], check=True, capture_output=True, text=True
        ).stdout.strip()
        for name in names
    ]
    if missing := [name for name, path in zip(names, found, strict=True) if not Path(path).is_absolute()]:
        raise SystemExit(f"{compiler} has no {', '.join(missing)}: install the sanitizers of the compiler")
    return [str(Path(path).resolve()) for path in found]


def main(tests: list[str]) -> None:
    preload = ":".join(runtimes())
    build(COPY, {"CFLAGS": FLAGS, "LDFLAGS": SANITIZERS})
    options = "detect_leaks=0:abort_on_error=1:allocator_may_return_null=1:detect_odr_violation=0"
    env = {
        **os.environ,
        "LD_PRELOAD": preload,
        "ASAN_OPTIONS": options,
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONPATH": str(COPY / "src"),
        "PYTHONMALLOC": "malloc",  # each object has a block of its own, whose ends are watched
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:faulthandler",
        "-p",
        "no:xdist",
    ]
    raise SystemExit(subprocess.run([*command, *tests], cwd=COPY, check=False, env=env).returncode)


if __name__ == "__main__":
    main(sys.argv[1:] or [f"tests/test_{name}.py" for name in TESTS])
