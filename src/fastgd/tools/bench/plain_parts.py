"""What the rules in plain NumPy share, and the factor of clipping by the norm."""

import math
from typing import Any

import numpy as np

Array = np.ndarray
State = dict[str, Any]
Betas = tuple[float, float]
Triple = tuple[float, float, float]


def zeros(p: Array, s: State, *keys: str) -> list[Array]:
    """State arrays, made at the first step."""
    for key in keys:
        if key not in s:
            s[key] = np.zeros_like(p)
    return [s[key] for key in keys]


def moments(p: Array, g: Array, s: State, betas: Betas) -> tuple[Array, Array]:
    """The first two moments of Adam, with this gradient in them."""
    m, v = zeros(p, s, "m", "v")
    m = s["m"] = betas[0] * m + (1 - betas[0]) * g
    v = s["v"] = betas[1] * v + (1 - betas[1]) * g**2
    return m, v


def treated(p: Array, g: Array, maximize: bool, weight_decay: float, decoupled: float | None = None) -> Array:
    """The gradient to descend along; with a rate to be `decoupled` by, weight decay goes past it."""
    if maximize:
        g = -g
    if weight_decay == 0:
        return g
    if decoupled is None:
        return g + weight_decay * p
    p *= 1 - decoupled * weight_decay
    return g


def trust(length: Any, other: Any, more: float = 0.0) -> float:
    """The ratio of two lengths that a rate is multiplied by; 1 where one is 0."""
    return float(length / (other + more)) if length > 0 and other > 0 else 1.0


def careful(u: Array, g: Array, cautious: bool) -> Array:
    """An update, where cautious without what goes against the gradient."""
    if not cautious:
        return u
    agree = u * g > 0
    part = max(float(agree.mean()), 1e-3)
    return np.asarray(u * agree / part)


def root(v: Array, eps_root: float) -> Array:
    return np.sqrt(v + eps_root) if eps_root else np.sqrt(v)


def clip_factor(grads: list[Array], max_norm: float) -> float:
    """What clipping by global norm multiplies gradients by."""
    norm = math.sqrt(sum(float(np.sum(g**2)) for g in grads))
    return min(1.0, max_norm / (norm + 1e-6))
