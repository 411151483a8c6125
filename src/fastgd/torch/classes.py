"""The classes of `fastgd.torch`: torch's signatures, in torch's order, and what the NumPy classes have beside them."""

from typing import Any, ClassVar, Unpack

import torch

from fastgd.optimizers import adadelta, adagrad, adam, adamax, asgd, lion, nadam, radam, rmsprop, rprop, sgd, sign
from fastgd.optimizers.base import Optimizer as NumPyOptimizer
from fastgd.optimizers.terms import Settings
from fastgd.torch.base import Optimizer

Betas = tuple[Any, Any]

# A signature is a line or two; one argument a line would hide how alike they are.
# fmt: off


class SGD(Optimizer):
    """
    torch.optim.SGD in one pass: gradient descent, with heavy-ball, averaged or Nesterov momentum.

    Parameters
    ----------
    params, lr, momentum, dampening, weight_decay, nesterov, maximize, foreach, differentiable, fused
        As for torch.optim.SGD.
    momentum_form
        As for `fastgd.SGD`, which has the formula.
    **settings
        `max_grad_norm`, `max_grad_value`, `skip_nonfinite`, as for `fastgd.Optimizer`.
    """

    _numpy = sgd.SGD

    def __init__(
        self, params: Any, lr: Any = 1e-3, momentum: float = 0, dampening: float = 0, weight_decay: Any = 0,
        nesterov: bool = False, *, maximize: bool = False, foreach: bool | None = None, differentiable: bool = False,
        fused: bool | None = None, momentum_form: str = "heavy_ball", **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, dict(
            lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov,
            maximize=maximize, foreach=foreach, differentiable=differentiable, fused=fused,
            momentum_form=momentum_form,
        ), settings)


class Adagrad(Optimizer):
    """
    torch.optim.Adagrad in one pass.

    Parameters
    ----------
    params, lr, lr_decay, weight_decay, initial_accumulator_value, eps, foreach, maximize, differentiable, fused
        As for torch.optim.Adagrad. As there, state exists from the start.
    eps_root
        As for `fastgd.Adagrad`, which has the formula.
    **settings
        `max_grad_norm`, `max_grad_value`, `skip_nonfinite`, as for `fastgd.Optimizer`.
    """

    _numpy = adagrad.Adagrad

    def __init__(
        self, params: Any, lr: Any = 1e-2, lr_decay: float = 0, weight_decay: float = 0,
        initial_accumulator_value: float = 0, eps: float = 1e-10, foreach: bool | None = None, *,
        maximize: bool = False, differentiable: bool = False, fused: bool | None = None, eps_root: float = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, dict(
            lr=lr, lr_decay=lr_decay, eps=eps, weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value, foreach=foreach, maximize=maximize,
            differentiable=differentiable, fused=fused, eps_root=eps_root,
        ), settings)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        for param in param_group["params"]:
            initial = torch.full_like(param.detach(), param_group["initial_accumulator_value"])
            self.state[param].update(step=torch.zeros((), device="cpu"), sum=initial)

    def share_memory(self) -> None:
        """
        Refuse: several processes cannot share this optimizer's state.

        Raises
        ------
        RuntimeError
            Always.
        """
        raise RuntimeError("the state of fastgd.torch.Adagrad cannot be shared by processes; use torch.optim.Adagrad")


class Adadelta(Optimizer):
    """
    torch.optim.Adadelta in one pass.

    Parameters
    ----------
    params, lr, rho, eps, weight_decay, foreach, capturable, maximize, differentiable
        As for torch.optim.Adadelta; `fastgd.Adadelta` has the formula.
    **settings
        `max_grad_norm`, `max_grad_value`, `skip_nonfinite`, as for `fastgd.Optimizer`.
    """

    _numpy = adadelta.Adadelta

    def __init__(
        self, params: Any, lr: Any = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0,
        foreach: bool | None = None, *, capturable: bool = False, maximize: bool = False,
        differentiable: bool = False, **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, dict(
            lr=lr, rho=rho, eps=eps, weight_decay=weight_decay, maximize=maximize, capturable=capturable,
            foreach=foreach, differentiable=differentiable,
        ), settings)


class RMSprop(Optimizer):
    """
    torch.optim.RMSprop in one pass: plain or centered, with or without momentum.

    Parameters
    ----------
    params, lr, alpha, eps, weight_decay, momentum, centered, capturable, foreach, maximize, differentiable
        As for torch.optim.RMSprop.
    eps_root
        As for `fastgd.RMSprop`, which has the formula.
    **settings
        `max_grad_norm`, `max_grad_value`, `skip_nonfinite`, as for `fastgd.Optimizer`.
    """

    _numpy = rmsprop.RMSprop

    def __init__(
        self, params: Any, lr: Any = 1e-2, alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0,
        momentum: float = 0, centered: bool = False, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False, *, eps_root: float = 0.0, **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, dict(
            lr=lr, momentum=momentum, alpha=alpha, eps=eps, centered=centered, weight_decay=weight_decay,
            capturable=capturable, foreach=foreach, maximize=maximize, differentiable=differentiable,
            eps_root=eps_root,
        ), settings)


class Rprop(Optimizer):
    """
    torch.optim.Rprop in one pass.

    Parameters
    ----------
    params, lr, etas, step_sizes, capturable, foreach, maximize, differentiable
        As for torch.optim.Rprop; `fastgd.Rprop` has the formula.
    **settings
        `max_grad_norm`, `max_grad_value`, `skip_nonfinite`, as for `fastgd.Optimizer`.
    """

    _numpy = rprop.Rprop

    def __init__(
        self, params: Any, lr: Any = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50), *, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False, **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, dict(
            lr=lr, etas=etas, step_sizes=step_sizes, foreach=foreach, maximize=maximize,
            differentiable=differentiable, capturable=capturable,
        ), settings)


class Adam(Optimizer):
    """
    torch.optim.Adam in one pass: Adam and AMSGrad, with L2 or decoupled weight decay.

    Parameters
    ----------
    params, lr, betas, eps, weight_decay, amsgrad, foreach, maximize, capturable, differentiable, fused, \
decoupled_weight_decay
        As for torch.optim.Adam.
    eps_root, eps_hat
        As for `fastgd.Adam`, which has the formula.
    **settings
        `max_grad_norm`, `max_grad_value`, `skip_nonfinite`, as for `fastgd.Optimizer`.
    """

    _numpy: ClassVar[type[NumPyOptimizer]] = adam.Adam

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0,
        amsgrad: bool = False, *, foreach: bool | None = None, maximize: bool = False, capturable: bool = False,
        differentiable: bool = False, fused: bool | None = None, decoupled_weight_decay: bool = False,
        eps_root: float = 0.0, eps_hat: bool = False, **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, dict(
            lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad, maximize=maximize,
            foreach=foreach, capturable=capturable, differentiable=differentiable, fused=fused,
            decoupled_weight_decay=decoupled_weight_decay, eps_root=eps_root, eps_hat=eps_hat,
        ), settings)


class AdamW(Adam):
    """
    torch.optim.AdamW in one pass: Adam with decoupled weight decay.

    Parameters
    ----------
    params, lr, betas, eps, weight_decay, amsgrad, maximize, foreach, capturable, differentiable, fused
        As for torch.optim.AdamW.
    eps_root, eps_hat
        As for `fastgd.AdamW`, which has the formula.
    **settings
        `max_grad_norm`, `max_grad_value`, `skip_nonfinite`, as for `fastgd.Optimizer`.

    Examples
    --------
    >>> import torch, fastgd.torch
    >>> model = torch.nn.Linear(3, 1)
    >>> opt = fastgd.torch.AdamW(model.parameters(), lr=1e-2)
    >>> loss = model(torch.ones(2, 3)).square().mean()
    >>> loss.backward()
    >>> opt.step()
    >>> opt.zero_grad()
    >>> bool(model(torch.ones(2, 3)).square().mean() < loss)
    True
    """

    _numpy = adam.AdamW

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 1e-2,
        amsgrad: bool = False, *, maximize: bool = False, foreach: bool | None = None, capturable: bool = False,
        differentiable: bool = False, fused: bool | None = None, eps_root: float = 0.0, eps_hat: bool = False,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize, capturable=capturable,
            differentiable=differentiable, fused=fused, decoupled_weight_decay=True, eps_root=eps_root,
            eps_hat=eps_hat, **settings,
        )


class Adamax(Optimizer):
    """
    torch.optim.Adamax in one pass.

    Parameters
    ----------
    params, lr, betas, eps, weight_decay, foreach, maximize, differentiable, capturable
        As for torch.optim.Adamax; `fastgd.Adamax` has the formula.
    **settings
        `max_grad_norm`, `max_grad_value`, `skip_nonfinite`, as for `fastgd.Optimizer`.
    """

    _numpy = adamax.Adamax

    def __init__(
        self, params: Any, lr: Any = 2e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0,
        foreach: bool | None = None, *, maximize: bool = False, differentiable: bool = False,
        capturable: bool = False, **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, dict(
            lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, foreach=foreach, maximize=maximize,
            differentiable=differentiable, capturable=capturable,
        ), settings)


class NAdam(Optimizer):
    """
    torch.optim.NAdam in one pass, with L2 or decoupled weight decay.

    Parameters
    ----------
    params, lr, betas, eps, weight_decay, momentum_decay, decoupled_weight_decay, foreach, maximize, capturable, \
differentiable
        As for torch.optim.NAdam.
    eps_root
        As for `fastgd.NAdam`, which has the formula; ``mu_product`` is kept in double.
    **settings
        `max_grad_norm`, `max_grad_value`, `skip_nonfinite`, as for `fastgd.Optimizer`.
    """

    _numpy = nadam.NAdam

    def __init__(
        self, params: Any, lr: Any = 2e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0,
        momentum_decay: float = 4e-3, decoupled_weight_decay: bool = False, *, foreach: bool | None = None,
        maximize: bool = False, capturable: bool = False, differentiable: bool = False, eps_root: float = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, dict(
            lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay,
            decoupled_weight_decay=decoupled_weight_decay, maximize=maximize, foreach=foreach, capturable=capturable,
            differentiable=differentiable, eps_root=eps_root,
        ), settings)


class RAdam(Optimizer):
    """
    torch.optim.RAdam in one pass, with L2 or decoupled weight decay.

    Parameters
    ----------
    params, lr, betas, eps, weight_decay, decoupled_weight_decay, foreach, maximize, capturable, differentiable
        As for torch.optim.RAdam.
    eps_root
        As for `fastgd.RAdam`, which has the formula.
    **settings
        `max_grad_norm`, `max_grad_value`, `skip_nonfinite`, as for `fastgd.Optimizer`.
    """

    _numpy = radam.RAdam

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0,
        decoupled_weight_decay: bool = False, *, foreach: bool | None = None, maximize: bool = False,
        capturable: bool = False, differentiable: bool = False, eps_root: float = 0.0, **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, dict(
            lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, maximize=maximize, foreach=foreach,
            capturable=capturable, decoupled_weight_decay=decoupled_weight_decay, differentiable=differentiable,
            eps_root=eps_root,
        ), settings)


class ASGD(Optimizer):
    """
    torch.optim.ASGD in one pass.

    Parameters
    ----------
    params, lr, lambd, alpha, t0, weight_decay, foreach, maximize, differentiable, capturable
        As for torch.optim.ASGD; `fastgd.ASGD` has the formula. ``eta`` and ``mu`` are kept in double.
    **settings
        `max_grad_norm`, `max_grad_value`, `skip_nonfinite`, as for `fastgd.Optimizer`.
    """

    _numpy = asgd.ASGD

    def __init__(
        self, params: Any, lr: Any = 1e-2, lambd: float = 1e-4, alpha: float = 0.75, t0: float = 1e6,
        weight_decay: float = 0, foreach: bool | None = None, maximize: bool = False, differentiable: bool = False,
        capturable: bool = False, **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, dict(
            lr=lr, lambd=lambd, alpha=alpha, t0=t0, weight_decay=weight_decay, foreach=foreach, maximize=maximize,
            differentiable=differentiable, capturable=capturable,
        ), settings)


class Lion(Optimizer):
    """
    Lion, which torch does not have; `fastgd.Lion` has the formula.

    Parameters
    ----------
    params
        As for torch.optim.
    lr, betas, weight_decay, maximize
        As for `fastgd.Lion`.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    **settings
        `max_grad_norm`, `max_grad_value`, `skip_nonfinite`, as for `fastgd.Optimizer`.
    """

    _numpy = lion.Lion

    def __init__(
        self, params: Any, lr: Any = 1e-4, betas: Betas = (0.9, 0.99), weight_decay: float = 0, *,
        foreach: bool | None = None, maximize: bool = False, capturable: bool = False, differentiable: bool = False,
        fused: bool | None = None, **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, dict(
            lr=lr, betas=betas, weight_decay=weight_decay, maximize=maximize, foreach=foreach, capturable=capturable,
            differentiable=differentiable, fused=fused,
        ), settings)


class SignSGD(Optimizer):
    """
    Sign descent and Signum, which torch does not have; `fastgd.SignSGD` has the formula.

    Parameters
    ----------
    params
        As for torch.optim.
    lr, momentum, weight_decay, maximize
        As for `fastgd.SignSGD`.
    foreach, capturable, differentiable, fused
        As for torch.optim.Adam.
    **settings
        `max_grad_norm`, `max_grad_value`, `skip_nonfinite`, as for `fastgd.Optimizer`.
    """

    _numpy = sign.SignSGD

    def __init__(
        self, params: Any, lr: Any = 1e-3, momentum: float = 0, weight_decay: float = 0, *,
        foreach: bool | None = None, maximize: bool = False, capturable: bool = False, differentiable: bool = False,
        fused: bool | None = None, **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, dict(
            lr=lr, momentum=momentum, weight_decay=weight_decay, maximize=maximize, foreach=foreach,
            capturable=capturable, differentiable=differentiable, fused=fused,
        ), settings)
