"""fastgd.sklearn: scikit-learn's MLPs in all that they are, with another optimizer in them."""

import copy
import inspect
import io
import pickle
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import schedules
from support.cases import Case, every_case
from support.comparing import assert_same, freeze

pytest.importorskip("sklearn")

import joblib
import scipy.sparse
import sklearn
from sklearn import neural_network
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator
from threadpoolctl import threadpool_limits

import fastgd.sklearn as adapter
from fastgd.sklearn import use_fastgd

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_digits(return_X_y=True)
X /= 16
TRAIN, TEST = slice(0, 1200), slice(1200, None)


def Classifier(hidden: int = 20, **more: Any) -> Any:  # noqa: N802
    return neural_network.MLPClassifier(hidden_layer_sizes=hidden, random_state=0, **more)


def Regressor(hidden: int = 20, **more: Any) -> Any:  # noqa: N802
    return neural_network.MLPRegressor(hidden_layer_sizes=hidden, random_state=0, **more)


both = pytest.mark.parametrize("host", [Classifier, Regressor], ids=["classifier", "regressor"])

ADAM = dict(solver="adam", beta_1=0.8, beta_2=0.99, epsilon=1e-6)
SOLVERS = {
    "adam": ADAM,
    "adam, which has one rate": dict(learning_rate="invscaling"),
    "sgd": dict(solver="sgd", learning_rate_init=0.05, momentum=0.8),
    "sgd, no Nesterov": dict(solver="sgd", learning_rate_init=0.05, nesterovs_momentum=False),
    "sgd, no momentum": dict(solver="sgd", learning_rate_init=0.1, momentum=0),
    "sgd, adaptive": dict(
        solver="sgd", learning_rate_init=0.1, momentum=0, learning_rate="adaptive", tol=0.05, n_iter_no_change=2
    ),
    "sgd, invscaling": dict(
        solver="sgd", learning_rate_init=10.0, momentum=0, learning_rate="invscaling", power_t=0.6
    ),
}  # fmt: skip


def weights(mlp: Any) -> list[np.ndarray]:
    return [*mlp.coefs_, *mlp.intercepts_]


def assert_near(ours: Any, theirs: Any) -> None:
    assert len(weights(ours)) == len(weights(theirs))
    for a, b in zip(weights(ours), weights(theirs), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12 if a.dtype == np.float64 else 2e-5)
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-10 if a.dtype == np.float64 else 1e-4)


def assert_same_networks(a: Any, b: Any) -> None:
    assert_same(weights(a), weights(b))
    assert a.loss_curve_ == b.loss_curve_


def words_and_losses(output: str) -> tuple[str, list[float]]:
    """What `verbose` prints: the losses of another order of operations may round to another last digit."""
    number = r"(?<=loss = )\d+\.\d+"
    return re.sub(number, "...", output), [float(loss) for loss in re.findall(number, output)]


def rate(mlp: Any) -> Any:
    """The learning rate of the latest step, or its schedule."""
    return mlp._optimizer._optimizer.param_groups[0]["lr"]


# ---- numbers ----------------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("solver", SOLVERS)
def test_scikit_learns_own_formulas(host: Any, dtype: type, solver: Any, capsys: pytest.CaptureFixture[str]) -> None:
    x = X[:400].astype(dtype)
    y = Y[:400] if host is Classifier else (Y[:400] / 9).astype(dtype)
    theirs = host(30, max_iter=12, verbose=True, **SOLVERS[solver]).fit(x, y)
    words, losses = words_and_losses(capsys.readouterr().out)
    ours = use_fastgd(theirs).fit(x, y)
    assert words_and_losses(capsys.readouterr().out) == (words, pytest.approx(losses, rel=1e-4, abs=1e-7))
    assert ours.n_iter_ == theirs.n_iter_
    assert_near(ours, theirs)
    np.testing.assert_array_almost_equal(ours.predict(x), theirs.predict(x), decimal=3)


@pytest.mark.parametrize(
    ("solver", "optimizer", "settings"),
    [
        (ADAM, "adam", dict(betas=(0.8, 0.99), eps=1e-6, eps_hat=True)),
        (SOLVERS["sgd"], "sgd", dict(momentum=0.8, nesterov=True)),
        (SOLVERS["sgd, no Nesterov"], fastgd.SGD, dict(momentum=0.9)),
    ],
)
def test_optimizers_by_name_or_class(solver: Any, optimizer: Any, settings: dict[str, Any]) -> None:
    theirs = Classifier(30, max_iter=12, **solver).fit(X, Y)
    assert_near(use_fastgd(theirs, optimizer, **settings).fit(X, Y), theirs)


def test_accuracy_on_the_digits() -> None:
    theirs = Classifier(64, max_iter=80).fit(X[TRAIN], Y[TRAIN])
    ours = use_fastgd(theirs).fit(X[TRAIN], Y[TRAIN])
    assert ours.score(X[TEST], Y[TEST]) == theirs.score(X[TEST], Y[TEST]) > 0.9
    adamw = use_fastgd(theirs, "adamw", weight_decay=0.01).fit(X[TRAIN], Y[TRAIN])
    assert adamw.score(X[TEST], Y[TEST]) > 0.9


@every_case
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_optimizer_has_the_bits_of_its_steps(case: Case, dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights are the very arrays that are updated, and they are what the same steps by hand give."""
    mlp = use_fastgd(Classifier(10, max_iter=2, alpha=0.01), case.optimizer, **case.arguments)
    update, twins = adapter._Steps.update_params, []

    def recorded(self: Any, params: Any, grads: Any) -> None:
        if not twins:
            arrays = [param.copy() for param in params]
            lr = case.arguments.get("lr", mlp.learning_rate_init)
            twins[:] = arrays, case.optimizer(arrays, **{**case.arguments, "lr": lr})
        twins[1].step(grads)
        update(self, params, grads)

    monkeypatch.setattr(adapter._Steps, "update_params", recorded)
    mlp.fit(X[:300].astype(dtype), Y[:300])
    assert_same(weights(mlp), twins[0])
    bound = mlp._optimizer._optimizer.param_groups[0]["params"]
    assert all(a is b for a, b in zip(bound, weights(mlp), strict=True))


def test_float64_targets_and_weights_of_float32_samples() -> None:
    """scikit-learn's gradients are then float64, whatever the dtype of the parameters."""
    x, w = X[:400].astype(np.float32), np.linspace(0.5, 1.5, 400)
    for host, y in ((Regressor, Y[:400] / 9), (Classifier, Y[:400])):
        theirs = host(max_iter=8).fit(x, y, sample_weight=w)
        ours = use_fastgd(theirs).fit(x, y, sample_weight=w)
        assert ours.coefs_[0].dtype == np.float32
        assert_near(ours, theirs)


def test_sparse_samples_and_labels_of_several_kinds() -> None:
    x, y = scipy.sparse.csr_matrix(X[:400]), np.eye(10, dtype=int)[Y[:400]]
    theirs = Classifier(max_iter=8).fit(x, y)
    assert_near(use_fastgd(theirs).fit(x, y), theirs)


def test_weights_in_fortran_order() -> None:
    mlps = [clone_of(20) for clone_of in (Classifier, lambda n: use_fastgd(Classifier(n)))]
    for mlp in mlps:
        mlp.partial_fit(X, Y, classes=range(10))
        mlp.coefs_ = [np.asfortranarray(coef) for coef in mlp.coefs_]
        kept = mlp.coefs_[0]
        mlp.partial_fit(X, Y)
        assert mlp.coefs_[0] is kept
    assert_near(mlps[1], mlps[0])


def test_clipping_is_part_of_the_step() -> None:
    x, y = X[:200], Y[:200]  # one batch
    free = use_fastgd(Classifier(max_iter=1, learning_rate_init=1.0), "sgd").fit(x, y)
    clipped = use_fastgd(free, "sgd", max_grad_norm=1e-3).fit(x, y)
    start = use_fastgd(free, "sgd", lr=0.0).fit(x, y)
    moved = [
        np.sqrt(sum(((a - b) ** 2).sum() for a, b in zip(weights(m), weights(start), strict=True)))
        for m in (free, clipped)
    ]
    assert moved[0] > 0.01
    np.testing.assert_allclose(moved[1], 1e-3, rtol=1e-2)


# ---- fit after fit ------------------------------------------------------------------------------------------------


@both
def test_fit_begins_anew_and_partial_fit_goes_on(host: Any) -> None:
    x, y = X[:400], Y[:400]
    mlp = use_fastgd(host(max_iter=5), "nadam").fit(x, y)
    again = copy.deepcopy(mlp).fit(x, y)
    assert_same_networks(again, mlp)
    once, steps = use_fastgd(host(max_iter=1, shuffle=False), "nadam"), {}
    classes = dict(classes=range(10)) if host is Classifier else {}
    for n in (1, 2, 3):
        once.partial_fit(x, y, **classes)
        steps[n] = int(once._optimizer._optimizer.state[0]["step"])
    assert steps == {1: 2, 2: 4, 3: 6}  # two batches each
    whole = use_fastgd(host(max_iter=3, shuffle=False), "nadam").fit(x, y)
    assert_same_networks(once, whole)


def test_warm_start_keeps_the_weights_and_forgets_the_moments() -> None:
    theirs = Classifier(max_iter=3, warm_start=True)
    ours = use_fastgd(theirs)
    for _ in range(3):
        theirs.fit(X, Y)
        ours.fit(X, Y)
        assert_near(ours, theirs)


def test_early_stopping_again_and_again() -> None:
    theirs = Classifier(40, max_iter=200, early_stopping=True, n_iter_no_change=2, tol=0.01, warm_start=True)
    ours = use_fastgd(theirs)
    for n_iter_no_change in (2, 4):
        for mlp in (theirs, ours):
            mlp.set_params(n_iter_no_change=n_iter_no_change).fit(X, Y)
            assert mlp.n_iter_ < 200
        assert ours.n_iter_ == theirs.n_iter_
    assert ours.validation_scores_ == theirs.validation_scores_
    assert_near(ours, theirs)


def through_joblib(mlp: Any) -> Any:
    joblib.dump(mlp, file := io.BytesIO())
    return joblib.load(io.BytesIO(file.getvalue()))


RESUMED = {
    "pickle": lambda mlp: pickle.loads(pickle.dumps(mlp)),
    "deepcopy": copy.deepcopy,
    "joblib": through_joblib,
    "twice": lambda mlp: pickle.loads(pickle.dumps(copy.deepcopy(mlp))),
}


@pytest.mark.parametrize("way", RESUMED)
@pytest.mark.parametrize(
    ("optimizer", "settings"),
    [
        (None, {}),
        ("sgd", dict(momentum=0.9)),
        ("amsgrad", {}),
        ("rprop", {}),
        (fastgd.AdamW, dict(weight_decay=0.1, max_grad_norm=1.0)),
        ("nadam", dict(lr=schedules.cosine(0.01, 20))),
    ],
)
def test_partial_fit_goes_on_after_copies_with_the_same_bits(
    optimizer: Any, settings: dict[str, Any], way: Any
) -> None:
    mlp = use_fastgd(Classifier(shuffle=False), optimizer, **settings)
    for _ in range(2):
        mlp.partial_fit(X, Y, classes=range(10))
    copied = RESUMED[way](mlp)
    for resumed in (mlp, copied):
        for _ in range(2):
            resumed.partial_fit(X, Y)
    assert copied.coefs_[0] is not mlp.coefs_[0]
    assert_same_networks(copied, mlp)
    assert repr(rate(copied)) == repr(rate(mlp))


def test_state_is_held_once_after_a_copy() -> None:
    mlp = use_fastgd(Classifier(), "adam").partial_fit(X, Y, classes=range(10))
    copied = copy.deepcopy(mlp)
    assert copied._optimizer._saved is not None
    copied.partial_fit(X, Y)
    assert copied._optimizer._saved is None


def test_parameters_changed_between_partial_fits_wait_for_the_next_fit() -> None:
    mlp = use_fastgd(Classifier(), "adam").partial_fit(X, Y, classes=range(10))
    before = mlp._optimizer
    mlp.set_params(optimizer="lion").partial_fit(X, Y)
    assert mlp._optimizer is before
    mlp.set_params(max_iter=1).fit(X, Y)
    assert isinstance(mlp._optimizer._optimizer, fastgd.Lion)


# ---- rates --------------------------------------------------------------------------------------------------------


def test_adaptive_rates_with_any_optimizer(capsys: pytest.CaptureFixture[str]) -> None:
    mlp = Classifier(learning_rate="adaptive", tol=100.0, n_iter_no_change=1, max_iter=100, verbose=True)
    mlp = use_fastgd(mlp, "adamw").fit(X, Y)
    output = capsys.readouterr().out
    assert "Setting learning rate to 0.000200" in output
    assert output.endswith("Learning rate too small. Stopping.\n")
    assert mlp.n_iter_ < 100
    assert rate(mlp) == pytest.approx(1e-3 / 5**5)


def test_inverse_scaling_with_any_optimizer() -> None:
    mlp = use_fastgd(Classifier(learning_rate="invscaling", power_t=0.25, max_iter=3), "rmsprop").fit(X, Y)
    assert rate(mlp) == pytest.approx(1e-3 / (2 * len(X) + 1) ** 0.25)


def test_schedules_count_steps_and_begin_with_each_fit() -> None:
    schedule = schedules.step(0.01, step_size=9, gamma=0.1)  # an epoch has nine batches
    mlp = use_fastgd(Classifier(max_iter=2, shuffle=False), "sgd", lr=schedule).fit(X, Y)
    by_hand = use_fastgd(Classifier(shuffle=False), "sgd", lr=0.01).partial_fit(X, Y, classes=range(10))
    by_hand._optimizer.learning_rate = 0.001
    assert_same_networks(mlp, by_hand.partial_fit(X, Y))
    assert_same_networks(mlp.fit(X, Y), by_hand)


def test_lr_comes_before_learning_rate_init() -> None:
    a = use_fastgd(Classifier(max_iter=2, learning_rate_init=0.5), "adam", lr=0.01).fit(X, Y)
    assert_same_networks(a, use_fastgd(Classifier(max_iter=2, learning_rate_init=0.01), "adam").fit(X, Y))


# ---- an estimator among scikit-learn's ------------------------------------------------------------------------------


@pytest.mark.parametrize("host", [neural_network.MLPClassifier, neural_network.MLPRegressor])
@pytest.mark.parametrize(("optimizer", "settings"), [(None, {}), ("adamw", dict(weight_decay=0.1))])
def test_scikit_learns_own_checks(host: Any, optimizer: Any, settings: dict[str, Any]) -> None:
    results = check_estimator(use_fastgd(host(max_iter=20), optimizer, **settings), on_skip=None)
    assert sum(result["status"] == "passed" for result in results) > 50


@both
def test_parameters_are_scikit_learns_and_two_more(host: Any) -> None:
    given = host(alpha=0.5, solver="sgd")
    ours = use_fastgd(given, "lion", weight_decay=0.1)
    assert isinstance(ours, type(given))
    settings = {"weight_decay": 0.1}
    more = {"optimizer": "lion", "optimizer_settings": settings, "optimizer__weight_decay": 0.1}
    assert ours.get_params() == {**given.get_params(), **more}
    their, mine = inspect.signature(type(given)).parameters, inspect.signature(type(ours)).parameters
    assert list(mine.values())[: len(their)] == list(their.values())
    assert list(mine)[len(their) :] == ["optimizer", "optimizer_settings"]
    copied = clone(ours)
    assert type(copied) is type(ours)
    assert copied.get_params() == ours.get_params()
    assert "optimizer='lion'" in repr(ours)
    assert use_fastgd(ours, "adam").get_params()["optimizer_settings"] is None


def test_settings_are_set_by_name() -> None:
    mlp = use_fastgd(Classifier(), "adamw", weight_decay=0.1)
    settings = mlp.optimizer_settings
    assert mlp.set_params(optimizer__eps=1e-7, optimizer__weight_decay=0.2, alpha=0) is mlp
    assert mlp.optimizer_settings == {"weight_decay": 0.2, "eps": 1e-7}
    assert settings == {"weight_decay": 0.1}  # it may be another estimator's too
    assert mlp.set_params(optimizer_settings=None, optimizer__eps=1.0).optimizer_settings == {"eps": 1.0}
    with pytest.raises(ValueError, match="Invalid parameter 'weight_decay'"):
        mlp.set_params(weight_decay=0.1)


def test_the_estimator_given_is_left_alone() -> None:
    theirs = Classifier(max_iter=2).fit(X, Y)
    before = freeze(weights(theirs)), theirs.get_params(), theirs._optimizer
    ours = use_fastgd(theirs, "adamw")
    assert not hasattr(ours, "coefs_")
    ours.fit(X, Y)
    seeded = Classifier().set_params(random_state=np.random.RandomState(0))
    assert use_fastgd(seeded).random_state is not seeded.random_state  # as in a clone
    assert (freeze(weights(theirs)), theirs.get_params(), theirs._optimizer) == before
    theirs.partial_fit(X, Y)


def test_grid_search_in_a_pipeline_with_processes() -> None:
    mlp = use_fastgd(Classifier(10, max_iter=10, learning_rate_init=0.01), "adamw")
    grid = {"mlpclassifier__optimizer__weight_decay": [0.0, 90.0], "mlpclassifier__optimizer": ["adamw", fastgd.AdamW]}
    # The BLAS may sum in another order on another number of threads, and joblib gives its processes fewer.
    with threadpool_limits(1), joblib.parallel_config("loky", inner_max_num_threads=1):
        searches = [
            GridSearchCV(make_pipeline(StandardScaler(), mlp), grid, cv=2, n_jobs=jobs).fit(X, Y) for jobs in (1, 2)
        ]
    results, again = (search.cv_results_ for search in searches)
    scores = results["mean_test_score"]
    assert (scores == again["mean_test_score"]).all()
    decays = results["param_mlpclassifier__optimizer__weight_decay"]
    assert scores[decays == 0].tolist() == [scores.max()] * 2  # the name and the class are one
    assert scores[decays == 90].tolist() == [scores.min()] * 2
    assert scores.max() > 0.8 > scores.min()
    best = searches[1].best_estimator_[-1]
    assert isinstance(best, adapter.MLPClassifier)
    assert best.optimizer_settings == {"weight_decay": 0.0}


def test_random_states_reproduce() -> None:
    mlp = use_fastgd(Classifier(10, max_iter=3), "radam")
    assert (cross_val_score(mlp, X, Y, cv=3) == cross_val_score(clone(mlp), X, Y, cv=3)).all()
    other = clone(mlp).set_params(random_state=1).fit(X, Y)
    assert (other.coefs_[0] != mlp.fit(X, Y).coefs_[0]).any()


# ---- refused ------------------------------------------------------------------------------------------------------

NO_STATE = r"^lr must be a schedule without state"
REFUSED = [
    (dict(solver="lbfgs"), "adam", {}, ValueError, r"^solver must be one of 'adam', 'sgd', got 'lbfgs'$"),
    (dict(solver="lbfgs"), None, {}, ValueError, r"^solver must be one of 'adam', 'sgd', got 'lbfgs'$"),
    ({}, "adamx", {}, ValueError, r"^optimizer: unknown name 'adamx'; did you mean 'adam"),
    ({}, "nag", {}, ValueError, r"^optimizer: unknown name 'nag'"),
    ({}, dict, {}, TypeError, r"^optimizer must be a name, a class of fastgd or None, got <class 'dict'>$"),
    ({}, "adamw", dict(weight_dacay=1.0), TypeError, r"^AdamW: unknown argument 'weight_dacay'; did you mean"),
    ({}, "adamw", dict(betas=(0.9, 1.0)), ValueError, r"^betas\[1\] must be in \[0, 1\), got 1.0$"),
    ({}, None, dict(lr=-1.0), ValueError, r"^lr must be at least 0, got -1.0$"),
    ({}, None, dict(nesterov=True), TypeError, r"^Adam: unknown argument 'nesterov'"),
    ({}, "adam", dict(lr=schedules.plateau(0.1)), ValueError, NO_STATE),
    ({}, "adam", dict(lr=schedules.warmup(schedules.plateau(0.1), 5)), ValueError, NO_STATE),
    (
        dict(learning_rate="adaptive"), "adam", dict(lr=schedules.cosine(0.1, 9)), ValueError,
        r"^learning_rate must be 'constant' where lr is a schedule, got 'adaptive'$",
    ),
]  # fmt: skip


@both
@pytest.mark.parametrize(("params", "optimizer", "settings", "kind", "message"), REFUSED)
def test_refused_at_once_and_by_fit(
    host: Any, params: Any, optimizer: Any, settings: dict[str, Any], kind: Any, message: str
) -> None:
    with pytest.raises(kind, match=message):
        use_fastgd(host(**params), optimizer, **settings)
    mlp = use_fastgd(host()).set_params(optimizer=optimizer, optimizer_settings=settings, **params)
    with pytest.raises(kind, match=message):
        mlp.fit(X, Y)
    assert not hasattr(mlp, "coefs_")


@pytest.mark.parametrize("changed", [dict(optimizer=3), dict(optimizer_settings=[("lr", 0.1)])])
def test_types_are_refused_as_scikit_learn_does(changed: Any) -> None:
    with pytest.raises(sklearn.utils._param_validation.InvalidParameterError, match=next(iter(changed))):
        use_fastgd(Classifier()).set_params(**changed).fit(X, Y)


@pytest.mark.parametrize("given", [make_pipeline(Classifier()), neural_network.BernoulliRBM(), fastgd.Adam, None])
def test_other_estimators_are_refused(given: Any) -> None:
    with pytest.raises(TypeError, match=r"^estimator must be an MLPClassifier or MLPRegressor, got \w+$"):
        use_fastgd(given)


def test_fastgd_does_not_import_scikit_learn() -> None:
    subprocess.run([sys.executable, "-c", "import sys, fastgd; sys.exit('sklearn' in sys.modules)"], check=True)
