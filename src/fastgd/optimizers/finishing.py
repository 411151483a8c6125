"""What the classes share whose compiled step is not all of a step; fastgd.torch has one of the same name."""

from fastgd.optimizers.base import Optimizer


class Finishing(Optimizer):
    """Base of classes that go on, parameter by parameter, where the compiled step has counted a step."""

    waits = True

    def _finish(self, i: int) -> None:
        """What is left of the step of parameter `i`."""
        raise NotImplementedError

    def step(self, grads: object = None, *, grad_scale: float = 1.0, zero_grads: bool = False) -> None:
        completed = self._steps.completed
        super().step(grads, grad_scale=grad_scale, zero_grads=zero_grads)
        if self._steps.completed != completed:
            with self._steps:
                self._steps.finish_step(self._finish)

    step.__doc__ = Optimizer.step.__doc__
