"""
Drop-in optimizers for PyTorch on CPUs: ``from fastgd.torch import AdamW`` is the whole change.

They are subclasses of torch.optim.Optimizer with torch's names, arguments and state, so that schedulers, checkpoints,
GradScaler and torch.distributed take them as they take torch's.

>>> import torch, fastgd.torch
>>> model = torch.nn.Linear(3, 1)
>>> opt = fastgd.torch.AdamW(model.parameters(), lr=1e-2)
>>> loss = model(torch.ones(2, 3)).square().mean()
>>> loss.backward()
>>> opt.step()
>>> opt.zero_grad()
>>> bool(model(torch.ones(2, 3)).square().mean() < loss)
True
"""

# `base` is the front of the compiled step for torch's hooks, closures, GradScaler and state; `adagrad` and
# `schedule_free` are what some classes do beyond it; `classes`, written by make derive, has torch's signatures. `bound`
# is fastgd.engine.steps over tensors: it finds parameters, gradients and state where they lie, and notices what has
# moved since; `shown` is what `state` has of the engine's memory, `targets` the tensors that parameters are copied to.
# `keeping` is the front of those and of sums of gradients. `views` asks a tensor through DLPack where it lies, `checks`
# has the messages, `loading` is what becomes of a state dict. `in_backward` steps one parameter at a time in the
# backward pass. `clock` has the schedules, `gradients` zero_grad; `shards` knows DTensors, and `ranks` asks other
# processes for their part of a norm.

from fastgd.torch.base import Optimizer

# derived: optimizers
from fastgd.torch.classes import (
    ADOPT,
    ASGD,
    LAMB,
    LARS,
    MADGRAD,
    MARS,
    SGD,
    AdaBelief,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    AdamAtan2,
    Adamax,
    AdamW,
    Adan,
    AdaPNM,
    AdEMAMix,
    DAdaptAdam,
    Ftrl,
    Grams,
    LaProp,
    Lion,
    Muon,
    NAdam,
    NovoGrad,
    Prodigy,
    RAdam,
    RMSprop,
    RowWiseAdagrad,
    Rprop,
    ScheduleFreeAdamW,
    ScheduleFreeRAdam,
    ScheduleFreeSGD,
    SignSGD,
    SparseAdam,
    StableAdamW,
    Yogi,
)

# end
from fastgd.torch.in_backward import StepInBackward, step_in_backward
from fastgd.torch.lookahead import Lookahead
from fastgd.torch.muon import muon_groups
from fastgd.torch.sam import SAM

__all__ = ["SAM", "Lookahead", "StepInBackward", "muon_groups", "step_in_backward"]
# derived: names
__all__ += [
    "ADOPT",
    "ASGD",
    "LAMB",
    "LARS",
    "MADGRAD",
    "MARS",
    "SGD",
    "AdEMAMix",
    "AdaBelief",
    "AdaPNM",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamAtan2",
    "AdamW",
    "Adamax",
    "Adan",
    "DAdaptAdam",
    "Ftrl",
    "Grams",
    "LaProp",
    "Lion",
    "Muon",
    "NAdam",
    "NovoGrad",
    "Optimizer",
    "Prodigy",
    "RAdam",
    "RMSprop",
    "RowWiseAdagrad",
    "Rprop",
    "ScheduleFreeAdamW",
    "ScheduleFreeRAdam",
    "ScheduleFreeSGD",
    "SignSGD",
    "SparseAdam",
    "StableAdamW",
    "Yogi",
]
# end
