"""SAM: steps of another optimizer along gradients at the worst point nearby."""

from collections.abc import Callable
from math import isfinite
from typing import Any

import numpy as np

from fastgd import validation
from fastgd.around import Around
from fastgd.engine.averaged import change
from fastgd.engine.rows import Rows
from fastgd.gradients import grad_norm
from fastgd.lookahead import Lookahead
from fastgd.optimizers.base import Optimizer

LEAST = 1e-12  # what is added to a norm before it divides


class SAM(Around):
    """
    Sharpness-aware minimization with any optimizer, which needs two gradients for a step.

    With ``g`` the gradients of all parameters at the present point::

        e = rho * g / (norm(g) + 1e-12)                           or, adaptive,
        e = rho * param**2 * g / (norm(abs(param) * g) + 1e-12)
        a step of `opt` from the present point, along the gradients at ``param + e``

    Parameters
    ----------
    opt : Optimizer or Lookahead
        What makes the steps.
    rho : float, default 0.05
        How far away the second gradients are taken, at least 0; adaptive some ten times as far.
    adaptive : bool, default False
        Whether distances are in proportion to each element (ASAM), which makes them the same for layers that are
        rescaled.

    Attributes
    ----------
    optimizer : Optimizer or Lookahead
        `opt`, for its settings.
    rho, adaptive
        As given; they may be changed between steps.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    Every other attribute is that of `opt`, so are its state and checkpoints: SAM has no state. Where the norm is
    infinite or NaN, the second gradients are taken where the parameters are. What follows parameters (`ema_decay`,
    `bind_copies`) sees the step alone. A model that counts on its forward pass, as batch normalization does, counts
    twice. `minimize` takes it from a factory: ``optimizer=lambda x, lr: fastgd.SAM(fastgd.SGD(x, lr=lr))``.

    References
    ----------
    Foret, Kleiner, Mobahi & Neyshabur, "Sharpness-Aware Minimization for Efficiently Improving Generalization", ICLR
    2021; Kwon, Kim, Park & Choi, "ASAM: Adaptive Sharpness-Aware Minimization", ICML 2021.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0])
    >>> opt = fastgd.SAM(fastgd.SGD(w, lr=0.5), rho=0.25)
    >>> opt.step(lambda: 2 * w)
    >>> w
    array([-0.25])
    """

    optimizer: Optimizer | Lookahead
    rho: float
    adaptive: bool
    _may_change = ("rho", "adaptive")

    def __init__(self, opt: Optimizer | Lookahead, rho: float = 0.05, adaptive: bool = False) -> None:
        if not isinstance(opt, (Optimizer, Lookahead)):
            raise TypeError(f"opt must be a fastgd optimizer, got {type(opt).__name__}")
        if isinstance(opt, Optimizer) and opt.state_dir is not None:
            raise ValueError(
                "opt: files do not tell that parameters are elsewhere while the closure runs: expected an "
                "optimizer without state_dir"
            )
        rho, adaptive = validation.nonnegative("rho", rho), validation.flag("adaptive", adaptive)
        self.__dict__.update(optimizer=opt, rho=rho, adaptive=adaptive)

    def step(self, closure: Callable[[], object], *, grad_scale: float = 1.0, zero_grads: bool = False) -> None:
        """
        A step of `opt` along the gradients at the worst point nearby.

        Parameters
        ----------
        closure : callable
            ``closure() -> grads``, the gradients where the parameters now are, as for `Optimizer.step`; or None, where
            they are in the arrays given to `bind`. It is called twice, for the same samples.
        grad_scale : float, default 1.0
            As for `Optimizer.step`.
        zero_grads : bool, default False
            As for `Optimizer.step`, of the second gradients.

        Raises
        ------
        TypeError, ValueError, RuntimeError
            As by `Optimizer.step`, or what `closure` raises; nothing is then changed.
        """
        if not callable(closure):
            raise TypeError(f"closure must be a callable that returns gradients, got {type(closure).__name__}")
        rho, adaptive = validation.nonnegative("rho", self.rho), validation.flag("adaptive", self.adaptive)
        inner = self.optimizer.optimizer if isinstance(self.optimizer, Lookahead) else self.optimizer
        ways = _ways(inner, closure(), grad_scale, rho, adaptive)
        before = [(param, param.copy(order="K")) for param, _ in ways]
        try:
            for param, way in ways:
                param += way
            grads = closure()
        finally:
            change([], before)  # compiled: no interrupt comes meanwhile
        self.optimizer.step(grads, grad_scale=grad_scale, zero_grads=zero_grads)

    def __repr__(self) -> str:
        return f"SAM({self.optimizer!r}, rho={self.rho}, adaptive={self.adaptive})"


def _ways(
    opt: Optimizer, grads: object, grad_scale: float, rho: float, adaptive: bool
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Parameters and how far each is to go uphill: downhill where `opt` ascends."""
    steps = opt._steps
    opt._look()
    given = opt._flatten("grads", grads) if grads is not None else steps.bound_gradients()
    ways, sizes = [], []
    for i, one in enumerate(given):
        if isinstance(one, Rows):
            raise TypeError(f"{opt._gradient_label(i)}: expected a dense gradient for SAM, got Rows")
        if (grad := opt._gradient(i, one)) is None:
            continue
        param = steps.params[i]
        ascends = opt.param_groups[steps.place_of(i)[0]]["maximize"]
        wide = np.dtype(np.float64 if param.dtype == np.float64 else np.float32)
        size: Any = np.abs(param.astype(wide)) if adaptive else wide.type(1)
        sizes.append(size)
        ways.append((param, size * (-grad.astype(wide) if ascends else grad.astype(wide))))
    norm = grad_norm([way for _, way in ways])
    if not isfinite(norm) or rho == 0:
        return []
    factor = (-rho if grad_scale < 0 else rho) / (norm + LEAST)
    return [
        (param, (factor * (size * way)).astype(param.dtype)) for (param, way), size in zip(ways, sizes, strict=True)
    ]
