from typing import TypeAlias

_Pair: TypeAlias = tuple[float, float]
_Prepared: TypeAlias = tuple[str, tuple[float, ...], _Pair]

def sgd(
    scale: float,
    t: int,
    carry: _Pair,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
    maximize: bool,
    momentum_form: str,
) -> _Prepared: ...
def sign_sgd(
    scale: float,
    t: int,
    carry: _Pair,
    lr: float,
    momentum: float,
    weight_decay: float,
    maximize: bool,
) -> _Prepared: ...
def lion(
    scale: float,
    t: int,
    carry: _Pair,
    lr: float,
    betas: _Pair,
    weight_decay: float,
    maximize: bool,
) -> _Prepared: ...
def adagrad(
    scale: float,
    t: int,
    carry: _Pair,
    lr: float,
    lr_decay: float,
    weight_decay: float,
    initial_accumulator_value: float,
    eps: float,
    maximize: bool,
    eps_root: float,
) -> _Prepared: ...
def adadelta(
    scale: float,
    t: int,
    carry: _Pair,
    lr: float,
    rho: float,
    eps: float,
    weight_decay: float,
    maximize: bool,
) -> _Prepared: ...
def rmsprop(
    scale: float,
    t: int,
    carry: _Pair,
    lr: float,
    alpha: float,
    eps: float,
    weight_decay: float,
    momentum: float,
    centered: bool,
    maximize: bool,
    eps_root: float,
) -> _Prepared: ...
def rprop(
    scale: float,
    t: int,
    carry: _Pair,
    lr: float,
    etas: _Pair,
    step_sizes: _Pair,
    maximize: bool,
) -> _Prepared: ...
def adam(
    scale: float,
    t: int,
    carry: _Pair,
    lr: float,
    betas: _Pair,
    eps: float,
    weight_decay: float,
    amsgrad: bool,
    maximize: bool,
    decoupled_weight_decay: bool,
    eps_root: float,
    eps_hat: bool,
) -> _Prepared: ...
def adamax(
    scale: float,
    t: int,
    carry: _Pair,
    lr: float,
    betas: _Pair,
    eps: float,
    weight_decay: float,
    maximize: bool,
) -> _Prepared: ...
def nadam(
    scale: float,
    t: int,
    carry: _Pair,
    lr: float,
    betas: _Pair,
    eps: float,
    weight_decay: float,
    momentum_decay: float,
    decoupled_weight_decay: bool,
    maximize: bool,
    eps_root: float,
) -> _Prepared: ...
def radam(
    scale: float,
    t: int,
    carry: _Pair,
    lr: float,
    betas: _Pair,
    eps: float,
    weight_decay: float,
    decoupled_weight_decay: bool,
    maximize: bool,
    eps_root: float,
) -> _Prepared: ...
def asgd(
    scale: float,
    t: int,
    carry: _Pair,
    lr: float,
    lambd: float,
    alpha: float,
    t0: float,
    weight_decay: float,
    maximize: bool,
) -> _Prepared: ...
