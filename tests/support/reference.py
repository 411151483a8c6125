"""
The oracle: every rule in plain NumPy, in the dtype and the order of operations of its kernel, for comparison with ==.

Dull on purpose. Scalars are folded in double, as the optimizers describe it; a Python float then takes the dtype of
the array that it meets, which is the one cast that a kernel makes. Each function makes one step from 1, changes
`param` and `state` in place, starts the state where it is empty, and has torch's defaults.
"""

import math
from decimal import Decimal, localcontext

import numpy as np


def power(x, n):
    """x**n by repeated squaring, from the lowest bit of n to the highest."""
    result = 1.0
    while n:
        result *= x if n % 2 else 1.0
        x *= x
        n //= 2
    return result


def real_power(x, y):
    """The float nearest to x**y."""
    if y == 0:
        return 1.0
    with localcontext(prec=40):
        return float(Decimal(x) ** Decimal(y))


def mean(old, new, keep, take=None):
    """keep * old + take * new, from the end that has the larger share; they add up to 1."""
    take = 1.0 - keep if take is None else take
    if old.dtype.type(keep) < old.dtype.type(take):
        return new + keep * (old - new)
    return old + take * (new - old)


def caution(update, g, cautious):
    """What an update is multiplied by, and what its rate is divided by."""
    if not cautious:
        return 1.0, 1.0
    agreeing = np.sign(update) * np.sign(g) > 0
    return agreeing.astype(update.dtype), max(float(agreeing.sum()) / max(agreeing.size, 1), 1e-3)


def sgd(param, grad, state, t, *, lr=1e-3, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False,
        maximize=False, momentum_form="heavy_ball", grad_scale=1.0):  # fmt: skip
    g = (-grad_scale if maximize else grad_scale) * grad
    if weight_decay != 0:
        g = g + weight_decay * param
    if momentum == 0:
        param[...] = param - lr * g
        return
    if momentum_form == "ema":
        gain = 1.0 - momentum
        buffer = momentum * state.setdefault("momentum_buffer", np.zeros_like(param)) + gain * g
        ahead = gain
    elif "momentum_buffer" not in state:
        state["momentum_buffer"] = np.zeros_like(param)
        buffer = 1.0 * g
        ahead = 1.0
    else:
        buffer = momentum * state["momentum_buffer"] + (1.0 - dampening) * g
        ahead = 1.0
    state["momentum_buffer"][...] = buffer
    if nesterov:
        param[...] = param - lr * (ahead * g + momentum * buffer)
    else:
        param[...] = param - lr * buffer


def sign_sgd(param, grad, state, t, *, lr=1e-3, momentum=0.0, weight_decay=0.0, maximize=False,
             decoupled_weight_decay=False, grad_scale=1.0):  # fmt: skip
    g = (-grad_scale if maximize else grad_scale) * grad
    keep = 1.0
    if decoupled_weight_decay:
        keep = 1.0 - lr * weight_decay
    elif weight_decay != 0:
        g = g + weight_decay * param
    if momentum == 0:
        param[...] = keep * param - lr * np.sign(g)
        return
    buffer = momentum * state.setdefault("momentum_buffer", np.zeros_like(param)) + (1.0 - momentum) * g
    state["momentum_buffer"][...] = buffer
    param[...] = keep * param - lr * np.sign(buffer)


def lion(param, grad, state, t, *, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0, maximize=False, cautious=False,
         grad_scale=1.0):  # fmt: skip
    beta1, beta2 = betas
    g = (-grad_scale if maximize else grad_scale) * grad
    m = state.setdefault("momentum_buffer", np.zeros_like(param))
    update = np.sign(beta1 * m + (1.0 - beta1) * g)
    mask, part = caution(update, g, cautious)
    m[...] = beta2 * m + (1.0 - beta2) * g
    param[...] = (1.0 - lr * weight_decay) * param - lr / part * update * mask


def adagrad(param, grad, state, t, *, lr=1e-2, lr_decay=0.0, weight_decay=0.0, initial_accumulator_value=0.0,
            eps=1e-10, maximize=False, eps_root=0.0, grad_scale=1.0):  # fmt: skip
    g = (-grad_scale if maximize else grad_scale) * grad
    if weight_decay != 0:
        g = g + weight_decay * param
    if "sum" not in state:
        state["sum"] = np.full_like(param, initial_accumulator_value)
    total = state["sum"] + g * g
    state["sum"][...] = total
    step_size = lr / (1.0 + (t - 1) * lr_decay)
    param[...] = param - step_size * g / (np.sqrt(total + eps_root) + eps)


def adadelta(param, grad, state, t, *, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0.0, maximize=False, grad_scale=1.0):
    g = (-grad_scale if maximize else grad_scale) * grad
    if weight_decay != 0:
        g = g + weight_decay * param
    v = rho * state.setdefault("square_avg", np.zeros_like(param)) + (1.0 - rho) * g * g
    d = state.setdefault("acc_delta", np.zeros_like(param))
    delta = np.sqrt((d + eps) / (v + eps)) * g
    state["square_avg"][...] = v
    d[...] = rho * d + (1.0 - rho) * delta * delta
    param[...] = param - lr * delta


def rmsprop(param, grad, state, t, *, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False,
            maximize=False, eps_root=0.0, grad_scale=1.0):  # fmt: skip
    g = (-grad_scale if maximize else grad_scale) * grad
    if weight_decay != 0:
        g = g + weight_decay * param
    v = alpha * state.setdefault("square_avg", np.zeros_like(param)) + (1.0 - alpha) * g * g
    state["square_avg"][...] = v
    if centered:
        a = state.setdefault("grad_avg", np.zeros_like(param))
        a[...] = mean(a, g, alpha)
        v = np.maximum(v - a * a, 0.0)
    if momentum == 0:
        param[...] = param - lr * g / (np.sqrt(v + eps_root) + eps)
        return
    b = state.setdefault("momentum_buffer", np.zeros_like(param))
    b[...] = momentum * b + g / (np.sqrt(v + eps_root) + eps)
    param[...] = param - lr * b


def rprop(param, grad, state, t, *, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50.0), maximize=False,
          grad_scale=1.0):  # fmt: skip
    g = np.asarray((-grad_scale if maximize else grad_scale) * grad)
    prev = state.setdefault("prev", np.zeros_like(param))
    size = state.setdefault("step_size", np.full_like(param, lr))
    turn = g * prev
    factor = np.ones_like(param)
    factor[turn > 0] = etas[1]
    factor[turn < 0] = etas[0]
    size[...] = np.clip(size * factor, step_sizes[0], step_sizes[1])
    g[turn < 0] = 0.0
    prev[...] = g
    param[...] = param - np.sign(g) * size


def adam(param, grad, state, t, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False,
         maximize=False, decoupled_weight_decay=False, eps_root=0.0, eps_hat=False, cautious=False,
         grad_scale=1.0):  # fmt: skip
    beta1, beta2 = betas
    c1, c2 = 1.0 - power(beta1, t), 1.0 - power(beta2, t)
    g = (-grad_scale if maximize else grad_scale) * grad
    keep = 1.0
    if decoupled_weight_decay:
        keep = 1.0 - lr * weight_decay
    elif weight_decay != 0:
        g = g + weight_decay * param
    m = state.setdefault("exp_avg", np.zeros_like(param))
    m[...] = mean(m, g, beta1)
    v = state.setdefault("exp_avg_sq", np.zeros_like(param))
    v[...] = beta2 * v + (1.0 - beta2) * g * g
    if amsgrad:
        v_max = state.setdefault("max_exp_avg_sq", np.zeros_like(param))
        v_max[...] = np.maximum(v_max, v)
        v = v_max
    if not eps_hat:
        eps, eps_root = eps * math.sqrt(c2), eps_root * c2
    step_size = lr * math.sqrt(c2) / c1
    mask, part = caution(m, g, cautious)
    param[...] = keep * param - step_size / part * (m * mask) / (np.sqrt(v + eps_root) + eps)


def sparse_adam(param, grad, state, t, **arguments):
    adam(param, grad, state, t, **arguments, eps_hat=True)


def adamw(param, grad, state, t, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, amsgrad=False,
          maximize=False, eps_root=0.0, eps_hat=False, cautious=False, grad_scale=1.0):  # fmt: skip
    beta1, beta2 = betas
    c1, c2 = 1.0 - power(beta1, t), 1.0 - power(beta2, t)
    g = (-grad_scale if maximize else grad_scale) * grad
    m = state.setdefault("exp_avg", np.zeros_like(param))
    m[...] = mean(m, g, beta1)
    v = state.setdefault("exp_avg_sq", np.zeros_like(param))
    v[...] = beta2 * v + (1.0 - beta2) * g * g
    if amsgrad:
        v_max = state.setdefault("max_exp_avg_sq", np.zeros_like(param))
        v_max[...] = np.maximum(v_max, v)
        v = v_max
    if not eps_hat:
        eps, eps_root = eps * math.sqrt(c2), eps_root * c2
    step_size = lr * math.sqrt(c2) / c1
    mask, part = caution(m, g, cautious)
    param[...] = (1.0 - lr * weight_decay) * param - step_size / part * (m * mask) / (np.sqrt(v + eps_root) + eps)


def adamax(param, grad, state, t, *, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, maximize=False,
           grad_scale=1.0):  # fmt: skip
    beta1, beta2 = betas
    g = (-grad_scale if maximize else grad_scale) * grad
    if weight_decay != 0:
        g = g + weight_decay * param
    m = state.setdefault("exp_avg", np.zeros_like(param))
    m[...] = mean(m, g, beta1)
    u = state.setdefault("exp_inf", np.zeros_like(param))
    u[...] = np.maximum(beta2 * u, np.abs(g) + eps)
    param[...] = param - lr / (1.0 - power(beta1, t)) * m / u


def nadam(param, grad, state, t, *, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, momentum_decay=4e-3,
          decoupled_weight_decay=False, maximize=False, eps_root=0.0, cautious=False, grad_scale=1.0):  # fmt: skip
    beta1, beta2 = betas
    c2 = 1.0 - power(beta2, t)
    mu = beta1 * (1.0 - 0.5 * real_power(0.96, t * momentum_decay))
    mu_next = beta1 * (1.0 - 0.5 * real_power(0.96, (t + 1) * momentum_decay))
    mu_product = state["mu_product"] = state.get("mu_product", 1.0) * mu
    g = (-grad_scale if maximize else grad_scale) * grad
    keep = 1.0
    if decoupled_weight_decay:
        keep = 1.0 - lr * weight_decay
    elif weight_decay != 0:
        g = g + weight_decay * param
    m = state.setdefault("exp_avg", np.zeros_like(param))
    m[...] = mean(m, g, beta1)
    v = state.setdefault("exp_avg_sq", np.zeros_like(param))
    v[...] = beta2 * v + (1.0 - beta2) * g * g
    grad_step = lr * math.sqrt(c2) * (1.0 - mu) / (1.0 - mu_product)
    step_size = lr * math.sqrt(c2) * mu_next / (1.0 - mu_product * mu_next)
    root = np.sqrt(v + eps_root * c2) + eps * math.sqrt(c2)
    u = grad_step * g + step_size * m
    mask, part = caution(u, g, cautious)
    param[...] = keep * param - 1.0 / part * (u * mask) / root


def radam(param, grad, state, t, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0,
          decoupled_weight_decay=False, maximize=False, eps_root=0.0, grad_scale=1.0):  # fmt: skip
    beta1, beta2 = betas
    c1, c2 = 1.0 - power(beta1, t), 1.0 - power(beta2, t)
    rho_inf = 2.0 / (1.0 - beta2) - 1.0
    rho = rho_inf - 2.0 * t * power(beta2, t) / c2
    g = (-grad_scale if maximize else grad_scale) * grad
    keep = 1.0
    if decoupled_weight_decay:
        keep = 1.0 - lr * weight_decay
    elif weight_decay != 0:
        g = g + weight_decay * param
    m = state.setdefault("exp_avg", np.zeros_like(param))
    m[...] = mean(m, g, beta1)
    v = state.setdefault("exp_avg_sq", np.zeros_like(param))
    v[...] = beta2 * v + (1.0 - beta2) * g * g
    if rho > 5.0:
        rectified = (rho - 4.0) * (rho - 2.0) * rho_inf / ((rho_inf - 4.0) * (rho_inf - 2.0) * rho)
        step_size = lr / c1 * math.sqrt(rectified * c2)
        param[...] = keep * param - step_size * m / (np.sqrt(v + eps_root) + eps)
    else:
        param[...] = keep * param - lr / c1 * m


def asgd(param, grad, state, t, *, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0.0, maximize=False,
         grad_scale=1.0):  # fmt: skip
    eta, mu = state.get("eta", lr), state.get("mu", 1.0)
    g = (-grad_scale if maximize else grad_scale) * grad
    if weight_decay != 0:
        g = g + weight_decay * param
    param[...] = (1.0 - lambd * eta) * param - eta * g
    ax = state.setdefault("ax", np.zeros_like(param))
    if mu == 1.0:
        ax[...] = param
    else:
        ax[...] = ax + (param - ax) * mu
    state["eta"] = lr / real_power(1.0 + lambd * lr * t, alpha)
    state["mu"] = 1.0 / max(1.0, t - t0)


# ---- gradients before the rule -------------------------------------------------------------------------------------


def block_sum(block, scale):
    """Sum of (scale * block)**2 in double over 16 lanes, which are added as a tree."""
    lanes = np.zeros(16)
    whole = len(block) // 16 * 16
    values = scale * block.astype(np.float64)
    squares = values * values
    for row in squares[:whole].reshape(-1, 16):
        lanes += row
    lanes[: len(block) - whole] += squares[whole:]
    lanes[:8] += lanes[8:]
    lanes[:4] += lanes[4:8]
    return (float(lanes[0]) + float(lanes[2])) + (float(lanes[1]) + float(lanes[3]))


def sum_squares(arrays, scale):
    """Blocks of 4096 elements of each array in C order, one after the other."""
    total = 0.0
    for array in arrays:
        flat = array.ravel(order="C")
        for start in range(0, flat.size, 4096):
            total += block_sum(flat[start : start + 4096], scale)
    return total


def norm(arrays):
    """Euclidean norm over all arrays; scaled by a power of two where squares leave the range of double."""
    total = sum_squares(arrays, 1.0)
    if 1e-280 < total < 1e300 or math.isnan(total):
        return math.sqrt(total)
    largest = max((float(np.max(np.abs(array))) for array in arrays if array.size), default=0.0)
    if largest == 0 or not math.isfinite(largest):
        return largest
    exponent = max(math.frexp(largest)[1], -1000)
    return float(np.ldexp(math.sqrt(sum_squares(arrays, math.ldexp(1.0, -exponent))), exponent))


def clipped_scale(grads, grad_scale, max_grad_norm):
    """What all gradients are multiplied by: grad_scale, and less where their norm is then above max_grad_norm."""
    factor = max_grad_norm / (norm(grads) * abs(grad_scale) + 1e-6)
    return grad_scale * min(factor, 1.0)


def clipped(grad, scale, bound):
    """The gradient scaled, then each element clipped."""
    return np.clip(scale * grad, -bound, bound)
