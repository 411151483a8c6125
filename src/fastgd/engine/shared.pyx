"""
Shared: a plan of whose parameters other processes have parts, so that norms and sums are of all of them.

What they exchange is a `fastgd.ranks.Ranks`; here is when it is asked.
"""
from libc.string cimport memset

from libc.math cimport INFINITY

from fastgd.engine.plan cimport Group
from fastgd.kernels.rule cimport MAX_TERMS


cdef bint add_others(void* owner, double* sums, Py_ssize_t* summed) noexcept with gil:
    """Add to what has been measured here what other processes have measured; False where they are not reached."""
    cdef Shared plan = <Shared>owner
    try:
        plan.exchange_sums(sums, summed)
        return True
    except BaseException as error:
        plan.failure = error
        return False


cdef class Shared(Grouped):
    def set_ranks(self, ranks, bint over_all):
        """
        Let other processes have parts of the parameters: a Ranks, or None; `over_all`: whether the rule has sums over
        all parameters.
        """
        cdef Py_ssize_t i
        self.ranks = ranks
        self.over_all = over_all and ranks is not None
        self.stage.owner, self.stage.add_others = <void*>self, NULL
        if self.over_all:
            self.stage.add_others = add_others
        for i in range(self.count):
            self.slots[i].elsewhere = ranks is not None and i in ranks.elsewhere

    cdef double measure_all(self, double scale) except? -1:
        """The norm over the gradients of this step, of all processes that have some of them, and `beside` with it."""
        cdef Py_ssize_t i
        cdef double norm
        if self.ranks is None:
            norm = self.measure()
            self.beside = self.beside_here = self.norm_beside(norm, scale)
            return norm
        repeated = [i for i in range(self.first, self.stop) if self.slots[i].elsewhere and self.slots[i].cohort >= 0]
        for i in repeated:
            self.slots[i].cohort = -1
        try:
            norm = self.measure()
        finally:
            for i in repeated:
                self.slots[i].cohort = 0
        self.beside = self.beside_here = self.norm_beside(INFINITY if repeated else norm, scale)
        self.exchanges += 1
        norm, self.largest, self.beside = self.ranks.norm(norm, self.largest, self.beside)
        return norm

    cdef bint together_beside(self) except -1:
        """Whether all processes decide together if gradients would spoil state in 8 bits; the same on each."""
        cdef Group group
        if self.ranks is None or self.alone or not self.ranks.known:
            return False
        if not self.groups:
            return self.expects_blocks
        # Where tensors are divided, a part may be too small for blocks: not all processes have them.
        for group in self.groups:
            if group.storage.in_blocks:
                return True
        return False

    cdef int begin_together(self) except -1:
        """Before a step without a norm, so that all processes begin it or none."""
        self.beside = self.beside_here = self.norm_beside(INFINITY, 1.0)
        if self.over_all or self.together_beside():
            self.exchanges += 1
            _, _, self.beside = self.ranks.norm(0.0, 0.0, self.beside)
        return 0

    cdef int exchange_sums(self, double* sums, Py_ssize_t* summed) except -1:
        cdef int k
        self.sums_exchanged = True
        self.exchanges += 1
        *found, elements = self.ranks.sums([*[sums[k] for k in range(MAX_TERMS)], summed[0]])
        for k in range(MAX_TERMS):
            sums[k] = found[k]
        summed[0] = int(elements)
        return 0

    cdef int finish_sums(self) except -1:
        """
        After a step with sums: take part in them where nothing here was summed, and raise what they ended with where
        other processes were not reached.
        """
        cdef double[MAX_TERMS] none
        cdef Py_ssize_t summed = 0
        cdef bint done = self.sums_exchanged
        self.sums_exchanged = False
        if not done:
            memset(none, 0, sizeof(none))
            try:
                self.exchange_sums(none, &summed)
            finally:
                self.sums_exchanged = False
        if self.failure is not None:
            failure, self.failure = self.failure, None
            failure.add_note("the state of this optimizer is that of a step that was not finished: load a saved one")
            raise failure
        return 0
