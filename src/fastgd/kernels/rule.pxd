# What a kernel module exports: the rows of table.pxi, and the passes over one array that are not rules.
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    MAX_STATES = 4      # state arrays of a rule; tile calls Kernel0 to Kernel5
    MAX_TERMS = 2       # numbers for each element that a measuring pass sums
    MAX_MEASURES = 2    # measuring passes of a rule, before its last pass
    MAX_SCALARS = 32    # doubles in a struct of folded scalars
    MAX_HYPER = 32      # doubles in a struct of hyperparameters
    MAX_CARRY = 4       # doubles that a family carries from step to step
    MAX_VARIANTS = 8    # rules of a family

# How an array lies in memory. Rules compute in the first DIRECT formats, and have a kernel for each; an array in
# another goes through a tile, which a Codec decodes and encodes.
ctypedef int Format
cdef enum:
    FLOAT32
    FLOAT64
    BFLOAT16
    FLOAT16
    INT16               # what a parameter in bfloat16 lacks to a float32: no numbers by themselves
    SIGNED8             # codes in 8 bits, for state beside parameters that are computed with in float32
    POSITIVE8           # the same, of numbers that are not below zero
    ROOT8               # of the square roots of such numbers
    FORMATS             # how many there are
    DIRECT = 2

# A rule has a kernel for each format that it computes in, and if it is of one pass for these mixes with bfloat16.
cdef enum:
    BFLOAT16_THROUGHOUT = DIRECT
    BFLOAT16_BESIDE_STATES  # parameter and gradient in bfloat16, states in float32
    BFLOAT16_GRAD           # the gradient alone
    BFLOAT16_MASTER         # as beside states, with what the parameter lacks to a float32 as one more array
    KERNELS                 # how many there are

# Folded scalars as callers hold them: large enough for every family, the same size in every release.
ctypedef struct Scalars "fastgd_Scalars":
    double[MAX_SCALARS] value

# Hyperparameters and the step's number (from 1) -> scalars and, returned, which of the family's rules the step runs.
# `carry` holds the numbers that a family takes from step to step; they begin as zeros and become those of the next.
ctypedef int (*Fold)(void* scalars, double grad_scale, long long t, const void* hyper, double* carry) noexcept nogil

# A rule's function as the table stores it, by its number of states.
ctypedef void (*Kernel0)(void*, const void*, Py_ssize_t, const void*) noexcept nogil
ctypedef void (*Kernel1)(void*, const void*, void*, Py_ssize_t, const void*) noexcept nogil
ctypedef void (*Kernel2)(void*, const void*, void*, void*, Py_ssize_t, const void*) noexcept nogil
ctypedef void (*Kernel3)(void*, const void*, void*, void*, void*, Py_ssize_t, const void*) noexcept nogil
ctypedef void (*Kernel4)(void*, const void*, void*, void*, void*, void*, Py_ssize_t, const void*) noexcept nogil

ctypedef void (*Kernel5)(void*, const void*, void*, void*, void*, void*, void*, Py_ssize_t,
                         const void*) noexcept nogil

# The sums of a measuring pass over n elements -> changed scalars, for the passes that follow; `memory` keeps numbers
# from step to step.
ctypedef void (*Settle)(void* scalars, const double* sums, Py_ssize_t n, double* memory) noexcept nogil

ctypedef struct Measure:
    # A pass that may change states, and adds terms of each element up, in double, to sums that are settled.
    void* kernels[DIRECT]       # a Kernel by the number of states and 1: (param, grad, *states, sums, n, scalars)
    int terms
    Settle settle

ctypedef struct Rule:
    const char* name
    const char* states          # state keys, in the order of the arrays after param and grad
    int state_count
    int layout                  # equal for rules with the same states
    void* kernels[KERNELS]      # a Kernel by the number of states: (param, grad, *states, n, scalars); or NULL
    int measure_count           # passes before that
    Measure measures[MAX_MEASURES]
    bint over_all               # whether their sums are over all parameters, and not over each
    int row_numbers             # or over each row: how many numbers are kept for it, the last of the states; else 0

ctypedef struct Family:
    const char* name
    const char* hyper           # fields of the struct of hyperparameters, all double, in order
    int hyper_count
    const char* carry           # names of the numbers that are carried
    int carry_count
    int memory_count            # how many of them, the last, are kept for each parameter, where sums are settled
    Fold fold
    int rule_count
    int rules[MAX_VARIANTS]     # what the fold returns -> the number of a rule

# (source, target, n): between an array in a format and a tile in a direct one, rounded to nearest.
ctypedef void (*Codec)(const void*, void*, Py_ssize_t) noexcept nogil

# (source, target, n, first, key): into bfloat16, up or down at random; `first` is the number of the first element.
ctypedef void (*Rounding)(const void*, uint16_t*, Py_ssize_t, uint32_t, uint64_t) noexcept nogil

# Between codes in 8 bits, with the largest magnitude of each block of SPAN elements, and a float32 tile, which packing
# may change: (codes, absmax, tile, n), (tile, codes, absmax, n).
ctypedef void (*Unpack)(const uint8_t*, const float*, float*, Py_ssize_t) noexcept nogil
ctypedef void (*Pack)(float*, uint8_t*, float*, Py_ssize_t) noexcept nogil
cdef enum:
    SPAN = 256
    ZERO8 = 127         # the code of zero in SIGNED8; it is 0 in the others

# Between a float32 tile and the two arrays of a master weight: (parameter, the rest, tile, n), (tile, both, n).
ctypedef void (*Join)(const uint16_t*, const void*, float*, Py_ssize_t) noexcept nogil
ctypedef void (*Split)(const float*, uint16_t*, void*, Py_ssize_t) noexcept nogil

ctypedef double (*SumSquares)(const void*, Py_ssize_t, double) noexcept nogil
ctypedef double (*Largest)(const void*, Py_ssize_t) noexcept nogil
ctypedef void (*Clip)(void*, Py_ssize_t, double, double) noexcept nogil
ctypedef void (*Follow)(void*, const void*, Py_ssize_t, double) noexcept nogil

ctypedef struct Factored:
    # A matrix, or a vector cut into rows, in a step of Adafactor.
    void* param
    const void* grad
    void* momentum              # or NULL
    Py_ssize_t size
    Py_ssize_t rows             # of a vector the last may be shorter
    Py_ssize_t columns
    double scale                # of the gradient, and
    double bound                # where it is then clipped
    double share                # of the new squares in the second moment
    double added                # to each of them
    double floor                # of a moment
    double keep                 # of the parameter
    double step_size
    double beta1                # of the momentum
    double one_minus_beta1
    double enlargement          # of a cautious step
    bint cautious
    const void* row_parts       # of the moments of a matrix, which are these times
    const void* column_moments
    const void* inverse         # of the roots of column_moments, and
    double least                # the least of them
    void* variance              # the moments of a vector; else NULL
    double* row_sums            # what a pass finds, by row
    double* param_sums          # or NULL

# Rows [start, stop) of a matrix or vector; the last is where sums by column go.
ctypedef void (*FactoredPass)(void* param, const Factored*, Py_ssize_t, Py_ssize_t, double*) noexcept nogil

cdef enum:
    FACTORED_SUMS               # the passes, in order
    FACTORED_SIZE
    FACTORED_STEP
    FACTORED_CAREFUL
    FACTORED_PASSES             # how many there are

ctypedef struct Table:
    const char* name            # of the instruction set
    const char* flags           # of the compiler
    int rule_count
    const Rule* rules
    int family_count
    const Family* families
    int roof_count
    const Rule* roofs           # hardware limits in the form of rules, for benchmarks: cut and threaded as rules are
    SumSquares sum_squares[DIRECT]
    Largest largest[DIRECT]
    Clip clip[DIRECT]
    Follow follow[DIRECT]
    Codec decode[DIRECT][FORMATS]   # by what the tile is in, and the format of the array
    Codec encode[DIRECT][FORMATS]
    Rounding stochastic[DIRECT]
    Join join[FORMATS]              # for the formats in 16 bits
    Split split[FORMATS]
    Unpack unpack[FORMATS]          # for codes in 8 bits
    Pack pack[FORMATS]
    FactoredPass[DIRECT][FACTORED_PASSES] factored
