"""
Every rule as its paper or torch's documentation states it, in float64 and with nothing folded.

The second oracle, for comparison with a tolerance: it shares no algebra with reference.py, so that an error made in
folding scalars shows here. The same functions and arguments as there.
"""

import numpy as np


def sgd(param, grad, state, t, *, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False, maximize=False,
        momentum_form="heavy_ball"):  # fmt: skip
    g = -grad if maximize else grad
    g = g + weight_decay * param
    if momentum == 0:
        param -= lr * g
        return
    if momentum_form == "ema":
        g = (1 - momentum) * g
        b = state["b"] = momentum * state.get("b", 0) + g
    elif t == 1:
        b = state["b"] = g
    else:
        b = state["b"] = momentum * state["b"] + (1 - dampening) * g
    param -= lr * (g + momentum * b if nesterov else b)


def sign_sgd(param, grad, state, t, *, lr=1e-3, momentum=0, weight_decay=0, maximize=False):
    g = -grad if maximize else grad
    g = g + weight_decay * param
    b = state["b"] = momentum * state.get("b", 0) + (1 - momentum) * g
    param -= lr * np.sign(b)


def lion(param, grad, state, t, *, lr=1e-4, betas=(0.9, 0.99), weight_decay=0, maximize=False):
    g = -grad if maximize else grad
    m = state.get("m", 0)
    param -= lr * weight_decay * param
    param -= lr * np.sign(betas[0] * m + (1 - betas[0]) * g)
    state["m"] = betas[1] * m + (1 - betas[1]) * g


def adagrad(param, grad, state, t, *, lr=1e-2, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10,
            maximize=False, eps_root=0):  # fmt: skip
    g = -grad if maximize else grad
    g = g + weight_decay * param
    s = state["s"] = state.get("s", initial_accumulator_value) + g**2
    param -= lr / (1 + (t - 1) * lr_decay) * (g / (np.sqrt(s + eps_root) + eps))


def adadelta(param, grad, state, t, *, lr=1, rho=0.9, eps=1e-6, weight_decay=0, maximize=False):
    g = -grad if maximize else grad
    g = g + weight_decay * param
    v = state["v"] = rho * state.get("v", 0) + (1 - rho) * g**2
    u = state.get("u", 0)
    delta = np.sqrt(u + eps) / np.sqrt(v + eps) * g
    state["u"] = rho * u + (1 - rho) * delta**2
    param -= lr * delta


def rmsprop(param, grad, state, t, *, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False,
            maximize=False, eps_root=0):  # fmt: skip
    g = -grad if maximize else grad
    g = g + weight_decay * param
    v = state["v"] = alpha * state.get("v", 0) + (1 - alpha) * g**2
    if centered:
        a = state["a"] = alpha * state.get("a", 0) + (1 - alpha) * g
        v = v - a**2
    q = g / (np.sqrt(v + eps_root) + eps)
    b = state["b"] = momentum * state.get("b", 0) + q
    param -= lr * b


def rprop(param, grad, state, t, *, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50), maximize=False):
    g = -grad if maximize else grad
    r = g * state.get("prev", 0)
    size = state.get("size", lr) * np.where(r > 0, etas[1], np.where(r < 0, etas[0], 1))
    size = state["size"] = np.minimum(np.maximum(size, step_sizes[0]), step_sizes[1])
    g = state["prev"] = np.where(r < 0, 0, g)
    param -= np.sign(g) * size


def adam(param, grad, state, t, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False,
         maximize=False, decoupled_weight_decay=False, eps_root=0, eps_hat=False):  # fmt: skip
    beta1, beta2 = betas
    g = -grad if maximize else grad
    if decoupled_weight_decay:
        param -= lr * weight_decay * param
    else:
        g = g + weight_decay * param
    m = state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
    v = state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * g**2
    if amsgrad:
        v = state["v_max"] = np.maximum(state.get("v_max", 0), v)
    if eps_hat:
        param -= lr * np.sqrt(1 - beta2**t) / (1 - beta1**t) * m / (np.sqrt(v + eps_root) + eps)
    else:
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        param -= lr * m_hat / (np.sqrt(v_hat + eps_root) + eps)


def adamw(param, grad, state, t, *, weight_decay=1e-2, **others):
    adam(param, grad, state, t, weight_decay=weight_decay, decoupled_weight_decay=True, **others)


def adamax(param, grad, state, t, *, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, maximize=False):
    g = -grad if maximize else grad
    g = g + weight_decay * param
    m = state["m"] = betas[0] * state.get("m", 0) + (1 - betas[0]) * g
    u = state["u"] = np.maximum(betas[1] * state.get("u", 0), np.abs(g) + eps)
    param -= lr / (1 - betas[0] ** t) * (m / u)


def nadam(param, grad, state, t, *, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, momentum_decay=4e-3,
          decoupled_weight_decay=False, maximize=False, eps_root=0):  # fmt: skip
    beta1, beta2 = betas
    g = -grad if maximize else grad
    if decoupled_weight_decay:
        param -= lr * weight_decay * param
    else:
        g = g + weight_decay * param
    mus = [beta1 * (1 - 0.96 ** (k * momentum_decay) / 2) for k in range(1, t + 2)]
    product = np.prod(mus[:-1])
    m = state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
    v = state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * g**2
    look_ahead = (1 - mus[-2]) * g / (1 - product) + mus[-1] * m / (1 - product * mus[-1])
    param -= lr * look_ahead / (np.sqrt(v / (1 - beta2**t) + eps_root) + eps)


def radam(param, grad, state, t, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0,
          decoupled_weight_decay=False, maximize=False, eps_root=0):  # fmt: skip
    beta1, beta2 = betas
    g = -grad if maximize else grad
    if decoupled_weight_decay:
        param -= lr * weight_decay * param
    else:
        g = g + weight_decay * param
    m = state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
    v = state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    rho_inf = 2 / (1 - beta2) - 1
    rho = rho_inf - 2 * t * beta2**t / (1 - beta2**t)
    if rho <= 5:
        param -= lr * m_hat
        return
    r = np.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
    param -= lr * m_hat * r * np.sqrt(1 - beta2**t) / (np.sqrt(v + eps_root) + eps)


def asgd(param, grad, state, t, *, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0, maximize=False):
    g = -grad if maximize else grad
    g = g + weight_decay * param
    eta = lr if t == 1 else lr / (1 + lambd * lr * (t - 1)) ** alpha
    mu = 1 if t == 1 else 1 / max(1, t - 1 - t0)
    param *= 1 - lambd * eta
    param -= eta * g
    ax = state.get("ax", 0)
    state["ax"] = param.copy() if mu == 1 else ax + (param - ax) * mu
