"""Checkpoints that are written while training goes on: what was copied, in order, and no error is lost."""

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd.checkpoint import background
from support.comparing import assert_same
from test_interrupts import interrupted

PATIENCE = 60  # seconds in which a machine does anything at all; nothing is measured by it


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    assert background._desk.latest is None or background._desk.latest.done


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.safetensors"


class Disk:
    """A disk that takes what it is given when it is let, or never."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked, self.let = threading.Event(), threading.Event()
        self.error: OSError | None = None
        fsync = os.fsync

        def wait(descriptor: int) -> None:
            self.asked.set()
            assert self.let.wait(PATIENCE)
            if self.error is not None:
                raise self.error
            fsync(descriptor)

        monkeypatch.setattr(os, "fsync", wait)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    result = Disk(monkeypatch)
    yield result
    result.let.set()


def made() -> tuple[dict[str, np.ndarray], fastgd.Optimizer]:
    params = {"w": np.arange(5.0), "b": np.ones((2, 3), np.float32)}
    return params, fastgd.Adam(params, lr=0.1)


def step(params: dict[str, np.ndarray], opt: fastgd.Optimizer) -> None:
    opt.step({name: np.cos(param) for name, param in params.items()})


def loaded(file: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    params, opt = made()
    fastgd.load(file, opt, params=params)
    return params, opt.state_dict()


def test_the_copy_is_of_the_moment_and_training_goes_on(file: Path, disk: Disk) -> None:
    params, opt = made()
    step(params, opt)
    before, state = {name: param.copy() for name, param in params.items()}, opt.state_dict()
    saving = fastgd.save(file, opt, params=params, wait=False)
    assert saving is not None
    assert disk.asked.wait(PATIENCE)
    for _ in range(3):
        step(params, opt)  # while the file is written
    assert not saving.done
    assert not file.exists()
    with pytest.raises(TimeoutError, match=r"run.safetensors: not yet written after 0.01 s"):
        saving.wait(0.01)
    disk.let.set()
    saving.wait()
    assert saving.done
    assert saving.path == str(file)
    found, found_state = loaded(file)
    assert_same(found, before)
    assert_same(found_state, state)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_the_same_bytes_as_at_once(file: Path) -> None:
    params, opt = made()
    step(params, opt)
    fastgd.save(file, opt, params=params, extra=1)
    content = file.read_bytes()
    saving = fastgd.save(file, opt, params=params, extra=1, wait=False)
    assert saving is not None
    saving.wait()
    assert file.read_bytes() == content


@pytest.mark.parametrize("wait", [True, False])
def test_a_second_saving_waits(wait: bool, file: Path, disk: Disk) -> None:
    params, opt = made()
    first = fastgd.save(file, opt, params=params, wait=False)
    assert disk.asked.wait(PATIENCE)
    step(params, opt)
    result: list[Any] = []
    thread = threading.Thread(target=lambda: result.append(fastgd.save(file, opt, params=params, wait=wait)))
    thread.start()
    thread.join(0.1)
    assert thread.is_alive()
    disk.let.set()
    thread.join(PATIENCE)
    assert first is not None
    assert first.done
    if not wait:
        result[0].wait()
    assert_same(loaded(file)[0], params)  # the later one is the one that stays


def test_loading_waits_for_its_own_file(file: Path, disk: Disk) -> None:
    params, opt = made()
    other = file.with_name("other")
    disk.let.set()
    fastgd.save(other, opt)
    disk.let.clear()
    disk.asked.clear()
    fastgd.save(file, opt, params=params, wait=False)
    assert disk.asked.wait(PATIENCE)
    fastgd.load(other, opt)
    assert fastgd.inspect(other).optimizer == "Adam"
    timer = threading.Timer(0.1, disk.let.set)
    timer.start()
    assert_same(loaded(file)[0], params)
    timer.join()


# ---- errors ----------------------------------------------------------------------------------------------------------


def refused(file: Path, disk: Disk) -> tuple[fastgd.Optimizer, background.Saving]:
    _, opt = made()
    disk.error = OSError(errno.ENOSPC, "No space left on device")
    disk.let.set()
    saving = fastgd.save(file, opt, wait=False)
    assert saving is not None
    return opt, saving


def test_waiting_raises_what_went_wrong(file: Path, disk: Disk) -> None:
    opt, saving = refused(file, disk)
    for _ in range(2):
        with pytest.raises(OSError, match="No space left on device") as caught:
            saving.wait()
        assert caught.value.filename == str(file)
        assert "in the background" in caught.value.__notes__[0]
    assert saving.done
    assert list(file.parent.iterdir()) == []
    disk.error = None
    fastgd.save(file, opt)  # somebody has seen it
    assert file.exists()


def test_the_next_saving_raises_what_nobody_has_asked_about(file: Path, disk: Disk) -> None:
    opt, _ = refused(file, disk)
    background._desk.latest._rest()  # type: ignore[union-attr]
    disk.error = None
    with pytest.raises(OSError, match="No space left on device"):
        fastgd.save(file.with_name("next"), opt)
    assert list(file.parent.iterdir()) == []
    fastgd.save(file, opt)
    assert file.exists()


def test_loading_that_file_raises_it_too(file: Path, disk: Disk) -> None:
    opt, _ = refused(file, disk)
    with pytest.raises(OSError, match="No space left on device"):
        fastgd.load(file, opt)


def test_arguments_are_refused_before_a_thread_begins(file: Path) -> None:
    _, opt = made()
    with pytest.raises(TypeError, match="extra: expected None"):
        fastgd.save(file, opt, extra=object(), wait=False)
    with pytest.raises(TypeError, match="path must be"):
        fastgd.save(3, opt, wait=False)  # type: ignore[call-overload]
    assert background._desk.latest is None


AT_THE_END = """
import os, sys, time
import numpy as np, fastgd
fsync = os.fsync
def slowly(descriptor):
    time.sleep(0.2)
    if len(sys.argv) > 2:
        raise OSError(28, "No space left on device")
    fsync(descriptor)
os.fsync = slowly
os.chdir(os.path.dirname(sys.argv[1]))
w = np.ones(1000)
fastgd.save(os.path.basename(sys.argv[1]), fastgd.Adam(w), params=w, wait=False)
os.chdir("/")  # the file belongs where it was asked for
"""


def test_the_end_of_the_program_waits(file: Path) -> None:
    subprocess.run([sys.executable, "-c", AT_THE_END, str(file)], check=True)
    assert fastgd.inspect(file).params == {"": ("float64", (1000,))}


def test_the_end_of_the_program_tells_of_an_error(file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AT_THE_END, str(file), "full"], capture_output=True, text=True, check=True
    )
    assert "No space left on device" in done.stderr
    assert list(file.parent.iterdir()) == []


# ---- forks and interrupts -------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks on this system")
@pytest.mark.filterwarnings("ignore:os.fork")  # JAX', which other tests import
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # of threads, in newer Pythons
def test_a_forked_child_does_not_wait_for_a_thread_that_it_does_not_have(file: Path, disk: Disk) -> None:
    _, opt = made()
    saving = fastgd.save(file, opt, wait=False)
    assert disk.asked.wait(PATIENCE)
    child = os.fork()
    if child == 0:
        disk.let.set()
        fastgd.save(file.with_name("child"), opt)
        os._exit(0)
    disk.let.set()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert saving is not None
    saving.wait()
    assert sorted(path.name for path in file.parent.iterdir()) == ["child", file.name]


def test_an_interrupt_leaves_a_file_or_none_and_a_saver_that_saves(file: Path) -> None:
    opt = fastgd.Lion(np.ones(3))
    moment, begun = 1, set()
    while True:
        came = interrupted(lambda: fastgd.save(file, opt, wait=False), moment)
        background.settle()
        begun.add(file.exists())
        if file.exists():
            assert fastgd.inspect(file).optimizer == "Lion"
            file.unlink()
        assert list(file.parent.iterdir()) == []
        fastgd.save(file, opt)
        file.unlink()
        if not came:
            break
        moment += 1
    assert begun == {True, False}
    assert moment > 50
