# Written by make derive from kernels/rules/*.pxd and optimizers/*.py; edit those.
# Rules of one pass on arrays as they are stored, where some are in bfloat16: see direct.pxd.
from libc.stdint cimport int16_t, uint16_t

from fastgd.kernels.direct cimport load, load_two, store_two
from fastgd.kernels.formats.bfloat16 cimport nearest_bfloat16
from fastgd.kernels.formats.master cimport joined, part


cdef void ada_pnm_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict exp_avg,
                           uint16_t* restrict neg_exp_avg, uint16_t* restrict exp_avg_sq, Py_ssize_t n,
                           const AdaPnmScalars* scalars) noexcept nogil:
    cdef AdaPnmScalars own = scalars[0]
    cdef float param_1, grad_1, exp_avg_1, neg_exp_avg_1, exp_avg_sq_1
    cdef float param_2, grad_2, exp_avg_2, neg_exp_avg_2, exp_avg_sq_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(exp_avg + 2 * i, &exp_avg_1, &exp_avg_2)
        load_two(neg_exp_avg + 2 * i, &neg_exp_avg_1, &neg_exp_avg_2)
        load_two(exp_avg_sq + 2 * i, &exp_avg_sq_1, &exp_avg_sq_2)
        ada_pnm[float](&param_1, &grad_1, &exp_avg_1, &neg_exp_avg_1, &exp_avg_sq_1, 1, &own)
        ada_pnm[float](&param_2, &grad_2, &exp_avg_2, &neg_exp_avg_2, &exp_avg_sq_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(exp_avg + 2 * i, exp_avg_1, exp_avg_2)
        store_two(neg_exp_avg + 2 * i, neg_exp_avg_1, neg_exp_avg_2)
        store_two(exp_avg_sq + 2 * i, exp_avg_sq_1, exp_avg_sq_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        exp_avg_1 = load(exp_avg[i])
        neg_exp_avg_1 = load(neg_exp_avg[i])
        exp_avg_sq_1 = load(exp_avg_sq[i])
        ada_pnm[float](&param_1, &grad_1, &exp_avg_1, &neg_exp_avg_1, &exp_avg_sq_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        exp_avg[i] = nearest_bfloat16(exp_avg_1)
        neg_exp_avg[i] = nearest_bfloat16(neg_exp_avg_1)
        exp_avg_sq[i] = nearest_bfloat16(exp_avg_sq_1)


cdef void ada_pnm_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                         float* restrict exp_avg, float* restrict neg_exp_avg,
                                         float* restrict exp_avg_sq, Py_ssize_t n,
                                         const AdaPnmScalars* scalars) noexcept nogil:
    cdef AdaPnmScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        ada_pnm[float](&param_1, &grad_1, exp_avg + i, neg_exp_avg + i, exp_avg_sq + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void ada_pnm_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                float* restrict neg_exp_avg, float* restrict exp_avg_sq, Py_ssize_t n,
                                const AdaPnmScalars* scalars) noexcept nogil:
    cdef AdaPnmScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        ada_pnm[float](param + i, &grad_1, exp_avg + i, neg_exp_avg + i, exp_avg_sq + i, 1, &own)


cdef void ada_pnm_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                  float* restrict neg_exp_avg, float* restrict exp_avg_sq, int16_t* restrict remainder,
                                  Py_ssize_t n, const AdaPnmScalars* scalars) noexcept nogil:
    cdef AdaPnmScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        ada_pnm[float](&param_1, &grad_1, exp_avg + i, neg_exp_avg + i, exp_avg_sq + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void ada_pnm_bound_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict exp_avg,
                                 uint16_t* restrict neg_exp_avg, uint16_t* restrict exp_avg_sq,
                                 uint16_t* restrict max_exp_avg_sq, Py_ssize_t n,
                                 const AdaPnmScalars* scalars) noexcept nogil:
    cdef AdaPnmScalars own = scalars[0]
    cdef float param_1, grad_1, exp_avg_1, neg_exp_avg_1, exp_avg_sq_1, max_exp_avg_sq_1
    cdef float param_2, grad_2, exp_avg_2, neg_exp_avg_2, exp_avg_sq_2, max_exp_avg_sq_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(exp_avg + 2 * i, &exp_avg_1, &exp_avg_2)
        load_two(neg_exp_avg + 2 * i, &neg_exp_avg_1, &neg_exp_avg_2)
        load_two(exp_avg_sq + 2 * i, &exp_avg_sq_1, &exp_avg_sq_2)
        load_two(max_exp_avg_sq + 2 * i, &max_exp_avg_sq_1, &max_exp_avg_sq_2)
        ada_pnm_bound[float](&param_1, &grad_1, &exp_avg_1, &neg_exp_avg_1, &exp_avg_sq_1, &max_exp_avg_sq_1, 1, &own)
        ada_pnm_bound[float](&param_2, &grad_2, &exp_avg_2, &neg_exp_avg_2, &exp_avg_sq_2, &max_exp_avg_sq_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(exp_avg + 2 * i, exp_avg_1, exp_avg_2)
        store_two(neg_exp_avg + 2 * i, neg_exp_avg_1, neg_exp_avg_2)
        store_two(exp_avg_sq + 2 * i, exp_avg_sq_1, exp_avg_sq_2)
        store_two(max_exp_avg_sq + 2 * i, max_exp_avg_sq_1, max_exp_avg_sq_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        exp_avg_1 = load(exp_avg[i])
        neg_exp_avg_1 = load(neg_exp_avg[i])
        exp_avg_sq_1 = load(exp_avg_sq[i])
        max_exp_avg_sq_1 = load(max_exp_avg_sq[i])
        ada_pnm_bound[float](&param_1, &grad_1, &exp_avg_1, &neg_exp_avg_1, &exp_avg_sq_1, &max_exp_avg_sq_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        exp_avg[i] = nearest_bfloat16(exp_avg_1)
        neg_exp_avg[i] = nearest_bfloat16(neg_exp_avg_1)
        exp_avg_sq[i] = nearest_bfloat16(exp_avg_sq_1)
        max_exp_avg_sq[i] = nearest_bfloat16(max_exp_avg_sq_1)


cdef void ada_pnm_bound_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                               float* restrict exp_avg, float* restrict neg_exp_avg,
                                               float* restrict exp_avg_sq, float* restrict max_exp_avg_sq, Py_ssize_t n,
                                               const AdaPnmScalars* scalars) noexcept nogil:
    cdef AdaPnmScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        ada_pnm_bound[float](&param_1, &grad_1, exp_avg + i, neg_exp_avg + i, exp_avg_sq + i, max_exp_avg_sq + i, 1,
                             &own)
        param[i] = nearest_bfloat16(param_1)


cdef void ada_pnm_bound_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                      float* restrict neg_exp_avg, float* restrict exp_avg_sq,
                                      float* restrict max_exp_avg_sq, Py_ssize_t n,
                                      const AdaPnmScalars* scalars) noexcept nogil:
    cdef AdaPnmScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        ada_pnm_bound[float](param + i, &grad_1, exp_avg + i, neg_exp_avg + i, exp_avg_sq + i, max_exp_avg_sq + i, 1,
                             &own)


cdef void ada_pnm_bound_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad,
                                        float* restrict exp_avg, float* restrict neg_exp_avg,
                                        float* restrict exp_avg_sq, float* restrict max_exp_avg_sq,
                                        int16_t* restrict remainder, Py_ssize_t n,
                                        const AdaPnmScalars* scalars) noexcept nogil:
    cdef AdaPnmScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        ada_pnm_bound[float](&param_1, &grad_1, exp_avg + i, neg_exp_avg + i, exp_avg_sq + i, max_exp_avg_sq + i, 1,
                             &own)
        part(param_1, param + i, remainder + i)


cdef void adabelief_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict exp_avg,
                             uint16_t* restrict exp_avg_var, Py_ssize_t n,
                             const AdabeliefScalars* scalars) noexcept nogil:
    cdef AdabeliefScalars own = scalars[0]
    cdef float param_1, grad_1, exp_avg_1, exp_avg_var_1
    cdef float param_2, grad_2, exp_avg_2, exp_avg_var_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(exp_avg + 2 * i, &exp_avg_1, &exp_avg_2)
        load_two(exp_avg_var + 2 * i, &exp_avg_var_1, &exp_avg_var_2)
        adabelief[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_var_1, 1, &own)
        adabelief[float](&param_2, &grad_2, &exp_avg_2, &exp_avg_var_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(exp_avg + 2 * i, exp_avg_1, exp_avg_2)
        store_two(exp_avg_var + 2 * i, exp_avg_var_1, exp_avg_var_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        exp_avg_1 = load(exp_avg[i])
        exp_avg_var_1 = load(exp_avg_var[i])
        adabelief[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_var_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        exp_avg[i] = nearest_bfloat16(exp_avg_1)
        exp_avg_var[i] = nearest_bfloat16(exp_avg_var_1)


cdef void adabelief_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                           float* restrict exp_avg, float* restrict exp_avg_var, Py_ssize_t n,
                                           const AdabeliefScalars* scalars) noexcept nogil:
    cdef AdabeliefScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        adabelief[float](&param_1, &grad_1, exp_avg + i, exp_avg_var + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void adabelief_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                  float* restrict exp_avg_var, Py_ssize_t n,
                                  const AdabeliefScalars* scalars) noexcept nogil:
    cdef AdabeliefScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        adabelief[float](param + i, &grad_1, exp_avg + i, exp_avg_var + i, 1, &own)


cdef void adabelief_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                    float* restrict exp_avg_var, int16_t* restrict remainder, Py_ssize_t n,
                                    const AdabeliefScalars* scalars) noexcept nogil:
    cdef AdabeliefScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        adabelief[float](&param_1, &grad_1, exp_avg + i, exp_avg_var + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void adadelta_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict square_avg,
                            uint16_t* restrict acc_delta, Py_ssize_t n, const AdadeltaScalars* scalars) noexcept nogil:
    cdef AdadeltaScalars own = scalars[0]
    cdef float param_1, grad_1, square_avg_1, acc_delta_1
    cdef float param_2, grad_2, square_avg_2, acc_delta_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(square_avg + 2 * i, &square_avg_1, &square_avg_2)
        load_two(acc_delta + 2 * i, &acc_delta_1, &acc_delta_2)
        adadelta[float](&param_1, &grad_1, &square_avg_1, &acc_delta_1, 1, &own)
        adadelta[float](&param_2, &grad_2, &square_avg_2, &acc_delta_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(square_avg + 2 * i, square_avg_1, square_avg_2)
        store_two(acc_delta + 2 * i, acc_delta_1, acc_delta_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        square_avg_1 = load(square_avg[i])
        acc_delta_1 = load(acc_delta[i])
        adadelta[float](&param_1, &grad_1, &square_avg_1, &acc_delta_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        square_avg[i] = nearest_bfloat16(square_avg_1)
        acc_delta[i] = nearest_bfloat16(acc_delta_1)


cdef void adadelta_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                          float* restrict square_avg, float* restrict acc_delta, Py_ssize_t n,
                                          const AdadeltaScalars* scalars) noexcept nogil:
    cdef AdadeltaScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        adadelta[float](&param_1, &grad_1, square_avg + i, acc_delta + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void adadelta_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict square_avg,
                                 float* restrict acc_delta, Py_ssize_t n,
                                 const AdadeltaScalars* scalars) noexcept nogil:
    cdef AdadeltaScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        adadelta[float](param + i, &grad_1, square_avg + i, acc_delta + i, 1, &own)


cdef void adadelta_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict square_avg,
                                   float* restrict acc_delta, int16_t* restrict remainder, Py_ssize_t n,
                                   const AdadeltaScalars* scalars) noexcept nogil:
    cdef AdadeltaScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        adadelta[float](&param_1, &grad_1, square_avg + i, acc_delta + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void adafactor_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, Py_ssize_t n,
                             const AdafactorScalars* scalars) noexcept nogil:
    cdef AdafactorScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef float param_2, grad_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        adafactor[float](&param_1, &grad_1, 1, &own)
        adafactor[float](&param_2, &grad_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        adafactor[float](&param_1, &grad_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void adafactor_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad, Py_ssize_t n,
                                           const AdafactorScalars* scalars) noexcept nogil:
    cdef AdafactorScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        adafactor[float](&param_1, &grad_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void adafactor_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, Py_ssize_t n,
                                  const AdafactorScalars* scalars) noexcept nogil:
    cdef AdafactorScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        adafactor[float](param + i, &grad_1, 1, &own)


cdef void adafactor_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad,
                                    int16_t* restrict remainder, Py_ssize_t n,
                                    const AdafactorScalars* scalars) noexcept nogil:
    cdef AdafactorScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        adafactor[float](&param_1, &grad_1, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void adagrad_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict sum,
                           Py_ssize_t n, const AdagradScalars* scalars) noexcept nogil:
    cdef AdagradScalars own = scalars[0]
    cdef float param_1, grad_1, sum_1
    cdef float param_2, grad_2, sum_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(sum + 2 * i, &sum_1, &sum_2)
        adagrad[float](&param_1, &grad_1, &sum_1, 1, &own)
        adagrad[float](&param_2, &grad_2, &sum_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(sum + 2 * i, sum_1, sum_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        sum_1 = load(sum[i])
        adagrad[float](&param_1, &grad_1, &sum_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        sum[i] = nearest_bfloat16(sum_1)


cdef void adagrad_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict sum,
                                         Py_ssize_t n, const AdagradScalars* scalars) noexcept nogil:
    cdef AdagradScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        adagrad[float](&param_1, &grad_1, sum + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void adagrad_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict sum, Py_ssize_t n,
                                const AdagradScalars* scalars) noexcept nogil:
    cdef AdagradScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        adagrad[float](param + i, &grad_1, sum + i, 1, &own)


cdef void adagrad_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict sum,
                                  int16_t* restrict remainder, Py_ssize_t n,
                                  const AdagradScalars* scalars) noexcept nogil:
    cdef AdagradScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        adagrad[float](&param_1, &grad_1, sum + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void adam_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict exp_avg,
                        uint16_t* restrict exp_avg_sq, Py_ssize_t n, const AdamScalars* scalars) noexcept nogil:
    cdef AdamScalars own = scalars[0]
    cdef float param_1, grad_1, exp_avg_1, exp_avg_sq_1
    cdef float param_2, grad_2, exp_avg_2, exp_avg_sq_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(exp_avg + 2 * i, &exp_avg_1, &exp_avg_2)
        load_two(exp_avg_sq + 2 * i, &exp_avg_sq_1, &exp_avg_sq_2)
        adam[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_sq_1, 1, &own)
        adam[float](&param_2, &grad_2, &exp_avg_2, &exp_avg_sq_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(exp_avg + 2 * i, exp_avg_1, exp_avg_2)
        store_two(exp_avg_sq + 2 * i, exp_avg_sq_1, exp_avg_sq_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        exp_avg_1 = load(exp_avg[i])
        exp_avg_sq_1 = load(exp_avg_sq[i])
        adam[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_sq_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        exp_avg[i] = nearest_bfloat16(exp_avg_1)
        exp_avg_sq[i] = nearest_bfloat16(exp_avg_sq_1)


cdef void adam_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                      float* restrict exp_avg_sq, Py_ssize_t n,
                                      const AdamScalars* scalars) noexcept nogil:
    cdef AdamScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        adam[float](&param_1, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void adam_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                             float* restrict exp_avg_sq, Py_ssize_t n, const AdamScalars* scalars) noexcept nogil:
    cdef AdamScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        adam[float](param + i, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)


cdef void adam_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                               float* restrict exp_avg_sq, int16_t* restrict remainder, Py_ssize_t n,
                               const AdamScalars* scalars) noexcept nogil:
    cdef AdamScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        adam[float](&param_1, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void amsgrad_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict exp_avg,
                           uint16_t* restrict exp_avg_sq, uint16_t* restrict max_exp_avg_sq, Py_ssize_t n,
                           const AdamScalars* scalars) noexcept nogil:
    cdef AdamScalars own = scalars[0]
    cdef float param_1, grad_1, exp_avg_1, exp_avg_sq_1, max_exp_avg_sq_1
    cdef float param_2, grad_2, exp_avg_2, exp_avg_sq_2, max_exp_avg_sq_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(exp_avg + 2 * i, &exp_avg_1, &exp_avg_2)
        load_two(exp_avg_sq + 2 * i, &exp_avg_sq_1, &exp_avg_sq_2)
        load_two(max_exp_avg_sq + 2 * i, &max_exp_avg_sq_1, &max_exp_avg_sq_2)
        amsgrad[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_sq_1, &max_exp_avg_sq_1, 1, &own)
        amsgrad[float](&param_2, &grad_2, &exp_avg_2, &exp_avg_sq_2, &max_exp_avg_sq_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(exp_avg + 2 * i, exp_avg_1, exp_avg_2)
        store_two(exp_avg_sq + 2 * i, exp_avg_sq_1, exp_avg_sq_2)
        store_two(max_exp_avg_sq + 2 * i, max_exp_avg_sq_1, max_exp_avg_sq_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        exp_avg_1 = load(exp_avg[i])
        exp_avg_sq_1 = load(exp_avg_sq[i])
        max_exp_avg_sq_1 = load(max_exp_avg_sq[i])
        amsgrad[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_sq_1, &max_exp_avg_sq_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        exp_avg[i] = nearest_bfloat16(exp_avg_1)
        exp_avg_sq[i] = nearest_bfloat16(exp_avg_sq_1)
        max_exp_avg_sq[i] = nearest_bfloat16(max_exp_avg_sq_1)


cdef void amsgrad_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                         float* restrict exp_avg, float* restrict exp_avg_sq,
                                         float* restrict max_exp_avg_sq, Py_ssize_t n,
                                         const AdamScalars* scalars) noexcept nogil:
    cdef AdamScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        amsgrad[float](&param_1, &grad_1, exp_avg + i, exp_avg_sq + i, max_exp_avg_sq + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void amsgrad_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                float* restrict exp_avg_sq, float* restrict max_exp_avg_sq, Py_ssize_t n,
                                const AdamScalars* scalars) noexcept nogil:
    cdef AdamScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        amsgrad[float](param + i, &grad_1, exp_avg + i, exp_avg_sq + i, max_exp_avg_sq + i, 1, &own)


cdef void amsgrad_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                  float* restrict exp_avg_sq, float* restrict max_exp_avg_sq,
                                  int16_t* restrict remainder, Py_ssize_t n, const AdamScalars* scalars) noexcept nogil:
    cdef AdamScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        amsgrad[float](&param_1, &grad_1, exp_avg + i, exp_avg_sq + i, max_exp_avg_sq + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void adam_atan2_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict exp_avg,
                              uint16_t* restrict exp_avg_sq, Py_ssize_t n,
                              const AdamAtan2Scalars* scalars) noexcept nogil:
    cdef AdamAtan2Scalars own = scalars[0]
    cdef float param_1, grad_1, exp_avg_1, exp_avg_sq_1
    cdef float param_2, grad_2, exp_avg_2, exp_avg_sq_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(exp_avg + 2 * i, &exp_avg_1, &exp_avg_2)
        load_two(exp_avg_sq + 2 * i, &exp_avg_sq_1, &exp_avg_sq_2)
        adam_atan2[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_sq_1, 1, &own)
        adam_atan2[float](&param_2, &grad_2, &exp_avg_2, &exp_avg_sq_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(exp_avg + 2 * i, exp_avg_1, exp_avg_2)
        store_two(exp_avg_sq + 2 * i, exp_avg_sq_1, exp_avg_sq_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        exp_avg_1 = load(exp_avg[i])
        exp_avg_sq_1 = load(exp_avg_sq[i])
        adam_atan2[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_sq_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        exp_avg[i] = nearest_bfloat16(exp_avg_1)
        exp_avg_sq[i] = nearest_bfloat16(exp_avg_sq_1)


cdef void adam_atan2_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                            float* restrict exp_avg, float* restrict exp_avg_sq, Py_ssize_t n,
                                            const AdamAtan2Scalars* scalars) noexcept nogil:
    cdef AdamAtan2Scalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        adam_atan2[float](&param_1, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void adam_atan2_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                   float* restrict exp_avg_sq, Py_ssize_t n,
                                   const AdamAtan2Scalars* scalars) noexcept nogil:
    cdef AdamAtan2Scalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        adam_atan2[float](param + i, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)


cdef void adam_atan2_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                     float* restrict exp_avg_sq, int16_t* restrict remainder, Py_ssize_t n,
                                     const AdamAtan2Scalars* scalars) noexcept nogil:
    cdef AdamAtan2Scalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        adam_atan2[float](&param_1, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void adamax_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict exp_avg,
                          uint16_t* restrict exp_inf, Py_ssize_t n, const AdamaxScalars* scalars) noexcept nogil:
    cdef AdamaxScalars own = scalars[0]
    cdef float param_1, grad_1, exp_avg_1, exp_inf_1
    cdef float param_2, grad_2, exp_avg_2, exp_inf_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(exp_avg + 2 * i, &exp_avg_1, &exp_avg_2)
        load_two(exp_inf + 2 * i, &exp_inf_1, &exp_inf_2)
        adamax[float](&param_1, &grad_1, &exp_avg_1, &exp_inf_1, 1, &own)
        adamax[float](&param_2, &grad_2, &exp_avg_2, &exp_inf_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(exp_avg + 2 * i, exp_avg_1, exp_avg_2)
        store_two(exp_inf + 2 * i, exp_inf_1, exp_inf_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        exp_avg_1 = load(exp_avg[i])
        exp_inf_1 = load(exp_inf[i])
        adamax[float](&param_1, &grad_1, &exp_avg_1, &exp_inf_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        exp_avg[i] = nearest_bfloat16(exp_avg_1)
        exp_inf[i] = nearest_bfloat16(exp_inf_1)


cdef void adamax_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                        float* restrict exp_avg, float* restrict exp_inf, Py_ssize_t n,
                                        const AdamaxScalars* scalars) noexcept nogil:
    cdef AdamaxScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        adamax[float](&param_1, &grad_1, exp_avg + i, exp_inf + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void adamax_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                               float* restrict exp_inf, Py_ssize_t n, const AdamaxScalars* scalars) noexcept nogil:
    cdef AdamaxScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        adamax[float](param + i, &grad_1, exp_avg + i, exp_inf + i, 1, &own)


cdef void adamax_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                 float* restrict exp_inf, int16_t* restrict remainder, Py_ssize_t n,
                                 const AdamaxScalars* scalars) noexcept nogil:
    cdef AdamaxScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        adamax[float](&param_1, &grad_1, exp_avg + i, exp_inf + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void adan_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict exp_avg,
                        uint16_t* restrict exp_avg_diff, uint16_t* restrict exp_avg_sq, uint16_t* restrict neg_pre_grad,
                        Py_ssize_t n, const AdanScalars* scalars) noexcept nogil:
    cdef AdanScalars own = scalars[0]
    cdef float param_1, grad_1, exp_avg_1, exp_avg_diff_1, exp_avg_sq_1, neg_pre_grad_1
    cdef float param_2, grad_2, exp_avg_2, exp_avg_diff_2, exp_avg_sq_2, neg_pre_grad_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(exp_avg + 2 * i, &exp_avg_1, &exp_avg_2)
        load_two(exp_avg_diff + 2 * i, &exp_avg_diff_1, &exp_avg_diff_2)
        load_two(exp_avg_sq + 2 * i, &exp_avg_sq_1, &exp_avg_sq_2)
        load_two(neg_pre_grad + 2 * i, &neg_pre_grad_1, &neg_pre_grad_2)
        adan[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_diff_1, &exp_avg_sq_1, &neg_pre_grad_1, 1, &own)
        adan[float](&param_2, &grad_2, &exp_avg_2, &exp_avg_diff_2, &exp_avg_sq_2, &neg_pre_grad_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(exp_avg + 2 * i, exp_avg_1, exp_avg_2)
        store_two(exp_avg_diff + 2 * i, exp_avg_diff_1, exp_avg_diff_2)
        store_two(exp_avg_sq + 2 * i, exp_avg_sq_1, exp_avg_sq_2)
        store_two(neg_pre_grad + 2 * i, neg_pre_grad_1, neg_pre_grad_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        exp_avg_1 = load(exp_avg[i])
        exp_avg_diff_1 = load(exp_avg_diff[i])
        exp_avg_sq_1 = load(exp_avg_sq[i])
        neg_pre_grad_1 = load(neg_pre_grad[i])
        adan[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_diff_1, &exp_avg_sq_1, &neg_pre_grad_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        exp_avg[i] = nearest_bfloat16(exp_avg_1)
        exp_avg_diff[i] = nearest_bfloat16(exp_avg_diff_1)
        exp_avg_sq[i] = nearest_bfloat16(exp_avg_sq_1)
        neg_pre_grad[i] = nearest_bfloat16(neg_pre_grad_1)


cdef void adan_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                      float* restrict exp_avg_diff, float* restrict exp_avg_sq,
                                      float* restrict neg_pre_grad, Py_ssize_t n,
                                      const AdanScalars* scalars) noexcept nogil:
    cdef AdanScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        adan[float](&param_1, &grad_1, exp_avg + i, exp_avg_diff + i, exp_avg_sq + i, neg_pre_grad + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void adan_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                             float* restrict exp_avg_diff, float* restrict exp_avg_sq, float* restrict neg_pre_grad,
                             Py_ssize_t n, const AdanScalars* scalars) noexcept nogil:
    cdef AdanScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        adan[float](param + i, &grad_1, exp_avg + i, exp_avg_diff + i, exp_avg_sq + i, neg_pre_grad + i, 1, &own)


cdef void adan_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                               float* restrict exp_avg_diff, float* restrict exp_avg_sq, float* restrict neg_pre_grad,
                               int16_t* restrict remainder, Py_ssize_t n, const AdanScalars* scalars) noexcept nogil:
    cdef AdanScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        adan[float](&param_1, &grad_1, exp_avg + i, exp_avg_diff + i, exp_avg_sq + i, neg_pre_grad + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void ademamix_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict exp_avg,
                            uint16_t* restrict exp_avg_slow, uint16_t* restrict exp_avg_sq, Py_ssize_t n,
                            const AdemamixScalars* scalars) noexcept nogil:
    cdef AdemamixScalars own = scalars[0]
    cdef float param_1, grad_1, exp_avg_1, exp_avg_slow_1, exp_avg_sq_1
    cdef float param_2, grad_2, exp_avg_2, exp_avg_slow_2, exp_avg_sq_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(exp_avg + 2 * i, &exp_avg_1, &exp_avg_2)
        load_two(exp_avg_slow + 2 * i, &exp_avg_slow_1, &exp_avg_slow_2)
        load_two(exp_avg_sq + 2 * i, &exp_avg_sq_1, &exp_avg_sq_2)
        ademamix[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_slow_1, &exp_avg_sq_1, 1, &own)
        ademamix[float](&param_2, &grad_2, &exp_avg_2, &exp_avg_slow_2, &exp_avg_sq_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(exp_avg + 2 * i, exp_avg_1, exp_avg_2)
        store_two(exp_avg_slow + 2 * i, exp_avg_slow_1, exp_avg_slow_2)
        store_two(exp_avg_sq + 2 * i, exp_avg_sq_1, exp_avg_sq_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        exp_avg_1 = load(exp_avg[i])
        exp_avg_slow_1 = load(exp_avg_slow[i])
        exp_avg_sq_1 = load(exp_avg_sq[i])
        ademamix[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_slow_1, &exp_avg_sq_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        exp_avg[i] = nearest_bfloat16(exp_avg_1)
        exp_avg_slow[i] = nearest_bfloat16(exp_avg_slow_1)
        exp_avg_sq[i] = nearest_bfloat16(exp_avg_sq_1)


cdef void ademamix_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                          float* restrict exp_avg, float* restrict exp_avg_slow,
                                          float* restrict exp_avg_sq, Py_ssize_t n,
                                          const AdemamixScalars* scalars) noexcept nogil:
    cdef AdemamixScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        ademamix[float](&param_1, &grad_1, exp_avg + i, exp_avg_slow + i, exp_avg_sq + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void ademamix_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                 float* restrict exp_avg_slow, float* restrict exp_avg_sq, Py_ssize_t n,
                                 const AdemamixScalars* scalars) noexcept nogil:
    cdef AdemamixScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        ademamix[float](param + i, &grad_1, exp_avg + i, exp_avg_slow + i, exp_avg_sq + i, 1, &own)


cdef void ademamix_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                   float* restrict exp_avg_slow, float* restrict exp_avg_sq,
                                   int16_t* restrict remainder, Py_ssize_t n,
                                   const AdemamixScalars* scalars) noexcept nogil:
    cdef AdemamixScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        ademamix[float](&param_1, &grad_1, exp_avg + i, exp_avg_slow + i, exp_avg_sq + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void adopt_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict exp_avg,
                         uint16_t* restrict exp_avg_sq, Py_ssize_t n, const AdoptScalars* scalars) noexcept nogil:
    cdef AdoptScalars own = scalars[0]
    cdef float param_1, grad_1, exp_avg_1, exp_avg_sq_1
    cdef float param_2, grad_2, exp_avg_2, exp_avg_sq_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(exp_avg + 2 * i, &exp_avg_1, &exp_avg_2)
        load_two(exp_avg_sq + 2 * i, &exp_avg_sq_1, &exp_avg_sq_2)
        adopt[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_sq_1, 1, &own)
        adopt[float](&param_2, &grad_2, &exp_avg_2, &exp_avg_sq_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(exp_avg + 2 * i, exp_avg_1, exp_avg_2)
        store_two(exp_avg_sq + 2 * i, exp_avg_sq_1, exp_avg_sq_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        exp_avg_1 = load(exp_avg[i])
        exp_avg_sq_1 = load(exp_avg_sq[i])
        adopt[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_sq_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        exp_avg[i] = nearest_bfloat16(exp_avg_1)
        exp_avg_sq[i] = nearest_bfloat16(exp_avg_sq_1)


cdef void adopt_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                       float* restrict exp_avg_sq, Py_ssize_t n,
                                       const AdoptScalars* scalars) noexcept nogil:
    cdef AdoptScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        adopt[float](&param_1, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void adopt_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                              float* restrict exp_avg_sq, Py_ssize_t n, const AdoptScalars* scalars) noexcept nogil:
    cdef AdoptScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        adopt[float](param + i, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)


cdef void adopt_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                float* restrict exp_avg_sq, int16_t* restrict remainder, Py_ssize_t n,
                                const AdoptScalars* scalars) noexcept nogil:
    cdef AdoptScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        adopt[float](&param_1, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void asgd_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict ax, Py_ssize_t n,
                        const AsgdScalars* scalars) noexcept nogil:
    cdef AsgdScalars own = scalars[0]
    cdef float param_1, grad_1, ax_1
    cdef float param_2, grad_2, ax_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(ax + 2 * i, &ax_1, &ax_2)
        asgd[float](&param_1, &grad_1, &ax_1, 1, &own)
        asgd[float](&param_2, &grad_2, &ax_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(ax + 2 * i, ax_1, ax_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        ax_1 = load(ax[i])
        asgd[float](&param_1, &grad_1, &ax_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        ax[i] = nearest_bfloat16(ax_1)


cdef void asgd_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict ax,
                                      Py_ssize_t n, const AsgdScalars* scalars) noexcept nogil:
    cdef AsgdScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        asgd[float](&param_1, &grad_1, ax + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void asgd_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict ax, Py_ssize_t n,
                             const AsgdScalars* scalars) noexcept nogil:
    cdef AsgdScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        asgd[float](param + i, &grad_1, ax + i, 1, &own)


cdef void asgd_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict ax,
                               int16_t* restrict remainder, Py_ssize_t n, const AsgdScalars* scalars) noexcept nogil:
    cdef AsgdScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        asgd[float](&param_1, &grad_1, ax + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void asgd_average_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict ax,
                                Py_ssize_t n, const AsgdScalars* scalars) noexcept nogil:
    cdef AsgdScalars own = scalars[0]
    cdef float param_1, grad_1, ax_1
    cdef float param_2, grad_2, ax_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(ax + 2 * i, &ax_1, &ax_2)
        asgd_average[float](&param_1, &grad_1, &ax_1, 1, &own)
        asgd_average[float](&param_2, &grad_2, &ax_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(ax + 2 * i, ax_1, ax_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        ax_1 = load(ax[i])
        asgd_average[float](&param_1, &grad_1, &ax_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        ax[i] = nearest_bfloat16(ax_1)


cdef void asgd_average_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                              float* restrict ax, Py_ssize_t n,
                                              const AsgdScalars* scalars) noexcept nogil:
    cdef AsgdScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        asgd_average[float](&param_1, &grad_1, ax + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void asgd_average_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict ax,
                                     Py_ssize_t n, const AsgdScalars* scalars) noexcept nogil:
    cdef AsgdScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        asgd_average[float](param + i, &grad_1, ax + i, 1, &own)


cdef void asgd_average_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict ax,
                                       int16_t* restrict remainder, Py_ssize_t n,
                                       const AsgdScalars* scalars) noexcept nogil:
    cdef AsgdScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        asgd_average[float](&param_1, &grad_1, ax + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void ftrl_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict accumulator,
                        uint16_t* restrict linear, Py_ssize_t n, const FtrlScalars* scalars) noexcept nogil:
    cdef FtrlScalars own = scalars[0]
    cdef float param_1, grad_1, accumulator_1, linear_1
    cdef float param_2, grad_2, accumulator_2, linear_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(accumulator + 2 * i, &accumulator_1, &accumulator_2)
        load_two(linear + 2 * i, &linear_1, &linear_2)
        ftrl[float](&param_1, &grad_1, &accumulator_1, &linear_1, 1, &own)
        ftrl[float](&param_2, &grad_2, &accumulator_2, &linear_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(accumulator + 2 * i, accumulator_1, accumulator_2)
        store_two(linear + 2 * i, linear_1, linear_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        accumulator_1 = load(accumulator[i])
        linear_1 = load(linear[i])
        ftrl[float](&param_1, &grad_1, &accumulator_1, &linear_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        accumulator[i] = nearest_bfloat16(accumulator_1)
        linear[i] = nearest_bfloat16(linear_1)


cdef void ftrl_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                      float* restrict accumulator, float* restrict linear, Py_ssize_t n,
                                      const FtrlScalars* scalars) noexcept nogil:
    cdef FtrlScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        ftrl[float](&param_1, &grad_1, accumulator + i, linear + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void ftrl_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict accumulator,
                             float* restrict linear, Py_ssize_t n, const FtrlScalars* scalars) noexcept nogil:
    cdef FtrlScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        ftrl[float](param + i, &grad_1, accumulator + i, linear + i, 1, &own)


cdef void ftrl_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict accumulator,
                               float* restrict linear, int16_t* restrict remainder, Py_ssize_t n,
                               const FtrlScalars* scalars) noexcept nogil:
    cdef FtrlScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        ftrl[float](&param_1, &grad_1, accumulator + i, linear + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void grams_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict exp_avg,
                         uint16_t* restrict exp_avg_sq, Py_ssize_t n, const GramsScalars* scalars) noexcept nogil:
    cdef GramsScalars own = scalars[0]
    cdef float param_1, grad_1, exp_avg_1, exp_avg_sq_1
    cdef float param_2, grad_2, exp_avg_2, exp_avg_sq_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(exp_avg + 2 * i, &exp_avg_1, &exp_avg_2)
        load_two(exp_avg_sq + 2 * i, &exp_avg_sq_1, &exp_avg_sq_2)
        grams[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_sq_1, 1, &own)
        grams[float](&param_2, &grad_2, &exp_avg_2, &exp_avg_sq_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(exp_avg + 2 * i, exp_avg_1, exp_avg_2)
        store_two(exp_avg_sq + 2 * i, exp_avg_sq_1, exp_avg_sq_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        exp_avg_1 = load(exp_avg[i])
        exp_avg_sq_1 = load(exp_avg_sq[i])
        grams[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_sq_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        exp_avg[i] = nearest_bfloat16(exp_avg_1)
        exp_avg_sq[i] = nearest_bfloat16(exp_avg_sq_1)


cdef void grams_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                       float* restrict exp_avg_sq, Py_ssize_t n,
                                       const GramsScalars* scalars) noexcept nogil:
    cdef GramsScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        grams[float](&param_1, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void grams_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                              float* restrict exp_avg_sq, Py_ssize_t n, const GramsScalars* scalars) noexcept nogil:
    cdef GramsScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        grams[float](param + i, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)


cdef void grams_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                float* restrict exp_avg_sq, int16_t* restrict remainder, Py_ssize_t n,
                                const GramsScalars* scalars) noexcept nogil:
    cdef GramsScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        grams[float](&param_1, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void laprop_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict exp_avg,
                          uint16_t* restrict exp_avg_sq, Py_ssize_t n, const LapropScalars* scalars) noexcept nogil:
    cdef LapropScalars own = scalars[0]
    cdef float param_1, grad_1, exp_avg_1, exp_avg_sq_1
    cdef float param_2, grad_2, exp_avg_2, exp_avg_sq_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(exp_avg + 2 * i, &exp_avg_1, &exp_avg_2)
        load_two(exp_avg_sq + 2 * i, &exp_avg_sq_1, &exp_avg_sq_2)
        laprop[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_sq_1, 1, &own)
        laprop[float](&param_2, &grad_2, &exp_avg_2, &exp_avg_sq_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(exp_avg + 2 * i, exp_avg_1, exp_avg_2)
        store_two(exp_avg_sq + 2 * i, exp_avg_sq_1, exp_avg_sq_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        exp_avg_1 = load(exp_avg[i])
        exp_avg_sq_1 = load(exp_avg_sq[i])
        laprop[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_sq_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        exp_avg[i] = nearest_bfloat16(exp_avg_1)
        exp_avg_sq[i] = nearest_bfloat16(exp_avg_sq_1)


cdef void laprop_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                        float* restrict exp_avg, float* restrict exp_avg_sq, Py_ssize_t n,
                                        const LapropScalars* scalars) noexcept nogil:
    cdef LapropScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        laprop[float](&param_1, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void laprop_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                               float* restrict exp_avg_sq, Py_ssize_t n, const LapropScalars* scalars) noexcept nogil:
    cdef LapropScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        laprop[float](param + i, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)


cdef void laprop_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                 float* restrict exp_avg_sq, int16_t* restrict remainder, Py_ssize_t n,
                                 const LapropScalars* scalars) noexcept nogil:
    cdef LapropScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        laprop[float](&param_1, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void lion_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict momentum_buffer,
                        Py_ssize_t n, const LionScalars* scalars) noexcept nogil:
    cdef LionScalars own = scalars[0]
    cdef float param_1, grad_1, momentum_buffer_1
    cdef float param_2, grad_2, momentum_buffer_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(momentum_buffer + 2 * i, &momentum_buffer_1, &momentum_buffer_2)
        lion[float](&param_1, &grad_1, &momentum_buffer_1, 1, &own)
        lion[float](&param_2, &grad_2, &momentum_buffer_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(momentum_buffer + 2 * i, momentum_buffer_1, momentum_buffer_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        momentum_buffer_1 = load(momentum_buffer[i])
        lion[float](&param_1, &grad_1, &momentum_buffer_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        momentum_buffer[i] = nearest_bfloat16(momentum_buffer_1)


cdef void lion_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                      float* restrict momentum_buffer, Py_ssize_t n,
                                      const LionScalars* scalars) noexcept nogil:
    cdef LionScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        lion[float](&param_1, &grad_1, momentum_buffer + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void lion_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict momentum_buffer,
                             Py_ssize_t n, const LionScalars* scalars) noexcept nogil:
    cdef LionScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        lion[float](param + i, &grad_1, momentum_buffer + i, 1, &own)


cdef void lion_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict momentum_buffer,
                               int16_t* restrict remainder, Py_ssize_t n, const LionScalars* scalars) noexcept nogil:
    cdef LionScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        lion[float](&param_1, &grad_1, momentum_buffer + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void madgrad_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict grad_sum_sq,
                           uint16_t* restrict s, uint16_t* restrict x0, Py_ssize_t n,
                           const MadgradScalars* scalars) noexcept nogil:
    cdef MadgradScalars own = scalars[0]
    cdef float param_1, grad_1, grad_sum_sq_1, s_1, x0_1
    cdef float param_2, grad_2, grad_sum_sq_2, s_2, x0_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(grad_sum_sq + 2 * i, &grad_sum_sq_1, &grad_sum_sq_2)
        load_two(s + 2 * i, &s_1, &s_2)
        load_two(x0 + 2 * i, &x0_1, &x0_2)
        madgrad[float](&param_1, &grad_1, &grad_sum_sq_1, &s_1, &x0_1, 1, &own)
        madgrad[float](&param_2, &grad_2, &grad_sum_sq_2, &s_2, &x0_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(grad_sum_sq + 2 * i, grad_sum_sq_1, grad_sum_sq_2)
        store_two(s + 2 * i, s_1, s_2)
        store_two(x0 + 2 * i, x0_1, x0_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        grad_sum_sq_1 = load(grad_sum_sq[i])
        s_1 = load(s[i])
        x0_1 = load(x0[i])
        madgrad[float](&param_1, &grad_1, &grad_sum_sq_1, &s_1, &x0_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        grad_sum_sq[i] = nearest_bfloat16(grad_sum_sq_1)
        s[i] = nearest_bfloat16(s_1)
        x0[i] = nearest_bfloat16(x0_1)


cdef void madgrad_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                         float* restrict grad_sum_sq, float* restrict s, float* restrict x0,
                                         Py_ssize_t n, const MadgradScalars* scalars) noexcept nogil:
    cdef MadgradScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        madgrad[float](&param_1, &grad_1, grad_sum_sq + i, s + i, x0 + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void madgrad_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict grad_sum_sq,
                                float* restrict s, float* restrict x0, Py_ssize_t n,
                                const MadgradScalars* scalars) noexcept nogil:
    cdef MadgradScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        madgrad[float](param + i, &grad_1, grad_sum_sq + i, s + i, x0 + i, 1, &own)


cdef void madgrad_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict grad_sum_sq,
                                  float* restrict s, float* restrict x0, int16_t* restrict remainder, Py_ssize_t n,
                                  const MadgradScalars* scalars) noexcept nogil:
    cdef MadgradScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        madgrad[float](&param_1, &grad_1, grad_sum_sq + i, s + i, x0 + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void muon_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict momentum_buffer,
                        uint16_t* restrict update, Py_ssize_t n, const MuonScalars* scalars) noexcept nogil:
    cdef MuonScalars own = scalars[0]
    cdef float param_1, grad_1, momentum_buffer_1, update_1
    cdef float param_2, grad_2, momentum_buffer_2, update_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(momentum_buffer + 2 * i, &momentum_buffer_1, &momentum_buffer_2)
        load_two(update + 2 * i, &update_1, &update_2)
        muon[float](&param_1, &grad_1, &momentum_buffer_1, &update_1, 1, &own)
        muon[float](&param_2, &grad_2, &momentum_buffer_2, &update_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(momentum_buffer + 2 * i, momentum_buffer_1, momentum_buffer_2)
        store_two(update + 2 * i, update_1, update_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        momentum_buffer_1 = load(momentum_buffer[i])
        update_1 = load(update[i])
        muon[float](&param_1, &grad_1, &momentum_buffer_1, &update_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        momentum_buffer[i] = nearest_bfloat16(momentum_buffer_1)
        update[i] = nearest_bfloat16(update_1)


cdef void muon_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                      float* restrict momentum_buffer, float* restrict update, Py_ssize_t n,
                                      const MuonScalars* scalars) noexcept nogil:
    cdef MuonScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        muon[float](&param_1, &grad_1, momentum_buffer + i, update + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void muon_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict momentum_buffer,
                             float* restrict update, Py_ssize_t n, const MuonScalars* scalars) noexcept nogil:
    cdef MuonScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        muon[float](param + i, &grad_1, momentum_buffer + i, update + i, 1, &own)


cdef void muon_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict momentum_buffer,
                               float* restrict update, int16_t* restrict remainder, Py_ssize_t n,
                               const MuonScalars* scalars) noexcept nogil:
    cdef MuonScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        muon[float](&param_1, &grad_1, momentum_buffer + i, update + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void nadam_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict exp_avg,
                         uint16_t* restrict exp_avg_sq, Py_ssize_t n, const NadamScalars* scalars) noexcept nogil:
    cdef NadamScalars own = scalars[0]
    cdef float param_1, grad_1, exp_avg_1, exp_avg_sq_1
    cdef float param_2, grad_2, exp_avg_2, exp_avg_sq_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(exp_avg + 2 * i, &exp_avg_1, &exp_avg_2)
        load_two(exp_avg_sq + 2 * i, &exp_avg_sq_1, &exp_avg_sq_2)
        nadam[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_sq_1, 1, &own)
        nadam[float](&param_2, &grad_2, &exp_avg_2, &exp_avg_sq_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(exp_avg + 2 * i, exp_avg_1, exp_avg_2)
        store_two(exp_avg_sq + 2 * i, exp_avg_sq_1, exp_avg_sq_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        exp_avg_1 = load(exp_avg[i])
        exp_avg_sq_1 = load(exp_avg_sq[i])
        nadam[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_sq_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        exp_avg[i] = nearest_bfloat16(exp_avg_1)
        exp_avg_sq[i] = nearest_bfloat16(exp_avg_sq_1)


cdef void nadam_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                       float* restrict exp_avg_sq, Py_ssize_t n,
                                       const NadamScalars* scalars) noexcept nogil:
    cdef NadamScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        nadam[float](&param_1, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void nadam_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                              float* restrict exp_avg_sq, Py_ssize_t n, const NadamScalars* scalars) noexcept nogil:
    cdef NadamScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        nadam[float](param + i, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)


cdef void nadam_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                float* restrict exp_avg_sq, int16_t* restrict remainder, Py_ssize_t n,
                                const NadamScalars* scalars) noexcept nogil:
    cdef NadamScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        nadam[float](&param_1, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void adam_unrectified_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict exp_avg,
                                    uint16_t* restrict exp_avg_sq, Py_ssize_t n,
                                    const AdamScalars* scalars) noexcept nogil:
    cdef AdamScalars own = scalars[0]
    cdef float param_1, grad_1, exp_avg_1, exp_avg_sq_1
    cdef float param_2, grad_2, exp_avg_2, exp_avg_sq_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(exp_avg + 2 * i, &exp_avg_1, &exp_avg_2)
        load_two(exp_avg_sq + 2 * i, &exp_avg_sq_1, &exp_avg_sq_2)
        adam_unrectified[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_sq_1, 1, &own)
        adam_unrectified[float](&param_2, &grad_2, &exp_avg_2, &exp_avg_sq_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(exp_avg + 2 * i, exp_avg_1, exp_avg_2)
        store_two(exp_avg_sq + 2 * i, exp_avg_sq_1, exp_avg_sq_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        exp_avg_1 = load(exp_avg[i])
        exp_avg_sq_1 = load(exp_avg_sq[i])
        adam_unrectified[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_sq_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        exp_avg[i] = nearest_bfloat16(exp_avg_1)
        exp_avg_sq[i] = nearest_bfloat16(exp_avg_sq_1)


cdef void adam_unrectified_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                                  float* restrict exp_avg, float* restrict exp_avg_sq, Py_ssize_t n,
                                                  const AdamScalars* scalars) noexcept nogil:
    cdef AdamScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        adam_unrectified[float](&param_1, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void adam_unrectified_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                         float* restrict exp_avg_sq, Py_ssize_t n,
                                         const AdamScalars* scalars) noexcept nogil:
    cdef AdamScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        adam_unrectified[float](param + i, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)


cdef void adam_unrectified_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad,
                                           float* restrict exp_avg, float* restrict exp_avg_sq,
                                           int16_t* restrict remainder, Py_ssize_t n,
                                           const AdamScalars* scalars) noexcept nogil:
    cdef AdamScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        adam_unrectified[float](&param_1, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void rmsprop_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict square_avg,
                           Py_ssize_t n, const RmspropScalars* scalars) noexcept nogil:
    cdef RmspropScalars own = scalars[0]
    cdef float param_1, grad_1, square_avg_1
    cdef float param_2, grad_2, square_avg_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(square_avg + 2 * i, &square_avg_1, &square_avg_2)
        rmsprop[float](&param_1, &grad_1, &square_avg_1, 1, &own)
        rmsprop[float](&param_2, &grad_2, &square_avg_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(square_avg + 2 * i, square_avg_1, square_avg_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        square_avg_1 = load(square_avg[i])
        rmsprop[float](&param_1, &grad_1, &square_avg_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        square_avg[i] = nearest_bfloat16(square_avg_1)


cdef void rmsprop_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                         float* restrict square_avg, Py_ssize_t n,
                                         const RmspropScalars* scalars) noexcept nogil:
    cdef RmspropScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        rmsprop[float](&param_1, &grad_1, square_avg + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void rmsprop_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict square_avg,
                                Py_ssize_t n, const RmspropScalars* scalars) noexcept nogil:
    cdef RmspropScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        rmsprop[float](param + i, &grad_1, square_avg + i, 1, &own)


cdef void rmsprop_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict square_avg,
                                  int16_t* restrict remainder, Py_ssize_t n,
                                  const RmspropScalars* scalars) noexcept nogil:
    cdef RmspropScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        rmsprop[float](&param_1, &grad_1, square_avg + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void rmsprop_momentum_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad,
                                    uint16_t* restrict square_avg, uint16_t* restrict momentum_buffer, Py_ssize_t n,
                                    const RmspropScalars* scalars) noexcept nogil:
    cdef RmspropScalars own = scalars[0]
    cdef float param_1, grad_1, square_avg_1, momentum_buffer_1
    cdef float param_2, grad_2, square_avg_2, momentum_buffer_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(square_avg + 2 * i, &square_avg_1, &square_avg_2)
        load_two(momentum_buffer + 2 * i, &momentum_buffer_1, &momentum_buffer_2)
        rmsprop_momentum[float](&param_1, &grad_1, &square_avg_1, &momentum_buffer_1, 1, &own)
        rmsprop_momentum[float](&param_2, &grad_2, &square_avg_2, &momentum_buffer_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(square_avg + 2 * i, square_avg_1, square_avg_2)
        store_two(momentum_buffer + 2 * i, momentum_buffer_1, momentum_buffer_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        square_avg_1 = load(square_avg[i])
        momentum_buffer_1 = load(momentum_buffer[i])
        rmsprop_momentum[float](&param_1, &grad_1, &square_avg_1, &momentum_buffer_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        square_avg[i] = nearest_bfloat16(square_avg_1)
        momentum_buffer[i] = nearest_bfloat16(momentum_buffer_1)


cdef void rmsprop_momentum_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                                  float* restrict square_avg, float* restrict momentum_buffer,
                                                  Py_ssize_t n, const RmspropScalars* scalars) noexcept nogil:
    cdef RmspropScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        rmsprop_momentum[float](&param_1, &grad_1, square_avg + i, momentum_buffer + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void rmsprop_momentum_bfloat16_grad(float* restrict param, const uint16_t* restrict grad,
                                         float* restrict square_avg, float* restrict momentum_buffer, Py_ssize_t n,
                                         const RmspropScalars* scalars) noexcept nogil:
    cdef RmspropScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        rmsprop_momentum[float](param + i, &grad_1, square_avg + i, momentum_buffer + i, 1, &own)


cdef void rmsprop_momentum_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad,
                                           float* restrict square_avg, float* restrict momentum_buffer,
                                           int16_t* restrict remainder, Py_ssize_t n,
                                           const RmspropScalars* scalars) noexcept nogil:
    cdef RmspropScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        rmsprop_momentum[float](&param_1, &grad_1, square_avg + i, momentum_buffer + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void rmsprop_centered_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad,
                                    uint16_t* restrict square_avg, uint16_t* restrict grad_avg, Py_ssize_t n,
                                    const RmspropScalars* scalars) noexcept nogil:
    cdef RmspropScalars own = scalars[0]
    cdef float param_1, grad_1, square_avg_1, grad_avg_1
    cdef float param_2, grad_2, square_avg_2, grad_avg_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(square_avg + 2 * i, &square_avg_1, &square_avg_2)
        load_two(grad_avg + 2 * i, &grad_avg_1, &grad_avg_2)
        rmsprop_centered[float](&param_1, &grad_1, &square_avg_1, &grad_avg_1, 1, &own)
        rmsprop_centered[float](&param_2, &grad_2, &square_avg_2, &grad_avg_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(square_avg + 2 * i, square_avg_1, square_avg_2)
        store_two(grad_avg + 2 * i, grad_avg_1, grad_avg_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        square_avg_1 = load(square_avg[i])
        grad_avg_1 = load(grad_avg[i])
        rmsprop_centered[float](&param_1, &grad_1, &square_avg_1, &grad_avg_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        square_avg[i] = nearest_bfloat16(square_avg_1)
        grad_avg[i] = nearest_bfloat16(grad_avg_1)


cdef void rmsprop_centered_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                                  float* restrict square_avg, float* restrict grad_avg, Py_ssize_t n,
                                                  const RmspropScalars* scalars) noexcept nogil:
    cdef RmspropScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        rmsprop_centered[float](&param_1, &grad_1, square_avg + i, grad_avg + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void rmsprop_centered_bfloat16_grad(float* restrict param, const uint16_t* restrict grad,
                                         float* restrict square_avg, float* restrict grad_avg, Py_ssize_t n,
                                         const RmspropScalars* scalars) noexcept nogil:
    cdef RmspropScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        rmsprop_centered[float](param + i, &grad_1, square_avg + i, grad_avg + i, 1, &own)


cdef void rmsprop_centered_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad,
                                           float* restrict square_avg, float* restrict grad_avg,
                                           int16_t* restrict remainder, Py_ssize_t n,
                                           const RmspropScalars* scalars) noexcept nogil:
    cdef RmspropScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        rmsprop_centered[float](&param_1, &grad_1, square_avg + i, grad_avg + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void rmsprop_centered_momentum_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad,
                                             uint16_t* restrict square_avg, uint16_t* restrict grad_avg,
                                             uint16_t* restrict momentum_buffer, Py_ssize_t n,
                                             const RmspropScalars* scalars) noexcept nogil:
    cdef RmspropScalars own = scalars[0]
    cdef float param_1, grad_1, square_avg_1, grad_avg_1, momentum_buffer_1
    cdef float param_2, grad_2, square_avg_2, grad_avg_2, momentum_buffer_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(square_avg + 2 * i, &square_avg_1, &square_avg_2)
        load_two(grad_avg + 2 * i, &grad_avg_1, &grad_avg_2)
        load_two(momentum_buffer + 2 * i, &momentum_buffer_1, &momentum_buffer_2)
        rmsprop_centered_momentum[float](&param_1, &grad_1, &square_avg_1, &grad_avg_1, &momentum_buffer_1, 1, &own)
        rmsprop_centered_momentum[float](&param_2, &grad_2, &square_avg_2, &grad_avg_2, &momentum_buffer_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(square_avg + 2 * i, square_avg_1, square_avg_2)
        store_two(grad_avg + 2 * i, grad_avg_1, grad_avg_2)
        store_two(momentum_buffer + 2 * i, momentum_buffer_1, momentum_buffer_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        square_avg_1 = load(square_avg[i])
        grad_avg_1 = load(grad_avg[i])
        momentum_buffer_1 = load(momentum_buffer[i])
        rmsprop_centered_momentum[float](&param_1, &grad_1, &square_avg_1, &grad_avg_1, &momentum_buffer_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        square_avg[i] = nearest_bfloat16(square_avg_1)
        grad_avg[i] = nearest_bfloat16(grad_avg_1)
        momentum_buffer[i] = nearest_bfloat16(momentum_buffer_1)


cdef void rmsprop_centered_momentum_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                                           float* restrict square_avg, float* restrict grad_avg,
                                                           float* restrict momentum_buffer, Py_ssize_t n,
                                                           const RmspropScalars* scalars) noexcept nogil:
    cdef RmspropScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        rmsprop_centered_momentum[float](&param_1, &grad_1, square_avg + i, grad_avg + i, momentum_buffer + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void rmsprop_centered_momentum_bfloat16_grad(float* restrict param, const uint16_t* restrict grad,
                                                  float* restrict square_avg, float* restrict grad_avg,
                                                  float* restrict momentum_buffer, Py_ssize_t n,
                                                  const RmspropScalars* scalars) noexcept nogil:
    cdef RmspropScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        rmsprop_centered_momentum[float](param + i, &grad_1, square_avg + i, grad_avg + i, momentum_buffer + i, 1, &own)


cdef void rmsprop_centered_momentum_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad,
                                                    float* restrict square_avg, float* restrict grad_avg,
                                                    float* restrict momentum_buffer, int16_t* restrict remainder,
                                                    Py_ssize_t n, const RmspropScalars* scalars) noexcept nogil:
    cdef RmspropScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        rmsprop_centered_momentum[float](&param_1, &grad_1, square_avg + i, grad_avg + i, momentum_buffer + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void rprop_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict prev,
                         uint16_t* restrict step_size, Py_ssize_t n, const RpropScalars* scalars) noexcept nogil:
    cdef RpropScalars own = scalars[0]
    cdef float param_1, grad_1, prev_1, step_size_1
    cdef float param_2, grad_2, prev_2, step_size_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(prev + 2 * i, &prev_1, &prev_2)
        load_two(step_size + 2 * i, &step_size_1, &step_size_2)
        rprop[float](&param_1, &grad_1, &prev_1, &step_size_1, 1, &own)
        rprop[float](&param_2, &grad_2, &prev_2, &step_size_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(prev + 2 * i, prev_1, prev_2)
        store_two(step_size + 2 * i, step_size_1, step_size_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        prev_1 = load(prev[i])
        step_size_1 = load(step_size[i])
        rprop[float](&param_1, &grad_1, &prev_1, &step_size_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        prev[i] = nearest_bfloat16(prev_1)
        step_size[i] = nearest_bfloat16(step_size_1)


cdef void rprop_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict prev,
                                       float* restrict step_size, Py_ssize_t n,
                                       const RpropScalars* scalars) noexcept nogil:
    cdef RpropScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        rprop[float](&param_1, &grad_1, prev + i, step_size + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void rprop_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict prev,
                              float* restrict step_size, Py_ssize_t n, const RpropScalars* scalars) noexcept nogil:
    cdef RpropScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        rprop[float](param + i, &grad_1, prev + i, step_size + i, 1, &own)


cdef void rprop_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict prev,
                                float* restrict step_size, int16_t* restrict remainder, Py_ssize_t n,
                                const RpropScalars* scalars) noexcept nogil:
    cdef RpropScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        rprop[float](&param_1, &grad_1, prev + i, step_size + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void schedule_free_adamw_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict z,
                                       uint16_t* restrict exp_avg_sq, Py_ssize_t n,
                                       const ScheduleFreeAdamwScalars* scalars) noexcept nogil:
    cdef ScheduleFreeAdamwScalars own = scalars[0]
    cdef float param_1, grad_1, z_1, exp_avg_sq_1
    cdef float param_2, grad_2, z_2, exp_avg_sq_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(z + 2 * i, &z_1, &z_2)
        load_two(exp_avg_sq + 2 * i, &exp_avg_sq_1, &exp_avg_sq_2)
        schedule_free_adamw[float](&param_1, &grad_1, &z_1, &exp_avg_sq_1, 1, &own)
        schedule_free_adamw[float](&param_2, &grad_2, &z_2, &exp_avg_sq_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(z + 2 * i, z_1, z_2)
        store_two(exp_avg_sq + 2 * i, exp_avg_sq_1, exp_avg_sq_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        z_1 = load(z[i])
        exp_avg_sq_1 = load(exp_avg_sq[i])
        schedule_free_adamw[float](&param_1, &grad_1, &z_1, &exp_avg_sq_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        z[i] = nearest_bfloat16(z_1)
        exp_avg_sq[i] = nearest_bfloat16(exp_avg_sq_1)


cdef void schedule_free_adamw_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                                     float* restrict z, float* restrict exp_avg_sq, Py_ssize_t n,
                                                     const ScheduleFreeAdamwScalars* scalars) noexcept nogil:
    cdef ScheduleFreeAdamwScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        schedule_free_adamw[float](&param_1, &grad_1, z + i, exp_avg_sq + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void schedule_free_adamw_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict z,
                                            float* restrict exp_avg_sq, Py_ssize_t n,
                                            const ScheduleFreeAdamwScalars* scalars) noexcept nogil:
    cdef ScheduleFreeAdamwScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        schedule_free_adamw[float](param + i, &grad_1, z + i, exp_avg_sq + i, 1, &own)


cdef void schedule_free_adamw_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad,
                                              float* restrict z, float* restrict exp_avg_sq,
                                              int16_t* restrict remainder, Py_ssize_t n,
                                              const ScheduleFreeAdamwScalars* scalars) noexcept nogil:
    cdef ScheduleFreeAdamwScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        schedule_free_adamw[float](&param_1, &grad_1, z + i, exp_avg_sq + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void schedule_free_unrectified_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad,
                                             uint16_t* restrict z, uint16_t* restrict exp_avg_sq, Py_ssize_t n,
                                             const ScheduleFreeAdamwScalars* scalars) noexcept nogil:
    cdef ScheduleFreeAdamwScalars own = scalars[0]
    cdef float param_1, grad_1, z_1, exp_avg_sq_1
    cdef float param_2, grad_2, z_2, exp_avg_sq_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(z + 2 * i, &z_1, &z_2)
        load_two(exp_avg_sq + 2 * i, &exp_avg_sq_1, &exp_avg_sq_2)
        schedule_free_unrectified[float](&param_1, &grad_1, &z_1, &exp_avg_sq_1, 1, &own)
        schedule_free_unrectified[float](&param_2, &grad_2, &z_2, &exp_avg_sq_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(z + 2 * i, z_1, z_2)
        store_two(exp_avg_sq + 2 * i, exp_avg_sq_1, exp_avg_sq_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        z_1 = load(z[i])
        exp_avg_sq_1 = load(exp_avg_sq[i])
        schedule_free_unrectified[float](&param_1, &grad_1, &z_1, &exp_avg_sq_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        z[i] = nearest_bfloat16(z_1)
        exp_avg_sq[i] = nearest_bfloat16(exp_avg_sq_1)


cdef void schedule_free_unrectified_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                                           float* restrict z, float* restrict exp_avg_sq, Py_ssize_t n,
                                                           const ScheduleFreeAdamwScalars* scalars) noexcept nogil:
    cdef ScheduleFreeAdamwScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        schedule_free_unrectified[float](&param_1, &grad_1, z + i, exp_avg_sq + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void schedule_free_unrectified_bfloat16_grad(float* restrict param, const uint16_t* restrict grad,
                                                  float* restrict z, float* restrict exp_avg_sq, Py_ssize_t n,
                                                  const ScheduleFreeAdamwScalars* scalars) noexcept nogil:
    cdef ScheduleFreeAdamwScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        schedule_free_unrectified[float](param + i, &grad_1, z + i, exp_avg_sq + i, 1, &own)


cdef void schedule_free_unrectified_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad,
                                                    float* restrict z, float* restrict exp_avg_sq,
                                                    int16_t* restrict remainder, Py_ssize_t n,
                                                    const ScheduleFreeAdamwScalars* scalars) noexcept nogil:
    cdef ScheduleFreeAdamwScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        schedule_free_unrectified[float](&param_1, &grad_1, z + i, exp_avg_sq + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void schedule_free_sgd_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict z,
                                     Py_ssize_t n, const ScheduleFreeSgdScalars* scalars) noexcept nogil:
    cdef ScheduleFreeSgdScalars own = scalars[0]
    cdef float param_1, grad_1, z_1
    cdef float param_2, grad_2, z_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(z + 2 * i, &z_1, &z_2)
        schedule_free_sgd[float](&param_1, &grad_1, &z_1, 1, &own)
        schedule_free_sgd[float](&param_2, &grad_2, &z_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(z + 2 * i, z_1, z_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        z_1 = load(z[i])
        schedule_free_sgd[float](&param_1, &grad_1, &z_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        z[i] = nearest_bfloat16(z_1)


cdef void schedule_free_sgd_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                                   float* restrict z, Py_ssize_t n,
                                                   const ScheduleFreeSgdScalars* scalars) noexcept nogil:
    cdef ScheduleFreeSgdScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        schedule_free_sgd[float](&param_1, &grad_1, z + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void schedule_free_sgd_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict z,
                                          Py_ssize_t n, const ScheduleFreeSgdScalars* scalars) noexcept nogil:
    cdef ScheduleFreeSgdScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        schedule_free_sgd[float](param + i, &grad_1, z + i, 1, &own)


cdef void schedule_free_sgd_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict z,
                                            int16_t* restrict remainder, Py_ssize_t n,
                                            const ScheduleFreeSgdScalars* scalars) noexcept nogil:
    cdef ScheduleFreeSgdScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        schedule_free_sgd[float](&param_1, &grad_1, z + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void sgd_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, Py_ssize_t n,
                       const SgdScalars* scalars) noexcept nogil:
    cdef SgdScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef float param_2, grad_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        sgd[float](&param_1, &grad_1, 1, &own)
        sgd[float](&param_2, &grad_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        sgd[float](&param_1, &grad_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void sgd_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad, Py_ssize_t n,
                                     const SgdScalars* scalars) noexcept nogil:
    cdef SgdScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        sgd[float](&param_1, &grad_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void sgd_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, Py_ssize_t n,
                            const SgdScalars* scalars) noexcept nogil:
    cdef SgdScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        sgd[float](param + i, &grad_1, 1, &own)


cdef void sgd_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, int16_t* restrict remainder,
                              Py_ssize_t n, const SgdScalars* scalars) noexcept nogil:
    cdef SgdScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        sgd[float](&param_1, &grad_1, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void sgd_momentum_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad,
                                uint16_t* restrict momentum_buffer, Py_ssize_t n,
                                const SgdScalars* scalars) noexcept nogil:
    cdef SgdScalars own = scalars[0]
    cdef float param_1, grad_1, momentum_buffer_1
    cdef float param_2, grad_2, momentum_buffer_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(momentum_buffer + 2 * i, &momentum_buffer_1, &momentum_buffer_2)
        sgd_momentum[float](&param_1, &grad_1, &momentum_buffer_1, 1, &own)
        sgd_momentum[float](&param_2, &grad_2, &momentum_buffer_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(momentum_buffer + 2 * i, momentum_buffer_1, momentum_buffer_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        momentum_buffer_1 = load(momentum_buffer[i])
        sgd_momentum[float](&param_1, &grad_1, &momentum_buffer_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        momentum_buffer[i] = nearest_bfloat16(momentum_buffer_1)


cdef void sgd_momentum_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                              float* restrict momentum_buffer, Py_ssize_t n,
                                              const SgdScalars* scalars) noexcept nogil:
    cdef SgdScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        sgd_momentum[float](&param_1, &grad_1, momentum_buffer + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void sgd_momentum_bfloat16_grad(float* restrict param, const uint16_t* restrict grad,
                                     float* restrict momentum_buffer, Py_ssize_t n,
                                     const SgdScalars* scalars) noexcept nogil:
    cdef SgdScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        sgd_momentum[float](param + i, &grad_1, momentum_buffer + i, 1, &own)


cdef void sgd_momentum_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad,
                                       float* restrict momentum_buffer, int16_t* restrict remainder, Py_ssize_t n,
                                       const SgdScalars* scalars) noexcept nogil:
    cdef SgdScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        sgd_momentum[float](&param_1, &grad_1, momentum_buffer + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void sgd_nesterov_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad,
                                uint16_t* restrict momentum_buffer, Py_ssize_t n,
                                const SgdScalars* scalars) noexcept nogil:
    cdef SgdScalars own = scalars[0]
    cdef float param_1, grad_1, momentum_buffer_1
    cdef float param_2, grad_2, momentum_buffer_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(momentum_buffer + 2 * i, &momentum_buffer_1, &momentum_buffer_2)
        sgd_nesterov[float](&param_1, &grad_1, &momentum_buffer_1, 1, &own)
        sgd_nesterov[float](&param_2, &grad_2, &momentum_buffer_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(momentum_buffer + 2 * i, momentum_buffer_1, momentum_buffer_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        momentum_buffer_1 = load(momentum_buffer[i])
        sgd_nesterov[float](&param_1, &grad_1, &momentum_buffer_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        momentum_buffer[i] = nearest_bfloat16(momentum_buffer_1)


cdef void sgd_nesterov_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                              float* restrict momentum_buffer, Py_ssize_t n,
                                              const SgdScalars* scalars) noexcept nogil:
    cdef SgdScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        sgd_nesterov[float](&param_1, &grad_1, momentum_buffer + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void sgd_nesterov_bfloat16_grad(float* restrict param, const uint16_t* restrict grad,
                                     float* restrict momentum_buffer, Py_ssize_t n,
                                     const SgdScalars* scalars) noexcept nogil:
    cdef SgdScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        sgd_nesterov[float](param + i, &grad_1, momentum_buffer + i, 1, &own)


cdef void sgd_nesterov_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad,
                                       float* restrict momentum_buffer, int16_t* restrict remainder, Py_ssize_t n,
                                       const SgdScalars* scalars) noexcept nogil:
    cdef SgdScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        sgd_nesterov[float](&param_1, &grad_1, momentum_buffer + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void sign_sgd_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, Py_ssize_t n,
                            const SignSgdScalars* scalars) noexcept nogil:
    cdef SignSgdScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef float param_2, grad_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        sign_sgd[float](&param_1, &grad_1, 1, &own)
        sign_sgd[float](&param_2, &grad_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        sign_sgd[float](&param_1, &grad_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void sign_sgd_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad, Py_ssize_t n,
                                          const SignSgdScalars* scalars) noexcept nogil:
    cdef SignSgdScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        sign_sgd[float](&param_1, &grad_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void sign_sgd_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, Py_ssize_t n,
                                 const SignSgdScalars* scalars) noexcept nogil:
    cdef SignSgdScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        sign_sgd[float](param + i, &grad_1, 1, &own)


cdef void sign_sgd_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, int16_t* restrict remainder,
                                   Py_ssize_t n, const SignSgdScalars* scalars) noexcept nogil:
    cdef SignSgdScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        sign_sgd[float](&param_1, &grad_1, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void sign_momentum_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad,
                                 uint16_t* restrict momentum_buffer, Py_ssize_t n,
                                 const SignSgdScalars* scalars) noexcept nogil:
    cdef SignSgdScalars own = scalars[0]
    cdef float param_1, grad_1, momentum_buffer_1
    cdef float param_2, grad_2, momentum_buffer_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(momentum_buffer + 2 * i, &momentum_buffer_1, &momentum_buffer_2)
        sign_momentum[float](&param_1, &grad_1, &momentum_buffer_1, 1, &own)
        sign_momentum[float](&param_2, &grad_2, &momentum_buffer_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(momentum_buffer + 2 * i, momentum_buffer_1, momentum_buffer_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        momentum_buffer_1 = load(momentum_buffer[i])
        sign_momentum[float](&param_1, &grad_1, &momentum_buffer_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        momentum_buffer[i] = nearest_bfloat16(momentum_buffer_1)


cdef void sign_momentum_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad,
                                               float* restrict momentum_buffer, Py_ssize_t n,
                                               const SignSgdScalars* scalars) noexcept nogil:
    cdef SignSgdScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        sign_momentum[float](&param_1, &grad_1, momentum_buffer + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void sign_momentum_bfloat16_grad(float* restrict param, const uint16_t* restrict grad,
                                      float* restrict momentum_buffer, Py_ssize_t n,
                                      const SignSgdScalars* scalars) noexcept nogil:
    cdef SignSgdScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        sign_momentum[float](param + i, &grad_1, momentum_buffer + i, 1, &own)


cdef void sign_momentum_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad,
                                        float* restrict momentum_buffer, int16_t* restrict remainder, Py_ssize_t n,
                                        const SignSgdScalars* scalars) noexcept nogil:
    cdef SignSgdScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        sign_momentum[float](&param_1, &grad_1, momentum_buffer + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void yogi_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict exp_avg,
                        uint16_t* restrict exp_avg_sq, Py_ssize_t n, const YogiScalars* scalars) noexcept nogil:
    cdef YogiScalars own = scalars[0]
    cdef float param_1, grad_1, exp_avg_1, exp_avg_sq_1
    cdef float param_2, grad_2, exp_avg_2, exp_avg_sq_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(exp_avg + 2 * i, &exp_avg_1, &exp_avg_2)
        load_two(exp_avg_sq + 2 * i, &exp_avg_sq_1, &exp_avg_sq_2)
        yogi[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_sq_1, 1, &own)
        yogi[float](&param_2, &grad_2, &exp_avg_2, &exp_avg_sq_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(exp_avg + 2 * i, exp_avg_1, exp_avg_2)
        store_two(exp_avg_sq + 2 * i, exp_avg_sq_1, exp_avg_sq_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        exp_avg_1 = load(exp_avg[i])
        exp_avg_sq_1 = load(exp_avg_sq[i])
        yogi[float](&param_1, &grad_1, &exp_avg_1, &exp_avg_sq_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        exp_avg[i] = nearest_bfloat16(exp_avg_1)
        exp_avg_sq[i] = nearest_bfloat16(exp_avg_sq_1)


cdef void yogi_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                                      float* restrict exp_avg_sq, Py_ssize_t n,
                                      const YogiScalars* scalars) noexcept nogil:
    cdef YogiScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        yogi[float](&param_1, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void yogi_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                             float* restrict exp_avg_sq, Py_ssize_t n, const YogiScalars* scalars) noexcept nogil:
    cdef YogiScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        yogi[float](param + i, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)


cdef void yogi_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict exp_avg,
                               float* restrict exp_avg_sq, int16_t* restrict remainder, Py_ssize_t n,
                               const YogiScalars* scalars) noexcept nogil:
    cdef YogiScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        yogi[float](&param_1, &grad_1, exp_avg + i, exp_avg_sq + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void stream_0_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, Py_ssize_t n,
                            const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef float param_2, grad_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        stream_0[float](&param_1, &grad_1, 1, &own)
        stream_0[float](&param_2, &grad_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        stream_0[float](&param_1, &grad_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void stream_0_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad, Py_ssize_t n,
                                          const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        stream_0[float](&param_1, &grad_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void stream_0_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, Py_ssize_t n,
                                 const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        stream_0[float](param + i, &grad_1, 1, &own)


cdef void stream_0_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, int16_t* restrict remainder,
                                   Py_ssize_t n, const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        stream_0[float](&param_1, &grad_1, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void stream_1_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict a, Py_ssize_t n,
                            const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float param_1, grad_1, a_1
    cdef float param_2, grad_2, a_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(a + 2 * i, &a_1, &a_2)
        stream_1[float](&param_1, &grad_1, &a_1, 1, &own)
        stream_1[float](&param_2, &grad_2, &a_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(a + 2 * i, a_1, a_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        a_1 = load(a[i])
        stream_1[float](&param_1, &grad_1, &a_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        a[i] = nearest_bfloat16(a_1)


cdef void stream_1_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict a,
                                          Py_ssize_t n, const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        stream_1[float](&param_1, &grad_1, a + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void stream_1_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict a, Py_ssize_t n,
                                 const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        stream_1[float](param + i, &grad_1, a + i, 1, &own)


cdef void stream_1_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict a,
                                   int16_t* restrict remainder, Py_ssize_t n,
                                   const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        stream_1[float](&param_1, &grad_1, a + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void stream_2_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict a,
                            uint16_t* restrict b, Py_ssize_t n, const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float param_1, grad_1, a_1, b_1
    cdef float param_2, grad_2, a_2, b_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(a + 2 * i, &a_1, &a_2)
        load_two(b + 2 * i, &b_1, &b_2)
        stream_2[float](&param_1, &grad_1, &a_1, &b_1, 1, &own)
        stream_2[float](&param_2, &grad_2, &a_2, &b_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(a + 2 * i, a_1, a_2)
        store_two(b + 2 * i, b_1, b_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        a_1 = load(a[i])
        b_1 = load(b[i])
        stream_2[float](&param_1, &grad_1, &a_1, &b_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        a[i] = nearest_bfloat16(a_1)
        b[i] = nearest_bfloat16(b_1)


cdef void stream_2_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict a,
                                          float* restrict b, Py_ssize_t n, const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        stream_2[float](&param_1, &grad_1, a + i, b + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void stream_2_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict a,
                                 float* restrict b, Py_ssize_t n, const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        stream_2[float](param + i, &grad_1, a + i, b + i, 1, &own)


cdef void stream_2_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict a,
                                   float* restrict b, int16_t* restrict remainder, Py_ssize_t n,
                                   const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        stream_2[float](&param_1, &grad_1, a + i, b + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void stream_3_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict a,
                            uint16_t* restrict b, uint16_t* restrict c, Py_ssize_t n,
                            const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float param_1, grad_1, a_1, b_1, c_1
    cdef float param_2, grad_2, a_2, b_2, c_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(a + 2 * i, &a_1, &a_2)
        load_two(b + 2 * i, &b_1, &b_2)
        load_two(c + 2 * i, &c_1, &c_2)
        stream_3[float](&param_1, &grad_1, &a_1, &b_1, &c_1, 1, &own)
        stream_3[float](&param_2, &grad_2, &a_2, &b_2, &c_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(a + 2 * i, a_1, a_2)
        store_two(b + 2 * i, b_1, b_2)
        store_two(c + 2 * i, c_1, c_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        a_1 = load(a[i])
        b_1 = load(b[i])
        c_1 = load(c[i])
        stream_3[float](&param_1, &grad_1, &a_1, &b_1, &c_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        a[i] = nearest_bfloat16(a_1)
        b[i] = nearest_bfloat16(b_1)
        c[i] = nearest_bfloat16(c_1)


cdef void stream_3_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict a,
                                          float* restrict b, float* restrict c, Py_ssize_t n,
                                          const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        stream_3[float](&param_1, &grad_1, a + i, b + i, c + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void stream_3_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict a,
                                 float* restrict b, float* restrict c, Py_ssize_t n,
                                 const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        stream_3[float](param + i, &grad_1, a + i, b + i, c + i, 1, &own)


cdef void stream_3_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict a,
                                   float* restrict b, float* restrict c, int16_t* restrict remainder, Py_ssize_t n,
                                   const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        stream_3[float](&param_1, &grad_1, a + i, b + i, c + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void stream_4_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict a,
                            uint16_t* restrict b, uint16_t* restrict c, uint16_t* restrict d, Py_ssize_t n,
                            const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float param_1, grad_1, a_1, b_1, c_1, d_1
    cdef float param_2, grad_2, a_2, b_2, c_2, d_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(a + 2 * i, &a_1, &a_2)
        load_two(b + 2 * i, &b_1, &b_2)
        load_two(c + 2 * i, &c_1, &c_2)
        load_two(d + 2 * i, &d_1, &d_2)
        stream_4[float](&param_1, &grad_1, &a_1, &b_1, &c_1, &d_1, 1, &own)
        stream_4[float](&param_2, &grad_2, &a_2, &b_2, &c_2, &d_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(a + 2 * i, a_1, a_2)
        store_two(b + 2 * i, b_1, b_2)
        store_two(c + 2 * i, c_1, c_2)
        store_two(d + 2 * i, d_1, d_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        a_1 = load(a[i])
        b_1 = load(b[i])
        c_1 = load(c[i])
        d_1 = load(d[i])
        stream_4[float](&param_1, &grad_1, &a_1, &b_1, &c_1, &d_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        a[i] = nearest_bfloat16(a_1)
        b[i] = nearest_bfloat16(b_1)
        c[i] = nearest_bfloat16(c_1)
        d[i] = nearest_bfloat16(d_1)


cdef void stream_4_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict a,
                                          float* restrict b, float* restrict c, float* restrict d, Py_ssize_t n,
                                          const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        stream_4[float](&param_1, &grad_1, a + i, b + i, c + i, d + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void stream_4_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict a,
                                 float* restrict b, float* restrict c, float* restrict d, Py_ssize_t n,
                                 const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        stream_4[float](param + i, &grad_1, a + i, b + i, c + i, d + i, 1, &own)


cdef void stream_4_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict a,
                                   float* restrict b, float* restrict c, float* restrict d, int16_t* restrict remainder,
                                   Py_ssize_t n, const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        stream_4[float](&param_1, &grad_1, a + i, b + i, c + i, d + i, 1, &own)
        part(param_1, param + i, remainder + i)


cdef void stream_copy_bfloat16(uint16_t* restrict param, const uint16_t* restrict grad, uint16_t* restrict a,
                               Py_ssize_t n, const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float param_1, grad_1, a_1
    cdef float param_2, grad_2, a_2
    cdef Py_ssize_t i
    for i in range(n // 2):
        load_two(param + 2 * i, &param_1, &param_2)
        load_two(grad + 2 * i, &grad_1, &grad_2)
        load_two(a + 2 * i, &a_1, &a_2)
        stream_copy[float](&param_1, &grad_1, &a_1, 1, &own)
        stream_copy[float](&param_2, &grad_2, &a_2, 1, &own)
        store_two(param + 2 * i, param_1, param_2)
        store_two(a + 2 * i, a_1, a_2)
    if n % 2:
        i = n - 1
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        a_1 = load(a[i])
        stream_copy[float](&param_1, &grad_1, &a_1, 1, &own)
        param[i] = nearest_bfloat16(param_1)
        a[i] = nearest_bfloat16(a_1)


cdef void stream_copy_bfloat16_beside_states(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict a,
                                             Py_ssize_t n, const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = load(param[i])
        grad_1 = load(grad[i])
        stream_copy[float](&param_1, &grad_1, a + i, 1, &own)
        param[i] = nearest_bfloat16(param_1)


cdef void stream_copy_bfloat16_grad(float* restrict param, const uint16_t* restrict grad, float* restrict a,
                                    Py_ssize_t n, const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float grad_1
    cdef Py_ssize_t i
    for i in range(n):
        grad_1 = load(grad[i])
        stream_copy[float](param + i, &grad_1, a + i, 1, &own)


cdef void stream_copy_bfloat16_master(uint16_t* restrict param, const uint16_t* restrict grad, float* restrict a,
                                      int16_t* restrict remainder, Py_ssize_t n,
                                      const RoofScalars* scalars) noexcept nogil:
    cdef RoofScalars own = scalars[0]
    cdef float param_1, grad_1
    cdef Py_ssize_t i
    for i in range(n):
        param_1 = joined(param[i], remainder[i])
        grad_1 = load(grad[i])
        stream_copy[float](&param_1, &grad_1, a + i, 1, &own)
        part(param_1, param + i, remainder + i)
