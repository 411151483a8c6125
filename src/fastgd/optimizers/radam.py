"""RAdam: Adam whose first steps wait for the second moment to settle."""

from typing import Unpack

from fastgd.hyperparameters import DecayRates, NonNegative, PeakRate, Rate, Switch
from fastgd.optimizers.base import Optimizer, Params, Settings


class RAdam(Optimizer):
    r"""
    Rectified Adam, with L2 or decoupled weight decay.

    With ``g`` the gradient plus ``weight_decay`` times the parameter (unless decoupled), at step ``t``
    from 1, and rho = rho_inf - 2 * t * beta2**t / (1 - beta2**t), rho_inf = 2 / (1 - beta2) - 1::

        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        rho > 5:    r = sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
                    param -= lr * r * m / (1 - beta1**t) * sqrt(1 - beta2**t) / (sqrt(v + eps_root) + eps)
        otherwise:  param -= lr * m / (1 - beta1**t)

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1e-3
        Learning rate, at least 0.
    betas : pair of float, default (0.9, 0.999)
        Decay rates of the two moments, in [0, 1).
    eps : float, default 1e-8
        Outside the root, at least 0.
    weight_decay : float, default 0
        At least 0.
    decoupled_weight_decay : bool, default False
        As for `Adam`.
    maximize : bool, default False
        Ascend.
    eps_root : float, default 0
        Inside the root, at least 0.
    corrected_weight_decay : float or bool, default 0
        If not 0, the largest learning rate: `weight_decay` is then in proportion to the present one, as in AdamC
        (Defazio, arXiv:2506.02285). True stands for the `lr` that is given with it.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``, ``exp_avg`` and ``exp_avg_sq`` (shape of the parameter).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.RAdam; `eps_root` is an addition.

    References
    ----------
    Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", ICLR 2020, Algorithm 2.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.RAdam(w, lr=0.5).step(np.array([4.0, -1.0]))
    >>> w
    array([-1. ,  2.5])
    """

    family = "radam"
    beyond_torch = ("eps_root", "corrected_weight_decay")
    torch_signature = (
        "lr betas eps weight_decay decoupled_weight_decay * foreach maximize capturable differentiable eps_root "
        "corrected_weight_decay"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-3,
        betas: DecayRates = (0.9, 0.999),
        eps: NonNegative = 1e-8,
        weight_decay: NonNegative = 0.0,
        decoupled_weight_decay: Switch = False,
        *,
        maximize: Switch = False,
        eps_root: NonNegative = 0.0,
        corrected_weight_decay: PeakRate = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
