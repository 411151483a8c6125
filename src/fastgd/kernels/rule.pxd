# What a kernel module exports: the rows of table.pxi, and the passes that are not rules.

# A rule's function as the table stores it, by its number of states.
ctypedef void (*Kernel0)(void*, const void*, Py_ssize_t, const void*) noexcept nogil
ctypedef void (*Kernel1)(void*, const void*, void*, Py_ssize_t, const void*) noexcept nogil
ctypedef void (*Kernel2)(void*, const void*, void*, void*, Py_ssize_t, const void*) noexcept nogil
ctypedef void (*Kernel3)(void*, const void*, void*, void*, void*, Py_ssize_t, const void*) noexcept nogil
ctypedef void (*Kernel4)(void*, const void*, void*, void*, void*, void*, Py_ssize_t, const void*) noexcept nogil

ctypedef struct Rule:
    const char* name
    const char* states      # state keys, in the order of the arrays after param and grad
    const char* scalars     # fields of the scalars struct, all double, in order
    void* f32               # a Kernel by the number of states: (param, grad, *states, n, scalars)
    void* f64

ctypedef double (*SumSquares32)(const float*, Py_ssize_t, double) noexcept nogil
ctypedef double (*SumSquares64)(const double*, Py_ssize_t, double) noexcept nogil
ctypedef double (*Largest32)(const float*, Py_ssize_t) noexcept nogil
ctypedef double (*Largest64)(const double*, Py_ssize_t) noexcept nogil
ctypedef void (*Limit32)(float*, Py_ssize_t, double, double) noexcept nogil
ctypedef void (*Limit64)(double*, Py_ssize_t, double, double) noexcept nogil

ctypedef struct Table:
    int count
    const Rule* rules
    const char* name        # of the instruction set
    const char* flags
    SumSquares32 sum_squares32
    SumSquares64 sum_squares64
    Largest32 largest32
    Largest64 largest64
    Limit32 limit32
    Limit64 limit64
