# Slots and cohorts, and the loop that runs rules over them on one or more threads. No mathematics, no Python objects.
from libc.stdint cimport int64_t, uint64_t

from fastgd.kernels.rule cimport MAX_CARRY, MAX_STATES, Format, Rule, Scalars

cdef enum:
    MAX_ARRAYS = MAX_STATES + 2     # param, grad and the states
    CACHE_LINE = 64                 # bytes
    BRIEF = 4096    # elements below which other Python threads are not let run meanwhile: to do so takes as long
    BLOCK = 4096                    # elements whose terms a measuring pass sums; part of the definition of the bits

cpdef enum:
    ALIGN_FROM = 1024       # elements from which a short head pays that brings the parameter to a cache line

ctypedef struct Touched:
    # A gradient that has some rows of its parameter, along the first axis, and zeros in the others.
    Py_ssize_t count
    const int64_t* numbers          # of the rows, each once, ascending
    const void** values             # where each begins; one after the other, if their norm is asked for

ctypedef struct After:
    # What follows a parameter, element by element, in the pass that updates it.
    void* average                   # its moving average; NULL where none is kept
    Format average_format
    bint random                     # whether the average is rounded at random
    bint begun                      # whether it holds anything yet
    double decay
    void* copy                      # its copy in another format; NULL without
    Format copy_format

ctypedef struct Slot:
    # A parameter with all that a step needs to know of it.
    void* arrays[MAX_ARRAYS]
    Format formats[MAX_ARRAYS]      # of each of them
    float* absmax[MAX_STATES]       # of states in 8 bits, the largest magnitude of each block
    bint blocked                    # whether a state is in 8 bits, so that ranges begin with blocks
    bint direct                     # whether parameter and states are in the format that the rule computes in
    int narrow                      # the kernel that takes them with a gradient in bfloat16; 0 where there is none
    const Touched* touched          # in this step; NULL where the gradient is an array like the parameter
    void* master                    # what a parameter in 16 bits lacks to a float32; NULL where it is all
    int stochastic                  # bit k: array k is rounded at random, by bits that follow from
    uint64_t seed                   # this, the step, and
    Py_ssize_t number               # the slot's among all, and of the array and element
    Py_ssize_t size
    int group
    int cohort                      # in this step; -1 without a gradient
    bint elsewhere                  # whether another process counts it in norms and sums
    void* param                     # the array object, which the plan holds
    void* descr                     # its dtype, an object that it keeps alive
    int ndim
    Py_ssize_t* shape               # and behind it the strides, as they were bound
    long long steps                 # taken so far
    double[MAX_CARRY] carry         # numbers that a family takes from step to step
    After* after                    # NULL where nothing follows it

ctypedef struct Cohort:
    # Slots that share their scalars in a step: one group, one step count, equal carried numbers.
    const Rule* rule
    int group
    long long steps
    double[MAX_CARRY] carry
    double[MAX_CARRY] next_carry
    int history                     # how many of them the fold has; those that follow are measured for each slot
    Scalars scalars

# Adds to sums over all slots, and to how many elements they have, what other processes have measured; False where these
# are not reached.
ctypedef bint (*AddOthers)(void* owner, double* sums, Py_ssize_t* summed) noexcept nogil

ctypedef struct Mapped:
    # A file in memory, from `offset` of it on; without a descriptor, which is then -1, its pages can only be asked for.
    const char* start
    const char* stop
    int fd
    long long offset

ctypedef struct Ranges:
    # All files that a step's arrays lie in, in the order of memory.
    Mapped* mapped
    Py_ssize_t count

ctypedef struct Stage:
    # What stands around the rule. Before it, where `active`, the gradient is multiplied by scale, then clipped to
    # [-bound, bound]; after it, what follows a slot is brought up to date, and where it `zeroes`, the gradient is 0.
    bint active
    double scale
    double bound
    bint zeroes
    AddOthers add_others            # NULL where no other process has a part of what is summed
    void* owner                     # what it is called with
    const Ranges* ranges            # NULL where nothing lies in files that are larger than memory


cdef inline Stage plain_stage(bint zeroes) noexcept nogil:
    """Nothing around the rule, in one process; where it `zeroes`, the gradient becomes 0."""
    return Stage(False, 1, 0, zeroes, NULL, NULL, NULL)


cdef inline Py_ssize_t row_width(const Slot* slot) noexcept nogil:
    """Elements of a row; the parameter has elements."""
    return slot.size // slot.shape[0] if slot.ndim else 1


cdef inline Py_ssize_t updated(const Slot* slot) noexcept nogil:
    """Elements that a step updates."""
    if slot.touched == NULL:
        return slot.size
    return slot.touched.count * row_width(slot) if slot.size else 0


cdef void settle_formats(Slot* slot, int states) noexcept nogil
cdef bint execute(Slot* slots, Py_ssize_t count, Cohort* cohorts, const Stage* stage, int threads) noexcept nogil
