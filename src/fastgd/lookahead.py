"""Lookahead: k steps of another optimizer, then a part of the way back to where they began."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fastgd import validation
from fastgd.around import Around
from fastgd.engine.averaged import Behind
from fastgd.optimizers import state_dict as saved
from fastgd.optimizers.base import Optimizer


class Lookahead(Around):
    """
    An optimizer around another one.

    With ``slow`` the parameters at first, after every `k` steps of `opt`::

        slow += alpha * (param - slow)
        param = slow

    Parameters
    ----------
    opt : Optimizer
        What makes the steps; its state stays as it is when the parameters go back.
    k : int, default 6
        Steps of `opt` for one of the slow parameters, at least 1.
    alpha : float, default 0.5
        Part of the way, in [0, 1].

    Attributes
    ----------
    optimizer : Optimizer
        `opt`, for its settings.
    k, alpha
        As given.
    slow : tuple of ndarray
        The slow parameters, in order.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    Every other attribute is read from `opt`: ``param_groups``, ``state``, ``current``, ``bind`` and so on. For training
    that a large rate makes noisy; the rate may then be larger. As in optax and the paper, the slow parameters begin as
    the first ones, where timm has its first ones after `k` steps. Steps that `skip_nonfinite` leaves out do not count.

    References
    ----------
    Zhang, Lucas, Hinton & Ba, "Lookahead Optimizer: k steps forward, 1 step back", NeurIPS 2019.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0])
    >>> opt = fastgd.Lookahead(fastgd.SGD(w, lr=1.0), k=2, alpha=0.25)
    >>> for _ in range(2):
    ...     opt.step(np.array([2.0]))
    >>> w
    array([0.])
    """

    optimizer: Optimizer
    k: int
    alpha: float
    _behind: Behind

    def __init__(self, opt: Optimizer, k: int = 6, alpha: float = 0.5) -> None:
        if not isinstance(opt, Optimizer):
            raise TypeError(f"opt must be a fastgd optimizer, got {type(opt).__name__}")
        if opt.state_dir is not None:
            raise ValueError("opt: the slow parameters are not kept in files: expected an optimizer without state_dir")
        k, alpha = validation.count("k", k), validation.fraction("alpha", alpha)
        self.__dict__.update(optimizer=opt, k=k, alpha=alpha, _behind=Behind(opt._steps, k, alpha))

    @property
    def slow(self) -> tuple[np.ndarray, ...]:
        return tuple(self._behind.slow)

    def add_param_group(self, group: dict[str, Any]) -> None:
        """
        As `Optimizer.add_param_group`; the slow parameters of the group are those that it has now.

        Parameters
        ----------
        group : dict
            As for `Optimizer.add_param_group`.
        """
        self.optimizer.add_param_group(group)
        self._behind.grow()

    def step(self, grads: object = None, *, grad_scale: float = 1.0, zero_grads: bool = False) -> None:
        """
        A step of `opt`, after every `k` of them one of the slow parameters.

        Parameters
        ----------
        grads : like params
            As for `Optimizer.step`.
        grad_scale : float, default 1.0
            As for `Optimizer.step`.
        zero_grads : bool, default False
            As for `Optimizer.step`.

        Raises
        ------
        TypeError, ValueError, RuntimeError
            As by `Optimizer.step`; nothing is then changed.
        """
        behind, steps = self._behind, self.optimizer._steps
        behind.grow()  # where an interrupt came right after a group had been added
        completed = steps.completed
        try:
            self.optimizer.step(grads, grad_scale=grad_scale, zero_grads=zero_grads)
        finally:  # also where an interrupt comes when the step has been made
            behind.follow(completed)

    def state_dict(self) -> dict[str, Any]:
        """
        As of `opt`, with ``"slow"`` in the state of every parameter and ``"lookahead_step"`` in the groups.

        Returns
        -------
        dict
        """
        result = self.optimizer.state_dict()
        for i, slow in enumerate(self._behind.slow):
            result["state"].setdefault(i, {})["slow"] = np.array(slow, order="K")
        for group in result["param_groups"]:
            group["lookahead_step"] = self._behind.count
        return result

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """
        Take over what `state_dict` returned; the parameters are loaded apart.

        Parameters
        ----------
        state_dict : mapping
            As `state_dict` returns it.

        Raises
        ------
        TypeError, ValueError
            As by `Optimizer.load_state_dict`, or if there are no slow parameters; nothing is then changed.
        """
        groups, state = saved.parts(state_dict)
        entries = {i: dict(saved.mapping(f"state_dict['state'][{i!r}]", entry)) for i, entry in state.items()}
        plain = [dict(group) for group in groups]
        counts = [group.pop("lookahead_step", None) for group in plain]
        count = saved.import_step("state_dict['param_groups'][0]['lookahead_step']", counts[0]) if counts else 0
        slow = []
        for key, param in zip([key for group in groups for key in group["params"]], self.slow, strict=False):
            label = f"state_dict['state'][{key!r}]"
            if "slow" not in entries.get(key, {}):
                raise ValueError(f"{label}: missing 'slow'")
            found = saved.array_like(f"{label}['slow']", entries[key].pop("slow"), param, [param.dtype])
            slow.append(np.array(found))
        entries = {key: entry for key, entry in entries.items() if entry}
        steps, last = self.optimizer._steps, self.optimizer._steps.states[-1]
        try:
            self.optimizer.load_state_dict({**state_dict, "state": entries, "param_groups": plain})
            self._take(slow, count)
        except BaseException:
            if steps.states[-1] is not last:  # An interrupt came when that was loaded.
                self._take(slow, count)
            raise

    def _take(self, slow: list[np.ndarray], count: int) -> None:
        for held, array in zip(self.slow, slow, strict=True):
            np.copyto(held, array)
        self._behind.count = count

    def __repr__(self) -> str:
        return f"Lookahead({self.optimizer!r}, k={self.k}, alpha={self.alpha})"
