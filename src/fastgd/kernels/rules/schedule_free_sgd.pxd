# Schedule-free SGD: Defazio et al. 2024, Algorithm 1. The parameter is y, where gradients are taken; z is where steps
# go; x, their weighted average, follows from both: x = y + (1 - 1 / momentum) * (z - y).
from fastgd.kernels.exact cimport real_power
from fastgd.kernels.real cimport begun_with, mean, real, with_l2

ctypedef struct ScheduleFreeSgd "fastgd_ScheduleFreeSgd":
    double lr
    double momentum
    double weight_decay
    double warmup_steps
    double r
    double weight_lr_power
    double maximize

ctypedef struct ScheduleFreeSgdScalars:
    double grad_scale
    double begun        # 0 on the first step, then 1
    double decay        # weight_decay at y
    double stay         # 1 - share
    double share        # of z in the average
    double y_step       # -lr * (1 - momentum * (1 - share))
    double step_size    # of z

# What goes from step to step; zeros before the first.
ctypedef struct ScheduleFreeSgdCarry:
    double weight_sum
    double lr_max

cdef enum ScheduleFreeSgdRules:
    SCHEDULE_FREE_SGD


cdef inline double next_share(double lr, long long t, double r, double weight_lr_power,
                              double* weight_sum, double* lr_max) noexcept nogil:
    # The weight of this step in the average, over all so far; steps without a rate have none.
    cdef double weight
    if t == 1:
        weight_sum[0] = lr_max[0] = 0.0
    lr_max[0] = max(lr_max[0], lr)
    weight = real_power(<double>t, r) * real_power(lr_max[0], weight_lr_power)
    weight_sum[0] += weight
    return weight / weight_sum[0] if weight_sum[0] != 0 else 0.0


cdef inline double warmed_lr(double lr, long long t, double warmup_steps) noexcept nogil:
    return lr if <double>t >= warmup_steps else lr * <double>t / warmup_steps


cdef inline int fold_schedule_free_sgd(ScheduleFreeSgdScalars* s, double grad_scale, long long t,
                                       const ScheduleFreeSgd* h, ScheduleFreeSgdCarry* carry) noexcept nogil:
    cdef double lr = warmed_lr(h.lr, t, h.warmup_steps)
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.begun = 0.0 if t == 1 else 1.0
    s.decay = h.weight_decay
    s.share = next_share(lr, t, h.r, h.weight_lr_power, &carry.weight_sum, &carry.lr_max)
    s.stay = 1.0 - s.share
    s.y_step = lr * (h.momentum * (1.0 - s.share) - 1.0)
    s.step_size = lr
    return SCHEDULE_FREE_SGD


cdef inline void schedule_free_sgd(real* restrict param, const real* restrict grad, real* restrict z,
                                   Py_ssize_t n, const ScheduleFreeSgdScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, begun = <real>s.begun, decay = <real>s.decay
    cdef real stay = <real>s.stay, share = <real>s.share, y_step = <real>s.y_step, step_size = <real>s.step_size
    cdef real y, far, u
    cdef Py_ssize_t i
    for i in range(n):
        y = param[i]
        far = begun_with(z[i], y, begun)
        u = with_l2(grad_scale * grad[i], y, decay)
        z[i] = far - step_size * u
        param[i] = mean(y, far, stay, share) + y_step * u
