# Written by make derive from kernels/rules/*.pxd and optimizers/*.py; edit those.
include "build_table.pxi"

from fastgd.kernels.roofs cimport (RoofScalars, stream_0, stream_1, stream_2, stream_3, stream_4, stream_copy, divide,
                                   divide_root, divide_two_roots)
from fastgd.kernels.rules.ada_pnm cimport AdaPnmScalars, fold_ada_pnm, ada_pnm, ada_pnm_bound
from fastgd.kernels.rules.adabelief cimport AdabeliefScalars, fold_adabelief, adabelief
from fastgd.kernels.rules.adadelta cimport AdadeltaScalars, fold_adadelta, adadelta
from fastgd.kernels.rules.adafactor cimport AdafactorScalars, fold_adafactor, adafactor
from fastgd.kernels.rules.adagrad cimport AdagradScalars, fold_adagrad, adagrad
from fastgd.kernels.rules.adam cimport (AdamScalars, fold_adam, adam_cautious_measure, settle_adam_cautious,
                                        amsgrad_cautious_measure, settle_amsgrad_cautious, adam, amsgrad, adam_cautious,
                                        amsgrad_cautious)
from fastgd.kernels.rules.adam_atan2 cimport AdamAtan2Scalars, fold_adam_atan2, adam_atan2
from fastgd.kernels.rules.adamax cimport AdamaxScalars, fold_adamax, adamax
from fastgd.kernels.rules.adan cimport AdanScalars, fold_adan, adan
from fastgd.kernels.rules.ademamix cimport AdemamixScalars, fold_ademamix, ademamix
from fastgd.kernels.rules.adopt cimport (AdoptScalars, fold_adopt, adopt_cautious_measure, settle_adopt_cautious, adopt,
                                         adopt_cautious)
from fastgd.kernels.rules.asgd cimport AsgdScalars, fold_asgd, asgd, asgd_average
from fastgd.kernels.rules.dadapt_adam cimport (DadaptAdamScalars, fold_dadapt_adam, dadapt_adam_measure,
                                               settle_all_dadapt_adam, dadapt_adam)
from fastgd.kernels.rules.ftrl cimport FtrlScalars, fold_ftrl, ftrl
from fastgd.kernels.rules.grams cimport GramsScalars, fold_grams, grams
from fastgd.kernels.rules.lamb cimport (LambScalars, fold_lamb, lamb_measure, settle_lamb, lamb_cautious_measure,
                                        settle_lamb_cautious, lamb_cautious_measure_2, settle_lamb_cautious_2, lamb,
                                        lamb_cautious)
from fastgd.kernels.rules.laprop cimport (LapropScalars, fold_laprop, laprop_cautious_measure, settle_laprop_cautious,
                                          laprop, laprop_cautious)
from fastgd.kernels.rules.lars cimport (LarsScalars, fold_lars, lars_measure, settle_lars, lars_nesterov_measure,
                                        settle_lars_nesterov, lars, lars_nesterov)
from fastgd.kernels.rules.lion cimport (LionScalars, fold_lion, lion_cautious_measure, settle_lion_cautious, lion,
                                        lion_cautious)
from fastgd.kernels.rules.madgrad cimport MadgradScalars, fold_madgrad, madgrad
from fastgd.kernels.rules.mars cimport (MarsScalars, fold_mars, mars_measure, settle_mars, mars_cautious_measure,
                                        settle_mars_cautious, mars_cautious_measure_2, settle_mars_cautious_2, mars,
                                        mars_cautious)
from fastgd.kernels.rules.muon cimport MuonScalars, fold_muon, muon
from fastgd.kernels.rules.nadam cimport (NadamScalars, fold_nadam, nadam_cautious_measure, settle_nadam_cautious, nadam,
                                         nadam_cautious)
from fastgd.kernels.rules.novograd cimport NovogradScalars, fold_novograd, novograd_measure, settle_novograd, novograd
from fastgd.kernels.rules.prodigy cimport ProdigyScalars, fold_prodigy, prodigy_measure, settle_all_prodigy, prodigy
from fastgd.kernels.rules.radam cimport fold_radam, adam_unrectified
from fastgd.kernels.rules.rmsprop cimport (RmspropScalars, fold_rmsprop, rmsprop, rmsprop_momentum, rmsprop_centered,
                                           rmsprop_centered_momentum)
from fastgd.kernels.rules.row_wise_adagrad cimport (RowWiseAdagradScalars, fold_row_wise_adagrad,
                                                    row_wise_adagrad_measure, settle_rows_row_wise_adagrad,
                                                    row_wise_adagrad)
from fastgd.kernels.rules.rprop cimport RpropScalars, fold_rprop, rprop
from fastgd.kernels.rules.schedule_free_adamw cimport (ScheduleFreeAdamwScalars, fold_schedule_free_adamw,
                                                       schedule_free_adamw)
from fastgd.kernels.rules.schedule_free_radam cimport fold_schedule_free_radam, schedule_free_unrectified
from fastgd.kernels.rules.schedule_free_sgd cimport ScheduleFreeSgdScalars, fold_schedule_free_sgd, schedule_free_sgd
from fastgd.kernels.rules.sgd cimport SgdScalars, fold_sgd, sgd, sgd_momentum, sgd_nesterov
from fastgd.kernels.rules.sign cimport SignSgdScalars, fold_sign_sgd, sign_sgd, sign_momentum
from fastgd.kernels.rules.stable_adamw cimport (StableAdamwScalars, fold_stable_adamw, stable_adamw_measure,
                                                settle_stable_adamw, stable_adamw)
from fastgd.kernels.rules.yogi cimport YogiScalars, fold_yogi, yogi

include "direct.pxi"
include "sums.pxi"

rule(b"ada_pnm", b"exp_avg neg_exp_avg exp_avg_sq", <void*>ada_pnm[float], <void*>ada_pnm[double])
direct(<void*>ada_pnm_bfloat16, <void*>ada_pnm_bfloat16_beside_states, <void*>ada_pnm_bfloat16_grad,
       <void*>ada_pnm_bfloat16_master)
rule(b"ada_pnm_bound", b"exp_avg neg_exp_avg exp_avg_sq max_exp_avg_sq", <void*>ada_pnm_bound[float],
     <void*>ada_pnm_bound[double])
direct(<void*>ada_pnm_bound_bfloat16, <void*>ada_pnm_bound_bfloat16_beside_states, <void*>ada_pnm_bound_bfloat16_grad,
       <void*>ada_pnm_bound_bfloat16_master)
rule(b"adabelief", b"exp_avg exp_avg_var", <void*>adabelief[float], <void*>adabelief[double])
direct(<void*>adabelief_bfloat16, <void*>adabelief_bfloat16_beside_states, <void*>adabelief_bfloat16_grad,
       <void*>adabelief_bfloat16_master)
rule(b"adadelta", b"square_avg acc_delta", <void*>adadelta[float], <void*>adadelta[double])
direct(<void*>adadelta_bfloat16, <void*>adadelta_bfloat16_beside_states, <void*>adadelta_bfloat16_grad,
       <void*>adadelta_bfloat16_master)
rule(b"adafactor", b"", <void*>adafactor[float], <void*>adafactor[double])
direct(<void*>adafactor_bfloat16, <void*>adafactor_bfloat16_beside_states, <void*>adafactor_bfloat16_grad,
       <void*>adafactor_bfloat16_master)
rule(b"adagrad", b"sum", <void*>adagrad[float], <void*>adagrad[double])
direct(<void*>adagrad_bfloat16, <void*>adagrad_bfloat16_beside_states, <void*>adagrad_bfloat16_grad,
       <void*>adagrad_bfloat16_master)
rule(b"adam", b"exp_avg exp_avg_sq", <void*>adam[float], <void*>adam[double])
direct(<void*>adam_bfloat16, <void*>adam_bfloat16_beside_states, <void*>adam_bfloat16_grad, <void*>adam_bfloat16_master)
rule(b"amsgrad", b"exp_avg exp_avg_sq max_exp_avg_sq", <void*>amsgrad[float], <void*>amsgrad[double])
direct(<void*>amsgrad_bfloat16, <void*>amsgrad_bfloat16_beside_states, <void*>amsgrad_bfloat16_grad,
       <void*>amsgrad_bfloat16_master)
rule(b"adam_cautious", b"exp_avg exp_avg_sq", <void*>adam_cautious[float], <void*>adam_cautious[double])
measure(1, False, 0, <void*>summed_adam_cautious_measure[float], <void*>summed_adam_cautious_measure[double],
        <Settle>settle_adam_cautious)
rule(b"amsgrad_cautious", b"exp_avg exp_avg_sq max_exp_avg_sq", <void*>amsgrad_cautious[float],
     <void*>amsgrad_cautious[double])
measure(1, False, 0, <void*>summed_amsgrad_cautious_measure[float], <void*>summed_amsgrad_cautious_measure[double],
        <Settle>settle_amsgrad_cautious)
rule(b"adam_atan2", b"exp_avg exp_avg_sq", <void*>adam_atan2[float], <void*>adam_atan2[double])
direct(<void*>adam_atan2_bfloat16, <void*>adam_atan2_bfloat16_beside_states, <void*>adam_atan2_bfloat16_grad,
       <void*>adam_atan2_bfloat16_master)
rule(b"adamax", b"exp_avg exp_inf", <void*>adamax[float], <void*>adamax[double])
direct(<void*>adamax_bfloat16, <void*>adamax_bfloat16_beside_states, <void*>adamax_bfloat16_grad,
       <void*>adamax_bfloat16_master)
rule(b"adan", b"exp_avg exp_avg_diff exp_avg_sq neg_pre_grad", <void*>adan[float], <void*>adan[double])
direct(<void*>adan_bfloat16, <void*>adan_bfloat16_beside_states, <void*>adan_bfloat16_grad, <void*>adan_bfloat16_master)
rule(b"ademamix", b"exp_avg exp_avg_slow exp_avg_sq", <void*>ademamix[float], <void*>ademamix[double])
direct(<void*>ademamix_bfloat16, <void*>ademamix_bfloat16_beside_states, <void*>ademamix_bfloat16_grad,
       <void*>ademamix_bfloat16_master)
rule(b"adopt", b"exp_avg exp_avg_sq", <void*>adopt[float], <void*>adopt[double])
direct(<void*>adopt_bfloat16, <void*>adopt_bfloat16_beside_states, <void*>adopt_bfloat16_grad,
       <void*>adopt_bfloat16_master)
rule(b"adopt_cautious", b"exp_avg exp_avg_sq", <void*>adopt_cautious[float], <void*>adopt_cautious[double])
measure(1, False, 0, <void*>summed_adopt_cautious_measure[float], <void*>summed_adopt_cautious_measure[double],
        <Settle>settle_adopt_cautious)
rule(b"asgd", b"ax", <void*>asgd[float], <void*>asgd[double])
direct(<void*>asgd_bfloat16, <void*>asgd_bfloat16_beside_states, <void*>asgd_bfloat16_grad, <void*>asgd_bfloat16_master)
rule(b"asgd_average", b"ax", <void*>asgd_average[float], <void*>asgd_average[double])
direct(<void*>asgd_average_bfloat16, <void*>asgd_average_bfloat16_beside_states, <void*>asgd_average_bfloat16_grad,
       <void*>asgd_average_bfloat16_master)
rule(b"dadapt_adam", b"exp_avg exp_avg_sq s", <void*>dadapt_adam[float], <void*>dadapt_adam[double])
measure(2, True, 0, <void*>summed_dadapt_adam_measure[float], <void*>summed_dadapt_adam_measure[double],
        <Settle>settle_all_dadapt_adam)
rule(b"ftrl", b"accumulator linear", <void*>ftrl[float], <void*>ftrl[double])
direct(<void*>ftrl_bfloat16, <void*>ftrl_bfloat16_beside_states, <void*>ftrl_bfloat16_grad, <void*>ftrl_bfloat16_master)
rule(b"grams", b"exp_avg exp_avg_sq", <void*>grams[float], <void*>grams[double])
direct(<void*>grams_bfloat16, <void*>grams_bfloat16_beside_states, <void*>grams_bfloat16_grad,
       <void*>grams_bfloat16_master)
rule(b"lamb", b"exp_avg exp_avg_sq", <void*>lamb[float], <void*>lamb[double])
measure(2, False, 0, <void*>summed_lamb_measure[float], <void*>summed_lamb_measure[double], <Settle>settle_lamb)
rule(b"lamb_cautious", b"exp_avg exp_avg_sq", <void*>lamb_cautious[float], <void*>lamb_cautious[double])
measure(1, False, 0, <void*>summed_lamb_cautious_measure[float], <void*>summed_lamb_cautious_measure[double],
        <Settle>settle_lamb_cautious)
measure(2, False, 0, <void*>summed_lamb_cautious_measure_2[float], <void*>summed_lamb_cautious_measure_2[double],
        <Settle>settle_lamb_cautious_2)
rule(b"laprop", b"exp_avg exp_avg_sq", <void*>laprop[float], <void*>laprop[double])
direct(<void*>laprop_bfloat16, <void*>laprop_bfloat16_beside_states, <void*>laprop_bfloat16_grad,
       <void*>laprop_bfloat16_master)
rule(b"laprop_cautious", b"exp_avg exp_avg_sq", <void*>laprop_cautious[float], <void*>laprop_cautious[double])
measure(1, False, 0, <void*>summed_laprop_cautious_measure[float], <void*>summed_laprop_cautious_measure[double],
        <Settle>settle_laprop_cautious)
rule(b"lars", b"momentum_buffer", <void*>lars[float], <void*>lars[double])
measure(2, False, 0, <void*>summed_lars_measure[float], <void*>summed_lars_measure[double], <Settle>settle_lars)
rule(b"lars_nesterov", b"momentum_buffer", <void*>lars_nesterov[float], <void*>lars_nesterov[double])
measure(2, False, 0, <void*>summed_lars_nesterov_measure[float], <void*>summed_lars_nesterov_measure[double],
        <Settle>settle_lars_nesterov)
rule(b"lion", b"momentum_buffer", <void*>lion[float], <void*>lion[double])
direct(<void*>lion_bfloat16, <void*>lion_bfloat16_beside_states, <void*>lion_bfloat16_grad, <void*>lion_bfloat16_master)
rule(b"lion_cautious", b"momentum_buffer", <void*>lion_cautious[float], <void*>lion_cautious[double])
measure(1, False, 0, <void*>summed_lion_cautious_measure[float], <void*>summed_lion_cautious_measure[double],
        <Settle>settle_lion_cautious)
rule(b"madgrad", b"grad_sum_sq s x0", <void*>madgrad[float], <void*>madgrad[double])
direct(<void*>madgrad_bfloat16, <void*>madgrad_bfloat16_beside_states, <void*>madgrad_bfloat16_grad,
       <void*>madgrad_bfloat16_master)
rule(b"mars", b"exp_avg exp_avg_sq last_grad", <void*>mars[float], <void*>mars[double])
measure(1, False, 0, <void*>summed_mars_measure[float], <void*>summed_mars_measure[double], <Settle>settle_mars)
rule(b"mars_cautious", b"exp_avg exp_avg_sq last_grad", <void*>mars_cautious[float], <void*>mars_cautious[double])
measure(1, False, 0, <void*>summed_mars_cautious_measure[float], <void*>summed_mars_cautious_measure[double],
        <Settle>settle_mars_cautious)
measure(1, False, 0, <void*>summed_mars_cautious_measure_2[float], <void*>summed_mars_cautious_measure_2[double],
        <Settle>settle_mars_cautious_2)
rule(b"muon", b"momentum_buffer update", <void*>muon[float], <void*>muon[double])
direct(<void*>muon_bfloat16, <void*>muon_bfloat16_beside_states, <void*>muon_bfloat16_grad, <void*>muon_bfloat16_master)
rule(b"nadam", b"exp_avg exp_avg_sq", <void*>nadam[float], <void*>nadam[double])
direct(<void*>nadam_bfloat16, <void*>nadam_bfloat16_beside_states, <void*>nadam_bfloat16_grad,
       <void*>nadam_bfloat16_master)
rule(b"nadam_cautious", b"exp_avg exp_avg_sq", <void*>nadam_cautious[float], <void*>nadam_cautious[double])
measure(1, False, 0, <void*>summed_nadam_cautious_measure[float], <void*>summed_nadam_cautious_measure[double],
        <Settle>settle_nadam_cautious)
rule(b"novograd", b"exp_avg", <void*>novograd[float], <void*>novograd[double])
measure(1, False, 0, <void*>summed_novograd_measure[float], <void*>summed_novograd_measure[double],
        <Settle>settle_novograd)
rule(b"prodigy", b"exp_avg exp_avg_sq s p0", <void*>prodigy[float], <void*>prodigy[double])
measure(2, True, 0, <void*>summed_prodigy_measure[float], <void*>summed_prodigy_measure[double],
        <Settle>settle_all_prodigy)
rule(b"adam_unrectified", b"exp_avg exp_avg_sq", <void*>adam_unrectified[float], <void*>adam_unrectified[double])
direct(<void*>adam_unrectified_bfloat16, <void*>adam_unrectified_bfloat16_beside_states,
       <void*>adam_unrectified_bfloat16_grad, <void*>adam_unrectified_bfloat16_master)
rule(b"rmsprop", b"square_avg", <void*>rmsprop[float], <void*>rmsprop[double])
direct(<void*>rmsprop_bfloat16, <void*>rmsprop_bfloat16_beside_states, <void*>rmsprop_bfloat16_grad,
       <void*>rmsprop_bfloat16_master)
rule(b"rmsprop_momentum", b"square_avg momentum_buffer", <void*>rmsprop_momentum[float],
     <void*>rmsprop_momentum[double])
direct(<void*>rmsprop_momentum_bfloat16, <void*>rmsprop_momentum_bfloat16_beside_states,
       <void*>rmsprop_momentum_bfloat16_grad, <void*>rmsprop_momentum_bfloat16_master)
rule(b"rmsprop_centered", b"square_avg grad_avg", <void*>rmsprop_centered[float], <void*>rmsprop_centered[double])
direct(<void*>rmsprop_centered_bfloat16, <void*>rmsprop_centered_bfloat16_beside_states,
       <void*>rmsprop_centered_bfloat16_grad, <void*>rmsprop_centered_bfloat16_master)
rule(b"rmsprop_centered_momentum", b"square_avg grad_avg momentum_buffer", <void*>rmsprop_centered_momentum[float],
     <void*>rmsprop_centered_momentum[double])
direct(<void*>rmsprop_centered_momentum_bfloat16, <void*>rmsprop_centered_momentum_bfloat16_beside_states,
       <void*>rmsprop_centered_momentum_bfloat16_grad, <void*>rmsprop_centered_momentum_bfloat16_master)
rule(b"row_wise_adagrad", b"sum", <void*>row_wise_adagrad[float], <void*>row_wise_adagrad[double])
measure(1, False, 1, <void*>summed_row_wise_adagrad_measure[float], <void*>summed_row_wise_adagrad_measure[double],
        <Settle>settle_rows_row_wise_adagrad)
rule(b"rprop", b"prev step_size", <void*>rprop[float], <void*>rprop[double])
direct(<void*>rprop_bfloat16, <void*>rprop_bfloat16_beside_states, <void*>rprop_bfloat16_grad,
       <void*>rprop_bfloat16_master)
rule(b"schedule_free_adamw", b"z exp_avg_sq", <void*>schedule_free_adamw[float], <void*>schedule_free_adamw[double])
direct(<void*>schedule_free_adamw_bfloat16, <void*>schedule_free_adamw_bfloat16_beside_states,
       <void*>schedule_free_adamw_bfloat16_grad, <void*>schedule_free_adamw_bfloat16_master)
rule(b"schedule_free_unrectified", b"z exp_avg_sq", <void*>schedule_free_unrectified[float],
     <void*>schedule_free_unrectified[double])
direct(<void*>schedule_free_unrectified_bfloat16, <void*>schedule_free_unrectified_bfloat16_beside_states,
       <void*>schedule_free_unrectified_bfloat16_grad, <void*>schedule_free_unrectified_bfloat16_master)
rule(b"schedule_free_sgd", b"z", <void*>schedule_free_sgd[float], <void*>schedule_free_sgd[double])
direct(<void*>schedule_free_sgd_bfloat16, <void*>schedule_free_sgd_bfloat16_beside_states,
       <void*>schedule_free_sgd_bfloat16_grad, <void*>schedule_free_sgd_bfloat16_master)
rule(b"sgd", b"", <void*>sgd[float], <void*>sgd[double])
direct(<void*>sgd_bfloat16, <void*>sgd_bfloat16_beside_states, <void*>sgd_bfloat16_grad, <void*>sgd_bfloat16_master)
rule(b"sgd_momentum", b"momentum_buffer", <void*>sgd_momentum[float], <void*>sgd_momentum[double])
direct(<void*>sgd_momentum_bfloat16, <void*>sgd_momentum_bfloat16_beside_states, <void*>sgd_momentum_bfloat16_grad,
       <void*>sgd_momentum_bfloat16_master)
rule(b"sgd_nesterov", b"momentum_buffer", <void*>sgd_nesterov[float], <void*>sgd_nesterov[double])
direct(<void*>sgd_nesterov_bfloat16, <void*>sgd_nesterov_bfloat16_beside_states, <void*>sgd_nesterov_bfloat16_grad,
       <void*>sgd_nesterov_bfloat16_master)
rule(b"sign_sgd", b"", <void*>sign_sgd[float], <void*>sign_sgd[double])
direct(<void*>sign_sgd_bfloat16, <void*>sign_sgd_bfloat16_beside_states, <void*>sign_sgd_bfloat16_grad,
       <void*>sign_sgd_bfloat16_master)
rule(b"sign_momentum", b"momentum_buffer", <void*>sign_momentum[float], <void*>sign_momentum[double])
direct(<void*>sign_momentum_bfloat16, <void*>sign_momentum_bfloat16_beside_states, <void*>sign_momentum_bfloat16_grad,
       <void*>sign_momentum_bfloat16_master)
rule(b"stable_adamw", b"exp_avg exp_avg_sq", <void*>stable_adamw[float], <void*>stable_adamw[double])
measure(1, False, 0, <void*>summed_stable_adamw_measure[float], <void*>summed_stable_adamw_measure[double],
        <Settle>settle_stable_adamw)
rule(b"yogi", b"exp_avg exp_avg_sq", <void*>yogi[float], <void*>yogi[double])
direct(<void*>yogi_bfloat16, <void*>yogi_bfloat16_beside_states, <void*>yogi_bfloat16_grad, <void*>yogi_bfloat16_master)

family(b"ada_pnm", b"lr beta1 beta2 beta3 eps weight_decay ams_bound maximize corrected_weight_decay", b"", 0,
       b"ada_pnm ada_pnm_bound", <Fold>fold_ada_pnm, sizeof(AdaPnmScalars))
family(b"adabelief", b"lr beta1 beta2 eps weight_decay maximize corrected_weight_decay", b"", 0, b"adabelief",
       <Fold>fold_adabelief, sizeof(AdabeliefScalars))
family(b"adadelta", b"lr rho eps weight_decay maximize", b"", 0, b"adadelta", <Fold>fold_adadelta,
       sizeof(AdadeltaScalars))
family(b"adafactor",
       b"lr beta2_decay eps1 eps2 d weight_decay maximize scale_parameter relative_step warmup_init beta1 "
       b"form cautious corrected_weight_decay", b"", 0, b"adafactor", <Fold>fold_adafactor, sizeof(AdafactorScalars))
family(b"adagrad", b"lr lr_decay weight_decay initial_accumulator_value eps maximize eps_root", b"", 0, b"adagrad",
       <Fold>fold_adagrad, sizeof(AdagradScalars))
family(b"adam", b"lr beta1 beta2 eps weight_decay amsgrad maximize decoupled_weight_decay eps_root eps_hat cautious "
       b"corrected_weight_decay", b"", 0, b"adam amsgrad adam_cautious amsgrad_cautious", <Fold>fold_adam,
       sizeof(AdamScalars))
family(b"adam_atan2", b"lr beta1 beta2 weight_decay a b maximize corrected_weight_decay", b"", 0, b"adam_atan2",
       <Fold>fold_adam_atan2, sizeof(AdamAtan2Scalars))
family(b"adamax", b"lr beta1 beta2 eps weight_decay maximize", b"", 0, b"adamax", <Fold>fold_adamax,
       sizeof(AdamaxScalars))
family(b"adan", b"lr beta1 beta2 beta3 eps weight_decay no_prox maximize corrected_weight_decay", b"", 0, b"adan",
       <Fold>fold_adan, sizeof(AdanScalars))
family(b"ademamix", b"lr beta1 beta2 beta3 alpha t_alpha t_beta3 eps weight_decay maximize corrected_weight_decay", b"",
       0, b"ademamix", <Fold>fold_ademamix, sizeof(AdemamixScalars))
family(b"adopt", b"lr beta1 beta2 eps weight_decay clip_exponent maximize cautious corrected_weight_decay", b"", 0,
       b"adopt adopt_cautious", <Fold>fold_adopt, sizeof(AdoptScalars))
family(b"asgd", b"lr lambd alpha t0 weight_decay maximize", b"eta mu", 0, b"asgd asgd_average", <Fold>fold_asgd,
       sizeof(AsgdScalars))
family(b"dadapt_adam", b"lr beta1 beta2 eps weight_decay decouple use_bias_correction d0 growth_rate maximize",
       b"d numerator_weighted", 0, b"dadapt_adam", <Fold>fold_dadapt_adam, sizeof(DadaptAdamScalars))
family(b"ftrl", b"lr initial_accumulator_value l1_regularization_strength l2_regularization_strength "
       b"l2_shrinkage_regularization_strength beta maximize", b"", 0, b"ftrl", <Fold>fold_ftrl, sizeof(FtrlScalars))
family(b"grams", b"lr beta1 beta2 eps weight_decay maximize corrected_weight_decay", b"", 0, b"grams", <Fold>fold_grams,
       sizeof(GramsScalars))
family(b"lamb", b"lr beta1 beta2 eps weight_decay bias_correction grad_averaging always_adapt trust_clip maximize "
       b"cautious", b"", 0, b"lamb lamb_cautious", <Fold>fold_lamb, sizeof(LambScalars))
family(b"laprop", b"lr beta1 beta2 eps weight_decay maximize corrected_weight_decay cautious",
       b"exp_avg_lr_1 exp_avg_lr_2", 0, b"laprop laprop_cautious", <Fold>fold_laprop, sizeof(LapropScalars))
family(b"lars", b"lr momentum dampening weight_decay nesterov trust_coefficient eps always_adapt trust_clip maximize",
       b"", 0, b"lars lars_nesterov", <Fold>fold_lars, sizeof(LarsScalars))
family(b"lion", b"lr beta1 beta2 weight_decay maximize cautious corrected_weight_decay", b"", 0, b"lion lion_cautious",
       <Fold>fold_lion, sizeof(LionScalars))
family(b"madgrad", b"lr momentum weight_decay eps maximize", b"", 0, b"madgrad", <Fold>fold_madgrad,
       sizeof(MadgradScalars))
family(b"mars", b"lr beta1 beta2 eps weight_decay gamma maximize corrected_weight_decay cautious", b"", 0,
       b"mars mars_cautious", <Fold>fold_mars, sizeof(MarsScalars))
family(b"muon", b"lr weight_decay momentum nesterov ns_a ns_b ns_c eps ns_steps adjust_lr_fn maximize "
       b"corrected_weight_decay", b"", 0, b"muon", <Fold>fold_muon, sizeof(MuonScalars))
family(b"nadam", b"lr beta1 beta2 eps weight_decay momentum_decay decoupled_weight_decay maximize eps_root "
       b"corrected_weight_decay cautious", b"mu_product", 0, b"nadam nadam_cautious", <Fold>fold_nadam,
       sizeof(NadamScalars))
family(b"novograd", b"lr beta1 beta2 eps weight_decay grad_averaging maximize", b"exp_avg_sq", 1, b"novograd",
       <Fold>fold_novograd, sizeof(NovogradScalars))
family(b"prodigy", b"lr beta1 beta2 beta3 eps weight_decay decouple use_bias_correction safeguard_warmup d0 d_coef "
       b"growth_rate maximize", b"d d_max d_numerator", 0, b"prodigy", <Fold>fold_prodigy, sizeof(ProdigyScalars))
family(b"radam", b"lr beta1 beta2 eps weight_decay decoupled_weight_decay maximize eps_root corrected_weight_decay",
       b"", 0, b"adam_unrectified adam", <Fold>fold_radam, sizeof(AdamScalars))
family(b"rmsprop", b"lr alpha eps weight_decay momentum centered maximize eps_root", b"", 0,
       b"rmsprop rmsprop_momentum rmsprop_centered rmsprop_centered_momentum", <Fold>fold_rmsprop,
       sizeof(RmspropScalars))
family(b"row_wise_adagrad", b"lr weight_decay eps maximize", b"", 0, b"row_wise_adagrad", <Fold>fold_row_wise_adagrad,
       sizeof(RowWiseAdagradScalars))
family(b"rprop", b"lr eta_minus eta_plus smallest largest maximize", b"", 0, b"rprop", <Fold>fold_rprop,
       sizeof(RpropScalars))
family(b"schedule_free_adamw", b"lr beta1 beta2 eps weight_decay warmup_steps r weight_lr_power maximize",
       b"weight_sum lr_max", 0, b"schedule_free_adamw", <Fold>fold_schedule_free_adamw,
       sizeof(ScheduleFreeAdamwScalars))
family(b"schedule_free_radam", b"lr beta1 beta2 eps weight_decay r weight_lr_power silent_sgd_phase maximize",
       b"weight_sum lr_max", 0, b"schedule_free_unrectified schedule_free_adamw", <Fold>fold_schedule_free_radam,
       sizeof(ScheduleFreeAdamwScalars))
family(b"schedule_free_sgd", b"lr momentum weight_decay warmup_steps r weight_lr_power maximize", b"weight_sum lr_max",
       0, b"schedule_free_sgd", <Fold>fold_schedule_free_sgd, sizeof(ScheduleFreeSgdScalars))
family(b"sgd", b"lr momentum dampening weight_decay nesterov maximize momentum_form", b"started", 0,
       b"sgd sgd_momentum sgd_nesterov", <Fold>fold_sgd, sizeof(SgdScalars))
family(b"sign_sgd", b"lr momentum weight_decay maximize decoupled_weight_decay corrected_weight_decay", b"", 0,
       b"sign_sgd sign_momentum", <Fold>fold_sign_sgd, sizeof(SignSgdScalars))
family(b"stable_adamw", b"lr beta1 beta2 eps weight_decay maximize corrected_weight_decay", b"", 0, b"stable_adamw",
       <Fold>fold_stable_adamw, sizeof(StableAdamwScalars))
family(b"yogi", b"lr beta1 beta2 eps initial_accumulator_value weight_decay maximize corrected_weight_decay", b"", 0,
       b"yogi", <Fold>fold_yogi, sizeof(YogiScalars))

roof(b"stream_0", b"", <void*>stream_0[float], <void*>stream_0[double])
direct(<void*>stream_0_bfloat16, <void*>stream_0_bfloat16_beside_states, <void*>stream_0_bfloat16_grad,
       <void*>stream_0_bfloat16_master)
roof(b"stream_1", b"a", <void*>stream_1[float], <void*>stream_1[double])
direct(<void*>stream_1_bfloat16, <void*>stream_1_bfloat16_beside_states, <void*>stream_1_bfloat16_grad,
       <void*>stream_1_bfloat16_master)
roof(b"stream_2", b"a b", <void*>stream_2[float], <void*>stream_2[double])
direct(<void*>stream_2_bfloat16, <void*>stream_2_bfloat16_beside_states, <void*>stream_2_bfloat16_grad,
       <void*>stream_2_bfloat16_master)
roof(b"stream_3", b"a b c", <void*>stream_3[float], <void*>stream_3[double])
direct(<void*>stream_3_bfloat16, <void*>stream_3_bfloat16_beside_states, <void*>stream_3_bfloat16_grad,
       <void*>stream_3_bfloat16_master)
roof(b"stream_4", b"a b c d", <void*>stream_4[float], <void*>stream_4[double])
direct(<void*>stream_4_bfloat16, <void*>stream_4_bfloat16_beside_states, <void*>stream_4_bfloat16_grad,
       <void*>stream_4_bfloat16_master)
roof(b"stream_copy", b"a", <void*>stream_copy[float], <void*>stream_copy[double])
direct(<void*>stream_copy_bfloat16, <void*>stream_copy_bfloat16_beside_states, <void*>stream_copy_bfloat16_grad,
       <void*>stream_copy_bfloat16_master)
roof(b"divide", b"", <void*>divide[float], <void*>divide[double])
roof(b"divide_root", b"", <void*>divide_root[float], <void*>divide_root[double])
roof(b"divide_two_roots", b"", <void*>divide_two_roots[float], <void*>divide_two_roots[double])
