"""Every rule in every mix of storage formats, bit for bit as plain NumPy: any instruction set, threads and layout."""

import functools
import itertools
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import formats
from fastgd.engine.tile import convert
from support.cases import BY_NAME, CASES, Case, every_case
from support.comparing import assert_equal, assert_equal_arrays, assert_equal_state, assert_refused, assert_same
from support.formats import (
    BFLOAT16,
    FLOAT16,
    FLOAT32,
    FLOAT64,
    MIXES,
    Mix,
    Twin,
    encoded,
    every_mix,
)
from support.running import ISAS, by_isa, gradient, instruction_set, placed, threads

STEPS = 8
# Around vector widths, cache lines, tiles and the head's threshold.
SIZES = [0, 1, 7, 1025, 31, 33, 64, 511, 513, 15]

by_narrow = pytest.mark.parametrize("dtype", [BFLOAT16, FLOAT16], ids=str)


# ---- codecs --------------------------------------------------------------------------------------------------------


def converted(source: np.ndarray, dtype: np.dtype) -> np.ndarray:
    result = np.empty(source.shape, dtype)
    convert(source, result)
    return result


@by_isa
@by_narrow
def test_every_code_is_decoded_exactly(isa: str, dtype: np.dtype) -> None:
    codes = np.arange(2**16, dtype=np.uint16).view(dtype)
    with instruction_set(isa), np.errstate(invalid="ignore"):
        assert_equal(converted(codes, FLOAT32), codes.astype(np.float32), "float32")
        assert_equal(converted(codes, FLOAT64), codes.astype(np.float64), "float64")
        assert_equal(converted(converted(codes, FLOAT32), dtype), codes, "and back")


@by_isa
@by_narrow
def test_numbers_are_rounded_to_the_nearest_even(isa: str, dtype: np.dtype) -> None:
    """Eleven floats on either side of each code and of each midpoint between two, and random bits."""
    codes = np.arange(2**16, dtype=np.uint16).view(dtype)
    with np.errstate(all="ignore"):
        exact = codes[np.isfinite(codes)].astype(np.float32).view(np.int32)
        middle = exact + (0x8000 if dtype == BFLOAT16 else 0x1000)
        near = (np.concatenate([exact, middle])[:, None] + np.arange(-11, 12, dtype=np.int32)).ravel().view(np.float32)
        anything = np.random.default_rng(1).integers(0, 2**32, 2**20, np.uint32).view(np.float32)
        values = np.concatenate([near, anything])
        expected = values.astype(dtype)
    with instruction_set(isa):
        assert_equal(converted(values, dtype), expected, "from float32")
    signs = np.signbit(converted(values, dtype)) == np.signbit(values)
    assert signs[~np.isnan(values)].all()


@by_isa
@by_narrow
def test_float64_is_rounded_by_way_of_float32(isa: str, dtype: np.dtype) -> None:
    values = np.random.default_rng(1).standard_normal(10_000) * 10.0 ** np.arange(-50, 50).repeat(100)
    with instruction_set(isa), np.errstate(all="ignore"):
        assert_equal(converted(values, dtype), encoded(values, dtype), "from float64")


# ---- steps ---------------------------------------------------------------------------------------------------------


def inputs(mix: Mix, shapes: Any, steps: int = STEPS) -> tuple[list[np.ndarray], list[list[np.ndarray]]]:
    """Parameters and gradients by step, with infinities, NaN and zeros among them."""
    rng = np.random.default_rng(7)
    with np.errstate(all="ignore"):
        params = [np.asarray(gradient(rng, shape, np.float32)).astype(mix.param) for shape in shapes]
        grads = [
            [np.asarray(gradient(rng, shape, np.float32, special=True)).astype(mix.grad) for shape in shapes]
            for _ in range(steps)
        ]
    return params, grads


@functools.cache
def inputs_of_sizes(mix: Mix) -> tuple[list[np.ndarray], list[list[np.ndarray]]]:
    """Those of every case, which nobody writes to."""
    params, grads = inputs(mix, SIZES)
    for array in itertools.chain(params, *grads):
        array.flags.writeable = False
    return params, grads


def sizes_run(name: str, mix: Mix) -> tuple[Any, Any, list[list[np.ndarray]], list[dict[str, Any]]]:
    params, grads = inputs_of_sizes(mix)
    twins = [Twin(BY_NAME[name], mix, param, i) for i, param in enumerate(params)]
    after = []
    for t in range(1, STEPS + 1):
        for twin, grad in zip(twins, grads[t - 1], strict=True):
            twin.step(grad, t)
        after.append([twin.param.copy() for twin in twins])
    return params, grads, after, [twin.state for twin in twins]


@every_mix
@every_case
def test_every_rule_in_every_mix(case: Case, mix: Mix) -> None:
    """Each pair on one instruction set, so that every rule and every mix meets all of them."""
    way = (CASES.index(case) + MIXES.index(mix)) % len(ISAS)
    if case.optimizer.rereads_state and mix.state_dtype is not None:
        with pytest.raises(ValueError, match=r"^state_dtype: the second pass of \w+ reads its state"):
            case.optimizer([np.zeros(3, mix.param)], **case.arguments, state_dtype=mix.state_dtype)
        return
    start, grads, after, states = sizes_run(case.name, mix)
    params = [placed(p, way) for p in start]
    optimizer = case.optimizer(params, **case.arguments, **mix.storage)
    for t in range(STEPS):
        given = [placed(g, 3 * way) for g in grads[t]]
        with instruction_set(ISAS[way]):
            optimizer.step(given)
        assert_equal_arrays(params, after[t], f"step {t + 1}")
        assert_equal_arrays(given, grads[t], "gradients are only read")
    assert_equal_state(optimizer, states, "after the last step")


@every_mix
@pytest.mark.parametrize("name", ["sgd", "adam_l2", "adam_amsgrad"])
def test_ranges_of_threads(name: str, mix: Mix) -> None:
    start, grads = inputs(mix, [32769, 12289, 513, 65536 + 33], 2)
    twins = [Twin(BY_NAME[name], mix, param, i) for i, param in enumerate(start)]
    for t in range(2):
        for twin, grad in zip(twins, grads[t], strict=True):
            twin.step(grad, t + 1)
    for n, shift in [(1, 0), (2, 1), (3, 5), (7, 0)]:
        params = [placed(p, shift) for p in start]
        optimizer = BY_NAME[name].optimizer(params, **BY_NAME[name].arguments, **mix.storage)
        with threads(n):
            for t in range(2):
                optimizer.step([placed(g, 1) for g in grads[t]])
        assert_equal_arrays(params, [twin.param for twin in twins], f"{n} threads")
        assert_equal_state(optimizer, [twin.state for twin in twins], f"{n} threads")


LAYOUTS = [
    ((), ()),
    ((1,), (0,)),
    ((0, 3), (1, 0)),
    ((37, 41), (1, 0)),
    ((5, 1, 700), (2, 0, 1)),
    ((2, 3, 4), (1, 2, 0)),
]


def in_layout(values: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    return values.transpose(order).copy(order="C").transpose(tuple(np.argsort(order)))


@pytest.mark.parametrize(
    "mix", [mix for mix in MIXES if "stochastic" not in str(mix) and mix.state_dtype != "bfloat16"]
)
def test_layouts(mix: Mix) -> None:
    shapes, orders = zip(*LAYOUTS, strict=True)
    case = BY_NAME["adam_l2"]
    start, grads = inputs(mix, shapes)
    twins = [Twin(case, mix, param) for param in start]
    params = [in_layout(p, order) for p, order in zip(start, orders, strict=True)]
    optimizer = case.optimizer(params, **case.arguments, **mix.storage)
    for t in range(STEPS):
        optimizer.step([in_layout(g, order) for g, order in zip(grads[t], orders, strict=True)])
        for twin, grad in zip(twins, grads[t], strict=True):
            twin.step(grad, t + 1)
    assert_equal_arrays(params, [twin.param for twin in twins], "after the last step")
    assert_equal_state(optimizer, [twin.state for twin in twins], "after the last step")


def test_gradients_may_change_their_format_from_step_to_step() -> None:
    case, mixes = BY_NAME["adamw"], [Mix(BFLOAT16, grad) for grad in (BFLOAT16, FLOAT32, FLOAT16)]
    (param, *_), _ = inputs(mixes[0], [1500])
    twin = Twin(case, mixes[0], param)
    optimizer = case.optimizer([param])
    for t in range(6):
        _, [[grad]] = inputs(mixes[t % 3], [1500], 1)
        optimizer.step([grad])
        twin.step(grad, t + 1)
    assert_equal(param, twin.param, "after six steps")


@pytest.mark.parametrize("mix", MIXES[:16], ids=str)
@pytest.mark.parametrize("name", ["sgd", "adamw", "adam_amsgrad", "rmsprop_centered_momentum", "nadam"])
def test_functions_take_what_optimizers_take(name: str, mix: Mix) -> None:
    """The same rules on arrays of the caller."""
    case = BY_NAME[name]
    [param], grads = inputs(mix, [700])
    other = param.copy()
    optimizer = case.optimizer([other], **case.arguments, **mix.storage)
    states = {key: np.zeros(700, mix.state) for key in optimizer._steps.state_keys(0)}
    function = getattr(fastgd.functional, optimizer.family if name != "adamw" else "adamw")
    arguments = {k: v for k, v in case.arguments.items() if k not in optimizer.implied}
    product: Any = 1.0
    for t in range(STEPS):
        carried = {"mu_product": product} if name == "nadam" else {}
        product = function(param, grads[t][0], **states, step=t + 1, **arguments, **carried)
        optimizer.step([grads[t][0]])
        assert_same(param, other)


# ---- norms and clipping --------------------------------------------------------------------------------------------


@by_isa
@by_narrow
def test_norms_are_those_of_the_decoded_numbers(isa: str, dtype: np.dtype) -> None:
    rng = np.random.default_rng(3)
    arrays = [gradient(rng, shape, np.float32).astype(dtype) for shape in [(), (0,), (37, 41), (3, 5000), (2, 3, 4)]]
    wide = [a.astype(np.float32) for a in arrays]
    with instruction_set(isa):
        assert fastgd.grad_norm(arrays) == fastgd.grad_norm(wide) > 0
        arrays[2], wide[2] = np.asfortranarray(arrays[2]), np.asfortranarray(wide[2])
        assert fastgd.grad_norm(arrays) == fastgd.grad_norm(wide)
        assert fastgd.grad_norm([np.array([np.inf], dtype)]) == np.inf
        assert fastgd.grad_norm([np.zeros(3, dtype)]) == 0


@by_narrow
def test_clipping_in_place(dtype: np.dtype) -> None:
    rng = np.random.default_rng(3)
    array = gradient(rng, (37, 141), np.float32).astype(dtype)
    norm, other = fastgd.grad_norm(array), array.copy()
    assert fastgd.clip_grad_norm_(array, 1.0) == norm
    factor = np.float32(1.0 / (norm + 1e-6))
    assert_equal(array, (other.astype(np.float32) * factor).astype(dtype), "by the norm")
    array[...] = other
    fastgd.clip_grad_value_(array, 0.5)
    assert_equal(array, np.clip(other.astype(np.float32), -0.5, 0.5).astype(dtype), "by value")


@every_mix
@pytest.mark.parametrize(
    "options", [dict(max_grad_norm=0.5), dict(max_grad_value=0.25), dict(skip_nonfinite=True)], ids=str
)
def test_treated_gradients(mix: Mix, options: dict[str, Any]) -> None:
    """As with the gradient in what the rule computes in."""
    rng = np.random.default_rng(5)
    start = [rng.standard_normal(n).astype(mix.param) for n in (5, 3000)]
    params, others = [p.copy() for p in start], [p.copy() for p in start]
    one, two = (fastgd.AdamW(p, **mix.storage, **options) for p in (params, others))
    for _ in range(3):
        grads = [rng.standard_normal(p.shape).astype(mix.grad) for p in start]
        one.step(grads, grad_scale=0.5)
        two.step([g.astype(mix.compute) for g in grads], grad_scale=0.5)
        assert one.grad_norm == two.grad_norm
    assert_same(params, others)


def test_a_norm_beyond_float16_is_no_reason_to_skip() -> None:
    w = np.zeros(1000, np.float16)
    opt = fastgd.SGD([w], lr=1e-6, skip_nonfinite=True)
    opt.step([np.full(1000, 60000, np.float16)])
    assert opt.skipped_steps == 0
    opt.step([np.full(1000, np.inf, np.float16)])
    assert opt.skipped_steps == 1


# ---- state ---------------------------------------------------------------------------------------------------------


def test_groups_may_store_their_state_differently() -> None:
    params = [np.ones(5, BFLOAT16), np.ones(5, BFLOAT16), np.ones(5, np.float32)]
    groups = [{"params": params[0]}, {"params": params[1], "state_dtype": "float32"}, {"params": params[2:]}]
    opt = fastgd.AdamW(groups, state_dtype="param")
    opt.add_param_group({"params": np.ones(3), "state_dtype": None})
    opt.step([np.ones_like(p) for group in opt.param_groups for p in group["params"]])
    assert [opt.state[i]["exp_avg"].dtype for i in range(4)] == [BFLOAT16, FLOAT32, FLOAT32, FLOAT64]
    assert [group.get("state_dtype") for group in opt.param_groups] == ["param", "float32", "param", None]


@every_mix
@pytest.mark.parametrize("name", ["adam_amsgrad", "sgd", "sgd_nesterov", "nadam", "adagrad_initial", "rprop"])
def test_a_run_goes_on_from_its_state(name: str, mix: Mix, tmp_path: Any) -> None:
    case = BY_NAME[name]
    start, grads = inputs(mix, [(4, 5), (1500,)])
    whole, parts = ([p.copy() for p in start] for _ in range(2))
    opt = case.optimizer(whole, **case.arguments, **mix.storage)
    first = case.optimizer(parts, **case.arguments, **mix.storage)
    for t in range(4):
        opt.step(grads[t])
        first.step(grads[t])
    fastgd.save(tmp_path / "state", first)
    by_file, by_dict = (case.optimizer(params) for params in (parts, [p.copy() for p in parts]))
    by_dict.load_state_dict(first.state_dict())
    fastgd.load(tmp_path / "state", by_file)
    for t in range(4, STEPS):
        opt.step(grads[t])
        by_dict.step(grads[t])
        by_file.step(grads[t])
    assert_same(list(by_dict.param_groups[0]["params"]), whole)
    assert_same(parts, whole)
    assert_same(by_file.state_dict(), opt.state_dict())
    assert_same(by_dict.state_dict(), opt.state_dict())


def test_state_is_converted_where_it_is_loaded_for_another_format() -> None:
    w = np.ones(700, BFLOAT16)
    saved = {name: fastgd.AdamW([w.copy()], state_dtype=name) for name in (None, "param")}
    for opt in saved.values():
        for t in range(3):
            opt.step([np.linspace(-1, t + 1, 700, dtype=np.float32)])
    for source, opt in saved.items():
        content = opt.state_dict()
        for group in content["param_groups"]:
            group.pop("state_dtype", None)
        for target in (None, "float32", "param"):
            loaded = fastgd.AdamW([w.copy()], state_dtype=target)
            loaded.load_state_dict(content)
            expected = BFLOAT16 if target == "param" else FLOAT32
            for key in ("exp_avg", "exp_avg_sq"):
                array = opt.state[0][key].astype(np.float32).astype(expected)
                assert_equal(loaded.state[0][key], array, f"{source} to {target}")


def test_small_numbers_are_lost_in_bfloat16_and_not_in_float32_state() -> None:
    """A second moment of bfloat16, rounded to nearest, cannot decay with beta2 = 0.999; that of float32 does."""
    ends = {}
    for name in (None, "param"):
        w = np.zeros(1, BFLOAT16)
        opt = fastgd.AdamW([w], state_dtype=name)
        for t in range(2300):
            opt.step([np.full(1, t < 300, BFLOAT16)])
        ends[name] = float(opt.state[0]["exp_avg_sq"][0])
    exact = (1 - 0.999**300) * 0.999**2000
    assert abs(ends[None] - exact) < 1e-3 * exact
    assert ends["param"] == 0.25


# ---- what is refused -----------------------------------------------------------------------------------------------


class Scene:
    def __init__(self) -> None:
        self.param = np.ones((3, 4), BFLOAT16)
        self.opt = fastgd.AdamW([self.param], state_dtype="param")
        self.opt.step([np.ones((3, 4), BFLOAT16)])


FOUR = "expected dtype float32, bfloat16 or float16 beside bfloat16, got "


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda s: s.opt.step([np.ones((3, 4))]), TypeError, f"grads[0]: {FOUR}float64"),
        (lambda s: s.opt.step([np.ones((3, 4), np.uint16)]), TypeError, f"grads[0]: {FOUR}uint16"),
        (lambda s: s.opt.step([np.ones((3, 4), BFLOAT16).view("V2")]), TypeError, f"grads[0]: {FOUR}|V2"),
        (lambda s: s.opt.step([np.ones((4, 3), BFLOAT16)]), ValueError, "grads[0]: expected shape (3, 4), got (4, 3)"),
        (lambda s: s.opt.step([np.ones((3, 4), np.float32, order="F")]), ValueError,
         "grads[0]: expected strides (16, 4) like the parameter's, got (4, 12); "),
        (lambda s: s.opt.step([s.param]), ValueError,
         "grads[0]: expected memory of its own, got memory that it shares with params[0]"),
        (lambda s: s.opt.step([s.param.view(np.float16)]), ValueError,
         "grads[0]: expected memory of its own, got memory that it shares with params[0]"),
        (lambda s: fastgd.AdamW([np.ones(3, np.complex64)]), TypeError,
         "params[0]: expected dtype float32, float64, bfloat16 or float16, got complex64"),
        (lambda s: fastgd.AdamW([np.ones(3, "V2")]), TypeError,
         "params[0]: expected dtype float32, float64, bfloat16 or float16, got |V2"),
        (lambda s: fastgd.AdamW([np.ones(3, ">f2")]), TypeError,
         "params[0]: expected native byte order, got dtype '>f2'"),
        (lambda s: fastgd.AdamW([s.param], state_dtype="float8"), ValueError,
         "state_dtype must be one of 'float32', 'bfloat16', 'param', '8bit', '8bit-sqrt', got 'float8'"),
        (lambda s: fastgd.AdamW([s.param], state_dtype=np.float32), TypeError,
         "state_dtype must be a string, got type"),
        (lambda s: fastgd.AdamW([s.param], rounding="up"), ValueError,
         "rounding must be one of 'nearest', 'stochastic', got 'up'"),
        (lambda s: fastgd.AdamW([s.param], seed=1.5), TypeError, "seed must be an integer, got float"),
        (lambda s: fastgd.AdamW([s.param], seed=True), TypeError, "seed must be an integer, got bool"),
        (lambda s: fastgd.AdamW([s.param], seed=-1), ValueError, "seed must be at least 0, got -1"),
        (lambda s: fastgd.AdamW([s.param], seed=2**63), ValueError, "seed must be below 2**63, got 922"),
        (lambda s: fastgd.AdamW([np.ones(2, np.float16)], rounding="stochastic"), TypeError,
         "params[0]: expected another dtype with rounding='stochastic', which is for bfloat16, got float16"),
        (lambda s: (s.opt.param_groups[0].update(seed=3), s.opt.step([s.param.copy()])), ValueError,
         "param_groups[0]: how state is stored cannot be changed; use load_state_dict of a new optimizer"),
        (lambda s: fastgd.AdamW([{"params": s.param, "state_dtype": 2}]), TypeError,
         "params[0]['state_dtype'] must be a string, got int"),
        (lambda s: s.opt.add_param_group({"params": np.ones(2), "state_dtype": "x"}), ValueError,
         "params[1]['state_dtype'] must be one of 'float32', 'bfloat16', 'param', '8bit', '8bit-sqrt', got 'x'"),
        (lambda s: (s.opt.param_groups[0].update(state_dtype="float32"), s.opt.step([s.param.copy()])), ValueError,
         "param_groups[0]: how state is stored cannot be changed; use load_state_dict of a new optimizer"),
        (lambda s: (s.opt.param_groups[0].pop("state_dtype"), s.opt.step([s.param.copy()])), ValueError,
         "param_groups[0]: how state is stored cannot be changed; use load_state_dict of a new optimizer"),
        (lambda s: s.opt.load_state_dict(with_state(s, "exp_avg", np.ones((3, 4)))), TypeError,
         "state_dict['state'][0]['exp_avg']: expected dtype bfloat16 or float32, got float64"),
        (lambda s: s.opt.load_state_dict(with_state(s, "exp_avg", np.ones((3, 4), np.float16))), TypeError,
         "state_dict['state'][0]['exp_avg']: expected dtype bfloat16 or float32, got float16"),
        (lambda s: fastgd.functional.sgd(np.ones(3, np.float16), np.ones(3), step=1), TypeError,
         "grad: expected dtype float32, bfloat16 or float16 beside float16, got float64"),
        (lambda s: fastgd.functional.sgd(np.ones(3, np.float16), np.ones(3, np.int16), step=1), TypeError,
         "grad: expected dtype float32, bfloat16 or float16 beside float16, got int16"),
    ],
)  # fmt: skip
def test_refusals(act: Any, error: type[Exception], message: str) -> None:
    assert_refused(Scene(), act, error, message)


def with_state(scene: Scene, key: str, array: np.ndarray) -> Any:
    content = scene.opt.state_dict()
    content["state"][0][key] = array
    return content


def test_ml_dtypes_is_needed_for_bfloat16_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ml_dtypes", None)
    monkeypatch.setattr(formats, "bfloat16", formats.bfloat16.__wrapped__)
    fastgd.AdamW([np.ones(3, np.float16)]).step([np.ones(3, np.float16)])
    for make in (formats.bfloat16, lambda: fastgd.AdamW([np.ones(3, np.float32)], state_dtype="bfloat16")):
        with pytest.raises(ImportError, match=r"bfloat16 needs ml_dtypes: pip install 'fastgd\[precision\]'"):
            make()
