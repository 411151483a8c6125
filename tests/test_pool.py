"""The threads of a process: shared, forked, refused, interrupted and left in every way, they never hang."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import numpy as np
import pytest

import fastgd
from fastgd.engine import pool
from support.comparing import assert_same
from support.running import threads
from test_running import PROGRAM, python

ROOT = Path(__file__).resolve().parent.parent
TASKS = Path("/proc/self/task")
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
needs_tasks = pytest.mark.skipif(not TASKS.exists(), reason="threads are looked at in /proc")

# ---- what the pool promises -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sleeping", [[], ["-DFASTGD_POOL_CONDITION"]], ids=["futex", "condition"])
@pytest.mark.parametrize("sanitizer", ["thread", "undefined"])
def test_stress(sanitizer: str, sleeping: list[str], tmp_path: Path) -> None:
    compiler = shutil.which(sysconfig.get_config_var("CC").split()[0]) or shutil.which("cc")
    if compiler is None:
        pytest.skip("a C compiler is needed")
    command = [compiler, "-std=c11", "-g", "-O1", "-Wall", "-Wextra", "-Werror", f"-fsanitize={sanitizer}", "-pthread"]
    command += [*sleeping, "-I", ROOT / "src/fastgd/engine", ROOT / "tests/support/pool_stress.c", "-o", "stress"]
    built = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    if "cannot find" in built.stderr or "unrecognized" in built.stderr:
        pytest.skip(f"the compiler has no -fsanitize={sanitizer}")
    assert built.returncode == 0, built.stderr
    # Older sanitizers do not know where newer kernels may put a program.
    fixed = [shutil.which("setarch"), "-R"] if shutil.which("setarch") else []
    done = subprocess.run(
        [*fixed, "./stress"], cwd=tmp_path, check=False, capture_output=True, text=True, timeout=300,
        env={**os.environ, "TSAN_OPTIONS": "halt_on_error=1 die_after_fork=0"},
    )  # fmt: skip
    if "unexpected memory mapping" in done.stderr:
        pytest.skip("the sanitizer cannot run on this kernel")
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr


def test_a_step_is_shared_from_the_size_that_is_set() -> None:
    def shared(elements: int) -> bool:
        param = np.ones(elements, np.float32)
        before = pool.shared()
        fastgd.SGD(param).step(param.copy())
        return pool.shared() > before

    before = fastgd.set_parallel_from(50_000)
    try:
        with threads(2):
            assert [shared(n) for n in (1000, 49_999, 50_000, 10**6)] == [False, False, True, True]
        with threads(1):
            assert not shared(10**6)
        assert fastgd.set_parallel_from(None) == 50_000
        assert fastgd.set_parallel_from(before) is None
    finally:
        fastgd.set_parallel_from(before)


def test_what_is_measured_decides_otherwise() -> None:
    """Not that it decides well, which is for benchmarks: that a tiny step is never shared, and a huge one always is."""
    code = """
fastgd.set_parallel_from(None)
fastgd.set_num_threads(2)
for n in (1000, 8_000_000):
    opt, grad = fastgd.Adam(np.ones(n)), np.ones(n)
    before = fastgd.engine.pool.shared()
    for _ in range(8):
        opt.step(grad)
    print(fastgd.engine.pool.shared() - before)
"""
    small, large = python(code).split()
    assert small == "0"
    assert int(large) >= 8  # and what was shared to measure


def test_any_number_of_threads_gives_the_same_digest() -> None:
    def digest(n: int) -> list[bytes]:
        rng = np.random.default_rng(5)
        params = [rng.standard_normal(size).astype(np.float32) for size in (70_001, 0, 16, 300_007, 33)]
        opt = fastgd.AdamW(params, lr=0.1, max_grad_norm=1.0)
        with threads(n):
            for _ in range(2):
                opt.step([np.sin(p) for p in params])
        return [p.tobytes() for p in params]

    before = fastgd.set_parallel_from(0)
    try:
        expected = digest(1)
        for n in range(2, 65):
            assert digest(n) == expected, n
    finally:
        fastgd.set_parallel_from(before)


def test_steps_of_several_python_threads_are_right() -> None:
    code = """
from concurrent.futures import ThreadPoolExecutor
fastgd.set_num_threads(3)
expected = train()
with ThreadPoolExecutor(6) as executor:
    print({*executor.map(lambda _: train(), range(60))} == {expected})
"""
    assert python(code) == "True"


# ---- processes ------------------------------------------------------------------------------------------------------

# The child makes threads of its own, and says so by its status.
CHILD = """
def child_is_right(expected):
    before = fastgd.engine.pool.shared()
    right = train() == expected and fastgd.engine.pool.shared() > before and fastgd.get_num_threads() == 3
    tasks = "/proc/self/task"
    return right and (not os.path.exists(tasks) or len(os.listdir(tasks)) == 3)

fastgd.set_num_threads(3)
"""
FORKS = {
    "after a shared step": """
expected = train()
child = os.fork()
if child == 0:
    os._exit(0 if child_is_right(expected) else 7)
print(os.waitpid(child, 0)[1], train() == expected)
""",
    "before one": """
child = os.fork()
expected = train()
if child == 0:
    os._exit(0 if child_is_right(expected) else 7)
print(os.waitpid(child, 0)[1], train() == expected)
""",
    "of C, that Python knows nothing of": """
import ctypes
expected = train()
child = ctypes.PyDLL(None).fork()
if child == 0:
    os._exit(0 if child_is_right(expected) else 7)
print(os.waitpid(child, 0)[1], train() == expected)
""",
    "in another thread": """
import threading
expected = train()
found = []
def fork():
    child = os.fork()
    if child == 0:
        os._exit(0 if child_is_right(expected) else 7)
    found.append(os.waitpid(child, 0)[1])
forking = threading.Thread(target=fork)
forking.start()
forking.join()
print(*found, train() == expected)
""",
    "while a step is shared": """
import threading
expected = train()
stop = False
def step():
    opt = fastgd.Adam(np.ones(2_000_000, np.float32))
    grad = np.ones(2_000_000, np.float32)
    while not stop:
        opt.step(grad)
stepping = threading.Thread(target=step)
stepping.start()
found = set()
for _ in range(20):
    child = os.fork()
    if child == 0:
        os._exit(0 if child_is_right(expected) else 7)
    found.add(os.waitpid(child, 0)[1])
stop = True
stepping.join()
print(*found, train() == expected)
""",
    "and again in the child": """
expected = train()
child = os.fork()
if child == 0:
    right = child_is_right(expected)
    grandchild = os.fork()
    if grandchild == 0:
        os._exit(0 if child_is_right(expected) else 7)
    os._exit(0 if right and os.waitpid(grandchild, 0)[1] == 0 else 7)
print(os.waitpid(child, 0)[1], train() == expected)
""",
}


@needs_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("name", FORKS)
def test_a_fork(name: str) -> None:
    assert python("import warnings; warnings.simplefilter('ignore')" + CHILD + FORKS[name]) == "0 True"


@needs_fork
def test_the_first_import_in_a_forked_child() -> None:
    code = "import os\nchild = os.fork()\nif child: print(os.waitpid(child, 0)[1])\nelse:\n    "
    step = "import numpy as np, fastgd; fastgd.set_num_threads(3); fastgd.set_parallel_from(0); w = np.zeros(10**6);"
    step += " fastgd.SGD(w, lr=1.0).step(np.ones(10**6)); os._exit(0 if (w == -1).all() else 7)"
    assert python(code + step, head="") == "0"


@needs_fork
def test_workers_of_multiprocessing() -> None:
    code = """
import multiprocessing
expected = train()
def child(_):
    return train() == expected
with multiprocessing.get_context("fork").Pool(3) as processes:
    print({*processes.map(child, range(6))})
"""
    assert python(code) == "{True}"


@pytest.mark.parametrize("end", ["os._exit(0)", "sys.exit()", "pass", "os.kill(os.getpid(), 9)"])
def test_a_process_ends_while_a_step_is_shared(end: str) -> None:
    code = """
import subprocess
program = '''
import os, sys, threading, time, numpy as np, fastgd
fastgd.set_num_threads(3)
opt = fastgd.Adam(np.ones(2_000_000, np.float32))
begun = threading.Event()
def step():
    while True:
        opt.step(np.ones(2_000_000, np.float32))
        begun.set()
threading.Thread(target=step, daemon=True).start()
begun.wait()
END
'''
for _ in range(3):
    print(subprocess.run([sys.executable, "-c", program.replace("END", os.environ["END"])], timeout=60).returncode)
"""
    expected = "-9" if "kill" in end else "0"
    assert python(code, END=end).split() == 3 * [expected]


# ---- limits, signals, rest ------------------------------------------------------------------------------------------

REFUSED = """
import resource
from fastgd.config import config
np.random.default_rng()
resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
if os.getuid() == 0:
    os.setuid(65534)    # the limit is not for root
fastgd.set_num_threads(3)
print(*{train(), train()}, fastgd.get_num_threads(), config()["threads"])
"""


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
def test_where_threads_cannot_be_made_a_step_runs_on_one() -> None:
    names: dict[str, object] = {}
    exec(PROGRAM + "result = train()", names)
    assert python(REFUSED) == f"{names['result']} 1 1"


SIGNALS = """
fastgd.set_num_threads(3)
train()
blocked = []
for task in os.listdir("/proc/self/task"):
    if int(task) != os.getpid():
        status = open(f"/proc/self/task/{task}/status").read()
        blocked.append(int(status.partition("SigBlk:")[2].split()[0], 16))
sent = [1, 2, 3, 10, 12, 14, 15, 17]
print(len(blocked), all(mask >> number - 1 & 1 for mask in blocked for number in sent))
"""


@needs_tasks
def test_workers_leave_signals_to_the_program() -> None:
    assert python(SIGNALS, OPENBLAS_NUM_THREADS="1") == "2 True"


ALARMS = """
import signal
count = 0
def on_alarm(number, frame):
    global count
    count += 1
fastgd.set_num_threads(3)
expected = train()
signal.signal(signal.SIGALRM, on_alarm)
signal.setitimer(signal.ITIMER_REAL, 1e-3, 1e-3)
right = True
while count < 100:
    right = right and train() == expected
signal.setitimer(signal.ITIMER_REAL, 0)
print(right)
"""


@pytest.mark.skipif(os.name != "posix", reason="timers are POSIX's")
def test_steps_under_signals() -> None:
    assert python(ALARMS) == "True"


RESTING = """
import time
fastgd.set_num_threads(3)
digest = train()
def states():
    tasks = [task for task in os.listdir("/proc/self/task") if int(task) != os.getpid()]
    return {open(f"/proc/self/task/{task}/stat").read().rpartition(")")[2].split()[0] for task in tasks}
deadline = time.monotonic() + 60
while states() != {"S"} and time.monotonic() < deadline:
    time.sleep(0.01)
print(digest, *states())
"""


@needs_tasks
@pytest.mark.parametrize("microseconds", ["", "0", "30", "2500.5"])
def test_between_steps_the_threads_sleep(microseconds: str) -> None:
    names: dict[str, object] = {}
    exec(PROGRAM + "result = train()", names)
    assert python(RESTING, FASTGD_SPIN_US=microseconds, OPENBLAS_NUM_THREADS="1") == f"{names['result']} S"


def test_threads_join_and_leave() -> None:
    rng = np.random.default_rng(1)
    param = rng.standard_normal(200_000)
    twin = param.copy()
    opt, other = fastgd.Adam(param), fastgd.Adam(twin)
    for n in rng.integers(1, 9, 300):
        with threads(int(n)):
            opt.step(np.cos(param))
        with threads(1):
            other.step(np.cos(twin))
    assert_same(param, twin)


def test_workers_of_joblib_have_as_many_threads_as_they_are_given() -> None:
    pytest.importorskip("joblib")
    code = """
import joblib
def threads():
    import fastgd
    return fastgd.get_num_threads()
with joblib.parallel_config("loky", inner_max_num_threads=1):
    print({*joblib.Parallel(2)(joblib.delayed(threads)() for _ in range(4))})
"""
    assert python(code) == "{1}"


def test_workers_of_a_data_loader_step() -> None:
    pytest.importorskip("torch")
    code = """
import torch
fastgd.set_num_threads(3)
expected = train()
class Steps(torch.utils.data.Dataset):
    def __len__(self):
        return 6
    def __getitem__(self, i):
        return train()
loader = torch.utils.data.DataLoader(Steps(), batch_size=None, num_workers=2, multiprocessing_context="fork")
print({*loader} == {expected})
"""
    assert python(code) == "True"
