"""State machines of functions, schedules and minimize, each beside a plain model; support/machines.py says what for."""

import inspect
import math
import pickle
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import fastgd
from fastgd import functional, schedules
from support.comparing import assert_equal, freeze
from support.machines import BAD, FORMS, KINDS, SCALES, SEEDS, Twin, dressed, spoiled
from support.running import ISAS, gradient, instruction_set
from test_properties import OPTIMIZERS

# ---- fastgd.functional ----------------------------------------------------------------------------------------------

# Rules that carry no numbers from step to step.
FUNCTIONS = [
    (cls, getattr(functional, rule.__name__), rule, options)
    for cls, rule, options in OPTIMIZERS
    if not cls.carried and hasattr(functional, rule.__name__)
]


def states_of(cls: type[fastgd.Optimizer], function: Any, arguments: dict[str, Any]) -> list[str]:
    """Names of the state arrays that a call with these hyperparameters takes."""
    parameters = inspect.signature(function).parameters.values()
    arrays = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD and p.name not in ("param", "grad")]
    used = {state for option, state in cls.implied.items() if arguments.get(option)}
    used |= {"momentum_buffer"} if arguments.get("momentum") else set()
    return [p.name for p in arrays if p.default is p.empty or p.name in used]


class FunctionMachine(RuleBasedStateMachine):
    """A function of fastgd.functional beside support/reference.py, on one parameter."""

    @initialize(data=st.data(), seed=SEEDS, kinds=KINDS, isa=st.sampled_from(ISAS))
    def begin(self, data: Any, seed: int, kinds: Any, isa: str) -> None:
        cls, self.function, self.rule, strategies = data.draw(st.sampled_from(FUNCTIONS))
        rates = st.floats(0, 10, allow_subnormal=False)
        arguments = data.draw(st.fixed_dictionaries({"lr": rates, "maximize": st.booleans(), **strategies}))
        self.rng, self.isa = np.random.default_rng(seed), isa
        self.twin = Twin(self.rng, kinds[0], arguments)
        self.param = self.twin.placed(self.twin.values)
        self.states = {name: np.zeros_like(self.param) for name in states_of(cls, self.function, arguments)}
        known = inspect.signature(self.function).parameters
        self.keywords = {name: value for name, value in arguments.items() if name in known}

    def call(self, grad: Any, **changes: Any) -> None:
        with instruction_set(self.isa):
            self.function(self.param, grad, **{**self.states, "step": self.twin.steps + 1, **self.keywords, **changes})

    @rule(form=st.sampled_from(FORMS[:6]), scale=SCALES, special=st.booleans(), times=st.integers(1, 4))
    def step(self, form: str, scale: float, special: bool, times: int) -> None:
        for _ in range(times):
            grad = gradient(self.rng, self.twin.values.shape, self.twin.dtype, special)
            self.call(dressed(self.twin.placed(grad), form, ""), grad_scale=scale)
            self.twin.steps += 1
            with np.errstate(all="ignore"):
                self.rule(
                    self.twin.values, grad, self.twin.state, self.twin.steps, grad_scale=scale, **self.twin.arguments
                )

    @rule(
        form=st.sampled_from(BAD),
        changes=st.sampled_from([{}, {}, dict(step=0), dict(lr=-1.0), dict(grad_scale=math.nan)]),
    )
    def bad(self, form: str, changes: dict[str, Any]) -> None:
        grad = np.ones_like(self.param)
        before = freeze([self.param, self.states])
        try:
            self.call(grad if changes else spoiled(grad, form, [self.param]), **changes)
        except (TypeError, ValueError):
            assert freeze([self.param, self.states]) == before
        else:
            raise AssertionError(f"{changes or form} was taken")

    @invariant()
    def equals_the_model(self) -> None:
        assert_equal(self.param, self.twin.values, f"{self.function.__name__}({self.twin.arguments})")
        for key, array in self.twin.state.items():
            assert_equal(self.states[key], array, f"{key} of {self.function.__name__}")


# ---- fastgd.schedules ---------------------------------------------------------------------------------------------


def plain_schedules() -> Any:
    rates, steps = st.floats(1e-6, 10), st.integers(1, 60)
    return st.one_of(
        st.builds(schedules.constant, rates),
        st.builds(schedules.step, rates, steps, st.floats(0.1, 2)),
        st.builds(schedules.exponential, rates, st.floats(0.5, 1.1)),
        st.builds(schedules.linear, rates, steps),
        st.builds(schedules.polynomial, rates, steps, power=st.floats(0.1, 3)),
        st.builds(schedules.inverse_time, rates, st.floats(0, 1), recursive=st.booleans()),
        st.builds(schedules.cosine, rates, steps, periodic=st.booleans()),
        st.builds(schedules.warm_restarts, rates, steps),
        st.builds(schedules.one_cycle, rates, steps.map(lambda n: n + 1)),
        st.builds(schedules.plateau, rates, patience=st.integers(0, 3), cooldown=st.integers(0, 2)),
    )


def any_schedule() -> Any:
    return st.recursive(
        plain_schedules(),
        lambda inner: st.one_of(
            st.builds(schedules.warmup, inner, st.integers(0, 20)),
            st.builds(lambda a, b, n: schedules.join([a, b], [n]), inner, inner, st.integers(1, 30)),
        ),
        max_leaves=4,
    )


def plateaus(schedule: Any) -> list[Any]:
    if hasattr(schedule, "update"):
        return [schedule]
    return [found for part in getattr(schedule, "_parts", ()) for found in plateaus(part)]


class ScheduleMachine(RuleBasedStateMachine):
    """A schedule beside others of the same kind: asked in another order, pickled, printed, given its state."""

    @initialize(schedule=any_schedule())
    def begin(self, schedule: Any) -> None:
        self.schedule, self.other = schedule, pickle.loads(pickle.dumps(schedule))
        self.best: dict[int, float] = {}

    @rule(steps=st.lists(st.integers(0, 10**6), max_size=8))
    def ask(self, steps: list[int]) -> None:
        rates = {step: self.schedule(step) for step in steps}
        assert rates == {step: self.other(step) for step in sorted(steps, reverse=True)}
        for rate in rates.values():
            assert type(rate) is float
            assert rate >= 0

    @rule(loss=st.floats(allow_nan=True), times=st.integers(1, 5))
    def tell(self, loss: float, times: int) -> None:
        for i, (ours, other) in enumerate(zip(plateaus(self.schedule), plateaus(self.other), strict=True)):
            for _ in range(times):
                margin = 1e-4 * abs(self.best.get(i, math.inf))
                better = loss < math.inf if i not in self.best else loss < self.best[i] - margin
                before = ours.lr
                assert ours.update(loss) == other.update(loss) == ours.lr <= before
                if better:
                    self.best[i] = loss
                    assert ours.lr == before or before == ours.lr

    @rule(way=st.sampled_from(["pickle", "print", "state"]))
    def exchange(self, way: str) -> None:
        names = {name: getattr(schedules, name) for name in schedules.__all__}
        again = pickle.loads(pickle.dumps(self.other)) if way == "pickle" else eval(repr(self.other), names)
        if way != "pickle":
            again.load_state_dict(self.other.state_dict())
        assert freeze(again.state_dict()) == freeze(self.schedule.state_dict())
        self.other = again

    @invariant()
    def equal(self) -> None:
        assert freeze(self.schedule.state_dict()) == freeze(self.other.state_dict())
        assert repr(self.schedule) == repr(self.other)


# ---- fastgd.minimize ----------------------------------------------------------------------------------------------

NAMES = ["sgd", "adam", "adamw", "rmsprop", "adagrad", "nag", "nesterov", "amsgrad", "rprop", "lion"]


class MinimizeMachine(RuleBasedStateMachine):
    """minimize on parabolas beside the same optimizer in a plain loop, and what its result promises."""

    @initialize(
        weights=st.lists(st.sampled_from([0.1, 1.0, 5.0]), min_size=1, max_size=4), start=st.floats(-10, 10),
        maximize=st.booleans(), hole=st.sampled_from([None, math.nan, math.inf]),
    )  # fmt: skip
    def begin(self, weights: list[float], start: float, maximize: bool, hole: float | None) -> None:
        self.sign, self.hole = -1.0 if maximize else 1.0, hole
        self.scale, self.start = np.array(weights), np.full(len(weights), start)

    def fun(self, x: np.ndarray) -> float:
        if self.hole is not None and np.abs(x).max() > 20:
            return self.hole
        return self.sign * float(self.scale @ (x * x))

    def jac(self, x: np.ndarray) -> np.ndarray:
        return self.sign * 2 * self.scale * x

    @rule(
        name=st.sampled_from(NAMES), lr=st.sampled_from([None, 0.0, 1e-3, 0.1, 0.7, 30.0]), max_iter=st.integers(0, 40),
        ftol=st.sampled_from([None, 1e-3]), jac=st.booleans(),
    )  # fmt: skip
    def run(self, name: str, lr: float | None, max_iter: int, ftol: float | None, jac: bool) -> None:
        before = self.start.copy()
        options: dict[str, Any] = dict(optimizer=name, lr=lr, max_iter=max_iter, ftol=ftol, maximize=self.sign < 0)
        result = fastgd.minimize(self.fun, self.start, jac=self.jac if jac else None, record=True, **options)
        assert self.start.tolist() == before.tolist()
        assert result.nit <= max_iter
        assert len(result.path) == result.nit + 1
        assert result.path[0].tolist() == before.tolist()
        assert result.success is (result.status in (0, 2, 3))
        values = [self.sign * self.fun(x) for x in result.path]
        assert result.fun == self.fun(result.x)
        if not result.success:
            assert self.sign * result.fun == min(values)
        if result.status == 0 and jac:
            assert np.linalg.norm(self.jac(result.x)) <= 1.0001e-6
        if name not in ("nag", "nesterov", "amsgrad") and lr is not None and jac:
            self.same_as_a_loop(result, name, lr)

    def same_as_a_loop(self, result: Any, name: str, lr: float) -> None:
        x = self.start.copy()
        opt = next(c for c in vars(fastgd).values() if getattr(c, "__name__", "").lower() == name)(x, lr=lr)
        for point in result.path:
            assert point.tolist() == x.tolist()
            opt.step(self.jac(x), grad_scale=self.sign)

    @rule(search=st.sampled_from(["armijo", "goldstein"]), lr=st.sampled_from([None, 1e-300, 1e-3, 1.0, 1e30]))
    def search(self, search: str, lr: float | None) -> None:
        result = fastgd.minimize(
            self.fun, self.start, jac=self.jac, optimizer="sgd", line_search=search, lr=lr, max_iter=20,
            maximize=self.sign < 0, record=True,
        )  # fmt: skip
        values = [self.sign * self.fun(x) for x in result.path]
        assert all(later < earlier for earlier, later in pairwise(values))
