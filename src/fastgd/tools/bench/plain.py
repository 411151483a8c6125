"""
The plain NumPy reference: each optimizer as its formula is written in a notebook, with torch's names.

It is what a user without fastgd would have, so it is neither tuned nor made slow: states by new arrays, the parameter
in place. `s` is the state of one parameter, `t` the step from 1.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray
State = dict[str, Any]


def zeros(p: Array, s: State, *keys: str) -> list[Array]:
    """State arrays, made at the first step."""
    for key in keys:
        if key not in s:
            s[key] = np.zeros_like(p)
    return [s[key] for key in keys]


def sgd(p: Array, g: Array, s: State, t: int, lr: float, momentum: float = 0.0, nesterov: bool = False) -> None:
    if momentum:
        s["b"] = g.copy() if t == 1 else momentum * s["b"] + g
        g = g + momentum * s["b"] if nesterov else s["b"]
    p -= lr * g


def sign_sgd(p: Array, g: Array, s: State, t: int, lr: float, momentum: float = 0.0) -> None:
    if momentum:
        (b,) = zeros(p, s, "b")
        g = s["b"] = momentum * b + (1 - momentum) * g
    p -= lr * np.sign(g)


def lion(
    p: Array, g: Array, s: State, t: int, lr: float, betas: tuple[float, float] = (0.9, 0.99), weight_decay: float = 0.0
) -> None:
    (m,) = zeros(p, s, "m")
    p *= 1 - lr * weight_decay
    p -= lr * np.sign(betas[0] * m + (1 - betas[0]) * g)
    s["m"] = betas[1] * m + (1 - betas[1]) * g


def adagrad(p: Array, g: Array, s: State, t: int, lr: float, eps: float = 1e-10) -> None:
    (total,) = zeros(p, s, "sum")
    s["sum"] = total + g**2
    p -= lr * g / (np.sqrt(s["sum"]) + eps)


def adadelta(p: Array, g: Array, s: State, t: int, lr: float, rho: float = 0.9, eps: float = 1e-6) -> None:
    v, u = zeros(p, s, "v", "u")
    v = rho * v + (1 - rho) * g**2
    delta = np.sqrt(u + eps) / np.sqrt(v + eps) * g
    s["v"], s["u"] = v, rho * u + (1 - rho) * delta**2
    p -= lr * delta


def rmsprop(
    p: Array, g: Array, s: State, t: int, lr: float, alpha: float = 0.99, eps: float = 1e-8,
    centered: bool = False, momentum: float = 0.0,
) -> None:  # fmt: skip
    (v,) = zeros(p, s, "v")
    v = s["v"] = alpha * v + (1 - alpha) * g**2
    if centered:
        (a,) = zeros(p, s, "a")
        a = s["a"] = alpha * a + (1 - alpha) * g
        v = np.maximum(v - a**2, 0)
    step = g / (np.sqrt(v) + eps)
    if momentum:
        (b,) = zeros(p, s, "b")
        step = s["b"] = momentum * b + step
    p -= lr * step


def rprop(
    p: Array, g: Array, s: State, t: int, lr: float,
    etas: tuple[float, float] = (0.5, 1.2), step_sizes: tuple[float, float] = (1e-6, 50.0),
) -> None:  # fmt: skip
    (prev,) = zeros(p, s, "prev")
    size = np.full_like(p, lr) if t == 1 else s["size"]
    turn = g * prev
    size = s["size"] = np.clip(
        np.where(turn > 0, size * etas[1], np.where(turn < 0, size * etas[0], size)), *step_sizes
    )
    g = s["prev"] = np.where(turn < 0, 0, g)
    p -= np.sign(g) * size


def adam(
    p: Array, g: Array, s: State, t: int, lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
    weight_decay: float = 0.0, amsgrad: bool = False,
) -> None:  # fmt: skip
    beta1, beta2 = betas
    m, v = zeros(p, s, "m", "v")
    m = s["m"] = beta1 * m + (1 - beta1) * g
    v = s["v"] = beta2 * v + (1 - beta2) * g**2
    if amsgrad:
        (largest,) = zeros(p, s, "v_max")
        v = s["v_max"] = np.maximum(largest, v)
    if weight_decay:
        p *= 1 - lr * weight_decay
    p -= lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)


def adamax(
    p: Array, g: Array, s: State, t: int, lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8
) -> None:
    m, u = zeros(p, s, "m", "u")
    m = s["m"] = betas[0] * m + (1 - betas[0]) * g
    u = s["u"] = np.maximum(betas[1] * u, np.abs(g) + eps)
    p -= lr / (1 - betas[0] ** t) * m / u


def nadam(
    p: Array, g: Array, s: State, t: int, lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8
) -> None:
    beta1, beta2 = betas
    m, v = zeros(p, s, "m", "v")
    mu = beta1 * (1 - 0.5 * 0.96 ** (t * 0.004))
    mu_next = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * 0.004))
    product = s["product"] = s.get("product", 1.0) * mu
    m = s["m"] = beta1 * m + (1 - beta1) * g
    v = s["v"] = beta2 * v + (1 - beta2) * g**2
    ahead = (1 - mu) / (1 - product) * g + mu_next / (1 - product * mu_next) * m
    p -= lr * ahead / (np.sqrt(v / (1 - beta2**t)) + eps)


def radam(
    p: Array, g: Array, s: State, t: int, lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8
) -> None:
    beta1, beta2 = betas
    m, v = zeros(p, s, "m", "v")
    m = s["m"] = beta1 * m + (1 - beta1) * g
    v = s["v"] = beta2 * v + (1 - beta2) * g**2
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * t * beta2**t / (1 - beta2**t)
    step = lr * m / (1 - beta1**t)
    if length > 5:
        r = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
        step = math.sqrt(r * (1 - beta2**t)) * step / (np.sqrt(v) + eps)
    p -= step


def asgd(p: Array, g: Array, s: State, t: int, lr: float, t0: float = 1e6, lambd: float = 1e-4) -> None:
    eta, mu = s.get("eta", lr), s.get("mu", 1.0)
    p *= 1 - lambd * eta
    p -= eta * g
    s["ax"] = p.copy() if mu == 1 else s["ax"] + mu * (p - s["ax"])
    s["eta"] = lr / (1 + lambd * lr * t) ** 0.75
    s["mu"] = 1 / max(1.0, t - t0)


# By the name of the optimizer's class.
PLAIN: dict[str, Callable[..., None]] = {
    "SGD": sgd,
    "SignSGD": sign_sgd,
    "Lion": lion,
    "Adagrad": adagrad,
    "Adadelta": adadelta,
    "RMSprop": rmsprop,
    "Rprop": rprop,
    "Adam": adam,
    "AdamW": adam,
    "Adamax": adamax,
    "NAdam": nadam,
    "RAdam": radam,
    "ASGD": asgd,
}


def clip_factor(grads: list[Array], max_norm: float) -> float:
    """What clipping by global norm multiplies gradients by."""
    norm = math.sqrt(sum(float(np.sum(g**2)) for g in grads))
    return min(1.0, max_norm / (norm + 1e-6))
