"""Checkpoints: a file is whole or not there, whatever happens to the writer; a bad one changes nothing."""

import errno
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd.checkpoint import saving
from support.bad_checkpoints import BAD, Falling, Row, says, stepped
from support.cases import Case, every_case
from support.comparing import freeze
from support.stepping import make, parameters


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """Where to save to; no test may leave anything beside it."""
    yield tmp_path / "run.safetensors"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".fastgd")] == []


# ---- writers that fail or are killed ------------------------------------------------------------------------------


def test_flushed_then_renamed_then_the_folder(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(descriptor: int) -> None:
        status = os.fstat(descriptor)
        events.append(("fsync", "folder" if stat.S_ISDIR(status.st_mode) else status.st_size))
        fsync(descriptor)

    def noted_replace(self: Path, target: Path) -> Path:
        assert self.parent == target.parent
        events.append(("replace", target.name))
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    fastgd.save(file, stepped())
    assert events == [("fsync", file.stat().st_size), ("replace", file.name), ("fsync", "folder")]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("place", [(os, "fsync"), (Path, "replace"), (Path, "chmod"), (json, "dumps")], ids=str)
def test_a_failure_leaves_the_old_file(
    place: tuple[Any, str], error: BaseException, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    fastgd.save(file, stepped())
    before = file.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(*place, fail)
        with pytest.raises(type(error)):
            fastgd.save(file, stepped(steps=3))
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_what_safetensors_does_not_read_replaces_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fastgd.save(file, stepped())
    before = file.read_bytes()
    monkeypatch.setattr(saving, "write_arrays", lambda file, arrays, metadata: file.write(b"{}"))
    with pytest.raises(ValueError, match=r"run\.safetensors: not a safetensors file, or a damaged one"):
        fastgd.save(file, stepped())
    assert file.read_bytes() == before


FULL = """
import os, resource, signal, sys
import numpy as np, fastgd
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
opt = fastgd.Adam(np.ones(10_000))
opt.step(np.ones(10_000))
fastgd.save(sys.argv[1], opt)
before = open(sys.argv[1], "rb").read()
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
try:
    fastgd.save(sys.argv[1], opt)
except OSError as error:
    assert error.filename == sys.argv[1], error
else:
    raise AssertionError("the file was larger than it could be")
assert open(sys.argv[1], "rb").read() == before
assert len(os.listdir(os.path.dirname(sys.argv[1]))) == 1
"""

KILLED = """
import os, pathlib, random, signal, sys, time
import numpy as np, fastgd

fastgd.set_num_threads(1)
path = pathlib.Path(sys.argv[1])
opts, whole = [], []
for i in range(2):
    opts.append(fastgd.SGD(np.zeros(500_000), momentum=0.9))
    opts[i].step(np.random.default_rng(i).standard_normal(500_000))
    fastgd.save(path, opts[i])
    whole.append(path.read_bytes())
assert whole[0] != whole[1]


def killed(work, seconds):
    # what a killed child leaves beside the file: the sizes of temporary files
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(7)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    left = [other for other in path.parent.iterdir() if other != path]
    sizes = [other.stat().st_size for other in left]
    for other in left:
        other.unlink()
    return sizes


def write_on():
    while True:
        for opt in opts:
            fastgd.save(path, opt)


def die_at(place, name, after):
    call = getattr(place, name)

    def patched(*args, **kwargs):
        if after:
            call(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(place, name, patched)
    fastgd.save(path, opts[0])


sizes, partial = [], 0
for kills in range(1, 2001):
    sizes += killed(write_on, random.uniform(0, 0.03))
    assert path.read_bytes() in whole
    partial = sum(size < len(whole[0]) for size in sizes)
    if kills >= 80 and partial:
        break  # on a busy machine it takes more than 80 until one is killed in the middle of a file
print(f"{len(sizes)} of {kills} left a temporary file behind, {partial} of them partial", flush=True)
assert partial

fastgd.save(path, opts[1])
assert killed(lambda: die_at(os, "fsync", False), None) == [len(whole[0])]
assert killed(lambda: die_at(os, "fsync", True), None) == [len(whole[0])]
assert killed(lambda: die_at(pathlib.Path, "replace", False), None) == [len(whole[0])]
assert path.read_bytes() == whole[1]
assert killed(lambda: die_at(pathlib.Path, "replace", True), None) == []
assert path.read_bytes() == whole[0]
"""


@pytest.mark.parametrize("script", [FULL, KILLED], ids=["a full disk", "killed"])
def test_the_old_file_is_whole_after(script: str, file: Path) -> None:
    done = subprocess.run([sys.executable, "-c", script, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)


# ---- bad files -----------------------------------------------------------------------------------------------------


def content_of(opt: fastgd.Optimizer, folder: Path) -> bytes:
    fastgd.save(folder / "good", opt)
    return (folder / "good").read_bytes()


def refused(path: Path, opt: fastgd.Optimizer, error: type[Exception], message: str) -> None:
    before = everything(opt)
    with pytest.raises(error) as caught:
        fastgd.load(path, opt)
    assert says(str(caught.value), f"{path}...{message}"), caught.value
    assert everything(opt) == before


def everything(opt: fastgd.Optimizer) -> Any:
    schedules = [group["lr"].state_dict() for group in opt.param_groups if hasattr(group["lr"], "state_dict")]
    held = [opt._steps.states, opt._steps.completed, opt._steps.clipping, opt.skipped_steps]
    return freeze([opt.state_dict(), opt.param_groups, held, schedules])


@pytest.mark.parametrize("row", BAD, ids=lambda row: row[0])
def test_bad_files(row: Row, tmp_path: Path) -> None:
    _, spoil, error, message = row
    path = tmp_path / "bad"
    path.write_bytes(spoil(content_of(stepped(), tmp_path)))
    refused(path, stepped(steps=3), error, message)


def test_truncated_anywhere(tmp_path: Path) -> None:
    content = content_of(stepped(), tmp_path)
    opt, path = stepped(steps=3), tmp_path / "bad"
    path.write_bytes(content)
    before = everything(opt)
    for size in reversed(range(len(content))):
        os.truncate(path, size)
        with pytest.raises(ValueError, match="bad: "):
            fastgd.load(path, opt)
    assert everything(opt) == before


def test_any_byte_changed(tmp_path: Path) -> None:
    """Some of them give another valid file; the others are refused, and nothing else happens."""
    opt = fastgd.NAdam({"W": np.ones(3), "b": np.ones(2, np.float32)}, lr=Falling())
    opt.step({"W": np.ones(3), "b": np.ones(2, np.float32)})
    content = content_of(opt, tmp_path)
    path = tmp_path / "bad"
    accepted, before = 0, everything(opt)
    for place in range(len(content)):
        for change in (0x01, 0x10, 0xFF):
            path.write_bytes(content[:place] + bytes([content[place] ^ change]) + content[place + 1 :])
            try:
                fastgd.load(path, opt)
            except (TypeError, ValueError) as error:
                assert str(error).startswith(str(path)), (place, error)  # noqa: PT017  (either may happen)
                assert everything(opt) == before
            else:
                accepted += 1
                fastgd.load(tmp_path / "good", opt)
                before = everything(opt)
    assert accepted < len(content)


@every_case
def test_files_of_other_optimizers(case: Case, tmp_path: Path) -> None:
    fastgd.save(tmp_path / "other", make(case, parameters()))
    for cls in (fastgd.Adam, fastgd.SGD):
        if not issubclass(case.optimizer, cls):
            refused(tmp_path / "other", stepped(cls), ValueError, f"(of {case.optimizer.__name__}): ...")


def test_files_of_other_parameters(tmp_path: Path) -> None:
    path = tmp_path / "run"
    fastgd.save(path, stepped())
    shapes = [param.T.copy() for param in parameters()]
    single = [param.astype(np.float32) for param in parameters()]
    for params, error, message in (
        (parameters()[:5], ValueError, "...: expected 5 parameters, got 6"),
        (shapes, ValueError, "...['state'][0]['exp_avg']: expected shape (5, 3), got (3, 5)"),
        (single, TypeError, "...['state'][1]['exp_avg']: expected dtype float32, got float64"),
    ):
        refused(path, fastgd.Adam(params), error, message)

    fastgd.save(path, fastgd.Adam({"W": np.ones(2), "b": np.ones(2)}))
    other = fastgd.Adam({"b": np.ones(2), "W": np.ones(2)})
    refused(path, other, ValueError, "...expected the names ['b', 'W'], got ['W', 'b']")


def test_a_schedule_that_refuses_its_state(file: Path) -> None:
    opt, other = (fastgd.SGD(np.ones(2), lr=Falling()) for _ in range(2))
    fastgd.save(file, opt)
    content = file.read_bytes()
    file.write_bytes(content.replace(b"calls", b"sllac"))
    other.param_groups[0]["lr"].update()
    refused(file, other, ValueError, "(of SGD): KeyError: 'calls'")
