"""Adam, AMSGrad, AdamW and SparseAdam."""

from typing import ClassVar, Unpack

from fastgd.hyperparameters import DecayRates, Flag, Held, NonNegative, PeakRate, Rate, Switch
from fastgd.optimizers.base import Optimizer, Params, Settings


class Adam(Optimizer):
    r"""
    Adam, with AMSGrad and with L2 or decoupled weight decay.

    With ``g`` the gradient plus ``weight_decay`` times the parameter (unless decoupled), at step ``t``
    from 1::

        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2;    amsgrad: w = max(w, v), and w in place of v below
        param -= lr * m / (1 - beta1**t) / (sqrt(v / (1 - beta2**t) + eps_root) + eps)

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
    amsgrad : bool, default False
        Whether to divide by the largest second moment so far.
    maximize : bool, default False
        Ascend.
    decoupled_weight_decay : bool, default False
        Whether the decay multiplies the parameter by 1 - lr * weight_decay, as in AdamW, rather than joining the
        gradient.
    eps_root : float, default 0
        Inside the root, at least 0.
    eps_hat : bool, default False
        Whether `eps` and `eps_root` are added before the bias correction:
        ``lr * sqrt(1 - beta2**t) / (1 - beta1**t) * m / (sqrt(v + eps_root) + eps)``, as in Keras and in the text
        after the paper's Algorithm 1.
    cautious : bool, default False
        Whether the elements of an update are left out whose sign is not the gradient's, and the others divided by the
        part of all that they are, at least a thousandth (Liang et al., arXiv:2411.16085).
    corrected_weight_decay : float or bool, default 0
        If not 0, the largest learning rate: `weight_decay` is then in proportion to the present one, as in AdamC
        (Defazio, arXiv:2506.02285). True stands for the `lr` that is given with it.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``, ``exp_avg``, ``exp_avg_sq`` and with `amsgrad` ``max_exp_avg_sq`` (shape of the parameter).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.Adam; `eps_root` (optax's) and `eps_hat` are additions.

    References
    ----------
    Kingma & Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, Algorithm 1; Reddi, Kale & Kumar, "On the
    Convergence of Adam and Beyond", ICLR 2018.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.Adam(w, lr=0.5).step(np.array([4.0, -1.0]))
    >>> w.round(6)
    array([0.5, 2.5])
    """

    family = "adam"
    rows = "if lazy"
    beyond_torch: ClassVar[tuple[str, ...]] = ("eps_root", "eps_hat", "cautious", "corrected_weight_decay")
    implied = {"amsgrad": "max_exp_avg_sq"}
    torch_signature = (
        "lr betas eps weight_decay amsgrad * foreach maximize "
        "capturable differentiable fused decoupled_weight_decay eps_root eps_hat cautious corrected_weight_decay"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-3,
        betas: DecayRates = (0.9, 0.999),
        eps: NonNegative = 1e-8,
        weight_decay: NonNegative = 0.0,
        amsgrad: Switch = False,
        *,
        maximize: Switch = False,
        decoupled_weight_decay: Switch = False,
        eps_root: NonNegative = 0.0,
        eps_hat: Switch = False,
        cautious: Switch = False,
        corrected_weight_decay: PeakRate = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)


class AdamW(Adam):
    r"""
    Adam with decoupled weight decay.

    At step ``t`` from 1::

        m = beta1 * m + (1 - beta1) * grad
        v = beta2 * v + (1 - beta2) * grad**2;    amsgrad: w = max(w, v), and w in place of v below
        param = (1 - lr * weight_decay) * param
                - lr * m / (1 - beta1**t) / (sqrt(v / (1 - beta2**t) + eps_root) + eps)

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr, betas, eps, amsgrad, maximize, eps_root, eps_hat
        As for `Adam`.
    weight_decay : float, default 1e-2
        At least 0.
    cautious : bool, default False
        Whether the elements of an update are left out whose sign is not the gradient's, and the others divided by the
        part of all that they are, at least a thousandth (Liang et al., arXiv:2411.16085).
    corrected_weight_decay : float or bool, default 0
        If not 0, the largest learning rate: `weight_decay` is then in proportion to the present one, as in AdamC
        (Defazio, arXiv:2506.02285). True stands for the `lr` that is given with it.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        As of `Adam`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.AdamW.

    References
    ----------
    Loshchilov & Hutter, "Decoupled Weight Decay Regularization", ICLR 2019, Algorithm 2.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> fastgd.AdamW(w, lr=0.5, weight_decay=0.1).step(np.array([4.0, -1.0]))
    >>> w.round(6)
    array([0.45, 2.4 ])
    """

    fixed = {"decoupled_weight_decay": Flag("True for AdamW", only=True, otherwise="Adam has both")}
    torch_signature = (
        "lr betas eps weight_decay amsgrad * maximize foreach capturable differentiable fused eps_root eps_hat "
        "cautious corrected_weight_decay"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-3,
        betas: DecayRates = (0.9, 0.999),
        eps: NonNegative = 1e-8,
        weight_decay: NonNegative = 1e-2,
        amsgrad: Switch = False,
        *,
        maximize: Switch = False,
        eps_root: NonNegative = 0.0,
        eps_hat: Switch = False,
        cautious: Switch = False,
        corrected_weight_decay: PeakRate = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        Optimizer.__init__(self, params, locals(), settings)


class SparseAdam(Adam):
    r"""
    Adam for gradients of rows, with eps before the bias correction.

    At step ``t`` from 1, for the rows that the gradient has, the others and their moments staying as they are::

        m = beta1 * m + (1 - beta1) * grad
        v = beta2 * v + (1 - beta2) * grad**2
        param -= lr * sqrt(1 - beta2**t) / (1 - beta1**t) * m / (sqrt(v) + eps)

    Parameters
    ----------
    params
        As for `Optimizer`.
    lr, betas, eps, maximize
        As for `Adam`.
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
    As torch.optim.SparseAdam: the step is counted for the parameter, not for each row. A gradient that is an array
    like the parameter, which torch refuses, has all rows, so that one optimizer takes both. `Adam` and `AdamW` with
    ``lazy_rows=True`` have torch.optim.Adam's place of `eps`, AMSGrad and weight decay.

    References
    ----------
    Kingma & Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, the text after Algorithm 1.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.ones((3, 2))
    >>> opt = fastgd.SparseAdam(w, lr=0.5)
    >>> opt.step(fastgd.Rows(np.array([2, 0]), np.array([[1.0, 2.0], [-4.0, 0.0]])))
    >>> w.round(6)
    array([[1.5, 1. ],
           [1. , 1. ],
           [0.5, 0.5]])
    """

    rows = "always"
    elementwise = False  # functional.adam with eps_hat=True, on the rows that there are
    beyond_torch: ClassVar[tuple[str, ...]] = (
        "weight_decay",
        "amsgrad",
        "decoupled_weight_decay",
        "eps_root",
        "eps_hat",
        "cautious",
        "corrected_weight_decay",
    )
    implied = {}
    fixed = {
        "weight_decay": Held("0 for SparseAdam", only=0.0),
        "amsgrad": Flag("False for SparseAdam", only=False, otherwise="Adam with lazy_rows=True has it"),
        "decoupled_weight_decay": Flag("False for SparseAdam", only=False, otherwise="AdamW has it"),
        "eps_root": Held("0 for SparseAdam", only=0.0),
        "eps_hat": Flag("True for SparseAdam", only=True, otherwise="Adam with lazy_rows=True has both"),
        "cautious": Flag("False for SparseAdam", only=False, otherwise="Adam has it, for gradients of all rows"),
        "corrected_weight_decay": Held("0 for SparseAdam, which decays nothing", only=0.0),
    }
    torch_signature = "lr betas eps maximize"

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-3,
        betas: DecayRates = (0.9, 0.999),
        eps: NonNegative = 1e-8,
        *,
        maximize: Switch = False,
        **settings: Unpack[Settings],
    ) -> None:
        Optimizer.__init__(self, params, locals(), settings)
