"""
A step, compiled from its call to its kernels. There is no mathematics here.

`steps` is the step: it reads groups (by `reader`, which has the checks of a class), takes gradients, measures, clips,
folds and runs. `Steps` is a `Plan`: `plan` has the slots and groups, and binds arrays to them; `grouped` reads groups
again; `measured` has the norms of gradients, and `shared` asks other processes for their part of norms and sums;
`following` has what follows the parameters, and `stages` the loops of that. `execute` cuts the slots into chunks for
threads and calls the kernels; `norm` sums in blocks that no thread count changes. `apply` is one rule on one parameter,
for functions without state. `rows` sums gradients of a few rows; `execute` then takes each row for a part of its slot.

Below them, `dispatch` chooses the kernel module for this CPU and has its table; `pool`, with pool.h, is the threads of
the process, and `threads`, with `cgroup` and `threadpools`, says how many of them a step uses; `fpmode` sets the
floating-point mode; `single` says what float32 has no room for; `arrays` reads NumPy's arrays without a call. `exact`
gives the powers of `kernels/exact.pxd` to Python.

`optimizers` and `torch` are the fronts of `steps`. It asks a front about whatever is not plainly right, and the front
has the words for it.
"""

from fastgd.engine import threadpools

threadpools.register()
