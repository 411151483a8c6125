# A plan of whose parameters other processes have parts.
from fastgd.engine.grouped cimport Grouped

cdef class Shared(Grouped):
    cdef readonly object ranks          # a Ranks where other processes have parts of the parameters, else None
    cdef readonly long long exchanges   # how many times they have been told something
    cdef bint over_all                  # whether the rule has sums that are theirs too
    cdef bint sums_exchanged                  # whether the step under way has exchanged them
    cdef object failure                 # the error with which they were not reached
    cdef double largest                 # the largest finite norm
    cdef double beside                  # the largest norm of gradients beside state in 8 bits, as `norm_beside` has it
    cdef double beside_here             # the same of this process alone
    cdef bint alone                     # whether the step under way is of one parameter, which the others do not know
    cdef bint expects_blocks            # whether a group asks for state in 8 bits, before groups have been taken over

    cdef double measure_all(self, double scale) except? -1
    cdef bint together_beside(self) except -1
    cdef int begin_together(self) except -1
    cdef int exchange_sums(self, double* sums, Py_ssize_t* summed) except -1
    cdef int finish_sums(self) except -1
