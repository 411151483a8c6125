"""What fastgd is to reach, each row with the measurement that decides it. `report.py` writes the figures down."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from fastgd.tools.bench import authors, embeddings, following, measures, memory, quantized, training
from fastgd.tools.bench.arrays import WORK
from fastgd.tools.bench.rows import BY_NAME, ROWS, Row
from fastgd.tools.bench.table import Cell, cell
from fastgd.tools.bench.threads import usable_cores

FEW = ("sgd", "sgd_momentum", "adagrad", "adamw")
WITHOUT_FUSED = ("adadelta", "rmsprop", "rprop", "radam", "nadam")
COUNTS = sorted({1, usable_cores()})
ADAMW = measures.ADAMW


@dataclass(frozen=True)
class Settings:
    """`seconds` of each paired run; quick measures fewer rules, 4M elements instead of 20M, and small tables."""

    seconds: float = 1.0
    quick: bool = False

    def rows(self) -> list[Row]:
        return [BY_NAME[name] for name in FEW] if self.quick else list(ROWS)

    def size(self, name: str) -> str:
        return "4M" if self.quick and name == "20M" else name

    def table(self) -> int:
        """Rows of a table of embeddings."""
        return 10_000 if self.quick else 1_000_000


@dataclass(frozen=True)
class Target:
    name: str
    work: str
    against: str
    reach: str
    measure: Callable[[Settings], Iterator[Cell]]


def threads(count: int) -> str:
    return f"{count} thread" if count == 1 else f"{count} threads"


# ---- rules --------------------------------------------------------------------------------------------------------


def of_roof(sizes: str, counts: list[int], need: float | None, part: str, s: Settings) -> Iterator[Cell]:
    for row, size, count in itertools.product(s.rows(), map(s.size, sizes.split()), counts):
        measure = partial(measures.of_roof, row, WORK[size], "float32", count, s.seconds, part=part)
        yield cell(row.name, f"{size}, {threads(count)}", need, measure)


def against(
    rules: tuple[str, ...], libraries: str, needs: dict[str, float], counts: list[int], s: Settings, cold: bool = False,
    dtype: str = "float32",
) -> Iterator[Cell]:  # fmt: skip
    """Every rule against every library; `needs` has what is to be reached at each size."""
    places = itertools.product(rules[:2] if s.quick else rules, needs.items(), libraries.split(", "), counts)
    for rule, (size, need), library, count in places:
        work = WORK[s.size(size)]
        measure = partial(
            measures.against_peer, BY_NAME[rule], library, work, dtype, count, s.seconds, cold=cold
        )  # fmt: skip
        yield cell(f"{rule}, {s.size(size)}", f"{library}, {threads(count)}", need, measure)


def narrow(needs: dict[tuple[str, str, int], float], s: Settings) -> Iterator[Cell]:
    """AdamW in bfloat16 against the same in float32; `needs` has what is to be reached by kind, size and threads."""
    for (dtype, size, count), need in needs.items():
        measure = partial(measures.against_float32, ADAMW, WORK[s.size(size)], dtype, count, s.seconds)
        yield cell(f"{dtype}, {s.size(size)}", threads(count), need, measure)


def eight_bits(s: Settings) -> Iterator[Cell]:
    for library in quantized.LIBRARIES[1:]:
        yield cell("AdamW, 1M", library, 15.0, partial(quantized.against, library, WORK["1M"], s.seconds))
    measured = quantized.against("fastgd", WORK["1M"], s.seconds)
    yield Cell("AdamW, 1M", "ns per element", measured.ours * 1e3, 3.0, at_most=True, doubt=measured.doubt)
    yield Cell("AdamW, 1M", "bytes of state per parameter", quantized.state_bytes(WORK["1M"]), 2.05, at_most=True)


def clip_cost(s: Settings) -> Iterator[Cell]:
    size = s.size("20M")
    for count in COUNTS:
        measure = partial(measures.clip_cost, BY_NAME["adam"], WORK[size], count, s.seconds)
        yield cell(f"adam, {size}", threads(count), 1.2, measure, at_most=True)


def stages(s: Settings) -> Iterator[Cell]:
    for size, kind, library, count in itertools.product(("1M", "20M"), following.KINDS, following.LOOPS, COUNTS):
        measure = partial(following.in_the_pass, kind, library, WORK[s.size(size)], count, s.seconds)
        need = 1.3 if size == "20M" else None
        yield cell(f"{kind}, {s.size(size)}", f"{library}, {threads(count)}", need, measure)


def two_threads(s: Settings) -> Iterator[Cell]:
    for row in s.rows():
        yield cell(row.name, "1M", 1.8, partial(measures.two_threads, row, WORK["1M"], s.seconds))


def instruction_sets(s: Settings) -> Iterator[Cell]:
    levels = itertools.pairwise(["x86-64-v2", "x86-64-v3", "x86-64-v4"])
    for row, (below, above) in itertools.product(s.rows(), levels):
        measure = partial(measures.two_instruction_sets, row, WORK["100k"], above, below, s.seconds)
        yield cell(row.name, f"{above[-2:]} over {below[-2:]}", 1.5, measure)


# ---- calls and training -------------------------------------------------------------------------------------------

# The calls stand in the order of measures.CALLS; the cold one is compared with torch.
CALLS = dict(zip(measures.CALLS, (1.0, 1.2, 0.8, 1.4, 2.5, 1.2, 0.055, None), strict=True))


def calls(s: Settings) -> Iterator[Cell]:
    first, *others = CALLS
    for row in s.rows():
        yield cell(
            f"{first}: {row.name}", "x np.add", CALLS[first], partial(measures.call, first, s.seconds, row), True
        )
    for name in others:
        yield cell(name, "x np.add", CALLS[name], partial(measures.call, name, s.seconds), at_most=True)


def in_training(s: Settings) -> Iterator[Cell]:
    for library, host, other, need in (
        ("fastgd.torch", "torch", "torch fused", 8.0),
        ("fastgd.torch", "torch", "torch", 20.0),
        ("fastgd", "numpy", "torch fused", 20.0),
    ):
        measure = partial(measures.in_training, library, host, other, "torch", "8-64-64-4", 1, s.seconds)
        yield cell(f"8-64-64-4, {library}", other, need, measure)


def training_loop(s: Settings) -> Iterator[Cell]:
    for whole, need in ((False, 10.0), (True, 1.3)):
        both = ("fastgd.torch", "torch", "torch fused", "torch", "8-64-64-4", 1, 4 * s.seconds)
        what = "whole training" if whole else "clipping, step, schedule, zero_grad"
        yield cell(what, "torch fused", need, partial(measures.in_training, *both, whole=whole, loop=True))


def whole_training(s: Settings) -> Iterator[Cell]:
    networks = list(training.NETWORKS)[: 1 if s.quick else None]
    for network, count, other in itertools.product(networks, COUNTS, ("torch", "torch fused")):
        both = ("fastgd.torch", "torch", other, "torch", network)
        measure = partial(measures.in_training, *both, count, 4 * s.seconds, whole=True)
        yield cell(f"{network}, {threads(count)}", other, None, measure)


def construction(s: Settings) -> Iterator[Cell]:
    for library in ("fastgd", "fastgd.torch"):
        yield cell("2,000 groups", library, 1.0, partial(measures.construct, library, "torch", 2000, s.seconds))


def rows_of_tables(s: Settings) -> Iterator[Cell]:
    for rule, library, count in itertools.product(embeddings.RULES, embeddings.LIBRARIES[:2], COUNTS):
        need = None if rule == "SGD" else 10.0
        measure = partial(embeddings.against, library, "torch", rule, s.table(), count, s.seconds)
        yield cell(f"{rule}, {library}", threads(count), need, measure)
    for rule, library in itertools.product(embeddings.RULES, embeddings.LIBRARIES[:2]):
        measure = partial(embeddings.against, library, embeddings.MEMORY, rule, s.table(), 1, s.seconds)
        yield cell(f"{rule}, {library}", f"over {embeddings.MEMORY} in NumPy", None, measure)


def growth(s: Settings) -> Iterator[Cell]:
    for rule, library in itertools.product(embeddings.RULES, ("fastgd", embeddings.MEMORY)):
        for times, need in ((4, 1.2), (100, None)):
            measure = partial(embeddings.growth, library, rule, s.table() // times, s.table(), s.seconds)
            need = need if library == "fastgd" else None
            yield cell(f"{rule}, {library}", f"{times} times the rows", need, measure, at_most=True)


def of_authors(s: Settings) -> Iterator[Cell]:
    for rule, size, count in itertools.product(authors.AUTHORS, map(s.size, ("24 x 4k", "1M", "20M")), COUNTS):
        if rule == "Muon" and size == "20M":
            continue  # torch's takes minutes for a step where the processor has no products in bfloat16
        need = None if rule == "Muon" or "x" in size else 4.0
        column = f"{authors.AUTHORS[rule].module.partition('.')[0]}, {threads(count)}"
        yield cell(f"{rule}, {size}", column, need, partial(authors.against, rule, size, count, s.seconds))


def call_memory(s: Settings) -> Iterator[Cell]:
    for row in s.rows():
        growth = memory.peak_bytes(row, WORK["1M"]) - memory.peak_bytes(row, WORK["1k"])
        yield Cell(row.name, "bytes left by 100 steps", memory.new_bytes(row, WORK["1k"]), 0.0, at_most=True)
        yield Cell(row.name, "bytes more at 1M than at 1k", growth, 0.0, at_most=True)


ALL = tuple(row.name for row in ROWS)
TARGETS = [
    Target("roof-large", "one tensor of 20M elements, every rule, 1 thread and all cores", "roof", ">= 0.95",
           partial(of_roof, "20M", COUNTS, 0.95, "step")),
    Target("roof-cached", "one tensor of 4k-1M elements, every rule, 1 thread, the kernel", "roof",
           ">= 0.75 each, >= 0.95 in the median", partial(of_roof, "4k 10k 100k 1M", [1], 0.75, "kernel")),
    Target("roof-call", "the same, the whole call of step", "roof", "for information",
           partial(of_roof, "4k 10k 100k 1M", [1], None, "step")),
    Target("calls", "small steps and calls", "np.add(a, b, out=c) of 16 elements",
           "<= 1.0, 1.2, 0.8, 1.4, 2.5, 1.2; 0.055 for each of 500", calls),
    Target("many-cold", "500 tensors of 64, AdamW, 8 MB of other data between steps", "torch fused", ">= 100x",
           partial(against, ("adamw",), "torch fused", {"500 x 64": 100.0}, [1], cold=True)),
    Target("training", "8-64-64-4 network in training, AdamW: the step", "torch fused / default",
           ">= 8x / 20x, with NumPy arrays >= 20x", in_training),
    Target("training-loop", "the same network: clipping, step, cosine and zero_grad; all of its training",
           "torch fused, clip_grad_norm_, CosineAnnealingLR", ">= 10x; >= 1.3x", training_loop),
    Target("training-whole", "torch networks in training, AdamW: all of it", "torch default, fused", "for information",
           whole_training),
    Target("adamw-fused", "AdamW, 20M / 1M / 100k / 1k elements", "torch fused", ">= 1x / 1.4x / 3x / 25x",
           partial(against, ("adamw",), "torch fused", {"20M": 1.0, "1M": 1.4, "100k": 3.0, "1k": 25.0}, COUNTS)),
    Target("adamw-deepspeed", "AdamW, 20M / 1M / 100k / 1k elements", "DeepSpeedCPUAdam", ">= 1x / 1.1x / 1.4x / 12x",
           partial(against, ("adamw",), "deepspeed", {"20M": 1.0, "1M": 1.1, "100k": 1.4, "1k": 12.0}, COUNTS)),
    Target("bfloat16", "AdamW in bfloat16, 100k / 20M elements, 1 thread", "the same in float32",
           ">= .65 / 1.0; beside float32 state 20M >= 1.1; with master weights 20M >= 1.0",
           partial(narrow, {("bfloat16", "100k", 1): 0.65, ("bfloat16", "20M", 1): 1.0,
                            ("bfloat16-float32", "20M", 1): 1.1, ("bfloat16-master", "20M", 1): 1.0})),
    Target("bfloat16-fused", "AdamW in bfloat16, 100k / 20M elements, 1 thread", "torch fused", ">= 3x / 1.3x",
           partial(against, ("adamw",), "torch fused", {"100k": 3.0, "20M": 1.3}, [1], dtype="bfloat16")),
    Target("bfloat16-deepspeed", "AdamW in bfloat16, 100k / 20M elements, 1 thread", "DeepSpeedCPUAdam",
           ">= 1.5x / 1.3x",
           partial(against, ("adamw",), "deepspeed", {"100k": 1.5, "20M": 1.3}, [1], dtype="bfloat16")),
    Target("8bit", "AdamW with state in 8 bits, 1M elements, 1 thread", "bitsandbytes and torchao on a CPU",
           ">= 15x each; <= 3 ns per element; <= 2.05 bytes of state per parameter", eight_bits),
    Target("torch-loops", "Adadelta, RMSprop, Rprop, RAdam, NAdam, 1M / 20M", "torch, default and foreach",
           ">= 3x / 5x", partial(against, WITHOUT_FUSED, "torch, torch foreach", {"1M": 3.0, "20M": 5.0}, COUNTS)),
    Target("numpy", "every rule, 1k, 1 thread", "plain NumPy", ">= 5x",
           partial(against, ALL, "numpy", {"1k": 5.0}, [1])),
    Target("others", "Adam, 1M", "optax under jit, donated / thinc / scikit-learn", ">= 2x each",
           partial(against, ("adam",), "optax, thinc, scikit-learn", {"1M": 2.0}, [usable_cores()])),
    Target("authors", "later rules, matrices of 1M / 20M (24 of 64 x 64, and Muon, which has no 20M, for information)",
           "their authors', timm's or torch's step", ">= 4x", of_authors),
    Target("clip-cost", "clip by global norm and update, 20M, Adam", "the update alone", "<= 1.2x its time", clip_cost),
    Target("stages", "AdamW with a moving average, a bfloat16 copy, and both, in its pass, 20M / 1M",
           "a second loop for the same", ">= 1.3x at 20M", stages),
    Target("construct", "an optimizer of 2,000 parameters, each in its own group", "torch", "<= 1x its time",
           construction),
    Target("rows", "4,096 rows of a table of 1M x 64 (SGD for information)", "torch's sparse step", ">= 10x",
           rows_of_tables),
    Target("rows-growth", "the same, a table of 1M rows", "a table of 250k rows", "<= 1.2x its time", growth),
    Target("threads", "1 -> 2 threads, 1M elements in cache, the kernel", "1 thread", ">= 1.8x", two_threads),
    Target("instruction-sets", "v4 over v3 over v2, 100k elements, the kernel", "the one below", "each >= 1.5x",
           instruction_sets),
    Target("call-memory", "opt.step(grads)", "-", "no allocation that stays, none that grows", call_memory),
]  # fmt: skip
