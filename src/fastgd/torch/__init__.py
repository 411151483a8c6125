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

from fastgd.torch.base import Optimizer

# derived: optimizers
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

# end
from fastgd.torch.in_backward import StepInBackward, step_in_backward

__all__ = ["StepInBackward", "step_in_backward"]
# derived: names
__all__ += [
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
]
# end
