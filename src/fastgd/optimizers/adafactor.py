"""Adafactor: a second moment of rows and columns, and steps in proportion to the parameter."""

import math
from collections.abc import Mapping
from typing import Any, Unpack

import numpy as np

from fastgd import formats
from fastgd.engine import factored
from fastgd.engine.exact import real_power
from fastgd.hyperparameters import AdafactorEps, AtLeastOne, NonNegative, NonPositive, Rate, Switch
from fastgd.optimizers import state_dict as saved
from fastgd.optimizers.base import Optimizer, Params, Settings
from fastgd.optimizers.finishing import Finishing


class Adafactor(Finishing):
    r"""
    Adafactor, with decoupled weight decay.

    At step :math:`t` from 1, with means of squares over the last axis for ``row`` and the one before it for ``col``::

        b = t**beta2_decay
        row = (1 - b) * row + b * mean(grad**2, -1);    col = (1 - b) * col + b * mean(grad**2, -2)
        u = grad / sqrt(max(row * col / max(mean(row, -2), eps1), eps1**2))
        step = max(eps2, rms(param)) * min(lr, 1 / sqrt(t)) / max(1, rms(u) / d)
        param = (1 - lr * weight_decay) * param - step * u

    and for fewer than two axes the squares themselves in the place of row * col / mean(row).

    Parameters
    ----------
    params
        As for `Optimizer`, float32 or float64.
    lr : float or schedule, default 1e-2
        Bound of the learning rate, at least 0; it falls with the root of the step by itself.
    beta2_decay : float, default -0.8
        Power of the step in the weight of new squares, at most 0.
    eps : pair, default (None, 1e-3)
        The least second moment (its root; None: the dtype's precision) and the least size of the parameter, at least 0.
    d : float, default 1.0
        Largest root mean square of an update, at least 1.
    weight_decay : float, default 0
        Decoupled, at least 0.
    maximize : bool, default False
        Ascend.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``, and ``row_var`` (the parameter's shape with 1 as its last axis) and ``col_var`` (with 1 as the one
        before it), or ``variance`` (the parameter's shape) for fewer than two axes.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.Adafactor. For models whose state would not fit: a matrix of r rows and c columns keeps r + c
    numbers. Another order than C and F is copied for a step, and an interrupt in a step leaves out the parameters that
    come after it. transformers' form has its eps in the squares, and options that are not here.

    References
    ----------
    Shazeer & Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", ICML 2018, Algorithms 4 and 6.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.ones((2, 3))
    >>> opt = fastgd.Adafactor(w, lr=0.5)
    >>> opt.step(np.full((2, 3), 4.0))
    >>> w[0], opt.state[0]["row_var"].shape
    (array([0.5, 0.5, 0.5]), (2, 1))
    """

    family = "adafactor"
    elementwise = False
    in_c = False
    state_bytes = "4 for each row and column"
    torch_signature = "lr beta2_decay eps d weight_decay * foreach maximize"

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-2,
        beta2_decay: NonPositive = -0.8,
        eps: AdafactorEps = (None, 1e-3),
        d: AtLeastOne = 1.0,
        weight_decay: NonNegative = 0.0,
        *,
        maximize: Switch = False,
        **settings: Unpack[Settings],
    ) -> None:
        self._moments: list[dict[str, np.ndarray]] = []
        super().__init__(params, locals(), settings)

    @classmethod
    def check_params(cls, named: list[tuple[str, Any]]) -> None:
        """Raise if a parameter is of a format that the step does not compute in."""
        for name, param in named:
            if str(param.dtype).removeprefix("torch.") not in formats.WIDE:
                raise TypeError(f"Adafactor takes float32 and float64, got {name} of dtype {param.dtype}")

    def _finish(self, i: int) -> None:
        self._moments += [{} for _ in self._steps.params[len(self._moments) :]]
        number, _ = self._steps.place_of(i)
        values = dict(zip(self.checks, self._steps.plain(number), strict=True))
        steps, _ = self._steps.progress(i)
        param = self._steps.params[i]
        if not self._moments[i]:
            self._moments[i] = begun(param)
        update(param, self._steps.gradient(i), self._moments[i], steps, values, self._steps.treatment())

    def _entries(self) -> list[dict[str, Any]]:
        moments = [*self._moments, *({} for _ in self._steps.params[len(self._moments) :])]
        return [entry | own if entry else {} for entry, own in zip(super()._entries(), moments, strict=True)]

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        groups, state = saved.parts(state_dict)
        entries = {i: dict(saved.mapping(f"state_dict['state'][{i!r}]", entry)) for i, entry in state.items()}
        moments: list[dict[str, np.ndarray]] = []
        for key, param in zip([key for group in groups for key in group["params"]], self._steps.params, strict=False):
            moments.append({})
            if not entries.get(key):
                continue
            for name, array in begun(param).items():
                label = f"state_dict['state'][{key!r}]"
                if entries[key].get(name) is None:
                    raise ValueError(f"{label}: missing {name!r}")
                array[...] = saved.array_like(f"{label}[{name!r}]", entries[key].pop(name), array, [param.dtype])
                moments[-1][name] = array
            for name in ("row_var", "col_var", "variance"):
                if name in entries[key] and entries[key][name] is None:  # as torch has those that it does not use
                    del entries[key][name]
        super().load_state_dict({**state_dict, "state": entries})
        self._moments = moments

    load_state_dict.__doc__ = Optimizer.load_state_dict.__doc__


def begun(param: np.ndarray) -> dict[str, np.ndarray]:
    """The moments of a parameter before its first step."""
    if param.ndim < 2:
        return {"variance": np.zeros(param.shape, param.dtype)}
    *batch, rows, columns = param.shape
    return {
        "row_var": np.zeros((*batch, rows, 1), param.dtype),
        "col_var": np.zeros((*batch, 1, columns), param.dtype),
    }


def update(
    param: np.ndarray,
    grad: np.ndarray,
    moments: Mapping[str, np.ndarray],
    steps: int,
    values: Mapping[str, Any],
    treatment: tuple[float, float],
) -> None:
    """
    Step `steps` of one parameter: its gradient is multiplied by the first of `treatment`, clipped to the second.

    The gradient may be in any format that loses nothing in the parameter's.
    """
    if not param.size:
        return
    scale, bound = treatment
    eps1, eps2 = values["eps"]
    alpha = max(eps2, factored.rms(param)) * min(values["lr"], 1.0 / math.sqrt(steps))
    factored.step(
        param,
        grad.astype(param.dtype, copy=False),
        tuple(moments.values()),
        -scale if values["maximize"] else scale,
        bound,
        real_power(steps, values["beta2_decay"]),
        float(np.finfo(param.dtype).eps) if eps1 is None else eps1,
        1.0 - values["lr"] * values["weight_decay"],
        alpha,
        values["d"],
    )
