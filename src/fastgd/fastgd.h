/* Written by make derive from the rules in kernels/rules and the classes in optimizers; edit those.
 *
 * The C API of fastgd for C, C++ and what reads C, without Cython; docs/C_API.md describes it.
 *
 *     static fastgd_api fastgd;
 *     if (fastgd_import(&fastgd) < 0)      // once, where the module is imported, with the GIL
 *         return NULL;
 *     fastgd.adam_f32(param, grad, exp_avg, exp_avg_sq, n, &scalars);      // anywhere, also without it
 */
#ifndef FASTGD_H
#define FASTGD_H

#include <Python.h>
#include <stddef.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    FASTGD_ABI_VERSION = 1,     /* what an importer is compiled for; `fastgd_import` compares it */
    FASTGD_MAX_CARRY = 4,      /* doubles that a family may carry from step to step */
    FASTGD_MAX_SUMS = 8        /* doubles that a measuring pass may add to */
};

/* Opaque: what a fold makes of hyperparameters. */
typedef struct { double value[32]; } fastgd_Scalars;

typedef struct {
    double lr, beta1, beta2, beta3, eps, weight_decay, ams_bound, maximize, corrected_weight_decay;
} fastgd_AdaPnm;

enum { FASTGD_ADA_PNM_ADA_PNM = 0, FASTGD_ADA_PNM_ADA_PNM_BOUND = 1 };

typedef struct {
    double lr, beta1, beta2, eps, weight_decay, maximize, corrected_weight_decay;
} fastgd_Adabelief;

enum { FASTGD_ADABELIEF_ADABELIEF = 0 };

typedef struct {
    double lr, rho, eps, weight_decay, maximize;
} fastgd_Adadelta;

enum { FASTGD_ADADELTA_ADADELTA = 0 };

typedef struct {
    double lr, lr_decay, weight_decay, initial_accumulator_value, eps, maximize, eps_root;
} fastgd_Adagrad;

enum { FASTGD_ADAGRAD_ADAGRAD = 0 };

typedef struct {
    double lr, beta1, beta2, eps, weight_decay, amsgrad, maximize, decoupled_weight_decay, eps_root, eps_hat, cautious,
        corrected_weight_decay;
} fastgd_Adam;

enum { FASTGD_ADAM_ADAM = 0, FASTGD_ADAM_AMSGRAD = 1, FASTGD_ADAM_ADAM_CAUTIOUS = 2, FASTGD_ADAM_AMSGRAD_CAUTIOUS = 3 };

typedef struct {
    double lr, beta1, beta2, weight_decay, a, b, maximize, corrected_weight_decay;
} fastgd_AdamAtan2;

enum { FASTGD_ADAM_ATAN2_ADAM_ATAN2 = 0 };

typedef struct {
    double lr, beta1, beta2, eps, weight_decay, maximize;
} fastgd_Adamax;

enum { FASTGD_ADAMAX_ADAMAX = 0 };

typedef struct {
    double lr, beta1, beta2, beta3, eps, weight_decay, no_prox, maximize, corrected_weight_decay;
} fastgd_Adan;

enum { FASTGD_ADAN_ADAN = 0 };

typedef struct {
    double lr, beta1, beta2, beta3, alpha, t_alpha, t_beta3, eps, weight_decay, maximize, corrected_weight_decay;
} fastgd_Ademamix;

enum { FASTGD_ADEMAMIX_ADEMAMIX = 0 };

typedef struct {
    double lr, beta1, beta2, eps, weight_decay, clip_exponent, maximize, cautious, corrected_weight_decay;
} fastgd_Adopt;

enum { FASTGD_ADOPT_ADOPT = 0, FASTGD_ADOPT_ADOPT_CAUTIOUS = 1 };

typedef struct {
    double lr, lambd, alpha, t0, weight_decay, maximize;
} fastgd_Asgd;

enum { FASTGD_ASGD_ASGD = 0, FASTGD_ASGD_ASGD_AVERAGE = 1, FASTGD_ASGD_ETA = 0, FASTGD_ASGD_MU = 1 };

typedef struct {
    double lr, beta1, beta2, eps, weight_decay, decouple, use_bias_correction, d0, growth_rate, maximize;
} fastgd_DadaptAdam;

enum { FASTGD_DADAPT_ADAM_DADAPT_ADAM = 0, FASTGD_DADAPT_ADAM_D = 0, FASTGD_DADAPT_ADAM_NUMERATOR_WEIGHTED = 1 };

typedef struct {
    double lr, initial_accumulator_value, l1_regularization_strength, l2_regularization_strength,
        l2_shrinkage_regularization_strength, beta, maximize;
} fastgd_Ftrl;

enum { FASTGD_FTRL_FTRL = 0 };

typedef struct {
    double lr, beta1, beta2, eps, weight_decay, maximize, corrected_weight_decay;
} fastgd_Grams;

enum { FASTGD_GRAMS_GRAMS = 0 };

typedef struct {
    double lr, beta1, beta2, eps, weight_decay, bias_correction, grad_averaging, always_adapt, trust_clip, maximize,
        cautious;
} fastgd_Lamb;

enum { FASTGD_LAMB_LAMB = 0, FASTGD_LAMB_LAMB_CAUTIOUS = 1 };

typedef struct {
    double lr, beta1, beta2, eps, weight_decay, maximize, corrected_weight_decay, cautious;
} fastgd_Laprop;

enum { FASTGD_LAPROP_LAPROP = 0, FASTGD_LAPROP_LAPROP_CAUTIOUS = 1, FASTGD_LAPROP_EXP_AVG_LR_1 = 0,
       FASTGD_LAPROP_EXP_AVG_LR_2 = 1 };

typedef struct {
    double lr, momentum, dampening, weight_decay, nesterov, trust_coefficient, eps, always_adapt, trust_clip, maximize;
} fastgd_Lars;

enum { FASTGD_LARS_LARS = 0, FASTGD_LARS_LARS_NESTEROV = 1 };

typedef struct {
    double lr, beta1, beta2, weight_decay, maximize, cautious, corrected_weight_decay;
} fastgd_Lion;

enum { FASTGD_LION_LION = 0, FASTGD_LION_LION_CAUTIOUS = 1 };

typedef struct {
    double lr, momentum, weight_decay, eps, maximize;
} fastgd_Madgrad;

enum { FASTGD_MADGRAD_MADGRAD = 0 };

typedef struct {
    double lr, beta1, beta2, eps, weight_decay, gamma, maximize, corrected_weight_decay, cautious;
} fastgd_Mars;

enum { FASTGD_MARS_MARS = 0, FASTGD_MARS_MARS_CAUTIOUS = 1 };

typedef struct {
    double lr, weight_decay, momentum, nesterov, ns_a, ns_b, ns_c, eps, ns_steps, adjust_lr_fn, maximize,
        corrected_weight_decay;
} fastgd_Muon;

enum { FASTGD_MUON_MUON = 0 };

typedef struct {
    double lr, beta1, beta2, eps, weight_decay, momentum_decay, decoupled_weight_decay, maximize, eps_root,
        corrected_weight_decay, cautious;
} fastgd_Nadam;

enum { FASTGD_NADAM_NADAM = 0, FASTGD_NADAM_NADAM_CAUTIOUS = 1, FASTGD_NADAM_MU_PRODUCT = 0 };

typedef struct {
    double lr, beta1, beta2, eps, weight_decay, grad_averaging, maximize;
} fastgd_Novograd;

enum { FASTGD_NOVOGRAD_NOVOGRAD = 0, FASTGD_NOVOGRAD_EXP_AVG_SQ = 0 };

typedef struct {
    double lr, beta1, beta2, beta3, eps, weight_decay, decouple, use_bias_correction, safeguard_warmup, d0, d_coef,
        growth_rate, maximize;
} fastgd_Prodigy;

enum { FASTGD_PRODIGY_PRODIGY = 0, FASTGD_PRODIGY_D = 0, FASTGD_PRODIGY_D_MAX = 1, FASTGD_PRODIGY_D_NUMERATOR = 2 };

typedef struct {
    double lr, beta1, beta2, eps, weight_decay, decoupled_weight_decay, maximize, eps_root, corrected_weight_decay;
} fastgd_Radam;

enum { FASTGD_RADAM_ADAM_UNRECTIFIED = 0, FASTGD_RADAM_ADAM = 1 };

typedef struct {
    double lr, alpha, eps, weight_decay, momentum, centered, maximize, eps_root;
} fastgd_Rmsprop;

enum { FASTGD_RMSPROP_RMSPROP = 0, FASTGD_RMSPROP_RMSPROP_MOMENTUM = 1, FASTGD_RMSPROP_RMSPROP_CENTERED = 2,
       FASTGD_RMSPROP_RMSPROP_CENTERED_MOMENTUM = 3 };

typedef struct {
    double lr, eta_minus, eta_plus, smallest, largest, maximize;
} fastgd_Rprop;

enum { FASTGD_RPROP_RPROP = 0 };

typedef struct {
    double lr, beta1, beta2, eps, weight_decay, warmup_steps, r, weight_lr_power, maximize;
} fastgd_ScheduleFreeAdamw;

enum { FASTGD_SCHEDULE_FREE_ADAMW_SCHEDULE_FREE_ADAMW = 0, FASTGD_SCHEDULE_FREE_ADAMW_WEIGHT_SUM = 0,
       FASTGD_SCHEDULE_FREE_ADAMW_LR_MAX = 1 };

typedef struct {
    double lr, beta1, beta2, eps, weight_decay, r, weight_lr_power, silent_sgd_phase, maximize;
} fastgd_ScheduleFreeRadam;

enum { FASTGD_SCHEDULE_FREE_RADAM_SCHEDULE_FREE_UNRECTIFIED = 0, FASTGD_SCHEDULE_FREE_RADAM_SCHEDULE_FREE_ADAMW = 1,
       FASTGD_SCHEDULE_FREE_RADAM_WEIGHT_SUM = 0, FASTGD_SCHEDULE_FREE_RADAM_LR_MAX = 1 };

typedef struct {
    double lr, momentum, weight_decay, warmup_steps, r, weight_lr_power, maximize;
} fastgd_ScheduleFreeSgd;

enum { FASTGD_SCHEDULE_FREE_SGD_SCHEDULE_FREE_SGD = 0, FASTGD_SCHEDULE_FREE_SGD_WEIGHT_SUM = 0,
       FASTGD_SCHEDULE_FREE_SGD_LR_MAX = 1 };

typedef struct {
    double lr, momentum, dampening, weight_decay, nesterov, maximize, momentum_form;
} fastgd_Sgd;

enum { FASTGD_SGD_SGD = 0, FASTGD_SGD_SGD_MOMENTUM = 1, FASTGD_SGD_SGD_NESTEROV = 2, FASTGD_SGD_STARTED = 0 };

typedef struct {
    double lr, momentum, weight_decay, maximize, decoupled_weight_decay, corrected_weight_decay;
} fastgd_SignSgd;

enum { FASTGD_SIGN_SGD_SIGN_SGD = 0, FASTGD_SIGN_SGD_SIGN_MOMENTUM = 1 };

typedef struct {
    double lr, beta1, beta2, eps, weight_decay, maximize, corrected_weight_decay;
} fastgd_StableAdamw;

enum { FASTGD_STABLE_ADAMW_STABLE_ADAMW = 0 };

typedef struct {
    double lr, beta1, beta2, eps, initial_accumulator_value, weight_decay, maximize, corrected_weight_decay;
} fastgd_Yogi;

enum { FASTGD_YOGI_YOGI = 0 };


/* The functions, as `fastgd_import` finds them. */
typedef struct {
    int (*abi_version)(void);
    const char *(*instruction_set)(void);
    double (*norm_f32)(const float *x, Py_ssize_t n);
    double (*norm_f64)(const double *x, Py_ssize_t n);
    int (*ada_pnm_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_AdaPnm *hyper,
            size_t size);
    void (*ada_pnm_f32)(float *param, const float *grad, float *exp_avg, float *neg_exp_avg, float *exp_avg_sq,
            Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*ada_pnm_f64)(double *param, const double *grad, double *exp_avg, double *neg_exp_avg, double *exp_avg_sq,
            Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*ada_pnm_bound_f32)(float *param, const float *grad, float *exp_avg, float *neg_exp_avg, float *exp_avg_sq,
            float *max_exp_avg_sq, Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*ada_pnm_bound_f64)(double *param, const double *grad, double *exp_avg, double *neg_exp_avg,
            double *exp_avg_sq, double *max_exp_avg_sq, Py_ssize_t n, const fastgd_Scalars *scalars);
    int (*adabelief_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Adabelief *hyper,
            size_t size);
    void (*adabelief_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_var, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*adabelief_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_var, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    int (*adadelta_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Adadelta *hyper,
            size_t size);
    void (*adadelta_f32)(float *param, const float *grad, float *square_avg, float *acc_delta, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*adadelta_f64)(double *param, const double *grad, double *square_avg, double *acc_delta, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    int (*adagrad_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Adagrad *hyper,
            size_t size);
    void (*adagrad_f32)(float *param, const float *grad, float *sum, Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*adagrad_f64)(double *param, const double *grad, double *sum, Py_ssize_t n, const fastgd_Scalars *scalars);
    int (*adam_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Adam *hyper, size_t size);
    void (*adam_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*adam_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*amsgrad_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, float *max_exp_avg_sq,
            Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*amsgrad_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, double *max_exp_avg_sq,
            Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*adam_cautious_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*adam_cautious_measure_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars, double *sums);
    void (*adam_cautious_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*adam_cautious_measure_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq,
            Py_ssize_t n, const fastgd_Scalars *scalars, double *sums);
    void (*adam_cautious_settle)(fastgd_Scalars *scalars, const double *sums, Py_ssize_t n);
    void (*amsgrad_cautious_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq,
            float *max_exp_avg_sq, Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*amsgrad_cautious_measure_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq,
            float *max_exp_avg_sq, Py_ssize_t n, const fastgd_Scalars *scalars, double *sums);
    void (*amsgrad_cautious_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq,
            double *max_exp_avg_sq, Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*amsgrad_cautious_measure_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq,
            double *max_exp_avg_sq, Py_ssize_t n, const fastgd_Scalars *scalars, double *sums);
    void (*amsgrad_cautious_settle)(fastgd_Scalars *scalars, const double *sums, Py_ssize_t n);
    int (*adam_atan2_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_AdamAtan2 *hyper,
            size_t size);
    void (*adam_atan2_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*adam_atan2_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    int (*adamax_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Adamax *hyper,
            size_t size);
    void (*adamax_f32)(float *param, const float *grad, float *exp_avg, float *exp_inf, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*adamax_f64)(double *param, const double *grad, double *exp_avg, double *exp_inf, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    int (*adan_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Adan *hyper, size_t size);
    void (*adan_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_diff, float *exp_avg_sq,
            float *neg_pre_grad, Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*adan_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_diff, double *exp_avg_sq,
            double *neg_pre_grad, Py_ssize_t n, const fastgd_Scalars *scalars);
    int (*ademamix_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Ademamix *hyper,
            size_t size);
    void (*ademamix_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_slow, float *exp_avg_sq,
            Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*ademamix_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_slow, double *exp_avg_sq,
            Py_ssize_t n, const fastgd_Scalars *scalars);
    int (*adopt_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Adopt *hyper,
            size_t size);
    void (*adopt_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*adopt_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*adopt_cautious_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*adopt_cautious_measure_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars, double *sums);
    void (*adopt_cautious_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*adopt_cautious_measure_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq,
            Py_ssize_t n, const fastgd_Scalars *scalars, double *sums);
    void (*adopt_cautious_settle)(fastgd_Scalars *scalars, const double *sums, Py_ssize_t n);
    int (*asgd_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Asgd *hyper, size_t size,
            double *carry);
    void (*asgd_f32)(float *param, const float *grad, float *ax, Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*asgd_f64)(double *param, const double *grad, double *ax, Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*asgd_average_f32)(float *param, const float *grad, float *ax, Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*asgd_average_f64)(double *param, const double *grad, double *ax, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    int (*dadapt_adam_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_DadaptAdam *hyper,
            size_t size, double *carry);
    void (*dadapt_adam_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, float *s, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*dadapt_adam_measure_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, float *s,
            Py_ssize_t n, const fastgd_Scalars *scalars, double *sums);
    void (*dadapt_adam_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, double *s,
            Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*dadapt_adam_measure_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, double *s,
            Py_ssize_t n, const fastgd_Scalars *scalars, double *sums);
    void (*dadapt_adam_settle)(fastgd_Scalars *scalars, const double *sums, Py_ssize_t n, double *carry);
    int (*ftrl_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Ftrl *hyper, size_t size);
    void (*ftrl_f32)(float *param, const float *grad, float *accumulator, float *linear, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*ftrl_f64)(double *param, const double *grad, double *accumulator, double *linear, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    int (*grams_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Grams *hyper,
            size_t size);
    void (*grams_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*grams_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    int (*lamb_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Lamb *hyper, size_t size);
    void (*lamb_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*lamb_measure_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars, double *sums);
    void (*lamb_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*lamb_measure_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars, double *sums);
    void (*lamb_settle)(fastgd_Scalars *scalars, const double *sums, Py_ssize_t n);
    void (*lamb_cautious_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*lamb_cautious_measure_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars, double *sums);
    void (*lamb_cautious_measure_2_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq,
            Py_ssize_t n, const fastgd_Scalars *scalars, double *sums);
    void (*lamb_cautious_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*lamb_cautious_measure_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq,
            Py_ssize_t n, const fastgd_Scalars *scalars, double *sums);
    void (*lamb_cautious_measure_2_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq,
            Py_ssize_t n, const fastgd_Scalars *scalars, double *sums);
    void (*lamb_cautious_settle)(fastgd_Scalars *scalars, const double *sums, Py_ssize_t n);
    void (*lamb_cautious_settle_2)(fastgd_Scalars *scalars, const double *sums, Py_ssize_t n);
    int (*laprop_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Laprop *hyper,
            size_t size, double *carry);
    void (*laprop_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*laprop_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*laprop_cautious_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*laprop_cautious_measure_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq,
            Py_ssize_t n, const fastgd_Scalars *scalars, double *sums);
    void (*laprop_cautious_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*laprop_cautious_measure_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq,
            Py_ssize_t n, const fastgd_Scalars *scalars, double *sums);
    void (*laprop_cautious_settle)(fastgd_Scalars *scalars, const double *sums, Py_ssize_t n, double *carry);
    int (*lars_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Lars *hyper, size_t size);
    void (*lars_f32)(float *param, const float *grad, float *momentum_buffer, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*lars_measure_f32)(float *param, const float *grad, float *momentum_buffer, Py_ssize_t n,
            const fastgd_Scalars *scalars, double *sums);
    void (*lars_f64)(double *param, const double *grad, double *momentum_buffer, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*lars_measure_f64)(double *param, const double *grad, double *momentum_buffer, Py_ssize_t n,
            const fastgd_Scalars *scalars, double *sums);
    void (*lars_settle)(fastgd_Scalars *scalars, const double *sums, Py_ssize_t n);
    void (*lars_nesterov_f32)(float *param, const float *grad, float *momentum_buffer, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*lars_nesterov_measure_f32)(float *param, const float *grad, float *momentum_buffer, Py_ssize_t n,
            const fastgd_Scalars *scalars, double *sums);
    void (*lars_nesterov_f64)(double *param, const double *grad, double *momentum_buffer, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*lars_nesterov_measure_f64)(double *param, const double *grad, double *momentum_buffer, Py_ssize_t n,
            const fastgd_Scalars *scalars, double *sums);
    void (*lars_nesterov_settle)(fastgd_Scalars *scalars, const double *sums, Py_ssize_t n);
    int (*lion_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Lion *hyper, size_t size);
    void (*lion_f32)(float *param, const float *grad, float *momentum_buffer, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*lion_f64)(double *param, const double *grad, double *momentum_buffer, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*lion_cautious_f32)(float *param, const float *grad, float *momentum_buffer, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*lion_cautious_measure_f32)(float *param, const float *grad, float *momentum_buffer, Py_ssize_t n,
            const fastgd_Scalars *scalars, double *sums);
    void (*lion_cautious_f64)(double *param, const double *grad, double *momentum_buffer, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*lion_cautious_measure_f64)(double *param, const double *grad, double *momentum_buffer, Py_ssize_t n,
            const fastgd_Scalars *scalars, double *sums);
    void (*lion_cautious_settle)(fastgd_Scalars *scalars, const double *sums, Py_ssize_t n);
    int (*madgrad_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Madgrad *hyper,
            size_t size);
    void (*madgrad_f32)(float *param, const float *grad, float *grad_sum_sq, float *s, float *x0, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*madgrad_f64)(double *param, const double *grad, double *grad_sum_sq, double *s, double *x0, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    int (*mars_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Mars *hyper, size_t size);
    void (*mars_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, float *last_grad, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*mars_measure_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, float *last_grad,
            Py_ssize_t n, const fastgd_Scalars *scalars, double *sums);
    void (*mars_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, double *last_grad,
            Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*mars_measure_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, double *last_grad,
            Py_ssize_t n, const fastgd_Scalars *scalars, double *sums);
    void (*mars_settle)(fastgd_Scalars *scalars, const double *sums, Py_ssize_t n);
    void (*mars_cautious_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, float *last_grad,
            Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*mars_cautious_measure_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq,
            float *last_grad, Py_ssize_t n, const fastgd_Scalars *scalars, double *sums);
    void (*mars_cautious_measure_2_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq,
            float *last_grad, Py_ssize_t n, const fastgd_Scalars *scalars, double *sums);
    void (*mars_cautious_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, double *last_grad,
            Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*mars_cautious_measure_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq,
            double *last_grad, Py_ssize_t n, const fastgd_Scalars *scalars, double *sums);
    void (*mars_cautious_measure_2_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq,
            double *last_grad, Py_ssize_t n, const fastgd_Scalars *scalars, double *sums);
    void (*mars_cautious_settle)(fastgd_Scalars *scalars, const double *sums, Py_ssize_t n);
    void (*mars_cautious_settle_2)(fastgd_Scalars *scalars, const double *sums, Py_ssize_t n);
    int (*muon_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Muon *hyper, size_t size);
    void (*muon_f32)(float *param, const float *grad, float *momentum_buffer, float *update, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*muon_f64)(double *param, const double *grad, double *momentum_buffer, double *update, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    int (*nadam_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Nadam *hyper,
            size_t size, double *carry);
    void (*nadam_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*nadam_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*nadam_cautious_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*nadam_cautious_measure_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars, double *sums);
    void (*nadam_cautious_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*nadam_cautious_measure_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq,
            Py_ssize_t n, const fastgd_Scalars *scalars, double *sums);
    void (*nadam_cautious_settle)(fastgd_Scalars *scalars, const double *sums, Py_ssize_t n, double *carry);
    int (*novograd_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Novograd *hyper,
            size_t size, double *carry);
    void (*novograd_f32)(float *param, const float *grad, float *exp_avg, Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*novograd_measure_f32)(float *param, const float *grad, float *exp_avg, Py_ssize_t n,
            const fastgd_Scalars *scalars, double *sums);
    void (*novograd_f64)(double *param, const double *grad, double *exp_avg, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*novograd_measure_f64)(double *param, const double *grad, double *exp_avg, Py_ssize_t n,
            const fastgd_Scalars *scalars, double *sums);
    void (*novograd_settle)(fastgd_Scalars *scalars, const double *sums, Py_ssize_t n, double *carry);
    int (*prodigy_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Prodigy *hyper,
            size_t size, double *carry);
    void (*prodigy_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, float *s, float *p0,
            Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*prodigy_measure_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, float *s, float *p0,
            Py_ssize_t n, const fastgd_Scalars *scalars, double *sums);
    void (*prodigy_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, double *s, double *p0,
            Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*prodigy_measure_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, double *s,
            double *p0, Py_ssize_t n, const fastgd_Scalars *scalars, double *sums);
    void (*prodigy_settle)(fastgd_Scalars *scalars, const double *sums, Py_ssize_t n, double *carry);
    int (*radam_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Radam *hyper,
            size_t size);
    void (*adam_unrectified_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*adam_unrectified_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    int (*rmsprop_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Rmsprop *hyper,
            size_t size);
    void (*rmsprop_f32)(float *param, const float *grad, float *square_avg, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*rmsprop_f64)(double *param, const double *grad, double *square_avg, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*rmsprop_momentum_f32)(float *param, const float *grad, float *square_avg, float *momentum_buffer,
            Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*rmsprop_momentum_f64)(double *param, const double *grad, double *square_avg, double *momentum_buffer,
            Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*rmsprop_centered_f32)(float *param, const float *grad, float *square_avg, float *grad_avg, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*rmsprop_centered_f64)(double *param, const double *grad, double *square_avg, double *grad_avg, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*rmsprop_centered_momentum_f32)(float *param, const float *grad, float *square_avg, float *grad_avg,
            float *momentum_buffer, Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*rmsprop_centered_momentum_f64)(double *param, const double *grad, double *square_avg, double *grad_avg,
            double *momentum_buffer, Py_ssize_t n, const fastgd_Scalars *scalars);
    int (*rprop_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Rprop *hyper,
            size_t size);
    void (*rprop_f32)(float *param, const float *grad, float *prev, float *step_size, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*rprop_f64)(double *param, const double *grad, double *prev, double *step_size, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    int (*schedule_free_adamw_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t,
            const fastgd_ScheduleFreeAdamw *hyper, size_t size, double *carry);
    void (*schedule_free_adamw_f32)(float *param, const float *grad, float *z, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*schedule_free_adamw_f64)(double *param, const double *grad, double *z, double *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    int (*schedule_free_radam_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t,
            const fastgd_ScheduleFreeRadam *hyper, size_t size, double *carry);
    void (*schedule_free_unrectified_f32)(float *param, const float *grad, float *z, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*schedule_free_unrectified_f64)(double *param, const double *grad, double *z, double *exp_avg_sq,
            Py_ssize_t n, const fastgd_Scalars *scalars);
    int (*schedule_free_sgd_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t,
            const fastgd_ScheduleFreeSgd *hyper, size_t size, double *carry);
    void (*schedule_free_sgd_f32)(float *param, const float *grad, float *z, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*schedule_free_sgd_f64)(double *param, const double *grad, double *z, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    int (*sgd_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Sgd *hyper, size_t size,
            double *carry);
    void (*sgd_f32)(float *param, const float *grad, Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*sgd_f64)(double *param, const double *grad, Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*sgd_momentum_f32)(float *param, const float *grad, float *momentum_buffer, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*sgd_momentum_f64)(double *param, const double *grad, double *momentum_buffer, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*sgd_nesterov_f32)(float *param, const float *grad, float *momentum_buffer, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*sgd_nesterov_f64)(double *param, const double *grad, double *momentum_buffer, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    int (*sign_sgd_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_SignSgd *hyper,
            size_t size);
    void (*sign_sgd_f32)(float *param, const float *grad, Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*sign_sgd_f64)(double *param, const double *grad, Py_ssize_t n, const fastgd_Scalars *scalars);
    void (*sign_momentum_f32)(float *param, const float *grad, float *momentum_buffer, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*sign_momentum_f64)(double *param, const double *grad, double *momentum_buffer, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    int (*stable_adamw_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t,
            const fastgd_StableAdamw *hyper, size_t size);
    void (*stable_adamw_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*stable_adamw_measure_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars, double *sums);
    void (*stable_adamw_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*stable_adamw_measure_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq,
            Py_ssize_t n, const fastgd_Scalars *scalars, double *sums);
    void (*stable_adamw_settle)(fastgd_Scalars *scalars, const double *sums, Py_ssize_t n);
    int (*yogi_scalars)(fastgd_Scalars *scalars, double grad_scale, long long t, const fastgd_Yogi *hyper, size_t size);
    void (*yogi_f32)(float *param, const float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
    void (*yogi_f64)(double *param, const double *grad, double *exp_avg, double *exp_avg_sq, Py_ssize_t n,
            const fastgd_Scalars *scalars);
} fastgd_api;

/* Find the functions in the fastgd that is installed: 0, or -1 with ImportError set and nothing found. */
static inline int fastgd_import(fastgd_api *api) {
    static const struct { const char *name, *signature; size_t place; } rows[] = {
        {"abi_version", "int (void)",
         offsetof(fastgd_api, abi_version)},
        {"instruction_set", "char const *(void)",
         offsetof(fastgd_api, instruction_set)},
        {"norm_f32", "double (float const *, Py_ssize_t)",
         offsetof(fastgd_api, norm_f32)},
        {"norm_f64", "double (double const *, Py_ssize_t)",
         offsetof(fastgd_api, norm_f64)},
        {"ada_pnm_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_AdaPnm const *, size_t)",
         offsetof(fastgd_api, ada_pnm_scalars)},
        {"ada_pnm_f32", "void (float *, float const *, float *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, ada_pnm_f32)},
        {"ada_pnm_f64", "void (double *, double const *, double *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, ada_pnm_f64)},
        {"ada_pnm_bound_f32", "void (float *, float const *, float *, float *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, ada_pnm_bound_f32)},
        {"ada_pnm_bound_f64", "void (double *, double const *, double *, double *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, ada_pnm_bound_f64)},
        {"adabelief_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Adabelief const *, size_t)",
         offsetof(fastgd_api, adabelief_scalars)},
        {"adabelief_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adabelief_f32)},
        {"adabelief_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adabelief_f64)},
        {"adadelta_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Adadelta const *, size_t)",
         offsetof(fastgd_api, adadelta_scalars)},
        {"adadelta_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adadelta_f32)},
        {"adadelta_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adadelta_f64)},
        {"adagrad_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Adagrad const *, size_t)",
         offsetof(fastgd_api, adagrad_scalars)},
        {"adagrad_f32", "void (float *, float const *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adagrad_f32)},
        {"adagrad_f64", "void (double *, double const *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adagrad_f64)},
        {"adam_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Adam const *, size_t)",
         offsetof(fastgd_api, adam_scalars)},
        {"adam_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adam_f32)},
        {"adam_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adam_f64)},
        {"amsgrad_f32", "void (float *, float const *, float *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, amsgrad_f32)},
        {"amsgrad_f64", "void (double *, double const *, double *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, amsgrad_f64)},
        {"adam_cautious_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adam_cautious_f32)},
        {"adam_cautious_measure_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, adam_cautious_measure_f32)},
        {"adam_cautious_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adam_cautious_f64)},
        {"adam_cautious_measure_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, adam_cautious_measure_f64)},
        {"adam_cautious_settle", "void (fastgd_Scalars *, double const *, Py_ssize_t)",
         offsetof(fastgd_api, adam_cautious_settle)},
        {"amsgrad_cautious_f32", "void (float *, float const *, float *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, amsgrad_cautious_f32)},
        {"amsgrad_cautious_measure_f32", "void (float *, float const *, float *, float *, float *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, amsgrad_cautious_measure_f32)},
        {"amsgrad_cautious_f64", "void (double *, double const *, double *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, amsgrad_cautious_f64)},
        {"amsgrad_cautious_measure_f64", "void (double *, double const *, double *, double *, double *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, amsgrad_cautious_measure_f64)},
        {"amsgrad_cautious_settle", "void (fastgd_Scalars *, double const *, Py_ssize_t)",
         offsetof(fastgd_api, amsgrad_cautious_settle)},
        {"adam_atan2_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_AdamAtan2 const *, size_t)",
         offsetof(fastgd_api, adam_atan2_scalars)},
        {"adam_atan2_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adam_atan2_f32)},
        {"adam_atan2_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adam_atan2_f64)},
        {"adamax_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Adamax const *, size_t)",
         offsetof(fastgd_api, adamax_scalars)},
        {"adamax_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adamax_f32)},
        {"adamax_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adamax_f64)},
        {"adan_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Adan const *, size_t)",
         offsetof(fastgd_api, adan_scalars)},
        {"adan_f32", "void (float *, float const *, float *, float *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adan_f32)},
        {"adan_f64", "void (double *, double const *, double *, double *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adan_f64)},
        {"ademamix_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Ademamix const *, size_t)",
         offsetof(fastgd_api, ademamix_scalars)},
        {"ademamix_f32", "void (float *, float const *, float *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, ademamix_f32)},
        {"ademamix_f64", "void (double *, double const *, double *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, ademamix_f64)},
        {"adopt_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Adopt const *, size_t)",
         offsetof(fastgd_api, adopt_scalars)},
        {"adopt_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adopt_f32)},
        {"adopt_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adopt_f64)},
        {"adopt_cautious_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adopt_cautious_f32)},
        {"adopt_cautious_measure_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, adopt_cautious_measure_f32)},
        {"adopt_cautious_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adopt_cautious_f64)},
        {"adopt_cautious_measure_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, adopt_cautious_measure_f64)},
        {"adopt_cautious_settle", "void (fastgd_Scalars *, double const *, Py_ssize_t)",
         offsetof(fastgd_api, adopt_cautious_settle)},
        {"asgd_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Asgd const *, size_t, double *)",
         offsetof(fastgd_api, asgd_scalars)},
        {"asgd_f32", "void (float *, float const *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, asgd_f32)},
        {"asgd_f64", "void (double *, double const *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, asgd_f64)},
        {"asgd_average_f32", "void (float *, float const *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, asgd_average_f32)},
        {"asgd_average_f64", "void (double *, double const *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, asgd_average_f64)},
        {"dadapt_adam_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_DadaptAdam const *, size_t, double *)",
         offsetof(fastgd_api, dadapt_adam_scalars)},
        {"dadapt_adam_f32", "void (float *, float const *, float *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, dadapt_adam_f32)},
        {"dadapt_adam_measure_f32", "void (float *, float const *, float *, float *, float *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, dadapt_adam_measure_f32)},
        {"dadapt_adam_f64", "void (double *, double const *, double *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, dadapt_adam_f64)},
        {"dadapt_adam_measure_f64", "void (double *, double const *, double *, double *, double *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, dadapt_adam_measure_f64)},
        {"dadapt_adam_settle", "void (fastgd_Scalars *, double const *, Py_ssize_t, double *)",
         offsetof(fastgd_api, dadapt_adam_settle)},
        {"ftrl_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Ftrl const *, size_t)",
         offsetof(fastgd_api, ftrl_scalars)},
        {"ftrl_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, ftrl_f32)},
        {"ftrl_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, ftrl_f64)},
        {"grams_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Grams const *, size_t)",
         offsetof(fastgd_api, grams_scalars)},
        {"grams_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, grams_f32)},
        {"grams_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, grams_f64)},
        {"lamb_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Lamb const *, size_t)",
         offsetof(fastgd_api, lamb_scalars)},
        {"lamb_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, lamb_f32)},
        {"lamb_measure_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, lamb_measure_f32)},
        {"lamb_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, lamb_f64)},
        {"lamb_measure_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, lamb_measure_f64)},
        {"lamb_settle", "void (fastgd_Scalars *, double const *, Py_ssize_t)",
         offsetof(fastgd_api, lamb_settle)},
        {"lamb_cautious_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, lamb_cautious_f32)},
        {"lamb_cautious_measure_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, lamb_cautious_measure_f32)},
        {"lamb_cautious_measure_2_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, lamb_cautious_measure_2_f32)},
        {"lamb_cautious_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, lamb_cautious_f64)},
        {"lamb_cautious_measure_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, lamb_cautious_measure_f64)},
        {"lamb_cautious_measure_2_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, lamb_cautious_measure_2_f64)},
        {"lamb_cautious_settle", "void (fastgd_Scalars *, double const *, Py_ssize_t)",
         offsetof(fastgd_api, lamb_cautious_settle)},
        {"lamb_cautious_settle_2", "void (fastgd_Scalars *, double const *, Py_ssize_t)",
         offsetof(fastgd_api, lamb_cautious_settle_2)},
        {"laprop_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Laprop const *, size_t, double *)",
         offsetof(fastgd_api, laprop_scalars)},
        {"laprop_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, laprop_f32)},
        {"laprop_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, laprop_f64)},
        {"laprop_cautious_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, laprop_cautious_f32)},
        {"laprop_cautious_measure_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, laprop_cautious_measure_f32)},
        {"laprop_cautious_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, laprop_cautious_f64)},
        {"laprop_cautious_measure_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, laprop_cautious_measure_f64)},
        {"laprop_cautious_settle", "void (fastgd_Scalars *, double const *, Py_ssize_t, double *)",
         offsetof(fastgd_api, laprop_cautious_settle)},
        {"lars_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Lars const *, size_t)",
         offsetof(fastgd_api, lars_scalars)},
        {"lars_f32", "void (float *, float const *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, lars_f32)},
        {"lars_measure_f32", "void (float *, float const *, float *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, lars_measure_f32)},
        {"lars_f64", "void (double *, double const *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, lars_f64)},
        {"lars_measure_f64", "void (double *, double const *, double *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, lars_measure_f64)},
        {"lars_settle", "void (fastgd_Scalars *, double const *, Py_ssize_t)",
         offsetof(fastgd_api, lars_settle)},
        {"lars_nesterov_f32", "void (float *, float const *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, lars_nesterov_f32)},
        {"lars_nesterov_measure_f32", "void (float *, float const *, float *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, lars_nesterov_measure_f32)},
        {"lars_nesterov_f64", "void (double *, double const *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, lars_nesterov_f64)},
        {"lars_nesterov_measure_f64", "void (double *, double const *, double *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, lars_nesterov_measure_f64)},
        {"lars_nesterov_settle", "void (fastgd_Scalars *, double const *, Py_ssize_t)",
         offsetof(fastgd_api, lars_nesterov_settle)},
        {"lion_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Lion const *, size_t)",
         offsetof(fastgd_api, lion_scalars)},
        {"lion_f32", "void (float *, float const *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, lion_f32)},
        {"lion_f64", "void (double *, double const *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, lion_f64)},
        {"lion_cautious_f32", "void (float *, float const *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, lion_cautious_f32)},
        {"lion_cautious_measure_f32", "void (float *, float const *, float *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, lion_cautious_measure_f32)},
        {"lion_cautious_f64", "void (double *, double const *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, lion_cautious_f64)},
        {"lion_cautious_measure_f64", "void (double *, double const *, double *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, lion_cautious_measure_f64)},
        {"lion_cautious_settle", "void (fastgd_Scalars *, double const *, Py_ssize_t)",
         offsetof(fastgd_api, lion_cautious_settle)},
        {"madgrad_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Madgrad const *, size_t)",
         offsetof(fastgd_api, madgrad_scalars)},
        {"madgrad_f32", "void (float *, float const *, float *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, madgrad_f32)},
        {"madgrad_f64", "void (double *, double const *, double *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, madgrad_f64)},
        {"mars_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Mars const *, size_t)",
         offsetof(fastgd_api, mars_scalars)},
        {"mars_f32", "void (float *, float const *, float *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, mars_f32)},
        {"mars_measure_f32", "void (float *, float const *, float *, float *, float *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, mars_measure_f32)},
        {"mars_f64", "void (double *, double const *, double *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, mars_f64)},
        {"mars_measure_f64", "void (double *, double const *, double *, double *, double *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, mars_measure_f64)},
        {"mars_settle", "void (fastgd_Scalars *, double const *, Py_ssize_t)",
         offsetof(fastgd_api, mars_settle)},
        {"mars_cautious_f32", "void (float *, float const *, float *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, mars_cautious_f32)},
        {"mars_cautious_measure_f32", "void (float *, float const *, float *, float *, float *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, mars_cautious_measure_f32)},
        {"mars_cautious_measure_2_f32", "void (float *, float const *, float *, float *, float *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, mars_cautious_measure_2_f32)},
        {"mars_cautious_f64", "void (double *, double const *, double *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, mars_cautious_f64)},
        {"mars_cautious_measure_f64", "void (double *, double const *, double *, double *, double *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, mars_cautious_measure_f64)},
        {"mars_cautious_measure_2_f64", "void (double *, double const *, double *, double *, double *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, mars_cautious_measure_2_f64)},
        {"mars_cautious_settle", "void (fastgd_Scalars *, double const *, Py_ssize_t)",
         offsetof(fastgd_api, mars_cautious_settle)},
        {"mars_cautious_settle_2", "void (fastgd_Scalars *, double const *, Py_ssize_t)",
         offsetof(fastgd_api, mars_cautious_settle_2)},
        {"muon_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Muon const *, size_t)",
         offsetof(fastgd_api, muon_scalars)},
        {"muon_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, muon_f32)},
        {"muon_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, muon_f64)},
        {"nadam_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Nadam const *, size_t, double *)",
         offsetof(fastgd_api, nadam_scalars)},
        {"nadam_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, nadam_f32)},
        {"nadam_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, nadam_f64)},
        {"nadam_cautious_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, nadam_cautious_f32)},
        {"nadam_cautious_measure_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, nadam_cautious_measure_f32)},
        {"nadam_cautious_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, nadam_cautious_f64)},
        {"nadam_cautious_measure_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, nadam_cautious_measure_f64)},
        {"nadam_cautious_settle", "void (fastgd_Scalars *, double const *, Py_ssize_t, double *)",
         offsetof(fastgd_api, nadam_cautious_settle)},
        {"novograd_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Novograd const *, size_t, double *)",
         offsetof(fastgd_api, novograd_scalars)},
        {"novograd_f32", "void (float *, float const *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, novograd_f32)},
        {"novograd_measure_f32", "void (float *, float const *, float *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, novograd_measure_f32)},
        {"novograd_f64", "void (double *, double const *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, novograd_f64)},
        {"novograd_measure_f64", "void (double *, double const *, double *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, novograd_measure_f64)},
        {"novograd_settle", "void (fastgd_Scalars *, double const *, Py_ssize_t, double *)",
         offsetof(fastgd_api, novograd_settle)},
        {"prodigy_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Prodigy const *, size_t, double *)",
         offsetof(fastgd_api, prodigy_scalars)},
        {"prodigy_f32", "void (float *, float const *, float *, float *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, prodigy_f32)},
        {"prodigy_measure_f32", "void (float *, float const *, float *, float *, float *, float *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, prodigy_measure_f32)},
        {"prodigy_f64", "void (double *, double const *, double *, double *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, prodigy_f64)},
        {"prodigy_measure_f64", "void (double *, double const *, double *, double *, double *, double *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, prodigy_measure_f64)},
        {"prodigy_settle", "void (fastgd_Scalars *, double const *, Py_ssize_t, double *)",
         offsetof(fastgd_api, prodigy_settle)},
        {"radam_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Radam const *, size_t)",
         offsetof(fastgd_api, radam_scalars)},
        {"adam_unrectified_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adam_unrectified_f32)},
        {"adam_unrectified_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, adam_unrectified_f64)},
        {"rmsprop_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Rmsprop const *, size_t)",
         offsetof(fastgd_api, rmsprop_scalars)},
        {"rmsprop_f32", "void (float *, float const *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, rmsprop_f32)},
        {"rmsprop_f64", "void (double *, double const *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, rmsprop_f64)},
        {"rmsprop_momentum_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, rmsprop_momentum_f32)},
        {"rmsprop_momentum_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, rmsprop_momentum_f64)},
        {"rmsprop_centered_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, rmsprop_centered_f32)},
        {"rmsprop_centered_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, rmsprop_centered_f64)},
        {"rmsprop_centered_momentum_f32", "void (float *, float const *, float *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, rmsprop_centered_momentum_f32)},
        {"rmsprop_centered_momentum_f64", "void (double *, double const *, double *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, rmsprop_centered_momentum_f64)},
        {"rprop_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Rprop const *, size_t)",
         offsetof(fastgd_api, rprop_scalars)},
        {"rprop_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, rprop_f32)},
        {"rprop_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, rprop_f64)},
        {"schedule_free_adamw_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_ScheduleFreeAdamw const *, size_t, double *)",
         offsetof(fastgd_api, schedule_free_adamw_scalars)},
        {"schedule_free_adamw_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, schedule_free_adamw_f32)},
        {"schedule_free_adamw_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, schedule_free_adamw_f64)},
        {"schedule_free_radam_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_ScheduleFreeRadam const *, size_t, double *)",
         offsetof(fastgd_api, schedule_free_radam_scalars)},
        {"schedule_free_unrectified_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, schedule_free_unrectified_f32)},
        {"schedule_free_unrectified_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, schedule_free_unrectified_f64)},
        {"schedule_free_sgd_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_ScheduleFreeSgd const *, size_t, double *)",
         offsetof(fastgd_api, schedule_free_sgd_scalars)},
        {"schedule_free_sgd_f32", "void (float *, float const *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, schedule_free_sgd_f32)},
        {"schedule_free_sgd_f64", "void (double *, double const *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, schedule_free_sgd_f64)},
        {"sgd_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Sgd const *, size_t, double *)",
         offsetof(fastgd_api, sgd_scalars)},
        {"sgd_f32", "void (float *, float const *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, sgd_f32)},
        {"sgd_f64", "void (double *, double const *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, sgd_f64)},
        {"sgd_momentum_f32", "void (float *, float const *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, sgd_momentum_f32)},
        {"sgd_momentum_f64", "void (double *, double const *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, sgd_momentum_f64)},
        {"sgd_nesterov_f32", "void (float *, float const *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, sgd_nesterov_f32)},
        {"sgd_nesterov_f64", "void (double *, double const *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, sgd_nesterov_f64)},
        {"sign_sgd_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_SignSgd const *, size_t)",
         offsetof(fastgd_api, sign_sgd_scalars)},
        {"sign_sgd_f32", "void (float *, float const *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, sign_sgd_f32)},
        {"sign_sgd_f64", "void (double *, double const *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, sign_sgd_f64)},
        {"sign_momentum_f32", "void (float *, float const *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, sign_momentum_f32)},
        {"sign_momentum_f64", "void (double *, double const *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, sign_momentum_f64)},
        {"stable_adamw_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_StableAdamw const *, size_t)",
         offsetof(fastgd_api, stable_adamw_scalars)},
        {"stable_adamw_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, stable_adamw_f32)},
        {"stable_adamw_measure_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, stable_adamw_measure_f32)},
        {"stable_adamw_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, stable_adamw_f64)},
        {"stable_adamw_measure_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *, double *)",
         offsetof(fastgd_api, stable_adamw_measure_f64)},
        {"stable_adamw_settle", "void (fastgd_Scalars *, double const *, Py_ssize_t)",
         offsetof(fastgd_api, stable_adamw_settle)},
        {"yogi_scalars", "int (fastgd_Scalars *, double, PY_LONG_LONG, fastgd_Yogi const *, size_t)",
         offsetof(fastgd_api, yogi_scalars)},
        {"yogi_f32", "void (float *, float const *, float *, float *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, yogi_f32)},
        {"yogi_f64", "void (double *, double const *, double *, double *, Py_ssize_t, fastgd_Scalars const *)",
         offsetof(fastgd_api, yogi_f64)},
    };
    fastgd_api found;
    PyObject *module = PyImport_ImportModule("fastgd.capi");
    PyObject *capsules = module == NULL ? NULL : PyObject_GetAttrString(module, "__pyx_capi__");
    size_t i;
    int result = capsules == NULL ? -1 : 0;
    for (i = 0; result == 0 && i < sizeof(rows) / sizeof(rows[0]); i++) {
        PyObject *capsule = PyDict_GetItemString(capsules, rows[i].name);
        void *pointer = NULL;
        if (capsule != NULL && PyCapsule_IsValid(capsule, rows[i].signature))
            pointer = PyCapsule_GetPointer(capsule, rows[i].signature);
        if (pointer == NULL) {
            if (!PyErr_Occurred())
                PyErr_Format(PyExc_ImportError, "fastgd.capi has no function %s with the arguments that it was "
                             "compiled for: a later fastgd is needed", rows[i].name);
            result = -1;
        } else
            memcpy((char *)&found + rows[i].place, &pointer, sizeof(pointer));
    }
    if (result == 0 && found.abi_version() != FASTGD_ABI_VERSION) {
        PyErr_Format(PyExc_ImportError, "compiled for version %d of fastgd's C API and found %d; build it anew",
                     FASTGD_ABI_VERSION, found.abi_version());
        result = -1;
    }
    Py_XDECREF(capsules);
    Py_XDECREF(module);
    if (result == 0)
        *api = found;
    return result;
}

#ifdef __cplusplus
}
#endif
#endif
