"""fastgd: optimizer steps fused into one pass over memory, for training on CPUs."""

# The way of the data, on which nothing knows what stands to its left:
#
#     arrays -> checks -> Steps (slots, groups, threads) -> fold -> kernel for this CPU -> arrays changed in place
#
# `optimizers` is what a user constructs, with `hyperparameters` and `validation` for the checks; `engine` is the step
# and `kernels` the mathematics. `functional` and `capi` are the rules without state, for Python and for compiled
# libraries. `torch`, `thinc` and `sklearn` are the hosts, imported only by name, as is `mpi`, for many machines, which
# shares `ranks` with `torch`. `schedules`, `gradients` and `checkpoint` go with every optimizer; `descent` is minimize
# and what documents teach, public as `minimize`, `line_search`, `losses` and `textbook`. `tools` is what
# `python -m fastgd` runs.

import importlib as _importlib
import sys as _sys
import typing as _typing

from fastgd.engine.rows import Rows
from fastgd.engine.threads import get_num_threads, set_num_threads, set_parallel_from
from fastgd.gradients import clip_grad_norm_, clip_grad_value_, grad_norm
from fastgd.lookahead import Lookahead
from fastgd.matrices import muon_groups

# derived: optimizers
from fastgd.optimizers.ada_pnm import AdaPNM
from fastgd.optimizers.adabelief import AdaBelief
from fastgd.optimizers.adadelta import Adadelta
from fastgd.optimizers.adafactor import Adafactor
from fastgd.optimizers.adagrad import Adagrad
from fastgd.optimizers.adam import Adam, AdamW, SparseAdam
from fastgd.optimizers.adam_atan2 import AdamAtan2
from fastgd.optimizers.adamax import Adamax
from fastgd.optimizers.adan import Adan
from fastgd.optimizers.ademamix import AdEMAMix
from fastgd.optimizers.adopt import ADOPT
from fastgd.optimizers.asgd import ASGD
from fastgd.optimizers.base import Optimizer
from fastgd.optimizers.dadaptation import DAdaptAdam, Prodigy
from fastgd.optimizers.ftrl import Ftrl
from fastgd.optimizers.grams import Grams
from fastgd.optimizers.lamb import LAMB
from fastgd.optimizers.laprop import LaProp
from fastgd.optimizers.lars import LARS
from fastgd.optimizers.lion import Lion
from fastgd.optimizers.madgrad import MADGRAD
from fastgd.optimizers.mars import MARS
from fastgd.optimizers.muon import Muon
from fastgd.optimizers.nadam import NAdam
from fastgd.optimizers.novograd import NovoGrad
from fastgd.optimizers.radam import RAdam
from fastgd.optimizers.rmsprop import RMSprop
from fastgd.optimizers.row_wise_adagrad import RowWiseAdagrad
from fastgd.optimizers.rprop import Rprop
from fastgd.optimizers.schedule_free import ScheduleFreeAdamW, ScheduleFreeRAdam, ScheduleFreeSGD
from fastgd.optimizers.sgd import SGD
from fastgd.optimizers.sign import SignSGD
from fastgd.optimizers.stable_adamw import StableAdamW
from fastgd.optimizers.yogi import Yogi

# end
from fastgd.sam import SAM

if _typing.TYPE_CHECKING:
    from fastgd import functional, line_search, losses, schedules, textbook
    from fastgd.checkpoint import inspect, load, save
    from fastgd.config import get_include, show_config
    from fastgd.descent.minimize import minimize, scipy_method
else:
    # Modules without which one can train, and what comes from them: they are imported when they are first asked for.
    _MODULES = ("checkpoint", "config", "descent", "functional", "line_search", "losses", "schedules", "textbook")
    _FROM = {
        "get_include": "config",
        "inspect": "checkpoint",
        "load": "checkpoint",
        "minimize": "descent.minimize",
        "save": "checkpoint",
        "scipy_method": "descent.minimize",
        "show_config": "config",
    }

    def __getattr__(name):
        if name in _MODULES:
            return _importlib.import_module(f"fastgd.{name}")
        if name not in _FROM:
            raise AttributeError(f"module 'fastgd' has no attribute {name!r}")
        globals()[name] = getattr(_importlib.import_module(f"fastgd.{_FROM[name]}"), name)
        return globals()[name]


__version__ = "0.1.0"

__all__ = [
    "SAM",
    "Lookahead",
    "Rows",
    "clip_grad_norm_",
    "clip_grad_value_",
    "functional",
    "get_include",
    "get_num_threads",
    "grad_norm",
    "inspect",
    "line_search",
    "load",
    "losses",
    "minimize",
    "muon_groups",
    "save",
    "schedules",
    "scipy_method",
    "set_num_threads",
    "set_parallel_from",
    "show_config",
    "textbook",
]
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


def __dir__() -> list[str]:
    """Public names, for completion; those of hosts once they are imported."""
    hosts = [name for name in ("capi", "mpi", "sklearn", "thinc", "torch") if f"fastgd.{name}" in _sys.modules]
    return sorted([*__all__, *hosts, "__version__"])
