"""What NumPy's optimizers keep between steps."""

from typing import Any

import numpy as np

from fastgd import formats, validation
from fastgd.optimizers.settings import GradientSettings


class Keeping(GradientSettings):
    """Gradients that are bound, copies of parameters, sums of gradients, and the directory of states."""

    param_groups: list[dict[str, Any]]

    def _flatten(self, label: str, values: object) -> tuple[Any, ...]:
        """Values in the form of the parameters as a tuple in their order."""
        raise NotImplementedError

    def _label(self, i: int) -> str:
        """What messages call parameter `i`."""
        raise NotImplementedError

    def _written(self) -> list[tuple[str, np.ndarray]]:
        """What a step writes to, by name."""
        raise NotImplementedError

    def _gradient_label(self, i: int) -> str:
        raise NotImplementedError

    def _gradient(self, i: int, grad: object) -> np.ndarray | None:
        """The gradient of parameter `i`, checked with a message for what is wrong."""
        raise NotImplementedError

    @property
    def state_dir(self) -> str | None:
        """The directory in which states are kept in files, if they are."""
        return None if self._steps.files is None else self._steps.files.directory

    def bind(self, grads: object) -> None:
        """
        Keep gradient buffers, for `step` without an argument and for `zero_grad`.

        Parameters
        ----------
        grads : like params
            As for `step`; the arrays are read again at each step.

        Raises
        ------
        TypeError, ValueError
            As by `step`; what was bound before stays so.
        """
        with self._steps:
            flat = self._flatten("grads", grads)
            for i, grad in enumerate(flat):
                if isinstance(grad, np.generic):
                    label = self._gradient_label(i)
                    raise TypeError(f"{label}: expected an array, whose numbers can change, got {type(grad).__name__}")
            self._steps.bound = tuple(self._gradient(i, grad) for i, grad in enumerate(flat))

    def zero_grad(self) -> None:
        """
        Set the bound gradients to zero.

        Raises
        ------
        RuntimeError
            If none are bound.
        ValueError
            If one of them is read-only; all are then unchanged.
        """
        with self._steps:
            bound = [(i, grad) for i, grad in enumerate(self._steps.bound_gradients()) if grad is not None]
            for i, grad in bound:
                validation.writeable(self._gradient_label(i), grad, formats.ALL)
            for _, grad in bound:
                grad.fill(0)

    def bind_copies(self, copies: object) -> None:
        """
        Keep copies of parameters in another format, which each step writes in its pass.

        Parameters
        ----------
        copies : like params
            Arrays in bfloat16, float16 or float32, each with the shape and, counted in items, the strides of its
            parameter, or what shares its memory, as for `step`; None for a parameter without a copy, or, in the place
            of all, for none from now on.

        Raises
        ------
        TypeError, ValueError
            If an array is not as described, read-only, or shares memory with parameters, state or another copy; what
            was bound before stays so.
        RuntimeError
            Inside `averaged`.

        Notes
        -----
        They are written when they are bound, when `averaged` begins and ends, and in each step that updates their
        parameter, rounded once to nearest from what the rule computes with: with master weights, the float32. Who else
        writes to a parameter binds its copy again.
        """
        with self._steps:
            self._steps.check_plain()
            count = len(self._steps.params)
            flat = [None] * count if copies is None else self._flatten("copies", copies)
            arrays = [copy if copy is None else self._copy(i, copy) for i, copy in enumerate(flat)]
            named = [(self._copy_label(i), copy) for i, copy in enumerate(arrays) if copy is not None]
            ours = {id(copy) for copy in self._steps.copies if copy is not None}
            validation.apart([*(pair for pair in self._written() if id(pair[1]) not in ours), *named])
            self._steps.set_copies(arrays)

    def _copy_label(self, i: int) -> str:
        return "copies" + self._label(i).removeprefix("params")

    def _copy(self, i: int, copy: object) -> np.ndarray:
        """The copy of parameter `i`, checked."""
        label = self._copy_label(i)
        self._steps.check_param(i, self._label(i))
        array = validation.writeable(label, validation.shared(label, copy), formats.NARROW)
        return validation.laid_out_like(label, array, self._steps.params[i])

    def accumulate(self, grads: object = None, *, zero_grads: bool = False) -> None:
        """
        Add gradients to sums in float32, or in float64 for parameters in float64.

        The next `step`, which is then called without gradients, takes the sums, divided by how many calls there were,
        and forgets them.

        Parameters
        ----------
        grads : like params
            As for `step`; None for a parameter adds nothing to its sum. Without this argument the gradients given to
            `bind` are added.
        zero_grads : bool, default False
            As for `step`: whether these gradients are overwritten with zeros after they have been added.

        Raises
        ------
        TypeError, ValueError
            If a gradient is not as it must be; no sum is then changed.
        RuntimeError
            If none are given or bound, inside `averaged`, or if another thread is inside a method of this optimizer.

        Notes
        -----
        The last batches, which may be fewer than usual, are a step like any other. A parameter that had no gradient in
        any of them is left alone; one that had fewer is divided by the number of calls all the same. `max_grad_norm`
        and `max_grad_value` are for the mean. A step that is refused leaves the sums as they are, and one that
        `skip_nonfinite` leaves out forgets them. They are not part of `state_dict`; `load_state_dict` forgets them.

        Examples
        --------
        >>> import numpy as np, fastgd
        >>> w = np.zeros(1)
        >>> opt = fastgd.SGD(w, lr=1.0)
        >>> for batch in ([1.0], [2.0]):
        ...     opt.accumulate(np.array(batch))
        >>> opt.step()
        >>> w
        array([-1.5])
        """
        self._steps.accumulate(self, grads, zero_grads)
