"""State machines of gradients of rows, beside plain NumPy and torch.optim; support/machines.py says what for."""

from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

import fastgd
from fastgd import Rows
from support import reference, reference_rows
from support.comparing import freeze
from support.machines import SCALES, SEEDS, NumPyMachine, Twin
from support.machines_of_torch import FORMS as GRADIENTS
from support.machines_of_torch import TOLERANCE, TorchMachine
from support.running import DTYPES, ISAS, gradient, instruction_set
from test_properties import betas, decays, epsilons, flags, rates

# Class, its settings, reference, strategies of its hyperparameters.
lasting = dict(lazy_rows=True, weight_decay_rows="touched")
adam = dict(betas=betas, amsgrad=flags, weight_decay=decays, eps=epsilons, eps_root=epsilons, eps_hat=flags)
TAKING: list[tuple[Any, dict[str, Any], Any, dict[str, Any]]] = [
    (fastgd.SGD, dict(weight_decay_rows="touched"), reference.sgd, dict(weight_decay=decays)),
    (
        fastgd.Adagrad, dict(weight_decay_rows="touched"), reference.adagrad,
        dict(lr_decay=rates, weight_decay=decays, initial_accumulator_value=rates, eps=epsilons, eps_root=epsilons),
    ),
    (
        fastgd.RowWiseAdagrad, dict(weight_decay_rows="touched"), reference_rows.row_wise_adagrad,
        dict(weight_decay=decays, eps=st.sampled_from([1e-10, 1e-3, 1.0])),
    ),
    (fastgd.SparseAdam, {}, reference.sparse_adam, dict(lr=st.floats(1e-9, 10), betas=betas, eps=epsilons)),
    (fastgd.Adam, lasting, reference.adam, adam | dict(decoupled_weight_decay=flags)),
    (fastgd.AdamW, lasting, reference.adamw, adam),
]  # fmt: skip
SHAPES = [(1, 1), (5, 3), (40, 7), (9, 3, 5), (30,), (3, 600), (0, 3), (4, 0), (150, 65)]
KINDS = st.lists(
    st.tuples(st.sampled_from(SHAPES), st.sampled_from(DTYPES), st.integers(0, 15)), min_size=1, max_size=4
)
FORMS = ["any", "any", "ascending", "repeated", "distinct", "none", "dense", "absent"]


def numbers(rng: np.random.Generator, form: str, rows: int) -> np.ndarray:
    """Numbers of rows of a table that has so many."""
    count = int(rng.integers(0, 2 * rows + 1)) if form != "none" else 0
    drawn = rng.integers(0, max(rows, 1), count)
    if form == "ascending":
        drawn = np.unique(drawn)
    elif form == "repeated":
        drawn[:] = drawn[:1] if count else 0
    elif form == "distinct":
        drawn = rng.permutation(np.unique(drawn))
    return drawn.astype(rng.choice([np.int32, np.int64]))


class RowsMachine(NumPyMachine):
    """Classes that take rows beside the same rules on the matrix of these rows."""

    @initialize(data=st.data(), seed=SEEDS, kinds=KINDS, isa=st.sampled_from(ISAS))
    def construct(self, data: Any, seed: int, kinds: Any, isa: str) -> None:
        self.cls, self.settings, self.rule, self.strategies = data.draw(st.sampled_from(TAKING))
        self.begin(data, seed, kinds, isa)

    def add(self, data: Any, kinds: Any) -> None:
        super().add(data, [((shape, range(len(shape))), dtype, shift) for shape, dtype, shift in kinds])

    @precondition(lambda self: len(self.groups) < 4)
    @rule(data=st.data(), kinds=KINDS)
    def add_a_group(self, data: Any, kinds: Any) -> None:
        self.add(data, kinds)

    def rows(self, twin: Twin, form: str, special: bool = False) -> Any:
        """A gradient, which may be dense, or none."""
        if form == "absent":
            return None
        if form == "dense":
            return twin.placed(gradient(self.rng, twin.values.shape, twin.dtype, special))
        drawn = numbers(self.rng, form, len(twin.values))
        return Rows(drawn, gradient(self.rng, (len(drawn), *twin.values.shape[1:]), twin.dtype, special))

    def model(self, grads: list[Any], scale: float) -> None:
        with np.errstate(all="ignore"):
            grads = [Rows(*reference_rows.summed(g, g.values.dtype)) if isinstance(g, Rows) else g for g in grads]
            arrays = [grad.values if isinstance(grad, Rows) else grad for grad in grads]
            if "max_grad_norm" in self.clip:
                held = [array for array in arrays if array is not None]
                scale = reference.clipped_scale(held, scale, self.clip["max_grad_norm"])
            factor = 1.0 if "max_grad_value" in self.clip else scale
            for twin, grad, array in zip(self.twins, grads, arrays, strict=True):
                if grad is None:
                    continue
                twin.steps += 1
                if "max_grad_value" in self.clip:
                    bound = array.dtype.type(self.clip["max_grad_value"])
                    array = reference.clipped(array, array.dtype.type(scale), bound)
                arguments = dict(grad_scale=factor, **twin.arguments)
                if isinstance(grad, Rows):
                    of_rows = Rows(grad.indices, np.ascontiguousarray(array))
                    reference_rows.step(self.rule, twin.values, of_rows, twin.state, twin.steps, **arguments)
                else:
                    self.rule(twin.values, array, twin.state, twin.steps, **arguments)

    @rule(forms=st.lists(st.sampled_from(FORMS), min_size=16, max_size=16), scale=SCALES, special=st.booleans(),
          times=st.integers(1, 4))  # fmt: skip
    def step_with_rows(self, forms: list[str], scale: float, special: bool, times: int) -> None:
        for k in range(times):
            grads = [
                self.rows(twin, form, special) for twin, form in zip(self.twins, forms[k:] + forms[:k], strict=False)
            ]
            with instruction_set(self.isa):
                self.opt.step(grads, grad_scale=scale)
            self.model(grads, scale)

    @rule(form=st.sampled_from(["negative", "too large", "dtype", "wider", "parameter"]), place=st.integers(0, 15))
    def step_with_bad_rows(self, form: str, place: int) -> None:
        grads = [self.rows(twin, "any") for twin in self.twins]
        k = place % len(grads)
        rows, param = grads[k], self.params[k]
        if form in ("negative", "too large"):
            value = np.full((1, *param.shape[1:]), 1, param.dtype)
            rows = Rows(
                np.append(rows.indices, -1 if form == "negative" else len(param)), np.append(rows.values, value, 0)
            )
        elif form == "dtype":
            other = np.float64 if param.dtype == np.float32 else np.float32
            rows = Rows(rows.indices, rows.values.astype(other))
        elif form == "wider":
            rows = Rows(rows.indices, np.zeros((*rows.values.shape, 2), param.dtype))
        elif param.size:
            rows = Rows(np.arange(len(param)), param)
        else:
            return
        if form == "dtype" and param.dtype == np.float64:
            return  # which takes gradients in float32
        grads[k] = rows
        before = freeze([self.params, self.opt.state_dict()])
        try:
            self.opt.step(grads)
        except (IndexError, TypeError, ValueError):
            assert freeze([self.params, self.opt.state_dict()]) == before
        else:
            raise AssertionError(f"rows that are {form} were taken")


# Class, and strategies of hyperparameters with which steps stay close to torch's.
two = st.tuples(st.sampled_from([0.0, 0.3, 0.9]), st.sampled_from([0.5, 0.99]))
TORCH_CLASSES: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("Adagrad", dict(lr_decay=st.sampled_from([0.0, 0.1]), eps=st.sampled_from([1e-6, 1e-3]))),
    ("SparseAdam", dict(lr=st.sampled_from([1e-3, 0.1]), betas=two, eps=st.just(1e-3))),
]
TABLES = st.lists(st.sampled_from([(1, 1), (5, 3), (20,), (7, 2, 3), (3, 80)]), min_size=1, max_size=3)

# torch's Adagrad makes sparse tensors without saying whether they are to be checked.
SILENT = torch.sparse.check_sparse_tensor_invariants(False)


class TorchRowsMachine(TorchMachine):
    """The same of fastgd.torch, beside torch.optim's sparse steps."""

    @initialize(data=st.data(), seed=st.integers(0, 2**31), shapes=TABLES, dtype=st.sampled_from(list(TOLERANCE)))
    def construct(self, data: Any, seed: int, shapes: Any, dtype: torch.dtype) -> None:
        self.name, self.strategies = data.draw(st.sampled_from(TORCH_CLASSES))
        self.options = {} if self.name == "SparseAdam" else {"foreach": False}
        self.generator, self.dtype = torch.Generator().manual_seed(seed), dtype
        self.rng = np.random.default_rng(seed)
        self.ours: Any = None
        self.theirs: Any = None
        self.add_a_group(data, shapes)

    @precondition(lambda self: len(self.ours.param_groups) < 4)
    @rule(data=st.data(), shapes=TABLES)
    def add_a_group(self, data: Any, shapes: Any) -> None:
        super().add_a_group(data, shapes)

    def sparse(self, param: torch.Tensor, form: str) -> torch.Tensor | None:
        if form == "absent":
            return None
        if form == "dense" and self.name != "SparseAdam":
            return self.random(param.shape)
        drawn = torch.from_numpy(numbers(self.rng, form, len(param)).astype(np.int64))
        values = self.random((len(drawn), *param.shape[1:]))
        grad = torch.sparse_coo_tensor(drawn[None], values, param.shape, check_invariants=False)
        return grad.coalesce() if form == "ascending" else grad

    @rule(forms=st.lists(st.sampled_from(FORMS), min_size=16, max_size=16), times=st.integers(1, 4))
    def step_with_rows(self, forms: list[str], times: int) -> None:
        for k in range(times):
            for (a, b), form in zip(self.pairs(), forms[k:], strict=False):
                grad = self.sparse(a, form)
                a.grad = grad
                b.grad = None if grad is None else grad.clone()
            self.ours.step()
            with SILENT:
                self.theirs.step()

    @precondition(lambda self: self.name != "SparseAdam")  # torch's takes sparse gradients alone
    @rule(present=st.lists(flags, min_size=16, max_size=16), form=st.sampled_from(GRADIENTS), times=st.integers(1, 4))
    def step(self, present: list[bool], form: str, times: int) -> None:
        with SILENT:
            super().step(present, form, times)

    @rule(place=st.integers(0, 15), form=st.sampled_from(["data", "memory"]))
    def move(self, place: int, form: str) -> None:
        super().move(place, form)  # but into another layout, in which rows are not in one piece

    @rule(place=st.integers(0, 15), number=st.sampled_from([-1, 10**6]))
    def step_with_a_row_that_is_not_there(self, place: int, number: int) -> None:
        """torch would write outside of the tensor."""
        kept = [a.grad for a, _ in self.pairs()]
        for k, (a, _) in enumerate(self.pairs()):
            a.grad = self.sparse(a, "any")
            if k == place % len(kept):
                values = self.random((1, *a.shape[1:]))
                a.grad = torch.sparse_coo_tensor([[number]], values, a.shape, check_invariants=False)
        before = repr([[a for a, _ in self.pairs()], self.ours.state_dict()])
        try:
            self.ours.step()
        except IndexError:
            assert repr([[a for a, _ in self.pairs()], self.ours.state_dict()]) == before
        else:
            raise AssertionError("a row that is not there was taken")
        for (a, _), grad in zip(self.pairs(), kept, strict=True):
            a.grad = grad
