"""What torch's optimizers keep between steps; fastgd.optimizers has one of the same name."""

from collections.abc import Iterable
from typing import Any

import torch

from fastgd.optimizers.settings import GradientSettings
from fastgd.torch.bound import Bound


class Keeping(GradientSettings):
    """Copies of parameters, and sums of gradients."""

    _steps: Bound
    param_groups: list[dict[str, Any]]

    def bind_copies(self, copies: Iterable[torch.Tensor | None] | None) -> None:
        """
        Keep copies of parameters in another format, which each step writes in its pass.

        Parameters
        ----------
        copies : iterable of Tensor, or None
            One for each parameter, in the order of the groups: bfloat16, float16 or float32, with the shape and strides
            of the parameter; None for a parameter without a copy, or, in the place of all, for none from now on.

        Raises
        ------
        TypeError, ValueError
            If a tensor is not as described, or shares memory with parameters, state or another copy; what was bound
            before stays so.
        RuntimeError
            Inside `averaged`.

        Notes
        -----
        As `fastgd.Optimizer.bind_copies`. They are not part of `state_dict`, nor of a pickled or copied optimizer.
        """
        with self._steps:
            self._steps.check_plain()
            count = sum(len(group["params"]) for group in self.param_groups)
            given = [None] * count if copies is None else list(copies)
            if len(given) != count:
                raise ValueError(f"copies: expected {count} entries, one for each parameter, got {len(given)}")
            self._steps.bind_copies(self, given)

    def accumulate(self) -> None:
        """
        Add each parameter's gradient to a sum in float32, or in float64 for float64, and let go of the gradient.

        The next `step` takes the sums, divided by how many calls there were, and forgets them.

        Raises
        ------
        TypeError, ValueError
            If a gradient is not as it must be; no sum is then changed.
        RuntimeError
            Inside `averaged`, or if another thread is inside a step of this optimizer.

        Notes
        -----
        As `fastgd.Optimizer.accumulate`. A step after it is refused while a parameter has a gradient that is not in the
        sums. GradScaler looks for gradients, and finds none here.
        """
        self._steps.accumulate_tensors(self, self.param_groups)

    def _copy_label(self, i: int) -> str:
        return f"copies[{i}]"
