"""Measured: a plan that measures its gradients, all of them together or those beside state in 8 bits."""
from cpython.mem cimport PyMem_Free
from libc.math cimport INFINITY, fabs

from fastgd.engine.arrays cimport PyArrayObject
from fastgd.engine.execute cimport Slot, updated
from fastgd.engine.norm cimport blocks, norm, view
from fastgd.engine.plan cimport grown
from fastgd.engine.threads cimport count as thread_count


cdef void view_gradient(const Slot* slot, View* out) noexcept:
    """Where the gradient of a slot lies, for its norm."""
    cdef const void* data = slot.arrays[1]
    if slot.touched != NULL:
        data = slot.touched.values[0] if slot.touched.count else NULL
    view(<PyArrayObject*>slot.param, slot.formats[1], data, out)
    out.size = updated(slot)    # Rows lie as their parameter does, in C order.


cdef double BESIDE_BLOCKS = 2.0**63     # the largest norm of gradients beside state in 8 bits: its square is finite


cdef class Measured(Plan):
    def __dealloc__(self):
        PyMem_Free(self.views)
        PyMem_Free(self.partial)

    cdef double measure(self) except? -1:
        """The norm over the gradients of this step."""
        return self.measure_some(False)

    cdef double measure_some(self, bint blocked) except? -1:
        """The norm over the gradients of this step; `blocked`: over those beside state in 8 bits."""
        cdef Py_ssize_t i, n = 0, needed
        cdef int threads
        cdef double result
        if self.room > self.view_room:
            self.views = <View*>grown(self.views, self.room, sizeof(View))
            self.view_room = self.room
        for i in range(self.first, self.stop):
            if self.slots[i].cohort >= 0 and (self.slots[i].blocked or not blocked):
                view_gradient(&self.slots[i], &self.views[n])
                n += 1
        needed = blocks(self.views, n)
        if needed == 1:
            return norm(self.views, n, NULL, 1)
        if needed > self.partial_room:
            self.partial = <double*>grown(self.partial, needed, sizeof(double))
            self.partial_room = needed
        threads = thread_count()
        with nogil:
            result = norm(self.views, n, self.partial, threads)
        return result

    cdef bint any_blocked(self) noexcept:
        """Whether a slot with state in 8 bits has a gradient in this step."""
        cdef Py_ssize_t i
        for i in range(self.first, self.stop):
            if self.slots[i].cohort >= 0 and self.slots[i].blocked:
                return True
        return False

    cdef double norm_beside(self, double most, double scale) except? -2:
        """
        The norm over gradients beside state in 8 bits: -1 without any, infinity for NaN, and 0, without a look at them,
        where that over all of this process' gradients is `most` and leaves no doubt.
        """
        cdef double found
        if not self.blocked or not self.any_blocked():
            return -1
        if most * fabs(scale) <= BESIDE_BLOCKS:
            return 0
        found = self.measure_some(True)
        return found if found == found else INFINITY

    cdef Py_ssize_t first_beyond(self, double bound) except -2:
        """The first slot with state in 8 bits whose gradient's norm is above a bound or NaN; -1 without one."""
        cdef Py_ssize_t i
        cdef View one
        for i in range(self.first, self.stop):
            if self.slots[i].cohort >= 0 and self.slots[i].blocked:
                view_gradient(&self.slots[i], &one)
                if not norm(&one, 1, NULL, 1) <= bound:
                    return i
        return -1
