# The schedules of a torch optimizer.

cdef class Ticks:
    cdef object group               # a dict
    cdef readonly dict schedules    # by name; whoever takes one away leaves its number as it is
    cdef list ticks                 # one Tick for each
    cdef object count               # what the group shows of the steps

    cdef bint same(self) except -1
    cdef int expire(self) except -1
    cdef int adopt(self) except -1
    cdef int show(self) except -1

cdef class Clock:
    cdef dict numbers               # what may be a schedule -> the check of its numbers
    cdef list groups                # Ticks, one for each group
    cdef readonly bint active       # whether there may be any schedule
    cdef bint given_away            # whether somebody may hold the dicts of schedules
    cdef public object backward     # the pass that has updated parameters and is not counted yet
    cdef bint left_out              # whether the step under way is none of the schedules'

    cdef int match(self, groups) except -1
    cdef int take_new(self, front, Py_ssize_t number, object group, long long completed) except -1
    cdef bint before(self, front, bint begun) except -1
    cdef bint before_of(self, Ticks one, Py_ssize_t n, bint begun, long long completed) except -1
    cdef int renew(self, Ticks one) except -1
    cdef int after(self) except -1
    cdef int before_pass(self, front, backward, bint begun) except -1
    cdef int end_pass(self) except -1
