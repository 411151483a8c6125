"""Lookahead for any optimizer of torch's kind: through the hooks of its steps, with its state among theirs."""

from typing import Any

import torch

from fastgd import beside, validation
from fastgd.engine.averaged import Way
from fastgd.torch import checks
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

    With an optimizer of `fastgd.torch` a step and its part of the way back are made both or neither, whenever Ctrl-C
    comes; steps that `skip_nonfinite` leaves out do not count, and `step_in_backward` is refused. Others step first,
    and are then followed by a hook.

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
        if isinstance(opt, Optimizer) and opt._steps.behind is not None:
            raise ValueError("opt has a Lookahead already: call its remove() first")
        self.k = validation.count("k", k)
        self.alpha = validation.fraction("alpha", alpha)
        self._opt = opt
        self._hooks = [opt.register_load_state_dict_post_hook(self._loaded)]
        if isinstance(opt, Optimizer):
            opt._steps.behind = self
        else:
            self._hooks.append(opt.register_step_pre_hook(self._before))
            self._hooks.append(opt.register_step_post_hook(self._after))

    def remove(self) -> None:
        """Leave the optimizer alone from now on."""
        for hook in self._hooks:
            hook.remove()
        if isinstance(self._opt, Optimizer) and self._opt._steps.behind is self:
            self._opt._steps.behind = None

    # ---- fastgd's optimizers: asked in the step, with the gradients at hand -----------------------------------------

    def ahead(self, steps: Any, groups: list[dict[str, Any]]) -> tuple[Way, list[tuple[Any, torch.Tensor]], list[Any]]:
        """
        What comes after the step under way.

        The way to go, slow parameters that begin as what parameters are now, and the parameters that are written to.
        """
        state, updated = steps.shown.get_state(), steps.updated()
        slow = {i: state.get(leaf, {}).get("slow") for i, leaf in enumerate(steps.leaves)}
        begun = {i: steps.leaves[i].detach().clone() for i in updated if slow[i] is None}
        slow.update(begun)
        counts = [(group, self._count(number, group) + 1) for number, group in enumerate(groups)]
        due = [i for i in slow if slow[i] is not None and counts[steps.place_of(i)[0]][1] % self.k == 0]
        named = [(f"state 'slow' of {beside.label(steps, i)}", slow[i]) for i in due]
        pairs = [(steps.leaves[i].detach(), alike(*one, steps.leaves[i])) for i, one in zip(due, named, strict=True)]
        if named:  # Of all else the step has its own check.
            beside.check_apart(steps, [(label, checks.memory(label, tensor)) for label, tensor in named], updated)
        written = [steps.leaves[i] for i in sorted({*updated, *due})]
        return Way(self.alpha, counts, pairs), [(steps.leaves[i], tensor) for i, tensor in begun.items()], written

    # ---- others: before and after their step ------------------------------------------------------------------------

    def _before(self, opt: torch.optim.Optimizer, *_: Any) -> None:
        for group in opt.param_groups:
            for param in group["params"]:
                if param.grad is not None and "slow" not in opt.state.get(param, {}):
                    opt.state[param]["slow"] = param.detach().clone()

    def _after(self, opt: torch.optim.Optimizer, *_: Any) -> None:
        if bool(getattr(opt, "found_inf", False)):
            return
        counts, pairs = [], []
        for number, group in enumerate(opt.param_groups):
            count = self._count(number, group) + 1
            counts.append((group, count))
            for k, param in enumerate(group["params"] if count % self.k == 0 else ()):
                if (slow := opt.state.get(param, {}).get("slow")) is not None:
                    label = f"state 'slow' of param_groups[{number}]['params'][{k}]"
                    pairs.append((param.detach(), alike(label, slow, param)))
        Way(self.alpha, counts, pairs)()

    # ---- what is loaded ---------------------------------------------------------------------------------------------

    def _loaded(self, opt: torch.optim.Optimizer) -> None:
        """Slow parameters in the dtype of their parameters; raises where they are of another form."""
        for number, group in enumerate(opt.param_groups):
            self._count(number, group)
            for k, param in enumerate(group["params"]):
                entry = opt.state.get(param, {})
                if (slow := entry.get("slow")) is not None:
                    slow = slow.to(param.dtype) if isinstance(slow, torch.Tensor) else slow
                    entry["slow"] = alike(f"state 'slow' of param_groups[{number}]['params'][{k}]", slow, param)

    def _count(self, number: int, group: dict[str, Any]) -> int:
        return validation.whole(f"param_groups[{number}]['lookahead_step']", group.get("lookahead_step", 0))


def alike(label: str, slow: Any, param: torch.Tensor) -> torch.Tensor:
    """A slow parameter that is of the form of its parameter."""
    if not isinstance(slow, torch.Tensor):
        raise TypeError(f"{label}: expected a torch.Tensor, got {type(slow).__name__}")
    if slow.shape != param.shape:
        raise ValueError(f"{label}: expected shape {tuple(param.shape)}, got {tuple(slow.shape)}")
    if slow.dtype != param.dtype or slow.device != param.device:
        raise TypeError(f"{label}: expected dtype {param.dtype} on {param.device}, got {slow.dtype} on {slow.device}")
    return slow
