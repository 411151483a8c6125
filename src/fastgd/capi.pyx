# Written by make derive from kernels/rules/*.pxd and optimizers/*.py; edit those.
"""The C API: every rule, its scalars and the norm, without Python and without the GIL."""
include "capi_core.pxi"

cdef enum:      # rows of the table
    RULE_ADABELIEF
    RULE_ADADELTA
    RULE_ADAGRAD
    RULE_ADAM
    RULE_AMSGRAD
    RULE_ADAMAX
    RULE_ADAN
    RULE_ADEMAMIX
    RULE_ADOPT
    RULE_ASGD
    RULE_ASGD_AVERAGE
    RULE_FTRL
    RULE_LAMB
    RULE_LARS
    RULE_LARS_NESTEROV
    RULE_LION
    RULE_MUON
    RULE_NADAM
    RULE_NOVOGRAD
    RULE_ADAM_UNRECTIFIED
    RULE_RMSPROP
    RULE_RMSPROP_MOMENTUM
    RULE_RMSPROP_CENTERED
    RULE_RMSPROP_CENTERED_MOMENTUM
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
    FAMILY_ADABELIEF
    FAMILY_ADADELTA
    FAMILY_ADAGRAD
    FAMILY_ADAM
    FAMILY_ADAMAX
    FAMILY_ADAN
    FAMILY_ADEMAMIX
    FAMILY_ADOPT
    FAMILY_ASGD
    FAMILY_FTRL
    FAMILY_LAMB
    FAMILY_LARS
    FAMILY_LION
    FAMILY_MUON
    FAMILY_NADAM
    FAMILY_NOVOGRAD
    FAMILY_RADAM
    FAMILY_RMSPROP
    FAMILY_RPROP
    FAMILY_SCHEDULE_FREE_ADAMW
    FAMILY_SCHEDULE_FREE_RADAM
    FAMILY_SCHEDULE_FREE_SGD
    FAMILY_SGD
    FAMILY_SIGN_SGD
    FAMILY_STABLE_ADAMW
    FAMILY_YOGI


cdef int adabelief_scalars(Scalars* s, double grad_scale, long long t, const Adabelief* hyper,
                           size_t size) noexcept nogil:
    return fold(FAMILY_ADABELIEF, s, grad_scale, t, hyper, size, NULL)


cdef void adabelief_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_var, Py_ssize_t n,
                        const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADABELIEF].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_var, n, s)


cdef void adabelief_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_var, Py_ssize_t n,
                        const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADABELIEF].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_var, n, s)


cdef int adadelta_scalars(Scalars* s, double grad_scale, long long t, const Adadelta* hyper,
                          size_t size) noexcept nogil:
    return fold(FAMILY_ADADELTA, s, grad_scale, t, hyper, size, NULL)


cdef void adadelta_f32(float* param, const float* grad, float* square_avg, float* acc_delta, Py_ssize_t n,
                       const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADADELTA].kernels[FLOAT32])(param, grad, square_avg, acc_delta, n, s)


cdef void adadelta_f64(double* param, const double* grad, double* square_avg, double* acc_delta, Py_ssize_t n,
                       const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADADELTA].kernels[FLOAT64])(param, grad, square_avg, acc_delta, n, s)


cdef int adagrad_scalars(Scalars* s, double grad_scale, long long t, const Adagrad* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_ADAGRAD, s, grad_scale, t, hyper, size, NULL)


cdef void adagrad_f32(float* param, const float* grad, float* sum, Py_ssize_t n, const Scalars* s) noexcept nogil:
    (<Kernel1>table().rules[RULE_ADAGRAD].kernels[FLOAT32])(param, grad, sum, n, s)


cdef void adagrad_f64(double* param, const double* grad, double* sum, Py_ssize_t n, const Scalars* s) noexcept nogil:
    (<Kernel1>table().rules[RULE_ADAGRAD].kernels[FLOAT64])(param, grad, sum, n, s)


cdef int adam_scalars(Scalars* s, double grad_scale, long long t, const Adam* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_ADAM, s, grad_scale, t, hyper, size, NULL)


cdef void adam_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                   const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADAM].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, n, s)


cdef void adam_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                   const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADAM].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, n, s)


cdef void amsgrad_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, float* max_exp_avg_sq,
                      Py_ssize_t n, const Scalars* s) noexcept nogil:
    (<Kernel3>table().rules[RULE_AMSGRAD].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq, n, s)


cdef void amsgrad_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, double* max_exp_avg_sq,
                      Py_ssize_t n, const Scalars* s) noexcept nogil:
    (<Kernel3>table().rules[RULE_AMSGRAD].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq, n, s)


cdef int adamax_scalars(Scalars* s, double grad_scale, long long t, const Adamax* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_ADAMAX, s, grad_scale, t, hyper, size, NULL)


cdef void adamax_f32(float* param, const float* grad, float* exp_avg, float* exp_inf, Py_ssize_t n,
                     const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADAMAX].kernels[FLOAT32])(param, grad, exp_avg, exp_inf, n, s)


cdef void adamax_f64(double* param, const double* grad, double* exp_avg, double* exp_inf, Py_ssize_t n,
                     const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADAMAX].kernels[FLOAT64])(param, grad, exp_avg, exp_inf, n, s)


cdef int adan_scalars(Scalars* s, double grad_scale, long long t, const Adan* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_ADAN, s, grad_scale, t, hyper, size, NULL)


cdef void adan_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_diff, float* exp_avg_sq,
                   float* neg_pre_grad, Py_ssize_t n, const Scalars* s) noexcept nogil:
    (<Kernel4>table().rules[RULE_ADAN].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_diff, exp_avg_sq, neg_pre_grad,
                                                         n, s)


cdef void adan_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_diff, double* exp_avg_sq,
                   double* neg_pre_grad, Py_ssize_t n, const Scalars* s) noexcept nogil:
    (<Kernel4>table().rules[RULE_ADAN].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_diff, exp_avg_sq, neg_pre_grad,
                                                         n, s)


cdef int ademamix_scalars(Scalars* s, double grad_scale, long long t, const Ademamix* hyper,
                          size_t size) noexcept nogil:
    return fold(FAMILY_ADEMAMIX, s, grad_scale, t, hyper, size, NULL)


cdef void ademamix_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_slow, float* exp_avg_sq,
                       Py_ssize_t n, const Scalars* s) noexcept nogil:
    (<Kernel3>table().rules[RULE_ADEMAMIX].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_slow, exp_avg_sq, n, s)


cdef void ademamix_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_slow, double* exp_avg_sq,
                       Py_ssize_t n, const Scalars* s) noexcept nogil:
    (<Kernel3>table().rules[RULE_ADEMAMIX].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_slow, exp_avg_sq, n, s)


cdef int adopt_scalars(Scalars* s, double grad_scale, long long t, const Adopt* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_ADOPT, s, grad_scale, t, hyper, size, NULL)


cdef void adopt_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                    const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADOPT].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, n, s)


cdef void adopt_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                    const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADOPT].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, n, s)


cdef int asgd_scalars(Scalars* s, double grad_scale, long long t, const Asgd* hyper, size_t size,
                      double* carry) noexcept nogil:
    return fold(FAMILY_ASGD, s, grad_scale, t, hyper, size, carry)


cdef void asgd_f32(float* param, const float* grad, float* ax, Py_ssize_t n, const Scalars* s) noexcept nogil:
    (<Kernel1>table().rules[RULE_ASGD].kernels[FLOAT32])(param, grad, ax, n, s)


cdef void asgd_f64(double* param, const double* grad, double* ax, Py_ssize_t n, const Scalars* s) noexcept nogil:
    (<Kernel1>table().rules[RULE_ASGD].kernels[FLOAT64])(param, grad, ax, n, s)


cdef void asgd_average_f32(float* param, const float* grad, float* ax, Py_ssize_t n, const Scalars* s) noexcept nogil:
    (<Kernel1>table().rules[RULE_ASGD_AVERAGE].kernels[FLOAT32])(param, grad, ax, n, s)


cdef void asgd_average_f64(double* param, const double* grad, double* ax, Py_ssize_t n,
                           const Scalars* s) noexcept nogil:
    (<Kernel1>table().rules[RULE_ASGD_AVERAGE].kernels[FLOAT64])(param, grad, ax, n, s)


cdef int ftrl_scalars(Scalars* s, double grad_scale, long long t, const Ftrl* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_FTRL, s, grad_scale, t, hyper, size, NULL)


cdef void ftrl_f32(float* param, const float* grad, float* accumulator, float* linear, Py_ssize_t n,
                   const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_FTRL].kernels[FLOAT32])(param, grad, accumulator, linear, n, s)


cdef void ftrl_f64(double* param, const double* grad, double* accumulator, double* linear, Py_ssize_t n,
                   const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_FTRL].kernels[FLOAT64])(param, grad, accumulator, linear, n, s)


cdef int lion_scalars(Scalars* s, double grad_scale, long long t, const Lion* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_LION, s, grad_scale, t, hyper, size, NULL)


cdef void lion_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                   const Scalars* s) noexcept nogil:
    (<Kernel1>table().rules[RULE_LION].kernels[FLOAT32])(param, grad, momentum_buffer, n, s)


cdef void lion_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                   const Scalars* s) noexcept nogil:
    (<Kernel1>table().rules[RULE_LION].kernels[FLOAT64])(param, grad, momentum_buffer, n, s)


cdef int muon_scalars(Scalars* s, double grad_scale, long long t, const Muon* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_MUON, s, grad_scale, t, hyper, size, NULL)


cdef void muon_f32(float* param, const float* grad, float* momentum_buffer, float* update, Py_ssize_t n,
                   const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_MUON].kernels[FLOAT32])(param, grad, momentum_buffer, update, n, s)


cdef void muon_f64(double* param, const double* grad, double* momentum_buffer, double* update, Py_ssize_t n,
                   const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_MUON].kernels[FLOAT64])(param, grad, momentum_buffer, update, n, s)


cdef int nadam_scalars(Scalars* s, double grad_scale, long long t, const Nadam* hyper, size_t size,
                       double* carry) noexcept nogil:
    return fold(FAMILY_NADAM, s, grad_scale, t, hyper, size, carry)


cdef void nadam_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                    const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_NADAM].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, n, s)


cdef void nadam_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                    const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_NADAM].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, n, s)


cdef int radam_scalars(Scalars* s, double grad_scale, long long t, const Radam* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_RADAM, s, grad_scale, t, hyper, size, NULL)


cdef void adam_unrectified_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                               const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADAM_UNRECTIFIED].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, n, s)


cdef void adam_unrectified_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                               const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_ADAM_UNRECTIFIED].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, n, s)


cdef int rmsprop_scalars(Scalars* s, double grad_scale, long long t, const Rmsprop* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_RMSPROP, s, grad_scale, t, hyper, size, NULL)


cdef void rmsprop_f32(float* param, const float* grad, float* square_avg, Py_ssize_t n,
                      const Scalars* s) noexcept nogil:
    (<Kernel1>table().rules[RULE_RMSPROP].kernels[FLOAT32])(param, grad, square_avg, n, s)


cdef void rmsprop_f64(double* param, const double* grad, double* square_avg, Py_ssize_t n,
                      const Scalars* s) noexcept nogil:
    (<Kernel1>table().rules[RULE_RMSPROP].kernels[FLOAT64])(param, grad, square_avg, n, s)


cdef void rmsprop_momentum_f32(float* param, const float* grad, float* square_avg, float* momentum_buffer, Py_ssize_t n,
                               const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_RMSPROP_MOMENTUM].kernels[FLOAT32])(param, grad, square_avg, momentum_buffer, n, s)


cdef void rmsprop_momentum_f64(double* param, const double* grad, double* square_avg, double* momentum_buffer,
                               Py_ssize_t n, const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_RMSPROP_MOMENTUM].kernels[FLOAT64])(param, grad, square_avg, momentum_buffer, n, s)


cdef void rmsprop_centered_f32(float* param, const float* grad, float* square_avg, float* grad_avg, Py_ssize_t n,
                               const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_RMSPROP_CENTERED].kernels[FLOAT32])(param, grad, square_avg, grad_avg, n, s)


cdef void rmsprop_centered_f64(double* param, const double* grad, double* square_avg, double* grad_avg, Py_ssize_t n,
                               const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_RMSPROP_CENTERED].kernels[FLOAT64])(param, grad, square_avg, grad_avg, n, s)


cdef void rmsprop_centered_momentum_f32(float* param, const float* grad, float* square_avg, float* grad_avg,
                                        float* momentum_buffer, Py_ssize_t n, const Scalars* s) noexcept nogil:
    (<Kernel3>table().rules[RULE_RMSPROP_CENTERED_MOMENTUM].kernels[FLOAT32])(param, grad, square_avg, grad_avg,
                                                                              momentum_buffer, n, s)


cdef void rmsprop_centered_momentum_f64(double* param, const double* grad, double* square_avg, double* grad_avg,
                                        double* momentum_buffer, Py_ssize_t n, const Scalars* s) noexcept nogil:
    (<Kernel3>table().rules[RULE_RMSPROP_CENTERED_MOMENTUM].kernels[FLOAT64])(param, grad, square_avg, grad_avg,
                                                                              momentum_buffer, n, s)


cdef int rprop_scalars(Scalars* s, double grad_scale, long long t, const Rprop* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_RPROP, s, grad_scale, t, hyper, size, NULL)


cdef void rprop_f32(float* param, const float* grad, float* prev, float* step_size, Py_ssize_t n,
                    const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_RPROP].kernels[FLOAT32])(param, grad, prev, step_size, n, s)


cdef void rprop_f64(double* param, const double* grad, double* prev, double* step_size, Py_ssize_t n,
                    const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_RPROP].kernels[FLOAT64])(param, grad, prev, step_size, n, s)


cdef int schedule_free_adamw_scalars(Scalars* s, double grad_scale, long long t, const ScheduleFreeAdamw* hyper,
                                     size_t size, double* carry) noexcept nogil:
    return fold(FAMILY_SCHEDULE_FREE_ADAMW, s, grad_scale, t, hyper, size, carry)


cdef void schedule_free_adamw_f32(float* param, const float* grad, float* z, float* exp_avg_sq, Py_ssize_t n,
                                  const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_SCHEDULE_FREE_ADAMW].kernels[FLOAT32])(param, grad, z, exp_avg_sq, n, s)


cdef void schedule_free_adamw_f64(double* param, const double* grad, double* z, double* exp_avg_sq, Py_ssize_t n,
                                  const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_SCHEDULE_FREE_ADAMW].kernels[FLOAT64])(param, grad, z, exp_avg_sq, n, s)


cdef int schedule_free_radam_scalars(Scalars* s, double grad_scale, long long t, const ScheduleFreeRadam* hyper,
                                     size_t size, double* carry) noexcept nogil:
    return fold(FAMILY_SCHEDULE_FREE_RADAM, s, grad_scale, t, hyper, size, carry)


cdef void schedule_free_unrectified_f32(float* param, const float* grad, float* z, float* exp_avg_sq, Py_ssize_t n,
                                        const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_SCHEDULE_FREE_UNRECTIFIED].kernels[FLOAT32])(param, grad, z, exp_avg_sq, n, s)


cdef void schedule_free_unrectified_f64(double* param, const double* grad, double* z, double* exp_avg_sq, Py_ssize_t n,
                                        const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_SCHEDULE_FREE_UNRECTIFIED].kernels[FLOAT64])(param, grad, z, exp_avg_sq, n, s)


cdef int schedule_free_sgd_scalars(Scalars* s, double grad_scale, long long t, const ScheduleFreeSgd* hyper,
                                   size_t size, double* carry) noexcept nogil:
    return fold(FAMILY_SCHEDULE_FREE_SGD, s, grad_scale, t, hyper, size, carry)


cdef void schedule_free_sgd_f32(float* param, const float* grad, float* z, Py_ssize_t n,
                                const Scalars* s) noexcept nogil:
    (<Kernel1>table().rules[RULE_SCHEDULE_FREE_SGD].kernels[FLOAT32])(param, grad, z, n, s)


cdef void schedule_free_sgd_f64(double* param, const double* grad, double* z, Py_ssize_t n,
                                const Scalars* s) noexcept nogil:
    (<Kernel1>table().rules[RULE_SCHEDULE_FREE_SGD].kernels[FLOAT64])(param, grad, z, n, s)


cdef int sgd_scalars(Scalars* s, double grad_scale, long long t, const Sgd* hyper, size_t size,
                     double* carry) noexcept nogil:
    return fold(FAMILY_SGD, s, grad_scale, t, hyper, size, carry)


cdef void sgd_f32(float* param, const float* grad, Py_ssize_t n, const Scalars* s) noexcept nogil:
    (<Kernel0>table().rules[RULE_SGD].kernels[FLOAT32])(param, grad, n, s)


cdef void sgd_f64(double* param, const double* grad, Py_ssize_t n, const Scalars* s) noexcept nogil:
    (<Kernel0>table().rules[RULE_SGD].kernels[FLOAT64])(param, grad, n, s)


cdef void sgd_momentum_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                           const Scalars* s) noexcept nogil:
    (<Kernel1>table().rules[RULE_SGD_MOMENTUM].kernels[FLOAT32])(param, grad, momentum_buffer, n, s)


cdef void sgd_momentum_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                           const Scalars* s) noexcept nogil:
    (<Kernel1>table().rules[RULE_SGD_MOMENTUM].kernels[FLOAT64])(param, grad, momentum_buffer, n, s)


cdef void sgd_nesterov_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                           const Scalars* s) noexcept nogil:
    (<Kernel1>table().rules[RULE_SGD_NESTEROV].kernels[FLOAT32])(param, grad, momentum_buffer, n, s)


cdef void sgd_nesterov_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                           const Scalars* s) noexcept nogil:
    (<Kernel1>table().rules[RULE_SGD_NESTEROV].kernels[FLOAT64])(param, grad, momentum_buffer, n, s)


cdef int sign_sgd_scalars(Scalars* s, double grad_scale, long long t, const SignSgd* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_SIGN_SGD, s, grad_scale, t, hyper, size, NULL)


cdef void sign_sgd_f32(float* param, const float* grad, Py_ssize_t n, const Scalars* s) noexcept nogil:
    (<Kernel0>table().rules[RULE_SIGN_SGD].kernels[FLOAT32])(param, grad, n, s)


cdef void sign_sgd_f64(double* param, const double* grad, Py_ssize_t n, const Scalars* s) noexcept nogil:
    (<Kernel0>table().rules[RULE_SIGN_SGD].kernels[FLOAT64])(param, grad, n, s)


cdef void sign_momentum_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                            const Scalars* s) noexcept nogil:
    (<Kernel1>table().rules[RULE_SIGN_MOMENTUM].kernels[FLOAT32])(param, grad, momentum_buffer, n, s)


cdef void sign_momentum_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                            const Scalars* s) noexcept nogil:
    (<Kernel1>table().rules[RULE_SIGN_MOMENTUM].kernels[FLOAT64])(param, grad, momentum_buffer, n, s)


cdef int yogi_scalars(Scalars* s, double grad_scale, long long t, const Yogi* hyper, size_t size) noexcept nogil:
    return fold(FAMILY_YOGI, s, grad_scale, t, hyper, size, NULL)


cdef void yogi_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                   const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_YOGI].kernels[FLOAT32])(param, grad, exp_avg, exp_avg_sq, n, s)


cdef void yogi_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                   const Scalars* s) noexcept nogil:
    (<Kernel2>table().rules[RULE_YOGI].kernels[FLOAT64])(param, grad, exp_avg, exp_avg_sq, n, s)
