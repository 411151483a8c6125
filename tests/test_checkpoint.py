"""Checkpoints: what is saved comes back bit for bit; the arguments; what the file is."""

import io
import json
import math
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch

import fastgd
from fastgd import checkpoint, schedules
from fastgd.checkpoint import content, files
from fastgd.optimizers.settings import TOGETHER
from support.bad_checkpoints import Falling, metadata, says, stepped
from support.cases import Case, every_case
from support.comparing import assert_same
from support.stepping import gradients, make, parameters, run

# ---- resuming -----------------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """Where to save to; no test may leave anything beside it."""
    yield tmp_path / "run.safetensors"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".fastgd")] == []


def some_gradients(t: int) -> list[np.ndarray | None]:
    """With one missing, another one each step, so that parameters differ in their counts."""
    return [None if i == t % 6 else grad for i, grad in enumerate(gradients(t))]


@every_case
@pytest.mark.parametrize("saved_after", [1, 4])
def test_resuming_gives_the_bits_of_never_having_stopped(case: Case, saved_after: int, file: Path) -> None:
    params = parameters()
    opt = make(case, params)
    for t in range(saved_after):
        opt.step(some_gradients(t))
    fastgd.save(file, opt)
    twins = [param.copy("K") for param in params]
    resumed = case.optimizer(twins)
    fastgd.load(file, resumed)
    assert_same(resumed.state_dict(), opt.state_dict())
    for t in range(saved_after, 10):  # in which RAdam and ASGD change their rule
        opt.step(some_gradients(t))
        resumed.step(some_gradients(t))
    assert_same(twins, params)
    assert_same(resumed.state_dict(), opt.state_dict())


@every_case
def test_an_optimizer_that_has_made_no_step(case: Case, file: Path) -> None:
    opt, resumed = make(case, parameters()), case.optimizer(parameters())
    fastgd.save(file, opt)
    run(resumed, range(3))
    fastgd.load(file, resumed)
    assert_same(resumed.state_dict(), opt.state_dict())


def test_layouts_may_differ(file: Path) -> None:
    params = parameters()
    opt = fastgd.Adam(params)
    run(opt, range(3))
    fastgd.save(file, opt)
    arrays = safetensors.numpy.load_file(file)
    for i, entry in opt.state.items():
        for key, array in entry.items():
            assert_same(arrays.pop(f"{i}.{key}"), np.array(array, order="C"))
    assert arrays == {}

    twins = [np.array(param, order="C") for param in params]
    resumed = fastgd.Adam(twins)
    fastgd.load(file, resumed)
    grads = gradients(3)
    opt.step(grads)
    resumed.step([np.array(grad, order="C") for grad in grads])
    assert_same(twins, [np.array(param, order="C") for param in params])


def test_groups_names_and_their_hyperparameters(file: Path) -> None:
    def build(**settings: Any) -> fastgd.Optimizer:
        names = dict(zip(("W", "", "x.y", "\N{GREEK SMALL LETTER MU}", '"', "\udcff"), parameters(), strict=True))
        return fastgd.AdamW([{"params": names, **settings}, {"params": np.ones(3)}])

    opt, resumed = build(lr=1 / 3, betas=(0.1, 5e-324), amsgrad=True), build()
    for t in range(3):
        opt.step([*gradients(t), np.ones(3)])
    opt.param_groups[1]["eps"] = 0.1 + 0.2
    fastgd.save(file, opt)
    fastgd.load(file, resumed)
    assert_same(resumed.state_dict(), opt.state_dict())
    assert resumed.param_groups[0]["betas"] == (0.1, 5e-324)


def test_every_bit_of_arrays_and_numbers(file: Path) -> None:
    bits = np.array([0x7FF8000000000001, 0xFFF8DEADBEEF0000, 0x7FF0000000000000, 1 << 63, 1], np.uint64)
    opt, resumed = fastgd.NAdam(np.ones(5)), fastgd.NAdam(np.ones(5))
    opt.step(np.ones(5))
    for steps in (1, 2**24, 2**24 + 1, 2**53):
        saved = opt.state_dict()
        saved["state"][0].update(step=np.array(float(steps)), mu_product=np.array(0.1**300), exp_avg=bits.view("f8"))
        opt.load_state_dict(saved)
        fastgd.save(file, opt)
        fastgd.load(file, resumed)
        assert_same(resumed.state_dict(), opt.state_dict())
        assert resumed.state[0]["exp_avg"].tobytes() == bits.tobytes()
        assert (int(resumed.state[0]["step"]), float(resumed.state[0]["mu_product"])) == (steps, 0.1**300)


# ---- schedules ----------------------------------------------------------------------------------------------------


def test_schedules_continue(file: Path) -> None:
    params = parameters()
    opt = fastgd.SGD([{"params": params[:3], "lr": Falling()}, {"params": params[3:], "lr": lambda t: 0.5**t}])
    run(opt, range(4))
    opt.param_groups[0]["lr"].update()
    fastgd.save(file, opt)
    twins = [param.copy("K") for param in params]
    resumed = fastgd.SGD([{"params": twins[:3], "lr": Falling()}, {"params": twins[3:], "lr": lambda t: 0.5**t}])
    fastgd.load(file, resumed)
    assert_same(resumed.state_dict(), opt.state_dict())
    run(opt, range(4, 8))
    run(resumed, range(4, 8))
    assert_same(twins, params)


def test_a_file_without_the_steps_completed(file: Path) -> None:
    opt, resumed = fastgd.Adam(np.ones(5)), fastgd.Adam(np.ones(5), lr=schedules.linear(0.1, 10))
    for _ in range(3):
        opt.step(np.ones(5))
    fastgd.save(file, opt)
    file.write_bytes(metadata(lambda content: content.pop("completed") and None)(file.read_bytes()))
    fastgd.load(file, resumed)
    assert resumed.state_dict()["completed"] == 3


def test_plateau_continues(file: Path) -> None:
    def build(params: list[np.ndarray]) -> fastgd.Optimizer:
        return fastgd.Adam(params, lr=schedules.plateau(0.1, factor=0.5, patience=1, cooldown=1))

    params = parameters()
    opt = build(params)
    resumed, twins = None, params
    losses = [3.0, math.inf, 3.0, 3.0, 3.0, 3.0, math.nan, 1.0, 1.0, 1.0, 1.0]
    for t, loss in enumerate(losses):
        if t == 5:
            fastgd.save(file, opt)
            twins = [param.copy("K") for param in params]
            resumed = build(twins)
            fastgd.load(file, resumed)
        for each in (opt, resumed) if resumed else (opt,):
            each.step(gradients(t))
            each.param_groups[0]["lr"].update(loss)
    assert_same(twins, params)
    assert_same(resumed.state_dict(), opt.state_dict())


@pytest.mark.parametrize(
    ("value", "restored"),
    [
        (-math.inf, -math.inf), (math.nan, math.nan), (-0.0, -0.0), (5e-324, 5e-324), (2**80, 2**80), (True, True),
        (np.float32(0.1), float(np.float32(0.1))), (np.int64(3), 3), (np.bool(False), False), ("\ud800\0", "\ud800\0"),
        ([math.nan, (math.inf, ())], [math.nan, (math.inf, ())]), ({"nan": {"$": 1}["$"]}, {"nan": 1}),
    ],
)  # fmt: skip
def test_values_in_a_schedule(value: Any, restored: Any, file: Path) -> None:
    opt, resumed = fastgd.SGD(np.ones(2), lr=Falling()), fastgd.SGD(np.ones(2), lr=Falling())
    opt.param_groups[0]["lr"].state = {"value": value}
    fastgd.save(file, opt)
    fastgd.load(file, resumed)
    assert_same(resumed.param_groups[0]["lr"].state, {"value": restored})


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


SELF: list[Any] = []
SELF.append(SELF)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ({1}, TypeError, "...['value']: expected None, a bool, ... got set"),
        (b"", TypeError, "...['value']: expected None, a bool, ... got bytes"),
        ([0, 1j], TypeError, "...['value'][1]: expected None, a bool, ... got complex"),
        (np.ones(2), TypeError, "...['value']: expected None, a bool, ... got ndarray"),
        (np.datetime64(1, "ns"), TypeError, "...['value']: expected None, a bool, ... got datetime64"),
        ({1: 2}, TypeError, "...['value']: expected keys that are strings and do not begin with '$', got 1"),
        ({"$x": 2}, TypeError, "...['value']: expected keys that are strings and do not begin with '$', got '$x'"),
        (deep(100), ValueError, "...: expected at most 32 levels inside one another"),
        (SELF, ValueError, "...: expected at most 32 levels inside one another"),
    ],
)
def test_a_schedule_that_json_cannot_hold(value: Any, error: type[Exception], message: str, file: Path) -> None:
    opt = fastgd.SGD(np.ones(2), lr=Falling())
    fastgd.save(file, opt)
    before = file.read_bytes()
    opt.param_groups[0]["lr"].state = {"value": value}
    with pytest.raises(error) as caught:
        fastgd.save(file, opt)
    assert says(str(caught.value), message)
    assert file.read_bytes() == before


# ---- arguments ----------------------------------------------------------------------------------------------------


class Named:
    def __init__(self, name: str | bytes) -> None:
        self.name = name

    def __fspath__(self) -> str | bytes:
        return self.name


def test_paths(tmp_path: Path) -> None:
    opt = stepped()
    for i, kind in enumerate((str, os.fsencode, Path, lambda p: Named(str(p)), lambda p: Named(os.fsencode(p)))):
        path = tmp_path / str(i)
        fastgd.save(kind(path), opt)
        resumed = fastgd.Adam(parameters())
        fastgd.load(kind(path), resumed)
        assert_same(resumed.state_dict(), opt.state_dict())
    odd = os.fsencode(tmp_path) + b"/\xff \n'"
    fastgd.save(odd, opt)
    fastgd.load(odd, resumed)


def test_a_path_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fastgd.save("run", stepped())
    fastgd.load("run", stepped())
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize(
    "path",
    [0, 1, True, None, bytearray(b"x"), memoryview(b"x"), io.BytesIO(), ["x"]],
    ids=lambda path: type(path).__name__,
)
def test_what_is_no_path(path: Any) -> None:
    for call in (fastgd.save, fastgd.load):
        with pytest.raises(TypeError, match=f"path must be a str, bytes or os.PathLike, got {type(path).__name__}"):
            call(path, stepped())


@pytest.mark.parametrize("path", ["", b"", "a\0b"])
def test_what_names_no_file(path: Any) -> None:
    for call in (fastgd.save, fastgd.load):
        with pytest.raises(ValueError, match="path must be the name of a file, got "):
            call(path, stepped())


@pytest.mark.parametrize("opt", [None, [], "run.safetensors", fastgd.Adam, torch.optim.SGD([torch.ones(1)])])
def test_what_is_no_optimizer(opt: Any, file: Path) -> None:
    for call in (fastgd.save, fastgd.load):
        with pytest.raises(TypeError, match=f"opt must be a fastgd optimizer, got {type(opt).__name__}"):
            call(file, opt)


def test_without_safetensors(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    for call in (fastgd.save, fastgd.load):
        with pytest.raises(ImportError, match=re.escape("pip install 'fastgd[checkpoint]'")):
            call(file, stepped())
    assert not file.exists()


def test_import_is_without_safetensors() -> None:
    check = "import sys, fastgd; sys.exit('safetensors' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_an_optimizer_in_use(file: Path) -> None:
    opt = stepped()
    fastgd.save(file, opt)
    with opt._steps:
        for call in (fastgd.save, fastgd.load):
            with pytest.raises(RuntimeError, match="in use by another thread"):
                call(file, opt)


# ---- the file -----------------------------------------------------------------------------------------------------


def test_the_same_state_gives_the_same_file(file: Path) -> None:
    contents = set()
    for _ in range(3):
        fastgd.save(file, stepped())
        contents.add(file.read_bytes())
    assert len(contents) == 1


def test_what_the_file_is(file: Path) -> None:
    opt = fastgd.NAdam([np.ones(3, np.float32), np.ones(3), np.ones(())])
    opt.step([np.ones(3, np.float32), np.ones(3), np.ones(())])
    fastgd.save(file, opt)
    content = file.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    metadata = json.loads(header.pop("__metadata__")["fastgd"])
    assert (metadata["version"], metadata["optimizer"]) == (checkpoint.FORMAT, "NAdam")
    assert metadata["param_groups"][0]["betas"] == [0.9, 0.999]
    sizes = {"F32": 4, "F64": 8}
    assert all((8 + length + a["data_offsets"][0]) % sizes[a["dtype"]] == 0 for a in header.values())
    assert_same({k: t.numpy() for k, t in safetensors.torch.load_file(file).items()}, safetensors.numpy.load_file(file))


def test_permissions(file: Path) -> None:
    before = os.umask(0o027)
    try:
        fastgd.save(file, stepped())
        assert stat.S_IMODE(file.stat().st_mode) == 0o640
        for mode in (0o600, 0o664, 0o444):
            file.chmod(mode)
            if os.access(file, os.W_OK):  # root may write to what is read-only
                fastgd.save(file, stepped())
            assert stat.S_IMODE(file.stat().st_mode) == mode
    finally:
        os.umask(before)


def test_a_read_only_file_stays(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_bytes(b"precious")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(PermissionError, match=re.escape(str(file))):
        fastgd.save(file, stepped())
    assert file.read_bytes() == b"precious"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link, target = tmp_path / "latest", tmp_path / "elsewhere" / "run"
    link.symlink_to(target)
    for _ in range(2):
        fastgd.save(link, stepped())
        assert link.is_symlink()
        fastgd.load(target, stepped())
    assert [path.name for path in target.parent.iterdir()] == ["run"]


def test_only_regular_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/null"), Path("/")):
        for call in (fastgd.save, fastgd.load):
            with pytest.raises(ValueError, match=f"^{path}: expected a regular file, got a directory or a device"):
                call(path, stepped())


def test_a_missing_file_or_folder(tmp_path: Path) -> None:
    path = tmp_path / "none" / "run"
    for call in (fastgd.save, fastgd.load):
        with pytest.raises(FileNotFoundError, match=re.escape(str(path))) as caught:
            call(path, stepped())
        assert caught.value.filename == str(path)
        assert str(caught.value).endswith(f"'{path}'")


def test_more_arrays_than_safetensors_reads(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fastgd.save(file, stepped())
    before = file.read_bytes()
    monkeypatch.setattr(files, "HEADER_LIMIT", 1000)
    with pytest.raises(ValueError, match=r"18 arrays and their names need a header of [0-9]+ bytes, .* at most 1000"):
        fastgd.save(file, stepped())
    assert file.read_bytes() == before


# ---- torch.save ---------------------------------------------------------------------------------------------------


@every_case
def test_state_dicts_go_through_torch_save(case: Case, tmp_path: Path) -> None:
    opt = make(case, parameters())
    run(opt, range(3))
    saved = opt.state_dict()
    torch.save(saved, tmp_path / "arrays")
    tensors = {i: {k: torch.from_numpy(a.copy()) for k, a in e.items()} for i, e in saved["state"].items()}
    torch.save({**saved, "state": tensors}, tmp_path / "tensors")
    for name, weights_only in (("arrays", False), ("tensors", True)):
        resumed = case.optimizer(parameters())
        resumed.load_state_dict(torch.load(tmp_path / name, weights_only=weights_only))
        assert_same(resumed.state_dict(), saved)


# ---- the document -------------------------------------------------------------------------------------------------

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "CHECKPOINT_FORMAT.md"


def test_the_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert f"version {checkpoint.FORMAT}\n" in text.splitlines(keepends=True)[0]
    assert f"at most {checkpoint.HEADER_LIMIT:,} " in text
    assert f"at most {checkpoint.DEEPEST}\nlevels deep" in text
    monkeypatch.chdir(tmp_path)
    for snippet in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        exec(compile(snippet, DOCUMENT.name, "exec"), {})
    (shown,) = re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    found = json.loads(shown)
    assert set(found) == set(content.KNOWN[checkpoint.FORMAT])
    assert set(found["settings"]) == set(TOGETHER)
    (group,) = found["param_groups"]
    assert set(group) == {*fastgd.AdamW.checks, "params", "param_names", "schedule"}
