# Muon: Jordan et al. 2024. The class has made `update`, orthogonal, of what the momentum becomes; this is the pass that
# changes the momentum and the parameter.
from fastgd.kernels.decay cimport corrected
from fastgd.kernels.real cimport real

ctypedef struct Muon "fastgd_Muon":
    double lr
    double weight_decay
    double momentum
    double nesterov
    double ns_a
    double ns_b
    double ns_c
    double eps
    double ns_steps
    double adjust_lr_fn     # 0 original, 1 match_rms_adamw
    double maximize
    double corrected_weight_decay   # the largest learning rate, or 0

ctypedef struct MuonScalars:
    double grad_scale
    double keep         # 1 - lr * weight_decay
    double one_minus_momentum
    double step_size

cdef enum MuonRules:
    MUON


cdef inline int fold_muon(MuonScalars* s, double grad_scale, long long t, const Muon* h, double* carry) noexcept nogil:
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.keep = 1.0 - h.lr * corrected(h.weight_decay, h.lr, h.corrected_weight_decay)
    s.one_minus_momentum = 1.0 - h.momentum
    s.step_size = h.lr
    return MUON


cdef inline void muon(real* restrict param, const real* restrict grad,
                      real* restrict momentum_buffer, real* restrict update,
                      Py_ssize_t n, const MuonScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, keep = <real>s.keep
    cdef real one_minus_momentum = <real>s.one_minus_momentum, step_size = <real>s.step_size
    cdef Py_ssize_t i
    for i in range(n):
        momentum_buffer[i] = momentum_buffer[i] + one_minus_momentum * (grad_scale * grad[i] - momentum_buffer[i])
        param[i] = keep * param[i] - step_size * update[i]
