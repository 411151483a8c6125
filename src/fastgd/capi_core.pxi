# What the C API does for every family alike; capi.pyx includes it and adds the functions of each family and rule. They
# are compiled here, once: the rules for the instruction set that has been chosen, the scalars without the contraction
# that an importer's compiler might allow itself, so that an importer gets the bits of the optimizer classes.
from libc.string cimport memcpy, memset

from fastgd.engine.dispatch cimport table
from fastgd.engine.execute cimport BLOCK, Cohort, Slot, Stage, plain_stage
from fastgd.engine.formats cimport itemsize
from fastgd.engine.fpmode cimport enter, fp_mode, leave
from fastgd.engine.norm cimport View, norm
from fastgd.engine.tile cimport measure_tiles
from fastgd.kernels.rule cimport (
    FLOAT32, FLOAT64, MAX_HYPER, MAX_TERMS, Family, Format, Kernel0, Kernel1, Kernel2, Kernel3, Kernel4, Rule,
)


cdef int abi_version() noexcept nogil:
    return ABI_VERSION


cdef const char* instruction_set() noexcept nogil:
    return table().name


cdef double norm_of(const void* x, Py_ssize_t n, Format format) noexcept nogil:
    cdef View view = View(<const char*>x, n, format, True, 1, NULL, NULL, itemsize(format))
    cdef fp_mode mode = enter()
    cdef double result = norm(&view, 1, NULL, 1)
    leave(mode)
    return result


cdef double norm_f32(const float* x, Py_ssize_t n) noexcept nogil:
    return norm_of(x, n, FLOAT32)


cdef double norm_f64(const double* x, Py_ssize_t n) noexcept nogil:
    return norm_of(x, n, FLOAT64)


cdef int fold(int number, Scalars* s, double grad_scale, long long t,
              const void* hyper, size_t size, double* carry) noexcept nogil:
    """
    The fold of a family, for a struct of hyperparameters as large as it was where the caller was compiled.

    What an older caller does not have is 0. What a newer caller has on top must be 0, since it cannot be obeyed: -1.
    """
    cdef double[MAX_HYPER] known
    cdef const Family* family = &table().families[number]
    cdef size_t own = family.hyper_count * sizeof(double), i
    cdef fp_mode mode
    cdef int rule
    if size == 0 or size % sizeof(double) != 0:
        return -1
    for i in range(own, size):
        if (<const char*>hyper)[i] != 0:
            return -1
    memset(known, 0, own)
    memcpy(known, hyper, min(size, own))
    mode = enter()
    rule = family.fold(s, grad_scale, t, known, carry)
    leave(mode)
    return rule


cdef void measure(int number, int which, Format format, void** arrays, Py_ssize_t n, const Scalars* s,
                  double* sums) noexcept nogil:
    """A measuring pass of a rule over all of a parameter, which adds to `sums` block by block, as in a step."""
    cdef Stage stage = plain_stage(False)
    cdef double[MAX_TERMS] terms
    cdef Cohort cohort
    cdef Slot slot
    cdef Py_ssize_t b
    cdef int k
    cdef fp_mode mode = enter()
    memset(&slot, 0, sizeof(slot))
    memset(&cohort, 0, sizeof(cohort))
    cohort.rule = &table().rules[number]
    cohort.scalars = s[0]
    for k in range(cohort.rule.state_count + 2):
        slot.arrays[k], slot.formats[k] = arrays[k], format
    for b in range((n + BLOCK - 1) // BLOCK):
        measure_tiles(&slot, &cohort, which, b * BLOCK, min((b + 1) * BLOCK, n), &stage, terms)
        for k in range(cohort.rule.measures[which].terms):
            sums[k] += terms[k]
    leave(mode)
