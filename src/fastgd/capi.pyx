"""
The C API: every rule, its scalars and the norm as functions that need no Python and no GIL.

The functions are compiled here, once: the rules for the instruction set that has been chosen, the scalars without the
contraction that an importer's compiler might allow itself, so that an importer gets the bits of the optimizer classes.
"""
from libc.string cimport strcmp

from fastgd.engine.dispatch cimport table
from fastgd.engine.norm cimport View, norm
from fastgd.kernels.rule cimport Kernel0, Kernel1, Kernel2, Kernel3
from fastgd.kernels.rules.adadelta cimport fold_adadelta
from fastgd.kernels.rules.adagrad cimport fold_adagrad
from fastgd.kernels.rules.adam cimport fold_adam, fold_radam
from fastgd.kernels.rules.adamax cimport fold_adamax
from fastgd.kernels.rules.asgd cimport fold_asgd
from fastgd.kernels.rules.lion cimport fold_lion
from fastgd.kernels.rules.nadam cimport fold_nadam
from fastgd.kernels.rules.rmsprop cimport fold_rmsprop, fold_rmsprop_momentum
from fastgd.kernels.rules.rprop cimport fold_rprop
from fastgd.kernels.rules.sgd cimport fold_sgd, fold_sgd_momentum, fold_sgd_nesterov
from fastgd.kernels.rules.sign cimport fold_sign_momentum, fold_sign_sgd


cdef int number(const char* rule) except -1:
    """The number of a rule, in the table of every instruction set."""
    cdef int i
    for i in range(table().count):
        if strcmp(table().rules[i].name, rule) == 0:
            return i
    raise ImportError(f"fastgd.capi: no rule in kernels/table.pxi is called {rule.decode()}")


cdef int SGD = number(b"sgd")
cdef int SGD_MOMENTUM = number(b"sgd_momentum")
cdef int SGD_NESTEROV = number(b"sgd_nesterov")
cdef int SIGN_SGD = number(b"sign_sgd")
cdef int SIGN_MOMENTUM = number(b"sign_momentum")
cdef int LION = number(b"lion")
cdef int ADAGRAD = number(b"adagrad")
cdef int ADADELTA = number(b"adadelta")
cdef int RMSPROP = number(b"rmsprop")
cdef int RMSPROP_MOMENTUM = number(b"rmsprop_momentum")
cdef int RMSPROP_CENTERED = number(b"rmsprop_centered")
cdef int RMSPROP_CENTERED_MOMENTUM = number(b"rmsprop_centered_momentum")
cdef int RPROP = number(b"rprop")
cdef int ADAM = number(b"adam")
cdef int AMSGRAD = number(b"amsgrad")
cdef int ADAM_UNRECTIFIED = number(b"adam_unrectified")
cdef int NADAM = number(b"nadam")
cdef int ADAMAX = number(b"adamax")
cdef int ASGD = number(b"asgd")
cdef int ASGD_AVERAGE = number(b"asgd_average")


cdef int abi_version() noexcept nogil:
    return ABI_VERSION


cdef const char* instruction_set() noexcept nogil:
    return table().name


cdef double norm_of(const void* x, Py_ssize_t n, int itemsize) noexcept nogil:
    cdef View view = View(<const char*>x, n, itemsize, True, 1, NULL, NULL)
    return norm(&view, 1, NULL, 1)


cdef double norm_f32(const float* x, Py_ssize_t n) noexcept nogil:
    return norm_of(x, n, sizeof(float))


cdef double norm_f64(const double* x, Py_ssize_t n) noexcept nogil:
    return norm_of(x, n, sizeof(double))


cdef void sgd_scalars(SgdScalars* s, double grad_scale, long long t, double lr, double weight_decay,
                      bint maximize) noexcept nogil:
    fold_sgd(s, grad_scale, t, lr, weight_decay, maximize)


cdef void sgd_momentum_scalars(SgdMomentumScalars* s, double grad_scale, long long t, double lr, double momentum,
                               double dampening, double weight_decay, bint maximize, bint ema) noexcept nogil:
    fold_sgd_momentum(s, grad_scale, t, lr, momentum, dampening, weight_decay, maximize, ema)


cdef void sgd_nesterov_scalars(SgdNesterovScalars* s, double grad_scale, long long t, double lr, double momentum,
                               double weight_decay, bint maximize, bint ema) noexcept nogil:
    fold_sgd_nesterov(s, grad_scale, t, lr, momentum, weight_decay, maximize, ema)


cdef void sgd_f32(float* param, const float* grad, Py_ssize_t n, const SgdScalars* s) noexcept nogil:
    (<Kernel0>table().rules[SGD].f32)(param, grad, n, s)


cdef void sgd_f64(double* param, const double* grad, Py_ssize_t n, const SgdScalars* s) noexcept nogil:
    (<Kernel0>table().rules[SGD].f64)(param, grad, n, s)


cdef void sgd_momentum_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                           const SgdMomentumScalars* s) noexcept nogil:
    (<Kernel1>table().rules[SGD_MOMENTUM].f32)(param, grad, momentum_buffer, n, s)


cdef void sgd_momentum_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                           const SgdMomentumScalars* s) noexcept nogil:
    (<Kernel1>table().rules[SGD_MOMENTUM].f64)(param, grad, momentum_buffer, n, s)


cdef void sgd_nesterov_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                           const SgdNesterovScalars* s) noexcept nogil:
    (<Kernel1>table().rules[SGD_NESTEROV].f32)(param, grad, momentum_buffer, n, s)


cdef void sgd_nesterov_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                           const SgdNesterovScalars* s) noexcept nogil:
    (<Kernel1>table().rules[SGD_NESTEROV].f64)(param, grad, momentum_buffer, n, s)


cdef void sign_sgd_scalars(SignScalars* s, double grad_scale, long long t, double lr, double weight_decay,
                           bint maximize) noexcept nogil:
    fold_sign_sgd(s, grad_scale, t, lr, weight_decay, maximize)


cdef void sign_momentum_scalars(SignMomentumScalars* s, double grad_scale, long long t, double lr, double momentum,
                                double weight_decay, bint maximize) noexcept nogil:
    fold_sign_momentum(s, grad_scale, t, lr, momentum, weight_decay, maximize)


cdef void sign_sgd_f32(float* param, const float* grad, Py_ssize_t n, const SignScalars* s) noexcept nogil:
    (<Kernel0>table().rules[SIGN_SGD].f32)(param, grad, n, s)


cdef void sign_sgd_f64(double* param, const double* grad, Py_ssize_t n, const SignScalars* s) noexcept nogil:
    (<Kernel0>table().rules[SIGN_SGD].f64)(param, grad, n, s)


cdef void sign_momentum_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                            const SignMomentumScalars* s) noexcept nogil:
    (<Kernel1>table().rules[SIGN_MOMENTUM].f32)(param, grad, momentum_buffer, n, s)


cdef void sign_momentum_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                            const SignMomentumScalars* s) noexcept nogil:
    (<Kernel1>table().rules[SIGN_MOMENTUM].f64)(param, grad, momentum_buffer, n, s)


cdef void lion_scalars(LionScalars* s, double grad_scale, long long t, double lr, double beta1, double beta2,
                       double weight_decay, bint maximize) noexcept nogil:
    fold_lion(s, grad_scale, t, lr, beta1, beta2, weight_decay, maximize)


cdef void lion_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                   const LionScalars* s) noexcept nogil:
    (<Kernel1>table().rules[LION].f32)(param, grad, momentum_buffer, n, s)


cdef void lion_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                   const LionScalars* s) noexcept nogil:
    (<Kernel1>table().rules[LION].f64)(param, grad, momentum_buffer, n, s)


cdef void adagrad_scalars(AdagradScalars* s, double grad_scale, long long t, double lr, double lr_decay,
                          double weight_decay, double initial_accumulator_value, double eps, bint maximize,
                          double eps_root) noexcept nogil:
    fold_adagrad(s, grad_scale, t, lr, lr_decay, weight_decay, initial_accumulator_value, eps, maximize, eps_root)


cdef void adagrad_f32(float* param, const float* grad, float* sum, Py_ssize_t n,
                      const AdagradScalars* s) noexcept nogil:
    (<Kernel1>table().rules[ADAGRAD].f32)(param, grad, sum, n, s)


cdef void adagrad_f64(double* param, const double* grad, double* sum, Py_ssize_t n,
                      const AdagradScalars* s) noexcept nogil:
    (<Kernel1>table().rules[ADAGRAD].f64)(param, grad, sum, n, s)


cdef void adadelta_scalars(AdadeltaScalars* s, double grad_scale, long long t, double lr, double rho, double eps,
                           double weight_decay, bint maximize) noexcept nogil:
    fold_adadelta(s, grad_scale, t, lr, rho, eps, weight_decay, maximize)


cdef void adadelta_f32(float* param, const float* grad, float* square_avg, float* acc_delta, Py_ssize_t n,
                       const AdadeltaScalars* s) noexcept nogil:
    (<Kernel2>table().rules[ADADELTA].f32)(param, grad, square_avg, acc_delta, n, s)


cdef void adadelta_f64(double* param, const double* grad, double* square_avg, double* acc_delta, Py_ssize_t n,
                       const AdadeltaScalars* s) noexcept nogil:
    (<Kernel2>table().rules[ADADELTA].f64)(param, grad, square_avg, acc_delta, n, s)


cdef void rmsprop_scalars(RmspropScalars* s, double grad_scale, long long t, double lr, double alpha, double eps,
                          double weight_decay, bint maximize, double eps_root) noexcept nogil:
    fold_rmsprop(s, grad_scale, t, lr, alpha, eps, weight_decay, maximize, eps_root)


cdef void rmsprop_momentum_scalars(RmspropMomentumScalars* s, double grad_scale, long long t, double lr, double alpha,
                                   double eps, double weight_decay, double momentum, bint maximize,
                                   double eps_root) noexcept nogil:
    fold_rmsprop_momentum(s, grad_scale, t, lr, alpha, eps, weight_decay, momentum, maximize, eps_root)


cdef void rmsprop_f32(float* param, const float* grad, float* square_avg, Py_ssize_t n,
                      const RmspropScalars* s) noexcept nogil:
    (<Kernel1>table().rules[RMSPROP].f32)(param, grad, square_avg, n, s)


cdef void rmsprop_f64(double* param, const double* grad, double* square_avg, Py_ssize_t n,
                      const RmspropScalars* s) noexcept nogil:
    (<Kernel1>table().rules[RMSPROP].f64)(param, grad, square_avg, n, s)


cdef void rmsprop_momentum_f32(float* param, const float* grad, float* square_avg, float* momentum_buffer, Py_ssize_t n,
                               const RmspropMomentumScalars* s) noexcept nogil:
    (<Kernel2>table().rules[RMSPROP_MOMENTUM].f32)(param, grad, square_avg, momentum_buffer, n, s)


cdef void rmsprop_momentum_f64(double* param, const double* grad, double* square_avg, double* momentum_buffer,
                               Py_ssize_t n, const RmspropMomentumScalars* s) noexcept nogil:
    (<Kernel2>table().rules[RMSPROP_MOMENTUM].f64)(param, grad, square_avg, momentum_buffer, n, s)


cdef void rmsprop_centered_f32(float* param, const float* grad, float* square_avg, float* grad_avg, Py_ssize_t n,
                               const RmspropScalars* s) noexcept nogil:
    (<Kernel2>table().rules[RMSPROP_CENTERED].f32)(param, grad, square_avg, grad_avg, n, s)


cdef void rmsprop_centered_f64(double* param, const double* grad, double* square_avg, double* grad_avg, Py_ssize_t n,
                               const RmspropScalars* s) noexcept nogil:
    (<Kernel2>table().rules[RMSPROP_CENTERED].f64)(param, grad, square_avg, grad_avg, n, s)


cdef void rmsprop_centered_momentum_f32(float* param, const float* grad, float* square_avg, float* grad_avg,
                                        float* momentum_buffer, Py_ssize_t n,
                                        const RmspropMomentumScalars* s) noexcept nogil:
    (<Kernel3>table().rules[RMSPROP_CENTERED_MOMENTUM].f32)(param, grad, square_avg, grad_avg, momentum_buffer, n, s)


cdef void rmsprop_centered_momentum_f64(double* param, const double* grad, double* square_avg, double* grad_avg,
                                        double* momentum_buffer, Py_ssize_t n,
                                        const RmspropMomentumScalars* s) noexcept nogil:
    (<Kernel3>table().rules[RMSPROP_CENTERED_MOMENTUM].f64)(param, grad, square_avg, grad_avg, momentum_buffer, n, s)


cdef void rprop_scalars(RpropScalars* s, double grad_scale, long long t, double lr, double eta_minus, double eta_plus,
                        double smallest, double largest, bint maximize) noexcept nogil:
    fold_rprop(s, grad_scale, t, lr, eta_minus, eta_plus, smallest, largest, maximize)


cdef void rprop_f32(float* param, const float* grad, float* prev, float* step_size, Py_ssize_t n,
                    const RpropScalars* s) noexcept nogil:
    (<Kernel2>table().rules[RPROP].f32)(param, grad, prev, step_size, n, s)


cdef void rprop_f64(double* param, const double* grad, double* prev, double* step_size, Py_ssize_t n,
                    const RpropScalars* s) noexcept nogil:
    (<Kernel2>table().rules[RPROP].f64)(param, grad, prev, step_size, n, s)


cdef void adam_scalars(AdamScalars* s, double grad_scale, long long t, double lr, double beta1, double beta2,
                       double eps, double weight_decay, bint maximize, bint decoupled_weight_decay, double eps_root,
                       bint eps_hat) noexcept nogil:
    fold_adam(s, grad_scale, t, lr, beta1, beta2, eps, weight_decay, maximize, decoupled_weight_decay, eps_root,
              eps_hat)


cdef void adamw_scalars(AdamScalars* s, double grad_scale, long long t, double lr, double beta1, double beta2,
                        double eps, double weight_decay, bint maximize, double eps_root, bint eps_hat) noexcept nogil:
    fold_adam(s, grad_scale, t, lr, beta1, beta2, eps, weight_decay, maximize, True, eps_root, eps_hat)


cdef bint radam_scalars(AdamScalars* s, double grad_scale, long long t, double lr, double beta1, double beta2,
                        double eps, double weight_decay, bint decoupled_weight_decay, bint maximize,
                        double eps_root) noexcept nogil:
    return fold_radam(s, grad_scale, t, lr, beta1, beta2, eps, weight_decay, decoupled_weight_decay, maximize, eps_root)


cdef void adam_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                   const AdamScalars* s) noexcept nogil:
    (<Kernel2>table().rules[ADAM].f32)(param, grad, exp_avg, exp_avg_sq, n, s)


cdef void adam_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                   const AdamScalars* s) noexcept nogil:
    (<Kernel2>table().rules[ADAM].f64)(param, grad, exp_avg, exp_avg_sq, n, s)


cdef void amsgrad_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, float* max_exp_avg_sq,
                      Py_ssize_t n, const AdamScalars* s) noexcept nogil:
    (<Kernel3>table().rules[AMSGRAD].f32)(param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq, n, s)


cdef void amsgrad_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, double* max_exp_avg_sq,
                      Py_ssize_t n, const AdamScalars* s) noexcept nogil:
    (<Kernel3>table().rules[AMSGRAD].f64)(param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq, n, s)


cdef void adam_unrectified_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                               const AdamScalars* s) noexcept nogil:
    (<Kernel2>table().rules[ADAM_UNRECTIFIED].f32)(param, grad, exp_avg, exp_avg_sq, n, s)


cdef void adam_unrectified_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                               const AdamScalars* s) noexcept nogil:
    (<Kernel2>table().rules[ADAM_UNRECTIFIED].f64)(param, grad, exp_avg, exp_avg_sq, n, s)


cdef void nadam_scalars(NadamScalars* s, double grad_scale, long long t, double* mu_product, double lr, double beta1,
                        double beta2, double eps, double weight_decay, double momentum_decay,
                        bint decoupled_weight_decay, bint maximize, double eps_root) noexcept nogil:
    fold_nadam(s, grad_scale, t, mu_product, lr, beta1, beta2, eps, weight_decay, momentum_decay,
               decoupled_weight_decay, maximize, eps_root)


cdef void nadam_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                    const NadamScalars* s) noexcept nogil:
    (<Kernel2>table().rules[NADAM].f32)(param, grad, exp_avg, exp_avg_sq, n, s)


cdef void nadam_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                    const NadamScalars* s) noexcept nogil:
    (<Kernel2>table().rules[NADAM].f64)(param, grad, exp_avg, exp_avg_sq, n, s)


cdef void adamax_scalars(AdamaxScalars* s, double grad_scale, long long t, double lr, double beta1, double beta2,
                         double eps, double weight_decay, bint maximize) noexcept nogil:
    fold_adamax(s, grad_scale, t, lr, beta1, beta2, eps, weight_decay, maximize)


cdef void adamax_f32(float* param, const float* grad, float* exp_avg, float* exp_inf, Py_ssize_t n,
                     const AdamaxScalars* s) noexcept nogil:
    (<Kernel2>table().rules[ADAMAX].f32)(param, grad, exp_avg, exp_inf, n, s)


cdef void adamax_f64(double* param, const double* grad, double* exp_avg, double* exp_inf, Py_ssize_t n,
                     const AdamaxScalars* s) noexcept nogil:
    (<Kernel2>table().rules[ADAMAX].f64)(param, grad, exp_avg, exp_inf, n, s)


cdef bint asgd_scalars(AsgdScalars* s, double grad_scale, long long t, double* eta, double* mu, double lr, double lambd,
                       double alpha, double t0, double weight_decay, bint maximize) noexcept nogil:
    return fold_asgd(s, grad_scale, t, eta, mu, lr, lambd, alpha, t0, weight_decay, maximize)


cdef void asgd_f32(float* param, const float* grad, float* ax, Py_ssize_t n, const AsgdScalars* s) noexcept nogil:
    (<Kernel1>table().rules[ASGD].f32)(param, grad, ax, n, s)


cdef void asgd_f64(double* param, const double* grad, double* ax, Py_ssize_t n, const AsgdScalars* s) noexcept nogil:
    (<Kernel1>table().rules[ASGD].f64)(param, grad, ax, n, s)


cdef void asgd_average_f32(float* param, const float* grad, float* ax, Py_ssize_t n,
                           const AsgdScalars* s) noexcept nogil:
    (<Kernel1>table().rules[ASGD_AVERAGE].f32)(param, grad, ax, n, s)


cdef void asgd_average_f64(double* param, const double* grad, double* ax, Py_ssize_t n,
                           const AsgdScalars* s) noexcept nogil:
    (<Kernel1>table().rules[ASGD_AVERAGE].f64)(param, grad, ax, n, s)
