# Written by make derive from kernels/rules/*.pxd and optimizers/*.py; edit those.
"""The C API: every rule, its scalars and the norm, without Python and without the GIL."""
include "capi_core.pxi"

cdef enum:      # rows of the table
    RULE_ADA_PNM
    RULE_ADA_PNM_BOUND
    RULE_ADABELIEF
    RULE_ADADELTA
    RULE_ADAFACTOR
    RULE_ADAGRAD
    RULE_ADAM
    RULE_AMSGRAD
    RULE_ADAM_CAUTIOUS
    RULE_AMSGRAD_CAUTIOUS
    RULE_ADAM_ATAN2
    RULE_ADAMAX
    RULE_ADAN
    RULE_ADEMAMIX
    RULE_ADOPT
    RULE_ADOPT_CAUTIOUS
    RULE_ASGD
    RULE_ASGD_AVERAGE
    RULE_DADAPT_ADAM
    RULE_FTRL
    RULE_GRAMS
    RULE_LAMB
    RULE_LAMB_CAUTIOUS
    RULE_LAPROP
    RULE_LAPROP_CAUTIOUS
    RULE_LARS
    RULE_LARS_NESTEROV
    RULE_LION
    RULE_LION_CAUTIOUS
    RULE_MADGRAD
    RULE_MARS
    RULE_MARS_CAUTIOUS
    RULE_MUON
    RULE_NADAM
    RULE_NADAM_CAUTIOUS
    RULE_NOVOGRAD
    RULE_PRODIGY
    RULE_ADAM_UNRECTIFIED
    RULE_RMSPROP
    RULE_RMSPROP_MOMENTUM
    RULE_RMSPROP_CENTERED
    RULE_RMSPROP_CENTERED_MOMENTUM
    RULE_ROW_WISE_ADAGRAD
    RULE_RPROP
    RULE_SCHEDULE_FREE_ADAMW
    RULE_SCHEDULE_FREE_UNRECTIFIED
    RULE_SCHEDULE_FREE_SGD
    RULE_SGD
    RULE_SGD_MOMENTUM
    RULE_SGD_NESTEROV
    RULE_SIGN_SGD
    RULE_SIGN_MOMENTUM
    RULE_STABLE_ADAMW
    RULE_YOGI

cdef enum:      # rows of the table
    FAMILY_ADA_PNM
    FAMILY_ADABELIEF
    FAMILY_ADADELTA
    FAMILY_ADAFACTOR
    FAMILY_ADAGRAD
    FAMILY_ADAM
    FAMILY_ADAM_ATAN2
    FAMILY_ADAMAX
    FAMILY_ADAN
    FAMILY_ADEMAMIX
    FAMILY_ADOPT
    FAMILY_ASGD
    FAMILY_DADAPT_ADAM
    FAMILY_FTRL
    FAMILY_GRAMS
    FAMILY_LAMB
    FAMILY_LAPROP
    FAMILY_LARS
    FAMILY_LION
    FAMILY_MADGRAD
    FAMILY_MARS
    FAMILY_MUON
    FAMILY_NADAM
    FAMILY_NOVOGRAD
    FAMILY_PRODIGY
    FAMILY_RADAM
    FAMILY_RMSPROP
    FAMILY_ROW_WISE_ADAGRAD
    FAMILY_RPROP
    FAMILY_SCHEDULE_FREE_ADAMW
    FAMILY_SCHEDULE_FREE_RADAM
    FAMILY_SCHEDULE_FREE_SGD
    FAMILY_SGD
    FAMILY_SIGN_SGD
    FAMILY_STABLE_ADAMW
    FAMILY_YOGI


cdef int ada_pnm_scalars(Scalars* scalars, double grad_scale, long long t, const AdaPnm* hyper,
                         size_t size) noexcept nogil:
    return fold(FAMILY_ADA_PNM, scalars, grad_scale, t, hyper, size, NULL)


cdef void ada_pnm_f32(float* param, const float* grad, float* exp_avg, float* neg_exp_avg, float* exp_avg_sq,
                      Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel3>table().rules[RULE_ADA_PNM].kernels[FLOAT32])(param, grad, exp_avg, neg_exp_avg, exp_avg_sq, n, scalars)


cdef void ada_pnm_f64(double* param, const double* grad, double* exp_avg, double* neg_exp_avg, double* exp_avg_sq,
                      Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel3>table().rules[RULE_ADA_PNM].kernels[FLOAT64])(param, grad, exp_avg, neg_exp_avg, exp_avg_sq, n, scalars)


cdef void ada_pnm_bound_f32(float* param, const float* grad, float* exp_avg, float* neg_exp_avg, float* exp_avg_sq,
                            float* max_exp_avg_sq, Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel4>table().rules[RULE_ADA_PNM_BOUND].kernels[FLOAT32])(param, grad, exp_avg, neg_exp_avg, exp_avg_sq,
                                                                  max_exp_avg_sq, n, scalars)


cdef void ada_pnm_bound_f64(double* param, const double* grad, double* exp_avg, double* neg_exp_avg, double* exp_avg_sq,
                            double* max_exp_avg_sq, Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel4>table().rules[RULE_ADA_PNM_BOUND].kernels[FLOAT64])(param, grad, exp_avg, neg_exp_avg, exp_avg_sq,
                                                                  max_exp_avg_sq, n, scalars)


cdef int adabelief_scalars(Scalars* scalars, double grad_scale, long long t, const Adabelief* hyper,
                           size_t size) noexcept nogil:
    return fold(FAMILY_ADABELIEF, scalars, grad_scale, t, hyper, size, NULL)


cdef void adabelief_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_var, Py_ssize_t n,
                        const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADABELIEF].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_var, n, scalars)


cdef void adabelief_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_var, Py_ssize_t n,
                        const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADABELIEF].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_var, n, scalars)


cdef int adadelta_scalars(Scalars* scalars, double grad_scale, long long t, const Adadelta* hyper,
                          size_t size) noexcept nogil:
    return fold(FAMILY_ADADELTA, scalars, grad_scale, t, hyper, size, NULL)


cdef void adadelta_f32(float* param, const float* grad, float* square_avg, float* acc_delta, Py_ssize_t n,
                       const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADADELTA].kernels[FLOAT32])(param, grad, square_avg, acc_delta, n, scalars)


cdef void adadelta_f64(double* param, const double* grad, double* square_avg, double* acc_delta, Py_ssize_t n,
                       const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADADELTA].kernels[FLOAT64])(param, grad, square_avg, acc_delta, n, scalars)


cdef int adagrad_scalars(Scalars* scalars, double grad_scale, long long t, const Adagrad* hyper,
                         size_t size) noexcept nogil:
    return fold(FAMILY_ADAGRAD, scalars, grad_scale, t, hyper, size, NULL)


cdef void adagrad_f32(float* param, const float* grad, float* sum, Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_ADAGRAD].kernels[FLOAT32])(param, grad, sum, n, scalars)


cdef void adagrad_f64(double* param, const double* grad, double* sum, Py_ssize_t n,
                      const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_ADAGRAD].kernels[FLOAT64])(param, grad, sum, n, scalars)


cdef int adam_scalars(Scalars* scalars, double grad_scale, long long t, const Adam* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_ADAM, scalars, grad_scale, t, hyper, size, NULL)


cdef void adam_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADAM].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void adam_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADAM].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void amsgrad_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, float* max_exp_avg_sq,
                      Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel3>table().rules[RULE_AMSGRAD].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq, n,
                                                            scalars)


cdef void amsgrad_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, double* max_exp_avg_sq,
                      Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel3>table().rules[RULE_AMSGRAD].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq, n,
                                                            scalars)


cdef void adam_cautious_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                            const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADAM_CAUTIOUS].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void adam_cautious_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                                    const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq]
    measure(RULE_ADAM_CAUTIOUS, 0, FLOAT32, arrays, n, scalars, sums)


cdef void adam_cautious_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                            const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADAM_CAUTIOUS].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void adam_cautious_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq,
                                    Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq]
    measure(RULE_ADAM_CAUTIOUS, 0, FLOAT64, arrays, n, scalars, sums)


cdef void adam_cautious_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil:
    table().rules[RULE_ADAM_CAUTIOUS].measures[0].settle(scalars, sums, n, NULL)


cdef void amsgrad_cautious_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq,
                               float* max_exp_avg_sq, Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel3>table().rules[RULE_AMSGRAD_CAUTIOUS].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq,
                                                                     n, scalars)


cdef void amsgrad_cautious_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq,
                                       float* max_exp_avg_sq, Py_ssize_t n, const Scalars* scalars,
                                       double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq, <void*>max_exp_avg_sq]
    measure(RULE_AMSGRAD_CAUTIOUS, 0, FLOAT32, arrays, n, scalars, sums)


cdef void amsgrad_cautious_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq,
                               double* max_exp_avg_sq, Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel3>table().rules[RULE_AMSGRAD_CAUTIOUS].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq,
                                                                     n, scalars)


cdef void amsgrad_cautious_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq,
                                       double* max_exp_avg_sq, Py_ssize_t n, const Scalars* scalars,
                                       double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq, <void*>max_exp_avg_sq]
    measure(RULE_AMSGRAD_CAUTIOUS, 0, FLOAT64, arrays, n, scalars, sums)


cdef void amsgrad_cautious_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil:
    table().rules[RULE_AMSGRAD_CAUTIOUS].measures[0].settle(scalars, sums, n, NULL)


cdef int adam_atan2_scalars(Scalars* scalars, double grad_scale, long long t, const AdamAtan2* hyper,
                            size_t size) noexcept nogil:
    return fold(FAMILY_ADAM_ATAN2, scalars, grad_scale, t, hyper, size, NULL)


cdef void adam_atan2_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                         const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADAM_ATAN2].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void adam_atan2_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                         const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADAM_ATAN2].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef int adamax_scalars(Scalars* scalars, double grad_scale, long long t, const Adamax* hyper,
                        size_t size) noexcept nogil:
    return fold(FAMILY_ADAMAX, scalars, grad_scale, t, hyper, size, NULL)


cdef void adamax_f32(float* param, const float* grad, float* exp_avg, float* exp_inf, Py_ssize_t n,
                     const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADAMAX].kernels[FLOAT32])(param, grad, exp_avg, exp_inf, n, scalars)


cdef void adamax_f64(double* param, const double* grad, double* exp_avg, double* exp_inf, Py_ssize_t n,
                     const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADAMAX].kernels[FLOAT64])(param, grad, exp_avg, exp_inf, n, scalars)


cdef int adan_scalars(Scalars* scalars, double grad_scale, long long t, const Adan* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_ADAN, scalars, grad_scale, t, hyper, size, NULL)


cdef void adan_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_diff, float* exp_avg_sq,
                   float* neg_pre_grad, Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel4>table().rules[RULE_ADAN].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_diff, exp_avg_sq, neg_pre_grad,
                                                         n, scalars)


cdef void adan_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_diff, double* exp_avg_sq,
                   double* neg_pre_grad, Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel4>table().rules[RULE_ADAN].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_diff, exp_avg_sq, neg_pre_grad,
                                                         n, scalars)


cdef int ademamix_scalars(Scalars* scalars, double grad_scale, long long t, const Ademamix* hyper,
                          size_t size) noexcept nogil:
    return fold(FAMILY_ADEMAMIX, scalars, grad_scale, t, hyper, size, NULL)


cdef void ademamix_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_slow, float* exp_avg_sq,
                       Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel3>table().rules[RULE_ADEMAMIX].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_slow, exp_avg_sq, n, scalars)


cdef void ademamix_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_slow, double* exp_avg_sq,
                       Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel3>table().rules[RULE_ADEMAMIX].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_slow, exp_avg_sq, n, scalars)


cdef int adopt_scalars(Scalars* scalars, double grad_scale, long long t, const Adopt* hyper,
                       size_t size) noexcept nogil:
    return fold(FAMILY_ADOPT, scalars, grad_scale, t, hyper, size, NULL)


cdef void adopt_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                    const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADOPT].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void adopt_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                    const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADOPT].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void adopt_cautious_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                             const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADOPT_CAUTIOUS].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void adopt_cautious_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                                     const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq]
    measure(RULE_ADOPT_CAUTIOUS, 0, FLOAT32, arrays, n, scalars, sums)


cdef void adopt_cautious_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                             const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADOPT_CAUTIOUS].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void adopt_cautious_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq,
                                     Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq]
    measure(RULE_ADOPT_CAUTIOUS, 0, FLOAT64, arrays, n, scalars, sums)


cdef void adopt_cautious_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil:
    table().rules[RULE_ADOPT_CAUTIOUS].measures[0].settle(scalars, sums, n, NULL)


cdef int asgd_scalars(Scalars* scalars, double grad_scale, long long t, const Asgd* hyper, size_t size,
                      double* carry) noexcept nogil:
    return fold(FAMILY_ASGD, scalars, grad_scale, t, hyper, size, carry)


cdef void asgd_f32(float* param, const float* grad, float* ax, Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_ASGD].kernels[FLOAT32])(param, grad, ax, n, scalars)


cdef void asgd_f64(double* param, const double* grad, double* ax, Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_ASGD].kernels[FLOAT64])(param, grad, ax, n, scalars)


cdef void asgd_average_f32(float* param, const float* grad, float* ax, Py_ssize_t n,
                           const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_ASGD_AVERAGE].kernels[FLOAT32])(param, grad, ax, n, scalars)


cdef void asgd_average_f64(double* param, const double* grad, double* ax, Py_ssize_t n,
                           const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_ASGD_AVERAGE].kernels[FLOAT64])(param, grad, ax, n, scalars)


cdef int dadapt_adam_scalars(Scalars* scalars, double grad_scale, long long t, const DadaptAdam* hyper, size_t size,
                             double* carry) noexcept nogil:
    return fold(FAMILY_DADAPT_ADAM, scalars, grad_scale, t, hyper, size, carry)


cdef void dadapt_adam_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, float* s, Py_ssize_t n,
                          const Scalars* scalars) noexcept nogil:
    (<Kernel3>table().rules[RULE_DADAPT_ADAM].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, s, n, scalars)


cdef void dadapt_adam_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, float* s,
                                  Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq, <void*>s]
    measure(RULE_DADAPT_ADAM, 0, FLOAT32, arrays, n, scalars, sums)


cdef void dadapt_adam_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, double* s,
                          Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel3>table().rules[RULE_DADAPT_ADAM].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, s, n, scalars)


cdef void dadapt_adam_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, double* s,
                                  Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq, <void*>s]
    measure(RULE_DADAPT_ADAM, 0, FLOAT64, arrays, n, scalars, sums)


cdef void dadapt_adam_settle(Scalars* scalars, const double* sums, Py_ssize_t n, double* carry) noexcept nogil:
    table().rules[RULE_DADAPT_ADAM].measures[0].settle(scalars, sums, n, carry)


cdef int ftrl_scalars(Scalars* scalars, double grad_scale, long long t, const Ftrl* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_FTRL, scalars, grad_scale, t, hyper, size, NULL)


cdef void ftrl_f32(float* param, const float* grad, float* accumulator, float* linear, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_FTRL].kernels[FLOAT32])(param, grad, accumulator, linear, n, scalars)


cdef void ftrl_f64(double* param, const double* grad, double* accumulator, double* linear, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_FTRL].kernels[FLOAT64])(param, grad, accumulator, linear, n, scalars)


cdef int grams_scalars(Scalars* scalars, double grad_scale, long long t, const Grams* hyper,
                       size_t size) noexcept nogil:
    return fold(FAMILY_GRAMS, scalars, grad_scale, t, hyper, size, NULL)


cdef void grams_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                    const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_GRAMS].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void grams_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                    const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_GRAMS].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef int lamb_scalars(Scalars* scalars, double grad_scale, long long t, const Lamb* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_LAMB, scalars, grad_scale, t, hyper, size, NULL)


cdef void lamb_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_LAMB].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void lamb_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                           const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq]
    measure(RULE_LAMB, 0, FLOAT32, arrays, n, scalars, sums)


cdef void lamb_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_LAMB].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void lamb_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                           const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq]
    measure(RULE_LAMB, 0, FLOAT64, arrays, n, scalars, sums)


cdef void lamb_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil:
    table().rules[RULE_LAMB].measures[0].settle(scalars, sums, n, NULL)


cdef void lamb_cautious_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                            const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_LAMB_CAUTIOUS].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void lamb_cautious_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                                    const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq]
    measure(RULE_LAMB_CAUTIOUS, 0, FLOAT32, arrays, n, scalars, sums)


cdef void lamb_cautious_measure_2_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                                      const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq]
    measure(RULE_LAMB_CAUTIOUS, 1, FLOAT32, arrays, n, scalars, sums)


cdef void lamb_cautious_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                            const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_LAMB_CAUTIOUS].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void lamb_cautious_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq,
                                    Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq]
    measure(RULE_LAMB_CAUTIOUS, 0, FLOAT64, arrays, n, scalars, sums)


cdef void lamb_cautious_measure_2_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq,
                                      Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq]
    measure(RULE_LAMB_CAUTIOUS, 1, FLOAT64, arrays, n, scalars, sums)


cdef void lamb_cautious_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil:
    table().rules[RULE_LAMB_CAUTIOUS].measures[0].settle(scalars, sums, n, NULL)


cdef void lamb_cautious_settle_2(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil:
    table().rules[RULE_LAMB_CAUTIOUS].measures[1].settle(scalars, sums, n, NULL)


cdef int laprop_scalars(Scalars* scalars, double grad_scale, long long t, const Laprop* hyper, size_t size,
                        double* carry) noexcept nogil:
    return fold(FAMILY_LAPROP, scalars, grad_scale, t, hyper, size, carry)


cdef void laprop_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                     const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_LAPROP].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void laprop_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                     const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_LAPROP].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void laprop_cautious_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                              const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_LAPROP_CAUTIOUS].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void laprop_cautious_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                                      const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq]
    measure(RULE_LAPROP_CAUTIOUS, 0, FLOAT32, arrays, n, scalars, sums)


cdef void laprop_cautious_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                              const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_LAPROP_CAUTIOUS].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void laprop_cautious_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq,
                                      Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq]
    measure(RULE_LAPROP_CAUTIOUS, 0, FLOAT64, arrays, n, scalars, sums)


cdef void laprop_cautious_settle(Scalars* scalars, const double* sums, Py_ssize_t n, double* carry) noexcept nogil:
    table().rules[RULE_LAPROP_CAUTIOUS].measures[0].settle(scalars, sums, n, NULL)


cdef int lars_scalars(Scalars* scalars, double grad_scale, long long t, const Lars* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_LARS, scalars, grad_scale, t, hyper, size, NULL)


cdef void lars_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_LARS].kernels[FLOAT32])(param, grad, momentum_buffer, n, scalars)


cdef void lars_measure_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                           const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>momentum_buffer]
    measure(RULE_LARS, 0, FLOAT32, arrays, n, scalars, sums)


cdef void lars_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_LARS].kernels[FLOAT64])(param, grad, momentum_buffer, n, scalars)


cdef void lars_measure_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                           const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>momentum_buffer]
    measure(RULE_LARS, 0, FLOAT64, arrays, n, scalars, sums)


cdef void lars_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil:
    table().rules[RULE_LARS].measures[0].settle(scalars, sums, n, NULL)


cdef void lars_nesterov_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                            const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_LARS_NESTEROV].kernels[FLOAT32])(param, grad, momentum_buffer, n, scalars)


cdef void lars_nesterov_measure_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                                    const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>momentum_buffer]
    measure(RULE_LARS_NESTEROV, 0, FLOAT32, arrays, n, scalars, sums)


cdef void lars_nesterov_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                            const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_LARS_NESTEROV].kernels[FLOAT64])(param, grad, momentum_buffer, n, scalars)


cdef void lars_nesterov_measure_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                                    const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>momentum_buffer]
    measure(RULE_LARS_NESTEROV, 0, FLOAT64, arrays, n, scalars, sums)


cdef void lars_nesterov_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil:
    table().rules[RULE_LARS_NESTEROV].measures[0].settle(scalars, sums, n, NULL)


cdef int lion_scalars(Scalars* scalars, double grad_scale, long long t, const Lion* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_LION, scalars, grad_scale, t, hyper, size, NULL)


cdef void lion_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_LION].kernels[FLOAT32])(param, grad, momentum_buffer, n, scalars)


cdef void lion_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_LION].kernels[FLOAT64])(param, grad, momentum_buffer, n, scalars)


cdef void lion_cautious_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                            const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_LION_CAUTIOUS].kernels[FLOAT32])(param, grad, momentum_buffer, n, scalars)


cdef void lion_cautious_measure_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                                    const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>momentum_buffer]
    measure(RULE_LION_CAUTIOUS, 0, FLOAT32, arrays, n, scalars, sums)


cdef void lion_cautious_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                            const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_LION_CAUTIOUS].kernels[FLOAT64])(param, grad, momentum_buffer, n, scalars)


cdef void lion_cautious_measure_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                                    const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>momentum_buffer]
    measure(RULE_LION_CAUTIOUS, 0, FLOAT64, arrays, n, scalars, sums)


cdef void lion_cautious_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil:
    table().rules[RULE_LION_CAUTIOUS].measures[0].settle(scalars, sums, n, NULL)


cdef int madgrad_scalars(Scalars* scalars, double grad_scale, long long t, const Madgrad* hyper,
                         size_t size) noexcept nogil:
    return fold(FAMILY_MADGRAD, scalars, grad_scale, t, hyper, size, NULL)


cdef void madgrad_f32(float* param, const float* grad, float* grad_sum_sq, float* s, float* x0, Py_ssize_t n,
                      const Scalars* scalars) noexcept nogil:
    (<Kernel3>table().rules[RULE_MADGRAD].kernels[FLOAT32])(param, grad, grad_sum_sq, s, x0, n, scalars)


cdef void madgrad_f64(double* param, const double* grad, double* grad_sum_sq, double* s, double* x0, Py_ssize_t n,
                      const Scalars* scalars) noexcept nogil:
    (<Kernel3>table().rules[RULE_MADGRAD].kernels[FLOAT64])(param, grad, grad_sum_sq, s, x0, n, scalars)


cdef int mars_scalars(Scalars* scalars, double grad_scale, long long t, const Mars* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_MARS, scalars, grad_scale, t, hyper, size, NULL)


cdef void mars_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, float* last_grad, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil:
    (<Kernel3>table().rules[RULE_MARS].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, last_grad, n, scalars)


cdef void mars_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, float* last_grad,
                           Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq, <void*>last_grad]
    measure(RULE_MARS, 0, FLOAT32, arrays, n, scalars, sums)


cdef void mars_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, double* last_grad,
                   Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel3>table().rules[RULE_MARS].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, last_grad, n, scalars)


cdef void mars_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, double* last_grad,
                           Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq, <void*>last_grad]
    measure(RULE_MARS, 0, FLOAT64, arrays, n, scalars, sums)


cdef void mars_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil:
    table().rules[RULE_MARS].measures[0].settle(scalars, sums, n, NULL)


cdef void mars_cautious_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, float* last_grad,
                            Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel3>table().rules[RULE_MARS_CAUTIOUS].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, last_grad, n,
                                                                  scalars)


cdef void mars_cautious_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq,
                                    float* last_grad, Py_ssize_t n, const Scalars* scalars,
                                    double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq, <void*>last_grad]
    measure(RULE_MARS_CAUTIOUS, 0, FLOAT32, arrays, n, scalars, sums)


cdef void mars_cautious_measure_2_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq,
                                      float* last_grad, Py_ssize_t n, const Scalars* scalars,
                                      double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq, <void*>last_grad]
    measure(RULE_MARS_CAUTIOUS, 1, FLOAT32, arrays, n, scalars, sums)


cdef void mars_cautious_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, double* last_grad,
                            Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel3>table().rules[RULE_MARS_CAUTIOUS].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, last_grad, n,
                                                                  scalars)


cdef void mars_cautious_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq,
                                    double* last_grad, Py_ssize_t n, const Scalars* scalars,
                                    double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq, <void*>last_grad]
    measure(RULE_MARS_CAUTIOUS, 0, FLOAT64, arrays, n, scalars, sums)


cdef void mars_cautious_measure_2_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq,
                                      double* last_grad, Py_ssize_t n, const Scalars* scalars,
                                      double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq, <void*>last_grad]
    measure(RULE_MARS_CAUTIOUS, 1, FLOAT64, arrays, n, scalars, sums)


cdef void mars_cautious_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil:
    table().rules[RULE_MARS_CAUTIOUS].measures[0].settle(scalars, sums, n, NULL)


cdef void mars_cautious_settle_2(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil:
    table().rules[RULE_MARS_CAUTIOUS].measures[1].settle(scalars, sums, n, NULL)


cdef int muon_scalars(Scalars* scalars, double grad_scale, long long t, const Muon* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_MUON, scalars, grad_scale, t, hyper, size, NULL)


cdef void muon_f32(float* param, const float* grad, float* momentum_buffer, float* update, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_MUON].kernels[FLOAT32])(param, grad, momentum_buffer, update, n, scalars)


cdef void muon_f64(double* param, const double* grad, double* momentum_buffer, double* update, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_MUON].kernels[FLOAT64])(param, grad, momentum_buffer, update, n, scalars)


cdef int nadam_scalars(Scalars* scalars, double grad_scale, long long t, const Nadam* hyper, size_t size,
                       double* carry) noexcept nogil:
    return fold(FAMILY_NADAM, scalars, grad_scale, t, hyper, size, carry)


cdef void nadam_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                    const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_NADAM].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void nadam_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                    const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_NADAM].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void nadam_cautious_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                             const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_NADAM_CAUTIOUS].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void nadam_cautious_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                                     const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq]
    measure(RULE_NADAM_CAUTIOUS, 0, FLOAT32, arrays, n, scalars, sums)


cdef void nadam_cautious_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                             const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_NADAM_CAUTIOUS].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void nadam_cautious_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq,
                                     Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq]
    measure(RULE_NADAM_CAUTIOUS, 0, FLOAT64, arrays, n, scalars, sums)


cdef void nadam_cautious_settle(Scalars* scalars, const double* sums, Py_ssize_t n, double* carry) noexcept nogil:
    table().rules[RULE_NADAM_CAUTIOUS].measures[0].settle(scalars, sums, n, NULL)


cdef int novograd_scalars(Scalars* scalars, double grad_scale, long long t, const Novograd* hyper, size_t size,
                          double* carry) noexcept nogil:
    return fold(FAMILY_NOVOGRAD, scalars, grad_scale, t, hyper, size, carry)


cdef void novograd_f32(float* param, const float* grad, float* exp_avg, Py_ssize_t n,
                       const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_NOVOGRAD].kernels[FLOAT32])(param, grad, exp_avg, n, scalars)


cdef void novograd_measure_f32(float* param, const float* grad, float* exp_avg, Py_ssize_t n, const Scalars* scalars,
                               double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg]
    measure(RULE_NOVOGRAD, 0, FLOAT32, arrays, n, scalars, sums)


cdef void novograd_f64(double* param, const double* grad, double* exp_avg, Py_ssize_t n,
                       const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_NOVOGRAD].kernels[FLOAT64])(param, grad, exp_avg, n, scalars)


cdef void novograd_measure_f64(double* param, const double* grad, double* exp_avg, Py_ssize_t n, const Scalars* scalars,
                               double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg]
    measure(RULE_NOVOGRAD, 0, FLOAT64, arrays, n, scalars, sums)


cdef void novograd_settle(Scalars* scalars, const double* sums, Py_ssize_t n, double* carry) noexcept nogil:
    table().rules[RULE_NOVOGRAD].measures[0].settle(scalars, sums, n, carry)


cdef int prodigy_scalars(Scalars* scalars, double grad_scale, long long t, const Prodigy* hyper, size_t size,
                         double* carry) noexcept nogil:
    return fold(FAMILY_PRODIGY, scalars, grad_scale, t, hyper, size, carry)


cdef void prodigy_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, float* s, float* p0,
                      Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel4>table().rules[RULE_PRODIGY].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, s, p0, n, scalars)


cdef void prodigy_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, float* s, float* p0,
                              Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq, <void*>s, <void*>p0]
    measure(RULE_PRODIGY, 0, FLOAT32, arrays, n, scalars, sums)


cdef void prodigy_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, double* s, double* p0,
                      Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel4>table().rules[RULE_PRODIGY].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, s, p0, n, scalars)


cdef void prodigy_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, double* s,
                              double* p0, Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq, <void*>s, <void*>p0]
    measure(RULE_PRODIGY, 0, FLOAT64, arrays, n, scalars, sums)


cdef void prodigy_settle(Scalars* scalars, const double* sums, Py_ssize_t n, double* carry) noexcept nogil:
    table().rules[RULE_PRODIGY].measures[0].settle(scalars, sums, n, carry)


cdef int radam_scalars(Scalars* scalars, double grad_scale, long long t, const Radam* hyper,
                       size_t size) noexcept nogil:
    return fold(FAMILY_RADAM, scalars, grad_scale, t, hyper, size, NULL)


cdef void adam_unrectified_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                               const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADAM_UNRECTIFIED].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void adam_unrectified_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                               const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADAM_UNRECTIFIED].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef int rmsprop_scalars(Scalars* scalars, double grad_scale, long long t, const Rmsprop* hyper,
                         size_t size) noexcept nogil:
    return fold(FAMILY_RMSPROP, scalars, grad_scale, t, hyper, size, NULL)


cdef void rmsprop_f32(float* param, const float* grad, float* square_avg, Py_ssize_t n,
                      const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_RMSPROP].kernels[FLOAT32])(param, grad, square_avg, n, scalars)


cdef void rmsprop_f64(double* param, const double* grad, double* square_avg, Py_ssize_t n,
                      const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_RMSPROP].kernels[FLOAT64])(param, grad, square_avg, n, scalars)


cdef void rmsprop_momentum_f32(float* param, const float* grad, float* square_avg, float* momentum_buffer, Py_ssize_t n,
                               const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_RMSPROP_MOMENTUM].kernels[FLOAT32])(param, grad, square_avg, momentum_buffer, n,
                                                                     scalars)


cdef void rmsprop_momentum_f64(double* param, const double* grad, double* square_avg, double* momentum_buffer,
                               Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_RMSPROP_MOMENTUM].kernels[FLOAT64])(param, grad, square_avg, momentum_buffer, n,
                                                                     scalars)


cdef void rmsprop_centered_f32(float* param, const float* grad, float* square_avg, float* grad_avg, Py_ssize_t n,
                               const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_RMSPROP_CENTERED].kernels[FLOAT32])(param, grad, square_avg, grad_avg, n, scalars)


cdef void rmsprop_centered_f64(double* param, const double* grad, double* square_avg, double* grad_avg, Py_ssize_t n,
                               const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_RMSPROP_CENTERED].kernels[FLOAT64])(param, grad, square_avg, grad_avg, n, scalars)


cdef void rmsprop_centered_momentum_f32(float* param, const float* grad, float* square_avg, float* grad_avg,
                                        float* momentum_buffer, Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel3>table().rules[RULE_RMSPROP_CENTERED_MOMENTUM].kernels[FLOAT32])(param, grad, square_avg, grad_avg,
                                                                              momentum_buffer, n, scalars)


cdef void rmsprop_centered_momentum_f64(double* param, const double* grad, double* square_avg, double* grad_avg,
                                        double* momentum_buffer, Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel3>table().rules[RULE_RMSPROP_CENTERED_MOMENTUM].kernels[FLOAT64])(param, grad, square_avg, grad_avg,
                                                                              momentum_buffer, n, scalars)


cdef int rprop_scalars(Scalars* scalars, double grad_scale, long long t, const Rprop* hyper,
                       size_t size) noexcept nogil:
    return fold(FAMILY_RPROP, scalars, grad_scale, t, hyper, size, NULL)


cdef void rprop_f32(float* param, const float* grad, float* prev, float* step_size, Py_ssize_t n,
                    const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_RPROP].kernels[FLOAT32])(param, grad, prev, step_size, n, scalars)


cdef void rprop_f64(double* param, const double* grad, double* prev, double* step_size, Py_ssize_t n,
                    const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_RPROP].kernels[FLOAT64])(param, grad, prev, step_size, n, scalars)


cdef int schedule_free_adamw_scalars(Scalars* scalars, double grad_scale, long long t, const ScheduleFreeAdamw* hyper,
                                     size_t size, double* carry) noexcept nogil:
    return fold(FAMILY_SCHEDULE_FREE_ADAMW, scalars, grad_scale, t, hyper, size, carry)


cdef void schedule_free_adamw_f32(float* param, const float* grad, float* z, float* exp_avg_sq, Py_ssize_t n,
                                  const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_SCHEDULE_FREE_ADAMW].kernels[FLOAT32])(param, grad, z, exp_avg_sq, n, scalars)


cdef void schedule_free_adamw_f64(double* param, const double* grad, double* z, double* exp_avg_sq, Py_ssize_t n,
                                  const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_SCHEDULE_FREE_ADAMW].kernels[FLOAT64])(param, grad, z, exp_avg_sq, n, scalars)


cdef int schedule_free_radam_scalars(Scalars* scalars, double grad_scale, long long t, const ScheduleFreeRadam* hyper,
                                     size_t size, double* carry) noexcept nogil:
    return fold(FAMILY_SCHEDULE_FREE_RADAM, scalars, grad_scale, t, hyper, size, carry)


cdef void schedule_free_unrectified_f32(float* param, const float* grad, float* z, float* exp_avg_sq, Py_ssize_t n,
                                        const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_SCHEDULE_FREE_UNRECTIFIED].kernels[FLOAT32])(param, grad, z, exp_avg_sq, n, scalars)


cdef void schedule_free_unrectified_f64(double* param, const double* grad, double* z, double* exp_avg_sq, Py_ssize_t n,
                                        const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_SCHEDULE_FREE_UNRECTIFIED].kernels[FLOAT64])(param, grad, z, exp_avg_sq, n, scalars)


cdef int schedule_free_sgd_scalars(Scalars* scalars, double grad_scale, long long t, const ScheduleFreeSgd* hyper,
                                   size_t size, double* carry) noexcept nogil:
    return fold(FAMILY_SCHEDULE_FREE_SGD, scalars, grad_scale, t, hyper, size, carry)


cdef void schedule_free_sgd_f32(float* param, const float* grad, float* z, Py_ssize_t n,
                                const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_SCHEDULE_FREE_SGD].kernels[FLOAT32])(param, grad, z, n, scalars)


cdef void schedule_free_sgd_f64(double* param, const double* grad, double* z, Py_ssize_t n,
                                const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_SCHEDULE_FREE_SGD].kernels[FLOAT64])(param, grad, z, n, scalars)


cdef int sgd_scalars(Scalars* scalars, double grad_scale, long long t, const Sgd* hyper, size_t size,
                     double* carry) noexcept nogil:
    return fold(FAMILY_SGD, scalars, grad_scale, t, hyper, size, carry)


cdef void sgd_f32(float* param, const float* grad, Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel0>table().rules[RULE_SGD].kernels[FLOAT32])(param, grad, n, scalars)


cdef void sgd_f64(double* param, const double* grad, Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel0>table().rules[RULE_SGD].kernels[FLOAT64])(param, grad, n, scalars)


cdef void sgd_momentum_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                           const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_SGD_MOMENTUM].kernels[FLOAT32])(param, grad, momentum_buffer, n, scalars)


cdef void sgd_momentum_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                           const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_SGD_MOMENTUM].kernels[FLOAT64])(param, grad, momentum_buffer, n, scalars)


cdef void sgd_nesterov_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                           const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_SGD_NESTEROV].kernels[FLOAT32])(param, grad, momentum_buffer, n, scalars)


cdef void sgd_nesterov_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                           const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_SGD_NESTEROV].kernels[FLOAT64])(param, grad, momentum_buffer, n, scalars)


cdef int sign_sgd_scalars(Scalars* scalars, double grad_scale, long long t, const SignSgd* hyper,
                          size_t size) noexcept nogil:
    return fold(FAMILY_SIGN_SGD, scalars, grad_scale, t, hyper, size, NULL)


cdef void sign_sgd_f32(float* param, const float* grad, Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel0>table().rules[RULE_SIGN_SGD].kernels[FLOAT32])(param, grad, n, scalars)


cdef void sign_sgd_f64(double* param, const double* grad, Py_ssize_t n, const Scalars* scalars) noexcept nogil:
    (<Kernel0>table().rules[RULE_SIGN_SGD].kernels[FLOAT64])(param, grad, n, scalars)


cdef void sign_momentum_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                            const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_SIGN_MOMENTUM].kernels[FLOAT32])(param, grad, momentum_buffer, n, scalars)


cdef void sign_momentum_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                            const Scalars* scalars) noexcept nogil:
    (<Kernel1>table().rules[RULE_SIGN_MOMENTUM].kernels[FLOAT64])(param, grad, momentum_buffer, n, scalars)


cdef int stable_adamw_scalars(Scalars* scalars, double grad_scale, long long t, const StableAdamw* hyper,
                              size_t size) noexcept nogil:
    return fold(FAMILY_STABLE_ADAMW, scalars, grad_scale, t, hyper, size, NULL)


cdef void stable_adamw_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                           const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_STABLE_ADAMW].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void stable_adamw_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                                   const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq]
    measure(RULE_STABLE_ADAMW, 0, FLOAT32, arrays, n, scalars, sums)


cdef void stable_adamw_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                           const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_STABLE_ADAMW].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void stable_adamw_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                                   const Scalars* scalars, double* sums) noexcept nogil:
    cdef void** arrays = [<void*>param, <void*>grad, <void*>exp_avg, <void*>exp_avg_sq]
    measure(RULE_STABLE_ADAMW, 0, FLOAT64, arrays, n, scalars, sums)


cdef void stable_adamw_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil:
    table().rules[RULE_STABLE_ADAMW].measures[0].settle(scalars, sums, n, NULL)


cdef int yogi_scalars(Scalars* scalars, double grad_scale, long long t, const Yogi* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_YOGI, scalars, grad_scale, t, hyper, size, NULL)


cdef void yogi_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_YOGI].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, n, scalars)


cdef void yogi_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil:
    (<Kernel2>table().rules[RULE_YOGI].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, n, scalars)
