"""fastgd.thinc is thinc's Adam and RAdam with other insides: settings, numbers, state and habits of thinc's."""

import copy
import inspect
import itertools
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

pytest.importorskip("thinc")
from thinc.api import PyTorchWrapper, Relu, Softmax, chain, registry
from thinc.schedules import constant

from support.thinc_twins import EXACT, KEY, adapter, assert_near, every_name, host, normal, ours, same, snapshot, theirs


def now(setting: str) -> Any:
    """The value of a setting that is constant: thinc 9 keeps a schedule."""
    return setting(0) if callable(setting) else setting


def put(optimizer: Any, name: str, value: Any) -> None:
    setattr(optimizer, name, constant(value) if callable(getattr(optimizer, name)) else value)


def run(optimizer: Any, twin: Any, steps: Any, rtol: float = 2e-6, **more: Any) -> None:
    """Both on the same gradients, compared after each step; those of thinc may return another array."""
    w = normal(100)
    v = w.copy()
    for t in range(steps):
        g, h = normal(t), normal(t)
        updated, zeroed = optimizer(KEY, w, g, **more)
        v, _ = twin(KEY, v, h, **more)
        assert updated is w
        assert zeroed is g
        assert not g.any()
        assert_near(w, v, rtol)
        for name in ("mom1", "mom2", "averages"):
            mine, their = getattr(optimizer, name), getattr(twin, name)
            assert (mine is None) == (their is None)
            if their is not None:
                assert_near(mine[KEY], their[KEY], rtol)
        assert optimizer.nr_update == twin.nr_update
        for o in (optimizer, twin):
            o.step_schedules()


# ---- as thinc's -------------------------------------------------------------------------------------------------


@every_name
def test_arguments_are_thincs(name: str) -> None:
    mine, their = (inspect.signature(getattr(lib, name)).parameters for lib in (adapter, host))
    assert {k: (p.kind, p.default) for k, p in mine.items()} == {k: (p.kind, p.default) for k, p in their.items()}
    assert next(iter(mine)) == next(iter(their))


@every_name
def test_an_instance_is_thincs_optimizer(name: str) -> None:
    mine, their = ours(name), theirs(name)
    assert isinstance(mine, host.Optimizer)
    assert mine.use_radam is their.use_radam is (name == "RAdam")
    for setting in ("learn_rate", "b1", "b2", "eps", "L2", "grad_clip"):
        assert now(getattr(mine, setting)) == now(getattr(their, setting))
    with pytest.raises(AttributeError):
        mine.lr = 0.1


@every_name
def test_a_config_finds_it(name: str) -> None:
    config = {"@optimizers": f"fastgd.{name}.v1", "learn_rate": 0.5, "L2": 0.25, "use_averages": False}
    optimizer = registry.resolve({"optimizer": config})["optimizer"]
    assert type(optimizer) is getattr(adapter, name)
    assert (now(optimizer.learn_rate), now(optimizer.L2), optimizer.averages) == (0.5, 0.25, None)


def test_fastgd_does_not_import_thinc() -> None:
    code = "import sys, fastgd; assert 'thinc' not in sys.modules and 'fastgd.thinc' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


# ---- numbers ----------------------------------------------------------------------------------------------------


@every_name
@pytest.mark.parametrize("grad_clip", [0.0, 1.0, 15.0, 1e3])  # norms are about 15
@pytest.mark.parametrize(("l2", "decay"), [(0.0, True), (0.3, True), (0.3, False)])
@pytest.mark.parametrize("use_averages", [True, False])
def test_numbers_are_thincs(name: str, grad_clip: Any, l2: float, decay: bool, use_averages: bool) -> None:
    settings = dict(grad_clip=grad_clip, L2=l2, L2_is_weight_decay=decay, use_averages=use_averages, **EXACT)
    run(ours(name, 0.05, **settings), theirs(name, 0.05, **settings), 40)


@every_name
def test_numbers_of_the_defaults_are_thincs(name: str) -> None:
    run(ours(name), theirs(name), 40, rtol=2e-5)  # thinc's second moment is 1.3e-5 off


@every_name
def test_the_learning_rate_is_scaled_as_in_thinc(name: str) -> None:
    run(ours(name, 0.05, L2=0.3, **EXACT), theirs(name, 0.05, L2=0.3, **EXACT), 20, lr_scale=0.25)


@every_name
def test_steps_are_counted_by_key(name: str) -> None:
    mine, their = (lib(name, 0.05, **EXACT) for lib in (ours, theirs))
    w = {key: normal(key) for key in range(4)}
    v = copy.deepcopy(w)
    for t in range(24):
        for key in range(4):
            if t % (key + 1) == 0:
                mine((key, "W"), w[key], normal(t + key))
                v[key], _ = their((key, "W"), v[key], normal(t + key))
                assert_near(w[key], v[key], 2e-6)
    assert mine.nr_update == their.nr_update == {(0, "W"): 24, (1, "W"): 12, (2, "W"): 8, (3, "W"): 6}


@every_name
@pytest.mark.parametrize("t", [80_000, 200_000])  # averages decay by (1 + t) / (10 + t), and by 0.9999 at most
def test_averages_of_long_trainings_are_thincs(name: str, t: int) -> None:
    mine, their = (lib(name, 0.05, **EXACT) for lib in (ours, theirs))
    for optimizer in (mine, their):
        w, _ = optimizer(KEY, normal(100), normal(0))
        optimizer.nr_update[KEY] = t
        optimizer.averages[KEY][...] = 0
        optimizer(KEY, w, normal(1))
    assert_near(mine.averages[KEY], their.averages[KEY], 2e-6)


@every_name
def test_settings_may_differ_between_the_parameters_of_a_step(name: str) -> None:
    mine, their = (lib(name, 0.05, L2=0.3, **EXACT) for lib in (ours, theirs))
    w = [normal(key) for key in range(3)]
    v = copy.deepcopy(w)
    for t in range(10):
        for key, (scale, decay) in enumerate([(1.0, True), (0.5, True), (0.5, False)]):
            mine.L2_is_weight_decay = their.L2_is_weight_decay = decay
            mine((key, "W"), w[key], normal(t), lr_scale=scale)
            v[key], _ = their((key, "W"), v[key], normal(t), lr_scale=scale)
            assert_near(w[key], v[key], 2e-6)


@every_name
def test_float64_has_float64_state(name: str) -> None:
    w, rate = normal(0, dtype=np.float64), 0.05
    optimizer = ours(name, rate, grad_clip=0.0, L2=0.1)
    v, m, s = w.copy(), np.zeros_like(w), np.zeros_like(w)
    average = np.zeros_like(w)
    for t in range(1, 30):
        g = normal(t, dtype=np.float64)
        m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
        if name == "Adam":
            u = np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(s) + 1e-8)
        else:
            n, full = t + 1, 1999.0
            rho = full - 2 * n * 0.999**n / (1 - 0.999**n)
            u = m / (1 - 0.9**n)
            if rho > 5:
                r = (rho - 4) / (full - 4) * (rho - 2) / rho * full / (full - 2) * (1 - 0.999**n)
                u *= np.sqrt(r) / (np.sqrt(s) + 1e-8)
        v = (v - rate * u) * (1 - rate * 0.1)
        average += (1 - (1 + t) / (10 + t)) * (v - average)
        optimizer(KEY, w, g)
        assert_near(w, v, 1e-13)
        assert_near(optimizer.averages[KEY], average, 1e-13)
    assert {optimizer.mom1[KEY].dtype, optimizer.mom2[KEY].dtype, optimizer.averages[KEY].dtype} == {w.dtype}


@every_name
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_does_what_it_does_in_thinc(name: str, bad: Any) -> None:
    w, v, g, h = normal(0), normal(0), normal(1), normal(1)
    g[2, 3] = h[2, 3] = bad
    with np.errstate(invalid="ignore"):
        ours(name, 0.05, **EXACT)(KEY, w, g)
        v, _ = theirs(name, 0.05, **EXACT)(KEY, v, h)
    assert np.allclose(w, v, rtol=0, atol=1e-6, equal_nan=True)
    assert np.isnan(w[2, 3])
    assert not g.any()


# ---- settings ---------------------------------------------------------------------------------------------------

SCHEDULES = {
    "list": lambda start: [start, start / 2, start / 4],
    "generator": lambda start: (start / (1 + t) for t in itertools.count()),
    "exhausted": lambda start: (start / (1 + t) for t in range(3)),
    "thinc's": lambda start: registry.schedules.get("decaying.v1")(start, 0.1),
}


@every_name
@pytest.mark.parametrize("form", SCHEDULES)
@pytest.mark.parametrize("setting", ["learn_rate", "L2", "beta1", "beta2", "eps", "grad_clip"])
def test_every_setting_may_be_a_schedule(name: str, form: str, setting: str) -> None:
    start = {"learn_rate": 0.1, "L2": 0.5, "beta1": 0.875, "beta2": 1 - 2.0**-10, "eps": 0.5, "grad_clip": 12.0}
    mine, their = (
        lib(name, **{**start, setting: SCHEDULES[form](start[setting])}, use_averages=False) for lib in (ours, theirs)
    )
    run(mine, their, 8, rtol=2e-5)


@every_name
def test_settings_may_be_set_between_steps(name: str) -> None:
    mine, their = (lib(name, 0.05, **EXACT) for lib in (ours, theirs))
    w, v = normal(100), normal(100)
    for t, (setting, value) in enumerate(
        [
            ("learn_rate", 0.5), ("L2", 0.25), ("L2_is_weight_decay", False), ("grad_clip", 2.0), ("b1", 0.5),
            ("b2", 0.75), ("eps", 0.125), ("learn_rate", 0.0), ("learn_rate", 1), ("grad_clip", None),
        ]
    ):  # fmt: skip
        for optimizer in (mine, their):
            if setting == "L2_is_weight_decay":
                optimizer.L2_is_weight_decay = value
            else:
                put(optimizer, setting, value)
        for _ in range(2):
            mine(KEY, w, normal(t))
            v, _ = their(KEY, v, normal(t))
            assert_near(w, v, 3e-6)


BAD = [
    (dict(learn_rate=-1.0), ValueError, r"^learn_rate must be at least 0, got -1.0"),
    (dict(learn_rate=float("nan")), ValueError, r"^learn_rate must be finite, got nan"),
    (dict(learn_rate=True), TypeError, r"^learn_rate must be a real number, got bool"),
    (dict(beta1=1.0), ValueError, r"^beta1 must be in \[0, 1\), got 1.0"),
    (dict(beta2=-0.5), ValueError, r"^beta2 must be in \[0, 1\), got -0.5"),
    (dict(eps=-1e-8), ValueError, r"^eps must be at least 0"),
    (dict(L2=-0.1), ValueError, r"^L2 must be at least 0, got -0.1"),
    (dict(grad_clip=-1.0), ValueError, r"^grad_clip must be at least 0, got -1.0"),
]


@every_name
@pytest.mark.parametrize(("settings", "kind", "message"), BAD)
def test_settings_that_are_refused(name: str, settings: dict[str, Any], kind: Any, message: str) -> None:
    with pytest.raises(kind, match=message):
        ours(name, **settings)


@every_name
@pytest.mark.parametrize(("settings", "kind", "message"), BAD)
def test_schedules_are_refused_when_they_give_what_is(
    name: str, settings: dict[str, Any], kind: Any, message: str
) -> None:
    optimizer = ours(name, **{setting: [0.5, value] for setting, value in settings.items()})
    w = normal(0)
    optimizer(KEY, w, normal(1))
    optimizer.step_schedules()
    g = normal(2)
    before = snapshot(optimizer, w, g)
    with pytest.raises(kind, match=message):
        optimizer(KEY, w, g)
    assert same(snapshot(optimizer, w, g), before)


@pytest.mark.parametrize("setting", ["beta1", "beta2"])
def test_adam_without_a_decay_rate_is_refused(setting: str) -> None:
    with pytest.raises(ValueError, match=rf"^{setting} must be above 0, got 0.0"):
        adapter.Adam(**{setting: 0.0})
    optimizer = adapter.Adam(**{setting: [0.0]})
    with pytest.raises(ValueError, match=rf"^{setting} must be above 0, got 0.0"):
        optimizer(KEY, normal(0), normal(1))


@every_name
def test_a_scale_that_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"^lr_scale must be at least 0, got -1.0"):
        ours(name)(KEY, normal(0), normal(1), lr_scale=-1.0)


# ---- state ------------------------------------------------------------------------------------------------------


@every_name
@pytest.mark.parametrize("way", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))], ids=["deepcopy", "pickle"])
def test_a_copy_goes_on_with_the_same_bits(name: str, way: Any) -> None:
    optimizer, w = ours(name, 0.05, L2=0.1), normal(0)
    for t in range(8):
        optimizer(KEY, w, normal(t))
    twin, v = way(optimizer), w.copy()
    for t in range(8, 12):
        optimizer(KEY, w, normal(t))
        twin(KEY, v, normal(t))
    assert same(snapshot(twin, v), snapshot(optimizer, w))


@every_name
@pytest.mark.parametrize("to_thinc", [False, True], ids=["from thinc", "to thinc"])
def test_state_is_exchanged_mid_training(name: str, to_thinc: bool) -> None:
    makers = (ours, theirs) if to_thinc else (theirs, ours)
    first, second, whole = (make(name, 0.05, **EXACT) for make in (*makers, theirs))
    w, v = normal(100), normal(100)
    for t in range(20):
        if t == 7:
            for attribute in ("mom1", "mom2", "averages", "nr_update"):
                setattr(second, attribute, copy.deepcopy(getattr(first, attribute)))
        w, _ = (first if t < 7 else second)(KEY, w, normal(t))
        v, _ = whole(KEY, v, normal(t))
        assert_near(w, v, 2e-6)
    assert_near(second.averages[KEY], whole.averages[KEY], 2e-6)


# ---- in thinc ---------------------------------------------------------------------------------------------------


def train(optimizer: Any, steps: Any, model: Any = None) -> Any:
    """A classifier of points by their quadrant; returns it and its losses."""
    if model is None:
        model = chain(Relu(16), Softmax(4)).initialize(np.zeros((1, 2), np.float32), np.zeros((1, 4), np.float32))
        for seed, (node, name) in enumerate((n, p) for n in model.walk() for p in n.param_names):
            node.set_param(name, 0.5 * normal(seed, node.get_param(name).shape))
    losses = []
    for t in range(steps):
        x = normal(t, (64, 2))
        y = np.eye(4, dtype=np.float32)[2 * (x[:, 0] > 0) + (x[:, 1] > 0)]
        predicted, backprop = model.begin_update(x)
        losses.append(-np.log((predicted * y).sum(1)).mean())
        backprop((predicted - y) / len(y))
        model.finish_update(optimizer)
        optimizer.step_schedules()
    return model, np.array(losses)


@every_name
def test_a_model_trains_as_with_thincs(name: str) -> None:
    mine, their = (train(lib(name, 0.02, L2=0.01), 150) for lib in (ours, theirs))
    assert np.allclose(mine[1], their[1], rtol=1e-4)
    assert mine[1][-10:].mean() < 0.5 * mine[1][:10].mean()


@every_name
def test_a_model_takes_the_averages(name: str) -> None:
    optimizer = ours(name, 0.02)
    model, _ = train(optimizer, 40)
    x = normal(0, (5, 2))
    trained = model.predict(x)
    with model.use_params(optimizer.averages):
        averaged = model.predict(x)
        assert not np.allclose(averaged, trained)
        for node in model.walk():
            for param in node.param_names:
                assert node.get_param(param) is optimizer.averages[node.id, param]
    assert np.array_equal(model.predict(x), trained)


@every_name
def test_averages_may_be_trained_while_they_are_used(name: str) -> None:
    losses = {}
    for lib in (ours, theirs):
        optimizer = lib(name, 0.02)
        model, _ = train(optimizer, 40)
        with model.use_params(optimizer.averages):
            losses[lib] = train(optimizer, 40, model)[1]
    assert np.allclose(losses[ours], losses[theirs], rtol=1e-3)


@every_name
def test_a_torch_module_inside_a_model_trains_as_with_thincs(name: str) -> None:
    torch = pytest.importorskip("torch")
    weights = {}
    for lib in (ours, theirs):
        torch.manual_seed(0)
        module = torch.nn.Sequential(torch.nn.Conv1d(3, 5, 2), torch.nn.Flatten(), torch.nn.Linear(15, 2))
        model, optimizer = PyTorchWrapper(module), lib(name, 0.05, L2=0.1, **EXACT)
        for t in range(20):
            predicted, backprop = model.begin_update(normal(t, (8, 3, 4)))
            backprop(predicted - 1)
            model.finish_update(optimizer)
        weights[lib] = [param.detach().numpy() for param in module.parameters()]
    for mine, their in zip(weights[ours], weights[theirs], strict=True):
        assert_near(mine, their, 1e-5)
