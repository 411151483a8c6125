"""
scikit-learn's multi-layer perceptrons, trained by fastgd's optimizers.

`use_fastgd` takes an MLPClassifier or MLPRegressor and returns one of the classes below: subclasses of scikit-learn's
with two more parameters. The optimizer is a parameter, and not something done to an object, because scikit-learn
clones: in a grid search or a pipeline nothing of an estimator lives on but its class and its parameters.
"""

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from sklearn import neural_network
from sklearn.base import clone
from sklearn.neural_network._stochastic_optimizers import SGDOptimizer

from fastgd import validation
from fastgd.descent.minimize import named_optimizers
from fastgd.optimizers.adam import Adam
from fastgd.optimizers.base import Optimizer
from fastgd.optimizers.sgd import SGD

__all__ = ["MLPClassifier", "MLPRegressor", "use_fastgd"]

PREFIX = "optimizer__"
# scikit-learn checks parameters against such lists of types.
CONSTRAINTS = {"optimizer": [str, type, None], "optimizer_settings": [dict, None]}


class _Steps(SGDOptimizer):
    """
    The contract of scikit-learn's optimizers around one of fastgd's.

    The schedules and the end of training are inherited: they change `learning_rate`, and every update takes it over.
    """

    def __init__(self, make: Callable[..., Optimizer], lr: Any, schedule: str, power_t: float) -> None:
        self._scheduled = callable(lr)
        super().__init__([], lr(0) if self._scheduled else lr, schedule, power_t=power_t)
        self._make = partial(make, lr=lr)
        self._params: Sequence[np.ndarray] = ()
        self._optimizer: Optimizer | None = None
        # A pickle holds the state and not the optimizer; `bind` gives the state to the next one.
        self._saved: dict[str, Any] | None = None

    def bind(self, params: Sequence[np.ndarray]) -> Optimizer:
        """Return the optimizer of these arrays; a new one goes on from the state of the one before."""
        same = len(params) == len(self._params) and all(a is b for a, b in zip(params, self._params, strict=True))
        if self._optimizer is None or not same:
            optimizer = self._make(list(params))
            if (saved := self._state()) is not None:
                optimizer.load_state_dict(saved)
            self._optimizer, self._saved = optimizer, None
        self._params = params
        return self._optimizer

    def update_params(self, params: Sequence[np.ndarray], grads: Sequence[np.ndarray]) -> None:
        # scikit-learn passes one list during a whole fit, so its identity says that the arrays are the same. Early
        # stopping, copies and users put other arrays in their place, and then the optimizer must be bound anew.
        optimizer = self._optimizer if params is self._params else self.bind(params)
        assert optimizer is not None
        if not self._scheduled:
            optimizer.param_groups[0]["lr"] = self.learning_rate
        optimizer.step([_alike(grad, param) for grad, param in zip(grads, params, strict=True)])

    def _state(self) -> dict[str, Any] | None:
        return self._saved if self._optimizer is None else self._optimizer.state_dict()

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_params": (), "_optimizer": None, "_saved": self._state()}


def _alike(grad: np.ndarray, param: np.ndarray) -> np.ndarray:
    """
    The gradient with its parameter's dtype and strides.

    scikit-learn computes float64 gradients of float32 parameters where `y` or the weights of samples are float64.
    """
    if grad.dtype == param.dtype and grad.strides == param.strides:
        return grad
    alike = np.empty_like(param, subok=False)
    np.copyto(alike, validation.unmasked("grads", grad), casting="same_kind")
    return alike


def _class(optimizer: object) -> Callable[..., Optimizer]:
    """The optimizer that a name stands for, or a class itself."""
    if isinstance(optimizer, str):
        # "nag" is left out because it needs gradients at the point where the momentum leads, not at the weights.
        named = {name: make for name, make in named_optimizers().items() if name != "nag"}
        validation.known("optimizer", [optimizer.lower()], named)
        return named[optimizer.lower()]
    if not (isinstance(optimizer, type) and issubclass(optimizer, Optimizer)):
        raise TypeError(f"optimizer must be a name, a class of fastgd or None, got {optimizer!r}")
    return optimizer


class _Mixin:
    """The parameters and methods that both classes add to scikit-learn's."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """
        Parameters by name.

        Parameters
        ----------
        deep : bool, default True
            Whether to give each entry of `optimizer_settings` as ``optimizer__<name>`` too.

        Returns
        -------
        dict
        """
        params: dict[str, Any] = super().get_params(deep)  # type: ignore[misc]
        if deep and isinstance(settings := params["optimizer_settings"], dict):
            params.update({PREFIX + name: value for name, value in settings.items()})
        return params

    def set_params(self, **params: Any) -> Any:
        """
        Set parameters by name.

        Parameters
        ----------
        **params
            ``optimizer__<name>`` changes one entry of `optimizer_settings`.

        Returns
        -------
        The estimator itself.

        Raises
        ------
        ValueError
            For an unknown name; those of `optimizer_settings` are checked by `fit`.
        """
        entries = {name: params.pop(name) for name in list(params) if name.startswith(PREFIX)}
        super().set_params(**params)  # type: ignore[misc]
        if entries:
            settings: dict[str, Any] = getattr(self, "optimizer_settings", None) or {}
            more = {name.removeprefix(PREFIX): value for name, value in entries.items()}
            self.optimizer_settings = {**settings, **more}
        return self

    def _validate_params(self) -> None:
        super()._validate_params()  # type: ignore[misc]
        self._check_optimizer()

    def _check_optimizer(self) -> None:
        """Raise what the first step would, before anything is learnt."""
        self._new_steps().bind([np.zeros(1)])

    def _new_steps(self) -> _Steps:
        mlp: Any = self
        solver = validation.choice("adam", "sgd")("solver", mlp.solver)
        schedule = mlp.learning_rate
        make: Callable[..., Optimizer]
        if mlp.optimizer is not None:
            make = _class(mlp.optimizer)
        elif solver == "adam":
            make = partial(Adam, betas=(mlp.beta_1, mlp.beta_2), eps=mlp.epsilon, eps_hat=True)
            # scikit-learn's Adam ignores `learning_rate` too.
            schedule = "constant"
        else:
            make = partial(SGD, momentum=mlp.momentum, nesterov=mlp.nesterovs_momentum and mlp.momentum > 0)
        settings = dict(mlp.optimizer_settings or {})
        lr = validation.rate("lr", settings.pop("lr", mlp.learning_rate_init))
        if callable(lr) and schedule != "constant":
            raise ValueError(f"learning_rate must be 'constant' where lr is a schedule, got {schedule!r}")
        if callable(lr) and hasattr(lr, "state_dict") and lr.state_dict():
            raise ValueError("lr must be a schedule without state: a plateau is told no loss here, use 'adaptive'")
        return _Steps(partial(make, **settings), lr, schedule, mlp.power_t)

    @property
    def _optimizer(self) -> _Steps:
        """The optimizer that scikit-learn trains with; its setter puts fastgd's in the place of scikit-learn's."""
        try:
            steps: _Steps = vars(self)["_optimizer"]
        except KeyError:
            raise AttributeError("_optimizer") from None
        return steps

    @_optimizer.setter
    def _optimizer(self, theirs: object) -> None:
        vars(self)["_optimizer"] = self._new_steps()


def _constructor(host: type) -> Callable[..., None]:
    """Make a constructor with the parameters of `host`, which differ by version, and ours; scikit-learn reads both."""

    def __init__(  # noqa: N807
        self: Any, *args: Any, optimizer: object = None, optimizer_settings: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        host.__init__(self, *args, **kwargs)  # type: ignore[misc]
        self.optimizer = optimizer
        self.optimizer_settings = optimizer_settings

    theirs = inspect.signature(host.__init__)  # type: ignore[misc]
    ours = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name in CONSTRAINTS]
    both = [*theirs.parameters.values(), *ours]
    __init__.__signature__ = theirs.replace(parameters=both)  # type: ignore[attr-defined]
    return __init__


class MLPClassifier(_Mixin, neural_network.MLPClassifier):
    """
    scikit-learn's MLPClassifier, trained by an optimizer of fastgd.

    Parameters
    ----------
    hidden_layer_sizes, activation, ...
        All of scikit-learn's. `learning_rate_init` is the optimizer's learning rate; `learning_rate` and `power_t` act
        with every optimizer. `solver`, ``"adam"`` or ``"sgd"``, with `beta_1`, `beta_2` and `epsilon` or `momentum` and
        `nesterovs_momentum`, has a meaning where `optimizer` is None.
    optimizer : str, class or None, default None
        The name of an optimizer in small letters, as for `fastgd.minimize` but for ``"nag"``; a class of fastgd; or
        None for scikit-learn's own formula of `solver`.
    optimizer_settings : dict or None, default None
        Arguments of the optimizer, such as ``weight_decay`` or ``max_grad_norm``; an ``lr`` among them, a number or a
        schedule, comes before `learning_rate_init`. In `set_params` and grids each is ``optimizer__<name>`` too.

    Attributes
    ----------
    coefs_, loss_curve_, n_iter_, ...
        scikit-learn's.

    Raises
    ------
    TypeError, ValueError
        By `fit` and the first `partial_fit`, as scikit-learn does, and where the optimizer or its arguments are not as
        described.

    Notes
    -----
    The weights are updated where they lie, in the dtype of `X`. With a float64 `y` or `sample_weight` scikit-learn
    computes float64 gradients even so, and they are rounded. L2 regularization (`alpha`) is in scikit-learn's
    gradients; ``weight_decay`` is in addition to it.

    `fit` begins with a new state, `partial_fit` goes on with the one that there is, also after pickling and with the
    same bits; a parameter of the optimizer that has been changed in between takes effect at the next `fit`.

    Where `optimizer` is None the results are scikit-learn's up to rounding, unless `learning_rate` changes the rate of
    ``"sgd"``: scikit-learn's momentum keeps the rates that its gradients came with.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from fastgd.sklearn import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier(20, max_iter=300, tol=0.001, random_state=0, optimizer="nadam", learning_rate_init=0.01)
    >>> model.fit(X, y).score(X, y) > 0.95
    True
    """

    _parameter_constraints = {**neural_network.MLPClassifier._parameter_constraints, **CONSTRAINTS}
    __init__ = _constructor(neural_network.MLPClassifier)


class MLPRegressor(_Mixin, neural_network.MLPRegressor):
    """
    scikit-learn's MLPRegressor, trained by an optimizer of fastgd.

    Parameters
    ----------
    loss, hidden_layer_sizes, activation, ...
        All of scikit-learn's, as for `MLPClassifier`.
    optimizer, optimizer_settings
        As for `MLPClassifier`.

    Attributes
    ----------
    coefs_, loss_curve_, n_iter_, ...
        scikit-learn's.

    Raises
    ------
    TypeError, ValueError
        As by `MLPClassifier`.

    Notes
    -----
    Those of `MLPClassifier`.

    Examples
    --------
    >>> import numpy as np
    >>> from fastgd.sklearn import MLPRegressor
    >>> X = np.linspace(-1, 1, 100).reshape(-1, 1)
    >>> y = np.sin(3 * X[:, 0])
    >>> model = MLPRegressor(hidden_layer_sizes=50, alpha=0, max_iter=500, random_state=0, optimizer="adamw")
    >>> model.set_params(learning_rate_init=0.02, optimizer__weight_decay=0.001).fit(X, y).score(X, y) > 0.95
    True
    """

    _parameter_constraints = {**neural_network.MLPRegressor._parameter_constraints, **CONSTRAINTS}
    __init__ = _constructor(neural_network.MLPRegressor)


OURS: dict[type, type] = {
    neural_network.MLPClassifier: MLPClassifier,
    neural_network.MLPRegressor: MLPRegressor,
    MLPClassifier: MLPClassifier,
    MLPRegressor: MLPRegressor,
}


def use_fastgd(
    estimator: Any, optimizer: str | type[Optimizer] | None = None, **settings: Any
) -> MLPClassifier | MLPRegressor:
    """
    An estimator like the one given, which a fastgd optimizer trains.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        scikit-learn's or this module's; not changed. Its parameters are taken over and, as by scikit-learn's ``clone``,
        nothing that it has learnt.
    optimizer : str, class or None, default None
        As for `MLPClassifier`: by default scikit-learn's own formula of the estimator's `solver`.
    **settings
        Arguments of the optimizer, as `optimizer_settings` for `MLPClassifier`.

    Returns
    -------
    MLPClassifier or MLPRegressor
        Of this module: a subclass of scikit-learn's, for pipelines, grid searches, pickling and all else.

    Raises
    ------
    TypeError
        If `estimator` is something else, or the optimizer has no such argument.
    ValueError
        If its `solver` is ``"lbfgs"``, which makes no steps that an optimizer could make instead; if there is no such
        optimizer, or an argument has a value that it cannot have.

    Examples
    --------
    >>> from sklearn.neural_network import MLPClassifier
    >>> from fastgd.sklearn import use_fastgd
    >>> use_fastgd(MLPClassifier(), "adamw", weight_decay=0.01)
    MLPClassifier(optimizer='adamw', optimizer_settings={'weight_decay': 0.01})
    """
    if type(estimator) not in OURS:
        raise TypeError(f"estimator must be an MLPClassifier or MLPRegressor, got {type(estimator).__name__}")
    params = {name: clone(value, safe=False) for name, value in estimator.get_params(deep=False).items()}
    made = OURS[type(estimator)](**{**params, "optimizer": optimizer, "optimizer_settings": settings or None})
    made._check_optimizer()
    return made
