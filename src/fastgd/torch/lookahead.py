"""Lookahead for any optimizer of torch's kind: through the hooks of its steps, with its state among theirs."""

from typing import Any

import torch

from fastgd import validation
from fastgd.torch.base import Optimizer


class Lookahead:
    """
    Make an optimizer go a part of the way back after every `k` steps; `fastgd.Lookahead` has the formula.

    Parameters
    ----------
    opt : torch.optim.Optimizer
        fastgd's or any other, which stays what is used: its `step`, its schedulers, its checkpoints.
    k : int, default 6
        Steps of `opt` for one of the slow parameters, at least 1.
    alpha : float, default 0.5
        Part of the way, in [0, 1].

    Attributes
    ----------
    k, alpha
        As given.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    The slow parameters are ``"slow"`` in the state of each parameter from its first step on, and ``"lookahead_step"``
    in the groups counts the steps, so that `state_dict` and `load_state_dict` of `opt` keep both. A parameter is known
    when it first has a gradient. Steps that GradScaler leaves out do not count.

    Examples
    --------
    >>> import torch, fastgd.torch
    >>> w = torch.nn.Parameter(torch.ones(1))
    >>> opt = fastgd.torch.SGD([w], lr=1.0)
    >>> lookahead = fastgd.torch.Lookahead(opt, k=2, alpha=0.25)
    >>> for _ in range(2):
    ...     w.grad = torch.full((1,), 2.0)
    ...     opt.step()
    >>> w
    Parameter containing:
    tensor([0.], requires_grad=True)
    """

    def __init__(self, opt: torch.optim.Optimizer, k: int = 6, alpha: float = 0.5) -> None:
        if not isinstance(opt, torch.optim.Optimizer):
            raise TypeError(f"opt must be a torch.optim.Optimizer, got {type(opt).__name__}")
        self.k = validation.count("k", k)
        self.alpha = validation.fraction("alpha", alpha)
        hooks = opt.register_step_pre_hook(self._before), opt.register_step_post_hook(self._after)
        self._hooks = hooks

    def remove(self) -> None:
        """Leave the optimizer alone from now on."""
        for hook in self._hooks:
            hook.remove()

    def _before(self, opt: torch.optim.Optimizer, *_: Any) -> None:
        for group in opt.param_groups:
            for param in group["params"]:
                if param.grad is not None and "slow" not in opt.state.get(param, {}):
                    opt.state[param]["slow"] = param.detach().clone()

    def _after(self, opt: torch.optim.Optimizer, *_: Any) -> None:
        if bool(getattr(opt, "found_inf", False)):
            return
        for group in opt.param_groups:
            group["lookahead_step"] = group.get("lookahead_step", 0) + 1
            if group["lookahead_step"] % self.k:
                continue
            for param in group["params"]:
                if (slow := opt.state.get(param, {}).get("slow")) is not None:
                    slow += self.alpha * (param.detach() - slow)
                    param.detach().copy_(slow)
        if isinstance(opt, Optimizer):
            opt._steps.refresh_copies(opt)
