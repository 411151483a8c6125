"""Weight decay that follows the rate (AdamC): the formula, both fronts, functions, and what it is given."""

from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import functional, schedules
from support.comparing import assert_equal_arrays

DECAYS = dict(weight_decay=0.1, decoupled_weight_decay=True)
CLASSES: dict[str, dict[str, Any]] = {
    "Adam": DECAYS, "AdamW": {}, "NAdam": DECAYS, "RAdam": DECAYS, "Lion": {}, "SignSGD": DECAYS, "AdaBelief": {},
    "Yogi": {}, "ADOPT": {}, "AdEMAMix": {}, "Adan": {}, "StableAdamW": {}, "Muon": {},
}  # fmt: skip
by_class = pytest.mark.parametrize("name", CLASSES)
RATES = (0.25, 0.0625, 0.03, 0.0, 0.5)
PEAK = 0.25


@by_class
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_is_the_decay_of_a_smaller_number(name: str, dtype: type) -> None:
    """By hand: weight_decay * lr / peak in its place, at each step."""
    rng = np.random.default_rng(1)
    param = rng.standard_normal((6, 7)).astype(dtype)
    twin = param.copy()
    options = {"weight_decay": 0.1, **CLASSES[name]}
    opt = getattr(fastgd, name)(param, **{**options, "lr": PEAK, "corrected_weight_decay": True})
    other = getattr(fastgd, name)(twin, **options)
    assert opt.param_groups[0]["corrected_weight_decay"] == PEAK
    for lr in RATES:
        grad = rng.standard_normal((6, 7)).astype(dtype)
        opt.param_groups[0]["lr"] = other.param_groups[0]["lr"] = lr
        other.param_groups[0]["weight_decay"] = 0.1 * lr / PEAK
        opt.step(grad)
        other.step(grad)
    assert_equal_arrays([param], [twin], name)


def test_the_paper() -> None:
    """AdamC: the decay takes lr**2 / max(lr); here without a gradient."""
    param = np.ones(3)
    opt = fastgd.AdamW(param, lr=lambda t: RATES[t], weight_decay=0.1, corrected_weight_decay=PEAK)
    expected = 1.0
    for lr in RATES:
        opt.step(np.zeros(3))
        expected *= 1 - 0.1 * lr**2 / PEAK
    np.testing.assert_allclose(param, expected, rtol=1e-15)


def test_a_group_has_its_own_largest_rate() -> None:
    groups = [{"params": np.ones(2)}, {"params": np.ones(2), "lr": 0.5, "corrected_weight_decay": True}]
    opt = fastgd.AdamW(groups, lr=0.25, corrected_weight_decay=True)
    assert [group["corrected_weight_decay"] for group in opt.param_groups] == [0.25, 0.5]
    opt.add_param_group({"params": np.ones(1), "corrected_weight_decay": False})
    assert opt.param_groups[2]["corrected_weight_decay"] == 0.0


def test_it_is_saved_as_a_number() -> None:
    opt = fastgd.Lion(np.ones(2), lr=0.25, corrected_weight_decay=True)
    opt.param_groups[0]["lr"] = 0.125
    resumed = fastgd.Lion(np.ones(2))
    resumed.load_state_dict(opt.state_dict())
    assert resumed.param_groups[0]["corrected_weight_decay"] == 0.25


def test_torch() -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch as hosted

    rng = np.random.default_rng(2)
    param = rng.standard_normal(30).astype(np.float32)
    tensor = torch.nn.Parameter(torch.from_numpy(param.copy()))
    lr = torch.tensor(0.25)
    theirs = hosted.AdamW([{"params": [tensor]}], lr=lr, weight_decay=0.5, corrected_weight_decay=True)
    assert theirs.param_groups[0]["corrected_weight_decay"] == 0.25
    scheduler = torch.optim.lr_scheduler.ExponentialLR(theirs, 0.5)
    rate = lambda t: 0.25 * 0.5**t  # noqa: E731
    opt = fastgd.AdamW(param, lr=rate, weight_decay=0.5, corrected_weight_decay=0.25)
    for _ in range(4):
        grad = rng.standard_normal(30).astype(np.float32)
        opt.step(grad)
        tensor.grad = torch.from_numpy(grad)
        theirs.step()
        scheduler.step()
    assert_equal_arrays([tensor.detach().numpy()], [param], "AdamW")
    torch.optim.AdamW([tensor]).load_state_dict(theirs.state_dict())


def test_functions() -> None:
    results = []
    for options in (dict(weight_decay=0.1 * 0.125 / 0.5), dict(weight_decay=0.1, corrected_weight_decay=0.5)):
        param = np.ones(5, np.float32)
        functional.lion(param, np.zeros(5, np.float32), np.zeros(5, np.float32), step=1, lr=0.125, **options)
        results.append(param)
    assert_equal_arrays(results[:1], results[1:], "lion")
    assert results[0][0] < 1


REQUIREMENT = "corrected_weight_decay must be the largest learning rate, or 0 for none"
REFUSED: list[tuple[dict[str, Any], type[Exception], str]] = [
    (dict(lr=schedules.linear(0.1, 5), corrected_weight_decay=True), ValueError,
     REQUIREMENT + "; True takes an lr that is a number above 0"),
    (dict(lr=0.0, corrected_weight_decay=True), ValueError, REQUIREMENT + "; True takes an lr"),
    (dict(corrected_weight_decay=-1.0), ValueError, REQUIREMENT + ", got -1.0"),
    (dict(corrected_weight_decay="yes"), TypeError, "corrected_weight_decay must be a real number, got str"),
    (dict(corrected_weight_decay=schedules.linear(0.1, 5)), TypeError, "must be a real number, got Schedule"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "kind", "message"), REFUSED)
def test_what_it_cannot_be(options: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        fastgd.AdamW(np.ones(2), **options)
    opt = fastgd.AdamW(np.ones(2))
    with pytest.raises(kind, match=message.replace("corrected_weight_decay must", "must")):
        opt.add_param_group({"params": np.ones(2), **options})
    assert len(opt.param_groups) == 1
