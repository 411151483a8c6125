"""Checkpoints of whole runs: parameters, settings and more in one file; other hyperparameters and files of before."""

import base64
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch

import fastgd
import fastgd.torch
from fastgd import __main__, schedules
from support.bad_checkpoints import metadata, says
from support.cases import CASES, Case
from support.comparing import assert_same, freeze
from support.stepping import gradients, make, parameters, run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.safetensors"


# ---- a run in one file ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES[::6], ids=lambda case: case.name)
def test_a_run_goes_on_with_the_bits_of_never_having_stopped(case: Case, file: Path) -> None:
    params = parameters()
    opt = make(case, params)
    run(opt, range(3))
    fastgd.save(file, opt, params=params, extra={"epoch": 7})
    twins = [np.full_like(param, 9) for param in params]
    resumed = case.optimizer(twins)
    assert fastgd.load(file, resumed, params=twins) == {"epoch": 7}
    assert_same(twins, params)
    for t in range(3, 6):
        opt.step(gradients(t))
        resumed.step(gradients(t))
    assert_same(twins, params)
    assert_same(resumed.state_dict(), opt.state_dict())


def net() -> dict[str, Any]:
    rng = np.random.default_rng(3)
    return {
        "body": [
            {"w": rng.standard_normal((3, 2)).astype(np.float32), "b": np.zeros(2, ml_dtypes.bfloat16)},
            {"w": np.asfortranarray(rng.standard_normal((2, 4))), "b": np.zeros((), np.float16)},
        ],
        "odd \n name": (np.ones(0), rng.standard_normal(5)),
    }


def leaves(tree: Any) -> list[np.ndarray]:
    if isinstance(tree, dict):
        tree = list(tree.values())
    return [leaf for part in tree for leaf in leaves(part)] if isinstance(tree, (list, tuple)) else [tree]


def test_a_network_of_any_dtype_and_layout(file: Path) -> None:
    params, again = net(), net()
    opt = fastgd.SGD(params, momentum=0.9)
    for leaf in leaves(params):
        leaf[...] = 3
    again["body"][0]["w"] = np.asfortranarray(again["body"][0]["w"])
    fastgd.save(file, opt, params=params)
    resumed = fastgd.SGD(again, momentum=0.9)
    assert fastgd.load(file, resumed, params=again) is None
    for one, other in zip(leaves(again), leaves(params), strict=True):
        assert (one.dtype, one.tobytes()) == (other.dtype, other.tobytes())


def test_one_array_a_list_and_other_arrays_than_the_optimizers(file: Path) -> None:
    w = np.arange(3.0)
    opt = fastgd.SGD(w)
    for params in (w, [w], (w, [w + 1]), {"": w, "mask": np.array([True]), "ids": np.arange(3, dtype=np.int64)}):
        fastgd.save(file, opt, params=params)
        empty = like(params, lambda leaf: leaf & False if leaf.dtype == bool else leaf * 0)
        fastgd.load(file, opt, params=empty)
        assert_same(leaves(empty), leaves(params))


def like(tree: Any, change: Callable[[np.ndarray], Any]) -> Any:
    if isinstance(tree, dict):
        return {name: like(part, change) for name, part in tree.items()}
    return type(tree)(like(part, change) for part in tree) if isinstance(tree, (list, tuple)) else change(tree)


def test_every_bit_of_parameters(file: Path) -> None:
    bits = np.array([0x7FC1, 0xFFFF, 0x8000, 1, 0x7F80], np.uint16)
    params = {"bf": bits.view(ml_dtypes.bfloat16), "h": bits.view(np.float16)}
    fastgd.save(file, fastgd.SGD(np.ones(1)), params=params)
    found = {"bf": np.zeros(5, ml_dtypes.bfloat16), "h": np.zeros(5, np.float16)}
    fastgd.load(file, fastgd.SGD(np.ones(1)), params=found)
    assert all(found[name].tobytes() == params[name].tobytes() for name in params)


EXTRAS: tuple[Any, ...] = (
    None, 7, 2**100, -1.5, float("inf"), "text \udcff", True, [1, (2, [3.0])], {"epoch": 7, "": {"a": None}},
    np.random.default_rng(0).bit_generator.state,
)  # fmt: skip


@pytest.mark.parametrize("extra", EXTRAS, ids=lambda extra: str(extra)[:20])
def test_extras(extra: Any, file: Path) -> None:
    opt = fastgd.SGD(np.ones(2))
    fastgd.save(file, opt, extra=extra)
    found = fastgd.load(file, opt)
    assert (found, type(found)) == (extra, type(extra))
    assert fastgd.inspect(file).extra == extra


# ---- what does not fit -----------------------------------------------------------------------------------------------

W, B = np.ones((2, 3), np.float32), np.zeros(3)
Call = Callable[[Path, fastgd.Optimizer], object]


def read_only() -> np.ndarray:
    result = W.copy()
    result.flags.writeable = False
    return result


REFUSED: tuple[tuple[str, Call, type[Exception], str], ...] = (
    ("saving no parameters", lambda f, o: fastgd.save(f, o, params={}), ValueError,
     "params: expected at least one array, got none"),
    ("saving a number", lambda f, o: fastgd.save(f, o, params={"w": [1.0]}), TypeError,
     "params['w'][0]: expected an array or a tensor, got float"),
    ("saving a mask", lambda f, o: fastgd.save(f, o, params=[np.ma.array(W)]), TypeError,
     "params[0]: expected a numpy.ndarray, got a masked array, whose mask would be lost"),
    ("saving objects", lambda f, o: fastgd.save(f, o, params=[np.array([None])]), TypeError,
     "params[0]: expected dtype float32, ... or bool, got object"),
    ("saving complex numbers", lambda f, o: fastgd.save(f, o, params=[torch.ones(2).to(torch.complex64)]),
     TypeError, "params[0]: expected dtype float32, ... or bool, got complex64"),
    ("saving two bytes", lambda f, o: fastgd.save(f, o, params=[W.view("V4")]), TypeError,
     "params[0]: expected dtype float32, ... or bool, got |V4"),
    ("saving from nowhere", lambda f, o: fastgd.save(f, o, params=[torch.ones(2, device="meta")]), ValueError,
     "params[0]: expected a tensor on the CPU, got one on meta"),
    ("saving one name twice", lambda f, o: fastgd.save(f, o, params={"a.b": W, "a": {"b": B}}), ValueError,
     "params: the name 'a.b' is that of two arrays"),
    ("saving a module", lambda f, o: fastgd.save(f, o, params=torch.nn.Linear(2, 1)), TypeError,
     "params: expected arrays or tensors by name, got Linear: give its state_dict()"),
    ("saving a module's iterator", lambda f, o: fastgd.save(f, o, params=torch.nn.Linear(2, 1).parameters()), TypeError,
     "params: expected a list or dict of arrays or tensors, got generator; a module has state_dict()"),
    ("saving an optimizer", lambda f, o: fastgd.save(f, o, params=o), TypeError,
     "params: expected the parameters, as the optimizer was given them, got the optimizer, Adam"),
    ("an extra array", lambda f, o: fastgd.save(f, o, extra={"a": [W]}), TypeError,
     "extra['a'][0]: expected None, a bool, number, ..., got ndarray"),
    ("an extra key", lambda f, o: fastgd.save(f, o, extra={3: 1}), TypeError,
     "extra: expected keys that are strings and do not begin with '$', got 3"),
    ("waiting a second", lambda f, o: fastgd.save(f, o, wait=1), TypeError, "wait must be a bool, got int"),
    ("not said where to", lambda f, o: fastgd.load(f, o, params=None), ValueError,
     "...: the file has parameters too: say where they go with params=, or leave them by params=False"),
    ("a name missing", lambda f, o: fastgd.load(f, o, params={"w": W.copy()}), ValueError,
     "...: params: expected the names in the file, which has 'b' too"),
    ("another name", lambda f, o: fastgd.load(f, o, params={"w": W.copy(), "c": B.copy()}), ValueError,
     "...: params: expected the names in the file, which has no 'c', which has 'b' too"),
    ("a list", lambda f, o: fastgd.load(f, o, params=[W.copy(), B.copy()]), ValueError,
     "...: params: expected the names in the file, which has no '0', '1', which has ... too"),
    ("one array", lambda f, o: fastgd.load(f, o, params=W.copy()), ValueError,
     "...: params: expected the names in the file, which has no '' (one array by itself), which has 'b', 'w' too"),
    ("a module", lambda f, o: fastgd.load(f, o, params=torch.nn.Linear(2, 1)), TypeError,
     "...: params: expected arrays or tensors by name, got Linear: give its state_dict()"),
    ("another shape", lambda f, o: fastgd.load(f, o, params={"w": W.copy(), "b": B[:2].copy()}), ValueError,
     "...: params['b']: expected shape (3,) as in the file, got (2,)"),
    ("another dtype", lambda f, o: fastgd.load(f, o, params={"w": W.copy(), "b": B.astype("f4")}), TypeError,
     "...: params['b']: expected dtype float64 as in the file, got float32"),
    ("a tensor of another dtype", lambda f, o: fastgd.load(f, o, params={"w": W.copy(), "b": torch.ones(3)}),
     TypeError, "...: params['b']: expected dtype float64 as in the file, got float32"),
    ("read-only", lambda f, o: fastgd.load(f, o, params={"b": B.copy(), "w": read_only()}), ValueError,
     "...: params['w']: expected a writeable array, got a read-only one"),
    ("a list of numbers", lambda f, o: fastgd.load(f, o, params={"b": None, "w": W.copy()}), TypeError,
     "...: params['b']: expected an array or a tensor to write to, got NoneType"),
    ("True", lambda f, o: fastgd.load(f, o, params=True), TypeError, "...: params must be an array, ... got bool"),
    ("whose hyperparameters", lambda f, o: fastgd.load(f, o, hyperparameters="theirs"), ValueError,
     "hyperparameters must be one of 'saved', 'mine', got 'theirs'"),
)  # fmt: skip


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row[0])
def test_refused_and_nothing_changed(row: Any, file: Path) -> None:
    _, call, error, message = row
    opt = fastgd.Adam({"w": np.ones(2), "b": np.ones(2)}, max_grad_norm=2.0)
    fastgd.save(file, opt, params={"w": W, "b": B})
    opt.step({"w": np.ones(2), "b": None})
    opt.max_grad_norm = 3.0
    before, content = freeze([opt.state_dict(), opt._steps.clipping]), file.read_bytes()
    with pytest.raises(error) as caught:
        call(file, opt)
    assert says(str(caught.value), message), caught.value
    assert freeze([opt.state_dict(), opt._steps.clipping]) == before
    assert file.read_bytes() == content
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert (W == 1).all()
    assert (B == 0).all()


def test_a_file_without_parameters_has_none_to_give(file: Path) -> None:
    opt = fastgd.Adam(np.ones(2))
    fastgd.save(file, opt)
    with pytest.raises(ValueError, match="params: the file has no parameters, which were not given to save"):
        fastgd.load(file, opt, params=np.ones(2))
    fastgd.load(file, opt, params=False)


def test_parameters_may_be_left_in_the_file(file: Path) -> None:
    w = np.ones(2)
    opt = fastgd.Adam(w)
    fastgd.save(file, opt, params=w)
    opt.step(np.ones(2))
    after = w.copy()
    fastgd.load(file, opt, params=False)
    assert_same(w, after)
    assert opt.steps_completed == 0


class Stepping(dict):  # type: ignore[type-arg]
    """Parameters in whose midst another thread makes a step."""

    def items(self) -> Any:
        self.step()
        return super().items()

    step: Callable[[], None]


def test_a_step_of_another_thread_while_it_is_saved(file: Path) -> None:
    w = np.ones(2)
    opt = fastgd.Adam(w)
    params = Stepping(w=w)
    params.step = partial(opt.step, np.ones(2))
    for wait in (True, False):
        with pytest.raises(RuntimeError, match="in use by another thread, which has made a step while it was saved"):
            fastgd.save(file, opt, params=params, wait=wait)
    assert list(file.parent.iterdir()) == []


# ---- settings and hyperparameters ------------------------------------------------------------------------------------


def test_settings_are_in_the_file_and_in_repr(file: Path) -> None:
    w = np.ones(3, ml_dtypes.bfloat16)
    settings: dict[str, Any] = dict(max_grad_norm=1.5, max_grad_value=0.25, skip_nonfinite=True)
    settings |= dict(lazy_rows=True, weight_decay_rows="touched")
    opt = fastgd.AdamW(w, rounding="stochastic", seed=3, state_dtype="bfloat16", **settings)
    opt.step(np.full(3, np.inf, np.float32))
    text = repr(opt)
    assert all(part in text for part in ("max_grad_norm=1.5", "max_grad_value=0.25", "skip_nonfinite=True"))
    assert all(part in text for part in ("rounding='stochastic'", "seed=3", "state_dtype='bfloat16'"))
    assert "max_grad_norm" not in repr(fastgd.AdamW(np.ones(2)))
    fastgd.save(file, opt)
    other = fastgd.AdamW(w.copy())
    fastgd.load(file, other)
    assert repr(other) == text
    assert {name: getattr(other, name) for name in settings} == settings
    assert other.skipped_steps == 1
    assert fastgd.inspect(file).settings == settings
    fastgd.save(file, fastgd.AdamW(w))
    fastgd.load(file, other)
    assert (other.max_grad_norm, other.max_grad_value, other.skip_nonfinite) == (None, None, False)


def test_settings_of_torch_optimizers_are_in_repr() -> None:
    param = torch.nn.Parameter(torch.ones(3))
    assert repr(fastgd.torch.AdamW([param], max_grad_norm=0.5)).endswith("    weight_decay: 0.01\nmax_grad_norm=0.5\n)")
    assert "max_grad_norm" not in repr(fastgd.torch.AdamW([param]))


@pytest.mark.parametrize("host", ["numpy", "torch"])
def test_other_hyperparameters_are_a_choice(host: str, file: Path) -> None:
    def build(**settings: Any) -> Any:
        if host == "numpy":
            return fastgd.AdamW(np.ones(3, np.float32), **settings)
        return fastgd.torch.AdamW([torch.nn.Parameter(torch.ones(3))], **settings)

    def step(opt: Any) -> None:
        if host == "torch":
            opt.param_groups[0]["params"][0].grad = torch.ones(3)
        opt.step(*([np.ones(3, np.float32)] if host == "numpy" else []))

    opt = build(lr=0.5, betas=(0.5, 0.75), max_grad_norm=1.0, state_dtype="bfloat16")
    step(opt)
    fastgd.save(file, opt, extra="x")
    saved, mine = build(lr=0.25), build(lr=0.25, skip_nonfinite=True)
    assert fastgd.load(file, saved) == "x"
    assert fastgd.load(file, mine, hyperparameters="mine") == "x"
    (group,), (other,) = saved.param_groups, mine.param_groups
    assert (group["lr"], tuple(group["betas"]), group["state_dtype"]) == (0.5, (0.5, 0.75), "bfloat16")
    assert (other["lr"], tuple(other["betas"]), other.get("state_dtype")) == (0.25, (0.9, 0.999), None)
    assert (saved.max_grad_norm, saved.skip_nonfinite) == (1.0, False)
    assert (mine.max_grad_norm, mine.skip_nonfinite) == (None, True)
    (entry,) = mine.state.values()
    (theirs,) = opt.state.values()
    assert int(entry["step"]) == 1
    assert str(entry["exp_avg"].dtype).endswith("float32")
    assert np.allclose(np.asarray(entry["exp_avg"]), np.asarray(as_float(theirs["exp_avg"])))
    step(mine)


def as_float(value: Any) -> Any:
    return value.float() if isinstance(value, torch.Tensor) else value.astype(np.float32)


def test_a_schedule_of_mine_goes_on_where_the_file_is(file: Path) -> None:
    opt = fastgd.SGD(np.ones(2), lr=schedules.plateau(1.0, factor=0.5, patience=0))
    for loss in (1.0, 2.0):
        opt.step(np.ones(2))
        opt.param_groups[0]["lr"].update(loss)
    fastgd.save(file, opt)
    mine = fastgd.SGD(np.ones(2), lr=schedules.plateau(8.0, factor=0.5, patience=0))
    fastgd.load(file, mine, hyperparameters="mine")
    assert (mine.lr, mine.steps_completed) == (8.0, 2)
    fastgd.load(file, mine)
    assert mine.lr == 0.5  # of the state that was saved
    plain = fastgd.SGD(np.ones(2), lr=3.0)
    fastgd.load(file, plain, hyperparameters="mine")
    assert plain.lr == 3.0


# ---- files of today --------------------------------------------------------------------------------------------------

OF_VERSION_1 = zlib.decompress(base64.b64decode(
    "eNqdkc1O20AUhSMqVWLBpn0Bc1ddTCP/xdhGkHQB6htUKrZGA544kWxsPBOakPoVqCr1FdoH6BKBCpW6Y4VYsOqiuz5AVKmrzk9QSWiL6GxG"
    "91yf7945Hj5oqDMGjHPKSUI4wRjCMXQJ42kCIYwj2KcV6xe7EYSGhYwIipL38/4BraQSwbOE5C8ikJ2dIi8zymkiO45USlKRHKdVMSiZFLcE"
    "L1NGs9mSH2yLsbpjNgMk1CAIYtmg2mDRp6Yv61e0n/Y4TugOGWm/qbYhOUsroibyakCllJOhWlBqXZIxJQqjWCKjCZ4nXdvERFwVBZ/Sr6Ue"
    "4TMg9aTpysiw4t/P3CU51Y0IpolsRxDXcQ01AqtJhyUm+6nMN+Gjkop4Nz0XELAekdWWHSNQ/6DodhnlTEgmsrz4phuzvXsBLA85tiaIXPB/"
    "Uhwbub6kmE3GaTnjdewb3ttW10ctW1v/FMCM20bObUDLRiveDGB++7sZKx6yTFND/hHD3SBBQZbt6kDvG4UwCrPIsTbUOfw8eRK9uWjr+9un"
    "5UX36nLE2/p+156vG41OZ+Hjy/XOd+fISM9OngdLx48Pv64dTfz11+8frn748ijcOH8bZoNJ6J//CH/Wp+HfdMn6BajgTa4="
))  # fmt: skip


def test_a_file_of_version_1(file: Path) -> None:
    def net() -> dict[str, np.ndarray]:
        return {"W": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.zeros(2)}

    params = net()
    opt = fastgd.AdamW(params, lr=0.5, amsgrad=True)
    for t in range(3):
        opt.step({"W": np.cos(params["W"] + t), "b": np.array([1.0, -2.0]) * t})
    file.write_bytes(OF_VERSION_1)
    resumed = fastgd.AdamW(net(), max_grad_norm=2.0)
    assert fastgd.load(file, resumed) is None
    saved = resumed.state_dict()
    assert saved["param_groups"] == opt.state_dict()["param_groups"]
    for i, entry in opt.state_dict()["state"].items():
        for key, array in entry.items():
            np.testing.assert_allclose(saved["state"][i][key], array, rtol=1e-6)  # np.cos is the C library's
    assert resumed.max_grad_norm == 2.0  # which the file does not know
    found = fastgd.inspect(file)
    assert (found.version, found.optimizer, found.completed, found.settings, found.extra) == (1, "AdamW", 3, {}, None)
    named = metadata(lambda m: m["param_groups"][0].update(param_names=["W", "c"]))(OF_VERSION_1)
    file.write_bytes(named)
    with pytest.raises(ValueError, match=r"run.safetensors \(of AdamW\): .*expected the names \['W', 'b'\]"):
        fastgd.load(file, resumed)


# ---- what is in a file -----------------------------------------------------------------------------------------------


def test_what_is_in_a_file(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    opt = fastgd.AdamW({"w": np.ones((2, 3), np.float32), "\x1b[31m": np.ones(2)}, lr=0.25, max_grad_norm=2.0)
    opt.step({"w": np.ones((2, 3), np.float32), "\x1b[31m": None})
    fastgd.save(file, opt, params={"w": np.ones(2)}, extra={"epoch": 7})
    found = fastgd.inspect(file)
    assert (found.path, found.version, found.optimizer, found.completed, found.skipped) == (str(file), 2, "AdamW", 1, 0)
    assert found.settings == {"max_grad_norm": 2.0, "max_grad_value": None, "skip_nonfinite": False} | {
        "lazy_rows": False,
        "weight_decay_rows": None,
    }
    assert found.param_groups[0]["param_names"] == ["w", "\x1b[31m"]
    assert found.state == {
        0: {"step": ("float32", ()), "exp_avg": ("float32", (2, 3)), "exp_avg_sq": ("float32", (2, 3))}
    }
    assert found.params == {"w": ("float64", (2,))}
    assert __main__.main(["checkpoint", str(file)]) == 0
    text = capsys.readouterr().out
    assert "\x1b" not in text
    for part in ("'AdamW' after 1 step, 0 skipped", "max_grad_norm=2.0", "{'epoch': 7}", "lr=0.25", "exp_avg float32",
                 "'w': float64 (2,)", r"'\x1b[31m': no state yet"):  # fmt: skip
        assert part in text
    file.write_bytes(file.read_bytes()[:-1])
    assert __main__.main(["checkpoint", str(file)]) == 1
    assert __main__.main(["checkpoint", str(file.parent / "none")]) == 1
    assert "run.safetensors: not a safetensors file" in capsys.readouterr().err


def test_one_array_has_no_name(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    array = np.ones(2)
    opt = fastgd.SGD(array)
    opt.step(np.ones(2))
    opt.step(np.ones(2))
    fastgd.save(file, opt, params=array)
    assert fastgd.inspect(file).params == {"": ("float64", (2,))}
    assert __main__.main(["checkpoint", str(file)]) == 0
    text = capsys.readouterr().out
    assert "'SGD' after 2 steps, 0 skipped" in text
    assert text.endswith("\nparameters:\n  one array, without a name: float64 (2,)\n")


def test_whatever_the_bytes_inspect_refuses_or_describes(file: Path) -> None:
    opt = fastgd.NAdam({"W": np.ones(2)})
    opt.step({"W": np.ones(2)})
    fastgd.save(file, opt, params={"W": np.ones(2)}, extra=[1])
    content = file.read_bytes()
    described = 0
    for place in range(len(content)):
        file.write_bytes(content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :])
        try:
            fastgd.inspect(file)
        except (TypeError, ValueError) as error:
            assert str(error).startswith(str(file))  # noqa: PT017  (either may happen)
        else:
            described += 1
    assert 0 < described < len(content)
