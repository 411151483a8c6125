"""
Numbers that change: functions of the steps completed, for the learning rate and others of any optimizer or group.

A schedule is called with the number of steps that are complete, 0 at the first update, and returns the number of the
next: ``Adam(params, lr=cosine(0.1, 900), betas=(linear(0.85, 900, 0.95), 0.999))``. Schedules are small objects that
print and pickle as the call that made them, and go into one another: ``warmup(cosine(0.1, 900), 100)``. Only `plateau`
has state; an optimizer keeps it in its ``state_dict``.

Decays: `constant`, `step`, `multistep`, `exponential`, `linear`, `polynomial`, `inverse_time`. Waves: `cosine`,
`warm_restarts`, `cyclic`, `one_cycle`. Put together: `warmup`, `piecewise`, `join`. Told a loss: `plateau`. For what
goes with a rate: `cyclic_momentum` and `one_cycle_momentum`.

A rate has the same bits on every machine: powers and cosines are fastgd.engine.exact's, not the C library's.
"""

from fastgd.schedules.base import Schedule
from fastgd.schedules.beside import cyclic_momentum, one_cycle_momentum
from fastgd.schedules.compose import join, piecewise, warmup
from fastgd.schedules.decay import constant, exponential, inverse_time, linear, multistep, polynomial, step
from fastgd.schedules.plateau import Plateau, plateau
from fastgd.schedules.waves import cosine, cyclic, one_cycle, warm_restarts

__all__ = [
    "Plateau",
    "Schedule",
    "constant",
    "cosine",
    "cyclic",
    "cyclic_momentum",
    "exponential",
    "inverse_time",
    "join",
    "linear",
    "multistep",
    "one_cycle",
    "one_cycle_momentum",
    "piecewise",
    "plateau",
    "polynomial",
    "step",
    "warm_restarts",
    "warmup",
]
