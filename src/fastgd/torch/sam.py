"""SAM for any optimizer of torch's kind: through the hook before its steps."""

from math import isfinite
from typing import Any

import torch

from fastgd import validation
from fastgd.engine.averaged import change
from fastgd.sam import LEAST


class SAM:
    """
    Make an optimizer step along the gradients at the worst point nearby; `fastgd.SAM` has the formula.

    Parameters
    ----------
    opt : torch.optim.Optimizer
        fastgd's or any other, which stays what is used: its `step`, its schedulers, its checkpoints. Its `step` then
        needs a closure that computes the loss and the gradients; the closure is called twice.
    rho : float, default 0.05
        How far away the second gradients are taken, at least 0; adaptive some ten times as far.
    adaptive : bool, default False
        Whether distances are in proportion to each element (ASAM).

    Attributes
    ----------
    rho, adaptive
        As given; they may be changed between steps.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described; by `step`, if it has no closure, or gradients are sparse.

    Notes
    -----
    `step` returns the first loss, that of the present point. The norm is that of all gradients of all groups; in
    training by several processes, of those that this process has. GradScaler takes no closures, and so no SAM. Hooks
    that look at gradients, such as those of `Lookahead`, belong after this one.

    Examples
    --------
    >>> import torch, fastgd.torch
    >>> w = torch.nn.Parameter(torch.ones(1))
    >>> opt = fastgd.torch.SGD([w], lr=0.5)
    >>> sam = fastgd.torch.SAM(opt, rho=0.25)
    >>> def closure():
    ...     opt.zero_grad()
    ...     loss = (w**2).sum()
    ...     loss.backward()
    ...     return loss
    >>> opt.step(closure).item(), w.item()
    (1.0, -0.25)
    """

    def __init__(self, opt: torch.optim.Optimizer, rho: float = 0.05, adaptive: bool = False) -> None:
        if not isinstance(opt, torch.optim.Optimizer):
            raise TypeError(f"opt must be a torch.optim.Optimizer, got {type(opt).__name__}")
        self.rho = validation.nonnegative("rho", rho)
        self.adaptive = validation.flag("adaptive", adaptive)
        self._hook = opt.register_step_pre_hook(self._before)

    def remove(self) -> None:
        """Leave the optimizer alone from now on."""
        self._hook.remove()

    def _before(self, opt: torch.optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        own, *rest = args
        closure = rest.pop(0) if rest else kwargs.get("closure")
        if not callable(closure):
            raise TypeError(f"closure must be callable, which SAM calls twice, got {type(closure).__name__}")
        rho, adaptive = validation.nonnegative("rho", self.rho), validation.flag("adaptive", self.adaptive)
        with torch.enable_grad():
            loss = closure()
        with torch.no_grad():
            ways = _ways(opt, rho, adaptive)
            before = [(param.detach(), param.detach().clone()) for param, _ in ways]
            try:
                for param, way in ways:
                    param.add_(way)
                with torch.enable_grad():
                    closure()
            finally:
                change([], before)
        return (own, lambda: loss, *rest), {name: value for name, value in kwargs.items() if name != "closure"}


def _ways(opt: torch.optim.Optimizer, rho: float, adaptive: bool) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Parameters and how far each is to go uphill: downhill where its group ascends."""
    ways = []
    for number, group in enumerate(opt.param_groups):
        for k, param in enumerate(group["params"]):
            if param.grad is None:
                continue
            if param.grad.layout != torch.strided:
                label = f"param_groups[{number}]['params'][{k}].grad"
                raise TypeError(f"{label}: expected a dense gradient for SAM, got layout {param.grad.layout}")
            way = -param.grad if group.get("maximize") else param.grad
            ways.append((param, way * param.abs() if adaptive else way))
    norms = [torch.linalg.vector_norm(way, dtype=torch.promote_types(way.dtype, torch.float32)) for _, way in ways]
    norm = float(torch.linalg.vector_norm(torch.stack([n.double().cpu() for n in norms]))) if norms else 0.0
    if not isfinite(norm) or rho == 0:
        return []
    factor = rho / (norm + LEAST)
    return [(param, factor * (way * param.abs() if adaptive else way)) for param, way in ways]
