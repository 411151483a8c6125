"""Checkpoints loaded into optimizers with other options: those of the file, or mine, in NumPy and torch alike."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import fastgd
import fastgd.torch
from fastgd import formats

SIZE = 5000  # enough for 8 bits
by_host = pytest.mark.parametrize("host", ["numpy", "torch"])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.safetensors"


class Run:
    """An optimizer of either host with one parameter."""

    def __init__(self, host: str, name: str = "AdamW", dtype: str = "bfloat16", **options: Any) -> None:
        self.of_torch = host == "torch"
        self.param: Any = np.ones(SIZE, formats.dtype(dtype))
        if self.of_torch:
            self.param = torch.ones(SIZE, dtype=getattr(torch, dtype)).requires_grad_()
        self.opt: Any = getattr(fastgd.torch if self.of_torch else fastgd, name)([self.param], **options)

    def step(self, times: int = 1) -> "Run":
        for t in range(times):
            if self.of_torch:
                self.param.grad = torch.full_like(self.param, 0.3 + t)
                self.opt.step()
            else:
                self.opt.step([np.full_like(self.param, 0.3 + t)])
        return self

    def save(self, file: Path) -> "Run":
        fastgd.save(file, self.opt, params=[self.param])
        return self

    def load(self, file: Path, hyperparameters: str) -> "Run":
        fastgd.load(file, self.opt, params=[self.param], hyperparameters=hyperparameters)
        return self

    def bits(self) -> dict[str, bytes]:
        (entry,) = self.opt.state.values()
        arrays = {**entry, "param": self.param}
        if self.of_torch:
            arrays = {key: a.detach().reshape(-1).view(torch.uint8).numpy() for key, a in arrays.items()}
        return {key: np.asarray(array).tobytes() for key, array in arrays.items()}


STORED: dict[str, dict[str, Any]] = {
    "dtype": dict(state_dtype="bfloat16"),
    "8 bits": dict(state_dtype="8bit"),
    "master": dict(master_weights=True),
    "average": dict(ema_decay=0.5),
    "random": dict(rounding="stochastic", seed=3),
}


@by_host
@pytest.mark.parametrize("options", STORED)
def test_storage_by_default_in_a_file_is_taken_too(options: str, host: str, file: Path) -> None:
    one = Run(host).step().save(file)
    other = Run(host, **STORED[options]).load(file, "saved")
    assert other.step(2).bits() == one.step(2).bits()
    other.save(file)
    assert not set(fastgd.inspect(file).param_groups[0]) & {name for kept in STORED.values() for name in kept}


@by_host
@pytest.mark.parametrize("options", STORED)
def test_storage_of_a_file_takes_the_place_of_another(options: str, host: str, file: Path) -> None:
    one = Run(host, **STORED["master"]).step().save(file)
    assert Run(host, **STORED[options]).load(file, "saved").step(2).bits() == one.step(2).bits()


@by_host
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_mine_without_master_weights_leaves_those_of_the_file(dtype: str, host: str, file: Path) -> None:
    """They would fall behind the parameters, and be taken for them if they were asked for again."""
    one = Run(host, dtype=dtype, master_weights=True).step(3).save(file)
    kept = one.bits()
    other = Run(host, dtype=dtype).load(file, "mine")
    assert other.bits() == {key: bits for key, bits in kept.items() if key not in ("param_remainder", "master_param")}
    again = Run(host, dtype=dtype)
    again.load(file, "mine")
    assert other.step(2).bits() == again.step(2).bits()


SWITCHED: list[tuple[str, dict[str, Any], str]] = [
    ("AdamW", dict(amsgrad=True), "max_exp_avg_sq"),
    ("AdamW", dict(amsgrad=True, state_dtype="8bit"), "max_exp_avg_sq"),
    ("RMSprop", dict(centered=True, momentum=0.5), "grad_avg"),
]


@by_host
@pytest.mark.parametrize(("name", "options", "key"), SWITCHED, ids=str)
def test_mine_with_more_state_begins_it_with_zeros(
    name: str, options: dict[str, Any], key: str, host: str, file: Path
) -> None:
    """As an option does that is switched on between two steps."""
    Run(host, name, "float32").step().save(file)
    stored = {name: value for name, value in options.items() if name == "state_dtype"}
    one = Run(host, name, "float32", **stored).load(file, "mine")
    one.opt.param_groups[0].update({name: value for name, value in options.items() if name not in stored})
    other = Run(host, name, "float32", **options).load(file, "mine")
    assert one.step(2).bits() == other.step(2).bits()
    assert key in other.opt.state[other.param if other.of_torch else 0]


def test_mine_with_more_state_is_refused_for_another_rule(file: Path) -> None:
    Run("numpy").step().save(file)
    with pytest.raises(ValueError, match=r"run.safetensors \(of AdamW\): .*missing 'mu_product'"):
        Run("numpy", "NAdam").load(file, "mine")


def test_an_optimizer_around_another_says_which(file: Path) -> None:
    w = np.ones(3)
    for opt, name in (
        (fastgd.Lookahead(fastgd.AdamW(w)), "Lookahead(AdamW)"),
        (fastgd.SAM(fastgd.Lookahead(fastgd.SGD(w))), "SAM(Lookahead(SGD))"),
    ):
        fastgd.save(file, opt)
        assert fastgd.inspect(file).optimizer == name
        assert fastgd.load(file, opt) is None
