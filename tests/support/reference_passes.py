"""The oracle of reference.py for rules of several passes, which sum blocks of 4096 elements in the order of memory."""

import math

import numpy as np

from support.reference import caution, power

TILE, BLOCK, LANES = 512, 4096, 16


def tile_sum(terms):
    """At most 512 terms: element i goes to lane i % 16, lanes are added as a tree."""
    lanes = np.zeros(LANES)
    for start in range(0, terms.size, LANES):
        part = terms[start : start + LANES]
        lanes[: part.size] += part
    for half in (8, 4):
        lanes[:half] += lanes[half : 2 * half]
    return float((lanes[0] + lanes[2]) + (lanes[1] + lanes[3]))


def total(terms):
    """The sum of float64 terms: tiles make a block, blocks are added one after the other."""
    flat = terms.ravel(order="K")
    result = 0.0
    for start in range(0, flat.size, BLOCK):
        block = 0.0
        for tile in range(start, min(start + BLOCK, flat.size), TILE):
            block += tile_sum(flat[tile : min(tile + TILE, start + BLOCK)])
        result += block
    return result


def squares(array):
    return total(array.astype(np.float64) ** 2)


def decayed(g, param, weight_decay):
    return g + weight_decay * param if weight_decay != 0 else g


def lamb(param, grad, state, t, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.01, bias_correction=True,
         grad_averaging=True, always_adapt=False, trust_clip=False, maximize=False, cautious=False,
         grad_scale=1.0):  # fmt: skip
    beta1, beta2 = betas
    c1 = 1.0 - power(beta1, t) if bias_correction else 1.0
    root_c2 = math.sqrt(1.0 - power(beta2, t)) if bias_correction else 1.0
    g = (-grad_scale if maximize else grad_scale) * grad
    m = state.setdefault("exp_avg", np.zeros_like(param))
    v = state.setdefault("exp_avg_sq", np.zeros_like(param))
    m[...] = beta1 * m + (1.0 - beta1 if grad_averaging else 1.0) * g
    v[...] = beta2 * v + (1.0 - beta2) * g * g
    mask, part = caution(m, g, cautious)
    u = decayed(1.0 / part * ((root_c2 / c1) * (m * mask) / (np.sqrt(v) + eps * root_c2)), param, weight_decay)
    of_param, of_update = squares(param), squares(u)
    ratio = 1.0
    if (weight_decay != 0 or always_adapt) and of_param > 0 and of_update > 0:
        ratio = float(np.float64(math.sqrt(of_param)) / np.float64(math.sqrt(of_update)))
    if trust_clip and ratio > 1:
        ratio = 1.0
    param[...] = param - (lr * ratio) * u


def lars(param, grad, state, t, *, lr=1.0, momentum=0.9, dampening=0.0, weight_decay=0.0, nesterov=False,
         trust_coefficient=1e-3, eps=1e-8, always_adapt=False, trust_clip=False, maximize=False,
         grad_scale=1.0):  # fmt: skip
    g = (-grad_scale if maximize else grad_scale) * grad
    adapts = weight_decay != 0 or always_adapt
    param_norm, grad_norm = math.sqrt(squares(param)), math.sqrt(squares(g))
    ratio = 1.0
    if adapts and param_norm > 0 and grad_norm > 0:
        with np.errstate(all="ignore"):
            ratio = float(np.float64(trust_coefficient * param_norm) / (grad_norm + param_norm * weight_decay + eps))
    if adapts and trust_clip:
        ratio = 1.0 if ratio / lr > 1 else ratio / lr
    d = ratio * decayed(g, param, weight_decay)
    b = state.setdefault("momentum_buffer", np.zeros_like(param))
    b[...] = momentum * b + (1.0 if t == 1 or momentum == 0 else 1.0 - dampening) * d
    param[...] = param - lr * (d + momentum * b if nesterov else b)


def novograd(param, grad, state, t, *, lr=1e-3, betas=(0.95, 0.98), eps=1e-8, weight_decay=0.0, grad_averaging=False,
             maximize=False, grad_scale=1.0):  # fmt: skip
    beta1, beta2 = betas
    g = (-grad_scale if maximize else grad_scale) * grad
    v = float(state.get("exp_avg_sq", 0.0))
    v = beta2 * v + (1.0 - beta2) * squares(g) if v != 0 else squares(g)
    state["exp_avg_sq"] = np.float64(v)
    with np.errstate(all="ignore"):
        inverse = float(np.float64(1.0) / (math.sqrt(v) + eps))
    m = state.setdefault("exp_avg", np.zeros_like(param))
    m[...] = beta1 * m + (1.0 - beta1 if grad_averaging else 1.0) * decayed(inverse * g, param, weight_decay)
    param[...] = param - lr * m


def stable_adamw(param, grad, state, t, *, lr=1e-3, betas=(0.9, 0.99), eps=1e-6, weight_decay=0.01, maximize=False,
                 grad_scale=1.0):  # fmt: skip
    beta1, beta2 = betas
    take1, take2 = (1.0 - beta1) / (1.0 - power(beta1, t)), (1.0 - beta2) / (1.0 - power(beta2, t))
    g = (-grad_scale if maximize else grad_scale) * grad
    m = state.setdefault("exp_avg", np.zeros_like(param))
    v = state.setdefault("exp_avg_sq", np.zeros_like(param))
    m[...] = (1.0 - take1) * m + take1 * g
    v[...] = (1.0 - take2) * v + take2 * g * g
    rms = math.sqrt(total((g * g / np.maximum(v, param.dtype.type(eps * eps))).astype(np.float64)) / max(param.size, 1))
    step_size = lr / rms if rms > 1 else lr
    param[...] = (1.0 - step_size * weight_decay) * param - step_size * m / (np.sqrt(v) + eps)
