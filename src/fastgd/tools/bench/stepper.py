"""What is timed: a step that can be called again and again, and a check that it does what it should."""

from collections.abc import Callable, Sequence

import numpy as np

from fastgd.tools.bench.arrays import sample, unsound


class UnavailableError(NotImplementedError):
    """A peer is not installed, or has no such rule: n/a. asv skips what raises NotImplementedError in its setup."""


Arrays = Sequence[np.ndarray]


class Stepper:
    """
    One variant of a measurement.

    Parameters
    ----------
    name : str
        What messages call it.
    params : sequence of ndarray, or callable
        The parameters, or what returns copies of them. They must change from step to step.
    step : callable
        Does one step.
    inner : callable, optional
        Returns the state arrays: values in them must stay ordinary numbers.
    before : callable, optional
        Does what belongs between two steps, and is never timed: it restores what a step destroys, or trains a network
        up to the step.
    """

    def __init__(
        self,
        name: str,
        params: Arrays | Callable[[], Arrays],
        step: Callable[[], object],
        inner: Callable[[], Arrays] = tuple,
        before: Callable[[], object] | None = None,
    ) -> None:
        self.name, self.step, self.inner, self.before = name, step, inner, before
        self.current: Callable[[], Arrays] = params if callable(params) else lambda: params
        self._first: list[np.ndarray] | None = None

    def warm_up(self, steps: int = 3) -> None:
        """The first steps: imports, pages, thread teams, compilation, state."""
        if self._first is None:
            self._first = [sample(p) for p in self.current()]
        for _ in range(steps):
            if self.before is not None:
                self.before()
            self.step()

    def check(self) -> None:
        """Raise if the steps since the first `warm_up` changed nothing, or left numbers that distort a timing."""
        if self._first is None:
            raise RuntimeError(f"{self.name}: warm_up comes before check")
        now = self.current()
        if any(old.size and np.array_equal(old, sample(p)) for old, p in zip(self._first, now, strict=True)):
            raise RuntimeError(f"{self.name}: a parameter did not change, so nothing was measured")
        if trouble := unsound([*now, *self.inner()]):
            raise RuntimeError(f"{self.name}: {trouble}, so the timing means nothing")


def refill(targets: Sequence[np.ndarray]) -> Callable[[], None]:
    """A `before` for libraries that destroy their gradients."""
    originals = [target.copy() for target in targets]

    def restore() -> None:
        for target, original in zip(targets, originals, strict=True):
            np.copyto(target, original)

    return restore
