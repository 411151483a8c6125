from fastgd.kernels.rule cimport Rule, Table

cdef const Table* table() noexcept nogil
