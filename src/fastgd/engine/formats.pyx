"""
Which format an array has, and how a group's arrays are stored.

NumPy has no bfloat16: it is a type that ml_dtypes registers with it, under a number that `register_bfloat16` is told
when the first such array or state is asked for.
"""
from fastgd.engine.arrays cimport NPY_FLOAT32, NPY_FLOAT64, NPY_HALF, PyArrayObject, is_native, type_of
from fastgd.kernels.rule cimport BFLOAT16, FLOAT16, FLOAT32, FLOAT64, Format

NAMES = ("float32", "float64", "bfloat16", "float16")   # of the formats, in their order

cdef int bfloat16_number = -1


def register_bfloat16(int number):
    """Take over the number of ml_dtypes' type among those of NumPy."""
    global bfloat16_number
    bfloat16_number = number


cdef Format format_of(PyArrayObject* a) noexcept nogil:
    """The format of an array; -1 for one that is in none, or not in the byte order of this machine."""
    cdef int number = type_of(a)
    if not is_native(a):
        return -1
    if number == NPY_FLOAT32:
        return FLOAT32
    if number == NPY_FLOAT64:
        return FLOAT64
    if number == NPY_HALF:
        return FLOAT16
    if number == bfloat16_number:
        return BFLOAT16
    return -1


cdef int number_of(Format format) noexcept nogil:
    """NumPy's number of the type."""
    if format == FLOAT32:
        return NPY_FLOAT32
    if format == FLOAT64:
        return NPY_FLOAT64
    return NPY_HALF if format == FLOAT16 else bfloat16_number


cdef class Storage:
    """
    How the arrays of a group are stored.

    Parameters
    ----------
    state_dtype : str or None
        The format of state arrays; "param" for that of the parameter, None for what the rule computes in.
    """

    def __init__(self, state_dtype=None):
        self.state_dtype = state_dtype

    def __eq__(self, other):
        return type(other) is Storage and self.state_dtype == (<Storage>other).state_dtype

    cdef Format state_format(self, str key, Format param) except -1:
        """The format of a state array beside a parameter."""
        if self.state_dtype is None:
            return computed_in(param)
        if self.state_dtype == "param":
            return param
        return BFLOAT16 if self.state_dtype == "bfloat16" else FLOAT32

    def state_name(self, str key not None, str param not None):
        """As `state_format`, by names."""
        return NAMES[self.state_format(key, NAMES.index(param))]
