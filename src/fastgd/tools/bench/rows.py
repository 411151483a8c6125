"""
THE table of what is measured: a row for each rule of kernels/table.pxi, and for AdamW and RAdam, which share one.

Keywords are torch's, so that `torch.optim` takes them as they stand; for the other peers a row holds what says the
same in their words. A peer that a row does not name has no such rule, or another formula under its name: optax's rprop
returns the step before, its nadam has no momentum schedule, thinc's radam counts its steps twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Small, so that parameters stay near where they began through a million steps. Adadelta's is a factor of small steps.
LR = 1e-6

LOOPS = ("torch", "torch foreach")
FUSED = ("torch", "torch foreach", "torch fused")


@dataclass(frozen=True)
class Row:
    """
    One row.

    `reads` and `writes` count streams of parameter size. `stream` and `arithmetic` name the limit rows of table.pxi:
    the same streams with one add each, and the same divides and roots. `torch` names the forms that torch.optim has.
    """

    name: str
    rule: str
    optimizer: str
    keywords: Mapping[str, Any]
    reads: int
    writes: int
    stream: str
    arithmetic: str | None = None
    torch: tuple[str, ...] = ()
    optax: tuple[str, Mapping[str, Any]] | None = None
    thinc: Mapping[str, Any] | None = None
    sklearn: tuple[str, Mapping[str, Any]] | None = None
    deepspeed: Mapping[str, Any] | None = None
    lr: float = LR

    def bytes_per_element(self, itemsize: int) -> int:
        """What a step moves at least."""
        return (self.reads + self.writes) * itemsize


MOMENTUM = {"momentum": 0.9}
NESTEROV = {"momentum": 0.9, "nesterov": True}
BETAS = {"betas": (0.9, 0.999), "eps": 1e-8}
B1_B2 = {"b1": 0.9, "b2": 0.999, "eps": 1e-8}
RMS = {"alpha": 0.99, "eps": 1e-8}
RMS_OPTAX = {"decay": 0.99, "eps": 1e-8, "eps_in_sqrt": False}
# Under one gradient again and again the centered square vanishes; with the usual eps the steps would then be huge.
CENTERED = {"alpha": 0.99, "eps": 1e-2, "centered": True}
CENTERED_OPTAX = {"decay": 0.99, "eps": 1e-2, "eps_in_sqrt": False, "centered": True}

# fmt: off
ROWS = (
    Row("sgd", "sgd", "SGD", {}, 2, 1, "stream_0", None, FUSED, ("sgd", {}),
        thinc={"beta1": 0.0, "beta2": 0.0}, sklearn=("SGDOptimizer", {"momentum": 0.0, "nesterov": False})),
    Row("sgd_momentum", "sgd_momentum", "SGD", MOMENTUM, 3, 2, "stream_1", None, FUSED, ("sgd", MOMENTUM),
        sklearn=("SGDOptimizer", {"momentum": 0.9, "nesterov": False})),
    Row("sgd_nesterov", "sgd_nesterov", "SGD", NESTEROV, 3, 2, "stream_1", None, FUSED, ("sgd", NESTEROV),
        sklearn=("SGDOptimizer", NESTEROV)),
    Row("sign_sgd", "sign_sgd", "SignSGD", {}, 2, 1, "stream_0", optax=("sign_sgd", {})),
    Row("sign_momentum", "sign_momentum", "SignSGD", MOMENTUM, 3, 2, "stream_1", optax=("signum", {"beta": 0.9})),
    Row("lion", "lion", "Lion", {"betas": (0.9, 0.99), "weight_decay": 0.01}, 3, 2, "stream_1",
        optax=("lion", {"b1": 0.9, "b2": 0.99, "weight_decay": 0.01})),
    Row("adagrad", "adagrad", "Adagrad", {"eps": 1e-10}, 3, 2, "stream_1", "divide_root", FUSED,
        ("adagrad", {"initial_accumulator_value": 0.0, "eps": 1e-10})),
    Row("adadelta", "adadelta", "Adadelta", {"rho": 0.9, "eps": 1e-6}, 4, 3, "stream_2", "divide_root", LOOPS,
        ("adadelta", {"rho": 0.9, "eps": 1e-6}), lr=1e-3),
    Row("rmsprop", "rmsprop", "RMSprop", RMS, 3, 2, "stream_1", "divide_root", LOOPS, ("rmsprop", RMS_OPTAX)),
    Row("rmsprop_momentum", "rmsprop_momentum", "RMSprop", RMS | MOMENTUM, 4, 3, "stream_2", "divide_root", LOOPS,
        ("rmsprop", RMS_OPTAX | MOMENTUM)),
    Row("rmsprop_centered", "rmsprop_centered", "RMSprop", CENTERED, 4, 3, "stream_2", "divide_root", LOOPS,
        ("rmsprop", CENTERED_OPTAX)),
    Row("rmsprop_centered_momentum", "rmsprop_centered_momentum", "RMSprop", CENTERED | MOMENTUM, 5, 4, "stream_3",
        "divide_root", LOOPS, ("rmsprop", CENTERED_OPTAX | MOMENTUM)),
    # The largest step is small because under one gradient again and again every step grows to it.
    Row("rprop", "rprop", "Rprop", {"etas": (0.5, 1.2), "step_sizes": (1e-6, 1e-3)}, 4, 3, "stream_2", None, LOOPS),
    Row("adam", "adam", "Adam", BETAS, 4, 3, "stream_2", "divide_root", FUSED, ("adam", B1_B2),
        {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
        ("AdamOptimizer", {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}), {**BETAS, "adamw_mode": False}),
    Row("adamw", "adam", "AdamW", BETAS | {"weight_decay": 0.01}, 4, 3, "stream_2", "divide_root", FUSED,
        ("adamw", B1_B2 | {"weight_decay": 0.01}), {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "L2": 0.01},
        deepspeed={**BETAS, "weight_decay": 0.01, "adamw_mode": True}),
    Row("amsgrad", "amsgrad", "Adam", BETAS | {"amsgrad": True}, 5, 4, "stream_3", "divide_root", FUSED,
        ("amsgrad", B1_B2)),
    Row("radam", "adam", "RAdam", BETAS, 4, 3, "stream_2", "divide_root", LOOPS, ("radam", B1_B2)),
    # With beta2 below 2/3 RAdam never leaves its warm-up.
    Row("radam_warmup", "adam_unrectified", "RAdam", {"betas": (0.9, 0.6), "eps": 1e-8}, 4, 3, "stream_2", None, LOOPS,
        ("radam", {"b1": 0.9, "b2": 0.6, "eps": 1e-8})),
    Row("nadam", "nadam", "NAdam", BETAS, 4, 3, "stream_2", "divide_root", LOOPS),
    Row("adamax", "adamax", "Adamax", BETAS, 4, 3, "stream_2", "divide", LOOPS, ("adamax", B1_B2)),
    Row("asgd", "asgd", "ASGD", {}, 2, 2, "stream_copy", None, LOOPS),
    Row("asgd_average", "asgd_average", "ASGD", {"t0": 0.0}, 3, 2, "stream_1", None, LOOPS),
)
# fmt: on

BY_NAME = {row.name: row for row in ROWS}
