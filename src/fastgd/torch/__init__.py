"""
Drop-in optimizers for PyTorch on CPUs: ``from fastgd.torch import AdamW`` is the whole change.

They are subclasses of torch.optim.Optimizer with torch's names, arguments and state, so that schedulers, checkpoints,
GradScaler and torch.distributed take them as they take torch's.
"""

from fastgd.torch.base import Optimizer
from fastgd.torch.classes import (
    ASGD,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Lion,
    NAdam,
    RAdam,
    RMSprop,
    Rprop,
    SignSGD,
)
from fastgd.torch.in_backward import StepInBackward, step_in_backward

__all__ = [
    "ASGD",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Lion",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "SignSGD",
    "StepInBackward",
    "step_in_backward",
]
