# Written by make derive from kernels/rules/*.pxd and optimizers/*.py; edit those.
#
# The C API, described in docs/C_API.md. What stands here is only added to, never changed: names, arguments, numbers,
# and the fields of the structs, which grow at their end. ABI_VERSION is raised if that promise has to be broken.
from fastgd.kernels.rule cimport Scalars

cdef enum:
    ABI_VERSION = 1     # what an importer has been compiled for, to be compared with
    MAX_CARRY = 4       # doubles that a family may carry from step to step
    MAX_SUMS = 8        # doubles that a measuring pass may add to

cdef int abi_version() noexcept nogil       # what is installed
cdef const char* instruction_set() noexcept nogil

cdef double norm_f32(const float* x, Py_ssize_t n) noexcept nogil
cdef double norm_f64(const double* x, Py_ssize_t n) noexcept nogil


ctypedef struct AdaPnm "fastgd_AdaPnm":
    double lr
    double beta1
    double beta2
    double beta3
    double eps
    double weight_decay
    double ams_bound
    double maximize
    double corrected_weight_decay

cdef enum:
    ADA_PNM_ADA_PNM = 0
    ADA_PNM_ADA_PNM_BOUND = 1

cdef int ada_pnm_scalars(Scalars* scalars, double grad_scale, long long t, const AdaPnm* hyper,
                         size_t size) noexcept nogil
cdef void ada_pnm_f32(float* param, const float* grad, float* exp_avg, float* neg_exp_avg, float* exp_avg_sq,
                      Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void ada_pnm_f64(double* param, const double* grad, double* exp_avg, double* neg_exp_avg, double* exp_avg_sq,
                      Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void ada_pnm_bound_f32(float* param, const float* grad, float* exp_avg, float* neg_exp_avg, float* exp_avg_sq,
                            float* max_exp_avg_sq, Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void ada_pnm_bound_f64(double* param, const double* grad, double* exp_avg, double* neg_exp_avg, double* exp_avg_sq,
                            double* max_exp_avg_sq, Py_ssize_t n, const Scalars* scalars) noexcept nogil


ctypedef struct Adabelief "fastgd_Adabelief":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double maximize
    double corrected_weight_decay

cdef enum:
    ADABELIEF_ADABELIEF = 0

cdef int adabelief_scalars(Scalars* scalars, double grad_scale, long long t, const Adabelief* hyper,
                           size_t size) noexcept nogil
cdef void adabelief_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_var, Py_ssize_t n,
                        const Scalars* scalars) noexcept nogil
cdef void adabelief_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_var, Py_ssize_t n,
                        const Scalars* scalars) noexcept nogil


ctypedef struct Adadelta "fastgd_Adadelta":
    double lr
    double rho
    double eps
    double weight_decay
    double maximize

cdef enum:
    ADADELTA_ADADELTA = 0

cdef int adadelta_scalars(Scalars* scalars, double grad_scale, long long t, const Adadelta* hyper,
                          size_t size) noexcept nogil
cdef void adadelta_f32(float* param, const float* grad, float* square_avg, float* acc_delta, Py_ssize_t n,
                       const Scalars* scalars) noexcept nogil
cdef void adadelta_f64(double* param, const double* grad, double* square_avg, double* acc_delta, Py_ssize_t n,
                       const Scalars* scalars) noexcept nogil


ctypedef struct Adagrad "fastgd_Adagrad":
    double lr
    double lr_decay
    double weight_decay
    double initial_accumulator_value
    double eps
    double maximize
    double eps_root

cdef enum:
    ADAGRAD_ADAGRAD = 0

cdef int adagrad_scalars(Scalars* scalars, double grad_scale, long long t, const Adagrad* hyper,
                         size_t size) noexcept nogil
cdef void adagrad_f32(float* param, const float* grad, float* sum, Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void adagrad_f64(double* param, const double* grad, double* sum, Py_ssize_t n,
                      const Scalars* scalars) noexcept nogil


ctypedef struct Adam "fastgd_Adam":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double amsgrad
    double maximize
    double decoupled_weight_decay
    double eps_root
    double eps_hat
    double cautious
    double corrected_weight_decay

cdef enum:
    ADAM_ADAM = 0
    ADAM_AMSGRAD = 1
    ADAM_ADAM_CAUTIOUS = 2
    ADAM_AMSGRAD_CAUTIOUS = 3

cdef int adam_scalars(Scalars* scalars, double grad_scale, long long t, const Adam* hyper, size_t size) noexcept nogil
cdef void adam_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil
cdef void adam_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil
cdef void amsgrad_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, float* max_exp_avg_sq,
                      Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void amsgrad_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, double* max_exp_avg_sq,
                      Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void adam_cautious_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                            const Scalars* scalars) noexcept nogil
cdef void adam_cautious_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                                    const Scalars* scalars, double* sums) noexcept nogil
cdef void adam_cautious_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                            const Scalars* scalars) noexcept nogil
cdef void adam_cautious_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq,
                                    Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil
cdef void adam_cautious_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil
cdef void amsgrad_cautious_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq,
                               float* max_exp_avg_sq, Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void amsgrad_cautious_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq,
                                       float* max_exp_avg_sq, Py_ssize_t n, const Scalars* scalars,
                                       double* sums) noexcept nogil
cdef void amsgrad_cautious_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq,
                               double* max_exp_avg_sq, Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void amsgrad_cautious_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq,
                                       double* max_exp_avg_sq, Py_ssize_t n, const Scalars* scalars,
                                       double* sums) noexcept nogil
cdef void amsgrad_cautious_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil


ctypedef struct AdamAtan2 "fastgd_AdamAtan2":
    double lr
    double beta1
    double beta2
    double weight_decay
    double a
    double b
    double maximize
    double corrected_weight_decay

cdef enum:
    ADAM_ATAN2_ADAM_ATAN2 = 0

cdef int adam_atan2_scalars(Scalars* scalars, double grad_scale, long long t, const AdamAtan2* hyper,
                            size_t size) noexcept nogil
cdef void adam_atan2_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                         const Scalars* scalars) noexcept nogil
cdef void adam_atan2_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                         const Scalars* scalars) noexcept nogil


ctypedef struct Adamax "fastgd_Adamax":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double maximize

cdef enum:
    ADAMAX_ADAMAX = 0

cdef int adamax_scalars(Scalars* scalars, double grad_scale, long long t, const Adamax* hyper,
                        size_t size) noexcept nogil
cdef void adamax_f32(float* param, const float* grad, float* exp_avg, float* exp_inf, Py_ssize_t n,
                     const Scalars* scalars) noexcept nogil
cdef void adamax_f64(double* param, const double* grad, double* exp_avg, double* exp_inf, Py_ssize_t n,
                     const Scalars* scalars) noexcept nogil


ctypedef struct Adan "fastgd_Adan":
    double lr
    double beta1
    double beta2
    double beta3
    double eps
    double weight_decay
    double no_prox
    double maximize
    double corrected_weight_decay

cdef enum:
    ADAN_ADAN = 0

cdef int adan_scalars(Scalars* scalars, double grad_scale, long long t, const Adan* hyper, size_t size) noexcept nogil
cdef void adan_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_diff, float* exp_avg_sq,
                   float* neg_pre_grad, Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void adan_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_diff, double* exp_avg_sq,
                   double* neg_pre_grad, Py_ssize_t n, const Scalars* scalars) noexcept nogil


ctypedef struct Ademamix "fastgd_Ademamix":
    double lr
    double beta1
    double beta2
    double beta3
    double alpha
    double t_alpha
    double t_beta3
    double eps
    double weight_decay
    double maximize
    double corrected_weight_decay

cdef enum:
    ADEMAMIX_ADEMAMIX = 0

cdef int ademamix_scalars(Scalars* scalars, double grad_scale, long long t, const Ademamix* hyper,
                          size_t size) noexcept nogil
cdef void ademamix_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_slow, float* exp_avg_sq,
                       Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void ademamix_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_slow, double* exp_avg_sq,
                       Py_ssize_t n, const Scalars* scalars) noexcept nogil


ctypedef struct Adopt "fastgd_Adopt":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double clip_exponent
    double maximize
    double cautious
    double corrected_weight_decay

cdef enum:
    ADOPT_ADOPT = 0
    ADOPT_ADOPT_CAUTIOUS = 1

cdef int adopt_scalars(Scalars* scalars, double grad_scale, long long t, const Adopt* hyper, size_t size) noexcept nogil
cdef void adopt_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                    const Scalars* scalars) noexcept nogil
cdef void adopt_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                    const Scalars* scalars) noexcept nogil
cdef void adopt_cautious_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                             const Scalars* scalars) noexcept nogil
cdef void adopt_cautious_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                                     const Scalars* scalars, double* sums) noexcept nogil
cdef void adopt_cautious_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                             const Scalars* scalars) noexcept nogil
cdef void adopt_cautious_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq,
                                     Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil
cdef void adopt_cautious_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil


ctypedef struct Asgd "fastgd_Asgd":
    double lr
    double lambd
    double alpha
    double t0
    double weight_decay
    double maximize

cdef enum:
    ASGD_ASGD = 0
    ASGD_ASGD_AVERAGE = 1
    ASGD_ETA = 0
    ASGD_MU = 1

cdef int asgd_scalars(Scalars* scalars, double grad_scale, long long t, const Asgd* hyper, size_t size,
                      double* carry) noexcept nogil
cdef void asgd_f32(float* param, const float* grad, float* ax, Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void asgd_f64(double* param, const double* grad, double* ax, Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void asgd_average_f32(float* param, const float* grad, float* ax, Py_ssize_t n,
                           const Scalars* scalars) noexcept nogil
cdef void asgd_average_f64(double* param, const double* grad, double* ax, Py_ssize_t n,
                           const Scalars* scalars) noexcept nogil


ctypedef struct DadaptAdam "fastgd_DadaptAdam":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double decouple
    double use_bias_correction
    double d0
    double growth_rate
    double maximize

cdef enum:
    DADAPT_ADAM_DADAPT_ADAM = 0
    DADAPT_ADAM_D = 0
    DADAPT_ADAM_NUMERATOR_WEIGHTED = 1

cdef int dadapt_adam_scalars(Scalars* scalars, double grad_scale, long long t, const DadaptAdam* hyper, size_t size,
                             double* carry) noexcept nogil
cdef void dadapt_adam_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, float* s, Py_ssize_t n,
                          const Scalars* scalars) noexcept nogil
cdef void dadapt_adam_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, float* s,
                                  Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil
cdef void dadapt_adam_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, double* s,
                          Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void dadapt_adam_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, double* s,
                                  Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil
cdef void dadapt_adam_settle(Scalars* scalars, const double* sums, Py_ssize_t n, double* carry) noexcept nogil


ctypedef struct Ftrl "fastgd_Ftrl":
    double lr
    double initial_accumulator_value
    double l1_regularization_strength
    double l2_regularization_strength
    double l2_shrinkage_regularization_strength
    double beta
    double maximize

cdef enum:
    FTRL_FTRL = 0

cdef int ftrl_scalars(Scalars* scalars, double grad_scale, long long t, const Ftrl* hyper, size_t size) noexcept nogil
cdef void ftrl_f32(float* param, const float* grad, float* accumulator, float* linear, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil
cdef void ftrl_f64(double* param, const double* grad, double* accumulator, double* linear, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil


ctypedef struct Grams "fastgd_Grams":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double maximize
    double corrected_weight_decay

cdef enum:
    GRAMS_GRAMS = 0

cdef int grams_scalars(Scalars* scalars, double grad_scale, long long t, const Grams* hyper, size_t size) noexcept nogil
cdef void grams_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                    const Scalars* scalars) noexcept nogil
cdef void grams_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                    const Scalars* scalars) noexcept nogil


ctypedef struct Lamb "fastgd_Lamb":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double bias_correction
    double grad_averaging
    double always_adapt
    double trust_clip
    double maximize
    double cautious

cdef enum:
    LAMB_LAMB = 0
    LAMB_LAMB_CAUTIOUS = 1

cdef int lamb_scalars(Scalars* scalars, double grad_scale, long long t, const Lamb* hyper, size_t size) noexcept nogil
cdef void lamb_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil
cdef void lamb_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                           const Scalars* scalars, double* sums) noexcept nogil
cdef void lamb_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil
cdef void lamb_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                           const Scalars* scalars, double* sums) noexcept nogil
cdef void lamb_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil
cdef void lamb_cautious_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                            const Scalars* scalars) noexcept nogil
cdef void lamb_cautious_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                                    const Scalars* scalars, double* sums) noexcept nogil
cdef void lamb_cautious_measure_2_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                                      const Scalars* scalars, double* sums) noexcept nogil
cdef void lamb_cautious_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                            const Scalars* scalars) noexcept nogil
cdef void lamb_cautious_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq,
                                    Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil
cdef void lamb_cautious_measure_2_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq,
                                      Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil
cdef void lamb_cautious_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil
cdef void lamb_cautious_settle_2(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil


ctypedef struct Laprop "fastgd_Laprop":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double maximize
    double corrected_weight_decay
    double cautious

cdef enum:
    LAPROP_LAPROP = 0
    LAPROP_LAPROP_CAUTIOUS = 1
    LAPROP_EXP_AVG_LR_1 = 0
    LAPROP_EXP_AVG_LR_2 = 1

cdef int laprop_scalars(Scalars* scalars, double grad_scale, long long t, const Laprop* hyper, size_t size,
                        double* carry) noexcept nogil
cdef void laprop_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                     const Scalars* scalars) noexcept nogil
cdef void laprop_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                     const Scalars* scalars) noexcept nogil
cdef void laprop_cautious_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                              const Scalars* scalars) noexcept nogil
cdef void laprop_cautious_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                                      const Scalars* scalars, double* sums) noexcept nogil
cdef void laprop_cautious_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                              const Scalars* scalars) noexcept nogil
cdef void laprop_cautious_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq,
                                      Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil
cdef void laprop_cautious_settle(Scalars* scalars, const double* sums, Py_ssize_t n, double* carry) noexcept nogil


ctypedef struct Lars "fastgd_Lars":
    double lr
    double momentum
    double dampening
    double weight_decay
    double nesterov
    double trust_coefficient
    double eps
    double always_adapt
    double trust_clip
    double maximize

cdef enum:
    LARS_LARS = 0
    LARS_LARS_NESTEROV = 1

cdef int lars_scalars(Scalars* scalars, double grad_scale, long long t, const Lars* hyper, size_t size) noexcept nogil
cdef void lars_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil
cdef void lars_measure_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                           const Scalars* scalars, double* sums) noexcept nogil
cdef void lars_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil
cdef void lars_measure_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                           const Scalars* scalars, double* sums) noexcept nogil
cdef void lars_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil
cdef void lars_nesterov_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                            const Scalars* scalars) noexcept nogil
cdef void lars_nesterov_measure_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                                    const Scalars* scalars, double* sums) noexcept nogil
cdef void lars_nesterov_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                            const Scalars* scalars) noexcept nogil
cdef void lars_nesterov_measure_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                                    const Scalars* scalars, double* sums) noexcept nogil
cdef void lars_nesterov_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil


ctypedef struct Lion "fastgd_Lion":
    double lr
    double beta1
    double beta2
    double weight_decay
    double maximize
    double cautious
    double corrected_weight_decay

cdef enum:
    LION_LION = 0
    LION_LION_CAUTIOUS = 1

cdef int lion_scalars(Scalars* scalars, double grad_scale, long long t, const Lion* hyper, size_t size) noexcept nogil
cdef void lion_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil
cdef void lion_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil
cdef void lion_cautious_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                            const Scalars* scalars) noexcept nogil
cdef void lion_cautious_measure_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                                    const Scalars* scalars, double* sums) noexcept nogil
cdef void lion_cautious_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                            const Scalars* scalars) noexcept nogil
cdef void lion_cautious_measure_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                                    const Scalars* scalars, double* sums) noexcept nogil
cdef void lion_cautious_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil


ctypedef struct Madgrad "fastgd_Madgrad":
    double lr
    double momentum
    double weight_decay
    double eps
    double maximize

cdef enum:
    MADGRAD_MADGRAD = 0

cdef int madgrad_scalars(Scalars* scalars, double grad_scale, long long t, const Madgrad* hyper,
                         size_t size) noexcept nogil
cdef void madgrad_f32(float* param, const float* grad, float* grad_sum_sq, float* s, float* x0, Py_ssize_t n,
                      const Scalars* scalars) noexcept nogil
cdef void madgrad_f64(double* param, const double* grad, double* grad_sum_sq, double* s, double* x0, Py_ssize_t n,
                      const Scalars* scalars) noexcept nogil


ctypedef struct Mars "fastgd_Mars":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double gamma
    double maximize
    double corrected_weight_decay
    double cautious

cdef enum:
    MARS_MARS = 0
    MARS_MARS_CAUTIOUS = 1

cdef int mars_scalars(Scalars* scalars, double grad_scale, long long t, const Mars* hyper, size_t size) noexcept nogil
cdef void mars_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, float* last_grad, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil
cdef void mars_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, float* last_grad,
                           Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil
cdef void mars_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, double* last_grad,
                   Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void mars_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, double* last_grad,
                           Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil
cdef void mars_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil
cdef void mars_cautious_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, float* last_grad,
                            Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void mars_cautious_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq,
                                    float* last_grad, Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil
cdef void mars_cautious_measure_2_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq,
                                      float* last_grad, Py_ssize_t n, const Scalars* scalars,
                                      double* sums) noexcept nogil
cdef void mars_cautious_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, double* last_grad,
                            Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void mars_cautious_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq,
                                    double* last_grad, Py_ssize_t n, const Scalars* scalars,
                                    double* sums) noexcept nogil
cdef void mars_cautious_measure_2_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq,
                                      double* last_grad, Py_ssize_t n, const Scalars* scalars,
                                      double* sums) noexcept nogil
cdef void mars_cautious_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil
cdef void mars_cautious_settle_2(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil


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
    double adjust_lr_fn
    double maximize
    double corrected_weight_decay

cdef enum:
    MUON_MUON = 0

cdef int muon_scalars(Scalars* scalars, double grad_scale, long long t, const Muon* hyper, size_t size) noexcept nogil
cdef void muon_f32(float* param, const float* grad, float* momentum_buffer, float* update, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil
cdef void muon_f64(double* param, const double* grad, double* momentum_buffer, double* update, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil


ctypedef struct Nadam "fastgd_Nadam":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double momentum_decay
    double decoupled_weight_decay
    double maximize
    double eps_root
    double corrected_weight_decay
    double cautious

cdef enum:
    NADAM_NADAM = 0
    NADAM_NADAM_CAUTIOUS = 1
    NADAM_MU_PRODUCT = 0

cdef int nadam_scalars(Scalars* scalars, double grad_scale, long long t, const Nadam* hyper, size_t size,
                       double* carry) noexcept nogil
cdef void nadam_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                    const Scalars* scalars) noexcept nogil
cdef void nadam_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                    const Scalars* scalars) noexcept nogil
cdef void nadam_cautious_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                             const Scalars* scalars) noexcept nogil
cdef void nadam_cautious_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                                     const Scalars* scalars, double* sums) noexcept nogil
cdef void nadam_cautious_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                             const Scalars* scalars) noexcept nogil
cdef void nadam_cautious_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq,
                                     Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil
cdef void nadam_cautious_settle(Scalars* scalars, const double* sums, Py_ssize_t n, double* carry) noexcept nogil


ctypedef struct Novograd "fastgd_Novograd":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double grad_averaging
    double maximize

cdef enum:
    NOVOGRAD_NOVOGRAD = 0
    NOVOGRAD_EXP_AVG_SQ = 0

cdef int novograd_scalars(Scalars* scalars, double grad_scale, long long t, const Novograd* hyper, size_t size,
                          double* carry) noexcept nogil
cdef void novograd_f32(float* param, const float* grad, float* exp_avg, Py_ssize_t n,
                       const Scalars* scalars) noexcept nogil
cdef void novograd_measure_f32(float* param, const float* grad, float* exp_avg, Py_ssize_t n, const Scalars* scalars,
                               double* sums) noexcept nogil
cdef void novograd_f64(double* param, const double* grad, double* exp_avg, Py_ssize_t n,
                       const Scalars* scalars) noexcept nogil
cdef void novograd_measure_f64(double* param, const double* grad, double* exp_avg, Py_ssize_t n, const Scalars* scalars,
                               double* sums) noexcept nogil
cdef void novograd_settle(Scalars* scalars, const double* sums, Py_ssize_t n, double* carry) noexcept nogil


ctypedef struct Prodigy "fastgd_Prodigy":
    double lr
    double beta1
    double beta2
    double beta3
    double eps
    double weight_decay
    double decouple
    double use_bias_correction
    double safeguard_warmup
    double d0
    double d_coef
    double growth_rate
    double maximize

cdef enum:
    PRODIGY_PRODIGY = 0
    PRODIGY_D = 0
    PRODIGY_D_MAX = 1
    PRODIGY_D_NUMERATOR = 2

cdef int prodigy_scalars(Scalars* scalars, double grad_scale, long long t, const Prodigy* hyper, size_t size,
                         double* carry) noexcept nogil
cdef void prodigy_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, float* s, float* p0,
                      Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void prodigy_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, float* s, float* p0,
                              Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil
cdef void prodigy_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, double* s, double* p0,
                      Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void prodigy_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, double* s,
                              double* p0, Py_ssize_t n, const Scalars* scalars, double* sums) noexcept nogil
cdef void prodigy_settle(Scalars* scalars, const double* sums, Py_ssize_t n, double* carry) noexcept nogil


ctypedef struct Radam "fastgd_Radam":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double decoupled_weight_decay
    double maximize
    double eps_root
    double corrected_weight_decay

cdef enum:
    RADAM_ADAM_UNRECTIFIED = 0
    RADAM_ADAM = 1

cdef int radam_scalars(Scalars* scalars, double grad_scale, long long t, const Radam* hyper, size_t size) noexcept nogil
cdef void adam_unrectified_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                               const Scalars* scalars) noexcept nogil
cdef void adam_unrectified_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                               const Scalars* scalars) noexcept nogil


ctypedef struct Rmsprop "fastgd_Rmsprop":
    double lr
    double alpha
    double eps
    double weight_decay
    double momentum
    double centered
    double maximize
    double eps_root

cdef enum:
    RMSPROP_RMSPROP = 0
    RMSPROP_RMSPROP_MOMENTUM = 1
    RMSPROP_RMSPROP_CENTERED = 2
    RMSPROP_RMSPROP_CENTERED_MOMENTUM = 3

cdef int rmsprop_scalars(Scalars* scalars, double grad_scale, long long t, const Rmsprop* hyper,
                         size_t size) noexcept nogil
cdef void rmsprop_f32(float* param, const float* grad, float* square_avg, Py_ssize_t n,
                      const Scalars* scalars) noexcept nogil
cdef void rmsprop_f64(double* param, const double* grad, double* square_avg, Py_ssize_t n,
                      const Scalars* scalars) noexcept nogil
cdef void rmsprop_momentum_f32(float* param, const float* grad, float* square_avg, float* momentum_buffer, Py_ssize_t n,
                               const Scalars* scalars) noexcept nogil
cdef void rmsprop_momentum_f64(double* param, const double* grad, double* square_avg, double* momentum_buffer,
                               Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void rmsprop_centered_f32(float* param, const float* grad, float* square_avg, float* grad_avg, Py_ssize_t n,
                               const Scalars* scalars) noexcept nogil
cdef void rmsprop_centered_f64(double* param, const double* grad, double* square_avg, double* grad_avg, Py_ssize_t n,
                               const Scalars* scalars) noexcept nogil
cdef void rmsprop_centered_momentum_f32(float* param, const float* grad, float* square_avg, float* grad_avg,
                                        float* momentum_buffer, Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void rmsprop_centered_momentum_f64(double* param, const double* grad, double* square_avg, double* grad_avg,
                                        double* momentum_buffer, Py_ssize_t n, const Scalars* scalars) noexcept nogil


ctypedef struct Rprop "fastgd_Rprop":
    double lr
    double eta_minus
    double eta_plus
    double smallest
    double largest
    double maximize

cdef enum:
    RPROP_RPROP = 0

cdef int rprop_scalars(Scalars* scalars, double grad_scale, long long t, const Rprop* hyper, size_t size) noexcept nogil
cdef void rprop_f32(float* param, const float* grad, float* prev, float* step_size, Py_ssize_t n,
                    const Scalars* scalars) noexcept nogil
cdef void rprop_f64(double* param, const double* grad, double* prev, double* step_size, Py_ssize_t n,
                    const Scalars* scalars) noexcept nogil


ctypedef struct ScheduleFreeAdamw "fastgd_ScheduleFreeAdamw":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double warmup_steps
    double r
    double weight_lr_power
    double maximize

cdef enum:
    SCHEDULE_FREE_ADAMW_SCHEDULE_FREE_ADAMW = 0
    SCHEDULE_FREE_ADAMW_WEIGHT_SUM = 0
    SCHEDULE_FREE_ADAMW_LR_MAX = 1

cdef int schedule_free_adamw_scalars(Scalars* scalars, double grad_scale, long long t, const ScheduleFreeAdamw* hyper,
                                     size_t size, double* carry) noexcept nogil
cdef void schedule_free_adamw_f32(float* param, const float* grad, float* z, float* exp_avg_sq, Py_ssize_t n,
                                  const Scalars* scalars) noexcept nogil
cdef void schedule_free_adamw_f64(double* param, const double* grad, double* z, double* exp_avg_sq, Py_ssize_t n,
                                  const Scalars* scalars) noexcept nogil


ctypedef struct ScheduleFreeRadam "fastgd_ScheduleFreeRadam":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double r
    double weight_lr_power
    double silent_sgd_phase
    double maximize

cdef enum:
    SCHEDULE_FREE_RADAM_SCHEDULE_FREE_UNRECTIFIED = 0
    SCHEDULE_FREE_RADAM_SCHEDULE_FREE_ADAMW = 1
    SCHEDULE_FREE_RADAM_WEIGHT_SUM = 0
    SCHEDULE_FREE_RADAM_LR_MAX = 1

cdef int schedule_free_radam_scalars(Scalars* scalars, double grad_scale, long long t, const ScheduleFreeRadam* hyper,
                                     size_t size, double* carry) noexcept nogil
cdef void schedule_free_unrectified_f32(float* param, const float* grad, float* z, float* exp_avg_sq, Py_ssize_t n,
                                        const Scalars* scalars) noexcept nogil
cdef void schedule_free_unrectified_f64(double* param, const double* grad, double* z, double* exp_avg_sq, Py_ssize_t n,
                                        const Scalars* scalars) noexcept nogil


ctypedef struct ScheduleFreeSgd "fastgd_ScheduleFreeSgd":
    double lr
    double momentum
    double weight_decay
    double warmup_steps
    double r
    double weight_lr_power
    double maximize

cdef enum:
    SCHEDULE_FREE_SGD_SCHEDULE_FREE_SGD = 0
    SCHEDULE_FREE_SGD_WEIGHT_SUM = 0
    SCHEDULE_FREE_SGD_LR_MAX = 1

cdef int schedule_free_sgd_scalars(Scalars* scalars, double grad_scale, long long t, const ScheduleFreeSgd* hyper,
                                   size_t size, double* carry) noexcept nogil
cdef void schedule_free_sgd_f32(float* param, const float* grad, float* z, Py_ssize_t n,
                                const Scalars* scalars) noexcept nogil
cdef void schedule_free_sgd_f64(double* param, const double* grad, double* z, Py_ssize_t n,
                                const Scalars* scalars) noexcept nogil


ctypedef struct Sgd "fastgd_Sgd":
    double lr
    double momentum
    double dampening
    double weight_decay
    double nesterov
    double maximize
    double momentum_form

cdef enum:
    SGD_SGD = 0
    SGD_SGD_MOMENTUM = 1
    SGD_SGD_NESTEROV = 2
    SGD_STARTED = 0

cdef int sgd_scalars(Scalars* scalars, double grad_scale, long long t, const Sgd* hyper, size_t size,
                     double* carry) noexcept nogil
cdef void sgd_f32(float* param, const float* grad, Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void sgd_f64(double* param, const double* grad, Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void sgd_momentum_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                           const Scalars* scalars) noexcept nogil
cdef void sgd_momentum_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                           const Scalars* scalars) noexcept nogil
cdef void sgd_nesterov_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                           const Scalars* scalars) noexcept nogil
cdef void sgd_nesterov_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                           const Scalars* scalars) noexcept nogil


ctypedef struct SignSgd "fastgd_SignSgd":
    double lr
    double momentum
    double weight_decay
    double maximize
    double decoupled_weight_decay
    double corrected_weight_decay

cdef enum:
    SIGN_SGD_SIGN_SGD = 0
    SIGN_SGD_SIGN_MOMENTUM = 1

cdef int sign_sgd_scalars(Scalars* scalars, double grad_scale, long long t, const SignSgd* hyper,
                          size_t size) noexcept nogil
cdef void sign_sgd_f32(float* param, const float* grad, Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void sign_sgd_f64(double* param, const double* grad, Py_ssize_t n, const Scalars* scalars) noexcept nogil
cdef void sign_momentum_f32(float* param, const float* grad, float* momentum_buffer, Py_ssize_t n,
                            const Scalars* scalars) noexcept nogil
cdef void sign_momentum_f64(double* param, const double* grad, double* momentum_buffer, Py_ssize_t n,
                            const Scalars* scalars) noexcept nogil


ctypedef struct StableAdamw "fastgd_StableAdamw":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double maximize
    double corrected_weight_decay

cdef enum:
    STABLE_ADAMW_STABLE_ADAMW = 0

cdef int stable_adamw_scalars(Scalars* scalars, double grad_scale, long long t, const StableAdamw* hyper,
                              size_t size) noexcept nogil
cdef void stable_adamw_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                           const Scalars* scalars) noexcept nogil
cdef void stable_adamw_measure_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                                   const Scalars* scalars, double* sums) noexcept nogil
cdef void stable_adamw_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                           const Scalars* scalars) noexcept nogil
cdef void stable_adamw_measure_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                                   const Scalars* scalars, double* sums) noexcept nogil
cdef void stable_adamw_settle(Scalars* scalars, const double* sums, Py_ssize_t n) noexcept nogil


ctypedef struct Yogi "fastgd_Yogi":
    double lr
    double beta1
    double beta2
    double eps
    double initial_accumulator_value
    double weight_decay
    double maximize
    double corrected_weight_decay

cdef enum:
    YOGI_YOGI = 0

cdef int yogi_scalars(Scalars* scalars, double grad_scale, long long t, const Yogi* hyper, size_t size) noexcept nogil
cdef void yogi_f32(float* param, const float* grad, float* exp_avg, float* exp_avg_sq, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil
cdef void yogi_f64(double* param, const double* grad, double* exp_avg, double* exp_avg_sq, Py_ssize_t n,
                   const Scalars* scalars) noexcept nogil
