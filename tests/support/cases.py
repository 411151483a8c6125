"""
One row for every rule and every option that changes its arithmetic.

`rules` are the rows of kernels/table.pxi that a case runs through. Where `torch` names a torch.optim class, the same
arguments give the same parameters there, within `ulps` (float32, float64) after twenty steps; test_torch.py says what
an ulp is. The bounds are one ulp above what has been measured, since torch takes powers from the C library of the
machine; those of NAdam and of float64 ASGD are wide because torch keeps mu_product, eta and mu in float32.
"""

from dataclasses import dataclass
from typing import Any

import pytest

import fastgd
from support import reference
from support import reference_later as later
from support import reference_more as more
from support import reference_passes as passes


@dataclass(frozen=True)
class Case:
    name: str
    optimizer: type[fastgd.Optimizer]
    reference: Any  # a function of reference.py
    arguments: dict[str, Any]
    rules: tuple[str, ...]
    torch: str | None = None
    ulps: tuple[float, float] | None = None


SGD_CASES = [
    Case("sgd", fastgd.SGD, reference.sgd, dict(lr=0.01), ("sgd",), "SGD", (3, 2)),
    Case("sgd_l2", fastgd.SGD, reference.sgd, dict(lr=0.01, weight_decay=0.1), ("sgd",), "SGD", (2, 2)),
    Case("sgd_maximize", fastgd.SGD, reference.sgd, dict(lr=0.01, maximize=True), ("sgd",), "SGD", (3, 2)),
    Case(
        "sgd_momentum", fastgd.SGD, reference.sgd, dict(lr=0.01, momentum=0.9), ("sgd_momentum",), "SGD", (3, 2),
    ),
    Case(
        "sgd_dampening", fastgd.SGD, reference.sgd,
        dict(lr=0.01, momentum=0.9, dampening=0.3, weight_decay=0.1), ("sgd_momentum",), "SGD", (3, 3),
    ),
    Case(
        "sgd_nesterov", fastgd.SGD, reference.sgd,
        dict(lr=0.01, momentum=0.9, nesterov=True), ("sgd_nesterov",), "SGD", (3, 3),
    ),
    Case(
        "sgd_nesterov_l2_maximize", fastgd.SGD, reference.sgd,
        dict(lr=0.01, momentum=0.9, nesterov=True, weight_decay=0.1, maximize=True), ("sgd_nesterov",), "SGD", (3, 3),
    ),
    Case(
        "sgd_ema", fastgd.SGD, reference.sgd,
        dict(lr=0.01, momentum=0.9, momentum_form="ema"), ("sgd_momentum",),
    ),
    Case(
        "sgd_ema_nesterov", fastgd.SGD, reference.sgd,
        dict(lr=0.01, momentum=0.9, momentum_form="ema", nesterov=True), ("sgd_nesterov",),
    ),
    Case("sign_sgd", fastgd.SignSGD, reference.sign_sgd, dict(lr=0.01), ("sign_sgd",)),
    Case("sign_sgd_l2", fastgd.SignSGD, reference.sign_sgd, dict(lr=0.01, weight_decay=0.1), ("sign_sgd",)),
    Case(
        "sign_momentum", fastgd.SignSGD, reference.sign_sgd,
        dict(lr=0.01, momentum=0.9, weight_decay=0.1, maximize=True), ("sign_momentum",),
    ),
    Case(
        "tiger", fastgd.SignSGD, reference.sign_sgd,
        dict(lr=0.01, momentum=0.965, weight_decay=0.1, decoupled_weight_decay=True), ("sign_momentum",),
    ),
    Case(
        "sign_sgd_decoupled", fastgd.SignSGD, reference.sign_sgd,
        dict(lr=0.01, weight_decay=0.1, decoupled_weight_decay=True), ("sign_sgd",),
    ),
    Case("lion", fastgd.Lion, reference.lion, dict(lr=0.01), ("lion",)),
    Case(
        "lion_decay", fastgd.Lion, reference.lion,
        dict(lr=0.01, betas=(0.8, 0.95), weight_decay=0.1, maximize=True), ("lion",),
    ),
    Case(
        "lion_cautious", fastgd.Lion, reference.lion,
        dict(lr=0.01, betas=(0.8, 0.95), weight_decay=0.1, cautious=True), ("lion_cautious",),
    ),
]  # fmt: skip

ADAPTIVE_CASES = [
    Case("adagrad", fastgd.Adagrad, reference.adagrad, {}, ("adagrad",), "Adagrad", (2, 2)),
    Case(
        "adagrad_l2_lr_decay", fastgd.Adagrad, reference.adagrad,
        dict(lr=0.1, lr_decay=0.05, weight_decay=0.1), ("adagrad",), "Adagrad", (3, 3),
    ),
    Case(
        "adagrad_initial", fastgd.Adagrad, reference.adagrad,
        dict(initial_accumulator_value=0.1, maximize=True), ("adagrad",), "Adagrad", (2, 2),
    ),
    Case(
        "adagrad_eps_root", fastgd.Adagrad, reference.adagrad,
        dict(eps=0.0, eps_root=1e-7, initial_accumulator_value=0.1), ("adagrad",),
    ),
    Case("adadelta", fastgd.Adadelta, reference.adadelta, {}, ("adadelta",), "Adadelta", (2, 3)),
    Case(
        "adadelta_l2", fastgd.Adadelta, reference.adadelta,
        dict(lr=0.5, rho=0.95, weight_decay=0.1, maximize=True), ("adadelta",), "Adadelta", (2, 2),
    ),
    Case("rmsprop", fastgd.RMSprop, reference.rmsprop, {}, ("rmsprop",), "RMSprop", (3, 4)),
    Case(
        "rmsprop_l2", fastgd.RMSprop, reference.rmsprop,
        dict(weight_decay=0.1, maximize=True), ("rmsprop",), "RMSprop", (3, 3),
    ),
    Case(
        "rmsprop_eps_root", fastgd.RMSprop, reference.rmsprop, dict(eps=0.0, eps_root=1e-7), ("rmsprop",),
    ),
    Case(
        "rmsprop_momentum", fastgd.RMSprop, reference.rmsprop,
        dict(lr=0.001, momentum=0.9), ("rmsprop_momentum",), "RMSprop", (3, 3),
    ),
    Case(
        "rmsprop_centered", fastgd.RMSprop, reference.rmsprop,
        dict(centered=True), ("rmsprop_centered",), "RMSprop", (3, 3),
    ),
    Case(
        "rmsprop_centered_momentum", fastgd.RMSprop, reference.rmsprop,
        dict(lr=0.001, centered=True, momentum=0.9, weight_decay=0.1), ("rmsprop_centered_momentum",),
        "RMSprop", (3, 3),
    ),
    Case(
        "rmsprop_centered_eps_root", fastgd.RMSprop, reference.rmsprop,
        dict(lr=0.001, alpha=0.3, centered=True, momentum=0.5, eps=0.0, eps_root=1e-3), ("rmsprop_centered_momentum",),
    ),
    Case("rprop", fastgd.Rprop, reference.rprop, {}, ("rprop",), "Rprop", (0, 0)),
    Case(
        "rprop_bounds", fastgd.Rprop, reference.rprop,
        dict(etas=(0.3, 1.5), step_sizes=(8e-3, 0.02), maximize=True), ("rprop",), "Rprop", (0, 0),
    ),
]  # fmt: skip

ADAM_CASES = [
    Case("adam", fastgd.Adam, reference.adam, {}, ("adam",), "Adam", (2, 2)),
    Case(
        "adam_l2", fastgd.Adam, reference.adam,
        dict(lr=0.01, betas=(0.3, 0.999), weight_decay=0.1), ("adam",), "Adam", (2, 5),
    ),
    Case("adam_maximize", fastgd.Adam, reference.adam, dict(maximize=True), ("adam",), "Adam", (2, 2)),
    Case(
        "adam_decoupled", fastgd.Adam, reference.adam,
        dict(lr=0.01, weight_decay=0.1, decoupled_weight_decay=True), ("adam",), "Adam", (2, 7),
    ),
    Case("adam_eps_root", fastgd.Adam, reference.adam, dict(lr=0.01, eps=0.0, eps_root=1e-3), ("adam",)),
    Case("adam_eps_hat", fastgd.Adam, reference.adam, dict(lr=0.01, eps=1e-3, eps_hat=True), ("adam",)),
    # The second moment must fall for the maximum to be another number.
    Case(
        "adam_amsgrad", fastgd.Adam, reference.adam,
        dict(lr=0.01, betas=(0.9, 0.5), amsgrad=True), ("amsgrad",), "Adam", (2, 2),
    ),
    Case(
        "adam_amsgrad_l2", fastgd.Adam, reference.adam,
        dict(lr=0.01, betas=(0.9, 0.5), amsgrad=True, weight_decay=0.1, maximize=True), ("amsgrad",), "Adam", (2, 2),
    ),
    Case("adamw", fastgd.AdamW, reference.adamw, {}, ("adam",), "AdamW", (2, 2)),
    Case(
        "adamw_amsgrad", fastgd.AdamW, reference.adamw,
        dict(lr=0.01, betas=(0.0, 0.5), weight_decay=0.1, amsgrad=True), ("amsgrad",), "AdamW", (2, 3),
    ),
    Case("adamw_cautious", fastgd.AdamW, reference.adamw, dict(lr=0.01, cautious=True), ("adam_cautious",)),
    Case(
        "amsgrad_cautious", fastgd.Adam, reference.adam,
        dict(lr=0.01, betas=(0.9, 0.5), amsgrad=True, weight_decay=0.1, cautious=True, maximize=True),
        ("amsgrad_cautious",),
    ),
    # Beside a gradient of all rows; for others see test_rows.py.
    Case("sparse_adam", fastgd.SparseAdam, reference.sparse_adam, dict(lr=0.01, eps=1e-3, maximize=True), ("adam",)),
    Case("adamax", fastgd.Adamax, reference.adamax, {}, ("adamax",), "Adamax", (1, 2)),
    Case(
        "adamax_l2", fastgd.Adamax, reference.adamax,
        dict(betas=(0.2, 0.5), weight_decay=0.1, maximize=True), ("adamax",), "Adamax", (2, 2),
    ),
    Case("nadam", fastgd.NAdam, reference.nadam, {}, ("nadam",), "NAdam", (7, 2e5)),
    Case(
        "nadam_l2", fastgd.NAdam, reference.nadam,
        dict(weight_decay=0.1, momentum_decay=1.0, maximize=True), ("nadam",), "NAdam", (8, 2e5),
    ),
    Case(
        "nadam_decoupled", fastgd.NAdam, reference.nadam,
        dict(weight_decay=0.1, decoupled_weight_decay=True), ("nadam",), "NAdam", (7, 2e5),
    ),
    Case("nadam_eps_root", fastgd.NAdam, reference.nadam, dict(betas=(0.4, 0.99), eps=0.0, eps_root=1e-3), ("nadam",)),
    Case(
        "nadam_cautious", fastgd.NAdam, reference.nadam,
        dict(weight_decay=0.1, cautious=True, maximize=True), ("nadam_cautious",),
    ),
    # Rectification begins at the sixth step.
    Case("radam", fastgd.RAdam, reference.radam, {}, ("adam", "adam_unrectified"), "RAdam", (1, 8)),
    Case(
        "radam_l2", fastgd.RAdam, reference.radam,
        dict(weight_decay=0.1, maximize=True), ("adam", "adam_unrectified"), "RAdam", (1, 8),
    ),
    Case(
        "radam_decoupled", fastgd.RAdam, reference.radam,
        dict(weight_decay=0.1, decoupled_weight_decay=True), ("adam", "adam_unrectified"), "RAdam", (1, 8),
    ),
    Case(
        "radam_eps_root", fastgd.RAdam, reference.radam,
        dict(betas=(0.1, 0.99), eps=0.0, eps_root=1e-3), ("adam", "adam_unrectified"),
    ),
    Case("asgd", fastgd.ASGD, reference.asgd, {}, ("asgd",), "ASGD", (3, 2e7)),
    # Averaging begins after the third step.
    Case(
        "asgd_average", fastgd.ASGD, reference.asgd,
        dict(lambd=0.1, t0=2.0, weight_decay=0.1, maximize=True), ("asgd", "asgd_average"), "ASGD", (2, 2e7),
    ),
]  # fmt: skip

LATER_CASES = [
    Case("adabelief", fastgd.AdaBelief, later.adabelief, {}, ("adabelief",)),
    Case(
        "adabelief_decay", fastgd.AdaBelief, later.adabelief,
        dict(lr=0.01, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.1, maximize=True), ("adabelief",),
    ),
    Case("yogi", fastgd.Yogi, later.yogi, {}, ("yogi",)),
    Case(
        "yogi_decay", fastgd.Yogi, later.yogi,
        dict(betas=(0.8, 0.9), initial_accumulator_value=0.1, weight_decay=0.1, maximize=True), ("yogi",),
    ),
    Case("adopt", fastgd.ADOPT, later.adopt, {}, ("adopt",)),
    Case(
        "adopt_decay", fastgd.ADOPT, later.adopt,
        dict(lr=0.01, betas=(0.8, 0.9), weight_decay=0.1, clip_exponent=0.333, maximize=True), ("adopt",),
    ),
    Case("adopt_cautious", fastgd.ADOPT, later.adopt, dict(lr=0.01, cautious=True), ("adopt_cautious",)),
    Case("ademamix", fastgd.AdEMAMix, later.ademamix, dict(weight_decay=0.0), ("ademamix",)),
    # Both warm-ups end within eight steps.
    Case(
        "ademamix_warmup", fastgd.AdEMAMix, later.ademamix,
        dict(lr=0.01, betas=(0.8, 0.9, 0.99), t_alpha=5.0, t_beta3=7.0, weight_decay=0.1, maximize=True),
        ("ademamix",),
    ),
    Case("adan", fastgd.Adan, later.adan, {}, ("adan",)),
    Case("adan_prox", fastgd.Adan, later.adan, dict(lr=0.01, weight_decay=0.1, maximize=True), ("adan",)),
    Case(
        "adan_no_prox", fastgd.Adan, later.adan,
        dict(lr=0.01, betas=(0.9, 0.8, 0.95), weight_decay=0.1, no_prox=True), ("adan",),
    ),
    Case("ftrl", fastgd.Ftrl, later.ftrl, dict(lr=0.1), ("ftrl",)),
    Case(
        "ftrl_penalties", fastgd.Ftrl, later.ftrl,
        dict(
            lr=0.1, initial_accumulator_value=0.5, l1_regularization_strength=0.3, l2_regularization_strength=0.2,
            l2_shrinkage_regularization_strength=0.1, beta=1.0, maximize=True,
        ), ("ftrl",),
    ),
]  # fmt: skip

SCHEDULE_FREE_CASES = [
    Case("schedule_free_sgd", fastgd.ScheduleFreeSGD, later.schedule_free_sgd, {}, ("schedule_free_sgd",)),
    Case(
        "schedule_free_sgd_warmup", fastgd.ScheduleFreeSGD, later.schedule_free_sgd,
        dict(lr=0.1, momentum=0.8, weight_decay=0.1, warmup_steps=4.0, r=1.0, weight_lr_power=1.5, maximize=True),
        ("schedule_free_sgd",),
    ),
    Case("schedule_free_adamw", fastgd.ScheduleFreeAdamW, later.schedule_free_adamw, {}, ("schedule_free_adamw",)),
    Case(
        "schedule_free_adamw_warmup", fastgd.ScheduleFreeAdamW, later.schedule_free_adamw,
        dict(lr=0.1, betas=(0.8, 0.9), weight_decay=0.1, warmup_steps=4.0, r=0.5, weight_lr_power=0.0, maximize=True),
        ("schedule_free_adamw",),
    ),
    # Rectification begins at the sixth step with the usual betas, at the fifth with .9.
    Case(
        "schedule_free_radam", fastgd.ScheduleFreeRAdam, later.schedule_free_radam, {},
        ("schedule_free_adamw", "schedule_free_unrectified"),
    ),
    Case(
        "schedule_free_radam_sgd", fastgd.ScheduleFreeRAdam, later.schedule_free_radam,
        dict(lr=0.01, betas=(0.8, 0.9), weight_decay=0.1, silent_sgd_phase=False, maximize=True),
        ("schedule_free_adamw", "schedule_free_unrectified"),
    ),
]  # fmt: skip

MORE_CASES = [
    Case("laprop", fastgd.LaProp, more.laprop, {}, ("laprop",)),
    Case(
        "laprop_decay", fastgd.LaProp, more.laprop,
        dict(lr=0.1, betas=(0.5, 0.9), eps=1e-3, weight_decay=0.1, maximize=True), ("laprop",),
    ),
    Case(
        "laprop_cautious", fastgd.LaProp, more.laprop,
        dict(lr=0.1, betas=(0.5, 0.9), eps=1e-3, weight_decay=0.1, cautious=True), ("laprop_cautious",),
    ),
    Case("grams", fastgd.Grams, more.grams, {}, ("grams",)),
    Case(
        "grams_decay", fastgd.Grams, more.grams,
        dict(lr=0.1, betas=(0.3, 0.9), weight_decay=0.1, maximize=True), ("grams",),
    ),
    Case("adam_atan2", fastgd.AdamAtan2, more.adam_atan2, dict(lr=0.01), ("adam_atan2",)),
    Case(
        "adam_atan2_decay", fastgd.AdamAtan2, more.adam_atan2,
        dict(lr=0.1, betas=(0.3, 0.9), a=0.7, b=0.25, weight_decay=0.1, maximize=True), ("adam_atan2",),
    ),
    # The second moment must fall for the maximum to be another number.
    Case(
        "ada_pnm", fastgd.AdaPNM, more.ada_pnm, dict(lr=0.01, betas=(0.9, 0.5, 1.0)), ("ada_pnm_bound",),
    ),
    Case(
        "ada_pnm_decay", fastgd.AdaPNM, more.ada_pnm,
        dict(lr=0.1, betas=(0.5, 0.9, 0.4), eps=1e-3, weight_decay=0.1, ams_bound=False, maximize=True), ("ada_pnm",),
    ),
    Case("madgrad", fastgd.MADGRAD, more.madgrad, {}, ("madgrad",)),
    Case(
        "madgrad_l2", fastgd.MADGRAD, more.madgrad,
        dict(lr=0.1, momentum=0.0, weight_decay=0.1, eps=1e-3, maximize=True), ("madgrad",),
    ),
    Case("mars", fastgd.MARS, more.mars, {}, ("mars",)),
    Case(
        "mars_decay", fastgd.MARS, more.mars,
        dict(lr=0.1, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.1, gamma=0.5, maximize=True), ("mars",),
    ),
    Case(
        "mars_cautious", fastgd.MARS, more.mars,
        dict(lr=0.1, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.1, gamma=0.5, cautious=True), ("mars_cautious",),
    ),
]  # fmt: skip

PASSES_CASES = [
    Case("lamb", fastgd.LAMB, passes.lamb, {}, ("lamb",)),
    Case(
        "lamb_plain", fastgd.LAMB, passes.lamb,
        dict(lr=0.1, weight_decay=0.0, bias_correction=False, grad_averaging=False, always_adapt=True, trust_clip=True,
             maximize=True), ("lamb",),
    ),
    Case("lamb_cautious", fastgd.LAMB, passes.lamb, dict(lr=0.1, cautious=True), ("lamb_cautious",)),
    Case("lars", fastgd.LARS, passes.lars, dict(weight_decay=0.1), ("lars",)),
    Case(
        "lars_nesterov", fastgd.LARS, passes.lars,
        dict(lr=0.1, weight_decay=0.1, dampening=0.3, nesterov=True, trust_clip=True, maximize=True),
        ("lars_nesterov",),
    ),
    Case("novograd", fastgd.NovoGrad, passes.novograd, {}, ("novograd",)),
    Case(
        "novograd_decay", fastgd.NovoGrad, passes.novograd,
        dict(lr=0.1, betas=(0.8, 0.9), weight_decay=0.1, grad_averaging=True, maximize=True), ("novograd",),
    ),
    Case("stable_adamw", fastgd.StableAdamW, passes.stable_adamw, {}, ("stable_adamw",)),
    Case(
        "stable_adamw_decay", fastgd.StableAdamW, passes.stable_adamw,
        dict(lr=0.1, betas=(0.0, 0.5), eps=1e-3, weight_decay=0.1, maximize=True), ("stable_adamw",),
    ),
]  # fmt: skip

CASES = [
    *SGD_CASES, *ADAPTIVE_CASES, *ADAM_CASES, *LATER_CASES, *PASSES_CASES, *SCHEDULE_FREE_CASES, *MORE_CASES,
]  # fmt: skip
# Rules of classes that are more than a pass over elements; these have tests of their own.
PARTS = [
    Case("prodigy", fastgd.Prodigy, None, {}, ("prodigy",)),
    Case("dadapt_adam", fastgd.DAdaptAdam, None, {}, ("dadapt_adam",)),
    Case("muon", fastgd.Muon, None, {}, ("muon",)),
    Case("adafactor", fastgd.Adafactor, None, {}, ("adafactor",)),
    Case("row_wise_adagrad", fastgd.RowWiseAdagrad, None, {}, ("row_wise_adagrad",)),
]
BY_NAME = {case.name: case for case in CASES}

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
every_optimizer = pytest.mark.parametrize("cls", sorted({case.optimizer for case in CASES}, key=lambda c: c.__name__))
