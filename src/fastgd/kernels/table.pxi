# Written by make derive from kernels/rules/*.pxd and optimizers/*.py; edit those.
include "build_table.pxi"

from fastgd.kernels cimport roofs
from fastgd.kernels.rules cimport (adadelta, adagrad, adam, adamax, asgd, lion, nadam, radam, rmsprop, rprop, sgd, sign)

rule(b"adadelta", b"square_avg acc_delta", <void*>adadelta.adadelta[float], <void*>adadelta.adadelta[double])
rule(b"adagrad", b"sum", <void*>adagrad.adagrad[float], <void*>adagrad.adagrad[double])
rule(b"adam", b"exp_avg exp_avg_sq", <void*>adam.adam[float], <void*>adam.adam[double])
rule(b"amsgrad", b"exp_avg exp_avg_sq max_exp_avg_sq", <void*>adam.amsgrad[float], <void*>adam.amsgrad[double])
rule(b"adamax", b"exp_avg exp_inf", <void*>adamax.adamax[float], <void*>adamax.adamax[double])
rule(b"asgd", b"ax", <void*>asgd.asgd[float], <void*>asgd.asgd[double])
rule(b"asgd_average", b"ax", <void*>asgd.asgd_average[float], <void*>asgd.asgd_average[double])
rule(b"lion", b"momentum_buffer", <void*>lion.lion[float], <void*>lion.lion[double])
rule(b"nadam", b"exp_avg exp_avg_sq", <void*>nadam.nadam[float], <void*>nadam.nadam[double])
rule(b"adam_unrectified", b"exp_avg exp_avg_sq", <void*>radam.adam_unrectified[float],
     <void*>radam.adam_unrectified[double])
rule(b"rmsprop", b"square_avg", <void*>rmsprop.rmsprop[float], <void*>rmsprop.rmsprop[double])
rule(b"rmsprop_momentum", b"square_avg momentum_buffer", <void*>rmsprop.rmsprop_momentum[float],
     <void*>rmsprop.rmsprop_momentum[double])
rule(b"rmsprop_centered", b"square_avg grad_avg", <void*>rmsprop.rmsprop_centered[float],
     <void*>rmsprop.rmsprop_centered[double])
rule(b"rmsprop_centered_momentum", b"square_avg grad_avg momentum_buffer",
     <void*>rmsprop.rmsprop_centered_momentum[float], <void*>rmsprop.rmsprop_centered_momentum[double])
rule(b"rprop", b"prev step_size", <void*>rprop.rprop[float], <void*>rprop.rprop[double])
rule(b"sgd", b"", <void*>sgd.sgd[float], <void*>sgd.sgd[double])
rule(b"sgd_momentum", b"momentum_buffer", <void*>sgd.sgd_momentum[float], <void*>sgd.sgd_momentum[double])
rule(b"sgd_nesterov", b"momentum_buffer", <void*>sgd.sgd_nesterov[float], <void*>sgd.sgd_nesterov[double])
rule(b"sign_sgd", b"", <void*>sign.sign_sgd[float], <void*>sign.sign_sgd[double])
rule(b"sign_momentum", b"momentum_buffer", <void*>sign.sign_momentum[float], <void*>sign.sign_momentum[double])

family(b"adadelta", b"lr rho eps weight_decay maximize", b"", b"adadelta", <Fold>adadelta.fold_adadelta,
       sizeof(adadelta.AdadeltaScalars))
family(b"adagrad", b"lr lr_decay weight_decay initial_accumulator_value eps maximize eps_root", b"", b"adagrad",
       <Fold>adagrad.fold_adagrad, sizeof(adagrad.AdagradScalars))
family(b"adam", b"lr beta1 beta2 eps weight_decay amsgrad maximize decoupled_weight_decay eps_root eps_hat", b"",
       b"adam amsgrad", <Fold>adam.fold_adam, sizeof(adam.AdamScalars))
family(b"adamax", b"lr beta1 beta2 eps weight_decay maximize", b"", b"adamax", <Fold>adamax.fold_adamax,
       sizeof(adamax.AdamaxScalars))
family(b"asgd", b"lr lambd alpha t0 weight_decay maximize", b"eta mu", b"asgd asgd_average", <Fold>asgd.fold_asgd,
       sizeof(asgd.AsgdScalars))
family(b"lion", b"lr beta1 beta2 weight_decay maximize", b"", b"lion", <Fold>lion.fold_lion, sizeof(lion.LionScalars))
family(b"nadam", b"lr beta1 beta2 eps weight_decay momentum_decay decoupled_weight_decay maximize eps_root",
       b"mu_product", b"nadam", <Fold>nadam.fold_nadam, sizeof(nadam.NadamScalars))
family(b"radam", b"lr beta1 beta2 eps weight_decay decoupled_weight_decay maximize eps_root", b"",
       b"adam_unrectified adam", <Fold>radam.fold_radam, sizeof(adam.AdamScalars))
family(b"rmsprop", b"lr alpha eps weight_decay momentum centered maximize eps_root", b"",
       b"rmsprop rmsprop_momentum rmsprop_centered rmsprop_centered_momentum", <Fold>rmsprop.fold_rmsprop,
       sizeof(rmsprop.RmspropScalars))
family(b"rprop", b"lr eta_minus eta_plus smallest largest maximize", b"", b"rprop", <Fold>rprop.fold_rprop,
       sizeof(rprop.RpropScalars))
family(b"sgd", b"lr momentum dampening weight_decay nesterov maximize momentum_form", b"started",
       b"sgd sgd_momentum sgd_nesterov", <Fold>sgd.fold_sgd, sizeof(sgd.SgdScalars))
family(b"sign_sgd", b"lr momentum weight_decay maximize", b"", b"sign_sgd sign_momentum", <Fold>sign.fold_sign_sgd,
       sizeof(sign.SignSgdScalars))

roof(b"stream_0", b"", <void*>roofs.stream_0[float], <void*>roofs.stream_0[double])
roof(b"stream_1", b"a", <void*>roofs.stream_1[float], <void*>roofs.stream_1[double])
roof(b"stream_2", b"a b", <void*>roofs.stream_2[float], <void*>roofs.stream_2[double])
roof(b"stream_3", b"a b c", <void*>roofs.stream_3[float], <void*>roofs.stream_3[double])
roof(b"stream_copy", b"a", <void*>roofs.stream_copy[float], <void*>roofs.stream_copy[double])
roof(b"divide", b"", <void*>roofs.divide[float], <void*>roofs.divide[double])
roof(b"divide_root", b"", <void*>roofs.divide_root[float], <void*>roofs.divide_root[double])
roof(b"divide_two_roots", b"", <void*>roofs.divide_two_roots[float], <void*>roofs.divide_two_roots[double])
