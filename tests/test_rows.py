"""Gradients of rows: every rule that takes them, against plain NumPy, dense steps and itself."""

import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import Rows
from support import reference, reference_rows
from support.comparing import assert_equal, assert_equal_state, assert_same, freeze
from support.formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64
from support.running import by_dtype, by_isa, instruction_set, threads

TOUCHED = {"weight_decay_rows": "touched"}
LAZY = {"lazy_rows": True}


# Class, settings, reference, hyperparameters.
TAKING: dict[str, tuple[Any, dict[str, Any], Any, dict[str, Any]]] = {
    "sgd": (fastgd.SGD, {}, reference.sgd, dict(lr=0.1)),
    "sgd_l2": (fastgd.SGD, TOUCHED, reference.sgd, dict(lr=0.1, weight_decay=0.1, maximize=True)),
    "adagrad": (fastgd.Adagrad, {}, reference.adagrad, dict(lr_decay=0.1)),
    "adagrad_initial": (fastgd.Adagrad, {}, reference.adagrad, dict(initial_accumulator_value=0.1)),
    "adagrad_l2": (fastgd.Adagrad, TOUCHED, reference.adagrad, dict(weight_decay=0.1, eps=0.0, eps_root=1e-7)),
    "row_wise": (fastgd.RowWiseAdagrad, {}, reference_rows.row_wise_adagrad, dict(lr=0.1)),
    "row_wise_l2": (
        fastgd.RowWiseAdagrad, TOUCHED, reference_rows.row_wise_adagrad,
        dict(weight_decay=0.1, eps=1e-3, maximize=True),
    ),
    "sparse_adam": (fastgd.SparseAdam, {}, reference.sparse_adam, dict(lr=0.1, betas=(0.8, 0.9), maximize=True)),
    "adam": (fastgd.Adam, LAZY, reference.adam, dict(lr=0.1)),
    "amsgrad": (fastgd.Adam, LAZY | TOUCHED, reference.adam, dict(amsgrad=True, weight_decay=0.1, betas=(0.9, 0.5))),
    "adamw": (fastgd.AdamW, LAZY | TOUCHED, reference.adamw, dict(lr=0.01, weight_decay=0.1)),
}  # fmt: skip
CLASSES = {"sgd", "adagrad", "row_wise", "sparse_adam", "adam"}  # one of each

every_rule = pytest.mark.parametrize("rule", TAKING)
each_class = pytest.mark.parametrize("rule", sorted(CLASSES))


def make(rule: str, params: Any, **more: Any) -> fastgd.Optimizer:
    cls, settings, _, arguments = TAKING[rule]
    made: fastgd.Optimizer = cls(params, **settings, **arguments, **more)
    return made


def random_rows(
    rng: np.random.Generator, shape: tuple[int, ...], count: int, dtype: Any = FLOAT32, index: type = np.int64
) -> Rows:
    """Rows in any order, of which about half come more than once."""
    indices = rng.integers(0, max(1, min(shape[0], count)), count)
    return Rows(indices.astype(index), rng.standard_normal((count, *shape[1:])).astype(dtype))


def bits(opt: fastgd.Optimizer) -> Any:
    return freeze([opt._steps.params, opt.state, opt.grad_norm, opt.steps_completed])


# ---- numbers --------------------------------------------------------------------------------------------------------

SHAPES = [(40, 7), (12, 16), (9, 3, 5), (30,), (5, 600), (3, 5000), (1, 1)]


@by_isa
@by_dtype
@every_rule
def test_rows_are_the_rule_on_their_matrix(rule: str, dtype: type, isa: str) -> None:
    _, _, oracle, arguments = TAKING[rule]
    rng = np.random.default_rng(3)
    params = [rng.standard_normal(shape).astype(dtype) for shape in SHAPES]
    expected, states = [p.copy() for p in params], [{} for _ in params]
    with instruction_set(isa):
        opt = make(rule, params)
        for t, index in enumerate((np.int64, np.int32, np.int64), 1):
            grads = [random_rows(rng, p.shape, 10 * t, dtype, index) for p in params]
            opt.step(grads, grad_scale=0.5)
            for param, rows, state in zip(expected, grads, states, strict=True):
                reference_rows.step(oracle, param, rows, state, t, grad_scale=0.5, **arguments)
            for i, param in enumerate(params):
                assert_equal(param, expected[i], f"{rule} step {t} shape {param.shape}")
            assert_equal_state(opt, states, rule)


@each_class
def test_any_number_of_threads_any_order_of_distinct_rows(rule: str) -> None:
    results = []
    for n in (1, 2, 3, 7):
        rng = np.random.default_rng(4)
        params = {"wide": np.ones((3000, 33), np.float32), "dense": np.ones(40_000), "thin": np.ones(70_000)}
        opt = make(rule, params, max_grad_norm=1.0)
        with threads(n):
            for t in range(3):
                wide = random_rows(rng, (3000, 33), 2500)
                distinct = rng.permutation(70_000)[:50_000]
                values = rng.standard_normal(50_000)
                order = np.argsort(distinct) if n % 2 else slice(None)
                thin = Rows(distinct[order], values[order])
                opt.step({"wide": wide, "dense": None if t == 1 else rng.standard_normal(40_000), "thin": thin})
        results.append(bits(opt))
    assert results[0] == results[1] == results[2] == results[3]


@pytest.mark.parametrize("rule", ["sgd", "sgd_l2", "adagrad", "adagrad_initial", "row_wise"])
def test_a_dense_step_with_zeros_elsewhere_is_the_same(rule: str) -> None:
    rng = np.random.default_rng(5)
    start = rng.standard_normal((50, 6)).astype(np.float32)
    ours, dense = start.copy(), start.copy()
    no_decay = {"weight_decay": 0.0} if "l2" in rule else {}
    cls, settings, _, arguments = TAKING[rule]
    opt, other = (cls(p, **settings, **(arguments | no_decay)) for p in (ours, dense))
    for _ in range(4):
        rows = random_rows(rng, start.shape, 30)
        numbers, values = reference_rows.summed(rows, np.float32)
        grad = np.zeros_like(dense)
        grad[numbers] = values
        opt.step(rows)
        other.step(grad)
    assert_same([ours, opt.state.get(0)], [dense, other.state.get(0)])


MIXES = [
    dict(param=BFLOAT16, grad=BFLOAT16),
    dict(param=BFLOAT16, grad=FLOAT32, master_weights=True),
    dict(param=FLOAT16, grad=FLOAT16, master_weights=True),
    dict(param=FLOAT16, grad=FLOAT32, state_dtype="param"),
    dict(param=FLOAT32, grad=FLOAT16),
    dict(param=FLOAT64, grad=BFLOAT16),
    dict(param=FLOAT32, grad=FLOAT32, max_grad_value=0.3),
    dict(param=FLOAT32, grad=FLOAT32, max_grad_norm=0.3),
    dict(param=BFLOAT16, grad=BFLOAT16, max_grad_norm=0.3, max_grad_value=0.1, skip_nonfinite=True),
]


@each_class
@pytest.mark.parametrize("mix", MIXES, ids=str)
def test_a_table_of_which_the_same_rows_come_again_is_their_matrix(rule: str, mix: dict[str, Any]) -> None:
    """Formats, clipping and the norm: those of a dense step on the rows alone, with the sums as its gradient."""
    param, grad, *_ = mix.values()
    storage = {key: value for key, value in mix.items() if key not in ("param", "grad")}
    if rule == "row_wise":
        storage.pop("state_dtype", None)
    rng = np.random.default_rng(6)
    table = rng.standard_normal((40, 530)).astype(param)
    numbers = np.array([3, 4, 11, 30])
    part = table[numbers]
    opt, dense = make(rule, table, **storage), make(rule, part, **storage)
    for t in range(4):
        values = rng.standard_normal((4, 530)).astype(grad)
        # Ascending ones are used where they lie, as those that come once; or one row comes twice.
        once = Rows(numbers, values)
        twice = Rows(numbers[[3, 1, 0, 2, 1]], values[[3, 1, 0, 2, 1]])
        turned = Rows(numbers[[2, 0, 3, 1]], values[[2, 0, 3, 1]])
        sums = values.astype(FLOAT64 if param == FLOAT64 else FLOAT32) if t in (1, 2) else values
        if t in (1, 2):
            sums[1] += sums[1]
        opt.step([once, twice, twice, turned][t])
        dense.step(sums)
        assert opt.grad_norm == dense.grad_norm
        assert_same(table[numbers], part)
        for key, array in dense.state.get(0, {}).items():
            ours = opt.state[0][key]
            assert_same(np.array(ours[numbers]) if array.ndim else ours, np.array(array))


def test_random_rounding_follows_the_place_in_the_table() -> None:
    rng = np.random.default_rng(7)
    start = rng.standard_normal((60, 40)).astype(BFLOAT16)
    results = []
    for numbers in (np.arange(60), np.array([5, 17, 59])):
        table = start.copy()
        opt = fastgd.SGD(table, lr=0.01, rounding="stochastic", seed=9)
        for _ in range(5):
            opt.step(Rows(numbers, np.ones((len(numbers), 40), np.float32)))
        results.append(table[[5, 17, 59]])
    assert_same(*results)
    assert not np.array_equal(results[0], (start[[5, 17, 59]].astype(np.float32) - 0.05).astype(BFLOAT16))


@each_class
def test_no_rows_count_a_step_and_change_no_number(rule: str) -> None:
    table = np.ones((5, 4))
    opt = make(rule, [table, np.ones((0, 3))])
    empty = Rows(np.zeros(0, np.int64), np.zeros((0, 4)))
    opt.step([empty, Rows(np.zeros(0, np.int32), np.zeros((0, 3)))])
    assert (table == 1).all()
    assert opt.steps_completed == 1
    if rule != "sgd":
        assert opt.state[0]["step"] == 1
        assert all((array == 0).all() for key, array in opt.state[0].items() if key != "step")


def test_rows_of_no_elements() -> None:
    table = np.ones((5, 0))
    opt = fastgd.SGD(table)
    opt.step(Rows(np.array([4, 1]), np.ones((2, 0))))
    with pytest.raises(IndexError, match=r"grads\.indices\[1\] must be in \[0, 5\), got 5"):
        opt.step(Rows(np.array([4, 5]), np.ones((2, 0))))


def test_dense_gradients_and_rows_may_take_turns() -> None:
    rng = np.random.default_rng(8)
    table, expected, state = np.ones((6, 4)), np.ones((6, 4)), {}
    opt = fastgd.SparseAdam([table])
    for t in range(1, 5):
        grad = rng.standard_normal((6, 4))
        rows = random_rows(rng, (6, 4), 3, FLOAT64) if t % 2 else Rows(np.arange(6), grad)
        opt.step([rows if t % 2 else grad])
        reference_rows.step(reference.sparse_adam, expected, rows, state, t)
    assert_equal(table, expected, "turns")
    assert_equal_state(opt, [state], "turns")


def test_adagrad_begins_every_row_with_its_initial_value() -> None:
    table = np.zeros((4, 2), np.float32)
    opt = fastgd.Adagrad(table, initial_accumulator_value=0.5)
    opt.step(Rows(np.array([2]), np.ones((1, 2), np.float32)))
    assert opt.state[0]["sum"].tolist() == [[0.5, 0.5], [0.5, 0.5], [1.5, 1.5], [0.5, 0.5]]
    opt.step(Rows(np.array([0]), np.ones((1, 2), np.float32)))
    assert opt.state[0]["sum"][:3].tolist() == [[1.5, 1.5], [0.5, 0.5], [1.5, 1.5]]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_step_that_is_not_finite_is_left_out(value: float) -> None:
    opt = fastgd.Adagrad([np.ones((5, 2)), np.ones(3)], skip_nonfinite=True, initial_accumulator_value=0.1)
    before = bits(opt)
    opt.step([Rows(np.array([1, 1]), np.array([[1.0, value], [1.0, 1.0]])), np.ones(3)])
    assert opt.skipped_steps == 1
    assert bits(opt)[:2] == before[:2]
    opt.step([Rows(np.array([1, 1]), np.ones((2, 2))), np.ones(3)])
    assert opt.state[0]["sum"][0, 0] == 0.1


# ---- state ----------------------------------------------------------------------------------------------------------


@each_class
def test_a_run_goes_on_from_its_state(rule: str) -> None:
    rng = np.random.default_rng(9)
    grads = [random_rows(rng, (20, 6), 9) for _ in range(6)]
    whole, part = np.ones((20, 6), np.float32), np.ones((20, 6), np.float32)
    opt, first = make(rule, {"t": whole}), make(rule, {"t": part})
    for rows in grads[:3]:
        opt.step({"t": rows})
        first.step({"t": rows})
    second = make(rule, {"t": part})
    second.load_state_dict(pickle.loads(pickle.dumps(first.state_dict())))
    for rows in grads[3:]:
        opt.step({"t": rows})
        second.step({"t": rows})
    assert_same(whole, part)
    assert_same(opt.state_dict()["state"], second.state_dict()["state"])


def test_one_number_for_each_row() -> None:
    opt = fastgd.RowWiseAdagrad([np.ones((4, 3), np.float32), np.ones(3), np.array(2.0)])
    opt.step([np.ones((4, 3), np.float32), np.ones(3), np.array(1.0)])
    sums = [opt.state[i]["sum"] for i in range(3)]
    assert [(s.shape, s.dtype) for s in sums] == [((4,), FLOAT32), ((3,), FLOAT64), ((), FLOAT64)]
    saved = opt.state_dict()
    saved["state"][0]["sum"] = np.ones((4, 3), np.float32)
    with pytest.raises(ValueError, match=r"\['sum'\]: expected shape \(4,\), got \(4, 3\)"):
        opt.load_state_dict(saved)


@each_class
def test_a_file_keeps_the_run_and_its_settings(rule: str, tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    table, other = np.ones((9, 4), np.float32), np.ones((9, 4), np.float32)
    opt, second = make(rule, [table]), make(rule, [other])
    if rule != "sparse_adam":
        opt.weight_decay_rows = "touched"
    opt.step([Rows(np.array([7, 1, 7]), np.ones((3, 4), np.float32))])
    fastgd.save(tmp_path / "run", opt, params=[table])
    fastgd.load(tmp_path / "run", second, params=[other])
    assert (second.lazy_rows, second.weight_decay_rows) == (opt.lazy_rows, opt.weight_decay_rows)
    assert_same([other, second.state_dict()], [table, opt.state_dict()])


def test_rows_pickle_and_show_themselves() -> None:
    rows = Rows(np.array([1, 5], np.int32), np.ones((2, 3), np.float32))
    assert repr(rows) == "Rows(2 of shape (3,), float32)"
    again = pickle.loads(pickle.dumps(rows))
    assert_same([again.indices, again.values], [rows.indices, rows.values])


# ---- what is refused ------------------------------------------------------------------------------------------------

INDICES, VALUES = np.array([1, 2]), np.ones((2, 3), np.float32)
BAD_ROWS: list[tuple[Any, Any, type[Exception], str]] = [
    ([1, 2], VALUES, TypeError, "indices: expected a numpy.ndarray, got list"),
    (INDICES, [[1.0]], TypeError, "values: expected a numpy.ndarray, got list"),
    (np.ma.array(INDICES), VALUES, TypeError, "indices: expected a numpy.ndarray, got a masked array, .*"),
    (INDICES.astype(np.uint64), VALUES, TypeError, "indices: expected dtype int32 or int64, got uint64"),
    (INDICES.astype(np.int16), VALUES, TypeError, "indices: expected dtype int32 or int64, got int16"),
    (INDICES.astype(float), VALUES, TypeError, "indices: expected dtype int32 or int64, got float64"),
    (INDICES.astype(">i8"), VALUES, TypeError, "indices: expected native byte order, got dtype '>i8'"),
    (INDICES[::-1], VALUES, ValueError, r"indices: expected an array in C order .*, got shape \(2,\) and .*"),
    (INDICES[:, None], VALUES, ValueError, r"indices: expected one axis, got shape \(2, 1\)"),
    (INDICES, VALUES.astype(int), TypeError, "values: expected dtype float32, float64, .*, got int64"),
    (INDICES, np.asfortranarray(VALUES), ValueError, "values: expected an array in C order .*"),
    (INDICES, VALUES[:1], ValueError, r"values: expected 2 rows, one for each index, got shape \(1, 3\)"),
    (INDICES, np.array(1.0), ValueError, r"values: expected 2 rows, one for each index, got shape \(\)"),
]


@pytest.mark.parametrize(("indices", "values", "error", "message"), BAD_ROWS)
def test_what_rows_are_not(indices: Any, values: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{message}$"):
        Rows(indices, values)


def scene() -> tuple[dict[str, np.ndarray], fastgd.Optimizer]:
    params = {"dense": np.ones((4, 3), np.float32), "table": np.ones((4, 3), np.float32)}
    opt = fastgd.Adagrad(params, max_grad_norm=1.0)
    opt.step({"dense": np.ones((4, 3), np.float32), "table": Rows(INDICES, VALUES)})
    return params, opt


def resized(rows: Rows) -> Rows:
    rows.values.shape = (3, 2)
    return rows


BAD_STEPS: dict[str, tuple[Any, type[Exception], str]] = {
    "too large": (
        lambda p: Rows(np.array([0, 4, 9]), np.ones((3, 3))), TypeError,
        r"grads\['table'\].values: expected dtype float32, bfloat16 or float16 beside float32, got float64",
    ),
    "a row too many": (
        lambda p: Rows(np.array([0, 4, 9]), np.ones((3, 3), np.float32)), IndexError,
        r"grads\['table'\].indices\[1\] must be in \[0, 4\), got 4",
    ),
    "counted from the end": (
        lambda p: Rows(np.array([0, 1, -1], np.int32), np.ones((3, 3), np.float32)), IndexError,
        r"grads\['table'\].indices\[2\] must be in \[0, 4\), got -1",
    ),
    "the largest": (
        lambda p: Rows(np.array([2**63 - 1]), np.ones((1, 3), np.float32)), IndexError,
        r"grads\['table'\].indices\[0\] must be in \[0, 4\), got 9223372036854775807",
    ),
    "narrow": (
        lambda p: Rows(INDICES, np.ones((2, 2), np.float32)), ValueError,
        r"grads\['table'\].values: expected shape \(2, 3\) beside \(4, 3\), got \(2, 2\)",
    ),
    "changed in place": (
        lambda p: resized(Rows(INDICES, np.ones((2, 3), np.float32))), ValueError,
        r"grads\['table'\].values: expected 2 rows, one for each index, got shape \(3, 2\)",
    ),
    "of the table": (
        lambda p: Rows(INDICES, p["table"][:2]), ValueError,
        r"grads\['table'\]: expected memory of its own, got memory that the step writes to",
    ),
    "numbers in a parameter": (
        lambda p: Rows(p["dense"].reshape(-1)[:4].view(np.int64), VALUES), ValueError,
        r"grads\['table'\]: expected memory of its own, got memory that the step writes to",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_STEPS)
def test_what_a_step_refuses_changes_nothing(name: str) -> None:
    make_rows, error, message = BAD_STEPS[name]
    params, opt = scene()
    before = bits(opt)
    with pytest.raises(error, match=f"^{message}$"):
        opt.step({"dense": np.ones((4, 3), np.float32), "table": make_rows(params)})
    assert bits(opt) == before
    with pytest.raises(TypeError, match=r"grads\['dense'\]: expected a numpy.ndarray, got list"):
        opt.step({"dense": [1.0], "table": Rows(INDICES, VALUES)})
    assert bits(opt) == before


def test_rows_need_a_table_in_c_order() -> None:
    opt = fastgd.SGD([np.asfortranarray(np.ones((4, 3), np.float32)), np.array(1.0)])
    with pytest.raises(ValueError, match=r"grads\[0\]: expected a parameter in C order.*strides \(4, 16\)"):
        opt.step([Rows(INDICES, VALUES), None])
    with pytest.raises(ValueError, match=r"grads\[1\]: expected a parameter in C order.*one of no axes"):
        opt.step([None, Rows(np.zeros(0, int), np.zeros(0))])
    with pytest.raises(ValueError, match=r"params\[0\]: expected an array in C order for RowWiseAdagrad"):
        fastgd.RowWiseAdagrad([np.asfortranarray(np.ones((4, 3)))])


TAKING_NAMES = {"SGD", "Adagrad", "RowWiseAdagrad", "SparseAdam", "Adam", "AdamW"}
OTHERS = sorted(
    name
    for name in fastgd.__all__
    if isinstance(cls := getattr(fastgd, name), type)
    and issubclass(cls, fastgd.Optimizer)
    and name not in {*TAKING_NAMES, "Optimizer"}
)


@pytest.mark.parametrize("name", OTHERS)
def test_other_rules_say_which_take_rows(name: str) -> None:
    table = np.ones((4, 3), np.float32)
    opt = getattr(fastgd, name)(table)
    before = freeze([table, opt.state])
    message = f"grads: expected a gradient of all rows for {name}, got Rows; SGD without momentum, Adagrad, .*"
    with pytest.raises(TypeError, match=message):
        opt.step(Rows(INDICES, VALUES))
    assert freeze([table, opt.state]) == before
    with pytest.raises(ValueError, match=f"lazy_rows must be False for {name}, which does not take .*, got True"):
        getattr(fastgd, name)(table, lazy_rows=True)
    with pytest.raises(ValueError, match=f"weight_decay_rows must be None for {name}.*, got 'touched'"):
        opt.weight_decay_rows = "touched"


REFUSING: list[tuple[fastgd.Optimizer, str]] = [
    (fastgd.SGD(np.ones((4, 3)), momentum=0.9), "expected momentum=0 with Rows, .*, got 0.9; SGD without .*"),
    (fastgd.Adam(np.ones((4, 3))), "expected a gradient of all rows, since Adam moves .*; lazy_rows=True .*"),
    (fastgd.AdamW(np.ones((4, 3)), lazy_rows=True), "expected weight_decay=0 .*weight_decay_rows='touched'.*got 0.01"),
    (fastgd.SGD(np.ones((4, 3)), weight_decay=0.1), "expected weight_decay=0 with Rows, or .*, got 0.1"),
    (fastgd.Adam(np.ones((4, 3)), cautious=True, lazy_rows=True), "expected cautious=False with Rows, .*, got True"),
    (fastgd.SGD(np.ones((4, 3)), ema_decay=0.9), "expected no ema_decay with Rows, whose averages all move, got 0.9"),
]


@pytest.mark.parametrize(("opt", "message"), REFUSING, ids=lambda value: type(value).__name__)
def test_settings_that_rows_need(opt: fastgd.Optimizer, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^grads: {message}$"):
        opt.step(Rows(INDICES, VALUES.astype(float)))
    assert opt.steps_completed == 0


def test_rows_are_not_overwritten_with_zeros() -> None:
    table = np.ones((4, 3))
    opt = fastgd.SGD([table, np.ones(2)])
    with pytest.raises(ValueError, match=r"^grads\[0\]: expected an array to overwrite with zeros, got Rows$"):
        opt.step([Rows(INDICES, VALUES), np.ones(2)], zero_grads=True)
    assert (table == 1).all()


def test_settings_that_would_mean_nothing() -> None:
    with pytest.raises(ValueError, match="lazy_rows must be False for SparseAdam, which updates no other rows"):
        fastgd.SparseAdam(np.ones(3), lazy_rows=True)
    with pytest.raises(ValueError, match="weight_decay_rows must be None for SparseAdam, which has no weight decay"):
        fastgd.SparseAdam(np.ones(3), weight_decay_rows="touched")
    with pytest.raises(ValueError, match="weight_decay_rows must be one of 'touched', got 'all'"):
        fastgd.SGD(np.ones(3), weight_decay_rows="all")
    with pytest.raises(ValueError, match=r"^weight_decay must be 0 for SparseAdam, got 0.1$"):
        fastgd.SparseAdam(np.ones(3), weight_decay=0.1)
    with pytest.raises(ValueError, match="state_dtype: the second pass of RowWiseAdagrad reads its state"):
        fastgd.RowWiseAdagrad(np.ones(3, np.float32), state_dtype="param")


def test_rows_are_not_bound() -> None:
    opt = fastgd.SGD(np.ones((4, 3)))
    with pytest.raises(TypeError, match=r"grads: expected a numpy\.ndarray, got Rows"):
        opt.bind(Rows(INDICES, VALUES))


# ---- docs/EMBEDDINGS.md, and a range of rows, without an optimizer --------------------------------------------------


def test_the_page_runs() -> None:
    text = (Path(__file__).resolve().parent.parent / "docs/EMBEDDINGS.md").read_text(encoding="utf-8")
    snippets = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(snippets) == 2
    names: dict[str, Any] = {}
    for snippet in snippets:
        exec(compile(snippet, "docs/EMBEDDINGS.md", "exec"), names)
    assert (names["sums"][12:14] == 1).all()


def test_functional_takes_a_range_of_rows_as_a_slice() -> None:
    rng = np.random.default_rng(10)
    table, sums = rng.standard_normal((9, 4)), np.zeros((9, 4))
    expected = table.copy()
    grad = rng.standard_normal((3, 4))
    fastgd.functional.adagrad(table[2:5], grad, sums[2:5], step=1)
    opt = fastgd.Adagrad(expected)
    opt.step(Rows(np.arange(2, 5), grad))
    assert_same([table, sums], [expected, np.array(opt.state[0]["sum"])])
