# Arrays of zeros.
cimport numpy as cnp

from fastgd.kernels.rule cimport Format

cdef object laid_out_zeros(cnp.ndarray param, Format format)
cdef object zeros_of_rows(cnp.ndarray param, Format format)
cdef object zeros_of_blocks(cnp.ndarray param)
cdef object laid_out(cnp.ndarray param, Format format, void* data)
