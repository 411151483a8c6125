from fastgd.kernels.rule cimport Table

cdef const Table* table() noexcept nogil
