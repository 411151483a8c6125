"""
What the optimizer classes call once per step and group: hyperparameters -> the rule, its scalars, what to carry on.

One function for each optimizer. The folding itself stands beside the rule in kernels/rules, where the C API finds it
too; here is the choice of the rule, and what Python users get told where hyperparameters do not go together.
"""
from fastgd.kernels.rules.adadelta cimport AdadeltaScalars, fold_adadelta
from fastgd.kernels.rules.adagrad cimport AdagradScalars, fold_adagrad
from fastgd.kernels.rules.adam cimport AdamScalars, fold_adam, fold_radam
from fastgd.kernels.rules.adamax cimport AdamaxScalars, fold_adamax
from fastgd.kernels.rules.asgd cimport AsgdScalars, fold_asgd
from fastgd.kernels.rules.lion cimport LionScalars, fold_lion
from fastgd.kernels.rules.nadam cimport NadamScalars, fold_nadam
from fastgd.kernels.rules.rmsprop cimport (
    RmspropMomentumScalars, RmspropScalars, fold_rmsprop, fold_rmsprop_momentum,
)
from fastgd.kernels.rules.rprop cimport RpropScalars, fold_rprop
from fastgd.kernels.rules.sgd cimport (
    SgdMomentumScalars, SgdNesterovScalars, SgdScalars, fold_sgd, fold_sgd_momentum, fold_sgd_nesterov,
)
from fastgd.kernels.rules.sign cimport SignMomentumScalars, SignScalars, fold_sign_momentum, fold_sign_sgd


cdef tuple numbers(const void* scalars, size_t nbytes):
    """The fields of a struct of doubles."""
    cdef const double* s = <const double*>scalars
    cdef size_t i
    return tuple([s[i] for i in range(nbytes // sizeof(double))])


def sgd(double scale, long long t, tuple carry, double lr, double momentum, double dampening, double weight_decay,
        bint nesterov, bint maximize, str momentum_form):
    # carry[0] is 1 once the buffer has been started.
    cdef SgdScalars plain
    cdef SgdMomentumScalars heavy
    cdef SgdNesterovScalars ahead
    cdef bint ema = momentum_form == "ema"
    cdef double started = carry[0]
    if nesterov and (momentum == 0 or dampening != 0):
        raise ValueError(f"nesterov needs momentum above 0 and dampening 0, got {momentum} and {dampening}")
    if momentum == 0:
        fold_sgd(&plain, scale, t, lr, weight_decay, maximize)
        return "sgd", numbers(&plain, sizeof(plain)), carry
    if ema and (momentum >= 1 or dampening != 0):
        raise ValueError(
            f"momentum_form='ema' needs momentum in (0, 1) and dampening 0, got {momentum} and {dampening}"
        )
    t = 2 if started else 1     # the fold needs to know whether this step starts the buffer
    if nesterov:
        fold_sgd_nesterov(&ahead, scale, t, lr, momentum, weight_decay, maximize, ema)
        return "sgd_nesterov", numbers(&ahead, sizeof(ahead)), (1.0, 0.0)
    fold_sgd_momentum(&heavy, scale, t, lr, momentum, dampening, weight_decay, maximize, ema)
    return "sgd_momentum", numbers(&heavy, sizeof(heavy)), (1.0, 0.0)


def sign_sgd(double scale, long long t, tuple carry, double lr, double momentum, double weight_decay, bint maximize):
    cdef SignScalars plain
    cdef SignMomentumScalars heavy
    if momentum == 0:
        fold_sign_sgd(&plain, scale, t, lr, weight_decay, maximize)
        return "sign_sgd", numbers(&plain, sizeof(plain)), carry
    fold_sign_momentum(&heavy, scale, t, lr, momentum, weight_decay, maximize)
    return "sign_momentum", numbers(&heavy, sizeof(heavy)), carry


def lion(double scale, long long t, tuple carry, double lr, tuple betas, double weight_decay, bint maximize):
    cdef LionScalars s
    fold_lion(&s, scale, t, lr, betas[0], betas[1], weight_decay, maximize)
    return "lion", numbers(&s, sizeof(s)), carry


def adagrad(double scale, long long t, tuple carry, double lr, double lr_decay, double weight_decay,
            double initial_accumulator_value, double eps, bint maximize, double eps_root):
    cdef AdagradScalars s
    fold_adagrad(&s, scale, t, lr, lr_decay, weight_decay, initial_accumulator_value, eps, maximize, eps_root)
    return "adagrad", numbers(&s, sizeof(s)), carry


def adadelta(double scale, long long t, tuple carry, double lr, double rho, double eps, double weight_decay,
             bint maximize):
    cdef AdadeltaScalars s
    fold_adadelta(&s, scale, t, lr, rho, eps, weight_decay, maximize)
    return "adadelta", numbers(&s, sizeof(s)), carry


def rmsprop(double scale, long long t, tuple carry, double lr, double alpha, double eps, double weight_decay,
            double momentum, bint centered, bint maximize, double eps_root):
    cdef RmspropScalars plain
    cdef RmspropMomentumScalars heavy
    if momentum == 0:
        fold_rmsprop(&plain, scale, t, lr, alpha, eps, weight_decay, maximize, eps_root)
        return "rmsprop_centered" if centered else "rmsprop", numbers(&plain, sizeof(plain)), carry
    fold_rmsprop_momentum(&heavy, scale, t, lr, alpha, eps, weight_decay, momentum, maximize, eps_root)
    return "rmsprop_centered_momentum" if centered else "rmsprop_momentum", numbers(&heavy, sizeof(heavy)), carry


def rprop(double scale, long long t, tuple carry, double lr, tuple etas, tuple step_sizes, bint maximize):
    cdef RpropScalars s
    fold_rprop(&s, scale, t, lr, etas[0], etas[1], step_sizes[0], step_sizes[1], maximize)
    return "rprop", numbers(&s, sizeof(s)), carry


def adam(double scale, long long t, tuple carry, double lr, tuple betas, double eps, double weight_decay,
         bint amsgrad, bint maximize, bint decoupled_weight_decay, double eps_root, bint eps_hat):
    cdef AdamScalars s
    fold_adam(&s, scale, t, lr, betas[0], betas[1], eps, weight_decay, maximize, decoupled_weight_decay, eps_root,
              eps_hat)
    return "amsgrad" if amsgrad else "adam", numbers(&s, sizeof(s)), carry


def adamax(double scale, long long t, tuple carry, double lr, tuple betas, double eps, double weight_decay,
           bint maximize):
    cdef AdamaxScalars s
    fold_adamax(&s, scale, t, lr, betas[0], betas[1], eps, weight_decay, maximize)
    return "adamax", numbers(&s, sizeof(s)), carry


def nadam(double scale, long long t, tuple carry, double lr, tuple betas, double eps, double weight_decay,
          double momentum_decay, bint decoupled_weight_decay, bint maximize, double eps_root):
    cdef NadamScalars s
    cdef double mu_product = carry[0]
    fold_nadam(&s, scale, t, &mu_product, lr, betas[0], betas[1], eps, weight_decay, momentum_decay,
               decoupled_weight_decay, maximize, eps_root)
    return "nadam", numbers(&s, sizeof(s)), (mu_product, 0.0)


def radam(double scale, long long t, tuple carry, double lr, tuple betas, double eps, double weight_decay,
          bint decoupled_weight_decay, bint maximize, double eps_root):
    cdef AdamScalars s
    cdef bint rectified = fold_radam(&s, scale, t, lr, betas[0], betas[1], eps, weight_decay, decoupled_weight_decay,
                                     maximize, eps_root)
    return "adam" if rectified else "adam_unrectified", numbers(&s, sizeof(s)), carry


def asgd(double scale, long long t, tuple carry, double lr, double lambd, double alpha, double t0,
         double weight_decay, bint maximize):
    cdef AsgdScalars s
    cdef double eta = carry[0], mu = carry[1]
    cdef bint averages = fold_asgd(&s, scale, t, &eta, &mu, lr, lambd, alpha, t0, weight_decay, maximize)
    return "asgd_average" if averages else "asgd", numbers(&s, sizeof(s)), (eta, mu)
