"""The loop of one descent: evaluate, judge whether to stop, update, again; and the result that it ends with."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgd import validation
from fastgd.descent.objective import Batches, Index, Objective
from fastgd.gradients import grad_norm
from fastgd.optimizers.base import Optimizer
from fastgd.optimizers.schedule_free import ScheduleFree
from fastgd.sam import SAM
from fastgd.schedules.plateau import Plateau

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult

GTOL, MAX_ITER, FTOL, XTOL, NONFINITE, LINE_SEARCH, FLAT, CALLBACK = 0, 1, 2, 3, 4, 5, 6, 99
MESSAGES = {
    GTOL: "the norm of the gradient is at most gtol",
    MAX_ITER: "max_iter updates were made",
    FTOL: "the objective changed by at most ftol",
    XTOL: "x changed by at most xtol",
    NONFINITE: "the objective, its gradient or x was not finite; x is the best where all were",
    LINE_SEARCH: "the line search found no step that lowers the objective enough",
    FLAT: "the objective has the same value all around x, so that differences do not tell its gradient; give jac",
    CALLBACK: "the callback raised StopIteration",
}
SUCCESS = (GTOL, FTOL, XTOL)
# The look-ahead of `Run.predicted` is exact only for the momentum that the optimizer was made with.
MOMENTUM = 0.9


class Rules:
    """When to stop: judged once an epoch, on the mean value and the mean gradient of its batches."""

    def __init__(self, gtol: object, ftol: object, xtol: object) -> None:
        self.gtol, self.ftol, self.xtol = (
            None if tolerance is None else validation.nonnegative(name, tolerance)
            for name, tolerance in (("gtol", gtol), ("ftol", ftol), ("xtol", xtol))
        )
        self.value: float | None = None
        self.x: np.ndarray | None = None

    def is_small(self, gradient: np.ndarray) -> bool:
        return self.gtol is not None and grad_norm(gradient) <= self.gtol

    def judge(self, value: float, gradient: np.ndarray, x: np.ndarray) -> int | None:
        before, self.value = self.value, value
        if self.is_small(gradient):
            return GTOL
        if self.ftol is not None and before is not None and abs(before - value) <= self.ftol:
            return FTOL
        if self.xtol is not None:
            last, self.x = self.x, x.copy()
            if last is not None and grad_norm(x - last) <= self.xtol:
                return XTOL
        return None


class Run:
    """One minimization: the present point with its value and gradient, and the way to the next point."""

    def __init__(
        self, objective: Objective, batches: Batches, x: np.ndarray, opt: Optimizer | SAM, rules: Rules, sign: float
    ) -> None:
        self.objective, self.batches, self.opt, self.rules, self.sign = objective, batches, opt, rules, sign
        inner = opt.optimizer if isinstance(opt, SAM) else opt
        self.averaged = inner if isinstance(inner, ScheduleFree) else None
        self.x = x
        self.good = x.copy()
        self.best: tuple[float, np.ndarray, np.ndarray] | None = None  # value, x and gradient; not of batches
        self.value = math.nan
        self.gradient = np.full_like(x, math.nan)
        self.nit = 0
        self.look_ahead = False
        self.search: Any = None
        self.first_step = 1.0
        self.callback: Callable[[OptimizeResult], object] | None = None
        self.path: list[np.ndarray] | None = None
        self.mean_value, self.mean_gradient = 0.0, np.zeros_like(x)

    def go(self, max_iter: int, progress: Any) -> int:
        """Update until a rule says stop; returns the status."""
        batched = self.batches.all is not None
        while True:
            if batched and self.nit == max_iter:
                return MAX_ITER
            index, epoch_ends = self.batches.next()
            if not self.evaluate(index):
                return NONFINITE
            if not batched and self.nit and self.stopped_by_callback():
                return CALLBACK
            status = self.judge(index, epoch_ends)
            if status is None and self.nit == max_iter:
                status = MAX_ITER
            status = self.update(index) if status is None else status
            if status is not None:
                return status
            if progress is not None:
                progress.set_postfix_str(f"{self.value:.6g}", refresh=False)
                progress.update()
            if batched and self.stopped_by_callback():
                return CALLBACK

    def evaluate(self, index: Index) -> bool:
        """Compute value and gradient at x; where one is not finite, go back to the last good point and return False."""
        value, gradient = self.objective.both(self.x, index)
        if math.isfinite(value) and math.isfinite(grad_norm(gradient)) and np.isfinite(self.x).all():
            self.value, self.gradient = value, gradient
            self.good[...] = self.x
            if index is None and (self.best is None or self.sign * value <= self.sign * self.best[0]):
                self.best = value, self.x.copy(), gradient
            return True
        if self.nit:
            self.nit -= 1
            self.x[...] = self.good
            if self.path is not None:
                self.path.pop()
        else:
            self.value, self.gradient = value, gradient
        return False

    def judge(self, index: Index, epoch_ends: bool) -> int | None:
        value, gradient = self.value, self.gradient
        if index is not None and self.batches.all is not None:
            share = len(index) / len(self.batches.all)
            self.mean_value += share * value
            self.mean_gradient += share * gradient
            value, gradient = self.mean_value, self.mean_gradient
        if not epoch_ends:
            return None
        status = self.rules.judge(value, gradient, self.x)
        if status == GTOL and self.averaged is not None and index is None:
            # What is returned is the average, where the gradient can be a larger one.
            self.averaged.eval()
            status = status if self.rules.is_small(self.objective.both(self.x, None)[1]) else None
            self.averaged.train()
        if status == GTOL and self.objective.flat and not gradient.any():
            status = FLAT
        self.mean_value, self.mean_gradient = 0.0, np.zeros_like(self.x)
        lr = self.opt.param_groups[0]["lr"]
        if status is None and isinstance(lr, Plateau):
            lr.update(value)
        return status

    def update(self, index: Index) -> int | None:
        """One step of the optimizer."""
        gradient = self.gradient
        if self.look_ahead and self.nit:
            gradient = self.objective.gradient(self.predicted(), index)
            if not math.isfinite(grad_norm(gradient)):
                return NONFINITE
        if self.search is not None:
            step = self.step_length(gradient, index)
            if step is None:
                return LINE_SEARCH
            self.opt.param_groups[0]["lr"] = step
        if isinstance(self.opt, SAM):
            self.opt.step(partial(next, self.both_gradients(index)), grad_scale=self.sign)
        else:
            self.opt.step(gradient, grad_scale=self.sign)
        self.nit += 1
        if self.path is not None:
            self.path.append(self.x.copy())
        return None

    def both_gradients(self, index: Index) -> Iterator[np.ndarray]:
        """The gradient at x, which is known, and the one where SAM has gone meanwhile."""
        yield self.gradient
        yield self.objective.gradient(self.x, index)

    def predicted(self) -> np.ndarray:
        """The point to which the momentum alone would lead."""
        lr = self.opt.param_groups[0]["lr"]
        lr = lr(self.nit) if callable(lr) else lr
        point: np.ndarray = self.x - (lr * MOMENTUM) * self.opt.state[0]["momentum_buffer"]
        return point

    def step_length(self, gradient: np.ndarray, index: Index) -> float | None:
        norm = grad_norm(gradient)
        slope = -norm * norm
        if slope == 0:
            return self.first_step
        if math.isinf(slope):
            return None

        def along(step: float) -> float:
            with np.errstate(over="ignore", invalid="ignore"):
                point = self.x - (self.sign * step) * gradient
            return self.sign * self.objective.value(point, index)

        length: float | None = self.search(along, self.sign * self.value, slope, self.first_step)
        return length

    def stopped_by_callback(self) -> bool:
        if self.callback is None:
            return False
        try:
            self.callback(_result(x=self.x.copy(), fun=self.value, jac=self.gradient.copy(), nit=self.nit))
        except StopIteration:
            return True
        return False

    def take_average(self) -> bool:
        """Go to the average of a schedule-free optimizer; whether there is one, with finite value and gradient."""
        if self.averaged is None or self.nit == 0:
            return False
        self.averaged.eval()
        value, gradient = self.objective.both(self.x, self.batches.all)
        if not (math.isfinite(value) and math.isfinite(grad_norm(gradient)) and np.isfinite(self.x).all()):
            self.averaged.train()
            return False
        self.value, self.gradient = value, gradient
        return True

    def result(self, status: int) -> "OptimizeResult":
        # Where something was not finite it has gone into the average too.
        average = status != NONFINITE and self.take_average()
        if not average and status not in (*SUCCESS, CALLBACK) and self.best is not None:
            self.value, x, self.gradient = self.best
            self.x[...] = x
        if self.batches.all is not None and not average:
            self.value, self.gradient = self.objective.both(self.x, self.batches.all)
            if not (math.isfinite(self.value) and math.isfinite(grad_norm(self.gradient))):
                status = NONFINITE
        path = {} if self.path is None else {"path": np.array(self.path)}
        return _result(
            x=self.x, fun=self.value, jac=self.gradient, nit=self.nit, nfev=self.objective.nfev,
            njev=self.objective.njev, success=status in SUCCESS, status=status, message=MESSAGES[status], **path,
        )  # fmt: skip


def _result(**fields: Any) -> "OptimizeResult":
    from scipy.optimize import OptimizeResult

    return OptimizeResult(**fields)
