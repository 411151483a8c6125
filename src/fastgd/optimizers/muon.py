"""Muon: momentum whose matrices are made orthogonal before the step."""

from collections.abc import Mapping
from typing import Any, Unpack

import numpy as np

from fastgd.hyperparameters import AdjustLr, Count, DecayRate, NonNegative, PeakRate, Rate, Switch, ThreeNumbers
from fastgd.matrices import lr_factor, orthogonalized
from fastgd.optimizers.base import Optimizer, Params, Progress, Settings


class Muon(Optimizer):
    r"""
    Muon, for matrices.

    ::

        m = momentum * m + (1 - momentum) * grad
        u = (1 - momentum) * grad + momentum * m     with nesterov, otherwise m
        x = u / max(norm(u), eps), transposed if it has more rows than columns
        ns_steps times:  g = x @ x.T;    x = a * x + (b * g + c * g @ g) @ x
        param = (1 - lr * weight_decay) * param - lr * s * x

    with s = sqrt(max(1, rows / columns)), or 0.2 * sqrt(max(rows, columns)) for ``"match_rms_adamw"``.

    Parameters
    ----------
    params
        As for `Optimizer`; every array has two axes.
    lr : float or schedule, default 1e-3
        Learning rate, at least 0; with ``"match_rms_adamw"`` that of AdamW, otherwise some 0.02.
    weight_decay : float, default 0.1
        Decoupled, at least 0.
    momentum : float, default 0.95
        In [0, 1).
    nesterov : bool, default True
        Whether to look ahead.
    ns_coefficients : triple of float, default (3.4445, -4.775, 2.0315)
        a, b and c of the iteration.
    eps : float, default 1e-7
        The least that a matrix is divided by, at least 0.
    ns_steps : int, default 5
        Steps of the iteration, at least 1 and below 100.
    adjust_lr_fn : {"original", "match_rms_adamw"}, optional
        How the rate follows the shape; None is ``"original"``.
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
        ``momentum_buffer`` (shape of the parameter).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described; a parameter that is no matrix is named.

    Notes
    -----
    As torch.optim.Muon, which iterates in bfloat16, 1.5 % of an update away; here it is in the parameter's dtype, on
    every processor. For the weights of hidden layers: embeddings, the last layer, biases and gains belong to AdamW, and
    `muon_groups` splits a model. Momentum and decay have the same bits everywhere; the matrix products are those of
    NumPy's BLAS, or torch's. They are most of the time of a step, and come before anything is changed.

    References
    ----------
    Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024; Liu et al., "Muon is Scalable for
    LLM Training", arXiv:2502.16982.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.zeros((2, 2))
    >>> fastgd.Muon(w, lr=0.1).step(np.array([[3.0, 0.0], [0.0, -4.0]]))
    >>> bool(abs(abs(w).max() - 0.1) < 0.05), bool(w[0, 0] < 0 < w[1, 1])
    (True, True)
    """

    family = "muon"
    beyond_torch = ("maximize", "corrected_weight_decay")
    elementwise = False
    whole = True
    has_step = False
    scratch = ("update",)
    torch_signature = (
        "lr weight_decay momentum nesterov ns_coefficients eps ns_steps adjust_lr_fn * maximize corrected_weight_decay"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-3,
        weight_decay: NonNegative = 0.1,
        momentum: DecayRate = 0.95,
        nesterov: Switch = True,
        ns_coefficients: ThreeNumbers = (3.4445, -4.775, 2.0315),
        eps: NonNegative = 1e-7,
        ns_steps: Count = 5,
        adjust_lr_fn: AdjustLr = None,
        *,
        maximize: Switch = False,
        corrected_weight_decay: PeakRate = 0.0,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
        self._steps.between = turned

    @classmethod
    def check_together(cls, values: dict[str, Any]) -> None:
        if values["ns_steps"] >= 100:
            raise ValueError(f"ns_steps must be below 100, got {values['ns_steps']}")

    @classmethod
    def check_params(cls, named: list[tuple[str, Any]]) -> None:
        """Raise if a parameter is no matrix."""
        if wrong := [f"{name} of shape {tuple(param.shape)}" for name, param in named if param.ndim != 2]:
            raise ValueError(
                f"Muon takes matrices, got {', '.join(wrong)}: give those to AdamW; muon_groups splits them"
            )

    @classmethod
    def entry(
        cls, steps: int, carry: tuple[float, ...], arrays: dict[str, Any], hyperparameters: dict[str, Any]
    ) -> dict[str, Any]:
        return {key: array for key, array in arrays.items() if key not in cls.scratch} if steps else {}

    @classmethod
    def progress(cls, label: str, entry: Mapping[str, Any]) -> Progress:
        return 1, ()


def turned(steps: Any) -> None:
    """The direction of each matrix, into its `update`."""
    for i in steps.updated():
        u, h = ahead(steps, i)
        x = orthogonalized(u, h["ns_coefficients"], h["ns_steps"], h["eps"])
        steps.states[i]["update"][...] = lr_factor(u.shape, h["adjust_lr_fn"]) * x


def ahead(steps: Any, i: int) -> tuple[np.ndarray, dict[str, Any]]:
    """What is to be made orthogonal of matrix `i` in this step, in the dtype of its rule; its hyperparameters."""
    h = dict(zip(steps.reader.names, steps.plain(steps.place_of(i)[0]), strict=True))
    scale, bound = steps.treatment()
    g = steps.gradient(i).astype(np.float64 if steps.params[i].dtype == np.float64 else np.float32)
    g = np.clip(g * g.dtype.type(-scale if h["maximize"] else scale), -g.dtype.type(bound), g.dtype.type(bound))
    share = g.dtype.type(1.0 - h["momentum"])
    m = steps.states[i]["momentum_buffer"].astype(g.dtype)
    m += share * (g - m)
    if not h["nesterov"]:
        return m, h
    return share * g + g.dtype.type(h["momentum"]) * m, h
