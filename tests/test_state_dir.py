"""States in files: the same numbers as in memory, a run that goes on, and directories that are refused."""

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd.optimizers import files

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="state_dir needs flock and mmap")

RULES: dict[str, tuple[type[fastgd.Optimizer], str, dict[str, Any]]] = {
    "one pass": (fastgd.AdamW, "float32", {}),
    "two states more": (fastgd.Adam, "float64", dict(amsgrad=True, max_grad_norm=1.0)),
    "two passes": (fastgd.LAMB, "float32", {}),
    "sums over all": (fastgd.DAdaptAdam, "float32", {}),
    "numbers of rows": (fastgd.RowWiseAdagrad, "float32", {}),
    "carried numbers": (fastgd.NAdam, "float32", {}),
    "matrices": (fastgd.Muon, "float32", {}),
    "master weights": (fastgd.AdamW, "float16", dict(master_weights=True)),
    "8 bits": (fastgd.AdamW, "float32", dict(state_dtype="8bit")),
    "averages": (fastgd.SGD, "float32", dict(momentum=0.9, ema_decay=0.9)),
    "clipped": (fastgd.Lion, "float32", dict(max_grad_value=0.1, skip_nonfinite=True)),
}
SHAPE = (600, 500)  # more than one range of a step


def gradients(dtype: str, count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [rng.standard_normal(SHAPE).astype(dtype) for _ in range(count)]


def numbers(opt: fastgd.Optimizer) -> dict[Any, Any]:
    return {key: {name: np.array(array) for name, array in entry.items()} for key, entry in opt.state.items()}


def assert_same(one: dict[Any, Any], two: dict[Any, Any]) -> None:
    assert one.keys() == two.keys()
    for key, entry in one.items():
        assert entry.keys() == two[key].keys()
        for name, array in entry.items():
            np.testing.assert_array_equal(array, two[key][name])


@pytest.mark.parametrize(("part", "threads"), [(files.PART, 1), (0.0, 1), (0.0, 2)])  # 0: larger than memory
@pytest.mark.parametrize("name", RULES)
def test_numbers_are_those_in_memory_also_when_a_run_goes_on(
    name: str, part: float, threads: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, dtype, settings = RULES[name]
    monkeypatch.setattr(files, "PART", part)
    monkeypatch.setattr(files, "LARGE", 1)
    before = fastgd.get_num_threads()
    fastgd.set_num_threads(threads)
    try:
        grads = gradients(dtype, 4)
        expected, param = np.ones(SHAPE, dtype), np.ones(SHAPE, dtype)
        reference = kind(expected, lr=0.01, **settings)
        for stretch in (grads[:1], grads[1:]):
            opt = kind(param, lr=0.01, state_dir=tmp_path, **settings)
            for grad in stretch:
                reference.step(grad)
                opt.step(grad)
            np.testing.assert_array_equal(param, expected)
            assert_same(numbers(opt), numbers(reference))
            del opt
    finally:
        fastgd.set_num_threads(before)
    opt = kind(param, lr=0.01, state_dir=tmp_path, **settings)
    assert opt.steps_completed == 4
    assert_same(numbers(opt), numbers(reference))


def test_files_are_arrays_that_numpy_loads(tmp_path: Path) -> None:
    params = {"a/../b": np.ones((3, 4)), "ü" * 300: np.asfortranarray(np.ones((2, 3), np.float32)), "": np.ones(())}
    opt = fastgd.Adam(params, state_dir=tmp_path, lr=0.1)
    opt.step({name: np.full_like(param, 2) for name, param in params.items()})
    found = {path.name.split(".")[0] + path.name.split(".")[-2]: np.load(path) for path in tmp_path.glob("[0-9]*.npy")}
    for i, entry in enumerate(opt.state.values()):
        for key in ("exp_avg", "exp_avg_sq"):
            np.testing.assert_array_equal(found[f"{i}{key}"], entry[key])
    assert len(found) == 6
    assert {path.parent for path in tmp_path.rglob("*")} == {tmp_path}


@pytest.mark.parametrize("order", [(2, 0, 1), (1, 2, 0), (0, 1, 2)])
def test_other_layouts_and_dtypes(order: tuple[int, ...], tmp_path: Path) -> None:
    param, expected = (np.ones((2, 3, 4), np.float32).transpose(order) for _ in range(2))
    grad = np.arange(24, dtype=np.float32).reshape(2, 3, 4).transpose(order)
    reference = fastgd.Adam(expected, state_dtype="bfloat16", rounding="nearest", lr=0.1)
    for _ in range(2):
        opt = fastgd.Adam(param, state_dtype="bfloat16", rounding="nearest", lr=0.1, state_dir=tmp_path)
        opt.step(grad)
        reference.step(grad)
        assert_same(numbers(opt), numbers(reference))
        np.testing.assert_array_equal(param, expected)
        del opt


def test_a_checkpoint_is_loaded_into_the_files(tmp_path: Path) -> None:
    param, other = np.ones(5), np.ones(5)
    source = fastgd.Adam(other, lr=0.1, amsgrad=True, ema_decay=0.5)
    source.step(np.arange(5.0))
    opt = fastgd.Adam(param, lr=0.2, state_dir=tmp_path, amsgrad=True, ema_decay=0.5)
    opt.load_state_dict(source.state_dict())
    np.copyto(param, other)
    assert_same(opt.state_dict()["state"], source.state_dict()["state"])
    del opt
    opt = fastgd.Adam(param, lr=0.1, state_dir=tmp_path, amsgrad=True, ema_decay=0.5)
    for each in (opt, source):
        each.step(np.ones(5))
    np.testing.assert_array_equal(param, other)
    assert_same(numbers(opt), numbers(source))
    fastgd.save(tmp_path / "here.npz", opt)
    assert repr(str(tmp_path)) in repr(opt)
    assert opt.state_dir == str(tmp_path)


def test_options_and_groups_that_come_later(tmp_path: Path) -> None:
    one, two = [np.ones(3), np.ones(4)], [np.ones(3), np.ones(4)]
    opt, reference = fastgd.Adam(one[:1], state_dir=tmp_path), fastgd.Adam(two[:1])
    for each, params in ((opt, one), (reference, two)):
        each.step([np.ones(3)])
        each.add_param_group({"params": params[1:]})
        each.param_groups[0].update(amsgrad=True)
        each.step([np.ones(3), np.ones(4)])
    assert_same(numbers(opt), numbers(reference))
    del opt
    groups = [{"params": one[:1], "amsgrad": True}, {"params": one[1:]}]
    opt = fastgd.Adam(groups, state_dir=tmp_path)
    for each in (opt, reference):
        each.step([np.full(3, 2.0), np.ones(4)])
    assert_same(numbers(opt), numbers(reference))
    del opt
    with pytest.raises(ValueError, match="it has the state of 2 parameters, expected all, got 1"):
        fastgd.Adam(groups[:1], state_dir=tmp_path)


REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "class": (fastgd.NAdam, {}, "it has the state of Adam, which NAdam cannot go on from"),
    "shape": (fastgd.Adam, dict(params={"w": np.ones(4)}), r"\('w'\): expected the shape \[3\]"),
    "dtype": (fastgd.Adam, dict(params={"w": np.ones(3, "f")}), "expected the dtype 'float64', .*, got 'float32'"),
    "name": (fastgd.Adam, dict(params={"v": np.ones(3)}), "expected the name 'w'"),
    "count": (fastgd.Adam, dict(params={"w": np.ones(3), "v": np.ones(3)}), "state of 1 parameters, and more"),
    "option": (fastgd.Adam, dict(amsgrad=True), "there is no 'max_exp_avg_sq'"),
    "format": (fastgd.Adam, dict(state_dtype="float32"), "has <f8 of shape .* expected <f4"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_directory_of_another_optimizer(name: str, tmp_path: Path) -> None:
    kind, given, message = REFUSED[name]
    fastgd.Adam({"w": np.ones(3)}, state_dir=tmp_path).step({"w": np.ones(3)})
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ValueError, match=message) as refusal:
        kind(**{"params": {"w": np.ones(3)}, **given}, state_dir=tmp_path)
    assert str(tmp_path) in str(refusal.value)
    del refusal
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


DAMAGED: dict[str, tuple[str, Any, str]] = {
    "no manifest": ("manifest.json", None, "expected an empty directory"),
    "half a manifest": ("manifest.json", b'{"format": 1, "cl', "'manifest.json' cannot be read"),
    "another format": ("manifest.json", b'{"format": 2, "class": "Adam", "params": []}', "expected format 1, got 2"),
    "a file is missing": ("0.exp_avg.npy", None, "'0.exp_avg.npy' is missing"),
    "a file is short": ("0.exp_avg.npy", -8, "has 144 bytes, expected 152"),
    "a file is none": ("0.exp_avg.npy", b"other", "'0.exp_avg.npy' cannot be read"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_directory(name: str, tmp_path: Path) -> None:
    file, change, message = DAMAGED[name]
    fastgd.Adam(np.ones(3), state_dir=tmp_path)
    content = (tmp_path / file).read_bytes()
    (tmp_path / file).unlink()
    if change is not None:
        (tmp_path / file).write_bytes(content[:change] if isinstance(change, int) else change)
    with pytest.raises(ValueError, match=message):
        fastgd.Adam(np.ones(3), state_dir=tmp_path)


def test_a_file_outside_of_the_directory(tmp_path: Path) -> None:
    fastgd.Adam(np.ones(3), state_dir=tmp_path / "a")
    manifest = json.loads((tmp_path / "a/manifest.json").read_text())
    manifest["params"][0]["state"]["exp_avg"] = "../x.npy"
    (tmp_path / "a/manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match=r"expected the name of a file, got '\.\./x\.npy'"):
        fastgd.Adam(np.ones(3), state_dir=tmp_path / "a")


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="state_dir must be a path, got int"):
        fastgd.Adam(np.ones(3), state_dir=3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="state_dir must be a path, got an empty one"):
        fastgd.Adam(np.ones(3), state_dir="")
    with pytest.raises(OSError, match="/proc/"):
        fastgd.Adam(np.ones(3), state_dir="/proc/self/nothing")
    (tmp_path / "own").mkdir()
    (tmp_path / "own/thesis").write_text("")
    with pytest.raises(ValueError, match="got one with 'thesis'"):
        fastgd.Adam(np.ones(3), state_dir=tmp_path / "own")
    opt = fastgd.Adam(np.ones(3), state_dir=tmp_path / "a")
    with pytest.raises(RuntimeError, match="is in use by another optimizer"):
        fastgd.Adam(np.ones(3), state_dir=tmp_path / "a")
    with pytest.raises(ValueError, match="Adafactor keeps means of rows and columns, in memory alone"):
        fastgd.Adafactor(np.ones(3), state_dir=tmp_path / "c")
    with pytest.raises(ValueError, match="slow parameters are not kept in files"):
        fastgd.Lookahead(opt)
    with pytest.raises(ValueError, match="parameters are elsewhere while the closure runs"):
        fastgd.SAM(opt)
    with pytest.raises(TypeError, match="cannot be copied or pickled"):
        opt.__reduce__()
    with pytest.raises(AttributeError):
        opt.state_dir = "b"  # type: ignore[misc]
    with pytest.raises(ValueError, match="unknown name 'state_dir'"):
        fastgd.Adam([{"params": np.ones(3), "state_dir": "b"}])
    with pytest.raises(ValueError, match="expected functions of the step"):
        fastgd.Adam(np.ones(3), lr=fastgd.schedules.plateau(0.1), state_dir=tmp_path / "b")
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["lock"]


def test_rows_that_are_wider_than_a_range(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PART", 0.0)
    shape = (5, 300_000)
    grad = np.arange(1_500_000, dtype=np.float32).reshape(shape)
    params = np.lib.format.open_memmap(tmp_path / "w.npy", "w+", np.float32, shape), np.zeros(shape, np.float32)
    for param, settings in zip(params, (dict(state_dir=tmp_path / "state"), {}), strict=True):
        fastgd.RowWiseAdagrad(param, **settings).step(grad)
    np.testing.assert_array_equal(*params)


def test_parameters_of_a_private_mapping_keep_their_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PART", 0.0)
    np.ones(3 * 2**20, np.float32).tofile(tmp_path / "w")
    private = np.memmap(tmp_path / "w", np.float32, "c")
    opt = fastgd.SGD(private, lr=0.5, momentum=0.5, state_dir=tmp_path / "state")
    for _ in range(2):
        opt.step(np.ones(3 * 2**20, np.float32))
    assert (private == 1 - 0.5 - 0.75).all()
    assert (np.fromfile(tmp_path / "w", np.float32) == 1).all()


def test_a_file_that_was_unlinked_is_used_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PART", 0.0)
    param = np.memmap(tmp_path / "w", np.float32, "w+", shape=(2**20,))
    (tmp_path / "w").unlink()
    fastgd.SGD(param, lr=1.0, state_dir=tmp_path / "state").step(np.ones(2**20, np.float32))
    assert (param == -1).all()


def test_a_ledger_with_rows_of_a_group_that_was_not_added(tmp_path: Path) -> None:
    opt = fastgd.Adam(np.ones(3), state_dir=tmp_path)
    opt.step(np.ones(3))
    manifest = (tmp_path / "manifest.json").read_bytes()
    opt.add_param_group({"params": np.ones(2)})
    del opt
    (tmp_path / "manifest.json").write_bytes(manifest)  # as a kill before it was renamed leaves it
    opt = fastgd.Adam(np.ones(3), state_dir=tmp_path)
    assert opt.steps_completed == 1
    opt.step(np.ones(3))
    opt.add_param_group({"params": np.ones(2)})
    opt.step([np.ones(3), np.ones(2)])


def test_torch_refuses_it(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    with pytest.raises(ValueError, match="state_dir is for NumPy's optimizers"):
        fastgd.torch.AdamW([torch.ones(3, requires_grad=True)], state_dir=tmp_path)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="no disk promises room")
def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    param = np.ones(100_000)
    opt = fastgd.SGD(param, lr=1.0, state_dir=tmp_path / "a")
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
    try:
        with pytest.raises(OSError, match="state_dir: no room for 800128 bytes"):
            fastgd.Adam(np.ones(100_000), state_dir=tmp_path / "b")
        opt.param_groups[0]["momentum"] = 0.9
        with pytest.raises(OSError, match="no room"):
            opt.step(np.ones(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["lock"]
    assert (param == 1).all()
    opt.step(np.ones(100_000))
    assert (param == 0).all()


FORKED = """
import os, sys, numpy as np, fastgd
opt = fastgd.Adam(np.ones(3), state_dir=sys.argv[1])
child = os.fork()
if child == 0:
    try:
        opt.step(np.ones(3))
    except RuntimeError as error:
        os._exit(7 if "forked" in str(error) else 1)
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
opt.step(np.ones(3))
assert opt.steps_completed == 1
"""


def test_a_fork_does_not_write(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", FORKED, tmp_path], check=True)


def killed(code: str, directory: Path) -> None:
    """Run code in a process that is killed in it."""
    head = "import os, signal, numpy as np, fastgd\nkill = lambda: os.kill(os.getpid(), signal.SIGKILL)\n"
    head += f"d = {str(directory)!r}\n"
    done = subprocess.run([sys.executable, "-c", head + textwrap.dedent(code)], check=False)
    assert done.returncode == -signal.SIGKILL


def test_a_kill_between_steps_loses_nothing(tmp_path: Path) -> None:
    killed(
        """
        w = np.lib.format.open_memmap(d + "/w.npy", "w+", np.float64, (1000,))
        opt = fastgd.AdamW(w, state_dir=d + "/state")
        for k in range(3):
            opt.step(np.arange(1000.0))
        kill()
        """,
        tmp_path,
    )
    param, expected = np.lib.format.open_memmap(tmp_path / "w.npy", "r+"), np.zeros(1000)
    opt, reference = fastgd.AdamW(param, state_dir=tmp_path / "state"), fastgd.AdamW(expected)
    for _ in range(4):
        reference.step(np.arange(1000.0))
    assert opt.steps_completed == 3
    opt.step(np.arange(1000.0))
    np.testing.assert_array_equal(param, expected)
    assert_same(numbers(opt), numbers(reference))


def test_a_kill_in_a_step_is_told(tmp_path: Path) -> None:
    killed(
        """
        w = np.ones(3)
        opt = fastgd.AdamW(w, state_dir=d)
        opt.step(np.ones(3))
        opt._steps.between = lambda steps: kill     # it is called once changes have begun
        opt.step(np.ones(3))
        """,
        tmp_path,
    )
    for _ in range(2):  # a look does not change what is found
        with pytest.raises(ValueError, match=r"a process was killed in a step, after 1 steps, .*Delete the directory"):
            fastgd.AdamW(np.ones(3), state_dir=tmp_path)


def test_a_refused_step_leaves_a_good_directory(tmp_path: Path) -> None:
    opt = fastgd.AdamW(np.ones(3), state_dir=tmp_path)
    opt.step(np.ones(3))
    with pytest.raises(ValueError, match="shape"):
        opt.step(np.ones(4))
    del opt
    assert fastgd.AdamW(np.ones(3), state_dir=tmp_path).steps_completed == 1


LIMIT = 32 * 2**20
CGROUPS = {  # where cgroups are made, and the names of their limit, by version
    Path("/sys/fs/cgroup/memory"): "memory.limit_in_bytes",
    Path("/sys/fs/cgroup"): "memory.max",
}


@pytest.fixture
def cgroup() -> Iterator[Path]:
    """A cgroup whose processes have little memory."""
    for root, limit in CGROUPS.items():
        group = root / f"fastgd-test-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / limit).write_text(str(LIMIT))
            yield group
            return
        except OSError:
            continue
        finally:
            group.rmdir()
    pytest.skip("cgroups with a limit of memory cannot be made here")


def test_a_step_over_twice_the_memory_of_a_cgroup(cgroup: Path, tmp_path: Path) -> None:
    count = 2 * LIMIT // 12  # parameters of 4 bytes, with two states
    code = f"""
        import sys, fastgd
        from pathlib import Path
        import numpy as np
        g = np.arange({count}, dtype=np.float32)        # of the memory outside
        Path({str(cgroup)!r}, "cgroup.procs").write_text(str(__import__("os").getpid()))
        w = np.lib.format.open_memmap({str(tmp_path / "w.npy")!r}, "w+", np.float32, ({count},))
        opt = fastgd.AdamW(w, state_dir={str(tmp_path / "state")!r})
        opt.step(g)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)
    expected = np.zeros(count, np.float32)
    reference = fastgd.AdamW(expected)
    reference.step(np.arange(count, dtype=np.float32))
    param = np.lib.format.open_memmap(tmp_path / "w.npy", "r+")
    np.testing.assert_array_equal(param, expected)
    assert_same(numbers(fastgd.AdamW(param, state_dir=tmp_path / "state")), numbers(reference))
