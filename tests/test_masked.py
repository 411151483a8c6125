"""Masked arrays are refused wherever an array is taken: `numpy.asarray` would drop the mask without a word."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import functional, schedules, textbook
from support.cases import every_optimizer

MASKED: Any = np.ma.array([1.0, 2.0], mask=[False, True])
PLAIN = np.array([1.0, 2.0])


def stepped() -> fastgd.Optimizer:
    opt = fastgd.Adam([PLAIN.copy()])
    opt.step([PLAIN])
    return opt


def load(change: Callable[[dict[str, Any]], None]) -> None:
    saved = stepped().state_dict()
    change(saved["state"][0])
    stepped().load_state_dict(saved)


def minimize(fun: Any = lambda x: float(x @ x), x0: Any = PLAIN, jac: Any = lambda x: 2 * x, **options: Any) -> None:
    fastgd.minimize(fun, x0, jac=jac, max_iter=3, **options)


def fit(grads: Any) -> None:
    sklearn = pytest.importorskip("fastgd.sklearn")
    steps = sklearn.MLPClassifier()._new_steps()
    steps.update_params([np.ones((2, 2))], grads)


CALLS: dict[str, tuple[str, Callable[[], object]]] = {
    "parameter": ("params[0]", lambda: fastgd.Adam([MASKED])),
    "gradient": ("grads[0]", lambda: stepped().step([MASKED])),
    "bound gradient": ("grads[0]", lambda: stepped().bind([MASKED])),
    "state": ("state_dict['state'][0]['exp_avg']", lambda: load(lambda entry: entry.update(exp_avg=MASKED))),
    "step": ("state_dict['state'][0]['step']", lambda: load(lambda entry: entry.update(step=np.ma.array(1.0)))),
    "function": ("grad", lambda: functional.sgd(PLAIN.copy(), MASKED, step=1)),
    "norm": ("grads", lambda: fastgd.grad_norm(MASKED)),
    "clipping": ("grads[0]", lambda: fastgd.clip_grad_norm_([MASKED], 1.0)),
    "start": ("x0", lambda: minimize(x0=MASKED)),
    "start, masked out": ("x0", lambda: minimize(x0=np.ma.masked)),
    "jac": ("jac", lambda: minimize(jac=np.ma.array)),
    "jac of a batch": ("jac", lambda: minimize(lambda x, i: 1.0, jac=lambda x, i: np.ma.array(x), n_samples=2)),
    "jac of a line search": (
        "jac", lambda: minimize(jac=np.ma.array, optimizer="sgd", line_search="armijo")
    ),
    "gradient of fun": ("the gradient of fun", lambda: minimize(lambda x: (1.0, np.ma.array(x)), jac=True)),
    "value of fun": ("the value of fun", lambda: minimize(lambda x: np.ma.array(x).sum(keepdims=True))),
    "value, masked out": ("the value of fun", lambda: minimize(lambda x: np.ma.masked)),
    "loss of plateau": ("loss", lambda: schedules.plateau(0.1).update(np.ma.masked)),
    "prediction": ("prediction", lambda: textbook.mean_squared_error(MASKED, PLAIN)),
    "target": ("target", lambda: textbook.mean_squared_error(PLAIN, MASKED)),
    "labels": ("labels", lambda: textbook.logistic(PLAIN, np.ma.array([0, 1]))),
    "scaling": ("x", lambda: textbook.min_max_scale(MASKED)),
    "cache": ("sum", lambda: textbook.adagrad(PLAIN.copy(), PLAIN, 0.1, MASKED)),
    "scikit-learn": ("grads[0]", lambda: fit([np.ma.ones((2, 2))])),
    "scikit-learn, other strides": ("grads", lambda: fit([np.ma.ones((2, 2)).T])),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_refused_everywhere(name: str) -> None:
    label, call = CALLS[name]
    with pytest.raises(TypeError, match=re.escape(f"{label}: expected a numpy.ndarray, got a masked array, whose")):
        call()


@every_optimizer
def test_by_every_class(cls: type[fastgd.Optimizer]) -> None:
    param = PLAIN.copy()
    opt = cls([param])  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"grads\[0\]: .* masked array"):
        opt.step([MASKED])
    assert param.tolist() == [1.0, 2.0]
