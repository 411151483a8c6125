"""More rules in plain NumPy; plain.py says how and has the table of all."""

import math

import numpy as np

from fastgd.tools.bench.plain_parts import Array, Betas, State, Triple, careful, moments, treated, zeros


# fmt: off
def laprop(
    p: Array, g: Array, s: State, t: int, lr: float = 4e-4, betas: Betas = (0.9, 0.999), eps: float = 1e-15,
    weight_decay: float = 0.0, *, maximize: bool = False, cautious: bool = False,
) -> None:
    m, v = zeros(p, s, "m", "v")
    g = treated(p, g, maximize, 0.0)
    v = s["v"] = betas[1] * v + (1 - betas[1]) * g**2
    m = s["m"] = betas[0] * m + (1 - betas[0]) * lr * g / (np.sqrt(v / (1 - betas[1] ** t)) + eps)
    s["e"] = betas[0] * s.get("e", 0.0) + (1 - betas[0]) * lr
    p -= lr * careful(m, g, cautious) / s["e"]
    p *= 1 - lr * weight_decay


def grams(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-6,
    weight_decay: float = 0.0, *, maximize: bool = False,
) -> None:
    g = treated(p, g, maximize, weight_decay, lr)
    m, v = moments(p, g, s, betas)
    u = m / (1 - betas[0] ** t) / (np.sqrt(v / (1 - betas[1] ** t)) + eps)
    p -= lr * np.abs(u) * np.sign(g)


def adam_atan2(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-4, betas: Betas = (0.9, 0.99), weight_decay: float = 0.0,
    a: float = 1.27, b: float = 1.0, *, maximize: bool = False,
) -> None:
    g = treated(p, g, maximize, weight_decay, lr)
    m, v = moments(p, g, s, betas)
    p -= lr * a * np.arctan2(m / (1 - betas[0] ** t), b * np.sqrt(v / (1 - betas[1] ** t)))


def ada_pnm(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-3, betas: Triple = (0.9, 0.999, 1.0), eps: float = 1e-8,
    weight_decay: float = 0.0, ams_bound: bool = True, *, maximize: bool = False,
) -> None:
    odd, even, v, largest = zeros(p, s, "odd", "even", "v", "largest")
    g = treated(p, g, maximize, weight_decay, lr)
    m, other = (odd, even) if t % 2 else (even, odd)
    m = s["odd" if t % 2 else "even"] = betas[0] ** 2 * m + (1 - betas[0] ** 2) * g
    v = s["v"] = betas[1] * v + (1 - betas[1]) * g**2
    if ams_bound:
        v = s["largest"] = np.maximum(largest, v)
    u = ((1 + betas[2]) * m - betas[2] * other) / math.sqrt((1 + betas[2]) ** 2 + betas[2] ** 2)
    p -= lr * u / (1 - betas[0] ** t) / (np.sqrt(v / (1 - betas[1] ** t)) + eps)


def madgrad(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-2, momentum: float = 0.9, weight_decay: float = 0.0,
    eps: float = 1e-6, *, maximize: bool = False,
) -> None:
    if t == 1:
        s["x0"] = p.copy()
    squares, total = zeros(p, s, "squares", "total")
    g = treated(p, g, maximize, weight_decay)
    weight = (lr + eps) * math.sqrt(t)
    squares = s["squares"] = squares + weight * g**2
    total = s["total"] = total + weight * g
    p *= momentum
    p += (1 - momentum) * (s["x0"] - total / (np.cbrt(squares) + eps))


def mars(
    p: Array, g: Array, s: State, t: int, lr: float = 3e-3, betas: Betas = (0.9, 0.99), eps: float = 1e-8,
    weight_decay: float = 0.0, gamma: float = 0.025, *, maximize: bool = False, cautious: bool = False,
) -> None:
    g = treated(p, g, maximize, weight_decay, lr)
    c = g + gamma * betas[0] / (1 - betas[0]) * (g - s["last"]) if t > 1 else g
    s["last"] = g.copy()
    c = c / max(1.0, float(np.linalg.norm(c)))
    m, v = moments(p, c, s, betas)
    p -= lr * careful(m, g, cautious) / (1 - betas[0] ** t) / (np.sqrt(v / (1 - betas[1] ** t)) + eps)
# fmt: on
