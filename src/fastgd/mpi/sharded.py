"""Sharded: an optimizer whose state is divided between the processes of a communicator."""

import threading
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from fastgd import formats, hyperparameters, validation
from fastgd.engine.steps import IN_USE
from fastgd.mpi.agreement import Said, agree
from fastgd.mpi.division import axes_of, by_elements, by_tensors, flat, laid_out
from fastgd.mpi.saved import Saved
from fastgd.mpi.traffic import ELEMENTS, Bucket
from fastgd.optimizers import storage
from fastgd.optimizers.base import Optimizer, Params
from fastgd.optimizers.tree import Tree, flatten_groups, refuse_tensors, split_groups
from fastgd.ranks import Ranks, RefusedElsewhereError, measures_each, sums_over_all


class Sharded(Saved):
    """
    An optimizer of NumPy arrays whose state is divided between the ranks of an MPI communicator.

    Every rank has all parameters, and gradients of its own batch; all ranks call every method but those that only read.
    A step takes the mean of the gradients over the ranks, each rank updates its part of the parameters, and all get
    what the others have updated.

    Parameters
    ----------
    params
        As for `Optimizer`; the same numbers on all ranks.
    kind : type
        A class of fastgd, such as `fastgd.AdamW`.
    comm : mpi4py.MPI.Intracomm
        The communicator, for this optimizer alone, or anything with its methods ``Get_rank``, ``Get_size``,
        ``allgather``, ``Allgather``, ``Allgatherv``, ``Gatherv`` and ``Reduce_scatter``.
    buffer : int, default 2**24
        How many elements are sent at once, over all ranks, at least the number of ranks; two buffers have this size.
    **settings
        Hyperparameters of `kind`, and what else it takes.

    Attributes
    ----------
    shard : Optimizer
        What updates the part of this rank. Its hyperparameters and settings may be changed between steps, to the same
        on all ranks.
    param_groups, lr, grad_norm, skipped_steps, steps_completed
        As of `Optimizer`, read from `shard`; the norm is that of the mean over all ranks.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, on the rank where that is so, or if it is not the same on all ranks.
    RuntimeError
        On the other ranks.

    Notes
    -----
    Numbers are those of one process that calls ``step(total, grad_scale=grad_scale / ranks)`` with the sum of the
    gradients: the same bits where the sum is, as for two ranks. Gradients in 16 bits are summed in float32. A norm, and
    sums of rules over all parameters, are added in the order of the ranks, so that their last bits depend on how many
    there are.

    Rules that work element by element have an equal number of elements on each rank. Those that need whole tensors,
    such as LAMB, Muon, Adafactor or cautious steps, have whole parameters on each, the largest first; there a rank has
    nothing to do where there are fewer parameters than ranks. ``rounding="stochastic"`` and state in 8 bits are refused
    where tensors are cut, since bits would depend on the number of ranks.

    What one rank refuses, all refuse, so that none waits for another. An exception that comes between, such as Ctrl-C,
    leaves the others waiting: run programs with ``python -m mpi4py``, which then ends all.

    Examples
    --------
    >>> import numpy as np, fastgd, fastgd.mpi
    >>> from mpi4py import MPI  # doctest: +SKIP
    >>> w = np.array([1.0, 2.0])
    >>> opt = fastgd.mpi.Sharded(w, fastgd.SGD, MPI.COMM_WORLD, lr=0.5)  # doctest: +SKIP
    >>> opt.step(np.array([4.0, -1.0]))  # doctest: +SKIP
    """

    def __init__(
        self, params: Params, kind: type[Optimizer], comm: Any, *, buffer: int = ELEMENTS, **settings: Any
    ) -> None:
        self.comm = comm
        self._lock = threading.Lock()
        error: Exception | None = None
        said: Said = []
        try:
            self._take(params, kind, validation.count("buffer", buffer), settings)
            said = self._described(kind)
        except Exception as raised:
            error = raised
        agree(comm, said, error, "these arguments")

    def _take(self, params: Params, kind: type[Optimizer], buffer: int, settings: dict[str, Any]) -> None:
        """Check the arguments, and make the optimizer of this rank's part."""
        if not (isinstance(kind, type) and issubclass(kind, Optimizer)):
            raise TypeError(f"kind must be an optimizer class of fastgd for NumPy, got {kind!r}")
        if settings.get("state_dir") is not None:
            raise ValueError("state_dir is for one process: ranks keep their parts of the state in memory")
        self._kind, self._given, self._original = kind, settings, params
        refuse_tensors(kind.__name__, params)
        groups = split_groups(params)
        self._grouped = groups is not None
        groups = [{"params": params}] if groups is None else groups
        self._labels = [f"params[{n}]" if self._grouped else "params" for n in range(len(groups))]
        self._trees = [Tree(lb, g["params"], self._grouped) for lb, g in zip(self._labels, groups, strict=True)]
        self._params = self._checked(kind)
        self._axes = [axes_of(param) for param in self._params]
        self._flat = [flat(param, axes) for param, axes in zip(self._params, self._axes, strict=True)]
        # What a rule needs follows from its hyperparameters, which an optimizer of nothing checks and reads.
        probe = self._optimizer(groups, [np.empty((0, *p.shape[1:]), p.dtype) for p in self._params])
        self.whole = needs_whole(probe)
        self._refuse_formats(probe)
        self._divide(buffer)
        self.shard = self._optimizer(groups, self._parts())
        self.shard._steps.set_ranks(Ranks([self._exchange]), sums_over_all(kind))

    def _checked(self, kind: type[Optimizer]) -> list[np.ndarray]:
        named = [(tree.label(label, k), array) for label, tree in zip(self._labels, self._trees, strict=True)
                 for k, array in enumerate(tree.arrays)]  # fmt: skip
        arrays = [validation.writeable(*pair, formats.ALL) for pair in named]
        kind.check_params(named)
        self._names = [name for name, _ in named]
        validation.apart(list(zip(self._names, arrays, strict=True)))
        return arrays

    def _optimizer(self, groups: list[dict[str, Any]], arrays: list[np.ndarray]) -> Optimizer:
        """An optimizer of other arrays in the place of the parameters."""
        left = iter(arrays)
        made = [{**group, "params": replaced(group["params"], left)} for group in groups]
        self._form = made[0]["params"]
        return self._kind(made if self._grouped else self._form, **self._given)

    def _refuse_formats(self, probe: Optimizer) -> None:
        """Refuse what would follow from the number of ranks where tensors are divided."""
        form = next((group.storage.state_dtype for group in probe._steps.groups if group.storage.in_blocks), None)
        if not self.whole and form is not None:
            raise ValueError("state_dtype: blocks begin at the first element of a part: expected state that is not in "
                             f"8 bits where tensors are divided, got {form!r}")  # fmt: skip
        if not self.whole and any(group.storage.rounding == "stochastic" for group in probe._steps.groups):
            raise ValueError("rounding: bits of 'stochastic' follow from an element's number in its part: expected "
                             "'nearest' where tensors are divided, got 'stochastic'")  # fmt: skip

    def _divide(self, buffer: int) -> None:
        """Find out which rank has what, and how it is sent."""
        ranks, divide = self.comm.Get_size(), by_tensors if self.whole else by_elements
        self.ranges = [[(0, 0)] * len(self._params) for _ in range(ranks)]
        self._buckets: list[tuple[list[int], Bucket]] = []
        for dtype in dict.fromkeys(param.dtype for param in self._params):
            members = [i for i, param in enumerate(self._params) if param.dtype == dtype]
            division = divide([self._params[i].size for i in members], ranks)
            for rank, own in enumerate(division):
                for i, (start, stop) in zip(members, own, strict=True):
                    self.ranges[rank][i] = start, stop
            wide = np.dtype(np.float64 if dtype == np.float64 else np.float32)
            flats = [self._flat[i] for i in members]
            self._buckets.append((members, Bucket(self.comm, flats, division, wide, buffer)))

    def _parts(self) -> list[np.ndarray]:
        """What this rank updates of each parameter."""
        own = self.ranges[self.comm.Get_rank()]
        if not self.whole:
            return [param[start:stop] for param, (start, stop) in zip(self._flat, own, strict=True)]
        return [p if stop or not p.size else np.empty((0, *p.shape[1:]), p.dtype)
                for p, (_, stop) in zip(self._params, own, strict=True)]  # fmt: skip

    def _described(self, kind: type[Optimizer]) -> list[tuple[str, object]]:
        """What must be the same on all ranks when they begin."""
        said: list[tuple[str, object]] = [("kind", kind.__name__), ("names of params", self._names)]
        for name, param, axes, elements in zip(self._names, self._params, self._axes, self._flat, strict=True):
            said += [(f"{name}: dtype", param.dtype.name), (f"{name}: shape", param.shape), (f"{name}: order", axes)]
            said.append((f"{name}: checksum of the elements", zlib.crc32(elements.view(np.uint8).data)))
        return said + self._hyperparameters()

    def _hyperparameters(self) -> list[tuple[str, object]]:
        said: list[tuple[str, object]] = []
        for n, (values, group) in enumerate(zip(self.shard.current(), self.shard.param_groups, strict=True)):
            said += [(f"param_groups[{n}][{name!r}]", value) for name, value in values.items()]
            said += [(f"param_groups[{n}][{name!r}]", value) for name, value in storage.given(group).items()]
        said += list(self.shard._steps.clipping.items())
        return [*said, ("steps_completed", self.shard.steps_completed)]

    def _exchange(self, numbers: list[float]) -> list[list[float]]:
        mine = np.array(numbers, np.float64)
        found = np.empty((self.comm.Get_size(), len(numbers)))
        self.comm.Allgather(mine, found)
        return found.tolist()  # type: ignore[no-any-return]

    # ---- a step -----------------------------------------------------------------------------------------------

    def step(self, grads: object, *, grad_scale: float = 1.0) -> None:
        """
        Update every parameter that has gradients, with their mean over the ranks.

        Parameters
        ----------
        grads : like params
            As for `Optimizer.step`, of this rank's batch, without `Rows`. A parameter has a gradient on all ranks, or
            None on all.
        grad_scale : float, default 1.0
            What the mean is multiplied by before anything else; the same on all ranks.

        Raises
        ------
        TypeError, ValueError
            If a gradient or a hyperparameter is not as it must be, on the rank where that is so, or if they are not
            the same on all ranks; nothing is then changed on any.
        RuntimeError
            On the other ranks; or if another thread is inside a method of this optimizer.
        """
        with self._alone():
            error: Exception | None = None
            said: Said = []
            flat_grads: list[np.ndarray | None] = []
            scale = 0.0
            try:
                scale = hyperparameters.real("grad_scale", grad_scale)
                flat_grads = self._gradients(grads)
                said = self._said(flat_grads, scale)
            except Exception as raised:
                error = raised
            agree(self.comm, said, error, "its step")
            sums: list[np.ndarray | None] = [None] * len(self._params)
            for members, bucket in self._buckets:
                bucket.reduce([flat_grads[i] for i in members])
                for i, own in zip(members, bucket.own_sums(), strict=True):
                    sums[i] = None if flat_grads[i] is None else own
            skipped, completed = self.shard.skipped_steps, self.shard.steps_completed
            self._update(sums, scale / self.comm.Get_size())
            if self.shard.skipped_steps == skipped:
                self._gather()
                # A rank without parameters has updated nothing, and counts the steps of the others.
                self.shard._steps.completed = completed + any(grad is not None for grad in flat_grads)

    def _gradients(self, grads: object) -> list[np.ndarray | None]:
        """The gradients of this rank, elements in the order that memory has for the parameters."""
        given = (flatten_groups(self._trees, "grads", grads) if self._grouped
                 else self._trees[0].flatten("grads", grads))  # fmt: skip
        result: list[np.ndarray | None] = []
        for name, grad, param, axes in zip(self._names, given, self._params, self._axes, strict=True):
            label = "grads" + name.removeprefix("params")
            if grad is not None:
                grad = flat(validation.beside(label, validation.shared(label, grad), param), axes)
            result.append(grad)
        return result

    def _said(self, flat_grads: list[np.ndarray | None], scale: float) -> Said:
        """What must be the same on all ranks in a step."""
        self.shard._steps.check_plain()
        said = [("grad_scale", scale), *self._hyperparameters()]  # which reads the groups
        if not self.whole and needs_whole(self.shard):
            raise ValueError(f"param_groups: {self._kind.__name__} with these hyperparameters needs whole tensors, "
                             "which were divided; give them to a new optimizer")  # fmt: skip
        has = [f"grads{name.removeprefix('params')} is None" for name in self._names]
        return [*said, *((name, grad is None) for name, grad in zip(has, flat_grads, strict=True))]

    def _update(self, sums: list[np.ndarray | None], scale: float) -> None:
        """Update this rank's part; raises on all ranks where one cannot."""
        steps, error = self.shard._steps, None
        exchanges = steps.exchanges
        if self.whole:
            sums = [None if s is None or s.size != p.size else laid_out(s, p, axes)
                    for s, p, axes in zip(sums, self._params, self._axes, strict=True)]  # fmt: skip
        try:
            self.shard.step(sums if self._grouped else replaced(self._form, iter(sums)), grad_scale=scale)
        except RefusedElsewhereError:
            pass  # and here it is said by which rank
        except Exception as raised:
            error = raised
            if steps.exchanges == exchanges:
                steps.refuse()
        agree(self.comm, (), error, "the update of its part")

    def gather(self) -> None:
        """
        Give all ranks what the optimizers of all parts have put into the parameters, outside of a step.

        That is what `averaged` of `shard` does, or `eval` and `train` of schedule-free optimizers.

        Raises
        ------
        RuntimeError
            If another thread is inside a method of this optimizer.
        """
        with self._alone():
            self._gather()

    def _gather(self) -> None:
        for _, bucket in self._buckets:
            bucket.gather()

    def _alone(self) -> "_Alone":
        return _Alone(self._lock)

    # ---- what is read -----------------------------------------------------------------------------------------

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        return self.shard.param_groups

    @property
    def lr(self) -> float:
        """Learning rate of the next step."""
        return self.shard.lr

    @property
    def grad_norm(self) -> float | None:
        """Norm of the mean of the latest step's gradients over the ranks, if it was asked for."""
        return self.shard.grad_norm

    @property
    def skipped_steps(self) -> int:
        """Steps that `skip_nonfinite` refused."""
        return self.shard.skipped_steps

    @property
    def steps_completed(self) -> int:
        """Steps that have updated anything."""
        return self.shard.steps_completed

    def __reduce__(self) -> Any:
        raise TypeError("Sharded is bound to its arrays and ranks and cannot be copied or pickled: use state_dict")


class _Alone:
    """One thread at a time in the methods of an optimizer, whose messages would be mixed with another's."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            raise RuntimeError(IN_USE)

    def __exit__(self, *error: object) -> None:
        self._lock.release()


def replaced(params: Any, arrays: Iterator[Any]) -> Any:
    """The form of parameters with others in the place of the arrays, in order."""
    if isinstance(params, Mapping):
        return {name: replaced(value, arrays) for name, value in params.items()}
    if isinstance(params, (list, tuple)):
        return [replaced(value, arrays) for value in params]
    return next(arrays)


def needs_whole(opt: Optimizer) -> bool:
    """Whether a rule of an optimizer, with its hyperparameters, needs each tensor as a whole."""
    return opt.whole or any(measures_each(group.rule()) for group in opt._steps.groups)
