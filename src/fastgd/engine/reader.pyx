"""
Reader: the checks of a class of optimizers, with a short way for what is plainly right.

A float in a check's range, a bool, a few such floats are taken without a call into Python; anything else goes to
the check, which returns its plain form or says what is wrong with it.
"""
from libc.math cimport NAN

from fastgd.hyperparameters import LARGEST as _LARGEST
from fastgd.hyperparameters import Flag, Number, Several, real, schedules_of

cdef enum:
    NUMBER
    SEVERAL
    FLAG
    OTHER


cdef double LARGEST = _LARGEST      # the largest number that float32 holds


cdef double real_number(str name, object value) except? -1:
    """A real number that float32 holds."""
    if type(value) is float and -LARGEST <= <double>value <= LARGEST:
        return <double>value
    return real(name, value)


cdef inline bint plain_float(object value, const Field* field) noexcept:
    return type(value) is float and field.low <= <double>value <= field.high


cdef inline bint plain_floats(tuple value, const Field* field) noexcept:
    cdef Py_ssize_t i
    if len(value) != field.count:
        return False
    for i in range(field.count):
        if not plain_float(value[i], field):
            return False
    return True


cdef class Reader:
    """
    Parameters
    ----------
    checks : dict of str to Check
        In the order of the family's struct.
    convert : callable, optional
        (name, value) -> value, before a check that is asked: what a host keeps a number in.
    together : callable, optional
        Takes all values by name and raises where they do not go together.
    """

    def __init__(self, dict checks not None, convert=None, together=None):
        cdef Field* field
        self.names = tuple(checks)
        self.checks = tuple(checks.values())
        # Asked once: a check is Python code, in which an interrupt could come while settings are taken over.
        self.numbers = tuple([(check.each if type(check) is Several else check).constant() for check in self.checks])
        self.convert = convert
        self.together = together
        self.width = 0
        if sum([len(check.fields) or 1 for check in self.checks]) > MAX_HYPER:
            raise ImportError(f"more than {MAX_HYPER} hyperparameters: {', '.join(self.names)}")
        for k, check in enumerate(self.checks):
            field = &self.fields[k]
            field.kind = OTHER
            field.low, field.high = NAN, NAN
            field.start, field.count = self.width, len(check.fields) or 1
            self.width += field.count
            number = check.constant()
            if type(check) is Several and check.accepts is None:
                field.kind = SEVERAL
                number = check.each.constant()
            elif isinstance(number, Number):
                field.kind = NUMBER
            elif type(check) is Flag and check.only is None:
                field.kind = FLAG
            if field.kind in (NUMBER, SEVERAL):
                field.low, field.high = number.low, number.high

    cdef bint is_plain(self, Py_ssize_t k, object value) noexcept:
        """Whether `read` takes a number, or a tuple of them, without a call into Python."""
        cdef const Field* field = &self.fields[k]
        return (field.kind == NUMBER and plain_float(value, field)
                or field.kind == SEVERAL and type(value) is tuple and plain_floats(<tuple>value, field))

    cdef object read(self, Py_ssize_t k, object where, object value, double* hyper):
        """
        The plain form of hyperparameter `k`; its doubles go into the struct `hyper`. `where` is what a message calls
        the dict that it is from, None for an argument.
        """
        cdef const Field* field = &self.fields[k]
        cdef int i
        if field.kind == NUMBER and plain_float(value, field):
            hyper[field.start] = <double>value
            return value
        if field.kind == FLAG and (value is True or value is False):
            hyper[field.start] = value is True
            return value
        if field.kind == SEVERAL and type(value) is tuple and plain_floats(<tuple>value, field):
            for i in range(field.count):
                hyper[field.start + i] = <double>(<tuple>value)[i]
            return value
        check, name = self.checks[k], self.names[k]
        if where is not None:
            name = f"{where}[{name!r}]"
        if self.convert is not None:
            value = self.convert(name, value)
        value = check(name, value)
        for i, number in enumerate(check.doubles(value)):
            hyper[field.start + i] = number
        return value

    cdef int check_together(self, tuple values) except -1:
        """Raise where values do not go together; a schedule's are known at each step."""
        if self.together is not None:
            named = dict(zip(self.names, values))
            if not schedules_of(named):
                self.together(named)
        return 0

    cdef list schedules(self, tuple values):
        """(place in the struct, check of a number, how messages go on, schedule) for each schedule among values."""
        cdef list found = []
        for k, (name, value) in enumerate(zip(self.names, values)):
            if callable(value):
                found.append((self.fields[k].start, self.numbers[k], f"[{name!r}]", value))
            elif type(value) is tuple and type(self.checks[k]) is Several:
                for i, entry in enumerate(value):
                    if callable(entry):
                        found.append((self.fields[k].start + i, self.numbers[k], f"[{name!r}][{i}]", entry))
        return found

    cdef tuple present(self, tuple values, const double* hyper):
        """Checked values, with those of the struct in the place of schedules."""
        cdef list result = list(values)
        for k, value in enumerate(values):
            if callable(value):
                result[k] = hyper[self.fields[k].start]
            elif type(value) is tuple:
                result[k] = tuple([hyper[self.fields[k].start + i] if callable(entry) else entry
                                   for i, entry in enumerate(value)])
        return tuple(result)

    def values(self, given not None, where=None):
        """The plain forms of all hyperparameters of a dict, in order."""
        cdef double[MAX_HYPER] hyper
        result = tuple([self.read(k, where, given[name], hyper) for k, name in enumerate(self.names)])
        self.check_together(result)
        return result

    def doubles(self, tuple values not None):
        """The struct of doubles of checked values."""
        cdef double[MAX_HYPER] hyper
        for k in range(len(self.names)):
            self.read(k, None, values[k], hyper)
        return tuple([hyper[k] for k in range(self.width)])
