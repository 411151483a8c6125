# Segments, and the loop that runs a rule over them on one or more threads. No mathematics, no Python objects.

cdef enum:
    MAX_ARRAYS = 6      # param, grad and up to four states
    MAX_SCALARS = 16
    MAX_CARRY = 2

ctypedef struct Segment:
    # One parameter with what belongs to it.
    void* arrays[MAX_ARRAYS]
    Py_ssize_t size
    int itemsize
    void* descr                 # the parameter's dtype, an object that the parameter keeps alive
    int group
    int cohort                  # in this step; -1 without a gradient
    long long steps             # taken so far
    double[MAX_CARRY] carry     # numbers that a rule takes from step to step

ctypedef struct Cohort:
    # Segments that share their scalars in a step: one group, one step count.
    int group
    int states
    long long steps
    double[MAX_CARRY] carry
    double[MAX_CARRY] next_carry
    void* f32
    void* f64
    double[MAX_SCALARS] scalars

ctypedef struct Stage:
    # Of the gradient, before the rule: multiplied by scale, then clipped to [-bound, bound].
    bint active
    double scale
    double bound

cdef void execute(const Segment* segments, Py_ssize_t count, const Cohort* cohorts,
                  const Stage* stage, int threads) noexcept nogil
