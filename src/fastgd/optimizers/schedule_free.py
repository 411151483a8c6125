"""Schedule-free optimizers: an average of the iterates in the place of a schedule of the learning rate."""

from collections.abc import Mapping
from typing import Any, Unpack

import numpy as np

from fastgd import validation
from fastgd.engine.averaged import change
from fastgd.hyperparameters import AveragingRates, NonNegative, OpenFraction, Rate, Switch, nonnegative
from fastgd.optimizers import state_dict as saved
from fastgd.optimizers.base import Optimizer, Params, Settings

IN_EVAL = "the parameters are those of eval(): call train() before a step"


class ScheduleFree(Optimizer):
    """
    Base of the schedule-free optimizers: what their parameters hold.

    While training, these hold y, where gradients are taken. After `eval` they hold x, the average, which is what has
    been learned: evaluate and save a model there.

    Attributes
    ----------
    training : bool
        Whether the parameters hold y; True at first.
    """

    begins_itself = True

    carried = {"weight_sum": nonnegative, "lr_max": nonnegative}
    _y: list[np.ndarray | None] | None = None  # what parameters that have been updated held before `eval`

    @property
    def training(self) -> bool:
        return self._y is None

    def eval(self) -> None:
        """
        Let the parameters hold x, in place; they are copied, so that `train` brings back y with the same bits.

        Raises
        ------
        TypeError, ValueError
            If a parameter is no longer as it was given; all are then unchanged.
        RuntimeError
            Inside `averaged`.
        """
        if self._y is not None:
            return
        with self._steps:
            self._steps.check_plain()
            params = self._steps.params
            for i in range(len(params)):
                self._steps.check_param(i, self._label(i))
            begun = [self._steps.progress(i)[0] > 0 for i in range(len(params))]
            y = [np.array(p, order="K") if has else None for p, has in zip(params, begun, strict=True)]
            averages = []
            for i, held in enumerate(y):
                if held is not None:
                    # x = y + (1 - 1 / momentum) * (z - y), rounded to the parameter's dtype once.
                    wide = np.dtype(np.float64 if held.dtype == np.float64 else np.float32)
                    x = np.subtract(self._steps.states[i]["z"], held, dtype=wide)
                    x *= wide.type(1.0 - 1.0 / self._momentum(i))
                    x += held
                    averages.append((params[i], x))
            self._hold(y, averages)

    def train(self) -> None:
        """
        Let the parameters hold y again, with the bits that they had before `eval`.

        Raises
        ------
        TypeError, ValueError, RuntimeError
            As by `eval`.
        """
        if self._y is None:
            return
        with self._steps:
            self._steps.check_plain()
            for i in range(len(self._y)):
                self._steps.check_param(i, self._label(i))
            pairs = [(param, y) for param, y in zip(self._steps.params, self._y, strict=False) if y is not None]
            self._hold(None, pairs)

    def _hold(self, y: list[np.ndarray | None] | None, pairs: list[tuple[np.ndarray, np.ndarray]]) -> None:
        """Let parameters hold other numbers, `y` being kept, and bring copies up to date."""
        try:
            change([(self.__dict__, "_y", y)], pairs)
        finally:
            self._steps.show(False)

    def _momentum(self, i: int) -> float:
        """What the average is weighted by: `momentum`, or the first of `betas`."""
        group = self.param_groups[self._steps.place_of(i)[0]]
        return float(group["momentum"] if "momentum" in group else group["betas"][0])

    def step(self, grads: object = None, *, grad_scale: float = 1.0, zero_grads: bool = False) -> None:
        if self._y is not None:
            raise RuntimeError(IN_EVAL)
        super().step(grads, grad_scale=grad_scale, zero_grads=zero_grads)

    step.__doc__ = Optimizer.step.__doc__

    def state_dict(self) -> dict[str, Any]:
        """
        Hyperparameters and a copy of the state, with what the parameters hold.

        Returns
        -------
        dict
            As of `Optimizer`, and in each group ``"train_mode"``; in eval mode the state has ``"y"`` too.
        """
        result = super().state_dict()
        for group in result["param_groups"]:
            group["train_mode"] = self.training
        for i, entry in result["state"].items():
            if self._y is not None:
                entry["y"] = np.array(self._y[i], order="K")
        return result

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """
        Take over hyperparameters, state, and what the parameters hold.

        Parameters
        ----------
        state_dict : mapping
            As `state_dict` returns it. The parameters are loaded apart; they must be those of the same moment.

        Raises
        ------
        TypeError, ValueError
            As by `Optimizer`; the optimizer is then unchanged.
        """
        groups, state = saved.parts(state_dict)
        modes = [
            validation.flag(f"state_dict['param_groups'][{i}]['train_mode']", group.get("train_mode", True))
            for i, group in enumerate(groups)
        ]
        if len(set(modes)) > 1:
            raise ValueError(f"state_dict['param_groups']: expected one 'train_mode' for all, got {modes}")
        entries = {i: dict(saved.mapping(f"state_dict['state'][{i!r}]", entry)) for i, entry in state.items()}
        kept = {i: entry.pop("y") for i, entry in entries.items() if "y" in entry}
        plain = [{key: value for key, value in group.items() if key != "train_mode"} for group in groups]
        y = None if all(modes) else self._saved_y(groups, entries, kept)
        last = self._steps.states[-1]
        try:
            super().load_state_dict({**state_dict, "state": entries, "param_groups": plain})
            self._y = y
        except BaseException:
            if self._steps.states[-1] is not last:  # It is loaded, and an interrupt came then.
                self._y = y
            raise

    def _saved_y(
        self, groups: list[Mapping[str, Any]], entries: Mapping[Any, Any], kept: Mapping[Any, Any]
    ) -> list[np.ndarray | None]:
        """What the parameters held before `eval`, from a state dict whose form is checked afterwards."""
        result: list[np.ndarray | None] = []
        for key, param in zip([key for group in groups for key in group["params"]], self._steps.params, strict=False):
            label = f"state_dict['state'][{key!r}]"
            if entries.get(key) and key not in kept:
                raise ValueError(f"{label}: missing 'y'")
            y = saved.array_like(f"{label}['y']", kept[key], param, [param.dtype]) if key in kept else None
            result.append(None if y is None else np.array(y))
        return result


class ScheduleFreeSGD(ScheduleFree):
    r"""
    Gradient descent without a schedule: the average of its iterates is as good as with the best one.

    The parameter holds y; ``g`` is the gradient there plus ``weight_decay`` times y. With z = y at first, and w
    the weight ``t**r * lr_max**weight_lr_power`` of the step over the sum of all so far::

        y = (1 - w) * y + w * z - lr * (1 - momentum * (1 - w)) * g
        z = z - lr * g                                                      # from the z above
        x = y + (1 - 1 / momentum) * (z - y)                                # after eval()


    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 1.0
        Learning rate, at least 0; constant, and ten to fifty times that of SGD with momentum and a schedule.
    momentum : float, default 0.9
        How much of y is the average, in (0, 1).
    weight_decay : float, default 0
        At y, at least 0.
    warmup_steps : float, default 0
        Steps in which the rate grows from 0, linearly; at least 0.
    r : float, default 0
        Power of the step in the weights of the average, at least 0.
    weight_lr_power : float, default 2
        Power of the largest rate so far in the weights of the average, at least 0.
    maximize : bool, default False
        Ascend.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``, ``weight_sum`` and ``lr_max`` (float64 scalars), ``z`` (shape of the parameter).
    training : bool
        Whether the parameters hold y; True at first.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    torch has no such class; the numbers are those of the authors' package, schedulefree. For where the number of steps
    is not known beforehand: the average is at each moment what a schedule that ended there would have given. Call
    `eval` before the model is evaluated or saved, and `train` before it is trained on.

    References
    ----------
    Defazio et al., "The Road Less Scheduled", NeurIPS 2024.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> opt = fastgd.ScheduleFreeSGD(w, lr=0.5)
    >>> for _ in range(2):
    ...     opt.step(np.array([1.0, -1.0]))
    >>> w.round(3)
    array([0.225, 2.775])
    >>> opt.eval()
    >>> w
    array([0.25, 2.75])
    >>> opt.train()
    """

    family = "schedule_free_sgd"
    torch_signature = (
        "lr momentum weight_decay warmup_steps r weight_lr_power * foreach maximize capturable differentiable fused"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 1.0,
        momentum: OpenFraction = 0.9,
        weight_decay: NonNegative = 0.0,
        warmup_steps: NonNegative = 0.0,
        r: NonNegative = 0.0,
        weight_lr_power: NonNegative = 2.0,
        *,
        maximize: Switch = False,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)


class ScheduleFreeAdamW(ScheduleFree):
    r"""
    AdamW without a schedule of the learning rate.

    As `ScheduleFreeSGD`, with ``betas[0]`` for its momentum and the step, at ``t`` from 1::

        v = beta2 * v + (1 - beta2) * grad**2
        g = grad / (sqrt(v / (1 - beta2**t)) + eps) + weight_decay * y


    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 2.5e-3
        Learning rate, at least 0; constant.
    betas : pair of float, default (0.9, 0.999)
        How much of y is the average, in (0, 1), and the decay rate of the second moment, in [0, 1).
    eps : float, default 1e-8
        Outside the root, at least 0.
    weight_decay : float, default 0
        At y, at least 0.
    warmup_steps : float, default 0
        Steps in which the rate grows from 0, linearly; at least 0.
    r : float, default 0
        Power of the step in the weights of the average, at least 0.
    weight_lr_power : float, default 2
        Power of the largest rate so far in the weights of the average, at least 0.
    maximize : bool, default False
        Ascend.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``, ``weight_sum`` and ``lr_max`` (float64 scalars), ``z`` and ``exp_avg_sq`` (shape of the parameter).
    training : bool
        Whether the parameters hold y; True at first.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    torch has no such class; the numbers are those of the authors' package, schedulefree. Its state is
    as large as Adam's. It won the self-tuning track of AlgoPerf: for where AdamW would be used and the number of steps
    is not known; a warm-up helps. Call `eval` before the model is evaluated or saved, `train` before it is trained on.

    References
    ----------
    Defazio et al., "The Road Less Scheduled", NeurIPS 2024.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> opt = fastgd.ScheduleFreeAdamW(w, lr=0.5)
    >>> opt.step(np.array([4.0, -1.0]))
    >>> w.round(6)
    array([0.5, 2.5])
    """

    family = "schedule_free_adamw"
    torch_signature = (
        "lr betas eps weight_decay warmup_steps r weight_lr_power * foreach maximize capturable differentiable fused"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 2.5e-3,
        betas: AveragingRates = (0.9, 0.999),
        eps: NonNegative = 1e-8,
        weight_decay: NonNegative = 0.0,
        warmup_steps: NonNegative = 0.0,
        r: NonNegative = 0.0,
        weight_lr_power: NonNegative = 2.0,
        *,
        maximize: Switch = False,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)


class ScheduleFreeRAdam(ScheduleFree):
    r"""
    RAdam without a schedule of the learning rate, and without a warm-up to choose.

    As `ScheduleFreeAdamW`, with `lr` times the rectification r[t] of `RAdam`, where that length is above 4; before, the
    rate is 0.


    Parameters
    ----------
    params
        As for `Optimizer`.
    lr : float or schedule, default 2.5e-3
        Learning rate, at least 0; constant.
    betas : pair of float, default (0.9, 0.999)
        How much of y is the average, in (0, 1), and the decay rate of the second moment, in [0, 1).
    eps : float, default 1e-8
        Outside the root, at least 0.
    weight_decay : float, default 0
        At y, at least 0.
    r : float, default 0
        Power of the step in the weights of the average, at least 0.
    weight_lr_power : float, default 2
        Power of the largest rate so far in the weights of the average, at least 0.
    silent_sgd_phase : bool, default True
        Whether the steps before rectification stand still, rather than going along the gradient.
    maximize : bool, default False
        Ascend.
    max_grad_norm, max_grad_value, skip_nonfinite
        As for `Optimizer`.

    Attributes
    ----------
    state : mapping
        ``step``, ``weight_sum`` and ``lr_max`` (float64 scalars), ``z`` and ``exp_avg_sq`` (shape of the parameter).
    training : bool
        Whether the parameters hold y; True at first.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    torch has no such class; the numbers are those of the authors' package, schedulefree. As `ScheduleFreeAdamW`, for
    those who do not want to choose a warm-up.

    References
    ----------
    Defazio et al., "The Road Less Scheduled", NeurIPS 2024;
    Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", ICLR 2020.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> opt = fastgd.ScheduleFreeRAdam(w, lr=0.5)
    >>> for _ in range(5):
    ...     opt.step(np.array([4.0, -1.0]))
    >>> w.round(3)
    array([0.991, 2.009])
    """

    family = "schedule_free_radam"
    torch_signature = (
        "lr betas eps weight_decay r weight_lr_power silent_sgd_phase "
        "* foreach maximize capturable differentiable fused"
    )

    def __init__(
        self,
        params: Params,
        lr: Rate = 2.5e-3,
        betas: AveragingRates = (0.9, 0.999),
        eps: NonNegative = 1e-8,
        weight_decay: NonNegative = 0.0,
        r: NonNegative = 0.0,
        weight_lr_power: NonNegative = 2.0,
        silent_sgd_phase: Switch = True,
        *,
        maximize: Switch = False,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(params, locals(), settings)
