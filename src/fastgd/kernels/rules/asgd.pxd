# Averaged stochastic gradient descent: Polyak & Juditsky 1992; the schedule of Bottou 2010.
from fastgd.kernels.exact cimport real_power
from fastgd.kernels.real cimport real, with_l2

ctypedef struct Asgd "fastgd_Asgd":
    double lr
    double lambd
    double alpha
    double t0
    double weight_decay
    double maximize

ctypedef struct AsgdScalars:
    double grad_scale
    double l2
    double keep         # 1 - lambd * eta
    double step_size    # eta
    double mu

# What goes from step to step; zeros before the first.
ctypedef struct AsgdCarry:
    double eta          # step size of the next step
    double mu           # weight of the next step's parameter in the average

cdef enum AsgdRules:
    ASGD                # until the average begins
    ASGD_AVERAGE


cdef inline int fold_asgd(AsgdScalars* s, double grad_scale, long long t,
                          const Asgd* h, AsgdCarry* carry) noexcept nogil:
    # What is carried is the rate and the weight of the next step, so that a changed lr takes effect one step later, as
    # in torch.
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.l2 = h.weight_decay
    s.step_size = carry.eta if t > 1 else h.lr
    s.mu = carry.mu if t > 1 else 1.0
    s.keep = 1.0 - h.lambd * s.step_size
    carry.eta = h.lr / real_power(1.0 + h.lambd * h.lr * <double>t, h.alpha)
    carry.mu = 1.0 / max(1.0, <double>t - h.t0)
    return ASGD_AVERAGE if s.mu != 1.0 else ASGD


cdef inline void asgd(real* restrict param, const real* restrict grad, real* restrict ax,
                      Py_ssize_t n, const AsgdScalars* s) noexcept nogil:
    # Before averaging begins (mu = 1) the average is the parameter itself.
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2
    cdef real keep = <real>s.keep, step_size = <real>s.step_size
    cdef real p
    cdef Py_ssize_t i
    for i in range(n):
        p = keep * param[i] - step_size * with_l2(grad_scale * grad[i], param[i], l2)
        param[i] = p
        ax[i] = p


cdef inline void asgd_average(real* restrict param, const real* restrict grad, real* restrict ax,
                              Py_ssize_t n, const AsgdScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2
    cdef real keep = <real>s.keep, step_size = <real>s.step_size, mu = <real>s.mu
    cdef real p
    cdef Py_ssize_t i
    for i in range(n):
        p = keep * param[i] - step_size * with_l2(grad_scale * grad[i], param[i], l2)
        param[i] = p
        ax[i] = ax[i] + (p - ax[i]) * mu
