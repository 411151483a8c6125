"""Reduce the rate when a loss stops falling: the one schedule that has state."""

import math
import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from fastgd import validation
from fastgd.schedules.base import Schedule


class Plateau(Schedule):
    """
    A rate that falls when the loss does not; made by `plateau`, told by `update`.

    Attributes
    ----------
    lr : float
        The rate now.
    best : float or None
        Best loss so far.
    num_bad_epochs : int
        Losses since the best one, or since the rate fell.
    cooldown_counter : int
        Losses still to be passed over.
    """

    def __init__(self, arguments: dict[str, Any]) -> None:
        super().__init__(plateau, arguments, lambda t: self.lr)
        self.lr: float = arguments["lr"]
        self.best: float | None = None
        self.num_bad_epochs = 0
        self.cooldown_counter = 0

    def update(self, loss: float | None = None) -> float:
        """
        Tell the loss, after each epoch or each validation.

        Parameters
        ----------
        loss : float
            What is to fall (or rise, with ``mode="max"``). NaN counts as no better.

        Returns
        -------
        float
            The rate from now on.

        Raises
        ------
        TypeError
            If there is no loss, or it is not a real number.
        """
        value = self._loss(loss)
        settings = self._arguments
        lr, best, bad, cooldown = self.lr, self.best, self.num_bad_epochs, self.cooldown_counter
        if self._better(value):
            best, bad = value, 0
        else:
            bad += 1
        if cooldown > 0:
            cooldown, bad = cooldown - 1, 0
        if bad > settings["patience"]:
            reduced = max(lr * settings["factor"], settings["min_lr"])
            if lr - reduced > settings["eps"]:
                lr = reduced
            cooldown, bad = settings["cooldown"], 0
        # An interrupt comes before this line or after it: there is no call in it.
        self.lr, self.best, self.num_bad_epochs, self.cooldown_counter = lr, best, bad, cooldown
        return lr

    @staticmethod
    def _loss(loss: object) -> float:
        if loss is None:
            raise TypeError("plateau needs the loss: call update(loss) after each epoch")
        if isinstance(loss, np.ndarray) and loss.ndim == 0:
            validation.unmasked("loss", loss)
            loss = loss.item()
        if isinstance(loss, (bool, np.bool)) or not isinstance(loss, numbers.Real):
            raise TypeError(f"loss must be a real number, got {type(loss).__name__}")
        return float(loss)

    def _better(self, value: float) -> bool:
        threshold, least = self._arguments["threshold"], self._arguments["mode"] == "min"
        if self.best is None:
            return value < math.inf if least else value > -math.inf
        sign = -1 if least else 1
        if self._arguments["threshold_mode"] == "abs":
            needed: float = self.best + sign * threshold
        else:
            # A share of the magnitude; the product, not best + sign * share, is what torch has above zero, to the bit.
            needed = self.best * (1 + (sign if self.best > 0 else -sign) * threshold)
        return value < needed if least else value > needed

    def state_dict(self) -> dict[str, Any]:
        """
        The rate, the best loss and the counters.

        Returns
        -------
        dict
        """
        names = ("lr", "best", "num_bad_epochs", "cooldown_counter")
        return {name: getattr(self, name) for name in names}

    def _load(self, state: Mapping[str, Any]) -> None:
        lr = validation.nonnegative("lr", state["lr"])
        best = None if state["best"] is None else self._loss(state["best"])
        counters = [validation.whole(name, state[name]) for name in ("num_bad_epochs", "cooldown_counter")]
        self.lr, self.best = lr, best
        self.num_bad_epochs, self.cooldown_counter = counters


def plateau(
    lr: float,
    *,
    mode: str = "min",
    factor: float = 0.1,
    patience: int = 10,
    threshold: float = 1e-4,
    threshold_mode: str = "rel",
    cooldown: int = 0,
    min_lr: float = 0.0,
    eps: float = 1e-8,
) -> Plateau:
    """
    Reduce the rate when a loss stops falling.

    ``lr = max(lr * factor, min_lr)`` when more than `patience` losses in a row were no better than the best one.

    Parameters
    ----------
    lr : float
        Rate at first, at least 0.
    mode : {"min", "max"}, default "min"
        Whether less or more is better.
    factor : float, default 0.1
        Factor of a reduction, in (0, 1).
    patience : int, default 10
        Losses without progress that are borne, at least 0.
    threshold : float, default 1e-4
        How much better is better, at least 0.
    threshold_mode : {"rel", "abs"}, default "rel"
        Whether `threshold` is a share of the best loss's magnitude or a difference from it.
    cooldown : int, default 0
        Losses passed over after each reduction, at least 0.
    min_lr : float, default 0
        Least rate, at least 0.
    eps : float, default 1e-8
        A smaller change than this is left out; at least 0.

    Returns
    -------
    Plateau
        A schedule with ``update(loss)``. Its state goes into the optimizer's ``state_dict``.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    As torch.optim.lr_scheduler.ReduceLROnPlateau, but for losses below zero: with a relative threshold torch asks there
    for ``best * (1 - threshold)``, which is worse than `best`, so that it takes each loss for progress and never acts.
    `fastgd.minimize` tells the loss by itself.

    Examples
    --------
    >>> from fastgd import schedules
    >>> lr = schedules.plateau(0.1, factor=0.5, patience=1)
    >>> [lr.update(loss) for loss in (3.0, 2.0, 2.0, 2.0, 1.0)]
    [0.1, 0.1, 0.1, 0.05, 0.05]
    >>> lr(5)
    0.05
    """
    lr = validation.nonnegative("lr", lr)
    mode = validation.choice("min", "max")("mode", mode)
    factor = validation.positive("factor", factor)
    if factor >= 1:
        raise ValueError(f"factor must be in (0, 1), got {factor}")
    arguments = dict(
        lr=lr,
        mode=mode,
        factor=factor,
        patience=validation.whole("patience", patience),
        threshold=validation.nonnegative("threshold", threshold),
        threshold_mode=validation.choice("rel", "abs")("threshold_mode", threshold_mode),
        cooldown=validation.whole("cooldown", cooldown),
        min_lr=validation.nonnegative("min_lr", min_lr),
        eps=validation.nonnegative("eps", eps),
    )
    return Plateau(arguments)
