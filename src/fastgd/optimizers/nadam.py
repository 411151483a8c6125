"""NAdam: Adam with Nesterov momentum."""

from collections.abc import Mapping
from typing import Any, Unpack

from fastgd.hyperparameters import DecayRates, NonNegative, PeakRate, Rate, Switch, fraction
from fastgd.optimizers.base import Optimizer, Params, Progress, Settings


class NAdam(Optimizer):
    r"""
    NAdam, with L2 or decoupled weight decay.

    With ``g`` the gradient plus ``weight_decay`` times the parameter (unless decoupled), at step ``t``
    from 1::

        mu[t] = beta1 * (1 - 0.5 * 0.96**(t * momentum_decay));    mu_product *= mu[t]
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        n = (1 - mu[t]) / (1 - mu_product) * g + mu[t + 1] / (1 - mu_product * mu[t + 1]) * m
        param -= lr * n / (sqrt(v / (1 - beta2**t) + eps_root) + eps)

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 2e-3
        Learning rate, at least 0.
    betas : pair of float, default (0.9, 0.999)
        Decay rates of the two moments, in [0, 1).
    eps : float, default 1e-8
        Outside the root, at least 0.
    weight_decay : float, default 0
        At least 0.
    momentum_decay : float, default 4e-3
        How fast the momentum rises to `betas[0]`, at least 0; Keras has 1.
    decoupled_weight_decay : bool, default False
        As for `Adam`.
    maximize : bool, default False
        Ascend.
    eps_root : float, default 0
        Inside the root, at least 0.
    corrected_weight_decay : float or bool, default 0
        If not 0, the largest learning rate: `weight_decay` is then in proportion to the present one, as in AdamC
        (Defazio, arXiv:2506.02285). True stands for the `lr` that is given with it.
    cautious : bool, default False
        Whether the elements of an update are left out whose sign is not the gradient's, and the others divided by the
        part of all that they are, at least a thousandth (Liang et al., arXiv:2411.16085).
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``, ``mu_product`` (a float64 scalar), ``exp_avg`` and ``exp_avg_sq`` (shape of the parameter).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.NAdam, but ``mu_product`` is kept in double; `eps_root` is an addition.

    References
    ----------
    Dozat, "Incorporating Nesterov Momentum into Adam", ICLR workshop 2016.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.NAdam(w, lr=0.5).step(np.array([4.0, -1.0]))
    >>> w.round(4)
    array([0.4718, 2.5282])
    """

    family = "nadam"
    beyond_torch = ("eps_root", "corrected_weight_decay", "cautious")
    carried = {"mu_product": fraction}
    torch_signature = (
        "lr betas eps weight_decay momentum_decay decoupled_weight_decay * foreach maximize "
        "capturable differentiable eps_root corrected_weight_decay cautious"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 2e-3,
        betas: DecayRates = (0.9, 0.999),
        eps: NonNegative = 1e-8,
        weight_decay: NonNegative = 0.0,
        momentum_decay: NonNegative = 4e-3,
        decoupled_weight_decay: Switch = False,
        *,
        maximize: Switch = False,
        eps_root: NonNegative = 0.0,
        corrected_weight_decay: PeakRate = 0.0,
        cautious: Switch = False,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)

    @classmethod
    def progress(cls, label: str, entry: Mapping[str, Any]) -> Progress:
        steps, carry = super().progress(label, entry)
        if steps == 0 and carry[0] not in (0, 1):
            raise ValueError(f"{label}['mu_product'] must be 1 at step 0, got {carry[0]}")
        return steps, carry
