# THE TABLE: every rule with its state keys, its scalars in the order of its struct, and its two functions.
# Each kernel module includes it and is compiled for one instruction set.
from cpython.pycapsule cimport PyCapsule_New
from fastgd.kernels cimport reductions
from fastgd.kernels.rule cimport Rule, Table
from fastgd.kernels.rules cimport (
    adadelta, adagrad, adam, adamax, asgd, limits, lion, nadam, rmsprop, rprop, sgd, sign,
)

cdef extern from *:
    const char* FASTGD_NAME     # of the instruction set, and
    const char* FASTGD_FLAGS    # the compiler's flags, both defined by setup.py

cdef enum:
    CAPACITY = 64

cdef Rule[CAPACITY] rules
cdef Table table


cdef void add(const char* name, const char* states, const char* scalars, void* f32, void* f64) except *:
    if table.count == CAPACITY:
        raise ImportError(f"table.pxi: more than {CAPACITY} rules")
    rules[table.count] = Rule(name, states, scalars, f32, f64)
    table.count += 1


add(b"sgd", b"", b"grad_scale l2 step_size", <void*>sgd.sgd[float], <void*>sgd.sgd[double])
add(b"sgd_momentum", b"momentum_buffer", b"grad_scale l2 decay gain step_size",
    <void*>sgd.sgd_momentum[float], <void*>sgd.sgd_momentum[double])
add(b"sgd_nesterov", b"momentum_buffer", b"grad_scale l2 decay gain momentum ahead step_size",
    <void*>sgd.sgd_nesterov[float], <void*>sgd.sgd_nesterov[double])
add(b"sign_sgd", b"", b"grad_scale l2 step_size", <void*>sign.sign_sgd[float], <void*>sign.sign_sgd[double])
add(b"sign_momentum", b"momentum_buffer", b"grad_scale l2 momentum one_minus_momentum step_size",
    <void*>sign.sign_momentum[float], <void*>sign.sign_momentum[double])
add(b"lion", b"momentum_buffer", b"grad_scale keep beta1 one_minus_beta1 beta2 one_minus_beta2 step_size",
    <void*>lion.lion[float], <void*>lion.lion[double])
add(b"adagrad", b"sum", b"grad_scale l2 initial step_size eps_root eps",
    <void*>adagrad.adagrad[float], <void*>adagrad.adagrad[double])
add(b"adadelta", b"square_avg acc_delta", b"grad_scale l2 rho one_minus_rho step_size eps",
    <void*>adadelta.adadelta[float], <void*>adadelta.adadelta[double])
add(b"rmsprop", b"square_avg", b"grad_scale l2 alpha one_minus_alpha step_size eps_root eps",
    <void*>rmsprop.rmsprop[float], <void*>rmsprop.rmsprop[double])
add(b"rmsprop_momentum", b"square_avg momentum_buffer",
    b"grad_scale l2 alpha one_minus_alpha momentum step_size eps_root eps",
    <void*>rmsprop.rmsprop_momentum[float], <void*>rmsprop.rmsprop_momentum[double])
add(b"rmsprop_centered", b"square_avg grad_avg", b"grad_scale l2 alpha one_minus_alpha step_size eps_root eps",
    <void*>rmsprop.rmsprop_centered[float], <void*>rmsprop.rmsprop_centered[double])
add(b"rmsprop_centered_momentum", b"square_avg grad_avg momentum_buffer",
    b"grad_scale l2 alpha one_minus_alpha momentum step_size eps_root eps",
    <void*>rmsprop.rmsprop_centered_momentum[float], <void*>rmsprop.rmsprop_centered_momentum[double])
add(b"rprop", b"prev step_size", b"grad_scale initial eta_minus eta_plus smallest largest",
    <void*>rprop.rprop[float], <void*>rprop.rprop[double])
add(b"adam", b"exp_avg exp_avg_sq",
    b"grad_scale l2 keep one_minus_beta1 beta2 one_minus_beta2 step_size eps_root eps",
    <void*>adam.adam[float], <void*>adam.adam[double])
add(b"amsgrad", b"exp_avg exp_avg_sq max_exp_avg_sq",
    b"grad_scale l2 keep one_minus_beta1 beta2 one_minus_beta2 step_size eps_root eps",
    <void*>adam.amsgrad[float], <void*>adam.amsgrad[double])
add(b"adam_unrectified", b"exp_avg exp_avg_sq",
    b"grad_scale l2 keep one_minus_beta1 beta2 one_minus_beta2 step_size eps_root eps",
    <void*>adam.adam_unrectified[float], <void*>adam.adam_unrectified[double])
add(b"nadam", b"exp_avg exp_avg_sq",
    b"grad_scale l2 keep one_minus_beta1 beta2 one_minus_beta2 grad_step step_size eps_root eps",
    <void*>nadam.nadam[float], <void*>nadam.nadam[double])
add(b"adamax", b"exp_avg exp_inf", b"grad_scale l2 one_minus_beta1 beta2 step_size eps",
    <void*>adamax.adamax[float], <void*>adamax.adamax[double])
add(b"asgd", b"ax", b"grad_scale l2 keep step_size mu", <void*>asgd.asgd[float], <void*>asgd.asgd[double])
add(b"asgd_average", b"ax", b"grad_scale l2 keep step_size mu",
    <void*>asgd.asgd_average[float], <void*>asgd.asgd_average[double])

# Limits, for benchmarks: their states are called limit_*, which marks them.
add(b"stream_0", b"", b"addend", <void*>limits.stream_0[float], <void*>limits.stream_0[double])
add(b"stream_1", b"limit_a", b"addend", <void*>limits.stream_1[float], <void*>limits.stream_1[double])
add(b"stream_2", b"limit_a limit_b", b"addend", <void*>limits.stream_2[float], <void*>limits.stream_2[double])
add(b"stream_3", b"limit_a limit_b limit_c", b"addend",
    <void*>limits.stream_3[float], <void*>limits.stream_3[double])
add(b"stream_copy", b"limit_a", b"addend", <void*>limits.stream_copy[float], <void*>limits.stream_copy[double])
add(b"divide", b"", b"addend", <void*>limits.divide[float], <void*>limits.divide[double])
add(b"divide_root", b"", b"addend", <void*>limits.divide_root[float], <void*>limits.divide_root[double])
add(b"divide_two_roots", b"", b"addend",
    <void*>limits.divide_two_roots[float], <void*>limits.divide_two_roots[double])

table.rules = rules
table.name = FASTGD_NAME
table.flags = FASTGD_FLAGS
table.sum_squares32 = reductions.sum_squares[float]
table.sum_squares64 = reductions.sum_squares[double]
table.largest32 = reductions.largest[float]
table.largest64 = reductions.largest[double]
table.limit32 = reductions.limit[float]
table.limit64 = reductions.limit[double]

capsule = PyCapsule_New(&table, b"fastgd.kernels.Table", NULL)
