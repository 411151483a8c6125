# Adafactor: Shazeer & Stern 2018. Its step needs means over rows and columns, which no loop over elements takes: it is
# in engine/factored.pyx. Here are its hyperparameters, so that groups, schedules and clipping are those of all rules.
from fastgd.kernels.real cimport real

ctypedef struct Adafactor "fastgd_Adafactor":
    double lr
    double beta2_decay
    double eps1
    double eps2
    double d
    double weight_decay
    double maximize
    double scale_parameter
    double relative_step
    double warmup_init
    double beta1            # 0 for no momentum
    double form             # 0 torch, 1 transformers
    double cautious
    double corrected_weight_decay   # the largest learning rate, or 0

ctypedef struct AdafactorScalars:
    double grad_scale

cdef enum AdafactorRules:
    ADAFACTOR


cdef inline int fold_adafactor(AdafactorScalars* s, double grad_scale, long long t,
                               const Adafactor* h, double* carry) noexcept nogil:
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    return ADAFACTOR


cdef inline void adafactor(real* restrict param, const real* restrict grad,
                           Py_ssize_t n, const AdafactorScalars* s) noexcept nogil:
    return
