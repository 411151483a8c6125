# The C API, described in docs/C_API.md. What stands here is only added to, never changed: names, arguments, and the
# fields of the structs. ABI_VERSION is raised if that promise has to be broken.
from fastgd.kernels.rules.adadelta cimport AdadeltaScalars
from fastgd.kernels.rules.adagrad cimport AdagradScalars
from fastgd.kernels.rules.adam cimport AdamScalars
from fastgd.kernels.rules.adamax cimport AdamaxScalars
from fastgd.kernels.rules.asgd cimport AsgdScalars
from fastgd.kernels.rules.lion cimport LionScalars
from fastgd.kernels.rules.nadam cimport NadamScalars
from fastgd.kernels.rules.rmsprop cimport RmspropMomentumScalars, RmspropScalars
from fastgd.kernels.rules.rprop cimport RpropScalars
from fastgd.kernels.rules.sgd cimport SgdMomentumScalars, SgdNesterovScalars, SgdScalars
from fastgd.kernels.rules.sign cimport SignMomentumScalars, SignScalars

cdef enum:
    ABI_VERSION = 1     # what an importer has been compiled for, to be compared with

cdef int abi_version() noexcept nogil       # what is installed
cdef const char* instruction_set() noexcept nogil

cdef double norm_f32(const float* x, Py_ssize_t n) noexcept nogil
cdef double norm_f64(const double* x, Py_ssize_t n) noexcept nogil

# SGD
cdef void sgd_scalars(SgdScalars* s, double grad_scale, long long t, double lr, double weight_decay,
                      bint maximize) noexcept nogil
cdef void sgd_momentum_scalars(SgdMomentumScalars* s, double grad_scale, long long t, double lr, double momentum,
                               double dampening, double weight_decay, bint maximize, bint ema) noexcept nogil
cdef void sgd_nesterov_scalars(SgdNesterovScalars* s, double grad_scale, long long t, double lr, double momentum,
                               double weight_decay, bint maximize, bint ema) noexcept nogil
cdef void sgd_f32(float* param, const float* grad, Py_ssize_t n, const SgdScalars* s) noexcept nogil
cdef void sgd_f64(double* param, const double* grad, Py_ssize_t n, const SgdScalars* s) noexcept nogil
cdef void sgd_momentum_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                           const SgdMomentumScalars* s) noexcept nogil
cdef void sgd_momentum_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                           const SgdMomentumScalars* s) noexcept nogil
cdef void sgd_nesterov_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                           const SgdNesterovScalars* s) noexcept nogil
cdef void sgd_nesterov_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                           const SgdNesterovScalars* s) noexcept nogil

# SignSGD
cdef void sign_sgd_scalars(SignScalars* s, double grad_scale, long long t, double lr, double weight_decay,
                           bint maximize) noexcept nogil
cdef void sign_momentum_scalars(SignMomentumScalars* s, double grad_scale, long long t, double lr, double momentum,
                                double weight_decay, bint maximize) noexcept nogil
cdef void sign_sgd_f32(float* param, const float* grad, Py_ssize_t n, const SignScalars* s) noexcept nogil
cdef void sign_sgd_f64(double* param, const double* grad, Py_ssize_t n, const SignScalars* s) noexcept nogil
cdef void sign_momentum_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                            const SignMomentumScalars* s) noexcept nogil
cdef void sign_momentum_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                            const SignMomentumScalars* s) noexcept nogil

# Lion
cdef void lion_scalars(LionScalars* s, double grad_scale, long long t, double lr, double beta1, double beta2,
                       double weight_decay, bint maximize) noexcept nogil
cdef void lion_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                   const LionScalars* s) noexcept nogil
cdef void lion_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                   const LionScalars* s) noexcept nogil

# Adagrad
cdef void adagrad_scalars(AdagradScalars* s, double grad_scale, long long t, double lr, double lr_decay,
                          double weight_decay, double initial_accumulator_value, double eps, bint maximize,
                          double eps_root) noexcept nogil
cdef void adagrad_f32(float* param, const float* grad, float* sum, Py_ssize_t n, const AdagradScalars* s) noexcept nogil
cdef void adagrad_f64(double* param, const double* grad, double* sum, Py_ssize_t n,
                      const AdagradScalars* s) noexcept nogil

# Adadelta
cdef void adadelta_scalars(AdadeltaScalars* s, double grad_scale, long long t, double lr, double rho, double eps,
                           double weight_decay, bint maximize) noexcept nogil
cdef void adadelta_f32(float* param, const float* grad, float* square_avg, float* acc_delta, Py_ssize_t n,
                       const AdadeltaScalars* s) noexcept nogil
cdef void adadelta_f64(double* param, const double* grad, double* square_avg, double* acc_delta, Py_ssize_t n,
                       const AdadeltaScalars* s) noexcept nogil

# RMSprop
cdef void rmsprop_scalars(RmspropScalars* s, double grad_scale, long long t, double lr, double alpha, double eps,
                          double weight_decay, bint maximize, double eps_root) noexcept nogil
cdef void rmsprop_momentum_scalars(RmspropMomentumScalars* s, double grad_scale, long long t, double lr, double alpha,
                                   double eps, double weight_decay, double momentum, bint maximize,
                                   double eps_root) noexcept nogil
cdef void rmsprop_f32(float* param, const float* grad, float* square_avg, Py_ssize_t n,
                      const RmspropScalars* s) noexcept nogil
cdef void rmsprop_f64(double* param, const double* grad, double* square_avg, Py_ssize_t n,
                      const RmspropScalars* s) noexcept nogil
cdef void rmsprop_momentum_f32(float* param, const float* grad, float* square_avg, float* momentum_buffer, Py_ssize_t n,
                               const RmspropMomentumScalars* s) noexcept nogil
cdef void rmsprop_momentum_f64(double* param, const double* grad, double* square_avg, double* momentum_buffer,
                               Py_ssize_t n, const RmspropMomentumScalars* s) noexcept nogil
cdef void rmsprop_centered_f32(float* param, const float* grad, float* square_avg, float* grad_avg, Py_ssize_t n,
                               const RmspropScalars* s) noexcept nogil
cdef void rmsprop_centered_f64(double* param, const double* grad, double* square_avg, double* grad_avg, Py_ssize_t n,
                               const RmspropScalars* s) noexcept nogil
cdef void rmsprop_centered_momentum_f32(float* param, const float* grad, float* square_avg, float* grad_avg,
                                        float* momentum_buffer, Py_ssize_t n,
                                        const RmspropMomentumScalars* s) noexcept nogil
cdef void rmsprop_centered_momentum_f64(double* param, const double* grad, double* square_avg, double* grad_avg,
                                        double* momentum_buffer, Py_ssize_t n,
                                        const RmspropMomentumScalars* s) noexcept nogil

# Rprop
cdef void rprop_scalars(RpropScalars* s, double grad_scale, long long t, double lr, double eta_minus, double eta_plus,
                        double smallest, double largest, bint maximize) noexcept nogil
cdef void rprop_f32(float* param, const float* grad, float* prev, float* step_size, Py_ssize_t n,
                    const RpropScalars* s) noexcept nogil
cdef void rprop_f64(double* param, const double* grad, double* prev, double* step_size, Py_ssize_t n,
                    const RpropScalars* s) noexcept nogil

# Adam, AdamW and RAdam
cdef void adam_scalars(AdamScalars* s, double grad_scale, long long t, double lr, double beta1, double beta2,
                       double eps, double weight_decay, bint maximize, bint decoupled_weight_decay, double eps_root,
                       bint eps_hat) noexcept nogil
cdef void adamw_scalars(AdamScalars* s, double grad_scale, long long t, double lr, double beta1, double beta2,
                        double eps, double weight_decay, bint maximize, double eps_root, bint eps_hat) noexcept nogil
cdef bint radam_scalars(AdamScalars* s, double grad_scale, long long t, double lr, double beta1, double beta2,
                        double eps, double weight_decay, bint decoupled_weight_decay, bint maximize,
                        double eps_root) noexcept nogil
cdef void adam_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                   const AdamScalars* s) noexcept nogil
cdef void adam_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                   const AdamScalars* s) noexcept nogil
cdef void amsgrad_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, float* max_exp_avg_sq,
                      Py_ssize_t n, const AdamScalars* s) noexcept nogil
cdef void amsgrad_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, double* max_exp_avg_sq,
                      Py_ssize_t n, const AdamScalars* s) noexcept nogil
cdef void adam_unrectified_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                               const AdamScalars* s) noexcept nogil
cdef void adam_unrectified_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                               const AdamScalars* s) noexcept nogil

# NAdam
cdef void nadam_scalars(NadamScalars* s, double grad_scale, long long t, double* mu_product, double lr, double beta1,
                        double beta2, double eps, double weight_decay, double momentum_decay,
                        bint decoupled_weight_decay, bint maximize, double eps_root) noexcept nogil
cdef void nadam_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                    const NadamScalars* s) noexcept nogil
cdef void nadam_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                    const NadamScalars* s) noexcept nogil

# Adamax
cdef void adamax_scalars(AdamaxScalars* s, double grad_scale, long long t, double lr, double beta1, double beta2,
                         double eps, double weight_decay, bint maximize) noexcept nogil
cdef void adamax_f32(float* param, const float* grad, float* exp_avg, float* exp_inf, Py_ssize_t n,
                     const AdamaxScalars* s) noexcept nogil
cdef void adamax_f64(double* param, const double* grad, double* exp_avg, double* exp_inf, Py_ssize_t n,
                     const AdamaxScalars* s) noexcept nogil

# ASGD
cdef bint asgd_scalars(AsgdScalars* s, double grad_scale, long long t, double* eta, double* mu, double lr, double lambd,
                       double alpha, double t0, double weight_decay, bint maximize) noexcept nogil
cdef void asgd_f32(float* param, const float* grad, float* ax, Py_ssize_t n, const AsgdScalars* s) noexcept nogil
cdef void asgd_f64(double* param, const double* grad, double* ax, Py_ssize_t n, const AsgdScalars* s) noexcept nogil
cdef void asgd_average_f32(float* param, const float* grad, float* ax, Py_ssize_t n,
                           const AsgdScalars* s) noexcept nogil
cdef void asgd_average_f64(double* param, const double* grad, double* ax, Py_ssize_t n,
                           const AsgdScalars* s) noexcept nogil
