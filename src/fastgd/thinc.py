"""
thinc's Adam and RAdam with fused passes, for thinc's models and spaCy's pipelines.

The classes are thinc's Optimizer in all but the call: settings, schedules, state and averages are kept and named as
there. Configs find them as ``fastgd.Adam.v1`` and ``fastgd.RAdam.v1``, without an import where fastgd is installed.
"""

import math
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from thinc import optimizers as host
from thinc.config import registry

from fastgd import thinc_update, validation
from fastgd.engine.apply import is_plain
from fastgd.engine.reader import Reader
from fastgd.engine.zeros import zeros_beside
from fastgd.hyperparameters import LARGEST, Check, Number, decay_rate, nonnegative, positive

if TYPE_CHECKING:
    Setting = Any
else:  # the type that the host checks the settings of a config with
    Setting = host.FloatOrSeq if hasattr(host, "FloatOrSeq") else host.ScheduleT

__all__ = ["Adam", "RAdam"]

Key = tuple[int, str]

SCHEDULED = hasattr(host.Optimizer, "_schedule_args")  # from thinc 9 on settings are functions of the step


class _Threshold(Number):
    """At least 0; thinc does not clip where it is false."""

    def __call__(self, name: str, value: object) -> float:
        return nonnegative(name, value or 0.0)


class _Moving(Number):
    """In (0, 1)."""

    def __call__(self, name: str, value: object) -> float:
        return positive(name, decay_rate(name, value))


MOVING = _Moving("in (0, 1)", math.nextafter(0.0, 1.0), math.nextafter(1.0, 0.0))
CHECKS: dict[str, Check] = {
    "learn_rate": nonnegative,
    "beta1": decay_rate,
    "beta2": decay_rate,
    "eps": nonnegative,
    "L2": nonnegative,
    "grad_clip": _Threshold("at least 0", 0.0, LARGEST),
}


class Optimizer(host.Optimizer):
    """
    What Adam and RAdam share: thinc's Optimizer, called with a key, an array and its gradient.

    Attributes
    ----------
    mom1, mom2 : dict of key to ndarray
        Moments, flat, in the order in which the weights lie in memory.
    averages : dict of key to ndarray, or None
        Moving averages of the weights, if asked for; what ``model.use_params`` takes.
    nr_update : dict of key to int
        Updates so far.
    learn_rate, b1, b2, eps, L2, grad_clip
        The settings, as thinc's own version keeps them: numbers, of schedules the present value, in thinc 8;
        schedules in thinc 9. May be set.
    """

    __slots__ = ()  # as in thinc, other attributes cannot be set
    _rectified: ClassVar[bool]
    _reader: ClassVar = Reader(CHECKS)

    def __init__(
        self,
        learn_rate: Setting = 0.001,
        *,
        L2: Setting = 0.0,  # noqa: N803
        beta1: Setting = 0.9,
        beta2: Setting = 0.999,
        eps: Setting = 1e-8,
        grad_clip: Setting = 1.0,
        L2_is_weight_decay: bool = True,  # noqa: N803
        use_averages: bool = True,
    ) -> None:
        settings = dict(learn_rate=learn_rate, L2=L2, beta1=beta1, beta2=beta2, eps=eps, grad_clip=grad_clip)
        for name, value in settings.items():
            if isinstance(value, (float, int)):
                self._reader.checks[self._reader.names.index(name)](name, value)
        super().__init__(
            **settings, L2_is_weight_decay=L2_is_weight_decay, use_averages=use_averages, use_radam=self._rectified
        )

    def __call__(
        self, key: Key, weights: np.ndarray, gradient: np.ndarray, *, lr_scale: float = 1.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """
        Update an array of weights in place, and zero its gradient.

        Parameters
        ----------
        key : tuple of int and str
            What the parameter is called; its state is kept under this key.
        weights : ndarray
            float32 or float64, dense.
        gradient : ndarray
            As `weights` in shape and dtype, dense. Where its axes are in another order in memory it is copied.
        lr_scale : float, default 1
            What the learning rate is multiplied by, at least 0. As in thinc, RAdam has it in its weight decay alone.

        Returns
        -------
        weights, gradient : ndarray
            The arrays given. Where the gradient is empty nothing is done.

        Raises
        ------
        TypeError, ValueError
            If an array or a setting is not as described; nothing is then changed.
        """
        if isinstance(gradient, np.ndarray) and not gradient.size:
            return weights, gradient
        t = self.nr_update.get(key, 0) + 1
        lr, beta1, beta2, eps, l2, threshold = self._reader.doubles(self._settings(key))
        lr_scale = nonnegative("lr_scale", lr_scale)
        arrays, average = self._arrays(key, weights, gradient)
        thinc_update.update(
            arrays, average, t, self._rectified, lr, lr_scale, beta1, beta2, eps, l2, threshold,
            bool(self.L2_is_weight_decay), gradient, self.nr_update, key,
        )  # fmt: skip
        return weights, gradient

    # ---- numbers ----------------------------------------------------------------------------------------------

    def _settings(self, key: Key) -> tuple[Any, ...]:
        """What the settings are in this call, in the order of CHECKS."""
        settings = (self.learn_rate, self.b1, self.b2, self.eps, self.L2, self.grad_clip)
        if not SCHEDULED:
            return settings
        known = self._schedule_args(key)
        return tuple([setting(self.step, **known) for setting in settings])

    # ---- arrays -----------------------------------------------------------------------------------------------

    def _arrays(
        self, key: Key, weights: np.ndarray, gradient: np.ndarray
    ) -> tuple[list[np.ndarray], np.ndarray | None]:
        """Weights, gradient and moments, and perhaps the average, flat, once all of them are known to be good."""
        given = weights
        if not is_plain((gradient, weights)):  # the first must be writeable
            weights, gradient = _explain(weights, gradient)
        w, g = weights.ravel("K"), gradient.ravel("K")
        flat: tuple[np.ndarray, ...] = (w, g, _state(self.mom1, key, w), _state(self.mom2, key, w))
        average = None
        # Within `use_params(averages)` it is the averages themselves that are trained.
        if self.averages is not None and self.averages.get(key) is not given:
            average = _state(self.averages, key, weights)
            if not is_plain((average, weights)):
                label = f"averages[{key!r}]"
                average = validation.writeable(label, validation.like(label, average, weights))
            flat = (*flat, average.ravel("K"))
        if not is_plain(flat):
            labels = ("weights", "gradient", *(f"{name}[{key!r}]" for name in ("mom1", "mom2", "averages")))
            flat = validation.together(list(zip(labels, flat, strict=False)), mixed=False)
        _, _, self.mom1[key], self.mom2[key], *_ = flat
        if average is not None:
            self.averages[key] = average
        return list(flat[:4]), flat[4] if average is not None else None


def _state(states: dict[Key, np.ndarray], key: Key, like: np.ndarray) -> np.ndarray:
    found = states.get(key)
    return zeros_beside(like) if found is None else found


def _explain(weights: Any, gradient: Any) -> tuple[np.ndarray, np.ndarray]:
    """The arrays as the engine takes them, or a message for what is wrong."""
    for label, array in (("weights", weights), ("gradient", gradient)):
        if hasattr(array, "__cuda_array_interface__"):
            raise TypeError(f"{label}: expected an array in the CPU's memory, got one on a GPU")
    weights, gradient = validation.writeable("weights", weights), validation.writeable("gradient", gradient)
    if gradient.shape == weights.shape and gradient.strides != weights.strides:
        beside = np.empty_like(weights, gradient.dtype)
        np.copyto(beside, gradient)
        gradient = beside
    gradient = validation.like("gradient", gradient, weights)
    validation.apart([("weights", weights), ("gradient", gradient)])
    return weights, gradient


@registry.optimizers("fastgd.Adam.v1")
class Adam(Optimizer):
    """
    thinc's Adam: clipping, the update, weight decay and the moving average of the weights.

    With ``t`` the number of the update of a key, from 1, and ``g`` the gradient::

        g += L2 * weights                               unless L2_is_weight_decay
        g *= grad_clip / norm(g)                        where the norm of this array is at least grad_clip
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        weights -= learn_rate * sqrt(1 - beta2**t) / (1 - beta1**t) * m / (sqrt(v) + eps)
        weights -= learn_rate * L2 * weights            where L2_is_weight_decay
        average -= (1 - decay) * (average - weights)    decay = min((1 + t) / (10 + t), 0.9999)

    Parameters
    ----------
    learn_rate : float, list, generator or schedule, default 0.001
        At least 0. As every setting but the flags it is a number, or gives one for each ``step_schedules()``, in the
        forms that the installed thinc takes.
    L2 : default 0
        At least 0.
    beta1, beta2 : default 0.9, 0.999
        Decay rates of the two moments, in (0, 1).
    eps : default 1e-8
        At least 0.
    grad_clip : default 1
        Norm from which the gradient of a parameter is scaled down to it; 0 for no clipping.
    L2_is_weight_decay : bool, default True
        Whether `L2` decays the weights, as in AdamW, rather than joining the gradient.
    use_averages : bool, default True
        Whether `averages` are kept.

    Raises
    ------
    TypeError, ValueError
        If a setting is not as described. Values of a schedule are checked when they are used.

    Notes
    -----
    Numbers are those of thinc's Adam to float32's rounding, with two differences: ``1 - beta`` is computed in double
    (thinc's float32 puts the second moment off by 1.3e-5 for 0.999), and so is the norm. float64 weights have float64
    state. thinc's Adam is plain gradient descent where `beta2` is 0; here this is refused.

    Examples
    --------
    >>> import numpy as np
    >>> from fastgd.thinc import Adam
    >>> optimizer = Adam(0.5, grad_clip=0.0)
    >>> weights, gradient = optimizer((1, "W"), np.ones(2), np.array([4.0, -1.0]))
    >>> weights.round(6), gradient
    (array([0.5, 1.5]), array([0., 0.]))
    """

    __slots__ = ()
    _rectified = False
    _reader: ClassVar = Reader({**CHECKS, "beta1": MOVING, "beta2": MOVING})


@registry.optimizers("fastgd.RAdam.v1")
class RAdam(Optimizer):
    """
    thinc's RAdam: as `Adam`, with the rectified update of `fastgd.RAdam`.

    Parameters
    ----------
    learn_rate, L2, beta1, beta2, eps, grad_clip, L2_is_weight_decay, use_averages
        As for `Adam`; `beta1` and `beta2` may be 0.

    Raises
    ------
    TypeError, ValueError
        As by `Adam`.

    Notes
    -----
    As in thinc the first update of a key counts as the second step of the formula, and ``lr_scale`` multiplies the
    weight decay alone. Unlike there, a gradient with NaN is zeroed too.

    Examples
    --------
    >>> import numpy as np
    >>> from fastgd.thinc import RAdam
    >>> weights, gradient = RAdam(0.19)((1, "W"), np.ones(2), np.array([0.5, -0.5]))
    >>> weights.round(6)
    array([0.95, 1.05])
    """

    __slots__ = ()
    _rectified = True
