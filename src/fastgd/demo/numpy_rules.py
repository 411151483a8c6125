"""
The rules as their papers state them, in the NumPy that one would write: what the demonstration is faster than.

Each function updates the array `p` with the gradient `g` at step `t`, from 1; `s` holds what is kept between steps,
and what has not been kept yet is 0.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray
State = dict[str, Any]
Rule = Callable[..., None]


def sgd(p: Array, g: Array, s: State, t: int, lr: float, momentum: float, nesterov: bool = False) -> None:
    s["b"] = momentum * s["b"] + g
    p -= lr * (g + momentum * s["b"] if nesterov else s["b"])


def sign_sgd(p: Array, g: Array, s: State, t: int, lr: float, momentum: float) -> None:
    s["b"] = momentum * s["b"] + (1 - momentum) * g
    p -= lr * np.sign(s["b"])


def lion(p: Array, g: Array, s: State, t: int, lr: float, betas: tuple[float, float], weight_decay: float) -> None:
    beta1, beta2 = betas
    p -= lr * (np.sign(beta1 * s["m"] + (1 - beta1) * g) + weight_decay * p)
    s["m"] = beta2 * s["m"] + (1 - beta2) * g


def rprop(
    p: Array,
    g: Array,
    s: State,
    t: int,
    lr: float,
    etas: tuple[float, float] = (0.5, 1.2),
    step_sizes: tuple[float, float] = (1e-6, 50.0),
) -> None:
    if t == 1:
        s["delta"] = np.full_like(p, lr)
    change = s["previous"] * g
    factor = np.where(change > 0, etas[1], np.where(change < 0, etas[0], 1.0)).astype(p.dtype)
    s["delta"] = np.clip(s["delta"] * factor, *step_sizes)
    s["previous"] = np.where(change < 0, 0, g)
    p -= s["delta"] * np.sign(s["previous"])


def adagrad(p: Array, g: Array, s: State, t: int, lr: float, eps: float = 1e-10) -> None:
    s["sum"] = s["sum"] + g**2
    p -= lr * g / (np.sqrt(s["sum"]) + eps)


def adadelta(p: Array, g: Array, s: State, t: int, lr: float, rho: float, eps: float = 1e-6) -> None:
    s["v"] = rho * s["v"] + (1 - rho) * g**2
    d = np.sqrt(s["d"] + eps) / np.sqrt(s["v"] + eps) * g
    s["d"] = rho * s["d"] + (1 - rho) * d**2
    p -= lr * d


def rmsprop(p: Array, g: Array, s: State, t: int, lr: float, alpha: float, eps: float = 1e-8) -> None:
    s["v"] = alpha * s["v"] + (1 - alpha) * g**2
    p -= lr * g / (np.sqrt(s["v"]) + eps)


def adam(
    p: Array,
    g: Array,
    s: State,
    t: int,
    lr: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> None:
    beta1, beta2 = betas
    if weight_decay:
        p *= 1 - lr * weight_decay
    s["m"] = beta1 * s["m"] + (1 - beta1) * g
    s["v"] = beta2 * s["v"] + (1 - beta2) * g**2
    m = s["m"] / (1 - beta1**t)
    v = s["v"] / (1 - beta2**t)
    p -= lr * m / (np.sqrt(v) + eps)


def adamax(
    p: Array,
    g: Array,
    s: State,
    t: int,
    lr: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
) -> None:
    beta1, beta2 = betas
    s["m"] = beta1 * s["m"] + (1 - beta1) * g
    s["u"] = np.maximum(beta2 * s["u"], np.abs(g) + eps)
    p -= lr / (1 - beta1**t) * s["m"] / s["u"]


def nadam(
    p: Array,
    g: Array,
    s: State,
    t: int,
    lr: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    momentum_decay: float = 4e-3,
) -> None:
    beta1, beta2 = betas
    mu = beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))
    mu_next = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * momentum_decay))
    s["product"] = mu * (s["product"] if t > 1 else 1.0)
    s["m"] = beta1 * s["m"] + (1 - beta1) * g
    s["v"] = beta2 * s["v"] + (1 - beta2) * g**2
    m = mu_next * s["m"] / (1 - s["product"] * mu_next) + (1 - mu) * g / (1 - s["product"])
    v = s["v"] / (1 - beta2**t)
    p -= lr * m / (np.sqrt(v) + eps)


def radam(
    p: Array,
    g: Array,
    s: State,
    t: int,
    lr: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
) -> None:
    beta1, beta2 = betas
    s["m"] = beta1 * s["m"] + (1 - beta1) * g
    s["v"] = beta2 * s["v"] + (1 - beta2) * g**2
    m = s["m"] / (1 - beta1**t)
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * t * beta2**t / (1 - beta2**t)
    if length > 5:
        shrink = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
        # torch adds eps before the bias correction here
        p -= lr * (shrink * (1 - beta2**t)) ** 0.5 * m / (np.sqrt(s["v"]) + eps)
    else:
        p -= lr * m


def asgd(
    p: Array,
    g: Array,
    s: State,
    t: int,
    lr: float,
    lambd: float = 1e-4,
    alpha: float = 0.75,
    t0: float = 1e6,
) -> None:
    eta = lr / (1 + lambd * lr * (t - 1)) ** alpha
    p *= 1 - lambd * eta
    p -= eta * g
    s["ax"] = s["ax"] + (p - s["ax"]) / max(1, t - t0)
