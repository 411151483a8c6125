cdef int count() noexcept
