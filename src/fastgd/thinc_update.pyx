"""
The update of fastgd.thinc, in thinc's order: L2, clipping by norm, the rule, weight decay, moving average.

The rule is Adam's, whose scalars are folded as for fastgd.Adam and fastgd.RAdam; here are the two things that thinc
has of its own: the weight decay is a factor of the update too, and averages of the weights follow them.
"""
from libc.string cimport memset

from fastgd.engine.arrays cimport data_of, pointer, size_of
from fastgd.engine.dispatch cimport table
from fastgd.engine.execute cimport Cohort, Slot, Stage, execute, plain_stage, settle_formats
from fastgd.engine.formats cimport format_of
from fastgd.engine.fpmode cimport enter, fp_mode, leave
from fastgd.engine.plan cimport fold
from fastgd.engine.threads cimport count as thread_count
from fastgd.kernels.rule cimport MAX_CARRY, Rule
from fastgd.kernels.rules.adam cimport Adam, AdamScalars
from fastgd.kernels.rules.radam cimport Radam
from fastgd.kernels.rules.sgd cimport SgdScalars

from fastgd.engine import dispatch
from fastgd.engine.norm import grad_norm

cdef int SGD = dispatch.rules()["sgd"][0]
cdef int ADAM = dispatch.families()["adam"][0]
cdef int RADAM = dispatch.families()["radam"][0]


cdef int run(Cohort* cohort, const Rule* rule, list arrays) except -1:
    """A rule on flat arrays that have been checked."""
    cdef Slot slot
    cdef Stage stage = plain_stage(False)
    cdef int k, threads = thread_count()
    for k in range(len(arrays)):
        slot.arrays[k] = data_of(pointer(arrays[k]))
        slot.formats[k] = format_of(pointer(arrays[k]))
    settle_formats(&slot, rule.state_count)
    slot.after = NULL
    slot.touched = NULL
    slot.size = size_of(pointer(arrays[0]))
    slot.cohort = 0
    cohort.rule = rule
    with nogil:
        execute(&slot, 1, cohort, &stage, threads)
    return 0


cdef int descend(param, grad, double grad_scale, double l2, double step_size) except -1:
    """param -= step_size * (grad_scale * grad + l2 * param)"""
    cdef Cohort cohort
    cdef SgdScalars* s = <SgdScalars*>&cohort.scalars
    s.grad_scale = grad_scale
    s.l2 = l2
    s.step_size = step_size
    return run(&cohort, &table().rules[SGD], [param, grad])


def update(list arrays not None, average, long long t, bint rectified, double lr, double lr_scale, double beta1,
           double beta2, double eps, double l2, double threshold, bint l2_is_weight_decay,
           given not None, counts not None, key):
    """
    Update `t` (from 1) of flat, checked arrays: weights, gradient and the two moments. `average` follows the weights
    where it is not None. Then the gradient, as it was `given`, becomes zero, and the update of `key` is
    counted, without a moment in between at which an interrupt could come.
    """
    cdef Cohort cohort
    cdef AdamScalars* s = <AdamScalars*>&cohort.scalars
    cdef Adam plain
    cdef Radam warm
    cdef double[MAX_CARRY] carry
    cdef const Rule* rule
    cdef double keep = 1.0, scale = 1.0, length
    cdef fp_mode mode = enter()
    weights, gradient = arrays[0], arrays[1]
    try:
        if l2_is_weight_decay:
            keep = 1.0 - lr_scale * lr * l2
        elif l2 != 0:
            descend(gradient, weights, 1.0, 0.0, -l2)
        if threshold > 0:
            length = grad_norm([gradient])
            if length >= threshold:
                scale = threshold / length
        memset(&plain, 0, sizeof(plain))
        memset(&warm, 0, sizeof(warm))
        if rectified:
            # As in thinc, the first update is the formula's second step, and lr_scale is that of the decay alone.
            warm.lr, warm.beta1, warm.beta2, warm.eps = keep * lr, beta1, beta2, eps
            rule = fold(&table().families[RADAM], &cohort.scalars, scale, t + 1, <const double*>&warm, carry)
        else:
            plain.lr, plain.beta1, plain.beta2, plain.eps = lr_scale * (keep * lr), beta1, beta2, eps
            plain.eps_hat = 1
            rule = fold(&table().families[ADAM], &cohort.scalars, scale, t, <const double*>&plain, carry)
        s.keep = keep
        run(&cohort, rule, arrays)
        if average is not None:
            # average -= (1 - decay) * (average - weights)
            descend(average, weights, -1.0, 1.0, 1.0 - min((1.0 + t) / (10.0 + t), 0.9999))
        given.fill(0)
        counts[key] = t
    finally:
        leave(mode)
