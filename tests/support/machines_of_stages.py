"""A state machine of what fastgd.torch does in its pass beside the update; support/machines.py says what for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from support.machines_of_torch import SHAPES, TOLERANCE, TorchMachine, flags

DECAYS = st.sampled_from([None, 0.0, 0.5, 0.9])
presence = st.lists(flags, min_size=16, max_size=16)


def no_window(self: Any) -> bool:
    """Whether no sums wait for their step."""
    return not self.batches


class StagesMachine(TorchMachine):
    """Averages, copies, sums of gradients and zeros in their place, beside torch's optimizer and loops over tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.averages: dict[torch.Tensor, torch.Tensor] = {}
        self.copies: dict[torch.Tensor, torch.Tensor] = {}
        self.stale: set[torch.Tensor] = set()  # copies of parameters that others have written to
        self.sums: dict[torch.Tensor, torch.Tensor] = {}
        self.batches = 0

    # ---- groups ---------------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.ours.param_groups) < 3 and no_window(self))
    @rule(data=st.data(), shapes=SHAPES)
    def add_a_group(self, data: Any, shapes: Any) -> None:
        super().add_a_group(data, shapes)

    @rule(place=st.integers(0, 3), decay=DECAYS)
    def change_averages(self, place: int, decay: float | None) -> None:
        self.ours.param_groups[place % len(self.ours.param_groups)]["ema_decay"] = decay

    @precondition(no_window)
    @rule(way=st.sampled_from(["own", "theirs", "file", "copy"]))
    def resume(self, way: str) -> None:
        decays = [group.get("ema_decay") for group in self.ours.param_groups]
        super().resume(way)
        for group, decay in zip(self.ours.param_groups, decays, strict=True):
            group["ema_decay"] = decay
        self.copies = {}
        if way == "theirs":
            self.averages = {}

    @rule()
    def give_torch_our_state(self) -> None:
        super().give_torch_our_state()
        for entry in self.theirs.state.values():
            entry.pop("ema", None)  # torch keeps it as it is

    # ---- steps ----------------------------------------------------------------------------------------------------

    def follow(self, updated: list[torch.Tensor]) -> None:
        """What follows the update of parameters."""
        for group in self.ours.param_groups:
            for a in group["params"]:
                if not any(a is other for other in updated):
                    continue
                self.stale.discard(a)
                decay, now = group.get("ema_decay"), a.detach().clone()
                if decay is not None:
                    average = self.averages.setdefault(a, now)
                    self.averages[a] = average + (1 - decay) * (now - average)

    @precondition(no_window)
    @rule(present=presence, form=st.sampled_from(["plain", "transposed", "sliced", "negative"]), zero_grads=flags)
    def step(self, present: list[bool], form: str, zero_grads: bool) -> None:  # type: ignore[override]
        self.give(present, form)
        for a, b in self.pairs():
            b.grad = None if a.grad is None else a.grad.clone()
        self.ours.step(zero_grads=zero_grads)
        self.theirs.step()
        updated = [a for a, _ in self.pairs() if a.grad is not None]
        self.follow(updated)
        assert not zero_grads or all(not a.grad.any() for a in updated)

    def give(self, present: list[bool], form: str) -> None:
        for (a, _), here in zip(self.pairs(), present * len(self.pairs()), strict=False):
            grad = self.random(a.shape)
            if form == "transposed" and grad.dim() >= 2:
                grad = grad.transpose(0, 1).contiguous().transpose(0, 1)
            elif form == "sliced":
                grad = torch.stack([grad, grad], dim=-1)[..., 0]
            elif form == "negative":
                grad = torch._neg_view(grad)
            a.grad = grad if here else None

    @rule(present=presence, form=st.sampled_from(["plain", "transposed", "negative"]))
    def accumulate(self, present: list[bool], form: str) -> None:
        self.give(present, form)
        grads = {a: a.grad for a, _ in self.pairs() if a.grad is not None}
        self.ours.accumulate()
        assert all(a.grad is None for a, _ in self.pairs())
        for a, grad in grads.items():
            self.sums[a] = self.sums.get(a, torch.zeros_like(a.detach())) + grad
        self.batches += 1

    @precondition(lambda self: self.batches)
    @rule()
    def step_of_sums(self) -> None:
        for a, b in self.pairs():
            b.grad = self.sums[a] / self.batches if a in self.sums else None
        self.ours.step()
        self.theirs.step()
        self.follow(list(self.sums))
        self.sums, self.batches = {}, 0

    @precondition(lambda self: self.batches)
    @rule(left_out=flags)
    def forget_sums(self, left_out: bool) -> None:
        """By a step that GradScaler leaves out, or by loading."""
        if left_out:
            self.ours.found_inf = torch.ones(1)
            self.ours.step()
            del self.ours.found_inf
        else:
            self.ours.load_state_dict(self.ours.state_dict())
        self.sums, self.batches = {}, 0

    # ---- what follows ---------------------------------------------------------------------------------------------

    @rule(present=presence, dtype=st.sampled_from([torch.bfloat16, torch.float16, torch.float32]))
    def bind_copies(self, present: list[bool], dtype: torch.dtype) -> None:
        params = [a for a, _ in self.pairs()]
        chosen = [a if here else None for a, here in zip(params, present * len(params), strict=False)]
        copies = [None if a is None else torch.empty_like(a.detach(), dtype=dtype) for a in chosen]
        self.ours.bind_copies(copies)
        self.copies = {a: copy for a, copy in zip(chosen, copies, strict=True) if a is not None and copy is not None}
        self.stale = set()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Parameters that hold their averages; what they held comes back bit for bit."""
        before = {a: a.detach().clone() for a, _ in self.pairs()}
        with self.ours.averaged():
            yield
        for a, values in before.items():
            assert torch.equal(a.detach(), values)
        self.stale = set()

    @precondition(lambda self: any(group.get("ema_decay") is not None for group in self.ours.param_groups))
    @rule(inside=st.sampled_from(["look", "step", "accumulate", "memory", "state"]))
    def averaged(self, inside: str) -> None:
        with self.held():
            tolerance = TOLERANCE[self.dtype]
            for group in self.ours.param_groups:
                for a in group["params"]:
                    if group.get("ema_decay") is not None and a in self.averages:
                        np.testing.assert_allclose(
                            a.detach().numpy(), self.averages[a].numpy(), rtol=tolerance, atol=tolerance
                        )
                    if a in self.copies:
                        assert torch.equal(self.copies[a], a.detach().to(self.copies[a].dtype))
            if inside in ("step", "accumulate"):
                with pytest.raises(RuntimeError, match="hold their averages"):
                    getattr(self.ours, inside)()
            elif inside == "memory":
                a, _ = self.pairs()[0]
                a.data = a.data.clone()
            elif inside == "state":
                self.ours.state_dict()

    @rule(place=st.integers(0, 15), form=st.sampled_from(["clone", "transposed", "gone"]))
    def replace_state(self, place: int, form: str) -> None:
        a, b = self.pairs()[place % len(self.pairs())]
        entry = self.ours.state.get(a)
        if not entry or (form == "gone" and self.name == "Adagrad"):  # whose state torch makes when it is constructed
            return
        if form == "gone":
            for opt, param in ((self.ours, a), (self.theirs, b)):
                opt.state.pop(param)
            self.averages.pop(a, None)
            return
        for key, value in list(entry.items()):
            if value.dim() >= 2 and form == "transposed":
                entry[key] = value.transpose(0, 1).contiguous().transpose(0, 1)
            else:
                entry[key] = value.clone()

    @precondition(no_window)
    @rule(place=st.integers(0, 15), form=st.sampled_from(["data", "memory", "layout"]))
    def move(self, place: int, form: str) -> None:
        a = self.pairs()[place % len(self.pairs())][0]
        if form == "layout" and a.dim() == 2 and self.copies:
            self.ours.bind_copies(None)
            self.copies = {}
        super().move(place, form)
        if form == "data":
            self.stale.add(a)

    @invariant()
    def equals_loops(self) -> None:
        tolerance = TOLERANCE[self.dtype]
        for a, average in self.averages.items():
            found = self.ours.state[a]["ema"].numpy()
            np.testing.assert_allclose(found, average.numpy(), rtol=tolerance, atol=tolerance)
        for a, copy in self.copies.items():
            assert a in self.stale or torch.equal(copy, a.detach().to(copy.dtype))
