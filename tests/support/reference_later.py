"""The oracle of reference.py for rules that torch does not have: the same in every way."""

import math
from decimal import Decimal, localcontext

import numpy as np

from support.reference import caution, mean, power, real_power


def logarithm(x):
    """The float nearest to the natural logarithm of x."""
    with localcontext(prec=40):
        return float(Decimal(x).ln())


def adabelief(param, grad, state, t, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-16, weight_decay=0.0, maximize=False,
              grad_scale=1.0):  # fmt: skip
    beta1, beta2 = betas
    c1, c2 = 1.0 - power(beta1, t), 1.0 - power(beta2, t)
    g = (-grad_scale if maximize else grad_scale) * grad
    m = state.setdefault("exp_avg", np.zeros_like(param))
    m[...] = mean(m, g, beta1)
    v = state.setdefault("exp_avg_var", np.zeros_like(param))
    d = g - m
    v[...] = beta2 * v + (1.0 - beta2) * d * d + eps
    step_size = lr * math.sqrt(c2) / c1
    param[...] = (1.0 - lr * weight_decay) * param - step_size * m / (np.sqrt(v) + eps * math.sqrt(c2))


def yogi(param, grad, state, t, *, lr=1e-2, betas=(0.9, 0.999), eps=1e-3, initial_accumulator_value=1e-6,
         weight_decay=0.0, maximize=False, grad_scale=1.0):  # fmt: skip
    beta1, beta2 = betas
    c1, c2 = 1.0 - power(beta1, t), 1.0 - power(beta2, t)
    g = (-grad_scale if maximize else grad_scale) * grad
    m = state.setdefault("exp_avg", np.full_like(param, initial_accumulator_value))
    m[...] = mean(m, g, beta1)
    v = state.setdefault("exp_avg_sq", np.full_like(param, initial_accumulator_value))
    v[...] = v - (1.0 - beta2) * (np.sign(v - g * g) * (g * g))
    step_size = lr * math.sqrt(c2) / c1
    param[...] = (1.0 - lr * weight_decay) * param - step_size * m / (np.sqrt(v) + eps * math.sqrt(c2))


def adopt(param, grad, state, t, *, lr=1e-3, betas=(0.9, 0.9999), eps=1e-6, weight_decay=0.0, clip_exponent=0.25,
          maximize=False, cautious=False, grad_scale=1.0):  # fmt: skip
    beta1, beta2 = betas
    g = (-grad_scale if maximize else grad_scale) * grad
    m = state.setdefault("exp_avg", np.zeros_like(param))
    v = state.setdefault("exp_avg_sq", np.zeros_like(param))
    bound = real_power(t - 1.0, clip_exponent) if t > 1 else 0.0
    m[...] = mean(m, np.clip(g / np.maximum(np.sqrt(v), eps), -bound, bound), beta1)
    mask, part = caution(m, g, cautious)
    param[...] = (1.0 - lr * weight_decay if t > 1 else 1.0) * param - lr / part * (m * mask)
    v[...] = beta2 * v + (1.0 - beta2) * g * g if t > 1 else g * g


def ademamix(param, grad, state, t, *, lr=1e-3, betas=(0.9, 0.999, 0.9999), alpha=5.0, t_alpha=0.0, t_beta3=0.0,
             eps=1e-8, weight_decay=1e-2, maximize=False, grad_scale=1.0):  # fmt: skip
    beta1, beta2, beta3 = betas
    c1, c2 = 1.0 - power(beta1, t), 1.0 - power(beta2, t)
    if t < t_alpha:
        alpha = alpha * t / t_alpha
    if t < t_beta3:
        ratio = logarithm(beta3) / logarithm(beta1) if beta1 > 0 and beta3 > 0 else 0.0
        beta3 = min(real_power(beta3, 1.0 / ((1.0 - t / t_beta3) * ratio + t / t_beta3)), beta3)
    g = (-grad_scale if maximize else grad_scale) * grad
    m = state.setdefault("exp_avg", np.zeros_like(param))
    m[...] = mean(m, g, beta1)
    slow = state.setdefault("exp_avg_slow", np.zeros_like(param))
    slow[...] = mean(slow, g, beta3)
    v = state.setdefault("exp_avg_sq", np.zeros_like(param))
    v[...] = beta2 * v + (1.0 - beta2) * g * g
    ahead = lr * math.sqrt(c2) / c1 * m + lr * math.sqrt(c2) * alpha * slow
    param[...] = (1.0 - lr * weight_decay) * param - ahead / (np.sqrt(v) + eps * math.sqrt(c2))


def adan(param, grad, state, t, *, lr=1e-3, betas=(0.98, 0.92, 0.99), eps=1e-8, weight_decay=0.0, no_prox=False,
         maximize=False, grad_scale=1.0):  # fmt: skip
    beta1, beta2, beta3 = betas
    c1, c2, c3 = 1.0 - power(beta1, t), 1.0 - power(beta2, t), 1.0 - power(beta3, t)
    keep = 1.0 - lr * weight_decay if no_prox else 1.0
    shrink = 1.0 if no_prox else 1.0 / (1.0 + lr * weight_decay)
    g = np.asarray((-grad_scale if maximize else grad_scale) * grad)
    change = (g + state["neg_pre_grad"]) if t > 1 else 0.0 * g
    m = state.setdefault("exp_avg", np.zeros_like(param))
    m[...] = mean(m, g, beta1)
    d = state.setdefault("exp_avg_diff", np.zeros_like(param))
    d[...] = mean(d, change, beta2)
    ahead = g + beta2 * change
    v = state.setdefault("exp_avg_sq", np.zeros_like(param))
    v[...] = beta3 * v + (1.0 - beta3) * ahead * ahead
    state["neg_pre_grad"] = -g
    step = lr * math.sqrt(c3) / c1 * m + lr * math.sqrt(c3) * beta2 / c2 * d
    param[...] = shrink * (keep * param - step / (np.sqrt(v) + eps * math.sqrt(c3)))


def ftrl(param, grad, state, t, *, lr=1e-3, initial_accumulator_value=0.1, l1_regularization_strength=0.0,
         l2_regularization_strength=0.0, l2_shrinkage_regularization_strength=0.0, beta=0.0, maximize=False,
         grad_scale=1.0):  # fmt: skip
    g = (-grad_scale if maximize else grad_scale) * grad
    n = state.setdefault("accumulator", np.full_like(param, initial_accumulator_value))
    total = n + g * g
    pull = (np.sqrt(total) - np.sqrt(n)) * (1.0 / lr) * param
    shrinkage = 2.0 * l2_shrinkage_regularization_strength
    z = state.setdefault("linear", np.zeros_like(param))
    z[...] = z + (g + shrinkage * param if shrinkage else g) - pull
    n[...] = total
    l1, quadratic = l1_regularization_strength, 2.0 * l2_regularization_strength + beta / lr
    param[...] = (np.clip(z, -l1, l1) - z) / (np.sqrt(total) * (1.0 / lr) + quadratic)


def next_share(state, t, lr, r, weight_lr_power):
    """The weight of step t in the average of a schedule-free rule."""
    state["lr_max"] = max(state.get("lr_max", 0.0), lr)
    weight = real_power(t, r) * real_power(state["lr_max"], weight_lr_power)
    state["weight_sum"] = state.get("weight_sum", 0.0) + weight
    return weight / state["weight_sum"] if state["weight_sum"] else 0.0


def schedule_free_sgd(param, grad, state, t, *, lr=1.0, momentum=0.9, weight_decay=0.0, warmup_steps=0.0, r=0.0,
                      weight_lr_power=2.0, maximize=False, grad_scale=1.0):  # fmt: skip
    lr = lr if t >= warmup_steps else lr * t / warmup_steps
    share = next_share(state, t, lr, r, weight_lr_power)
    u = (-grad_scale if maximize else grad_scale) * grad
    if weight_decay != 0:
        u = u + weight_decay * param
    z = state.setdefault("z", param.copy())
    far = z.copy()
    z[...] = far - lr * u
    param[...] = mean(param, far, 1.0 - share, share) + lr * (momentum * (1.0 - share) - 1.0) * u


def schedule_free_adamw(param, grad, state, t, *, lr=2.5e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0,
                        warmup_steps=0.0, r=0.0, weight_lr_power=2.0, maximize=False, grad_scale=1.0):  # fmt: skip
    beta1, beta2 = betas
    root_c2 = math.sqrt(1.0 - power(beta2, t))
    lr = lr if t >= warmup_steps else lr * t / warmup_steps
    share = next_share(state, t, lr, r, weight_lr_power)
    g = (-grad_scale if maximize else grad_scale) * grad
    v = state.setdefault("exp_avg_sq", np.zeros_like(param))
    v[...] = beta2 * v + (1.0 - beta2) * g * g
    u = root_c2 * g / (np.sqrt(v) + eps * root_c2)
    if weight_decay != 0:
        u = u + weight_decay * param
    z = state.setdefault("z", param.copy())
    far = z.copy()
    z[...] = far - lr * u
    param[...] = mean(param, far, 1.0 - share, share) + lr * (beta1 * (1.0 - share) - 1.0) * u


def schedule_free_radam(param, grad, state, t, *, lr=2.5e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, r=0.0,
                        weight_lr_power=2.0, silent_sgd_phase=True, maximize=False, grad_scale=1.0):  # fmt: skip
    beta1, beta2 = betas
    c2 = 1.0 - power(beta2, t)
    rho_inf = 2.0 / (1.0 - beta2) - 1.0
    rho = rho_inf - 2.0 * t * power(beta2, t) / c2
    if rho > 4.0:
        lr = lr * math.sqrt((rho - 4.0) * (rho - 2.0) * rho_inf / ((rho_inf - 4.0) * (rho_inf - 2.0) * rho))
    elif silent_sgd_phase:
        lr = 0.0
    share = next_share(state, t, lr, r, weight_lr_power)
    g = (-grad_scale if maximize else grad_scale) * grad
    v = state.setdefault("exp_avg_sq", np.zeros_like(param))
    v[...] = beta2 * v + (1.0 - beta2) * g * g
    u = math.sqrt(c2) * g / (np.sqrt(v) + eps * math.sqrt(c2)) if rho > 4.0 else g
    if weight_decay != 0:
        u = u + weight_decay * param
    z = state.setdefault("z", param.copy())
    far = z.copy()
    z[...] = far - lr * u
    param[...] = mean(param, far, 1.0 - share, share) + lr * (beta1 * (1.0 - share) - 1.0) * u
