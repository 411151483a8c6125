# Muon: Jordan et al. 2024. This is the pass before its matrix products: weight decay and momentum, and what is to be
# orthogonalized; the class has the products and the step along them.
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
    double grad_share   # of the gradient in what is orthogonalized
    double share        # of the momentum in it

cdef enum MuonRules:
    MUON


cdef inline int fold_muon(MuonScalars* s, double grad_scale, long long t, const Muon* h, double* carry) noexcept nogil:
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.keep = 1.0 - h.lr * corrected(h.weight_decay, h.lr, h.corrected_weight_decay)
    s.one_minus_momentum = 1.0 - h.momentum
    s.grad_share = 1.0 - h.momentum if h.nesterov else 0.0
    s.share = h.momentum if h.nesterov else 1.0
    return MUON


cdef inline void muon(real* restrict param, const real* restrict grad,
                      real* restrict momentum_buffer, real* restrict update,
                      Py_ssize_t n, const MuonScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, keep = <real>s.keep
    cdef real one_minus_momentum = <real>s.one_minus_momentum
    cdef real grad_share = <real>s.grad_share, share = <real>s.share
    cdef real g, m
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        m = momentum_buffer[i] + one_minus_momentum * (g - momentum_buffer[i])
        momentum_buffer[i] = m
        update[i] = grad_share * g + share * m
        param[i] = keep * param[i]
