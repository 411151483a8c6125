"""Running: threads, processes and signals, limits on threads, instruction sets, other libraries in the process."""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd.engine import cgroup, dispatch
from fastgd.tools.bench.threads import usable_cores
from support.cases import every_optimizer
from support.comparing import assert_same
from support.running import placed, threads

IN_USE = "this optimizer is in use by another thread; give each thread its own, or a lock"

# A training whose bits are the same wherever it runs; the head of what subprocesses run.
PROGRAM = """
import hashlib, os, sys, numpy as np, fastgd
fastgd.set_parallel_from(32768)

def train(n=100_003):
    rng = np.random.default_rng(3)
    params = [rng.standard_normal(size).astype(dtype) for size, dtype in ((n, "f4"), (65, "f8"), (n // 2, "f8"))]
    grads = [np.cos(p) for p in params]
    opt = fastgd.AdamW(params, lr=0.1, max_grad_norm=1.0)
    for _ in range(3):
        opt.step(grads)
    return hashlib.sha256(b"".join(p.tobytes() for p in params)).hexdigest()
"""


def python(code: str, head: str = PROGRAM, **env: str) -> str:
    """What a new interpreter prints."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("OMP_", "GOMP_", "FASTGD_"))}
    done = subprocess.run(
        [sys.executable, "-c", head + code],
        env={**clean, **env}, check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def digest() -> str:
    names: dict[str, object] = {}
    exec(PROGRAM + "result = train()", names)
    return str(names["result"])


# ---- threads of a step ----------------------------------------------------------------------------------------------

LAYOUTS = {
    "one large": (300_007,),
    "many small": (613,) * 400,
    "mixed": (1, 70_001, 0, 16, 3, 40_000, 33, 100_003, 2),
}


@pytest.mark.parametrize("sizes", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("start", [0, 1, 6], ids="first parameter {} elements after a cache line".format)
def test_any_number_of_threads_gives_the_same_bits(sizes: tuple[int, ...], dtype: str, start: int) -> None:
    results = []
    for n in (1, 2, 3, 7, 64):
        rng = np.random.default_rng(0)
        params = [placed(rng.standard_normal(size).astype(dtype), shift) for shift, size in enumerate(sizes, start)]
        opt = fastgd.Adam(params, lr=0.1, max_grad_norm=1, max_grad_value=0.01)
        with threads(n):
            for _ in range(2):
                opt.step([np.sin(p) for p in params])
        results.append(
            (opt.grad_norm, [p.tobytes() for p in params], opt.state_dict()["state"][0]["exp_avg"].tobytes())
        )
    assert results.count(results[0]) == len(results)


@every_optimizer
def test_optimizers_in_several_python_threads(cls: type[fastgd.Optimizer]) -> None:
    def train(seed: int) -> np.ndarray:
        param = np.random.default_rng(seed).standard_normal(50_000)
        opt = cls(param)
        for _ in range(10):
            opt.step(np.cos(param))
        return param

    expected = [train(seed) for seed in range(6)]
    with threads(2), ThreadPoolExecutor(6) as pool:
        assert_same(list(pool.map(train, range(6))), expected)


NESTED = """
#include <omp.h>
int region(void (*step)(int), int n) {
    int widest = 0;
    #pragma omp parallel for num_threads(n) schedule(static, 1) reduction(max : widest)
    for (int i = 0; i < n; i++) { step(i); widest = omp_get_num_threads(); }
    return widest;
}
"""
IN_REGION = """
import ctypes
names = [None] * 3
def step(i):
    fastgd.set_num_threads(2)
    names[i] = train()
region = ctypes.CDLL(sys.argv[1] if len(sys.argv) > 1 else os.environ["REGION"]).region
assert region(ctypes.CFUNCTYPE(None, ctypes.c_int)(step), 3) == 3
print(*set(names))
"""


@pytest.mark.parametrize("levels", ["1", "2"])
def test_inside_another_parallel_region(levels: str, tmp_path: Path, digest: str) -> None:
    compiler = shutil.which(sysconfig.get_config_var("CC").split()[0]) or shutil.which("cc")
    if compiler is None:
        pytest.skip("a C compiler is needed for a parallel region that calls Python")
    source, library = tmp_path / "region.c", tmp_path / "region.so"
    source.write_text(NESTED)
    built = subprocess.run(
        [compiler, "-shared", "-fPIC", "-fopenmp", source, "-o", library], check=False, capture_output=True, text=True
    )
    if built.returncode:
        pytest.skip(f"a C compiler with -fopenmp is needed: {built.stderr}")
    assert python(IN_REGION, REGION=str(library), OMP_MAX_ACTIVE_LEVELS=levels) == digest


# ---- one optimizer in two threads -----------------------------------------------------------------------------------


def test_methods_are_refused_while_another_thread_is_in_a_step() -> None:
    entered, leave = threading.Event(), threading.Event()
    armed = False

    def schedule(t: int) -> float:
        if armed:
            entered.set()
            assert leave.wait(60)
        return 0.1

    param, twin, grad = np.ones(5), np.ones(5), np.ones(5)
    opt, other = fastgd.Adam(param, lr=schedule), fastgd.Adam(twin, lr=0.1)
    saved = opt.state_dict()
    armed = True
    stepping = threading.Thread(target=opt.step, args=(grad,))
    stepping.start()
    try:
        assert entered.wait(60)
        for call in (
            lambda: opt.step(grad), lambda: opt.bind(grad), opt.zero_grad, opt.state_dict,
            lambda: opt.load_state_dict(saved), lambda: opt.add_param_group({"params": np.ones(2)}),
        ):  # fmt: skip
            with pytest.raises(RuntimeError) as caught:
                call()
            assert str(caught.value) == IN_USE
    finally:
        leave.set()
        stepping.join()
    armed = False
    opt.step(grad)
    other.step(grad)
    other.step(grad)
    assert_same(param, twin)


def test_an_optimizer_stepped_from_two_threads_keeps_its_numbers() -> None:
    param, twin = np.ones(1_000_000), np.ones(1_000_000)
    grad = np.cos(np.arange(1_000_000.0))
    opt, other = fastgd.Adam(param), fastgd.Adam(twin)
    made, refused = [0, 0], [0, 0]
    deadline = time.monotonic() + 60

    def work(i: int) -> None:
        while (sum(made) < 20 or not sum(refused)) and time.monotonic() < deadline:
            try:
                opt.step(grad)
                made[i] += 1
            except RuntimeError:
                refused[i] += 1

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work, i) for i in range(2)]:
            done.result()
    assert sum(refused)
    assert int(opt.state[0]["step"]) == sum(made)
    for _ in range(sum(made)):
        other.step(grad)
    assert_same(param, twin)


def test_other_python_threads_run_during_a_step() -> None:
    param = np.zeros(2_000_000)
    opt = fastgd.SGD(param, lr=1.0)
    grad = np.ones_like(param)
    seen, stop = threading.Event(), threading.Event()

    def watch() -> None:
        while not stop.is_set():
            first, last = param[0], param[-1]
            # Each step takes 1 off, from the first element on. Between two steps `last`, which is read later, cannot
            # be the larger one.
            if first < last:
                seen.set()

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        with threads(1):
            deadline = time.monotonic() + 60
            while not seen.is_set() and time.monotonic() < deadline:
                opt.step(grad)
    finally:
        stop.set()
        watching.join()
    assert seen.is_set(), "no other thread ran in the middle of any step of a minute"


# ---- processes and signals ------------------------------------------------------------------------------------------

# Interrupts are raised wherever Python code of fastgd runs, and nowhere else, so that the program itself survives them.
INTERRUPTED = """
import signal, time, threading
package = os.path.dirname(fastgd.__file__)
interrupts, done = 0, threading.Event()

def interrupt(number, frame):
    global interrupts
    while frame is not None:
        if frame.f_code.co_filename.startswith(package):
            interrupts += 1
            raise KeyboardInterrupt
        frame = frame.f_back

def send():
    rng = np.random.default_rng(0)
    while interrupts < 60:
        time.sleep(rng.uniform(0, 2e-3))
        os.kill(os.getpid(), signal.SIGINT)
    done.set()

signal.signal(signal.SIGINT, interrupt)
param, twin, grad = np.ones(40_000), np.ones(40_000), np.cos(np.arange(40_000.0))
opt, other = fastgd.Adam(param, max_grad_norm=1), fastgd.Adam(twin, max_grad_norm=1)
threading.Thread(target=send).start()
while not done.is_set():
    try:
        while not done.is_set():
            opt.step(grad)
    except KeyboardInterrupt:
        pass
opt.step(grad)
for _ in range(int(opt.state[0]["step"])):
    other.step(grad)
print(param.tobytes() == twin.tobytes())
"""


def test_interrupted_steps_leave_the_optimizer_usable() -> None:
    assert python(INTERRUPTED) == "True"


def test_an_interrupt_after_any_call_leaves_a_whole_number_of_steps() -> None:
    package = str(Path(fastgd.__file__).parent)
    grad = np.cos(np.arange(9.0))

    def make() -> tuple[np.ndarray, fastgd.Optimizer]:
        param = np.ones(9)
        return param, fastgd.Adam([param], lr=fastgd.schedules.exponential(0.5, 0.5), max_grad_norm=1)

    def interrupted_after(calls: int) -> bool:
        param, opt = make()
        twin, other = make()
        left = calls

        def interrupt(frame: Any, event: str, _: object) -> None:
            nonlocal left
            left -= event != "c_call" and frame.f_code.co_filename.startswith(package)
            if left == 0:
                raise KeyboardInterrupt

        sys.setprofile(interrupt)
        try:
            opt.step([grad])
        except KeyboardInterrupt:
            pass
        finally:
            sys.setprofile(None)
        for _ in range(2):
            opt.step([grad])
        for _ in range(int(opt.state[0]["step"])):
            other.step([grad])
        assert param.tobytes() == twin.tobytes(), f"interrupted after call {calls}"
        return left <= 0

    calls = 1
    while interrupted_after(calls):
        calls += 1
    assert calls > 5  # what is left in Python: the front, and the schedule


# ---- limits on threads ----------------------------------------------------------------------------------------------

COUNT = """
before = len(os.listdir("/proc/self/task"))
train()
print(fastgd.get_num_threads(), len(os.listdir("/proc/self/task")) - before + 1)
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted in /proc")
@pytest.mark.parametrize("n", [1, 2, 3])
def test_omp_num_threads(n: int) -> None:
    allowed = min(n, cgroup.cpu_limit() or n)
    assert python(COUNT, OMP_NUM_THREADS=str(n), OPENBLAS_NUM_THREADS="1") == f"{allowed} {allowed}"


LIMITED = """
from threadpoolctl import threadpool_info, threadpool_limits
counts = []
for asked in (None, 3, 8):
    fastgd.set_num_threads(asked)
    for limit in (1, 2):
        with threadpool_limits(limit):
            counts.append(fastgd.get_num_threads())
            train()
with threadpool_limits(2, user_api="openmp"):
    fastgd.set_num_threads(5)
    counts.append(fastgd.get_num_threads())
counts.append(fastgd.get_num_threads())
(entry,) = [entry for entry in threadpool_info() if entry["internal_api"] == "fastgd"]
print(*counts, entry["num_threads"], entry["user_api"])
"""


OWN = "print(fastgd.get_num_threads()); fastgd.set_num_threads(5); print(fastgd.get_num_threads())"


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"FASTGD_NUM_THREADS": "3"}, 3),
        ({"FASTGD_NUM_THREADS": " 1 ", "OMP_NUM_THREADS": "4"}, 1),
        ({"FASTGD_NUM_THREADS": "", "OMP_NUM_THREADS": "2,4"}, min(2, cgroup.cpu_limit() or 2)),
        ({"OMP_NUM_THREADS": "many"}, min(usable_cores(), cgroup.cpu_limit() or 1024)),
    ],
)
def test_the_order_in_which_numbers_of_threads_count(env: dict[str, str], expected: int) -> None:
    assert python(OWN, **env).split() == [str(expected), "5"]


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [("FASTGD_NUM_THREADS", value, "an integer in [1, 1024]") for value in ("0", "-1", "1025", "two", "1.5")]
    + [("FASTGD_SPIN_US", value, "a number in [0, 1000000]") for value in ("-1", "1e7", "nan", "soon")],
)
def test_variables_of_the_environment_are_checked(name: str, value: str, what: str) -> None:
    code = "try: import fastgd\nexcept ImportError as error: print(error)"
    assert python(code, head="", **{name: value}) == f"{name} must be {what}, got {value!r}"


def test_limits_of_threadpoolctl_hold() -> None:
    pytest.importorskip("threadpoolctl")
    two = min(2, cgroup.cpu_limit() or 2)
    assert python(LIMITED, OMP_NUM_THREADS="4") == f"1 {two} 1 2 1 2 2 5 4 openmp"


# A quota as the container's own file would give it: cpu_limit is read when the engine is imported.
QUOTA = """
import sys, types
cgroup = sys.modules["fastgd.engine.cgroup"] = types.ModuleType("cgroup")
cgroup.cpu_limit, cgroup.memory_limit = lambda: 2, lambda: float("inf")
import fastgd
counts = [fastgd.get_num_threads()]
fastgd.set_num_threads(3)
counts.append(fastgd.get_num_threads())
fastgd.set_num_threads(None)
print(*counts, fastgd.get_num_threads())
"""


def test_the_quota_bounds_the_default_but_not_what_is_asked_for() -> None:
    assert python(QUOTA, head="", OMP_NUM_THREADS="4") == "2 3 2"


# ---- instruction sets -----------------------------------------------------------------------------------------------

LOADED = "print(fastgd.engine.dispatch.chosen(), *sorted(n for n in sys.modules if n.startswith('fastgd.kernels.')))"
MAPPED = "\nprint(*{l.rpartition('/')[2].partition('.')[0] for l in open('/proc/self/maps') if '/kernels/' in l})"


@pytest.mark.parametrize("isa", dispatch.available())
def test_an_instruction_set_by_name(isa: str, digest: str) -> None:
    assert python("print(fastgd.engine.dispatch.chosen(), train())", FASTGD_ISA=isa) == f"{isa} {digest}"


@pytest.mark.parametrize("isa", ["", *dispatch.available()])
def test_no_other_kernel_module_is_imported(isa: str) -> None:
    name = isa or dispatch.available()[-1]
    module = name.replace("-", "_")
    expected = f"{name} fastgd.kernels.{module}"
    assert python(LOADED, FASTGD_ISA=isa) == expected
    if Path("/proc/self/maps").exists():
        assert python(LOADED + MAPPED, FASTGD_ISA=isa) == f"{expected}\n{module}"


def test_an_unknown_instruction_set_is_an_import_error() -> None:
    code = "try: import fastgd\nexcept ImportError as error: print(error)"
    expected = "FASTGD_ISA must be one of generic, x86-64-v2, x86-64-v3, x86-64-v4, got 'avx9'"
    assert python(code, head="", FASTGD_ISA="avx9") == expected


LACKING = {
    "built": "FASTGD_ISA=x86-64-v3: this build of fastgd has generic",
    "available": "FASTGD_ISA=x86-64-v3: this CPU has generic",
}


@pytest.mark.parametrize("what", LACKING)
def test_an_instruction_set_that_is_lacking_is_an_import_error(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dispatch.chosen()
    if what == "available":
        monkeypatch.setattr(dispatch, "built", lambda: ["generic", "x86-64-v3"])
    monkeypatch.setattr(dispatch, what, lambda: ["generic"])
    with pytest.raises(ImportError) as caught:
        dispatch.select("x86-64-v3")
    assert str(caught.value) == LACKING[what]
    assert dispatch.chosen() == before


# ---- other libraries in the process ---------------------------------------------------------------------------------

HOSTS = {
    "torch": "import torch; torch.ones(1 << 20).sum()",
    "sklearn": "from sklearn.cluster import KMeans; KMeans(2, n_init=1).fit([[0.0]] * 600 + [[1.0]] * 600)",
}


@pytest.mark.parametrize("order", ["before", "after", "between"])
@pytest.mark.parametrize("host", HOSTS)
def test_beside_other_libraries_with_threads(host: str, order: str, digest: str) -> None:
    pytest.importorskip(host)
    use = HOSTS[host]
    lines = {"before": [use, PROGRAM], "after": [PROGRAM, use], "between": [PROGRAM, "first = train()", use]}[order]
    code = "\n".join([*lines, "fastgd.set_num_threads(3)", "first = train()", use, "print(first, train())"])
    assert python(code, head="") == f"{digest} {digest}"


def test_the_digest_tells_bits_apart(digest: str) -> None:
    assert len(digest) == len(hashlib.sha256().hexdigest())
    assert python("print(train(100_002))") != digest
