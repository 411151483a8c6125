"""
Training with NumPy on many machines: the state of an optimizer divided between the processes of mpi4py.

Each process has all parameters and gradients of its own batch. A step sums the gradients, so that each rank gets those
of its part (a reduce-scatter), updates that part with an optimizer of fastgd, and gives it to the others (an
all-gather).

>>> import numpy as np, fastgd, fastgd.mpi
>>> from mpi4py import MPI  # doctest: +SKIP
>>> w = np.array([1.0, 2.0])
>>> opt = fastgd.mpi.Sharded({"w": w}, fastgd.AdamW, MPI.COMM_WORLD, lr=1e-2)  # doctest: +SKIP
>>> opt.step({"w": np.array([4.0, -1.0])})  # doctest: +SKIP
"""

# `division` says which rank has which elements, `traffic` sends them in pieces of a bounded size, `agreement` lets all
# ranks refuse what one of them refuses, and `sharded` is the optimizer. Nothing here imports mpi4py: a communicator is
# anything that has its methods.

from fastgd.mpi.sharded import Sharded

__all__ = ["Sharded"]
