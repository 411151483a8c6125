"""AdaBelief: Adam that divides by how far gradients are from what was expected."""

from typing import Unpack

from fastgd.hyperparameters import DecayRates, NonNegative, PeakRate, Rate, Switch
from fastgd.optimizers.base import Optimizer, Params, Settings


class AdaBelief(Optimizer):
    r"""
    AdaBelief, with decoupled weight decay.

    At step ``t`` from 1::

        param *= 1 - lr * weight_decay
        m = beta1 * m + (1 - beta1) * grad
        s = beta2 * s + (1 - beta2) * (grad - m)**2 + eps
        param -= lr * (m / (1 - beta1**t)) / (sqrt(s / (1 - beta2**t)) + eps)


    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1e-3
        Learning rate, at least 0.
    betas : pair of float, default (0.9, 0.999)
        Decay rates of the two moments, in [0, 1).
    eps : float, default 1e-16
        Added to the second moment at each step, and outside the root; at least 0.
    weight_decay : float, default 0
        Decoupled, at least 0.
    maximize : bool, default False
        Ascend.
    corrected_weight_decay : float or bool, default 0
        If not 0, the largest learning rate: `weight_decay` is then in proportion to the present one, as in AdamC
        (Defazio, arXiv:2506.02285). True stands for the `lr` that is given with it.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``, ``exp_avg`` and ``exp_avg_var`` (shape of the parameter).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    torch has no such class. Where Adam's steps are small because gradients are large, these are so only where gradients
    vary; it suits what SGD trains better than Adam, such as convolutional networks and GANs. The numbers are those of
    optax.adabelief and of the authors' code without its rectification; `eps` collects in the second moment, as there.

    References
    ----------
    Zhuang et al., "AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients", NeurIPS 2020.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.AdaBelief(w, lr=0.5).step(np.array([4.0, -1.0]))
    >>> w.round(4)
    array([0.4444, 2.5556])
    """

    family = "adabelief"
    torch_signature = (
        "lr betas eps weight_decay * foreach maximize capturable differentiable fused corrected_weight_decay"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-3,
        betas: DecayRates = (0.9, 0.999),
        eps: NonNegative = 1e-16,
        weight_decay: NonNegative = 0.0,
        *,
        maximize: Switch = False,
        corrected_weight_decay: PeakRate = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
