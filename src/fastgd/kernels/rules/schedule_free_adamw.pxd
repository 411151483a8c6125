# Schedule-free AdamW: Defazio et al. 2024, appendix; the averages of schedule_free_sgd.pxd.
from libc.math cimport sqrt

from fastgd.kernels.exact cimport power
from fastgd.kernels.real cimport begun_with, mean, real, root, with_l2
from fastgd.kernels.rules.schedule_free_sgd cimport next_share, warmed_lr

ctypedef struct ScheduleFreeAdamw "fastgd_ScheduleFreeAdamw":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double warmup_steps
    double r
    double weight_lr_power
    double maximize

ctypedef struct ScheduleFreeAdamwScalars:
    double grad_scale
    double begun        # 0 on the first step, then 1
    double decay        # weight_decay at y
    double beta2
    double one_minus_beta2
    double root_c2      # sqrt(1 - beta2**t): what the gradient is divided by are raw moments
    double eps
    double stay         # 1 - share
    double share        # of z in the average
    double y_step
    double step_size    # of z

# What goes from step to step; zeros before the first.
ctypedef struct ScheduleFreeAdamwCarry:
    double weight_sum
    double lr_max

cdef enum ScheduleFreeAdamwRules:
    SCHEDULE_FREE_ADAMW


cdef inline int fold_schedule_free_adamw(ScheduleFreeAdamwScalars* s, double grad_scale, long long t,
                                         const ScheduleFreeAdamw* h, ScheduleFreeAdamwCarry* carry) noexcept nogil:
    cdef double lr = warmed_lr(h.lr, t, h.warmup_steps)
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.begun = 0.0 if t == 1 else 1.0
    s.decay = h.weight_decay
    s.beta2 = h.beta2
    s.one_minus_beta2 = 1.0 - h.beta2
    s.root_c2 = sqrt(1.0 - power(h.beta2, t))
    s.eps = h.eps * s.root_c2
    s.share = next_share(lr, t, h.r, h.weight_lr_power, &carry.weight_sum, &carry.lr_max)
    s.stay = 1.0 - s.share
    s.y_step = lr * (h.beta1 * (1.0 - s.share) - 1.0)
    s.step_size = lr
    return SCHEDULE_FREE_ADAMW


cdef inline void schedule_free_adamw(real* restrict param, const real* restrict grad,
                                     real* restrict z, real* restrict exp_avg_sq,
                                     Py_ssize_t n, const ScheduleFreeAdamwScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, begun = <real>s.begun, decay = <real>s.decay
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real root_c2 = <real>s.root_c2, eps = <real>s.eps
    cdef real stay = <real>s.stay, share = <real>s.share, y_step = <real>s.y_step, step_size = <real>s.step_size
    cdef real g, v, y, far, u
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        v = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        y = param[i]
        far = begun_with(z[i], y, begun)
        u = with_l2(root_c2 * g / (root(v) + eps), y, decay)
        exp_avg_sq[i] = v
        z[i] = far - step_size * u
        param[i] = mean(y, far, stay, share) + y_step * u
