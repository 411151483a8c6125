"""zero_grad, compiled: what a training step does before it goes forward."""
from libc.string cimport memset

from fastgd.engine.formats cimport itemsize
from fastgd.torch.views cimport Borrow, Place, borrow_of, find

import torch
from torch.autograd.graph import increment_version

cdef object Tensor = torch.Tensor, Parameter = torch.nn.Parameter, is_neg = torch.Tensor.is_neg
cdef Borrow borrow = borrow_of(torch.Tensor)


cdef bint zeroed(object grad) except -1:
    """Let the elements of a plain gradient be zeros where they lie; False where torch has to do it."""
    cdef Place place
    cdef Py_ssize_t size = 1
    cdef int axis
    if type(grad) is not Tensor or borrow == NULL or grad.requires_grad or is_neg(grad):
        return False
    if not find(borrow, grad, &place):
        return False
    for axis in range(place.ndim - 1, -1, -1):
        if place.shape[axis] != 1 and place.strides[axis] != size * itemsize(place.format):
            return False
        size *= place.shape[axis]
    if size:
        memset(place.data, 0, size * itemsize(place.format))
    return True


cdef int zero(object grad, list changed) except -1:
    """As torch.optim does it to one gradient; `changed` are those of which autograd is told."""
    if zeroed(grad):
        changed.append(grad)
        return 0
    if grad.grad_fn is not None:
        grad.detach_()
    else:
        grad.requires_grad_(False)
    grad.zero_()
    return 0


def zero_grad(groups, bint set_to_none):
    """Let the gradients of all parameters of groups be None, or zeros."""
    cdef list changed = []
    for group in groups:
        for param in group["params"]:
            if set_to_none and (type(param) is Parameter or type(param) is Tensor):
                param.grad = None
                continue
            grad = param.grad
            if grad is None:
                continue
            if set_to_none:
                param.grad = None
            else:
                zero(grad, changed)
    if changed:
        increment_version(changed)
