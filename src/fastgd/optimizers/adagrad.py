"""Adagrad: learning rates that fall with the squares of all gradients so far."""

from typing import Any, Unpack

import numpy as np

from fastgd.hyperparameters import NonNegative, Rate, Switch
from fastgd.optimizers.base import Optimizer, Params, Settings


class Adagrad(Optimizer):
    r"""
    Adagrad.

    With ``g`` the gradient plus ``weight_decay`` times the parameter, at step ``t`` from 1::

        sum += g**2
        param -= lr / (1 + (t - 1) * lr_decay) * g / (sqrt(sum + eps_root) + eps)

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1e-2
        Learning rate, at least 0.
    lr_decay : float, default 0
        Decay of the learning rate, at least 0.
    weight_decay : float, default 0
        L2 penalty, at least 0.
    initial_accumulator_value : float, default 0
        What ``sum`` begins with, at least 0.
    eps : float, default 1e-10
        Outside the root, at least 0.
    maximize : bool, default False
        Ascend.
    eps_root : float, default 0
        Inside the root, at least 0.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step`` and ``sum`` (shape of the parameter).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.Adagrad; `eps_root` is fastgd's own. Keras and optax have their eps inside the root:
    ``eps=0, eps_root=1e-7, initial_accumulator_value=0.1``.

    References
    ----------
    Duchi, Hazan & Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization", JMLR 2011.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.Adagrad(w, lr=0.5).step(np.array([4.0, -1.0]))
    >>> w
    array([0.5, 2.5])
    """

    family = "adagrad"
    rows = "always"
    beyond_torch = ("eps_root",)
    torch_signature = (
        "lr lr_decay weight_decay initial_accumulator_value eps foreach * maximize differentiable fused eps_root"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-2,
        lr_decay: NonNegative = 0.0,
        weight_decay: NonNegative = 0.0,
        initial_accumulator_value: NonNegative = 0.0,
        eps: NonNegative = 1e-10,
        *,
        maximize: Switch = False,
        eps_root: NonNegative = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)

    @classmethod
    def entry(
        cls, steps: int, carry: tuple[float, ...], arrays: dict[str, Any], hyperparameters: dict[str, Any]
    ) -> dict[str, Any]:
        if steps:
            return super().entry(steps, carry, arrays, hyperparameters)
        # torch's Adagrad has its state from the start, and needs it when it loads.
        initial = np.full_like(arrays["sum"], hyperparameters["initial_accumulator_value"])
        return {"step": np.array(0, np.float32), "sum": initial}
