"""Rules beside the implementation that people take: their authors', timm's or torch's own class."""

import importlib
import importlib.util
from collections.abc import Mapping
from typing import Any, NamedTuple

import fastgd
from fastgd.tools.bench import arrays, pairing, peers
from fastgd.tools.bench.pairing import Ratio
from fastgd.tools.bench.rows import LR
from fastgd.tools.bench.stepper import Stepper, UnavailableError
from fastgd.tools.bench.threads import using

# Matrices, since Adafactor and Muon are about these.
SHAPES: dict[str, arrays.Shapes] = {
    "100k": [(250, 400)],
    "1M": [(1000, 1000)],
    "4M": [(2000, 2000)],
    "20M": [(4000, 5000)],
    "24 x 4k": 24 * [(64, 64)],
}


class Author(NamedTuple):
    """Where a class is, what it must be told to be the same rule, and what both are told."""

    module: str
    name: str
    theirs: Mapping[str, Any] = {}
    both: Mapping[str, Any] = {}
    lr: float = LR
    host: str = "fastgd"


SPOILING = ("schedulefree",)  # which divides the gradient where it lies
DECAY = {"weight_decay": 0.01}
# Under one gradient again and again the estimate would grow without end.
STILL = {**DECAY, "growth_rate": 1.0}
AUTHORS = {
    "ScheduleFreeSGD": Author("schedulefree", "SGDScheduleFree"),
    "ScheduleFreeAdamW": Author("schedulefree", "AdamWScheduleFree"),
    "ScheduleFreeRAdam": Author("schedulefree", "RAdamScheduleFree"),
    "Prodigy": Author("prodigyopt", "Prodigy", {}, STILL, 1.0),
    "DAdaptAdam": Author("dadaptation", "DAdaptAdam", {"decouple": True}, STILL, 1.0),
    "LAMB": Author("timm.optim.lamb", "Lamb", {"max_grad_norm": None}, DECAY),
    "LARS": Author("timm.optim.lars", "Lars", {}, {"momentum": 0.9, **DECAY}, 1e-3),
    "NovoGrad": Author("timm.optim.nvnovograd", "NvNovoGrad", {}, DECAY),
    "ADOPT": Author("timm.optim.adopt", "Adopt", {"decoupled": True}, DECAY),
    "Adan": Author("timm.optim.adan", "Adan", {}, DECAY),
    "LaProp": Author("timm.optim.laprop", "LaProp", {}, DECAY),
    "MARS": Author("timm.optim.mars", "Mars", {}, DECAY),
    "StableAdamW": Author("optimi", "StableAdamW", {}, DECAY),
    "AdEMAMix": Author("pytorch_optimizer", "AdEMAMix", {"weight_decouple": True}, DECAY),
    "Adafactor": Author("torch.optim", "Adafactor", {}, DECAY),
    "Muon": Author("torch.optim", "Muon", {}, DECAY, LR, "fastgd.torch"),
}


def load(author: Author) -> Any:
    """Import a class, or say that it is n/a."""
    package = author.module.partition(".")[0]
    if importlib.util.find_spec(package) is None:
        raise UnavailableError(f"{package} is not installed")
    peers.module("torch")
    return getattr(peers.module(author.module), author.name)


def tensors_of(author: Author, cls: Any, shapes: arrays.Shapes, more: Mapping[str, Any]) -> Stepper:
    """Steps of a class of torch's kind."""
    sides = arrays.fresh(shapes)
    params, grads = ([peers.tensor(array) for array in side] for side in sides)
    for param, grad in zip(params, grads, strict=True):
        param.requires_grad_(True).grad = grad
    opt = cls(params, lr=author.lr, **author.both, **more)
    if hasattr(opt, "train"):
        opt.train()
    before = peers.refill_tensors(grads) if author.module in SPOILING else None
    return Stepper(cls.__name__, lambda: [peers.shown(param) for param in params], opt.step, before=before)


def ours(rule: str, author: Author, shapes: arrays.Shapes) -> Stepper:
    cls = getattr(importlib.import_module(author.host), rule)
    if author.host != "fastgd":
        return tensors_of(author, cls, shapes, {})
    params, grads = arrays.fresh(shapes)
    opt: fastgd.Optimizer = cls(params, lr=author.lr, **author.both)
    return Stepper(rule, params, lambda: opt.step(grads))


def against(rule: str, size: str, threads: int, seconds: float) -> Ratio:
    """`ratio` is how many times longer the other's step takes."""
    author = AUTHORS[rule]
    cls = load(author)
    with using(threads):
        mine, other = ours(rule, author, SHAPES[size]), tensors_of(author, cls, SHAPES[size], author.theirs)
        return pairing.compare(mine, other, seconds, calm=threads > 1)
