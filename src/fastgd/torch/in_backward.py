"""Updates inside the backward pass: no gradient lives longer than it takes to be used."""

import weakref
from collections.abc import Callable
from typing import Any

import torch

from fastgd.optimizers import base
from fastgd.torch.base import Optimizer

ATTRIBUTE = "_fastgd_updated_by"


class _Kept:
    """
    An optimizer as an attribute of the parameters that it updates.

    torch holds hooks where Python's collector does not look, so that an optimizer in a hook would keep its parameters
    alive for ever. Attributes it does see.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer

    def __reduce__(self) -> Any:
        return type(None), ()  # A copy of a parameter has no hooks, and none of this.


class _Update:
    """The hook of a parameter whose gradient is complete."""

    def __init__(self, kept: _Kept) -> None:
        self.kept = weakref.ref(kept)

    def __call__(self, param: torch.Tensor) -> None:
        kept = self.kept()
        if kept is not None and kept.optimizer._step_in_backward(param):
            param.grad = None


class StepInBackward:
    """
    What `step_in_backward` returns.

    Attributes
    ----------
    optimizer : Optimizer
        For schedulers, `state_dict`, and everything else but `step`.
    """

    def __init__(self, optimizer: Optimizer, params: list[torch.Tensor]) -> None:
        self.optimizer = optimizer
        kept = _Kept(optimizer)
        update = _Update(kept)
        self._hooked = [(param, param.register_post_accumulate_grad_hook(update)) for param in params]
        for param in params:
            setattr(param, ATTRIBUTE, kept)

    def remove(self) -> None:
        """Leave gradients to the caller again; `optimizer.step` then goes on from the same state."""
        for param, handle in self._hooked:
            handle.remove()
            param.__dict__.pop(ATTRIBUTE, None)
        self._hooked = []


def step_in_backward(
    model_or_params: torch.nn.Module | Any, factory: Callable[..., Optimizer], **hyperparameters: Any
) -> StepInBackward:
    """
    Let every backward pass update each parameter as soon as its gradient is complete, and free the gradient.

    Parameters
    ----------
    model_or_params : Module, or as for torch.optim
        The model, or the parameters or groups that the optimizer takes. Those that do not require a gradient now are
        left alone.
    factory : callable
        A class of `fastgd.torch`, or a function that returns an object of one.
    **hyperparameters
        For `factory`.

    Returns
    -------
    StepInBackward
        With the attribute `optimizer` and the method `remove`.

    Raises
    ------
    TypeError, ValueError
        As by `factory`; if the model is a DistributedDataParallel; if `factory` gives another kind of optimizer, or
        one with `max_grad_norm` or `skip_nonfinite`, which need all gradients at once; if a parameter is already
        updated in the backward pass, until `remove` is called.

    Notes
    -----
    The numbers are those of a step after the pass. Instead of all gradients, those live at a time that autograd has
    just computed. Each backward pass is a step, so gradients cannot be accumulated over several, scaled by GradScaler
    or averaged between processes; hooks of the optimizer's step are not called. Where a parameter is changed that the
    rest of the pass needs, autograd raises its error for in-place changes.

    Examples
    --------
    >>> import torch, fastgd.torch
    >>> model = torch.nn.Linear(3, 1)
    >>> handle = fastgd.torch.step_in_backward(model, fastgd.torch.AdamW, lr=1e-2)
    >>> before = model.weight.clone()
    >>> model(torch.ones(2, 3)).square().mean().backward()
    >>> bool((model.weight != before).all()), model.weight.grad
    (True, None)
    >>> handle.remove()
    """
    if isinstance(model_or_params, torch.nn.parallel.DistributedDataParallel):
        raise TypeError("model_or_params: DistributedDataParallel averages gradients too late, after they were used")
    kind: object = factory
    if isinstance(kind, type) and issubclass(kind, base.Optimizer):
        raise TypeError(f"factory: expected a class of fastgd.torch, got fastgd.{kind.__name__}, for NumPy arrays")
    params = model_or_params.parameters() if isinstance(model_or_params, torch.nn.Module) else model_or_params
    optimizer = factory(params, **hyperparameters)
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"factory: expected a class of fastgd.torch, got one that makes {type(optimizer).__name__}")
    optimizer._check_separable()

    params = [param for group in optimizer.param_groups for param in group["params"] if param.requires_grad]
    for number, param in enumerate(params):
        if getattr(param, ATTRIBUTE, None) is not None:  # It would leave no gradient to another.
            raise ValueError(
                f"model_or_params: expected parameters that no other step_in_backward updates, got one in number "
                f"{number} of those that require a gradient; call remove() of what it returned"
            )
    return StepInBackward(optimizer, params)
