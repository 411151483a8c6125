# Written by make derive from kernels/rules/*.pxd and optimizers/*.py; edit those.
# Measuring passes in lanes: the pass is inlined for LANES elements at a time, so that its terms stay in
# registers; those of element i are added to lane i % LANES.
from fastgd.kernels.real cimport real
from fastgd.kernels.reductions cimport LANES, as_tree


cdef void summed_adam_cautious_measure(real* restrict param, const real* restrict grad, real* restrict exp_avg,
                                       real* restrict exp_avg_sq, double* restrict sums, Py_ssize_t n,
                                       const AdamScalars* scalars) noexcept nogil:
    cdef AdamScalars own = scalars[0]
    cdef double[LANES] terms_0, lanes_0
    cdef Py_ssize_t i = 0, j, rest = n % LANES
    for j in range(LANES):
        lanes_0[j] = 0
    while i < n - rest:
        adam_cautious_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, terms_0, LANES, &own)
        for j in range(LANES):
            lanes_0[j] += terms_0[j]
        i += LANES
    if rest:
        adam_cautious_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, terms_0, rest, &own)
        for j in range(rest):
            lanes_0[j] += terms_0[j]
    sums[0] += as_tree(lanes_0)


cdef void summed_amsgrad_cautious_measure(real* restrict param, const real* restrict grad, real* restrict exp_avg,
                                          real* restrict exp_avg_sq, real* restrict max_exp_avg_sq,
                                          double* restrict sums, Py_ssize_t n,
                                          const AdamScalars* scalars) noexcept nogil:
    cdef AdamScalars own = scalars[0]
    cdef double[LANES] terms_0, lanes_0
    cdef Py_ssize_t i = 0, j, rest = n % LANES
    for j in range(LANES):
        lanes_0[j] = 0
    while i < n - rest:
        amsgrad_cautious_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, max_exp_avg_sq + i, terms_0, LANES,
                                 &own)
        for j in range(LANES):
            lanes_0[j] += terms_0[j]
        i += LANES
    if rest:
        amsgrad_cautious_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, max_exp_avg_sq + i, terms_0, rest,
                                 &own)
        for j in range(rest):
            lanes_0[j] += terms_0[j]
    sums[0] += as_tree(lanes_0)


cdef void summed_adopt_cautious_measure(real* restrict param, const real* restrict grad, real* restrict exp_avg,
                                        real* restrict exp_avg_sq, double* restrict sums, Py_ssize_t n,
                                        const AdoptScalars* scalars) noexcept nogil:
    cdef AdoptScalars own = scalars[0]
    cdef double[LANES] terms_0, lanes_0
    cdef Py_ssize_t i = 0, j, rest = n % LANES
    for j in range(LANES):
        lanes_0[j] = 0
    while i < n - rest:
        adopt_cautious_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, terms_0, LANES, &own)
        for j in range(LANES):
            lanes_0[j] += terms_0[j]
        i += LANES
    if rest:
        adopt_cautious_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, terms_0, rest, &own)
        for j in range(rest):
            lanes_0[j] += terms_0[j]
    sums[0] += as_tree(lanes_0)


cdef void summed_dadapt_adam_measure(real* restrict param, const real* restrict grad, real* restrict exp_avg,
                                     real* restrict exp_avg_sq, real* restrict s, double* restrict sums, Py_ssize_t n,
                                     const DadaptAdamScalars* scalars) noexcept nogil:
    cdef DadaptAdamScalars own = scalars[0]
    cdef double[LANES] terms_0, terms_1, lanes_0, lanes_1
    cdef Py_ssize_t i = 0, j, rest = n % LANES
    for j in range(LANES):
        lanes_0[j] = 0
        lanes_1[j] = 0
    while i < n - rest:
        dadapt_adam_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, s + i, terms_0, terms_1, LANES, &own)
        for j in range(LANES):
            lanes_0[j] += terms_0[j]
            lanes_1[j] += terms_1[j]
        i += LANES
    if rest:
        dadapt_adam_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, s + i, terms_0, terms_1, rest, &own)
        for j in range(rest):
            lanes_0[j] += terms_0[j]
            lanes_1[j] += terms_1[j]
    sums[0] += as_tree(lanes_0)
    sums[1] += as_tree(lanes_1)


cdef void summed_lamb_measure(real* restrict param, const real* restrict grad, real* restrict exp_avg,
                              real* restrict exp_avg_sq, double* restrict sums, Py_ssize_t n,
                              const LambScalars* scalars) noexcept nogil:
    cdef LambScalars own = scalars[0]
    cdef double[LANES] terms_0, terms_1, lanes_0, lanes_1
    cdef Py_ssize_t i = 0, j, rest = n % LANES
    for j in range(LANES):
        lanes_0[j] = 0
        lanes_1[j] = 0
    while i < n - rest:
        lamb_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, terms_0, terms_1, LANES, &own)
        for j in range(LANES):
            lanes_0[j] += terms_0[j]
            lanes_1[j] += terms_1[j]
        i += LANES
    if rest:
        lamb_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, terms_0, terms_1, rest, &own)
        for j in range(rest):
            lanes_0[j] += terms_0[j]
            lanes_1[j] += terms_1[j]
    sums[0] += as_tree(lanes_0)
    sums[1] += as_tree(lanes_1)


cdef void summed_lamb_cautious_measure(real* restrict param, const real* restrict grad, real* restrict exp_avg,
                                       real* restrict exp_avg_sq, double* restrict sums, Py_ssize_t n,
                                       const LambScalars* scalars) noexcept nogil:
    cdef LambScalars own = scalars[0]
    cdef double[LANES] terms_0, lanes_0
    cdef Py_ssize_t i = 0, j, rest = n % LANES
    for j in range(LANES):
        lanes_0[j] = 0
    while i < n - rest:
        lamb_cautious_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, terms_0, LANES, &own)
        for j in range(LANES):
            lanes_0[j] += terms_0[j]
        i += LANES
    if rest:
        lamb_cautious_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, terms_0, rest, &own)
        for j in range(rest):
            lanes_0[j] += terms_0[j]
    sums[0] += as_tree(lanes_0)


cdef void summed_lamb_cautious_measure_2(real* restrict param, const real* restrict grad, real* restrict exp_avg,
                                         real* restrict exp_avg_sq, double* restrict sums, Py_ssize_t n,
                                         const LambScalars* scalars) noexcept nogil:
    cdef LambScalars own = scalars[0]
    cdef double[LANES] terms_0, terms_1, lanes_0, lanes_1
    cdef Py_ssize_t i = 0, j, rest = n % LANES
    for j in range(LANES):
        lanes_0[j] = 0
        lanes_1[j] = 0
    while i < n - rest:
        lamb_cautious_measure_2(param + i, grad + i, exp_avg + i, exp_avg_sq + i, terms_0, terms_1, LANES, &own)
        for j in range(LANES):
            lanes_0[j] += terms_0[j]
            lanes_1[j] += terms_1[j]
        i += LANES
    if rest:
        lamb_cautious_measure_2(param + i, grad + i, exp_avg + i, exp_avg_sq + i, terms_0, terms_1, rest, &own)
        for j in range(rest):
            lanes_0[j] += terms_0[j]
            lanes_1[j] += terms_1[j]
    sums[0] += as_tree(lanes_0)
    sums[1] += as_tree(lanes_1)


cdef void summed_laprop_cautious_measure(real* restrict param, const real* restrict grad, real* restrict exp_avg,
                                         real* restrict exp_avg_sq, double* restrict sums, Py_ssize_t n,
                                         const LapropScalars* scalars) noexcept nogil:
    cdef LapropScalars own = scalars[0]
    cdef double[LANES] terms_0, lanes_0
    cdef Py_ssize_t i = 0, j, rest = n % LANES
    for j in range(LANES):
        lanes_0[j] = 0
    while i < n - rest:
        laprop_cautious_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, terms_0, LANES, &own)
        for j in range(LANES):
            lanes_0[j] += terms_0[j]
        i += LANES
    if rest:
        laprop_cautious_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, terms_0, rest, &own)
        for j in range(rest):
            lanes_0[j] += terms_0[j]
    sums[0] += as_tree(lanes_0)


cdef void summed_lars_measure(real* restrict param, const real* restrict grad, real* restrict momentum_buffer,
                              double* restrict sums, Py_ssize_t n, const LarsScalars* scalars) noexcept nogil:
    cdef LarsScalars own = scalars[0]
    cdef double[LANES] terms_0, terms_1, lanes_0, lanes_1
    cdef Py_ssize_t i = 0, j, rest = n % LANES
    for j in range(LANES):
        lanes_0[j] = 0
        lanes_1[j] = 0
    while i < n - rest:
        lars_measure(param + i, grad + i, momentum_buffer + i, terms_0, terms_1, LANES, &own)
        for j in range(LANES):
            lanes_0[j] += terms_0[j]
            lanes_1[j] += terms_1[j]
        i += LANES
    if rest:
        lars_measure(param + i, grad + i, momentum_buffer + i, terms_0, terms_1, rest, &own)
        for j in range(rest):
            lanes_0[j] += terms_0[j]
            lanes_1[j] += terms_1[j]
    sums[0] += as_tree(lanes_0)
    sums[1] += as_tree(lanes_1)


cdef void summed_lars_nesterov_measure(real* restrict param, const real* restrict grad, real* restrict momentum_buffer,
                                       double* restrict sums, Py_ssize_t n, const LarsScalars* scalars) noexcept nogil:
    cdef LarsScalars own = scalars[0]
    cdef double[LANES] terms_0, terms_1, lanes_0, lanes_1
    cdef Py_ssize_t i = 0, j, rest = n % LANES
    for j in range(LANES):
        lanes_0[j] = 0
        lanes_1[j] = 0
    while i < n - rest:
        lars_nesterov_measure(param + i, grad + i, momentum_buffer + i, terms_0, terms_1, LANES, &own)
        for j in range(LANES):
            lanes_0[j] += terms_0[j]
            lanes_1[j] += terms_1[j]
        i += LANES
    if rest:
        lars_nesterov_measure(param + i, grad + i, momentum_buffer + i, terms_0, terms_1, rest, &own)
        for j in range(rest):
            lanes_0[j] += terms_0[j]
            lanes_1[j] += terms_1[j]
    sums[0] += as_tree(lanes_0)
    sums[1] += as_tree(lanes_1)


cdef void summed_lion_cautious_measure(real* restrict param, const real* restrict grad, real* restrict momentum_buffer,
                                       double* restrict sums, Py_ssize_t n, const LionScalars* scalars) noexcept nogil:
    cdef LionScalars own = scalars[0]
    cdef double[LANES] terms_0, lanes_0
    cdef Py_ssize_t i = 0, j, rest = n % LANES
    for j in range(LANES):
        lanes_0[j] = 0
    while i < n - rest:
        lion_cautious_measure(param + i, grad + i, momentum_buffer + i, terms_0, LANES, &own)
        for j in range(LANES):
            lanes_0[j] += terms_0[j]
        i += LANES
    if rest:
        lion_cautious_measure(param + i, grad + i, momentum_buffer + i, terms_0, rest, &own)
        for j in range(rest):
            lanes_0[j] += terms_0[j]
    sums[0] += as_tree(lanes_0)


cdef void summed_mars_measure(real* restrict param, const real* restrict grad, real* restrict exp_avg,
                              real* restrict exp_avg_sq, real* restrict last_grad, double* restrict sums, Py_ssize_t n,
                              const MarsScalars* scalars) noexcept nogil:
    cdef MarsScalars own = scalars[0]
    cdef double[LANES] terms_0, lanes_0
    cdef Py_ssize_t i = 0, j, rest = n % LANES
    for j in range(LANES):
        lanes_0[j] = 0
    while i < n - rest:
        mars_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, last_grad + i, terms_0, LANES, &own)
        for j in range(LANES):
            lanes_0[j] += terms_0[j]
        i += LANES
    if rest:
        mars_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, last_grad + i, terms_0, rest, &own)
        for j in range(rest):
            lanes_0[j] += terms_0[j]
    sums[0] += as_tree(lanes_0)


cdef void summed_mars_cautious_measure(real* restrict param, const real* restrict grad, real* restrict exp_avg,
                                       real* restrict exp_avg_sq, real* restrict last_grad, double* restrict sums,
                                       Py_ssize_t n, const MarsScalars* scalars) noexcept nogil:
    cdef MarsScalars own = scalars[0]
    cdef double[LANES] terms_0, lanes_0
    cdef Py_ssize_t i = 0, j, rest = n % LANES
    for j in range(LANES):
        lanes_0[j] = 0
    while i < n - rest:
        mars_cautious_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, last_grad + i, terms_0, LANES, &own)
        for j in range(LANES):
            lanes_0[j] += terms_0[j]
        i += LANES
    if rest:
        mars_cautious_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, last_grad + i, terms_0, rest, &own)
        for j in range(rest):
            lanes_0[j] += terms_0[j]
    sums[0] += as_tree(lanes_0)


cdef void summed_mars_cautious_measure_2(real* restrict param, const real* restrict grad, real* restrict exp_avg,
                                         real* restrict exp_avg_sq, real* restrict last_grad, double* restrict sums,
                                         Py_ssize_t n, const MarsScalars* scalars) noexcept nogil:
    cdef MarsScalars own = scalars[0]
    cdef double[LANES] terms_0, lanes_0
    cdef Py_ssize_t i = 0, j, rest = n % LANES
    for j in range(LANES):
        lanes_0[j] = 0
    while i < n - rest:
        mars_cautious_measure_2(param + i, grad + i, exp_avg + i, exp_avg_sq + i, last_grad + i, terms_0, LANES, &own)
        for j in range(LANES):
            lanes_0[j] += terms_0[j]
        i += LANES
    if rest:
        mars_cautious_measure_2(param + i, grad + i, exp_avg + i, exp_avg_sq + i, last_grad + i, terms_0, rest, &own)
        for j in range(rest):
            lanes_0[j] += terms_0[j]
    sums[0] += as_tree(lanes_0)


cdef void summed_nadam_cautious_measure(real* restrict param, const real* restrict grad, real* restrict exp_avg,
                                        real* restrict exp_avg_sq, double* restrict sums, Py_ssize_t n,
                                        const NadamScalars* scalars) noexcept nogil:
    cdef NadamScalars own = scalars[0]
    cdef double[LANES] terms_0, lanes_0
    cdef Py_ssize_t i = 0, j, rest = n % LANES
    for j in range(LANES):
        lanes_0[j] = 0
    while i < n - rest:
        nadam_cautious_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, terms_0, LANES, &own)
        for j in range(LANES):
            lanes_0[j] += terms_0[j]
        i += LANES
    if rest:
        nadam_cautious_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, terms_0, rest, &own)
        for j in range(rest):
            lanes_0[j] += terms_0[j]
    sums[0] += as_tree(lanes_0)


cdef void summed_novograd_measure(real* restrict param, const real* restrict grad, real* restrict exp_avg,
                                  double* restrict sums, Py_ssize_t n, const NovogradScalars* scalars) noexcept nogil:
    cdef NovogradScalars own = scalars[0]
    cdef double[LANES] terms_0, lanes_0
    cdef Py_ssize_t i = 0, j, rest = n % LANES
    for j in range(LANES):
        lanes_0[j] = 0
    while i < n - rest:
        novograd_measure(param + i, grad + i, exp_avg + i, terms_0, LANES, &own)
        for j in range(LANES):
            lanes_0[j] += terms_0[j]
        i += LANES
    if rest:
        novograd_measure(param + i, grad + i, exp_avg + i, terms_0, rest, &own)
        for j in range(rest):
            lanes_0[j] += terms_0[j]
    sums[0] += as_tree(lanes_0)


cdef void summed_prodigy_measure(real* restrict param, const real* restrict grad, real* restrict exp_avg,
                                 real* restrict exp_avg_sq, real* restrict s, real* restrict p0, double* restrict sums,
                                 Py_ssize_t n, const ProdigyScalars* scalars) noexcept nogil:
    cdef ProdigyScalars own = scalars[0]
    cdef double[LANES] terms_0, terms_1, lanes_0, lanes_1
    cdef Py_ssize_t i = 0, j, rest = n % LANES
    for j in range(LANES):
        lanes_0[j] = 0
        lanes_1[j] = 0
    while i < n - rest:
        prodigy_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, s + i, p0 + i, terms_0, terms_1, LANES, &own)
        for j in range(LANES):
            lanes_0[j] += terms_0[j]
            lanes_1[j] += terms_1[j]
        i += LANES
    if rest:
        prodigy_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, s + i, p0 + i, terms_0, terms_1, rest, &own)
        for j in range(rest):
            lanes_0[j] += terms_0[j]
            lanes_1[j] += terms_1[j]
    sums[0] += as_tree(lanes_0)
    sums[1] += as_tree(lanes_1)


cdef void summed_row_wise_adagrad_measure(real* restrict param, const real* restrict grad, double* restrict sums,
                                          Py_ssize_t n, const RowWiseAdagradScalars* scalars) noexcept nogil:
    cdef RowWiseAdagradScalars own = scalars[0]
    cdef double[LANES] terms_0, lanes_0
    cdef Py_ssize_t i = 0, j, rest = n % LANES
    for j in range(LANES):
        lanes_0[j] = 0
    while i < n - rest:
        row_wise_adagrad_measure(param + i, grad + i, terms_0, LANES, &own)
        for j in range(LANES):
            lanes_0[j] += terms_0[j]
        i += LANES
    if rest:
        row_wise_adagrad_measure(param + i, grad + i, terms_0, rest, &own)
        for j in range(rest):
            lanes_0[j] += terms_0[j]
    sums[0] += as_tree(lanes_0)


cdef void summed_stable_adamw_measure(real* restrict param, const real* restrict grad, real* restrict exp_avg,
                                      real* restrict exp_avg_sq, double* restrict sums, Py_ssize_t n,
                                      const StableAdamwScalars* scalars) noexcept nogil:
    cdef StableAdamwScalars own = scalars[0]
    cdef double[LANES] terms_0, lanes_0
    cdef Py_ssize_t i = 0, j, rest = n % LANES
    for j in range(LANES):
        lanes_0[j] = 0
    while i < n - rest:
        stable_adamw_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, terms_0, LANES, &own)
        for j in range(LANES):
            lanes_0[j] += terms_0[j]
        i += LANES
    if rest:
        stable_adamw_measure(param + i, grad + i, exp_avg + i, exp_avg_sq + i, terms_0, rest, &own)
        for j in range(rest):
            lanes_0[j] += terms_0[j]
    sums[0] += as_tree(lanes_0)
