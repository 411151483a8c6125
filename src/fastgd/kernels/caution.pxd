# Cautious steps: Liang et al. 2024, with timm's scale. Elements of an update that go against the gradient are left out,
# and the others enlarged by what part they are. A first pass counts them; it reads states, and changes none.
from fastgd.kernels.real cimport real, signed


cdef inline real agreement(real update, real g) noexcept nogil:
    # 1 where the signs are the same, and 0 elsewhere. The product of two small numbers would be 0.
    cdef real one = <real>1, zero = <real>0
    return one if signed(one, update) * g > 0 else zero


cdef inline double enlarged(double step_size, double agreeing, Py_ssize_t n) noexcept nogil:
    return step_size / max(agreeing / <double>n, 1e-3)
