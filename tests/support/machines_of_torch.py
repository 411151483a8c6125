"""A state machine of fastgd.torch beside torch.optim; support/machines.py says what for."""

import copy
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import fastgd.torch as ours

# Class, and strategies of hyperparameters with which steps stay close to torch's, whose order of operations differs.
betas = st.tuples(st.sampled_from([0.0, 0.3, 0.9]), st.sampled_from([0.5, 0.99]))
flags = st.booleans()
decays = st.sampled_from([0.0, 0.1])
common = dict(lr=st.sampled_from([0.0, 1e-3, 0.1]), maximize=flags)
CLASSES: list[tuple[str, dict[str, Any]]] = [
    ("SGD", dict(momentum=st.sampled_from([0.0, 0.5, 0.9]), weight_decay=decays)),
    ("Adam", dict(betas=betas, amsgrad=flags, weight_decay=decays)),
    ("AdamW", dict(betas=betas, amsgrad=flags, weight_decay=decays)),
    ("RMSprop", dict(alpha=st.sampled_from([0.5, 0.99]), momentum=st.sampled_from([0.0, 0.9]), weight_decay=decays)),
    ("Adagrad", dict(lr_decay=decays, weight_decay=decays)),
    ("Adadelta", dict(rho=st.sampled_from([0.5, 0.9]), weight_decay=decays)),
    ("Adamax", dict(betas=betas, weight_decay=decays)),
    ("RAdam", dict(betas=betas, weight_decay=decays)),
    ("Rprop", {}),
]
LASTING = {name: [] for name, _ in CLASSES} | {"Adam": ["amsgrad"], "AdamW": ["amsgrad"], "RMSprop": ["momentum"]}
SHAPES = st.lists(st.sampled_from([(), (3,), (2, 5), (4, 1), (0, 2), (2, 3, 4)]), min_size=1, max_size=3)
TOLERANCE = {torch.float32: 2e-3, torch.float64: 1e-9}
FORMS = ["plain", "transposed", "expanded", "sliced", "same"]


def dressed(grad: torch.Tensor, form: str) -> torch.Tensor:
    """A gradient as autograd has it: in other strides, broadcast, a part of another tensor."""
    if form == "transposed" and grad.dim() >= 2:
        return grad.transpose(0, 1).contiguous().transpose(0, 1)
    if form == "expanded":
        return grad.mean().expand(grad.shape) if grad.numel() else grad
    if form == "sliced":
        return torch.stack([grad, grad], dim=-1)[..., 0]
    return grad


class TorchMachine(RuleBasedStateMachine):
    """fastgd.torch beside torch.optim, on parameters of their own with the same gradients."""

    options: dict[str, Any] = {"foreach": False}  # of torch's

    def __init__(self) -> None:
        super().__init__()
        self.temporary = tempfile.TemporaryDirectory()

    def teardown(self) -> None:
        self.temporary.cleanup()

    @initialize(data=st.data(), seed=st.integers(0, 2**31), shapes=SHAPES, dtype=st.sampled_from(list(TOLERANCE)))
    def construct(self, data: Any, seed: int, shapes: Any, dtype: torch.dtype) -> None:
        self.name, self.strategies = data.draw(st.sampled_from(CLASSES))
        self.generator, self.dtype = torch.Generator().manual_seed(seed), dtype
        self.ours: Any = None
        self.theirs: Any = None
        self.add_a_group(data, shapes)

    def arguments(self, data: Any) -> dict[str, Any]:
        drawn: dict[str, Any] = data.draw(st.fixed_dictionaries({**common, **self.strategies}))
        return drawn

    def random(self, shape: Any) -> torch.Tensor:
        return torch.randn(shape, generator=self.generator, dtype=self.dtype)

    @precondition(lambda self: len(self.ours.param_groups) < 4)
    @rule(data=st.data(), shapes=SHAPES)
    def add_a_group(self, data: Any, shapes: Any) -> None:
        arguments = self.arguments(data)
        mine = [self.random(shape).requires_grad_() for shape in shapes]
        other = [param.detach().clone().requires_grad_() for param in mine]
        if self.ours is None:
            self.ours = getattr(ours, self.name)([{"params": mine, **arguments}])
            self.theirs = getattr(torch.optim, self.name)([{"params": other, **arguments}], **self.options)
        else:
            self.ours.add_param_group({"params": mine, **arguments})
            self.theirs.add_param_group({"params": other, **arguments})

    def pairs(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        groups = zip(self.ours.param_groups, self.theirs.param_groups, strict=True)
        return [pair for a, b in groups for pair in zip(a["params"], b["params"], strict=True)]

    @rule(present=st.lists(flags, min_size=16, max_size=16), form=st.sampled_from(FORMS), times=st.integers(1, 4))
    def step(self, present: list[bool], form: str, times: int) -> None:
        for k in range(times):
            for (a, b), here in zip(self.pairs(), present[k:], strict=False):
                if form != "same" or a.grad is None or b.grad is None:
                    grad = self.random(a.shape)
                    a.grad = dressed(grad, form) if here else None
                    b.grad = dressed(grad, form).clone() if here else None
            self.ours.step()
            self.theirs.step()

    @rule(set_to_none=flags)
    def zero_grad(self, set_to_none: bool) -> None:
        for opt in (self.ours, self.theirs):
            opt.zero_grad(set_to_none=set_to_none)

    @rule(data=st.data(), place=st.integers(0, 3))
    def change_hyperparameters(self, data: Any, place: int) -> None:
        arguments = self.arguments(data)
        for name in LASTING.get(self.name, []):  # torch raises KeyError where these are switched on afterwards
            del arguments[name]
        for opt in (self.ours, self.theirs):
            opt.param_groups[place % len(opt.param_groups)].update(arguments)

    @rule(way=st.sampled_from(["own", "theirs", "file", "copy"]))
    def resume(self, way: str) -> None:
        """A new optimizer of the same parameters with the state of this one, or of torch's."""
        saved = (self.theirs if way == "theirs" else self.ours).state_dict()
        if way == "file":
            torch.save(saved, Path(self.temporary.name, "run"))
            saved = torch.load(Path(self.temporary.name, "run"), weights_only=True)
        other = type(self.ours)([{"params": group["params"]} for group in self.ours.param_groups])
        other.load_state_dict(copy.deepcopy(saved) if way == "copy" else saved)
        self.ours = other

    @rule()
    def give_torch_our_state(self) -> None:
        groups = [{"params": group["params"]} for group in self.theirs.param_groups]
        other = getattr(torch.optim, self.name)(groups, **self.options)
        other.load_state_dict(copy.deepcopy(self.ours.state_dict()))
        self.theirs = other

    @rule(place=st.integers(0, 15), form=st.sampled_from(["data", "memory", "layout"]))
    def move(self, place: int, form: str) -> None:
        """What modules do to parameters: new data, new memory, another layout; state stays."""
        a, b = self.pairs()[place % len(self.pairs())]
        with torch.no_grad():
            if form == "data":
                values = self.random(a.shape)
                a.copy_(values)
                b.copy_(values)
            elif form == "memory":
                a.data = a.data.clone()
            elif a.dim() == 2:
                a.data = a.data.t().contiguous().t()
                a.grad = None
                b.grad = None

    @invariant()
    def equals_torch(self) -> None:
        tolerance = TOLERANCE[self.dtype]
        for i, (a, b) in enumerate(self.pairs()):
            what = f"parameter {i} of {self.name}"
            np.testing.assert_allclose(
                a.detach().numpy(), b.detach().numpy(), rtol=tolerance, atol=tolerance, err_msg=what
            )
            mine, other = self.ours.state.get(a, {}), self.theirs.state.get(b, {})
            assert set(mine) >= {key for key, value in other.items() if value is not None}, what
            for key, value in other.items():
                if value is not None:
                    np.testing.assert_allclose(
                        torch.as_tensor(mine[key]).numpy(),
                        torch.as_tensor(value).numpy(),
                        rtol=tolerance,
                        atol=tolerance,
                        err_msg=f"{key} of {what}",
                    )
