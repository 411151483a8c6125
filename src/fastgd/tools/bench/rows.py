"""
THE table of what is measured: a row for each rule of the kernels, and for the classes that share one.

A row says how an optimizer is made and which peers have the same rule; what the rule reads, writes, divides and roots
is read off its source (`roofs`). Keywords are fastgd's, which are torch's. `RENAMED` has the other peers' words for
them, so that a row gives only a peer's name for the rule and what the peer must be told besides. A peer that a row
does not name has no such rule, or another formula under its name: optax's rprop returns the step before, its nadam has
no momentum schedule, thinc's radam counts its steps twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# The rate is small, so that parameters stay near where they began through a million steps.
LR = 1e-6

LOOPS = ("torch", "torch foreach")
FUSED = (*LOOPS, "torch fused")

Peer = str | tuple[str, Mapping[str, Any]] | None

# A keyword that has no other name is passed on as it is; None leaves it out.
RENAMED: dict[str, dict[str, Any]] = {
    "optax": {"betas": ("b1", "b2"), "alpha": "decay", "amsgrad": None},
    "thinc": {"betas": ("beta1", "beta2"), "weight_decay": "L2"},
    "scikit-learn": {"betas": ("beta_1", "beta_2"), "eps": "epsilon"},
}


@dataclass(frozen=True)
class Row:
    """
    One row.

    `torch` names the forms that torch.optim has. The other peers' fields are their name for the rule, or that name
    and keywords to add to those of the row, where None takes one away.
    """

    name: str
    optimizer: str
    keywords: Mapping[str, Any]
    torch: tuple[str, ...] = ()
    optax: Peer = None
    thinc: Peer = None
    sklearn: Peer = None
    deepspeed: Peer = None
    rule: str = ""
    lr: float = LR

    def kernel(self) -> str:
        """The name of the rule in the table of kernels."""
        return self.rule or self.name

    def peer(self, library: str) -> tuple[str, dict[str, Any]] | None:
        """A library's name for the rule and its keywords; None where it has none."""
        entry: Peer = getattr(self, "sklearn" if library == "scikit-learn" else library)
        if entry is None:
            return None
        name, more = (entry, {}) if isinstance(entry, str) else entry
        renamed = RENAMED.get(library, {})
        keywords: dict[str, Any] = {}
        for key, value in self.keywords.items():
            theirs = renamed.get(key, key)
            keywords.update(zip(theirs, value, strict=True) if isinstance(theirs, tuple) else {theirs: value}.items())
        keywords.update(more)
        return name, {key: value for key, value in keywords.items() if key is not None and value is not None}


MOMENTUM = {"momentum": 0.9}
NESTEROV = {"momentum": 0.9, "nesterov": True}
BETAS = {"betas": (0.9, 0.999), "eps": 1e-8}
RMS = {"alpha": 0.99, "eps": 1e-8}
# Under one gradient again and again the centered square vanishes; with the usual eps the steps would then be huge.
CENTERED = {"alpha": 0.99, "eps": 1e-2, "centered": True}
RMS_OPTAX = ("rmsprop", {"eps_in_sqrt": False})

# fmt: off
ROWS = (
    Row("sgd", "SGD", {}, FUSED, "sgd", ("", {"beta1": 0.0, "beta2": 0.0}),
        ("SGDOptimizer", {"momentum": 0.0, "nesterov": False})),
    Row("sgd_momentum", "SGD", MOMENTUM, FUSED, "sgd", sklearn=("SGDOptimizer", {"nesterov": False})),
    Row("sgd_nesterov", "SGD", NESTEROV, FUSED, "sgd", sklearn="SGDOptimizer"),
    Row("sign_sgd", "SignSGD", {}, optax="sign_sgd"),
    Row("sign_momentum", "SignSGD", MOMENTUM, optax=("signum", {"beta": 0.9, "momentum": None})),
    Row("lion", "Lion", {"betas": (0.9, 0.99), "weight_decay": 0.01}, optax="lion"),
    Row("lion_cautious", "Lion", {"betas": (0.9, 0.99), "weight_decay": 0.01, "cautious": True}),
    Row("adagrad", "Adagrad", {"eps": 1e-10}, FUSED, ("adagrad", {"initial_accumulator_value": 0.0})),
    # The rate of Adadelta is a factor of steps that are small by themselves.
    Row("adadelta", "Adadelta", {"rho": 0.9, "eps": 1e-6}, LOOPS, "adadelta", lr=1e-3),
    Row("rmsprop", "RMSprop", RMS, LOOPS, RMS_OPTAX),
    Row("rmsprop_momentum", "RMSprop", RMS | MOMENTUM, LOOPS, RMS_OPTAX),
    Row("rmsprop_centered", "RMSprop", CENTERED, LOOPS, RMS_OPTAX),
    Row("rmsprop_centered_momentum", "RMSprop", CENTERED | MOMENTUM, LOOPS, RMS_OPTAX),
    # The largest step is small because under one gradient again and again every step grows to it.
    Row("rprop", "Rprop", {"etas": (0.5, 1.2), "step_sizes": (1e-6, 1e-3)}, LOOPS),
    Row("adam", "Adam", BETAS, FUSED, "adam", "", "AdamOptimizer", ("", {"adamw_mode": False})),
    Row("adamw", "AdamW", BETAS | {"weight_decay": 0.01}, FUSED, "adamw", "", None, ("", {"adamw_mode": True}),
        rule="adam"),
    Row("amsgrad", "Adam", BETAS | {"amsgrad": True}, FUSED, "amsgrad"),
    Row("adam_cautious", "AdamW", BETAS | {"weight_decay": 0.01, "cautious": True}),
    Row("amsgrad_cautious", "Adam", BETAS | {"amsgrad": True, "cautious": True}),
    Row("radam", "RAdam", BETAS, LOOPS, "radam", rule="adam"),
    # With beta2 below 2/3 RAdam never leaves its warm-up.
    Row("radam_warmup", "RAdam", {"betas": (0.9, 0.6), "eps": 1e-8}, LOOPS, "radam", rule="adam_unrectified"),
    Row("nadam", "NAdam", BETAS, LOOPS),
    Row("nadam_cautious", "NAdam", BETAS | {"cautious": True}),
    Row("adamax", "Adamax", BETAS, LOOPS, "adamax"),
    Row("asgd", "ASGD", {}, LOOPS),
    Row("asgd_average", "ASGD", {"t0": 0.0}, LOOPS),
    Row("adabelief", "AdaBelief", {"betas": (0.9, 0.999), "eps": 1e-16}, optax="adabelief"),
    Row("yogi", "Yogi", {"betas": (0.9, 0.999), "eps": 1e-3}, optax="yogi"),
    Row("adopt", "ADOPT", {"betas": (0.9, 0.9999), "eps": 1e-6}),
    Row("adopt_cautious", "ADOPT", {"betas": (0.9, 0.9999), "eps": 1e-6, "cautious": True}),
    Row("ademamix", "AdEMAMix", {"betas": (0.9, 0.999, 0.9999), "eps": 1e-8}),
    Row("adan", "Adan", {"betas": (0.98, 0.92, 0.99), "eps": 1e-8}),
    Row("ftrl", "Ftrl", {}),
    Row("laprop", "LaProp", {}),
    Row("laprop_cautious", "LaProp", {"cautious": True}),
    Row("grams", "Grams", {"betas": (0.9, 0.999), "eps": 1e-6}),
    Row("adam_atan2", "AdamAtan2", {}),
    Row("ada_pnm", "AdaPNM", {"ams_bound": False}),
    Row("ada_pnm_bound", "AdaPNM", {}),
    Row("madgrad", "MADGRAD", {}),
    # The rate is a part of the parameter's own length.
    Row("lamb", "LAMB", {"betas": (0.9, 0.999), "eps": 1e-6, "weight_decay": 0.01}),
    Row("lamb_cautious", "LAMB", {"betas": (0.9, 0.999), "eps": 1e-6, "weight_decay": 0.01, "cautious": True}),
    Row("lars", "LARS", {"weight_decay": 0.01}, lr=1e-3),
    Row("lars_nesterov", "LARS", {"weight_decay": 0.01, "nesterov": True}, lr=1e-3),
    Row("novograd", "NovoGrad", {}, lr=1e-3),
    Row("mars", "MARS", {}),
    Row("mars_cautious", "MARS", {"cautious": True}),
    Row("stable_adamw", "StableAdamW", {"betas": (0.9, 0.99), "eps": 1e-6}),
    Row("schedule_free_sgd", "ScheduleFreeSGD", {}),
    Row("schedule_free_adamw", "ScheduleFreeAdamW", BETAS),
    Row("schedule_free_unrectified", "ScheduleFreeRAdam",
        {"betas": (0.9, 0.6), "eps": 1e-8, "silent_sgd_phase": False}),
)
# fmt: on

# Classes whose time is not that of their rule, and the rule: Muon's is BLAS's, Adafactor's engine/factored's.
# What Prodigy and D-Adaptation do next depends on all that they have done, so that no roof can take their place.
# RowWiseAdagrad and SparseAdam are for gradients of rows, which have a benchmark of their own.
LEFT_OUT = {
    "Muon": "muon",
    "Adafactor": "adafactor",
    "Prodigy": "prodigy",
    "DAdaptAdam": "dadapt_adam",
    "RowWiseAdagrad": "row_wise_adagrad",
    "SparseAdam": "adam",
}

BY_NAME = {row.name: row for row in ROWS}
