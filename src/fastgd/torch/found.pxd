# The slots of a torch optimizer, and where its tensors lie.
from fastgd.engine.plan cimport Group
from fastgd.engine.steps cimport Steps
from fastgd.torch.clock cimport Clock
from fastgd.torch.shown cimport Shown
from fastgd.torch.targets cimport Targets
from fastgd.torch.views cimport Borrow

cdef class Found(Steps):
    cdef object found_groups                # the optimizer's own; None where they have to be found anew
    cdef list group_dicts, members          # the dicts of the groups, and the parameters of each
    cdef readonly Clock clock               # the schedules of the groups
    cdef readonly Shown shown               # what `state` has of the engine's
    cdef readonly list leaves               # parameters, in the order of the slots
    cdef Borrow borrow
    cdef dict places                        # id of a parameter -> its slot
    cdef list layouts                       # for each group, that of the state arrays that `state` has
    cdef set waiting                        # slots that have not begun
    cdef readonly Targets targets           # the tensors that parameters are copied to

    cdef bint holds_all(self, object groups) except -1
    cdef bint has_groups(self, object groups) except -1
    cdef bint holds_leaf(self, Py_ssize_t i) except -1
    cdef list found_copies(self, front, dict tensors)
    cdef int find_moved(self, front, bint copying) except -1
    cdef int find_all(self, front, bint copying) except -1
    cdef object entry(self, front, Py_ssize_t number, leaf, array, state, Group group, bint copying)
    cdef int check_apart(self, list arrays, list entries, list members) except -1
    cdef int take_all(self, list found, list members, groups, ranks, bint over_all) except -1
    cdef int publish(self, bint adopting) except -1
    cdef int publish_one(self, Py_ssize_t i, bint adopting) except -1
    cdef int finish(self, list updated) except -1
    cdef int finish_own(self, list updated) except -1
