"""The functions of kernels/exact.pxd for Python: for schedules, whose rates reach parameters too, and for tests."""
cimport fastgd.kernels.exact as exact


def power(double x, long long n):
    """x**n for n of at least 0, by repeated squaring."""
    return exact.power(x, n)


def real_power(double x, double y):
    """x**y, NaN for every x below 0."""
    if y == 1 and x > 0:
        return x        # the exponent of most schedules
    return exact.real_power(x, y)


def cos_pi(double x):
    """cos(pi * x)."""
    return exact.cos_pi(x)
