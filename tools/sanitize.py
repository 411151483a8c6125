"""
Build the compiled modules with sanitizers in a copy of the tree, and run the tests that go through them.

    make sanitize                                   # all of them
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
FLAGS = f"{SANITIZERS} -fno-sanitize-recover=undefined -fno-omit-frame-pointer"
# For each compiled module the files of tests that go through all of it.
KERNELS = ("bits", "passes", "formats", "elementary", "values")
TESTS = {
    "kernels/generic": KERNELS,
    "kernels/x86_64_v2": KERNELS,
    "kernels/x86_64_v3": KERNELS,
    "kernels/x86_64_v4": KERNELS,
    "engine/apply": ("functional",),
    "engine/averaged": ("averages", "torch_stages", "lookahead", "sam"),
    "engine/dispatch": ("bits",),
    "engine/exact": ("exact",),
    "engine/execute": ("steps", "master_weights", "rows", "properties"),
    "engine/extents": ("bad_input", "zeroed_gradients"),
    "engine/factored": ("adafactor", "adafactor_moments"),
    "engine/following": ("accumulating", "copies", "averages", "zeroed_gradients", "changed_between"),
    "engine/formats": ("formats",),
    "engine/grouped": ("refusals", "schedules_of_any"),
    "engine/norm": ("gradients", "treated_gradients"),
    "engine/plan": ("steps", "bad_input"),
    "engine/pool": ("pool",),
    "engine/reader": ("signatures", "refusals"),
    "engine/reading": ("schedules_of_any", "resuming"),
    "engine/rows": ("rows", "torch_rows"),
    "engine/stages": ("copies", "averages"),
    "engine/steps": ("steps", "interrupts", "fuzz", "checkpoint", "checkpoint_files", "checkpoint_background"),
    "engine/threads": ("pool",),
    "engine/tile": ("formats", "master_weights"),
    "engine/zeros": ("zeroed_gradients",),
    "torch/bound": ("torch_adapter", "torch_hazards", "changed_between", "torch_rows", "torch_formats"),
    "torch/clock": ("torch_schedules",),
    "torch/found": ("torch_changes", "torch_keeping", "torch_tensors"),
    "torch/gradients": ("torch_zero_grad",),
    "torch/shown": ("torch_state",),
    "torch/targets": ("torch_keeping",),
    "torch/views": ("torch_tensors", "torch_hazards"),
    "capi": ("capi_header",),
    "thinc_update": ("thinc_arrays",),
}


def tests() -> list[str]:
    """The files of all modules, each once."""
    modules = {str(path.relative_to(ROOT / "src/fastgd").with_suffix("")) for path in ROOT.glob("src/fastgd/**/*.pyx")}
    if modules != set(TESTS):
        raise SystemExit(f"TESTS of {Path(__file__).name}: {', '.join(sorted(modules ^ set(TESTS)))} is new or gone")
    return [f"tests/test_{name}.py" for name in sorted({name for names in TESTS.values() for name in names})]


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


def main(files: list[str]) -> None:
    preload = ":".join(runtimes())
    build(COPY, {"CFLAGS": FLAGS, "LDFLAGS": SANITIZERS, "FASTGD_DEBUG": "1"})
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
    raise SystemExit(subprocess.run([*command, *files], cwd=COPY, check=False, env=env).returncode)


if __name__ == "__main__":
    main(sys.argv[1:] or tests())
