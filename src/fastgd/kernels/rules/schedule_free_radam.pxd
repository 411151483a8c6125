# Schedule-free RAdam: schedule_free_adamw.pxd with the rectified rate of radam.pxd. Steps before the variance can be
# rectified stand still, or go along the gradient itself.
from libc.math cimport sqrt

from fastgd.kernels.exact cimport power
from fastgd.kernels.real cimport begun_with, mean, real, with_l2
from fastgd.kernels.rules.schedule_free_adamw cimport ScheduleFreeAdamwScalars
from fastgd.kernels.rules.schedule_free_sgd cimport next_share

ctypedef struct ScheduleFreeRadam "fastgd_ScheduleFreeRadam":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double r
    double weight_lr_power
    double silent_sgd_phase
    double maximize

# What goes from step to step; zeros before the first.
ctypedef struct ScheduleFreeRadamCarry:
    double weight_sum
    double lr_max

cdef enum ScheduleFreeRadamRules:
    SCHEDULE_FREE_UNRECTIFIED
    SCHEDULE_FREE_ADAMW


cdef inline int fold_schedule_free_radam(ScheduleFreeAdamwScalars* s, double grad_scale, long long t,
                                         const ScheduleFreeRadam* h, ScheduleFreeRadamCarry* carry) noexcept nogil:
    cdef double beta2_t = power(h.beta2, t), c2 = 1.0 - beta2_t
    cdef double rho_inf = 2.0 / (1.0 - h.beta2) - 1.0
    cdef double rho = rho_inf - 2.0 * <double>t * beta2_t / c2
    cdef double lr = 0.0 if h.silent_sgd_phase else h.lr
    if rho > 4.0:
        lr = h.lr * sqrt((rho - 4.0) * (rho - 2.0) * rho_inf / ((rho_inf - 4.0) * (rho_inf - 2.0) * rho))
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.begun = 0.0 if t == 1 else 1.0
    s.decay = h.weight_decay
    s.beta2 = h.beta2
    s.one_minus_beta2 = 1.0 - h.beta2
    s.root_c2 = sqrt(c2)
    s.eps = h.eps * s.root_c2
    s.share = next_share(lr, t, h.r, h.weight_lr_power, &carry.weight_sum, &carry.lr_max)
    s.stay = 1.0 - s.share
    s.y_step = lr * (h.beta1 * (1.0 - s.share) - 1.0)
    s.step_size = lr
    return SCHEDULE_FREE_ADAMW if rho > 4.0 else SCHEDULE_FREE_UNRECTIFIED


cdef inline void schedule_free_unrectified(real* restrict param, const real* restrict grad,
                                           real* restrict z, real* restrict exp_avg_sq,
                                           Py_ssize_t n, const ScheduleFreeAdamwScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, begun = <real>s.begun, decay = <real>s.decay
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real stay = <real>s.stay, share = <real>s.share, y_step = <real>s.y_step, step_size = <real>s.step_size
    cdef real g, y, far, u
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        y = param[i]
        far = begun_with(z[i], y, begun)
        u = with_l2(g, y, decay)
        exp_avg_sq[i] = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        z[i] = far - step_size * u
        param[i] = mean(y, far, stay, share) + y_step * u
