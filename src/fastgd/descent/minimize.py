"""minimize: from a function and its gradient to a minimum, with any optimizer, in batches or with a line search."""

import inspect
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgd import validation
from fastgd.descent.line_search import armijo, goldstein
from fastgd.descent.objective import Batches, Objective, start
from fastgd.descent.run import MOMENTUM, Rules, Run
from fastgd.optimizers.adam import Adam
from fastgd.optimizers.base import Optimizer
from fastgd.optimizers.sgd import SGD
from fastgd.sam import SAM
from fastgd.schedules.base import Schedule
from fastgd.schedules.waves import cosine

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult

SEARCHES = {"armijo": armijo, "goldstein": goldstein}
LARGEST_RATE = 1e30  # a rate is a number of float32, also after the correction of Adam's first steps


def named_optimizers() -> dict[str, Callable[..., Optimizer]]:
    """Optimizers by name: every class in small letters, and the usual names of their variants."""
    import fastgd

    exported = [getattr(fastgd, name) for name in fastgd.__all__]
    classes = [c for c in exported if isinstance(c, type) and issubclass(c, Optimizer) and c is not Optimizer]
    return {
        **{cls.__name__.lower(): cls for cls in classes},
        "momentum": partial(SGD, momentum=MOMENTUM),
        "nesterov": partial(SGD, momentum=MOMENTUM, nesterov=True),
        "nag": partial(SGD, momentum=MOMENTUM),
        "amsgrad": partial(Adam, amsgrad=True),
    }


def _default_rate(optimizer: object, x: np.ndarray, max_iter: int) -> Schedule | None:
    """
    What Adam gets where no rate is given: its own 1e-3 would need x0 to be within a step of 1 of a minimum.

    Long steps at first reach a minimum that is far away, and the fall ends what they do around it.
    """
    if not (optimizer is Adam or (isinstance(optimizer, str) and optimizer.lower() == "adam")):
        return None
    reach = max(1.0, float(np.abs(x).max(initial=0.0)))
    return cosine(min(0.5 * reach, LARGEST_RATE), max(1, max_iter))


def _make(optimizer: object, x: np.ndarray, lr: object) -> Optimizer | SAM:
    """Make the optimizer of `x` from a name, a class or a factory."""
    if isinstance(optimizer, str):
        named = named_optimizers()
        validation.known("optimizer", [optimizer.lower()], named)
        make: Any = named[optimizer.lower()]
    elif callable(optimizer):
        make = optimizer
    else:
        raise TypeError(f"optimizer must be a name, a class or a factory, got {type(optimizer).__name__}")
    opt = make(x) if lr is None else make(x, lr=lr)
    if not isinstance(opt, (Optimizer, SAM)):
        raise TypeError(f"optimizer must make a fastgd.Optimizer, got {type(opt).__name__}")
    arrays = [array for group in opt.param_groups for array in group["params"]]
    if len(arrays) != 1 or arrays[0] is not x:
        raise ValueError("optimizer must be made for the array that the factory is given, got one for others")
    return opt


def _search(line_search: object, optimizer: object, lr: object) -> Any:
    """Look up the line search, and refuse what it cannot be combined with."""
    if line_search is None:
        return None
    search = SEARCHES[validation.choice(*SEARCHES)("line_search", line_search)]
    if callable(lr):
        raise ValueError("line_search and a schedule as lr both choose the step; give one of them")
    if optimizer is not SGD and not (isinstance(optimizer, str) and optimizer.lower() == "sgd"):
        raise ValueError(f"line_search needs optimizer='sgd' (steepest descent), got {optimizer!r}")
    if lr == 0:
        raise ValueError("lr must be above 0 as the first step of a line search, got 0")
    return search


def _require_scipy() -> None:
    try:
        import scipy.optimize  # noqa: F401
    except ImportError:
        raise ImportError("fastgd.minimize needs SciPy: pip install 'fastgd[scipy]'") from None


def _callback(callback: object) -> Callable[["OptimizeResult"], object] | None:
    """`callback` as a function of the intermediate result; SciPy's rule tells the two forms apart."""
    if callback is None:
        return None
    if not callable(callback):
        raise TypeError(f"callback must be callable, got {type(callback).__name__}")
    try:
        by_name = set(inspect.signature(callback).parameters) == {"intermediate_result"}
    except ValueError:
        # Some compiled functions have no signature, so nothing says that they take the result by name.
        by_name = False
    return (lambda result: callback(intermediate_result=result)) if by_name else lambda result: callback(result.x)


def _progress(progress: bool, max_iter: int) -> Any:
    if not validation.flag("progress", progress):
        return nullcontext()
    try:
        from tqdm import tqdm
    except ImportError:
        raise ImportError("progress=True needs tqdm: pip install tqdm") from None
    return tqdm(total=max_iter, unit="update")


def minimize(
    fun: Callable[..., Any],
    x0: Any,
    *,
    jac: Callable[..., Any] | bool | None = None,
    args: Any = (),
    optimizer: str | Callable[..., Optimizer | SAM] = "adam",
    lr: float | Callable[[int], float] | None = None,
    max_iter: int = 10_000,
    gtol: float | None = 1e-6,
    ftol: float | None = None,
    xtol: float | None = None,
    callback: Callable[..., object] | None = None,
    record: bool = False,
    progress: bool = False,
    n_samples: int | None = None,
    batch_size: int | None = None,
    shuffle: bool = True,
    seed: "int | np.random.Generator | None" = None,
    line_search: str | None = None,
    maximize: bool = False,
) -> "OptimizeResult":
    """
    Minimize a function with any optimizer, whole or in batches, or by steepest descent with a line search.

    Repeats ``x = x - update(gradient(x))`` until a rule says stop.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args) -> value``, or (value, gradient) with ``jac=True``; with `n_samples`, ``fun(x, index, *args)``,
        the mean over the samples of these numbers. It gets copies of x.
    x0 : array_like
        Where to begin, of any shape, finite. Never changed. float32 stays float32, other numbers become float64.
    jac : callable, True or None, default None
        The gradient, with the arguments of `fun` and the shape and dtype of x; True if `fun` returns it too; None for
        forward differences, or central ones where the values turn out to be of single precision.
    args : tuple, default ()
        Further arguments of `fun` and `jac`.
    optimizer : str, class or callable, default "adam"
        A class of fastgd or its name in small letters; ``"momentum"``, ``"nesterov"``, ``"amsgrad"``; ``"nag"``, which
        takes the gradient where the momentum (0.9) leads; or a factory ``x -> optimizer``, which may be a `SAM`.
    lr : float or schedule, optional
        Learning rate, at least 0. By default the optimizer's own; that of Adam falls to 0 over `max_iter` updates along
        half a cosine, from half the largest magnitude in `x0`, or 0.5 if that is more. A factory gets it as ``lr=`` if
        it is given. With a line search the first step that is tried, 1 by default. A `fastgd.schedules.plateau` is told
        the value.
    max_iter : int, default 10000
        Most updates, at least 0.
    gtol, ftol, xtol : float or None, default 1e-6, None, None
        Stop where the Euclidean norm of the gradient, the change of the value since the update before, or the norm of
        the change of x is at most this; at least 0, None for never. With batches once an epoch, on means over it.
    callback : callable, optional
        ``callback(intermediate_result)`` (so named; it has x, fun, jac, nit) or ``callback(x)``, after each update. If
        it raises StopIteration, that is the end.
    record : bool, default False
        Whether the result has ``path``, x0 and x after each update.
    progress : bool, default False
        Whether to show a bar; needs tqdm.
    n_samples : int, optional
        Samples that `fun` is a mean over, at least 1.
    batch_size : int, optional
        Samples of one update, from 1 to `n_samples`; by default all. The last batch of an epoch may be shorter.
    shuffle : bool, default True
        Whether each epoch takes the samples in a new random order.
    seed : int, Generator or None, default None
        Seed of that order, as for numpy.random.default_rng.
    line_search : {None, "armijo", "goldstein"}, default None
        How steepest descent (``optimizer="sgd"``) chooses its steps; see `fastgd.line_search`.
    maximize : bool, default False
        Whether to ascend.

    Returns
    -------
    scipy.optimize.OptimizeResult
        ``x``, ``fun``, ``jac``, ``nit`` (updates), ``nfev``, ``njev``, ``success``, ``status``, ``message``, and
        ``path`` if recorded. Status 0, 2, 3: gtol, ftol, xtol (success); 1: max_iter; 4: something was not finite; 5:
        the line search failed; 6: differences found the same value all around x; 99: the callback. Without success x
        is the best point seen, but where the callback said stop. With batches x is the last point, and ``fun`` and
        ``jac`` are over all samples. Of a schedule-free optimizer x is the average, unless something was not finite.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or `fun` or `jac` returns something else than it should.
    ImportError
        Without SciPy, or with `progress` without tqdm.

    Notes
    -----
    ``"nag"`` and `SAM` need a second gradient for each update. With batches ``callback`` gets the value of the batch
    that the update was made with. With a schedule-free optimizer ``path``, callbacks, `ftol` and `xtol` are about the
    points where gradients are taken, and `gtol` about the average too, but for batches. Errors of `fun`, `jac` and
    `callback` come through unchanged.

    References
    ----------
    Nocedal & Wright, "Numerical Optimization", 2006, chapters 2 and 3.

    Examples
    --------
    >>> import fastgd
    >>> result = fastgd.minimize(lambda x: x**2, 2.0, jac=lambda x: 2 * x, optimizer="sgd", lr=0.1)
    >>> result.success, result.status, result.nit, float(abs(result.x)) < 1e-6
    (True, 0, 69, True)
    """
    _require_scipy()
    x = start(x0)
    objective = Objective(fun, jac, args)
    batches = Batches(n_samples, batch_size, shuffle, seed)
    rules = Rules(gtol, ftol, xtol)
    max_iter = validation.whole("max_iter", max_iter)
    lr = None if lr is None else validation.rate("lr", lr)
    search = _search(line_search, optimizer, lr)
    lr = _default_rate(optimizer, x, max_iter) if lr is None else lr
    sign = -1.0 if validation.flag("maximize", maximize) else 1.0
    run = Run(objective, batches, x, _make(optimizer, x, lr), rules, sign)
    run.look_ahead = isinstance(optimizer, str) and optimizer.lower() == "nag"
    run.search = search
    run.first_step = 1.0 if lr is None or callable(lr) else lr
    run.callback = _callback(callback)
    run.path = [x.copy()] if validation.flag("record", record) else None
    with _progress(progress, max_iter) as bar:
        return run.result(run.go(max_iter, bar))


def scipy_method(
    optimizer: str | Callable[..., Optimizer | SAM] = "adam", **options: Any
) -> Callable[..., "OptimizeResult"]:
    """
    Make an optimizer a method of SciPy: ``scipy.optimize.minimize(fun, x0, jac=jac, method=scipy_method("adam"))``.

    Parameters
    ----------
    optimizer : str, class or callable, default "adam"
        As for `minimize`.
    **options
        Keywords of `minimize`, such as ``lr=0.1``. SciPy's own ``options=`` come after them, and may say ``maxiter``
        for `max_iter`, ``tol`` for `gtol`, and ``disp``.

    Returns
    -------
    callable
        What ``method=`` of scipy.optimize.minimize takes.

    Raises
    ------
    ValueError
        For an unknown name; later, if SciPy is asked for bounds, constraints or Hessians.

    Examples
    --------
    >>> import fastgd, scipy.optimize
    >>> method = fastgd.scipy_method("adam", lr=0.1)
    >>> result = scipy.optimize.minimize(lambda x: (x**2).sum(), [3.0, 2.0], jac=lambda x: 2 * x, method=method)
    >>> result.success, bool((abs(result.x) < 1e-6).all())
    (True, True)
    """
    own = {"fun", "x0", "jac", "args", "callback", "optimizer"}
    names = [name for name in inspect.signature(minimize).parameters if name not in own]
    validation.known("options", options, names)
    if isinstance(optimizer, str):
        validation.known("optimizer", [optimizer.lower()], named_optimizers())

    def method(
        fun: Any, x0: Any, args: Any = (), jac: Any = None, hess: Any = None, hessp: Any = None, bounds: Any = None,
        constraints: Any = (), callback: Any = None, disp: bool = False, **given: Any,
    ) -> "OptimizeResult":  # fmt: skip
        for what, value in (("hess", hess), ("hessp", hessp), ("bounds", bounds), ("constraints", constraints or None)):
            if value is not None:
                raise ValueError(f"{what}: not taken by gradient descent, got {type(value).__name__}")
        spelled = {{"maxiter": "max_iter", "tol": "gtol"}.get(name, name): value for name, value in given.items()}
        validation.known("options", spelled, names)
        keywords = {**options, **spelled}
        result = minimize(fun, x0, jac=jac, args=args, optimizer=optimizer, callback=callback, **keywords)
        if disp:
            print(f"{result.message}: {result.fun} after {result.nit} updates")
        return result

    return method
