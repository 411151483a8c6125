"""What fastgd is to reach, each row with the measurement that decides it. `report.py` writes the figures down."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import fastgd
from fastgd.engine import dispatch
from fastgd.tools.bench import arrays, limits, memory, pairing, peers
from fastgd.tools.bench.rows import BY_NAME, ROWS, Row
from fastgd.tools.bench.stepper import ArrayStepper, Stepper, UnavailableError
from fastgd.tools.bench.threads import usable_cores, using
from fastgd.tools.bench.workloads import WORKLOADS, dense

FEW = ("sgd", "sgd_momentum", "adagrad", "adamw")
WITHOUT_FUSED = ("rmsprop", "adadelta", "nadam", "radam", "adamax", "rprop", "asgd")
SIZES = {"1k": 1_000, "4k": 4_096, "10k": 10_000, "100k": 100_000, "1M": 1_000_000, "4M": 4_000_000, "20M": 20_000_000}


@dataclass(frozen=True)
class Settings:
    """`seconds` of each paired run; quick measures fewer rules, and 4M elements instead of 20M."""

    seconds: float = 1.0
    quick: bool = False

    def rules(self) -> list[Row]:
        return [BY_NAME[name] for name in FEW] if self.quick else list(ROWS)

    def sizes(self, *names: str) -> list[str]:
        return list(dict.fromkeys("4M" if self.quick and name == "20M" else name for name in names))


@dataclass(frozen=True)
class Cell:
    """One figure; None is n/a, and then `note` says why. `need` None: for information."""

    line: str
    column: str
    figure: float | None
    need: float | None
    spread: tuple[float, float] | None = None
    note: str = ""
    at_most: bool = False

    @property
    def met(self) -> bool | None:
        if self.figure is None or self.need is None:
            return None
        return self.figure <= self.need if self.at_most else self.figure >= self.need


@dataclass(frozen=True)
class Target:
    name: str
    work: str
    against: str
    reach: str
    measure: Callable[[Settings], Iterator[Cell]]


def shape(size: str) -> arrays.Shapes:
    return [(SIZES[size],)]


def thread_counts() -> list[int]:
    return sorted({1, usable_cores()})


def threads_label(count: int) -> str:
    return f"{count} thread" if count == 1 else f"{count} threads"


def cell(
    line: str, column: str, need: float | None, measure: Callable[..., pairing.Ratio], *args: object, **options: object
) -> Cell:
    """The cell of the ratio that `measure` gives, or n/a."""
    try:
        pair = measure(*args, **options)
    except UnavailableError as reason:
        return Cell(line, column, None, need, note=str(reason))
    return Cell(line, column, pair.ratio, need, (pair.low, pair.high), f"{pair.ours * 1e6:.4g} us")


# ---- the limit --------------------------------------------------------------------------------------------------


def of_limit(s: Settings, sizes: list[str], counts: list[int], need: float | None, whole: bool) -> Iterator[Cell]:
    for row, size, count in itertools.product(s.rules(), sizes, counts):
        arguments = (row, shape(size), "float32", count, s.seconds)
        column = f"{size}, {threads_label(count)}"
        yield cell(row.name, column, need, pairing.against_limit, *arguments, whole_step=whole)


def limit_large(s: Settings) -> Iterator[Cell]:
    return of_limit(s, s.sizes("4M", "20M"), thread_counts(), 0.90, whole=True)


def limit_cached(s: Settings) -> Iterator[Cell]:
    return of_limit(s, s.sizes("4k", "10k", "100k", "1M"), [1], 0.75, whole=False)


def limit_call(s: Settings) -> Iterator[Cell]:
    return of_limit(s, s.sizes("4k", "10k", "100k", "1M"), [1], None, whole=True)


# ---- peers ------------------------------------------------------------------------------------------------------


def against(
    s: Settings, rule: str, library: str, size: str, need: float, counts: list[int], clip: float | None = None
) -> Iterator[Cell]:
    for count in counts:
        arguments = (BY_NAME[rule], library, shape(size), "float32", count, s.seconds)
        column = f"{library}, {threads_label(count)}"
        yield cell(f"{rule}, {size}", column, need, pairing.against_peer, *arguments, clip=clip)


def adamw_large(s: Settings) -> Iterator[Cell]:
    for library in ("torch fused", "deepspeed"):
        yield from against(s, "adamw", library, s.sizes("20M")[0], 1.0, thread_counts())


def adamw_fused(s: Settings) -> Iterator[Cell]:
    for size, need in (("1M", 2.0), ("100k", 3.0), ("1k", 8.0)):
        yield from against(s, "adamw", "torch fused", size, need, thread_counts())


def adamw_deepspeed(s: Settings) -> Iterator[Cell]:
    for size, need in (("1M", 1.05), ("100k", 1.4), ("1k", 4.0)):
        yield from against(s, "adamw", "deepspeed", size, need, thread_counts())


def adamw_others(s: Settings) -> Iterator[Cell]:
    yield from against(s, "adamw", "optax", "1M", 2.0, [usable_cores()])
    yield from against(s, "adamw", "thinc", "1M", 10.0, [1])
    # Its Adam has no weight decay, so it does less; the kernel of fastgd is the same.
    yield from against(s, "adam", "scikit-learn", "1M", 10.0, [1])


def torch_loops(s: Settings) -> Iterator[Cell]:
    rules = [row.name for row in ROWS if row.name in WITHOUT_FUSED]
    for rule in rules[:2] if s.quick else rules:
        for size in s.sizes("1M", "20M"):
            for library in ("torch", "torch foreach"):
                yield from against(s, rule, library, size, 4.0, thread_counts())


def numpy_reference(s: Settings) -> Iterator[Cell]:
    for row, size in itertools.product(s.rules(), s.sizes("1k", "10k", "100k", "1M", "20M")):
        need = 1.8 if row.name == "sgd" else 5.0
        yield cell(row.name, size, need, pairing.against_peer, row, "numpy", shape(size), "float32", 1, s.seconds)


# ---- many tensors, clipping, calls --------------------------------------------------------------------------------


def many_fused(s: Settings) -> Iterator[Cell]:
    for count in thread_counts():
        arguments = (BY_NAME["adamw"], "torch fused", WORKLOADS["500 x 64"], "float32", count, s.seconds)
        yield cell("500 tensors of 64", threads_label(count), 100.0, pairing.against_peer, *arguments)


def alone(stepper: Stepper, seconds: float) -> float:
    """Seconds of a step by itself, for targets in units of time; a median says what a shared machine lets one see."""
    times = pairing.interleave([stepper], seconds, least=20)[:, 0]
    times.sort()
    return float(times[len(times) // 2])


def many_each(s: Settings) -> Iterator[Cell]:
    with using(usable_cores()):
        shapes = WORKLOADS["500 x 64"]
        seconds = alone(peers.build("fastgd", BY_NAME["adamw"], *arrays.fresh(shapes)), s.seconds)
    yield Cell("500 tensors of 64", "ns per tensor", 1e9 * seconds / len(shapes), 20.0, at_most=True)


def clip_cost(s: Settings) -> Iterator[Cell]:
    (size,), row = s.sizes("20M"), BY_NAME["adam"]
    for count in thread_counts():
        with using(count):
            plain = peers.build("fastgd", row, *arrays.fresh(shape(size)))
            clipped = peers.build("fastgd", row, *arrays.fresh(shape(size)), clip=1.0)
            made = cell(f"adam, {size}", threads_label(count), 1.2, pairing.compare, plain, clipped, s.seconds)
        yield dataclasses.replace(made, at_most=True)


def clip_fused(s: Settings) -> Iterator[Cell]:
    return against(s, "adam", "torch fused", s.sizes("20M")[0], 1.2, thread_counts(), clip=1.0)


def call_time(s: Settings) -> Iterator[Cell]:
    for row in s.rules():
        params, grads = arrays.fresh([(16,)])
        stepper = peers.build("fastgd", row, params, grads)
        yield Cell(row.name, "us of a call, 16 elements", 1e6 * alone(stepper, s.seconds / 4), 2.0, at_most=True)


def call_memory(s: Settings) -> Iterator[Cell]:
    for row in s.rules():
        left = memory.new_bytes(row, shape("1k"))
        growth = memory.peak_bytes(row, shape("1M")) - memory.peak_bytes(row, shape("1k"))
        yield Cell(row.name, "bytes left by 100 steps", left, 0.0, at_most=True)
        yield Cell(row.name, "bytes more at 1M than at 1k", growth, 0.0, at_most=True)


# ---- torch modules ------------------------------------------------------------------------------------------------


def network_stepper(make: Callable[..., object], **form: object) -> Stepper:
    """An optimizer on the parameters of a torch module whose gradients are there."""
    torch = peers.module("torch")
    tensors = []
    for p, g in zip(*arrays.fresh(dense(8, 64, 64, 4)), strict=True):
        tensors.append(torch.nn.Parameter(torch.tensor(p)))
        tensors[-1].grad = torch.tensor(g)
    opt = make(tensors, lr=1e-6, **form)
    return ArrayStepper("network", [t.detach().numpy() for t in tensors], opt.step)  # type: ignore[attr-defined]


def network(form: dict[str, bool], seconds: float) -> pairing.Ratio:
    torch, ours = peers.module("torch"), peers.module("fastgd.torch")
    with using(1):
        pair = network_stepper(ours.AdamW), network_stepper(torch.optim.AdamW, **form)
        return pairing.compare(*pair, seconds)


def torch_network(s: Settings) -> Iterator[Cell]:
    yield cell("8-64-64-4 network", "default", 20.0, network, {"foreach": False}, s.seconds)
    yield cell("8-64-64-4 network", "fused", 8.0, network, {"fused": True}, s.seconds)


# ---- threads and instruction sets ---------------------------------------------------------------------------------


def on_threads(count: int, stepper: Stepper) -> Stepper:
    run = stepper.step

    def step() -> None:
        fastgd.set_num_threads(count)
        run()

    stepper.step = step
    return stepper


def one_and_two(row: Row, seconds: float) -> pairing.Ratio:
    if usable_cores() < 2:
        raise UnavailableError("there is one core")
    with using(2):
        one, two = (on_threads(n, limits.engine(row, *arrays.fresh(shape("1M")))) for n in (1, 2))
        return pairing.compare(two, one, seconds)


def two_threads(s: Settings) -> Iterator[Cell]:
    for row in s.rules():
        yield cell(row.name, "1M", 1.8, one_and_two, row, s.seconds)


def instruction_sets(s: Settings) -> Iterator[Cell]:
    levels = itertools.pairwise(["x86-64-v2", "x86-64-v3", "x86-64-v4"])
    for row, (below, above) in itertools.product(s.rules(), levels):
        yield cell(row.name, f"{above[-2:]} over {below[-2:]}", 1.5, two_instruction_sets, row, above, below, s.seconds)


def two_instruction_sets(row: Row, above: str, below: str, seconds: float) -> pairing.Ratio:
    if above not in dispatch.available():
        raise UnavailableError(f"this CPU or this build has no {above}")
    before = dispatch.chosen()
    steppers = []
    with using(1):
        try:
            for name in (above, below):
                dispatch.select(name)
                # A plan keeps the functions that it was prepared with.
                steppers.append(limits.engine(row, *arrays.fresh(shape("100k"))))
        finally:
            dispatch.select(before)
        return pairing.compare(*steppers, seconds)


TARGETS = [
    Target("limit-large", "one tensor of 4M and 20M elements, every rule, 1 thread and all cores", "limit",
           ">= 0.90", limit_large),
    Target("limit-cached", "one tensor of 4k-1M elements, every rule, 1 thread, the kernel", "limit",
           ">= 0.75, aiming at 0.90", limit_cached),
    Target("limit-call", "the same, the whole call of step", "limit", "for information", limit_call),
    Target("adamw-large", "AdamW, 20M elements", "torch fused, DeepSpeedCPUAdam", ">= 1.0x", adamw_large),
    Target("adamw-fused", "AdamW, 1M / 100k / 1k elements", "torch fused", ">= 2x / 3x / 8x", adamw_fused),
    Target("adamw-deepspeed", "AdamW, 1M / 100k / 1k elements", "DeepSpeedCPUAdam", ">= 1.05x / 1.4x / 4x",
           adamw_deepspeed),
    Target("many-fused", "500 tensors of 64 elements, AdamW", "torch fused", ">= 100x", many_fused),
    Target("many-each", "500 tensors of 64 elements, AdamW", "-", "<= 20 ns per tensor", many_each),
    Target("torch-loops", "RMSprop, Adadelta, NAdam, RAdam, Adamax, Rprop, ASGD, 1M and 20M",
           "torch, default and foreach", ">= 4x", torch_loops),
    Target("numpy", "every rule, 1k-20M, 1 thread", "the plain NumPy reference", ">= 5x (plain SGD >= 1.8x)",
           numpy_reference),
    Target("adamw-others", "AdamW, 1M", "optax under jit, donated / thinc / scikit-learn", ">= 2x / 10x / 10x",
           adamw_others),
    Target("clip-cost", "clip by global norm and update, 20M, Adam", "the update alone", "<= 1.2x its time", clip_cost),
    Target("clip-fused", "clip by global norm and update, 20M, Adam", "torch: clip_grad_norm_ and fused step",
           ">= 1.2x", clip_fused),
    Target("call-time", "opt.step(grads), one small tensor", "-", "<= 2 us", call_time),
    Target("call-memory", "opt.step(grads)", "-", "no allocation that stays, none that grows", call_memory),
    Target("torch-network", "small network in torch (8-64-64-4), fastgd.torch.AdamW", "torch default / fused",
           ">= 20x / 8x", torch_network),
    Target("threads", "1 -> 2 threads, 1M elements in cache, the kernel", "1 thread", ">= 1.8x", two_threads),
    Target("instruction-sets", "v4 over v3 over v2, 100k elements, the kernel", "the one below", "each >= 1.5x",
           instruction_sets),
]  # fmt: skip
