"""State in 8 bits, bit for bit as plain NumPy: codes, every rule that can, ranges of threads, and what is kept."""

import zlib
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd.engine import dispatch
from fastgd.engine.formats import LEAST, POSITIVE, SIGNED, absmax_keys, format_in_blocks
from fastgd.engine.tile import pack, unpack
from fastgd.optimizers.storage import TOO_FEW
from support import eight_bit
from support.cases import BY_NAME, CASES, Case
from support.comparing import assert_equal, assert_equal_arrays, assert_equal_state, assert_refused, assert_same
from support.eight_bit import ABLE, SPAN, TABLES, TwinIn8Bits, decoded, encoded
from support.formats import BFLOAT16, FLOAT16, FLOAT32, Mix
from support.running import ISAS, by_isa, gradient, instruction_set, placed, threads

MIXES = [Mix(FLOAT32, FLOAT32), Mix(BFLOAT16, BFLOAT16)]
FORMS = ["8bit", "8bit-sqrt"]
KEYS = {True: "exp_avg", False: "exp_avg_sq"}
SIZES = [0, 3, LEAST - 1, LEAST, LEAST + 1, 2 * LEAST - 255, LEAST + SPAN]
STEPS = 4

by_form = pytest.mark.parametrize("form", FORMS)
by_sign = pytest.mark.parametrize("signed", [True, False], ids=["signed", "positive"])


# ---- codes ---------------------------------------------------------------------------------------------------------


def packed(values: np.ndarray, signed: bool, root: bool = False) -> tuple[np.ndarray, np.ndarray]:
    codes, absmax = np.empty(values.shape, np.uint8), np.empty(-(-values.size // SPAN), np.float32)
    pack(values, format_in_blocks(KEYS[signed], root), codes, absmax)
    return codes, absmax


def unpacked(codes: np.ndarray, absmax: np.ndarray, signed: bool, root: bool = False) -> np.ndarray:
    result = np.empty(codes.shape, np.float32)
    unpack(codes, absmax, format_in_blocks(KEYS[signed], root), result)
    return result


@by_sign
def test_the_table_is_that_of_bitsandbytes(signed: bool) -> None:
    """By its checksum."""
    table = fastgd.formats.dynamic_map(signed)
    assert zlib.crc32(table.tobytes()) == (454261483 if signed else 3899729807)
    assert_equal(TABLES[signed], table, "the twin's")


@by_isa
@by_sign
def test_every_code_is_decoded_exactly(isa: str, signed: bool) -> None:
    codes, absmax = np.arange(256, dtype=np.uint8), np.float32([0.37])
    with instruction_set(isa):
        values = unpacked(codes, absmax, signed)
        assert_equal(values, decoded(codes, absmax, signed), "decoded")
        if not signed:
            assert_equal(unpacked(codes, absmax, signed, root=True), values * values, "of square roots")


def near_midpoints(signed: bool) -> np.ndarray:
    """Every float within 11 units of a midpoint, and of each number of the table itself."""
    middle = eight_bit.midpoints(signed).astype(np.float32)
    bits = np.concatenate([middle, TABLES[signed]]).view(np.int32)
    near = (bits[:, None] + np.arange(-11, 12, dtype=np.int32)).ravel().view(np.float32)
    result: np.ndarray = near[np.isfinite(near) & (abs(near) <= 1)]
    return result


def in_blocks_of_one(values: np.ndarray) -> np.ndarray:
    """Numbers in blocks whose largest magnitude is 1, which comes first in each."""
    values = np.concatenate([values, np.zeros(-len(values) % (SPAN - 1), np.float32)]).reshape(-1, SPAN - 1)
    return np.concatenate([np.ones((len(values), 1), np.float32), values], axis=1).ravel()


@by_isa
@by_sign
def test_numbers_get_the_nearest_code(isa: str, signed: bool) -> None:
    """Halves go away from zero; within 10 units of one it may be the other neighbour."""
    rng = np.random.default_rng(1)
    anything = rng.integers(0, 0x3F800001, 2**18, np.int32).view(np.float32)
    values = in_blocks_of_one(np.concatenate([near_midpoints(signed), anything, -anything, np.float32([0, -0.0])]))
    values = values if signed else abs(values)
    with instruction_set(isa):
        codes, absmax = packed(values, signed)
    twin = encoded(values, signed)
    assert_equal(codes, twin[0], "codes")
    assert_equal(absmax, twin[1], "absmax")
    middle = eight_bit.midpoints(signed)
    nearest = np.searchsorted(middle, values, side="right")
    if signed:  # away from zero: below it, downwards
        nearest = np.where(values < 0, np.searchsorted(middle, values, side="left"), nearest)
    else:
        nearest = np.maximum(nearest, values > 0)
    wrong = codes != nearest
    between = middle[np.minimum(codes[wrong], nearest[wrong])]
    assert (abs(codes[wrong].astype(int) - nearest[wrong]) == 1).all()
    assert (abs(values[wrong] - between) <= 10 * np.spacing(abs(values[wrong]))).all()
    assert wrong.mean() < 0.01
    assert not np.isin(values[wrong], middle.astype(np.float32)[middle == middle.astype(np.float32)]).any()


@by_isa
@by_sign
def test_blocks_of_all_kinds(isa: str, signed: bool) -> None:
    """Zeros, subnormals, the ends of the range, infinities and NaN, a negative maximum, and a short last block."""
    rng = np.random.default_rng(2)
    blocks = rng.standard_normal((20, SPAN)).astype(np.float32) * 10.0 ** rng.uniform(-4, 4, (20, SPAN))
    blocks = blocks.astype(np.float32)
    blocks[0] = 0
    blocks[1] *= np.float32(1e-42)
    blocks[2] = np.float32(1e-45)
    blocks[3] *= np.float32(1e34)
    blocks[4, ::7] = np.inf
    blocks[5, 3], blocks[5, 4] = np.nan, -np.inf
    blocks[6] = np.nan
    blocks[7] = np.inf
    blocks[8, 9] = -(abs(blocks[8]).max() * 2)
    blocks[9, ::2] = -0.0
    blocks[10] = np.finfo(np.float32).max
    values = blocks.ravel()[:-100] if signed else abs(blocks).ravel()[:-100]
    with instruction_set(isa), np.errstate(all="ignore"):
        codes, absmax = packed(values, signed)
        twin = encoded(values, signed)
        assert_equal(codes, twin[0], "codes")
        assert_equal(absmax, twin[1], "absmax")
        back = unpacked(codes, absmax, signed)
    assert np.isfinite(back).all()
    assert (back[values == 0] == 0).all()
    assert abs(back[5 * SPAN + 5 : 6 * SPAN]).any()
    if signed:
        assert_equal(back[8 * SPAN + 9], TABLES[True][0] * absmax[8], "a negative maximum")
    else:
        assert (codes[values > 0] > 0).all()


def test_errors_are_as_published() -> None:
    """Of normal numbers, in units of the largest magnitude: 2.8e-3, and 7.5e-4 of their squares."""
    values = np.random.default_rng(3).standard_normal(2**18).astype(np.float32)
    for numbers, signed, bound in ((values, True, 2.9e-3), (values * values, False, 8e-4)):
        codes, absmax = packed(numbers, signed)
        errors = abs(unpacked(codes, absmax, signed) - numbers).reshape(-1, SPAN) / absmax[:, None]
        assert errors.mean() < bound


# ---- steps ---------------------------------------------------------------------------------------------------------


def run(case: Case, mix: Mix, form: str, sizes: list[int], steps: int = STEPS) -> Any:
    """(parameters before, gradients by step, parameters after each step, twins)."""
    rng = np.random.default_rng(7)
    params = [gradient(rng, n, np.float32).astype(mix.param) for n in sizes]
    grads = [[gradient(rng, n, np.float32).astype(mix.grad) for n in sizes] for _ in range(steps)]
    twins = [TwinIn8Bits(case, mix, param, form == "8bit-sqrt") for param in params]
    after = []
    for t in range(steps):
        for twin, grad in zip(twins, grads[t], strict=True):
            twin.step(grad, t + 1)
        after.append([twin.param.copy() for twin in twins])
    return params, grads, after, twins


@by_form
@pytest.mark.parametrize("mix", MIXES, ids=str)
@pytest.mark.parametrize("case", ABLE, ids=lambda case: case.name)
def test_every_rule_that_can(case: Case, mix: Mix, form: str) -> None:
    """Each on one instruction set, off a cache line."""
    way = (ABLE.index(case) + FORMS.index(form)) % len(ISAS)
    start, grads, after, twins = run(case, mix, form, [LEAST + 3, LEAST - 1])
    params = [placed(p, way) for p in start]
    optimizer = case.optimizer(params, **case.arguments, state_dtype=form)
    for t in range(STEPS):
        with instruction_set(ISAS[way]):
            optimizer.step([placed(g, 3 * way) for g in grads[t]])
        assert_equal_arrays(params, after[t], f"step {t + 1}")
    assert_equal_state(optimizer, [twin.state for twin in twins], "after the last step")


@by_form
@pytest.mark.parametrize("mix", MIXES, ids=str)
@pytest.mark.parametrize("name", ["sgd_momentum", "adam_amsgrad", "lion_cautious", "lars"])
def test_sizes_and_ranges_of_threads(name: str, mix: Mix, form: str) -> None:
    case, sizes = BY_NAME[name], [*SIZES, 65536 + 33]
    start, grads, after, twins = run(case, mix, form, sizes, 2)
    for n, shift in [(1, 0), (2, 1), (3, 5), (7, 0)]:
        params = [placed(p, shift) for p in start]
        optimizer = case.optimizer(params, **case.arguments, state_dtype=form)
        with threads(n):
            for t in range(2):
                optimizer.step([placed(g, 1) for g in grads[t]])
        assert_equal_arrays(params, after[-1], f"{n} threads")
        assert_equal_state(optimizer, [twin.state for twin in twins], f"{n} threads")


def test_layouts() -> None:
    """In C order blocks follow each other, and other parameters keep float32."""
    rng = np.random.default_rng(4)
    values = rng.standard_normal((70, 80)).astype(np.float32)
    params = [values.copy(), np.asfortranarray(values), values.reshape(70, 1, 80).copy(), values.T.copy().T]
    opt = fastgd.AdamW(params, state_dtype="8bit")
    for _ in range(2):
        grad = rng.standard_normal((70, 80)).astype(np.float32)
        opt.step([grad, np.asfortranarray(grad), grad.reshape(70, 1, 80), grad.T.copy().T])
    dtypes = [opt.state[i]["exp_avg"].dtype.name for i in range(4)]
    assert dtypes == ["uint8", "float32", "uint8", "float32"]
    assert_equal(opt.state[0]["exp_avg"].ravel(), opt.state[2]["exp_avg"].ravel(), "with an axis of one")
    np.testing.assert_allclose(params[0], params[1], atol=1e-4)


@by_form
@pytest.mark.parametrize(
    "options",
    [
        dict(max_grad_norm=0.5), dict(max_grad_value=0.25), dict(skip_nonfinite=True), dict(ema_decay=0.9),
        dict(master_weights=True), dict(rounding="stochastic", seed=3),
    ],
    ids=str,
)  # fmt: skip
def test_beside_other_settings(options: dict[str, Any], form: str) -> None:
    """Moments are as of a parameter in float32 with the gradient that the setting makes; so are averages and copies."""
    rng = np.random.default_rng(5)
    values = rng.standard_normal(5000).astype(BFLOAT16)
    param, wide = values.copy(), values.astype(np.float32)
    one = fastgd.AdamW([param], weight_decay=0.0, state_dtype=form, **options)
    two = fastgd.AdamW([wide], weight_decay=0.0, state_dtype=form)
    copy = np.zeros(5000, np.float16)
    one.bind_copies([copy])
    for t in range(3):
        grad = rng.standard_normal(5000).astype(np.float32)
        one.accumulate([grad])
        one.accumulate([grad])
        one.step(grad_scale=0.5)
        half = grad * np.float32(0.5)
        if "max_grad_norm" in options:
            half = grad * np.float32(0.5 * (0.5 / (one.grad_norm + 1e-6)))
        two.step([np.clip(half, -0.25, 0.25) if "max_grad_value" in options else half])
        for key, value in two.state[0].items():
            assert_equal(np.asarray(one.state[0][key]), np.asarray(value), f"{key} after step {t + 1}")
    if "master_weights" in options:
        bits = (param.view(np.uint16).astype(np.int64) << 16) + one.state[0]["param_remainder"]
        assert_equal(bits.astype(np.uint32).view(np.float32), wide, "the master")
    elif "rounding" not in options:
        assert_equal(copy, param.astype(np.float16), "the copy")
    assert ("ema" in one.state[0]) == ("ema_decay" in options)


def test_gradients_may_be_zeroed_and_in_float16() -> None:
    param, grad = np.ones(5000, FLOAT16), np.ones(5000, FLOAT16)
    opt = fastgd.AdamW([param], state_dtype="8bit")
    opt.step([grad], zero_grads=True)
    assert not grad.any()
    assert opt.state[0]["exp_avg"].dtype == np.uint8


# ---- what no peer has ----------------------------------------------------------------------------------------------


@by_form
@pytest.mark.parametrize("name", ["lion", "adamw", "adam_amsgrad", "sgd_momentum"])
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_without_gradients_nothing_moves(name: str, form: str, zero: float) -> None:
    """In blocks of their own, and beside large neighbours."""
    case = BY_NAME[name]
    param = np.random.default_rng(6).standard_normal(LEAST + 8).astype(np.float32)
    grad = np.full(param.shape, zero, np.float32)
    grad[: 2 * SPAN : 5] = 1e3
    idle = grad == 0
    before = param.copy()
    arguments = {k: v for k, v in case.arguments.items() if k != "weight_decay"}
    arguments |= {"weight_decay": 0.0} if "weight_decay" in case.optimizer.checks else {}
    opt = case.optimizer([param], **arguments, state_dtype=form)
    for _ in range(50):
        opt.step([grad])
    assert_same(param[idle], before[idle])
    assert (param[~idle] != before[~idle]).all()
    for key in opt._steps.state_keys(0):
        zeros = opt.state[0][key][idle]
        assert (zeros == (127 if key in SIGNED else 0)).all()


@pytest.mark.parametrize("form", FORMS)
def test_blocks_of_mixed_scales(form: str) -> None:
    """Log-normal gradients, of which peers make steps of 1e5: a second moment becomes zero there, and the first not."""
    rng = np.random.default_rng(8)
    scale = np.exp(2 * rng.standard_normal(8192))
    param = np.zeros(8192, np.float32)
    opt = fastgd.AdamW([param], lr=1e-3, weight_decay=0.0, state_dtype=form)
    largest = 0.0
    for _ in range(500):
        before = param.copy()
        opt.step([(scale * rng.standard_normal(8192)).astype(np.float32)])
        largest = max(largest, float(abs(param - before).max()) / 1e-3)
    assert largest < 8


@by_form
@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan, 1e25])
@pytest.mark.parametrize("clipped", [{}, {"max_grad_norm": 1.0}, {"max_grad_value": 1.0}], ids=str)
def test_gradients_that_would_spoil_a_block(form: str, bad: float, clipped: dict[str, float]) -> None:
    params = [np.ones(10, np.float32), np.ones(5000, np.float32)]
    opt = fastgd.AdamW(params, state_dtype=form, **clipped)
    opt.step([np.ones(10, np.float32), np.ones(5000, np.float32)])
    grads = [np.ones(10, np.float32), np.ones(5000, np.float32)]
    grads[1][4000] = bad
    before = [p.copy() for p in params], opt.state_dict()
    if bad == 1e25 and "max_grad_norm" in clipped:
        opt.step(grads)  # it is brought into range
        return
    with pytest.raises(ValueError, match=r"^grads\[1\]: expected finite numbers with a norm of at most 2\*\*63"):
        opt.step(grads)
    assert_same((params, opt.state_dict()), before)
    if not np.isfinite(bad):
        opt.skip_nonfinite = True
        opt.step(grads)
        assert_same((params, opt.state_dict()), before)
        assert opt.skipped_steps == 1


def test_gradients_that_are_too_large_together() -> None:
    params = [np.ones(5000, np.float32), np.ones(5000, np.float32)]
    opt = fastgd.AdamW(params, state_dtype="8bit")
    each = np.full(5000, 0.8 * 2.0**63 / np.sqrt(5000), np.float32)
    with pytest.raises(ValueError, match=r"^gradients: expected finite numbers with a norm of at most 2\*\*63"):
        opt.step([each, each])
    assert all((param == 1).all() for param in params)
    opt.step([each, np.zeros(5000, np.float32)])


def test_other_parameters_may_have_infinite_gradients() -> None:
    """Those whose state is in float32 are as ever."""
    params = [np.ones(10, np.float32), np.ones(5000, np.float32)]
    opt = fastgd.AdamW(params, state_dtype="8bit")
    opt.step([np.full(10, np.inf, np.float32), np.ones(5000, np.float32)])
    assert np.isnan(params[0]).all()
    assert np.isfinite(params[1]).all()


# ---- state ---------------------------------------------------------------------------------------------------------


@by_form
@pytest.mark.parametrize("name", ["adam_amsgrad", "sgd_momentum", "nadam", "yogi", "novograd"])
def test_a_run_goes_on_from_its_state(name: str, form: str, tmp_path: Any) -> None:
    case = BY_NAME[name]
    start, grads, after, twins = run(case, MIXES[1], form, [LEAST + 3, 5], 6)
    params = [p.copy() for p in start]
    first = case.optimizer(params, **case.arguments, state_dtype=form)
    for t in range(3):
        first.step(grads[t])
    fastgd.save(tmp_path / "state", first)
    others = [p.copy() for p in params]
    by_dict, by_file = case.optimizer(others), case.optimizer(params)
    by_dict.load_state_dict(first.state_dict())
    fastgd.load(tmp_path / "state", by_file)
    for t in range(3, 6):
        by_dict.step(grads[t])
        by_file.step(grads[t])
    assert_equal_arrays(params, after[-1], "from the file")
    assert_equal_arrays(others, after[-1], "from the state dict")
    assert_same(by_file.state_dict(), by_dict.state_dict())
    assert_equal_state(by_dict, [twin.state for twin in twins], "after the last step")


ALL_FORMS = [None, "bfloat16", *FORMS]


@pytest.mark.parametrize("source", ALL_FORMS)
@pytest.mark.parametrize("target", ALL_FORMS)
def test_state_is_converted_where_it_is_loaded_for_another_format(source: str | None, target: str | None) -> None:
    w = np.random.default_rng(1).standard_normal(5000).astype(BFLOAT16)
    opt = fastgd.AdamW([w], state_dtype=source)
    for t in range(3):
        opt.step([np.linspace(-1, t + 1, 5000, dtype=np.float32)])
    content = opt.state_dict()
    content["param_groups"][0].pop("state_dtype", None)
    loaded = fastgd.AdamW([w.copy()], state_dtype=target)
    loaded.load_state_dict(content)
    saved, state = dict(opt.state[0]), loaded.state[0]
    if source == target:
        assert_same(dict(state), saved)
        return
    for key in ("exp_avg", "exp_avg_sq"):
        values = numbers(key, saved)
        if key in SIGNED and {source, target} == set(FORMS):
            assert_same([state[key], state[absmax_keys(key)[0]]], [saved[key], saved[absmax_keys(key)[0]]])
            continue
        if target not in FORMS:
            assert_equal(state[key], values.astype(FLOAT32 if target is None else BFLOAT16), key)
            continue
        root = target == "8bit-sqrt" and key == "exp_avg_sq"
        codes, absmax = encoded(np.sqrt(values) if root else values, key in SIGNED)
        assert_equal(state[key], codes, key)
        assert_equal(state[absmax_keys(key)[root]], absmax, f"absmax of {key}")


def numbers(key: str, entry: Any) -> np.ndarray:
    """What a state array stands for, in float32."""
    for k, name in enumerate(absmax_keys(key)):
        if name in entry:
            values = decoded(entry[key], entry[name], key in SIGNED)
            return values * values if k else values
    return np.asarray(entry[key]).astype(np.float32)


def test_groups_may_differ_and_be_added() -> None:
    params = [np.ones(5000, np.float32) for _ in range(3)]
    groups = [{"params": params[0]}, {"params": params[1], "state_dtype": "8bit-sqrt"}]
    opt = fastgd.AdamW(groups, state_dtype="8bit")
    opt.add_param_group({"params": params[2], "state_dtype": None})
    opt.step([np.ones(5000, np.float32)] * 3)
    found = [sorted(key for key in opt.state[i] if key.endswith("absmax")) for i in range(3)]
    assert found[0] == ["exp_avg_absmax", "exp_avg_sq_absmax"]
    assert found[1] == ["exp_avg_absmax", "exp_avg_sq_sqrt_absmax"]
    assert sum(a.nbytes for a in opt.state[0].values()) <= 2.04 * 5000


def test_an_option_is_switched_on_and_off() -> None:
    param = np.ones(5000, np.float32)
    opt = fastgd.Adam([param], state_dtype="8bit")
    grad = np.linspace(-1, 1, 5000, dtype=np.float32)
    for amsgrad in (False, True, False, True):
        opt.param_groups[0]["amsgrad"] = amsgrad
        opt.step([grad])
    assert opt.state[0]["max_exp_avg_sq"].dtype == np.uint8
    again = fastgd.Adam([param.copy()])
    again.load_state_dict(opt.state_dict())
    assert_same(again.state_dict(), opt.state_dict())


# ---- what is refused -----------------------------------------------------------------------------------------------


def test_each_state_is_known_to_be_kept_in_8_bits_or_not() -> None:
    keys = {key for _, keys in dispatch.rules().values() for key in keys} - {"update"}
    of_several_passes = {"p0"}
    assert keys == SIGNED | POSITIVE | set(TOO_FEW) | of_several_passes
    assert not (SIGNED | POSITIVE) & set(TOO_FEW)


@pytest.mark.parametrize("case", [case for case in CASES if case not in ABLE], ids=lambda case: case.name)
def test_rules_that_cannot(case: Case) -> None:
    shape = (70, 70)
    with pytest.raises(ValueError, match=rf"^state_dtype: .*{case.optimizer.__name__}.*got '8bit'$"):
        case.optimizer([np.ones(shape, np.float32)], **case.arguments, state_dtype="8bit")


class Scene:
    def __init__(self) -> None:
        self.param = np.ones((70, 70), np.float32)
        self.opt: Any = fastgd.RMSprop([self.param], state_dtype="8bit")
        self.opt.step([np.ones((70, 70), np.float32)])

    def load(self, **entry: Any) -> None:
        content = self.opt.state_dict()
        content["state"][0] = {k: v for k, v in (content["state"][0] | entry).items() if v is not None}
        self.opt.load_state_dict(content)


ENTRY = "state_dict['state'][0]"


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda s: fastgd.AdamW([np.ones(5000)], state_dtype="8bit"), TypeError,
         "params[0]: expected another dtype with state_dtype='8bit', which is scaled in float32, got float64"),
        (lambda s: fastgd.AdamW([s.param], state_dtype="4bit"), ValueError,
         "state_dtype must be one of 'float32', 'bfloat16', 'param', '8bit', '8bit-sqrt', got '4bit'"),
        (lambda s: (s.opt.param_groups[0].update(centered=True), s.opt.step([s.param.copy()])), ValueError,
         "8 bits are for moving averages of gradients and of their squares, and not for 'grad_avg'"),
        (lambda s: (s.opt.param_groups[0].update(state_dtype="8bit-sqrt"), s.opt.step([s.param.copy()])), ValueError,
         "param_groups[0]: how state is stored cannot be changed"),
        (lambda s: fastgd.SGD([s.param], state_dtype="8bit").step([fastgd.Rows(np.array([1]), s.param[:1].copy())]),
         ValueError, "grads[0]: expected a gradient of all rows with state_dtype='8bit'"),
        (lambda s: s.load(square_avg_absmax=np.ones(19, np.float32)), ValueError,
         f"{ENTRY}['square_avg_absmax']: expected shape (20,), one for 256 elements each, got (19,)"),
        (lambda s: s.load(square_avg_absmax=np.ones(20)), TypeError,
         f"{ENTRY}['square_avg_absmax']: expected dtype float32, got float64"),
        (lambda s: s.load(square_avg_absmax=np.full(20, np.inf, np.float32)), ValueError,
         f"{ENTRY}['square_avg_absmax']: expected finite numbers of at least 0, got others too"),
        (lambda s: s.load(square_avg_absmax=None), TypeError,
         f"{ENTRY}['square_avg']: expected dtype float32, bfloat16 or float16, got uint8"),
        (lambda s: s.load(square_avg=None), ValueError,
         f"{ENTRY}: missing 'square_avg'"),
        (lambda s: s.load(square_avg_sqrt_absmax=np.ones(20, np.float32)), ValueError,
         f"{ENTRY}: expected one of 'square_avg_absmax' and 'square_avg_sqrt_absmax', got both"),
        (lambda s: s.load(square_avg=np.ones((70, 70), np.float32)), TypeError,
         f"{ENTRY}['square_avg']: expected dtype uint8, got float32"),
        (lambda s: s.load(square_avg=np.ones((7, 700), np.uint8)), ValueError,
         f"{ENTRY}['square_avg']: expected shape (70, 70), got (7, 700)"),
        (lambda s: s.load(square_avg=np.full((70, 70), np.nan, np.float32), square_avg_absmax=None), ValueError,
         f"{ENTRY}['square_avg']: expected finite numbers for state in 8 bits, got others too"),
    ],
)  # fmt: skip
def test_refusals(act: Any, error: type[Exception], message: str) -> None:
    assert_refused(Scene(), act, error, message)
