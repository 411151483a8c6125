"""The functions of kernels/exact.pxd for Python: for schedules, whose rates reach parameters too, and for tests."""
from fastgd.kernels.exact cimport cos_pi as cosine_of, power as whole_power, real_power as any_power


def power(double x, long long n):
    """x**n for n of at least 0, by repeated squaring."""
    return whole_power(x, n)


def real_power(double x, double y):
    """x**y, NaN for every x below 0."""
    return any_power(x, y)


def cos_pi(double x):
    """cos(pi * x)."""
    return cosine_of(x)
