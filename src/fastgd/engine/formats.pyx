"""
Which format an array has, and how a group's arrays are stored.

NumPy has no bfloat16: it is a type that ml_dtypes registers with it, under a number that `register_bfloat16` is told
when the first such array or state is asked for.
"""
from fastgd.engine.arrays cimport (
    NPY_ARRAY_C_CONTIGUOUS, NPY_FLOAT32, NPY_FLOAT64, NPY_HALF, NPY_INT16, NPY_UINT8, PyArrayObject, flags_of,
    is_native, pointer, size_of, type_of,
)
from fastgd.kernels.rule cimport (
    BFLOAT16, DIRECT, FLOAT16, FLOAT32, FLOAT64, INT16, POSITIVE8, ROOT8, SIGNED8, SPAN, Format,
)

NAMES = ("float32", "float64", "bfloat16", "float16", "int16", "uint8", "uint8", "uint8")   # of the formats, in order

# State that moves in a step by less than half a unit of bfloat16, so that rounded to nearest it would stay where it is:
# second moments, and what gathers or averages over many steps.
SLOW = frozenset((
    "acc_delta", "accumulator", "ax", "ema", "exp_avg_slow", "exp_avg_sq", "exp_avg_var", "exp_inf",
    "grad_sum_sq", "linear", "max_exp_avg_sq", "s", "square_avg", "sum", "z",
))

ABSMAX = "_absmax"  # what state keys of the largest magnitudes of blocks end with

AVERAGE = "ema"     # state key of the moving average of a parameter

MASTER = ("param_remainder", "master_param")    # state keys of what bfloat16 and float16 lack; int16, float32

# What 8 bits are enough for: moving averages of gradients, and of what is not below zero, of which some are squares.
SIGNED = frozenset(("exp_avg", "exp_avg_slow", "momentum_buffer", "neg_exp_avg"))
SQUARES = frozenset(("acc_delta", "exp_avg_sq", "exp_avg_var", "max_exp_avg_sq", "square_avg"))
POSITIVE = SQUARES | {"exp_inf"}
IN_BLOCKS = ("8bit", "8bit-sqrt")
BLOCK = SPAN        # elements of a block in 8 bits
LEAST = 4096        # elements of a parameter whose state is in blocks

# What a step leaves for its second pass, which is computed with once and never kept.
cdef frozenset SCRATCH = frozenset(("update",))

cdef int bfloat16_number = -1


def register_bfloat16(int number):
    """Take over the number of ml_dtypes' type among those of NumPy."""
    global bfloat16_number
    bfloat16_number = number


cdef Format format_of(PyArrayObject* a) noexcept nogil:
    """
    The format of an array; -1 for one that is in none, or not in the byte order of this machine.

    Of codes in 8 bits it does not tell what they stand for.
    """
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
    return SIGNED8 if number == NPY_UINT8 else -1


cdef int number_of(Format format) noexcept nogil:
    """NumPy's number of the type."""
    if format == FLOAT32:
        return NPY_FLOAT32
    if format == FLOAT64:
        return NPY_FLOAT64
    if format >= INT16:
        return NPY_INT16 if format == INT16 else NPY_UINT8
    return NPY_HALF if format == FLOAT16 else bfloat16_number


def absmax_keys(str key not None):
    """The state keys of the largest magnitudes of blocks, of the numbers under a key and of their square roots."""
    return key + ABSMAX, key + "_sqrt" + ABSMAX


def format_in_blocks(str key not None, bint root):
    """The number of the format in 8 bits of a state array; `root`: of its square roots, where it has squares."""
    if key in SIGNED:
        return SIGNED8
    if key in SQUARES and root:
        return ROOT8
    if key in POSITIVE:
        return POSITIVE8
    raise ValueError(f"8 bits are for moving averages of gradients and of their squares, and not for {key!r}")


cdef class Storage:
    """
    How the arrays of a group are stored.

    Parameters
    ----------
    state_dtype : str or None
        The format of state arrays; "param" for that of the parameter, None for what the rule computes in. "8bit" and
        "8bit-sqrt", of square roots where there are squares: codes, and the largest magnitude of each block.
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
        self.in_blocks = state_dtype in IN_BLOCKS

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

    cdef bint cuts(self, PyArrayObject* param) noexcept:
        """Whether state of a parameter is in blocks, which follow each other in C order."""
        return self.in_blocks and size_of(param) >= LEAST and flags_of(param) & NPY_ARRAY_C_CONTIGUOUS

    def absmax_key(self, str key not None, param not None):
        """The state key of the largest magnitudes of an array's blocks; None for one that is in no blocks."""
        cdef Format format = self.state_format(key, format_of(pointer(param)), self.cuts(pointer(param)))
        return absmax_keys(key)[format == ROOT8] if format >= SIGNED8 else None

    cdef Format state_format(self, str key, Format param, bint cut) except -1:
        """The format of a state array beside a parameter; `cut`: whether what can be is in blocks."""
        cdef Format format
        if key == "param_remainder":
            return INT16
        if self.state_dtype is None or key in SCRATCH or key == "master_param":
            return computed_in(param)
        if self.in_blocks:
            format = computed_in(param) if key == AVERAGE else format_in_blocks(key, self.state_dtype == "8bit-sqrt")
            return format if cut else computed_in(param)
        if self.state_dtype == "param":
            return param
        return BFLOAT16 if self.state_dtype == "bfloat16" else FLOAT32

    def state_name(self, str key not None, str param not None):
        """As `state_format`, by names, for a parameter whose state is in no blocks."""
        return NAMES[self.state_format(key, NAMES.index(param), False)]
