"""Adam whose rate is found while it trains, from how far the parameters have come: Prodigy and D-Adaptation."""

from typing import Unpack

from fastgd.hyperparameters import (
    DecayRates,
    GrowthRate,
    NonNegative,
    OptionalFraction,
    Positive,
    Rate,
    Switch,
    any_real,
    nonnegative,
)
from fastgd.optimizers.base import Optimizer, Params, Settings


class Adapting(Optimizer):
    """Base of the optimizers that find their rate."""

    elementwise = False

    @property
    def d(self) -> float:
        """The rate that has been found: the first parameter's, which all with the same steps have."""
        steps, carry = self._steps.progress(0)
        return carry[0] if steps else float(self.param_groups[0]["d0"])


class Prodigy(Adapting):
    r"""
    Prodigy, with decoupled or L2 weight decay.

    With ``d`` = `d0` and ``p0`` the parameter at first, ``beta3`` sqrt(beta2) unless it is given, and sums over all
    parameters::

        r = beta3 * r + d / d0 * d * lr * sum(grad * (p0 - param))
        m = beta1 * m + d * (1 - beta1) * grad
        v = beta2 * v + d**2 * (1 - beta2) * grad**2
        s = beta3 * s + d / d0 * d * lr * grad
        d_new = d_coef * r / sum(abs(s)), at least d and at most d * growth_rate
        param -= d * lr * (m / (sqrt(v) + d_new * eps) + weight_decay * param);    d = d_new

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1.0
        Factor of the rate that is found, at least 0, the same in all groups; a schedule of it is 1 at its highest.
    betas : pair of float, default (0.9, 0.999)
        Decay rates of the two moments, in [0, 1).
    beta3 : float, optional
        Decay rate of the sums, in (0, 1); the root of ``betas[1]`` by default.
    eps : float, default 1e-8
        Outside the root, times d; above 0.
    weight_decay : float, default 0
        At least 0.
    decouple : bool, default True
        Whether the decay does not go through the moments.
    use_bias_correction : bool, default False
        Whether the rate is corrected as Adam's is.
    safeguard_warmup : bool, default False
        Whether `lr` and the bias correction are left out of s, which a long warm-up needs.
    d0 : float, default 1e-6
        First rate, above 0; far below the right one.
    d_coef : float, default 1.0
        Factor of the estimate, above 0; 0.5 to 2 are worth a try.
    growth_rate : float, optional
        By how much d may grow in a step, at least 1; without a bound by default.
    maximize : bool, default False
        Ascend.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``; ``d``, ``d_max`` and ``d_numerator`` (float64 scalars); ``exp_avg``, ``exp_avg_sq``, ``s`` and ``p0``
        (shape of the parameter).
    d : float
        The rate that has been found.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    torch has no such class; the numbers are those of the authors' package, prodigyopt, without `slice_p`. For where no
    rate is known: leave `lr` at 1. Every parameter has its own d, which is the same for all that have had gradients in
    the same steps; one that lacks a gradient keeps the d that it had, where prodigyopt has one for a group.

    References
    ----------
    Mishchenko & Defazio, "Prodigy: An Expeditiously Adaptive Parameter-Free Learner", ICML 2024, Algorithm 4.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> opt = fastgd.Prodigy(w)
    >>> for _ in range(100):
    ...     opt.step(w - 3.0)
    >>> bool(abs(w - 3.0).max() < 0.5), opt.d > 0.1
    (True, True)
    """

    family = "prodigy"
    rereads_state = True
    carried = {"d": nonnegative, "d_max": nonnegative, "d_numerator": any_real}
    torch_signature = (
        "lr betas beta3 eps weight_decay decouple use_bias_correction safeguard_warmup d0 d_coef growth_rate "
        "* foreach maximize capturable differentiable fused"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1.0,
        betas: DecayRates = (0.9, 0.999),
        beta3: OptionalFraction = None,
        eps: Positive = 1e-8,
        weight_decay: NonNegative = 0.0,
        decouple: Switch = True,
        use_bias_correction: Switch = False,
        safeguard_warmup: Switch = False,
        d0: Positive = 1e-6,
        d_coef: Positive = 1.0,
        growth_rate: GrowthRate = None,
        *,
        maximize: Switch = False,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)


class DAdaptAdam(Adapting):
    r"""
    Adam by D-Adaptation, with decoupled or L2 weight decay.

    With ``d`` = `d0` at first, q = sqrt(beta2), and sums over all parameters::

        r = q * r + (1 - q) * d * lr * sum(grad * s / (sqrt(v) + eps))
        m = beta1 * m + d * lr * (1 - beta1) * grad
        v = beta2 * v + (1 - beta2) * grad**2
        s = q * s + (1 - q) * d * lr * grad
        param -= m / (sqrt(v) + eps) + d * lr * weight_decay * param
        d = r / ((1 - q) * sum(abs(s))), at least d and at most d * growth_rate

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1.0
        Factor of the rate that is found, at least 0, the same in all groups; a schedule of it is 1 at its highest.
    betas : pair of float, default (0.9, 0.999)
        Decay rates of the two moments, in [0, 1).
    eps : float, default 1e-8
        Outside the root, above 0.
    weight_decay : float, default 0
        At least 0.
    decouple : bool, default True
        Whether the decay does not go through the moments.
    use_bias_correction : bool, default False
        Whether the rate is corrected as Adam's is.
    d0 : float, default 1e-6
        First rate, above 0; far below the right one.
    growth_rate : float, optional
        By how much d may grow in a step, at least 1; without a bound by default.
    maximize : bool, default False
        Ascend.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``; ``d`` and ``numerator_weighted`` (float64 scalars); ``exp_avg``, ``exp_avg_sq`` and ``s`` (shape of
        the parameter).
    d : float
        The rate that has been found.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    torch has no such class; the numbers are those of the authors' package, dadaptation, whose `decouple` is False by
    default. For where no rate is known; `Prodigy` is its successor and mostly the better one. As there, a parameter
    that lacks a gradient keeps its own d.

    References
    ----------
    Defazio & Mishchenko, "Learning-Rate-Free Learning by D-Adaptation", ICML 2023, Algorithm 5.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> opt = fastgd.DAdaptAdam(w)
    >>> for _ in range(200):
    ...     opt.step(w - 3.0)
    >>> bool(abs(w - 3.0).max() < 0.5), opt.d > 0.01
    (True, True)
    """

    family = "dadapt_adam"
    rereads_state = True
    carried = {"d": nonnegative, "numerator_weighted": any_real}
    torch_signature = (
        "lr betas eps weight_decay decouple use_bias_correction d0 growth_rate "
        "* foreach maximize capturable differentiable fused"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1.0,
        betas: DecayRates = (0.9, 0.999),
        eps: Positive = 1e-8,
        weight_decay: NonNegative = 0.0,
        decouple: Switch = True,
        use_bias_correction: Switch = False,
        d0: Positive = 1e-6,
        growth_rate: GrowthRate = None,
        *,
        maximize: Switch = False,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
