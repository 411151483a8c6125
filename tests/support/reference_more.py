"""The oracle of reference.py for rules of the second tier: the same in every way."""

import math

import numpy as np

from support.reference import caution, mean, power
from support.reference_passes import decayed, squares


def closer(t, x):
    r = x / (t * t)
    return t + t * ((r - t) / (t + t + r))


def cube_root(x):
    """Halley's steps from a third of the bits."""
    x = np.asarray(x)
    single = x.dtype == np.float32
    up, down = (np.float32(2**24), np.float32(2**-8)) if single else (np.float64(2**54), np.float64(2**-18))
    small = x < np.finfo(x.dtype).smallest_normal
    with np.errstate(all="ignore"):
        scaled = np.where(small, x * up, x)
        bits = np.asarray(scaled).view(np.uint32 if single else np.uint64)
        upper = bits // 3 + 709958130 if single else (bits // 2**32 * 0x55555556 // 2**32 + 715094163) * 2**32
        t = upper.astype(bits.dtype).view(x.dtype)
        for _ in range(2 if single else 3):
            t = closer(t, scaled)
        return np.where((x > 0) & (x - x == 0), np.where(small, t * down, t), x)


SINGLE = (-0.06451928, 0.10743731, -0.14263956, 0.1999954, -0.33333332)
DOUBLE = (
    -0.019176887119062259, 0.0392316582955871913, -0.0508544973794025986, 0.0585814891280220988, -0.06664511447381948,
    0.0769218319082608656, -0.0909090457812390189, 0.111111110152563617, -0.142857142846665429, 0.199999999999955207,
    -0.333333333333333302,
)  # fmt: skip


def angle(y, x):
    """atan2(y, x) for x >= 0."""
    of = x.dtype.type
    with np.errstate(all="ignore"):
        size = np.abs(y)
        steep = size > x
        high, low = np.where(steep, size, x), np.where(steep, x, size)
        turned = low > of(0.41421356237309503) * high
        below = np.where(turned, low + high, high)
        w = np.where(turned, low - high, low) / np.where(below != 0, below, of(1))
        z = w * w
        p = of(0)
        for coefficient in SINGLE if of is np.float32 else DOUBLE:
            p = p * z + of(coefficient)
        w = (w + w * (z * p)) + np.where(turned, of(0.7853981633974483), of(0))
        return np.where(np.abs(y) > 0, np.copysign(np.where(steep, of(1.5707963267948966) - w, w), y), y)


def laprop(param, grad, state, t, *, lr=4e-4, betas=(0.9, 0.999), eps=1e-15, weight_decay=0.0, maximize=False,
           cautious=False, grad_scale=1.0):  # fmt: skip
    beta1, beta2 = betas
    e = beta1 * float(state.get("exp_avg_lr_1", 0.0)) + (1.0 - beta1) * lr
    c2 = beta2 * float(state.get("exp_avg_lr_2", 0.0)) + (1.0 - beta2)
    state["exp_avg_lr_1"], state["exp_avg_lr_2"] = np.float64(e), np.float64(c2)
    g = (-grad_scale if maximize else grad_scale) * grad
    v = state.setdefault("exp_avg_sq", np.zeros_like(param))
    v[...] = beta2 * v + (1.0 - beta2) * g * g
    m = state.setdefault("exp_avg", np.zeros_like(param))
    m[...] = beta1 * m + (1.0 - beta1) * lr * math.sqrt(c2) * g / (np.sqrt(v) + eps * math.sqrt(c2))
    mask, part = caution(m, g, cautious)
    param[...] = (1.0 - lr * weight_decay) * (param - lr / e / part * (m * mask))


def moments(state, param, g, t, lr, betas):
    """Both moments of Adam, the root of the second correction, and the rate with both."""
    m = state.setdefault("exp_avg", np.zeros_like(param))
    m[...] = mean(m, g, betas[0])
    v = state.setdefault("exp_avg_sq", np.zeros_like(param))
    v[...] = betas[1] * v + (1.0 - betas[1]) * g * g
    root_c2 = math.sqrt(1.0 - power(betas[1], t))
    return m, v, root_c2, lr * root_c2 / (1.0 - power(betas[0], t))


def grams(param, grad, state, t, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.0, maximize=False,
          grad_scale=1.0):  # fmt: skip
    g = (-grad_scale if maximize else grad_scale) * grad
    m, v, root_c2, step_size = moments(state, param, g, t, lr, betas)
    param[...] = (1.0 - lr * weight_decay) * param - np.sign(g) * (step_size * np.abs(m) / (np.sqrt(v) + eps * root_c2))


def adam_atan2(param, grad, state, t, *, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0, a=1.27, b=1.0, maximize=False,
               grad_scale=1.0):  # fmt: skip
    g = (-grad_scale if maximize else grad_scale) * grad
    m, v, root_c2, _ = moments(state, param, g, t, lr, betas)
    ahead = root_c2 / (1.0 - power(betas[0], t))
    param[...] = (1.0 - lr * weight_decay) * param - lr * a * angle(ahead * m, b * np.sqrt(v))


def ada_pnm(param, grad, state, t, *, lr=1e-3, betas=(0.9, 0.999, 1.0), eps=1e-8, weight_decay=0.0, ams_bound=True,
            maximize=False, grad_scale=1.0):  # fmt: skip
    beta1, beta2, beta3 = betas
    root_c2 = math.sqrt(1.0 - power(beta2, t))
    noise = math.sqrt((1.0 + beta3) * (1.0 + beta3) + beta3 * beta3)
    step = lr * root_c2 / (1.0 - power(beta1, t)) / noise
    g = (-grad_scale if maximize else grad_scale) * grad
    odd, even = (state.setdefault(key, np.zeros_like(param)) for key in ("exp_avg", "neg_exp_avg"))
    m, other = (odd, even) if t % 2 else (even, odd)
    m[...] = mean(m, g, beta1 * beta1)
    v = state.setdefault("exp_avg_sq", np.zeros_like(param))
    v[...] = beta2 * v + (1.0 - beta2) * g * g
    if ams_bound:
        v_max = state.setdefault("max_exp_avg_sq", np.zeros_like(param))
        v_max[...] = np.maximum(v_max, v)
        v = v_max
    u = step * (1.0 + beta3) * m - step * beta3 * other
    param[...] = (1.0 - lr * weight_decay) * param - u / (np.sqrt(v) + eps * root_c2)


def madgrad(param, grad, state, t, *, lr=1e-2, momentum=0.9, weight_decay=0.0, eps=1e-6, maximize=False,
            grad_scale=1.0):  # fmt: skip
    g = decayed((-grad_scale if maximize else grad_scale) * grad, param, weight_decay)
    first = state.setdefault("x0", param.copy())
    weight = (lr + eps) * math.sqrt(t)
    v = state.setdefault("grad_sum_sq", np.zeros_like(param))
    v[...] = v + weight * g * g
    s = state.setdefault("s", np.zeros_like(param))
    s[...] = s + weight * g
    param[...] = mean(param, first - s / (cube_root(v) + eps), momentum)


def mars(param, grad, state, t, *, lr=3e-3, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.0, gamma=0.025, maximize=False,
         cautious=False, grad_scale=1.0):  # fmt: skip
    g = np.asarray((-grad_scale if maximize else grad_scale) * grad)
    correction = gamma * betas[0] / (1.0 - betas[0])
    c = g + correction * (g - state["last_grad"]) if t > 1 and correction else g
    state["last_grad"] = g.copy()
    of_c = squares(c)
    c = (1.0 if of_c <= 1.0 else 1.0 / math.sqrt(of_c)) * c
    m, v, root_c2, step_size = moments(state, param, c, t, lr, betas)
    mask, part = caution(m, g, cautious)
    param[...] = (1.0 - lr * weight_decay) * param - step_size / part * (m * mask) / (np.sqrt(v) + eps * root_c2)
