# Written by make derive from kernels/rules/*.pxd and optimizers/*.py; edit those.
include "build_table.pxi"

from fastgd.kernels.roofs cimport (stream_0, stream_1, stream_2, stream_3, stream_copy, divide, divide_root,
                                   divide_two_roots)
from fastgd.kernels.rules.adadelta cimport AdadeltaScalars, fold_adadelta, adadelta
from fastgd.kernels.rules.adagrad cimport AdagradScalars, fold_adagrad, adagrad
from fastgd.kernels.rules.adam cimport AdamScalars, fold_adam, adam, amsgrad
from fastgd.kernels.rules.adamax cimport AdamaxScalars, fold_adamax, adamax
from fastgd.kernels.rules.asgd cimport AsgdScalars, fold_asgd, asgd, asgd_average
from fastgd.kernels.rules.lion cimport LionScalars, fold_lion, lion
from fastgd.kernels.rules.nadam cimport NadamScalars, fold_nadam, nadam
from fastgd.kernels.rules.radam cimport fold_radam, adam_unrectified
from fastgd.kernels.rules.rmsprop cimport (RmspropScalars, fold_rmsprop, rmsprop, rmsprop_momentum, rmsprop_centered,
                                           rmsprop_centered_momentum)
from fastgd.kernels.rules.rprop cimport RpropScalars, fold_rprop, rprop
from fastgd.kernels.rules.sgd cimport SgdScalars, fold_sgd, sgd, sgd_momentum, sgd_nesterov
from fastgd.kernels.rules.sign cimport SignSgdScalars, fold_sign_sgd, sign_sgd, sign_momentum

rule(b"adadelta", b"square_avg acc_delta", <void*>adadelta[float], <void*>adadelta[double])
rule(b"adagrad", b"sum", <void*>adagrad[float], <void*>adagrad[double])
rule(b"adam", b"exp_avg exp_avg_sq", <void*>adam[float], <void*>adam[double])
rule(b"amsgrad", b"exp_avg exp_avg_sq max_exp_avg_sq", <void*>amsgrad[float], <void*>amsgrad[double])
rule(b"adamax", b"exp_avg exp_inf", <void*>adamax[float], <void*>adamax[double])
rule(b"asgd", b"ax", <void*>asgd[float], <void*>asgd[double])
rule(b"asgd_average", b"ax", <void*>asgd_average[float], <void*>asgd_average[double])
rule(b"lion", b"momentum_buffer", <void*>lion[float], <void*>lion[double])
rule(b"nadam", b"exp_avg exp_avg_sq", <void*>nadam[float], <void*>nadam[double])
rule(b"adam_unrectified", b"exp_avg exp_avg_sq", <void*>adam_unrectified[float], <void*>adam_unrectified[double])
rule(b"rmsprop", b"square_avg", <void*>rmsprop[float], <void*>rmsprop[double])
rule(b"rmsprop_momentum", b"square_avg momentum_buffer", <void*>rmsprop_momentum[float],
     <void*>rmsprop_momentum[double])
rule(b"rmsprop_centered", b"square_avg grad_avg", <void*>rmsprop_centered[float], <void*>rmsprop_centered[double])
rule(b"rmsprop_centered_momentum", b"square_avg grad_avg momentum_buffer", <void*>rmsprop_centered_momentum[float],
     <void*>rmsprop_centered_momentum[double])
rule(b"rprop", b"prev step_size", <void*>rprop[float], <void*>rprop[double])
rule(b"sgd", b"", <void*>sgd[float], <void*>sgd[double])
rule(b"sgd_momentum", b"momentum_buffer", <void*>sgd_momentum[float], <void*>sgd_momentum[double])
rule(b"sgd_nesterov", b"momentum_buffer", <void*>sgd_nesterov[float], <void*>sgd_nesterov[double])
rule(b"sign_sgd", b"", <void*>sign_sgd[float], <void*>sign_sgd[double])
rule(b"sign_momentum", b"momentum_buffer", <void*>sign_momentum[float], <void*>sign_momentum[double])

family(b"adadelta", b"lr rho eps weight_decay maximize", b"", b"adadelta", <Fold>fold_adadelta, sizeof(AdadeltaScalars))
family(b"adagrad", b"lr lr_decay weight_decay initial_accumulator_value eps maximize eps_root", b"", b"adagrad",
       <Fold>fold_adagrad, sizeof(AdagradScalars))
family(b"adam", b"lr beta1 beta2 eps weight_decay amsgrad maximize decoupled_weight_decay eps_root eps_hat", b"",
       b"adam amsgrad", <Fold>fold_adam, sizeof(AdamScalars))
family(b"adamax", b"lr beta1 beta2 eps weight_decay maximize", b"", b"adamax", <Fold>fold_adamax, sizeof(AdamaxScalars))
family(b"asgd", b"lr lambd alpha t0 weight_decay maximize", b"eta mu", b"asgd asgd_average", <Fold>fold_asgd,
       sizeof(AsgdScalars))
family(b"lion", b"lr beta1 beta2 weight_decay maximize", b"", b"lion", <Fold>fold_lion, sizeof(LionScalars))
family(b"nadam", b"lr beta1 beta2 eps weight_decay momentum_decay decoupled_weight_decay maximize eps_root",
       b"mu_product", b"nadam", <Fold>fold_nadam, sizeof(NadamScalars))
family(b"radam", b"lr beta1 beta2 eps weight_decay decoupled_weight_decay maximize eps_root", b"",
       b"adam_unrectified adam", <Fold>fold_radam, sizeof(AdamScalars))
family(b"rmsprop", b"lr alpha eps weight_decay momentum centered maximize eps_root", b"",
       b"rmsprop rmsprop_momentum rmsprop_centered rmsprop_centered_momentum", <Fold>fold_rmsprop,
       sizeof(RmspropScalars))
family(b"rprop", b"lr eta_minus eta_plus smallest largest maximize", b"", b"rprop", <Fold>fold_rprop,
       sizeof(RpropScalars))
family(b"sgd", b"lr momentum dampening weight_decay nesterov maximize momentum_form", b"started",
       b"sgd sgd_momentum sgd_nesterov", <Fold>fold_sgd, sizeof(SgdScalars))
family(b"sign_sgd", b"lr momentum weight_decay maximize", b"", b"sign_sgd sign_momentum", <Fold>fold_sign_sgd,
       sizeof(SignSgdScalars))

roof(b"stream_0", b"", <void*>stream_0[float], <void*>stream_0[double])
roof(b"stream_1", b"a", <void*>stream_1[float], <void*>stream_1[double])
roof(b"stream_2", b"a b", <void*>stream_2[float], <void*>stream_2[double])
roof(b"stream_3", b"a b c", <void*>stream_3[float], <void*>stream_3[double])
roof(b"stream_copy", b"a", <void*>stream_copy[float], <void*>stream_copy[double])
roof(b"divide", b"", <void*>divide[float], <void*>divide[double])
roof(b"divide_root", b"", <void*>divide_root[float], <void*>divide_root[double])
roof(b"divide_two_roots", b"", <void*>divide_two_roots[float], <void*>divide_two_roots[double])
