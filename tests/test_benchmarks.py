"""The benchmarks measure what they say: every library does the same step, really does it, and its time is its own."""

import dataclasses
import importlib.util
import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fastgd.engine import dispatch
from fastgd.tools.bench import (
    arrays,
    authors,
    following,
    machine,
    measures,
    memory,
    pairing,
    peers,
    quantized,
    roofs,
    training,
)
from fastgd.tools.bench.rows import BY_NAME, LEFT_OUT, LR, ROWS
from fastgd.tools.bench.stepper import Stepper, UnavailableError

ROOT = Path(__file__).resolve().parent.parent
SHAPES = [(1000,), (8, 4)]
FACTOR = 1e4  # on the rates of the table, which are too small to tell formulas apart


# ---- the table of rows and the roofs ------------------------------------------------------------------------------


def test_every_rule_has_a_row() -> None:
    assert {row.kernel() for row in ROWS} | set(LEFT_OUT.values()) == set(dispatch.rules())
    assert len(BY_NAME) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_roof_costs_what_the_rule_does(row: Any) -> None:
    states = len(dispatch.rules()[row.kernel()][1])
    reads, writes, divides, roots = roofs.costs()[row.kernel()]
    assert writes == 1 + states
    assert len(dispatch.roofs()[roofs.stream_of(row)][1]) == states
    if dispatch.pass_counts()[row.kernel()] > 1:
        assert reads > 2 + states
        assert roofs.times_moved(row) == (reads + writes) / (3 + 2 * states)
        return
    assert reads == (2 if row.name == "asgd" else 2 + states)
    assert roofs.times_moved(row) == 1
    assert roofs.costs()[roofs.stream_of(row)] == (reads, writes, 0, 0)
    found = roofs.arithmetic_of(row)
    assert (roofs.costs()[found][2:] if found else (0, 0)) == (divides, roots)


def test_the_cost_of_a_loop_is_read_off_its_source() -> None:
    pointers = "param_t* restrict param, const grad_t* restrict grad, state_t* restrict a, state_t* restrict b"
    body = """
    for i in range(n):
        v = load(&a[i]) / root(grad[i])  # / root(b[i])
        store(&b[i], v)
        a[i] = v
        param[i] = param[i] - v / two
    """
    assert roofs.cost(pointers, body) == (3, 3, 2, 1)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_runs_its_rule(row: Any) -> None:
    (param,), (grad,) = arrays.fresh([(1000,)])
    opt = peers.optimizer(row, [param], row.lr)
    # The twelfth step is past RAdam's warm-up and the first steps of ASGD's average.
    for _ in range(12):
        opt.step([grad])
    assert set(opt.state.get(0, {})) >= set(dispatch.rules()[row.kernel()][1])
    opt._steps.repeat(1, dispatch.roofs()[roofs.stream_of(row)][0])


# ---- peers ------------------------------------------------------------------------------------------------------


def built(library: str, row: Any, dtype: str, **options: Any) -> Any:
    """The stepper of a library, or a skipped test where it is n/a."""
    try:
        return peers.build(library, row, *arrays.fresh(SHAPES, dtype), dtype=dtype, **options)
    except UnavailableError as reason:
        pytest.skip(str(reason))


def reference(row: Any, steps: Any, **options: Any) -> Any:
    """Parameters after some steps of the NumPy reference in float64, on the values of the float32 arrays."""
    params, grads = ([array.astype(np.float64) for array in side] for side in arrays.fresh(SHAPES))
    peers.build("numpy", row, params, grads, lr=FACTOR * row.lr, **options).warm_up(steps)
    return params


MEASURED = [
    pytest.param(row, library, dtype, id=f"{row.name}-{library}-{dtype}")
    for row, library, dtype in itertools.product(ROWS, peers.LIBRARIES, ["float32", "float64"])
    if peers.has(library, row) and (dtype == "float32" or library in ("fastgd", "numpy", "torch fused"))
    if library != "fastgd.torch" or row.name in ("sgd_nesterov", "adamw", "asgd_average")
]


@pytest.mark.parametrize(("row", "library", "dtype"), MEASURED)
def test_libraries_do_the_same(row: Any, library: str, dtype: str) -> None:
    stepper = built(library, row, dtype, lr=FACTOR * row.lr)
    stepper.warm_up(3)
    stepper.check()
    for ours, theirs in zip(stepper.current(), reference(row, 3), strict=True):
        # thinc decays the weights after the step and not before it
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=5e-6)


NARROW = [
    pytest.param(library, dtype, id=f"{library}-{dtype}")
    for library, dtype in itertools.product(peers.NARROW, arrays.KINDS)
    if not arrays.KINDS[dtype].is_plain
]


@pytest.mark.parametrize(("library", "dtype"), NARROW)
def test_libraries_do_the_same_in_bfloat16(library: str, dtype: str) -> None:
    """A parameter in bfloat16 is within the rounding of some steps, on values that bfloat16 holds."""
    kind, row = arrays.KINDS[dtype], BY_NAME["adamw"]
    stepper = built(library, row, dtype, lr=1e-2)
    stepper.warm_up(3)
    stepper.check()
    start, grads = (
        [array.astype(np.float32).astype(np.float64) for array in side] for side in arrays.fresh(SHAPES, dtype)
    )
    peers.build("numpy", row, start, grads, lr=1e-2).warm_up(3)
    for ours, exact in zip(stepper.current(), start, strict=True):
        error = np.abs(ours.astype(np.float64) - exact).max()
        assert error < (1e-6 if kind.param == "float32" else 2.0**-7)


@pytest.mark.parametrize("dtype", arrays.KINDS)
def test_what_a_kind_moves(dtype: str) -> None:
    """AdamW's bytes for each element: parameter, gradient and two moments, and what is written of them."""
    expected = {
        "float32": 28, "float64": 56, "bfloat16": 14, "bfloat16-float32": 22, "bfloat16-master": 26,
        "float32-bfloat16": 26, "8bit": 16, "8bit-sqrt": 16,
    }  # fmt: skip
    assert roofs.bytes_per_element(BY_NAME["adamw"], dtype) == expected[dtype]
    (param,), (grad,) = arrays.fresh([(8192,)], dtype)
    opt = peers.optimizer(BY_NAME["adamw"], [param], 1e-6, **arrays.KINDS[dtype].storage)
    opt.step([grad])
    states = [a for key, a in opt.state[0].items() if a.ndim and not key.endswith("_absmax")]
    assert 2 * param.nbytes + grad.nbytes + 2 * sum(a.nbytes for a in states) == 8192 * expected[dtype]


# torchao compiles its step at the first call, which takes longer than a test should.
@pytest.mark.parametrize("library", [name for name in quantized.LIBRARIES if name != "torchao"])
def test_state_in_8_bits(library: str) -> None:
    """A library that has it makes AdamW's steps, within what blocks lose, and counts the bytes it is said to."""
    shapes = [(64, 128)]
    try:
        stepper = quantized.stepper(library, shapes, lr=1e-2)
    except UnavailableError as reason:
        pytest.skip(str(reason))
    stepper.warm_up(3)
    stepper.check()
    params, grads = arrays.fresh(shapes, "float64")
    peers.build("numpy", BY_NAME["adamw"], params, grads, lr=1e-2).warm_up(3)
    np.testing.assert_allclose(stepper.current()[0].reshape(64, 128), params[0], rtol=0, atol=3e-3)
    assert quantized.state_bytes(shapes) == 2 + 2 * 4 / 256


@pytest.mark.parametrize("library", [library for library in peers.CLIPPING if library != "fastgd.torch"])
def test_libraries_clip_alike(library: str) -> None:
    row = BY_NAME["sgd_momentum"]
    stepper = built(library, row, "float32", lr=FACTOR * row.lr, clip=0.5)
    stepper.warm_up(3)
    assert np.abs(stepper.current()[0] - arrays.fresh(SHAPES)[0][0]).max() < 0.2 * FACTOR * row.lr
    for ours, theirs in zip(stepper.current(), reference(row, 3, clip=0.5), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=5e-7)


@pytest.mark.parametrize("library", ["torch foreach", "thinc"])
def test_gradients_that_a_library_destroys_are_restored(library: str) -> None:
    row = BY_NAME["sgd_nesterov" if library == "torch foreach" else "adam"]
    stepper = built(library, row, "float32")
    assert stepper.before is not None
    stepper.warm_up(500)
    stepper.check()


def test_absent_peers_are_not_available(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(peers.MODULES, "torch", "no_such_module")
    row = BY_NAME["adamw"]
    for make in (peers.load, lambda library, row: peers.build(library, row, *arrays.fresh(SHAPES))):
        with pytest.raises(UnavailableError, match="torch is not installed"):
            make("torch", row)
    with pytest.raises(UnavailableError, match="no_such_module cannot be imported"):
        peers.module("no_such_module")
    with pytest.raises(UnavailableError, match="scikit-learn has no adamw"):
        peers.build("scikit-learn", row, *arrays.fresh(SHAPES))
    with pytest.raises(ValueError, match=r"library must be one of fastgd, .* got 'keras'"):
        peers.build("keras", row, *arrays.fresh(SHAPES))


# ---- what is timed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (lambda p: None, "a parameter did not change"),
        (lambda p: p.fill(np.nan), "a value is not finite"),
        (lambda p: p.fill(1e-40), "a value is subnormal"),
    ],
)
def test_a_distorted_timing_is_refused(step: Any, message: str) -> None:
    params, _ = arrays.fresh([(100,)])
    stepper = Stepper("it", params, lambda: step(params[0]))
    with pytest.raises(RuntimeError, match=f"it: {message}"):
        pairing.interleave([stepper], 0.0)


def test_pairs_are_taken_in_turn_and_restoring_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    order, now = [], 0.0  # of a clock that only these steps move

    def wait(seconds: Any) -> None:
        nonlocal now
        now += seconds

    def stepper(name: str, seconds: Any, before: Any = None) -> Any:
        params, _ = arrays.fresh([(100,)])

        def step() -> None:
            order.append(name)
            params[0] += np.float32(0.1)
            wait(seconds)

        return Stepper(name, params, step, before=before)

    monkeypatch.setattr(pairing, "time", SimpleNamespace(perf_counter=lambda: now))
    short, long = stepper("a", 0.004), stepper("b", 0.012, before=lambda: wait(0.01))
    pair = pairing.compare(short, long, 0.0, least=3)
    assert order[-6:] == ["a", "b"] * 3
    assert pair.rounds == 3
    assert [pair.ours, pair.other] == pytest.approx([0.004, 0.012])
    assert [pair.low, pair.ratio, pair.high] == pytest.approx([3, 3, 3])


def pair(ratio: Any, low: Any, high: Any) -> Any:
    return pairing.Ratio(1.0, ratio, ratio, low, high, 9)


def test_noise_is_measured_again_and_then_marked() -> None:
    def judged(*pairs: Any, highest: float = 1.1) -> Any:
        left = list(pairs)
        return pairing.judged(lambda: left.pop(0), highest), len(pairs) - len(left)

    good, above, apart = pair(0.9, 0.8, 1.0), pair(1.2, 1.2, 1.3), pair(0.9, 0.5, 1.4)
    assert judged(good) == (good, 1)
    assert judged(above, apart, good) == (good, 3)
    for noise, reason in ((above, "above the roof: 1.20"), (apart, "quartiles far apart: 0.5 to 1.4")):
        marked, tries = judged(*3 * [noise])
        assert (marked.ratio, marked.doubt, tries) == (noise.ratio, reason, pairing.TRIES)


@pytest.mark.parametrize("size", [1, 63, 70_000])
@pytest.mark.parametrize("dtype", arrays.KINDS)
def test_values_are_ordinary_and_fresh(size: int, dtype: str) -> None:
    (a,), (g,) = arrays.fresh([(size,)], dtype)
    (b,), _ = arrays.fresh([(size,)], dtype)
    assert (a.dtype.name, g.dtype.name) == (arrays.KINDS[dtype].param, arrays.KINDS[dtype].grad)
    np.testing.assert_array_equal(a, b)
    assert not np.shares_memory(a, b)
    for array in (a, g):
        assert (np.abs(array) >= 0.5).all()
        assert (np.abs(array) <= 1).all()
    assert size < 64 or (0.3 < (g > 0).mean() < 0.7)


@pytest.mark.parametrize("row", [BY_NAME["adamw"], BY_NAME["sgd"], BY_NAME["asgd"]], ids=lambda row: row.name)
@pytest.mark.parametrize("part", ["kernel", "step"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "bfloat16-master"])
def test_of_roof(row: Any, part: Any, dtype: str, quick: Any) -> None:
    pair = measures.of_roof(row, [(20_000,)], dtype, 1, 0.02, part=part)
    assert pair.ours > 0
    assert pair.other > 0
    assert 0 < pair.low <= pair.ratio <= pair.high


@pytest.mark.parametrize("row", [BY_NAME["adamw"], BY_NAME["adamax"]], ids=lambda row: row.name)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arithmetic_stays_ordinary(row: Any, dtype: str) -> None:
    stepper, elements = roofs.arithmetic(row, dtype)
    assert elements == roofs.TILES * stepper.inner()[0].size
    stepper.warm_up(20)
    stepper.check()


def test_against_float32(quick: Any) -> None:
    assert 0.01 < measures.against_float32(BY_NAME["adamw"], [(20_000,)], "bfloat16", 1, 0.0).ratio < 100


@pytest.mark.parametrize("name", measures.CALLS)
def test_calls_are_measured_in_units_of_np_add(name: str, quick: Any) -> None:
    assert 0.01 < measures.call(name, 0.0).ratio < 1000


@pytest.mark.parametrize("library", following.LOOPS)
@pytest.mark.parametrize("kind", following.KINDS)
def test_what_follows_a_parameter(kind: str, library: str, quick: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop afterwards and the pass do the same, but for a rounding of torch's."""
    ends: list[Any] = []
    for name in ("fastgd", library):
        monkeypatch.setattr(following, "BY_NAME", {"adamw": dataclasses.replace(BY_NAME["adamw"], lr=0.1)})
        stepper = following.followed(kind, name, [(3000,)])
        for _ in range(4):
            stepper.step()
        ends.append([*stepper.current(), *stepper.inner()])
    assert len(ends[0]) == 1 + ("average" in kind) + ("copy" in kind)
    for one, two in zip(*ends, strict=True):
        np.testing.assert_allclose(one.astype(float), two.astype(float), rtol=1e-2 if one.itemsize == 2 else 1e-6)
    assert following.in_the_pass(kind, library, [(3000,)], 1, 0.0).rounds >= 5


def test_construction(quick: Any) -> None:
    assert measures.construct("fastgd", "fastgd", 20, 0.0).rounds >= 5


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_step_allocates_nothing(row: Any) -> None:
    """In one of three tries: what other threads of this process allocate, as the test runner's, is traced too."""
    assert 0 in (memory.new_bytes(row, [(1000,)]) for _ in range(3))
    peaks = ([memory.peak_bytes(row, [(n,)]) for n in (1000, 100_000)] for _ in range(3))
    assert any(small == large for small, large in peaks)


@pytest.mark.parametrize(("library", "host"), [*itertools.product(peers.LIBRARIES, training.HOSTS)])
def test_training_learns(library: str, host: Any) -> None:
    row = BY_NAME["adam" if library == "scikit-learn" else "adamw"]
    try:
        peers.load(library, row)
        stepper = getattr(training, f"{host}_training")(library, row, training.NETWORKS["8-64-64-4"], lr=1e-3)
    except UnavailableError as reason:
        pytest.skip(str(reason))
    losses = []
    for _ in range(12 * training.SAMPLES // training.BATCH):
        losses.append(stepper.before())
        stepper.step()
    assert np.mean(losses[-16:]) < 0.8 * np.mean(losses[:16])


def test_the_loop_clips_and_has_a_schedule() -> None:
    """Both ways train alike: what is timed is the same work."""
    ours, theirs = (
        training.torch_training(library, measures.ADAMW, training.NETWORKS["8-64-64-4"], lr=1e-3, loop=True)
        for library in ("fastgd.torch", "torch fused")
    )
    plain = training.torch_training("torch fused", measures.ADAMW, training.NETWORKS["8-64-64-4"], lr=1e-3)
    for _ in range(5):
        for stepper in (ours, theirs, plain):
            assert stepper.before is not None
            stepper.before()
            stepper.step()
    arrays_of = [stepper.current() for stepper in (ours, theirs, plain)]
    for one, other, unclipped in zip(*arrays_of, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
        assert (one != unclipped).any()


def test_all_of_training_is_timed(quick: Any) -> None:
    whole = training.training("fastgd", measures.ADAMW, "8-64-64-4", "numpy", whole=True)
    assert whole.before is None
    whole.warm_up()
    whole.check()


def test_bystanders() -> None:
    cores = machine.Bystanders().cores()
    assert cores is None or cores >= 0


@pytest.mark.parametrize("rule", authors.AUTHORS)
def test_authors_have_the_same_rule(rule: str) -> None:
    """Where their package is installed; else a benchmark says so."""
    author = authors.AUTHORS[rule]
    author = author._replace(lr=0.01 if author.lr == LR else author.lr)
    if importlib.util.find_spec(author.module.partition(".")[0]) is None:
        with pytest.raises(UnavailableError, match="is not installed"):
            authors.load(author)
        return
    cls = authors.load(author)
    mine, theirs = authors.ours(rule, author, [(6, 7)]), authors.tensors_of(author, cls, [(6, 7)], author.theirs)
    mine.warm_up(5)
    theirs.warm_up(5)
    (ours,), (others,) = mine.current(), theirs.current()
    np.testing.assert_allclose(ours, others, rtol=0, atol=5e-3 if rule == "Muon" else 1e-5)
    assert isinstance(authors.against(rule, "100k", 1, 1e-3).ratio, float)
