"""
Every rule in plain NumPy as its paper or torch's documentation states it, with torch's names, defaults and options.

This is the second oracle of the tests, beside the one that follows the kernels operation by operation: it folds
nothing, so that a mistake made in folding scalars shows against it. It is also what the benchmarks and the demo
measure fastgd against, as what a user without fastgd would write: it must not be tuned as a baseline, nor slowed down.
States are made anew, the parameter changes in place. `s` is the state of one parameter, `t` the step from 1.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fastgd.tools.bench import plain_later as later
from fastgd.tools.bench.plain_parts import Array, Betas, State, Triple, careful, moments, root, treated, trust, zeros


# fmt: off
def sgd(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-3, momentum: float = 0.0, dampening: float = 0.0,
    weight_decay: float = 0.0, nesterov: bool = False, *, maximize: bool = False, momentum_form: str = "heavy_ball",
) -> None:
    g = treated(p, g, maximize, weight_decay)
    if momentum_form == "ema":
        g = (1 - momentum) * g
        s["b"] = g if t == 1 else momentum * s["b"] + g
    elif momentum:
        s["b"] = g.copy() if t == 1 else momentum * s["b"] + (1 - dampening) * g
    if momentum:
        g = g + momentum * s["b"] if nesterov else s["b"]
    p -= lr * g


def sign_sgd(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-3, momentum: float = 0.0, weight_decay: float = 0.0,
    *, maximize: bool = False, decoupled_weight_decay: bool = False,
) -> None:
    g = treated(p, g, maximize, weight_decay, lr if decoupled_weight_decay else None)
    if momentum:
        (b,) = zeros(p, s, "b")
        g = s["b"] = momentum * b + (1 - momentum) * g
    p -= lr * np.sign(g)


def lion(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-4, betas: Betas = (0.9, 0.99), weight_decay: float = 0.0,
    *, maximize: bool = False, cautious: bool = False,
) -> None:
    (m,) = zeros(p, s, "m")
    g = treated(p, g, maximize, weight_decay, lr)
    p -= lr * careful(np.sign(betas[0] * m + (1 - betas[0]) * g), g, cautious)
    s["m"] = betas[1] * m + (1 - betas[1]) * g


def adagrad(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-2, lr_decay: float = 0.0, weight_decay: float = 0.0,
    initial_accumulator_value: float = 0.0, eps: float = 1e-10, *, maximize: bool = False, eps_root: float = 0.0,
) -> None:
    g = treated(p, g, maximize, weight_decay)
    total = np.full_like(p, initial_accumulator_value) if t == 1 else s["sum"]
    total = s["sum"] = total + g**2
    lr = lr / (1 + (t - 1) * lr_decay)
    p -= lr * g / (root(total, eps_root) + eps)


def adadelta(
    p: Array, g: Array, s: State, t: int, lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6,
    weight_decay: float = 0.0, *, maximize: bool = False,
) -> None:
    v, u = zeros(p, s, "v", "u")
    g = treated(p, g, maximize, weight_decay)
    v = rho * v + (1 - rho) * g**2
    delta = np.sqrt(u + eps) / np.sqrt(v + eps) * g
    s["v"], s["u"] = v, rho * u + (1 - rho) * delta**2
    p -= lr * delta


def rmsprop(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8,
    weight_decay: float = 0.0, momentum: float = 0.0, centered: bool = False,
    *, maximize: bool = False, eps_root: float = 0.0,
) -> None:
    (v,) = zeros(p, s, "v")
    g = treated(p, g, maximize, weight_decay)
    v = s["v"] = alpha * v + (1 - alpha) * g**2
    if centered:
        (a,) = zeros(p, s, "a")
        a = s["a"] = alpha * a + (1 - alpha) * g
        v = np.maximum(v - a**2, 0)
    step = g / (root(v, eps_root) + eps)
    if momentum:
        (b,) = zeros(p, s, "b")
        step = s["b"] = momentum * b + step
    p -= lr * step


def rprop(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
    step_sizes: tuple[float, float] = (1e-6, 50.0), *, maximize: bool = False,
) -> None:
    (prev,) = zeros(p, s, "prev")
    g = treated(p, g, maximize, 0.0)
    size = np.full_like(p, lr) if t == 1 else s["size"]
    turn = g * prev
    size = s["size"] = np.clip(
        np.where(turn > 0, size * etas[1], np.where(turn < 0, size * etas[0], size)), *step_sizes
    )
    g = s["prev"] = np.where(turn < 0, 0, g)
    p -= np.sign(g) * size


def adam(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8,
    weight_decay: float = 0.0, amsgrad: bool = False, *, maximize: bool = False,
    decoupled_weight_decay: bool = False, eps_root: float = 0.0, eps_hat: bool = False, cautious: bool = False,
) -> None:
    beta1, beta2 = betas
    g = treated(p, g, maximize, weight_decay, lr if decoupled_weight_decay else None)
    m, v = moments(p, g, s, betas)
    if amsgrad:
        (largest,) = zeros(p, s, "v_max")
        v = s["v_max"] = np.maximum(largest, v)
    m = careful(m, g, cautious)
    if eps_hat:
        p -= lr * math.sqrt(1 - beta2**t) / (1 - beta1**t) * m / (root(v, eps_root) + eps)
    else:
        p -= lr * (m / (1 - beta1**t)) / (root(v / (1 - beta2**t), eps_root) + eps)


def sparse_adam(p: Array, g: Array, s: State, t: int, lr: float = 1e-3, **more: Any) -> None:
    adam(p, g, s, t, lr, **more, eps_hat=True)


def adamw(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-3, *, weight_decay: float = 1e-2, **more: Any,
) -> None:
    adam(p, g, s, t, lr, weight_decay=weight_decay, decoupled_weight_decay=True, **more)


def adamax(
    p: Array, g: Array, s: State, t: int, lr: float = 2e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8,
    weight_decay: float = 0.0, *, maximize: bool = False,
) -> None:
    m, u = zeros(p, s, "m", "u")
    g = treated(p, g, maximize, weight_decay)
    m = s["m"] = betas[0] * m + (1 - betas[0]) * g
    u = s["u"] = np.maximum(betas[1] * u, np.abs(g) + eps)
    p -= lr / (1 - betas[0] ** t) * m / u


def nadam(
    p: Array, g: Array, s: State, t: int, lr: float = 2e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8,
    weight_decay: float = 0.0, momentum_decay: float = 4e-3, decoupled_weight_decay: bool = False,
    *, maximize: bool = False, eps_root: float = 0.0, cautious: bool = False,
) -> None:
    beta1, beta2 = betas
    g = treated(p, g, maximize, weight_decay, lr if decoupled_weight_decay else None)
    mu = beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))
    mu_next = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * momentum_decay))
    product = s["product"] = s.get("product", 1.0) * mu
    m, v = moments(p, g, s, betas)
    ahead = (1 - mu) / (1 - product) * g + mu_next / (1 - product * mu_next) * m
    p -= lr * careful(ahead, g, cautious) / (root(v / (1 - beta2**t), eps_root) + eps)


def radam(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8,
    weight_decay: float = 0.0, decoupled_weight_decay: bool = False, *, maximize: bool = False, eps_root: float = 0.0,
) -> None:
    beta1, beta2 = betas
    g = treated(p, g, maximize, weight_decay, lr if decoupled_weight_decay else None)
    m, v = moments(p, g, s, betas)
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * t * beta2**t / (1 - beta2**t)
    step = lr * m / (1 - beta1**t)
    if length > 5:
        r = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
        step = math.sqrt(r * (1 - beta2**t)) * step / (root(v, eps_root) + eps)
    p -= step


def asgd(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-2, lambd: float = 1e-4, alpha: float = 0.75,
    t0: float = 1e6, weight_decay: float = 0.0, *, maximize: bool = False,
) -> None:
    g = treated(p, g, maximize, weight_decay)
    eta, mu = s.get("eta", lr), s.get("mu", 1.0)
    p *= 1 - lambd * eta
    p -= eta * g
    s["ax"] = p.copy() if mu == 1 else s["ax"] + mu * (p - s["ax"])
    s["eta"] = lr / (1 + lambd * lr * t) ** alpha
    s["mu"] = 1 / max(1.0, t - t0)


def adabelief(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-16,
    weight_decay: float = 0.0, *, maximize: bool = False,
) -> None:
    m, v = zeros(p, s, "m", "v")
    g = treated(p, g, maximize, weight_decay, lr)
    m = s["m"] = betas[0] * m + (1 - betas[0]) * g
    v = s["v"] = betas[1] * v + (1 - betas[1]) * (g - m) ** 2 + eps
    p -= lr * (m / (1 - betas[0] ** t)) / (np.sqrt(v / (1 - betas[1] ** t)) + eps)


def yogi(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-2, betas: Betas = (0.9, 0.999), eps: float = 1e-3,
    initial_accumulator_value: float = 1e-6, weight_decay: float = 0.0, *, maximize: bool = False,
) -> None:
    g = treated(p, g, maximize, weight_decay, lr)
    m = s.get("m", initial_accumulator_value)
    v = s.get("v", initial_accumulator_value)
    m = s["m"] = betas[0] * m + (1 - betas[0]) * g
    v = s["v"] = v - (1 - betas[1]) * np.sign(v - g**2) * g**2
    p -= lr * (m / (1 - betas[0] ** t)) / (np.sqrt(v / (1 - betas[1] ** t)) + eps)


def adopt(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-3, betas: Betas = (0.9, 0.9999), eps: float = 1e-6,
    weight_decay: float = 0.0, clip_exponent: float = 0.25, *, maximize: bool = False, cautious: bool = False,
) -> None:
    (m,) = zeros(p, s, "m")
    if t == 1:
        s["v"] = g**2
        return
    g = treated(p, g, maximize, weight_decay, lr)
    bound = (t - 1) ** clip_exponent
    m = s["m"] = betas[0] * m + (1 - betas[0]) * np.clip(g / np.maximum(np.sqrt(s["v"]), eps), -bound, bound)
    p -= lr * careful(m, g, cautious)
    s["v"] = betas[1] * s["v"] + (1 - betas[1]) * g**2


def ademamix(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-3, betas: Triple = (0.9, 0.999, 0.9999), alpha: float = 5.0,
    t_alpha: float = 0.0, t_beta3: float = 0.0, eps: float = 1e-8, weight_decay: float = 1e-2,
    *, maximize: bool = False,
) -> None:
    beta1, beta2, beta3 = betas
    (slow,) = zeros(p, s, "slow")
    g = treated(p, g, maximize, weight_decay, lr)
    if t < t_beta3:
        start, end, way = math.log(beta1), math.log(beta3), t / t_beta3
        beta3 = min(beta3, math.exp(start * end / ((1 - way) * end + way * start)))
    m, v = moments(p, g, s, (beta1, beta2))
    slow = s["slow"] = beta3 * slow + (1 - beta3) * g
    ahead = m / (1 - beta1**t) + (min(alpha * t / t_alpha, alpha) if t_alpha else alpha) * slow
    p -= lr * ahead / (np.sqrt(v / (1 - beta2**t)) + eps)


def adan(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-3, betas: Triple = (0.98, 0.92, 0.99), eps: float = 1e-8,
    weight_decay: float = 0.0, no_prox: bool = False, *, maximize: bool = False,
) -> None:
    beta1, beta2, beta3 = betas
    m, d, v = zeros(p, s, "m", "d", "v")
    g = treated(p, g, maximize, weight_decay if no_prox else 0.0, lr)
    change = g - s.get("g", g)
    m = s["m"] = beta1 * m + (1 - beta1) * g
    d = s["d"] = beta2 * d + (1 - beta2) * change
    v = s["v"] = beta3 * v + (1 - beta3) * (g + beta2 * change) ** 2
    s["g"] = g.copy()
    ahead = m / (1 - beta1**t) + beta2 * d / (1 - beta2**t)
    p -= lr * ahead / (np.sqrt(v / (1 - beta3**t)) + eps)
    if not no_prox:
        p /= 1 + lr * weight_decay


def ftrl(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-3, initial_accumulator_value: float = 0.1,
    l1_regularization_strength: float = 0.0, l2_regularization_strength: float = 0.0,
    l2_shrinkage_regularization_strength: float = 0.0, beta: float = 0.0, *, maximize: bool = False,
) -> None:
    (z,) = zeros(p, s, "z")
    g = treated(p, g, maximize, 0.0)
    before = s.get("n", initial_accumulator_value)
    n = s["n"] = before + g**2
    z = s["z"] = z + g + 2 * l2_shrinkage_regularization_strength * p - (np.sqrt(n) - np.sqrt(before)) / lr * p
    kept = np.clip(z, -l1_regularization_strength, l1_regularization_strength) - z
    p[...] = kept / (np.sqrt(n) / lr + 2 * (l2_regularization_strength + beta / (2 * lr)))


def averaged(p: Array, u: Array, s: State, t: int, lr: float, beta: float, r: float, power: float) -> None:
    """A schedule-free step along u: z goes lr * u, x averages z, and p is beta * x + (1 - beta) * z."""
    z, x = s.get("z", p), s.get("x", p)
    s["lr_max"] = max(s.get("lr_max", 0.0), lr)
    weight = t**r * s["lr_max"] ** power
    s["sum"] = s.get("sum", 0.0) + weight
    z = s["z"] = z - lr * u
    share = weight / s["sum"] if weight else 0.0
    x = s["x"] = (1 - share) * x + share * z
    p[...] = beta * x + (1 - beta) * z


def lamb(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-6,
    weight_decay: float = 0.01, bias_correction: bool = True, grad_averaging: bool = True,
    always_adapt: bool = False, trust_clip: bool = False, *, maximize: bool = False, cautious: bool = False,
) -> None:
    m, v = zeros(p, s, "m", "v")
    g = treated(p, g, maximize, 0.0)
    m = s["m"] = betas[0] * m + ((1 - betas[0]) * g if grad_averaging else g)
    v = s["v"] = betas[1] * v + (1 - betas[1]) * g**2
    if bias_correction:
        m, v = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
    u = careful(m / (np.sqrt(v) + eps), g, cautious) + weight_decay * p
    ratio = trust(np.linalg.norm(p), np.linalg.norm(u)) if weight_decay or always_adapt else 1.0
    p -= lr * (min(ratio, 1.0) if trust_clip else ratio) * u


def lars(
    p: Array, g: Array, s: State, t: int, lr: float = 1.0, momentum: float = 0.9, dampening: float = 0.0,
    weight_decay: float = 0.0, nesterov: bool = False, trust_coefficient: float = 1e-3, eps: float = 1e-8,
    always_adapt: bool = False, trust_clip: bool = False, *, maximize: bool = False,
) -> None:
    g = treated(p, g, maximize, 0.0)
    if weight_decay or always_adapt:
        length = float(np.linalg.norm(p))
        ratio = trust(trust_coefficient * length, np.linalg.norm(g), weight_decay * length + eps)
        g = (min(ratio / lr, 1.0) if trust_clip else ratio) * (g + weight_decay * p)
    b = s["b"] = g.copy() if t == 1 else momentum * s["b"] + (1 - dampening if momentum else 1.0) * g
    p -= lr * (g + momentum * b if nesterov else b)


def novograd(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-3, betas: Betas = (0.95, 0.98), eps: float = 1e-8,
    weight_decay: float = 0.0, grad_averaging: bool = False, *, maximize: bool = False,
) -> None:
    (m,) = zeros(p, s, "m")
    g = treated(p, g, maximize, 0.0)
    v, square = s.get("v", 0.0), float(np.sum(g.astype(np.float64) ** 2))
    v = s["v"] = betas[1] * v + (1 - betas[1]) * square if v else square
    d = g / (math.sqrt(v) + eps) + weight_decay * p
    m = s["m"] = betas[0] * m + ((1 - betas[0]) * d if grad_averaging else d)
    p -= lr * m


def stable_adamw(
    p: Array, g: Array, s: State, t: int, lr: float = 1e-3, betas: Betas = (0.9, 0.99), eps: float = 1e-6,
    weight_decay: float = 0.01, *, maximize: bool = False,
) -> None:
    g = treated(p, g, maximize, 0.0)
    beta1, beta2 = ((beta**t - beta) / (beta**t - 1) for beta in betas)
    m, v = moments(p, g, s, (beta1, beta2))
    lr = lr / max(1.0, math.sqrt(float(np.mean(g**2 / np.maximum(v, eps**2))))) if p.size else lr
    p *= 1 - lr * weight_decay
    p -= lr * m / (np.sqrt(v) + eps)


def schedule_free_sgd(
    p: Array, g: Array, s: State, t: int, lr: float = 1.0, momentum: float = 0.9, weight_decay: float = 0.0,
    warmup_steps: float = 0.0, r: float = 0.0, weight_lr_power: float = 2.0, *, maximize: bool = False,
) -> None:
    u = treated(p, g, maximize, weight_decay)
    averaged(p, u, s, t, lr * min(t / warmup_steps, 1.0) if warmup_steps else lr, momentum, r, weight_lr_power)


def schedule_free_adamw(
    p: Array, g: Array, s: State, t: int, lr: float = 2.5e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8,
    weight_decay: float = 0.0, warmup_steps: float = 0.0, r: float = 0.0, weight_lr_power: float = 2.0,
    *, maximize: bool = False,
) -> None:
    (v,) = zeros(p, s, "v")
    g = treated(p, g, maximize, 0.0)
    v = s["v"] = betas[1] * v + (1 - betas[1]) * g**2
    u = g / (np.sqrt(v / (1 - betas[1] ** t)) + eps) + weight_decay * p
    averaged(p, u, s, t, lr * min(t / warmup_steps, 1.0) if warmup_steps else lr, betas[0], r, weight_lr_power)


def schedule_free_radam(
    p: Array, g: Array, s: State, t: int, lr: float = 2.5e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8,
    weight_decay: float = 0.0, r: float = 0.0, weight_lr_power: float = 2.0, silent_sgd_phase: bool = True,
    *, maximize: bool = False,
) -> None:
    (v,) = zeros(p, s, "v")
    g = treated(p, g, maximize, 0.0)
    v = s["v"] = betas[1] * v + (1 - betas[1]) * g**2
    longest = 2 / (1 - betas[1]) - 1
    length = longest - 2 * t * betas[1] ** t / (1 - betas[1] ** t)
    if length > 4:
        lr *= math.sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
        g = g / (np.sqrt(v / (1 - betas[1] ** t)) + eps)
    elif silent_sgd_phase:
        lr = 0.0
    averaged(p, g + weight_decay * p, s, t, lr, betas[0], r, weight_lr_power)
# fmt: on


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
    "AdamW": adamw,
    "SparseAdam": sparse_adam,
    "Adamax": adamax,
    "NAdam": nadam,
    "RAdam": radam,
    "ASGD": asgd,
    "AdaBelief": adabelief,
    "Yogi": yogi,
    "ADOPT": adopt,
    "AdEMAMix": ademamix,
    "Adan": adan,
    "Ftrl": ftrl,
    "LAMB": lamb,
    "LARS": lars,
    "NovoGrad": novograd,
    "StableAdamW": stable_adamw,
    "LaProp": later.laprop,
    "Grams": later.grams,
    "AdamAtan2": later.adam_atan2,
    "AdaPNM": later.ada_pnm,
    "MADGRAD": later.madgrad,
    "MARS": later.mars,
    "ScheduleFreeSGD": schedule_free_sgd,
    "ScheduleFreeAdamW": schedule_free_adamw,
    "ScheduleFreeRAdam": schedule_free_radam,
}
