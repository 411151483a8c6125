"""
Which format an array has, and how a group's arrays are stored.

NumPy has no bfloat16: it is a type that ml_dtypes registers with it, under a number that `register_bfloat16` is told
when the first such array or state is asked for.
"""
from fastgd.engine.arrays cimport NPY_FLOAT32, NPY_FLOAT64, NPY_HALF, NPY_INT16, PyArrayObject, is_native, type_of
from fastgd.kernels.rule cimport BFLOAT16, DIRECT, FLOAT16, FLOAT32, FLOAT64, INT16, Format

NAMES = ("float32", "float64", "bfloat16", "float16", "int16")      # of the formats, in their order

# State that moves in a step by less than half a unit of bfloat16, so that rounded to nearest it would stay where it is:
# second moments, and what gathers or averages over many steps.
SLOW = frozenset((
    "acc_delta", "accumulator", "ax", "ema", "exp_avg_slow", "exp_avg_sq", "exp_avg_var", "exp_inf",
    "grad_sum_sq", "linear", "max_exp_avg_sq", "s", "square_avg", "sum", "z",
))

AVERAGE = "ema"     # state key of the moving average of a parameter

MASTER = ("param_remainder", "master_param")    # state keys of what bfloat16 and float16 lack; int16, float32

# What a step leaves for its second pass, which is computed with once and never kept.
cdef frozenset SCRATCH = frozenset(("update",))

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
    if number == NPY_INT16:
        return INT16
    return -1


cdef int number_of(Format format) noexcept nogil:
    """NumPy's number of the type."""
    if format == FLOAT32:
        return NPY_FLOAT32
    if format == FLOAT64:
        return NPY_FLOAT64
    if format == INT16:
        return NPY_INT16
    return NPY_HALF if format == FLOAT16 else bfloat16_number


cdef class Storage:
    """
    How the arrays of a group are stored.

    Parameters
    ----------
    state_dtype : str or None
        The format of state arrays; "param" for that of the parameter, None for what the rule computes in.
    rounding : str
        "nearest" or "stochastic", of parameters in bfloat16.
    seed : int
        What random bits follow from.
    master_weights : bool
        Whether parameters in 16 bits are kept to float32 besides.
    ema_decay : float or None
        Decay of the moving averages that are kept of parameters. It may change from step to step.
    """

    def __init__(self, state_dtype=None, rounding="nearest", seed=0, master_weights=False, ema_decay=None):
        self.state_dtype = state_dtype
        self.rounding = rounding
        self.seed = seed
        self.master_weights = master_weights
        self.ema_decay = ema_decay

    def stores_like(self, Storage o not None):
        """Whether arrays are stored alike."""
        return ((self.state_dtype, self.rounding, self.seed, self.master_weights)
                == (o.state_dtype, o.rounding, o.seed, o.master_weights))

    cdef str master_key(self, Format param):
        """The state key of what a parameter lacks to a float32; None where it lacks nothing that is kept."""
        if not self.master_weights or param < DIRECT:
            return None
        return "param_remainder" if param == BFLOAT16 else "master_param"

    cdef bint is_random(self, str key, Format format) except -1:
        """Whether a state array, or with None the parameter, is rounded at random."""
        if format != BFLOAT16:
            return False
        if key is None:
            return self.rounding == "stochastic"
        return self.state_dtype == "bfloat16" and key in SLOW

    cdef Format state_format(self, str key, Format param) except -1:
        """The format of a state array beside a parameter."""
        if key == "param_remainder":
            return INT16
        if self.state_dtype is None or key in SCRATCH or key == "master_param":
            return computed_in(param)
        if self.state_dtype == "param":
            return param
        return BFLOAT16 if self.state_dtype == "bfloat16" else FLOAT32

    def state_name(self, str key not None, str param not None):
        """As `state_format`, by names."""
        return NAMES[self.state_format(key, NAMES.index(param))]
