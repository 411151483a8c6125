"""
State machines for fuzzing: an optimizer of fastgd beside a plain model, through whatever a program can do to it.

`make fuzz` runs them for as long as it is told, with new random programs; tests/test_fuzz.py runs a few fixed ones.
After each step of a program every number must be the model's. What is refused must leave everything as it was.
"""

import copy
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import fastgd
from support import reference
from support.comparing import assert_equal, freeze
from support.running import DTYPES, ISAS, gradient, instruction_set
from test_properties import OPTIMIZERS, laid_out, layouts

KINDS = st.lists(st.tuples(layouts(), st.sampled_from(DTYPES), st.integers(0, 15)), min_size=1, max_size=4)
SEEDS = st.integers(0, 2**32)
SCALES = st.sampled_from([1.0, 1.0, 0.25, -3.7])


class Twin:
    """A parameter of the model: its own array and state, and how the optimizer's array lies."""

    def __init__(self, rng: np.random.Generator, kind: Any, arguments: dict[str, Any]) -> None:
        (shape, self.order), self.dtype, self.shift = kind
        self.values = gradient(rng, shape, self.dtype)
        self.arguments = arguments
        self.state: dict[str, Any] = {}
        self.steps = 0

    def placed(self, values: np.ndarray) -> np.ndarray:
        return laid_out(values, self.order, self.shift)


class Subclass(np.ndarray):
    """A user's own kind of array."""


def dressed(array: np.ndarray, form: str, folder: str) -> np.ndarray:
    """A gradient as programs have it: a subclass, a memory map, a read-only or unpickled array."""
    if form == "subclass":
        return array.view(Subclass)
    if form == "read-only":
        array.flags.writeable = False
    if form == "unpickled":
        return copy.deepcopy(array.astype(array.dtype.newbyteorder("="), copy=False))
    if form == "memory map" and array.flags.c_contiguous and array.size:
        mapped = np.memmap(Path(folder, "grad"), array.dtype, "w+", shape=array.shape)
        mapped[...] = array
        return mapped
    return array


def spoiled(array: np.ndarray, form: str, params: list[np.ndarray]) -> Any:
    """Something that is no gradient for a parameter like `array`."""
    return {
        "list": array.tolist(),
        "longer": np.zeros((*array.shape, 2), array.dtype),
        "dtype": np.zeros(array.shape, np.int32),
        "swapped": array.astype(array.dtype.newbyteorder()),
        "masked": np.ma.array(array),
        "strided": np.zeros((*array.shape, 2), array.dtype)[..., 0] if array.size > 1 else array.tolist(),
        "parameter": params[0] if params[0].size else array.tolist(),
        "broadcast": np.broadcast_to(array.dtype.type(1), array.shape) if array.size > 1 else array.tolist(),
    }[form]


@contextmanager
def changed(param: np.ndarray, form: str) -> Iterator[None]:
    """A parameter that is changed in place, for a while."""
    shape, strides = param.shape, param.strides
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # NumPy's, of these very changes
        if form == "shape":
            param.shape = (*shape, 1)
        elif form == "read-only":
            param.flags.writeable = False
        else:
            param.strides = (0,) * param.ndim
        try:
            yield
        finally:
            param.flags.writeable = True
            param.shape = shape
            param.strides = strides


FORMS = ["plain", "plain", "plain", "subclass", "read-only", "unpickled", "memory map"]
BAD = ["list", "longer", "dtype", "swapped", "masked", "strided", "parameter", "broadcast"]


class NumPyMachine(RuleBasedStateMachine):
    """fastgd's classes beside support/reference.py."""

    settings: dict[str, Any] = {}  # of all optimizers, beside hyperparameters

    def __init__(self) -> None:
        super().__init__()
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = self.temporary.name

    def teardown(self) -> None:
        self.temporary.cleanup()

    @initialize(data=st.data(), seed=SEEDS, kinds=KINDS, isa=st.sampled_from(ISAS))
    def construct(self, data: Any, seed: int, kinds: Any, isa: str) -> None:
        self.cls, self.rule, self.strategies = data.draw(st.sampled_from(OPTIMIZERS))
        self.begin(data, seed, kinds, isa)

    def begin(self, data: Any, seed: int, kinds: Any, isa: str) -> None:
        self.isa = isa
        self.rng = np.random.default_rng(seed)
        self.groups: list[list[Twin]] = []
        self.params: list[np.ndarray] = []
        self.clip: dict[str, Any] = {}
        self.opt: Any = None
        self.bound: list[np.ndarray] | None = None
        self.add(data, kinds)

    def arguments(self, data: Any) -> dict[str, Any]:
        rates = st.floats(0, 10, allow_subnormal=False)
        drawn: dict[str, Any] = data.draw(
            st.fixed_dictionaries({"lr": rates, "maximize": st.booleans(), **self.strategies})
        )
        return drawn

    def add(self, data: Any, kinds: Any) -> None:
        arguments = self.arguments(data)
        twins = [Twin(self.rng, kind, arguments) for kind in kinds]
        arrays = [twin.placed(twin.values) for twin in twins]
        if self.opt is None:
            self.opt = self.cls([{"params": arrays, **arguments}], **self.settings)
        else:
            self.opt.add_param_group({"params": arrays, **arguments})
        self.groups.append(twins)
        self.params += arrays
        self.bound = None

    @property
    def twins(self) -> list[Twin]:
        return [twin for group in self.groups for twin in group]

    # ---- steps ----------------------------------------------------------------------------------------------------

    def model(self, grads: list[np.ndarray | None], scale: float) -> None:
        """The same step, by reference.py."""
        with np.errstate(all="ignore"):
            held = [grad for grad in grads if grad is not None]
            if "max_grad_norm" in self.clip:
                scale = reference.clipped_scale(held, scale, self.clip["max_grad_norm"])
            for twin, grad in zip(self.twins, grads, strict=True):
                if grad is None:
                    continue
                twin.steps += 1
                if "max_grad_value" in self.clip:
                    grad = reference.clipped(grad, grad.dtype.type(scale), grad.dtype.type(self.clip["max_grad_value"]))
                factor = 1.0 if "max_grad_value" in self.clip else scale
                self.rule(twin.values, grad, twin.state, twin.steps, grad_scale=factor, **twin.arguments)

    @rule(present=st.lists(st.booleans(), min_size=16, max_size=16), form=st.sampled_from(FORMS), scale=SCALES,
          special=st.booleans(), times=st.integers(1, 4))  # fmt: skip
    def step(self, present: list[bool], form: str, scale: float, special: bool, times: int) -> None:
        for k in range(times):
            self.one_step(present[k:] + present[:k], form, scale, special)

    def one_step(self, present: list[bool], form: str, scale: float, special: bool) -> None:
        plain = [
            gradient(self.rng, twin.values.shape, twin.dtype, special) if here else None
            for twin, here in zip(self.twins, present * len(self.twins), strict=False)
        ]
        grads = [
            None if grad is None else dressed(twin.placed(grad), form if i == 0 else "plain", self.folder)
            for i, (twin, grad) in enumerate(zip(self.twins, plain, strict=True))
        ]
        with instruction_set(self.isa):
            self.opt.step(grads, grad_scale=scale)
        self.model(plain, scale)

    @rule(form=st.sampled_from(BAD), place=st.integers(0, 15))
    def step_with_a_bad_gradient(self, form: str, place: int) -> None:
        grads: list[Any] = [twin.placed(gradient(self.rng, twin.values.shape, twin.dtype)) for twin in self.twins]
        grads[place % len(grads)] = spoiled(grads[place % len(grads)], form, self.params)
        before = freeze([self.params, self.opt.state_dict()])
        try:
            self.opt.step(grads)
        except (TypeError, ValueError):
            assert freeze([self.params, self.opt.state_dict()]) == before
        else:
            raise AssertionError(f"a gradient that is {form} was taken")

    @rule()
    def bind(self) -> None:
        self.bound = [twin.placed(gradient(self.rng, twin.values.shape, twin.dtype)) for twin in self.twins]
        self.opt.bind(self.bound)

    @precondition(lambda self: self.bound is not None)
    @rule(zero=st.booleans())
    def step_with_bound_gradients(self, zero: bool) -> None:
        if zero:
            self.opt.zero_grad()
        self.model([np.array(grad) for grad in self.bound or []], 1.0)
        with instruction_set(self.isa):
            self.opt.step()

    @rule(form=st.sampled_from(["shape", "read-only", "strides"]), place=st.integers(0, 15))
    def step_with_a_parameter_that_has_changed(self, form: str, place: int) -> None:
        """It is refused, and taken again as soon as the parameter is what it was."""
        param = self.params[place % len(self.params)]
        if (form == "shape" and not param.flags.c_contiguous) or (form == "strides" and param.size < 2):
            return
        grads = [np.empty_like(param) for param in self.params]
        with changed(param, form):
            try:
                self.opt.step(grads)
            except ValueError:
                return
        raise AssertionError(f"a parameter with another {form} was taken")

    @rule(place=st.integers(0, 15), size=st.sampled_from([0, 1, 5000]))
    def step_with_a_bound_gradient_that_is_resized(self, place: int, size: int) -> None:
        """Its memory is gone: the step is refused, until other gradients are bound."""
        bound = [
            np.array(twin.placed(gradient(self.rng, twin.values.shape, twin.dtype)), order="K") for twin in self.twins
        ]
        self.opt.bind(bound)
        self.bound = None
        array = bound[place % len(bound)]
        if size == array.size or not array.flags.owndata or not array.flags.c_contiguous:
            return
        array.resize(size, refcheck=False)
        before = freeze([self.params, self.opt.state_dict()])
        try:
            self.opt.step()
        except ValueError:
            assert freeze([self.params, self.opt.state_dict()]) == before
        else:
            raise AssertionError("a gradient of another size was taken")

    # ---- settings ---------------------------------------------------------------------------------------------------

    @rule(data=st.data(), place=st.integers(0, 3))
    def change_hyperparameters(self, data: Any, place: int) -> None:
        twins = self.groups[place % len(self.groups)]
        arguments = self.arguments(data)
        # What a state began with stays, so that these two act on parameters without state alone.
        for name in ("initial_accumulator_value",):
            if name in arguments:
                arguments[name] = twins[0].arguments[name]
        self.opt.param_groups[place % len(self.groups)].update(arguments)
        for twin in twins:
            twin.arguments = arguments

    @rule(name=st.sampled_from(["max_grad_norm", "max_grad_value"]), value=st.sampled_from([None, 0.1, 1.0, 100.0]))
    def change_clipping(self, name: str, value: float | None) -> None:
        setattr(self.opt, name, value)
        self.clip.pop(name, None)
        if value is not None:
            self.clip[name] = value

    @precondition(lambda self: len(self.groups) < 4)
    @rule(data=st.data(), kinds=KINDS)
    def add_a_group(self, data: Any, kinds: Any) -> None:
        self.add(data, kinds)

    # ---- state ------------------------------------------------------------------------------------------------------

    def again(self) -> Any:
        """Another optimizer of the same parameters, with other hyperparameters."""
        groups = [{"params": list(group["params"])} for group in self.opt.param_groups]
        return self.cls(groups, **self.settings, **self.clip)

    @rule(by_file=st.booleans())
    def resume(self, by_file: bool) -> None:
        other = self.again()
        if by_file:
            fastgd.save(Path(self.folder, "run"), self.opt)
            fastgd.load(Path(self.folder, "run"), other)
        else:
            other.load_state_dict(self.opt.state_dict())
        assert freeze(other.state_dict()) == freeze(self.opt.state_dict())
        self.opt, self.bound = other, None

    @rule(place=st.integers(0, 2**20), bit=st.integers(0, 7), cut=st.booleans())
    def load_a_damaged_file(self, place: int, bit: int, cut: bool) -> None:
        path = Path(self.folder, "run")
        fastgd.save(path, self.opt)
        content = bytearray(path.read_bytes())
        content[place % len(content)] ^= 1 << bit
        path.write_bytes(content[: place % len(content)] if cut else content)
        other = self.again()
        before = freeze(other.state_dict())
        try:
            fastgd.load(path, other)
        except (TypeError, ValueError):
            assert freeze(other.state_dict()) == before

    @invariant()
    def equals_the_model(self) -> None:
        for i, (param, twin) in enumerate(zip(self.params, self.twins, strict=True)):
            assert_equal(param, twin.values, f"parameter {i} of {self.cls.__name__}({twin.arguments})")
            if not twin.steps:
                continue
            entry = self.opt.state.get(i, {})
            for key, array in twin.state.items():
                if key in entry and isinstance(array, np.ndarray):
                    assert_equal(np.array(entry[key]), array, f"{key} of parameter {i}, {self.cls.__name__}")
