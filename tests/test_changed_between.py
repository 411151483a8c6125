"""What is changed between steps is noticed by rows, sums, copies and averages, before memory is written."""

from typing import Any

import numpy as np
import pytest
import torch

import fastgd
import fastgd.torch
from fastgd import schedules

ROWS = fastgd.Rows(np.array([1, 2]), np.ones((2, 4), np.float32))


# ---- rows -----------------------------------------------------------------------------------------------------------


def test_rows_in_the_step_in_which_a_rule_changes() -> None:
    w = np.ones((8, 4), np.float32)
    opt = fastgd.SGD(w, lr=0.5, momentum=0.9)
    opt.step(np.ones_like(w))
    opt.param_groups[0]["momentum"] = 0.0
    expected = w.copy()
    expected[1:3] -= np.float32(0.5)
    opt.step(ROWS)
    assert (w == expected).all()


def test_rows_in_the_step_in_which_a_state_begins() -> None:
    params = [np.ones((8, 4), np.float32) for _ in range(2)]
    opts = [fastgd.Adam(p, lazy_rows=True, amsgrad=amsgrad) for p, amsgrad in zip(params, (False, True), strict=True)]
    for opt in opts:
        opt.step(ROWS)
    opts[0].param_groups[0]["amsgrad"] = True
    for opt in opts:
        opt.step(ROWS)
    assert (params[0][1:3] < 1).all()
    assert (params[0][[0, 3, 4, 5, 6, 7]] == 1).all()


def test_rows_of_enormous_numbers() -> None:
    table = np.zeros((2**60, 0), np.float32)
    opt = fastgd.SGD(table, lr=0.1)
    opt.step(fastgd.Rows(np.array([2**59, 1, 2**57]), np.zeros((3, 0), np.float32)))
    assert opt.steps_completed == 1


# ---- sums -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("open_window", [False, True])
def test_sums_of_a_parameter_that_has_become_another(open_window: bool) -> None:
    param = torch.nn.Parameter(torch.zeros(2000))
    opt = fastgd.torch.SGD([param], lr=1.0)
    param.grad = torch.ones_like(param)
    opt.accumulate()
    if not open_window:
        opt.step()
    param.data = param.data.double()
    param.grad = torch.ones_like(param)
    if open_window:
        with pytest.raises(ValueError, match="since its gradients were accumulated, and all that were are forgotten"):
            opt.accumulate()
        assert opt.accumulated == 0
    opt.accumulate()
    opt.step()
    assert (param == (-1 if open_window else -2)).all()


def test_sums_are_made_in_the_usual_floating_point_mode() -> None:
    grad, found = np.full(7, 1e-310), []
    for accumulates in (False, True):
        param = np.zeros(7)
        opt = fastgd.SGD(param, lr=1.0)
        torch.set_flush_denormal(accumulates)
        try:
            if accumulates:
                opt.accumulate(grad)
                opt.step()
            else:
                opt.step(grad)
        finally:
            torch.set_flush_denormal(False)
        found.append(param.tobytes())
    assert found[0] == found[1]


def test_a_window_is_over_with_its_step_whatever_comes_after() -> None:
    param = torch.nn.Parameter(torch.zeros(3))
    opt = fastgd.torch.SGD([param], lr=1.0)
    param.grad = torch.ones(3)
    opt.accumulate()

    class Interrupting:
        """What a class does for its rule, with something that fails once the update is done."""

        failures = 2

        def __call__(self, steps: Any) -> None:
            return None

        def tell(self, steps: Any) -> None:
            if self.failures:
                self.failures -= 1
                raise KeyboardInterrupt

    opt._steps.between = Interrupting()
    with pytest.raises(KeyboardInterrupt):
        opt.step()
    opt._steps.between = None
    assert (param == -1).all()
    assert opt.accumulated == 0
    param.grad = torch.full((3,), 2.0)
    opt.accumulate()
    opt.step()
    assert (param == -3).all()


def test_a_step_in_the_backward_pass_is_refused_where_sums_wait() -> None:
    model = torch.nn.Linear(2, 1)
    handle = fastgd.torch.step_in_backward(model, fastgd.torch.SGD, lr=0.1)
    for param in model.parameters():
        param.grad = torch.ones_like(param)
    handle.optimizer.accumulate()
    with pytest.raises(RuntimeError, match="accumulated over 1 batch"):
        model(torch.ones(3, 2)).sum().backward()
    handle.remove()


# ---- copies ---------------------------------------------------------------------------------------------------------


def test_copies_that_no_longer_fit_are_refused_at_every_step() -> None:
    param = torch.nn.Parameter(torch.zeros(4))
    opt = fastgd.torch.SGD([param], lr=1.0)
    opt.bind_copies([torch.zeros(4, dtype=torch.bfloat16)])
    param.data = torch.zeros(400_000)
    param.grad = torch.ones_like(param)
    for _ in range(3):
        with pytest.raises(ValueError, match="copies"):
            opt.step()
    copy = torch.zeros(400_000, dtype=torch.bfloat16)
    opt.bind_copies([copy])
    opt.step()
    assert (param == -1).all()
    assert torch.equal(copy, param.detach().bfloat16())


def test_copies_that_no_longer_fit_may_be_taken_away() -> None:
    param = torch.nn.Parameter(torch.zeros(4))
    opt = fastgd.torch.SGD([param], lr=1.0)
    opt.bind_copies([torch.zeros(4, dtype=torch.bfloat16)])
    param.data = torch.zeros(5)
    opt.bind_copies(None)
    param.grad = torch.ones_like(param)
    opt.step()
    assert (param == -1).all()


# ---- averages -------------------------------------------------------------------------------------------------------


def averaging(*sizes: int) -> tuple[list[torch.nn.Parameter], Any]:
    params = [torch.nn.Parameter(torch.zeros(size)) for size in sizes]
    opt = fastgd.torch.SGD(params, lr=1.0, ema_decay=0.5)
    for _ in range(2):
        for param in params:
            param.grad = torch.ones_like(param)
        opt.step()
    return params, opt


def test_a_parameter_in_another_dtype_inside_gets_its_numbers_back() -> None:
    (param,), opt = averaging(5000)
    with opt.averaged():
        assert (param == -1.5).all()
        param.data = param.data.bfloat16()
    assert param.dtype == torch.bfloat16
    assert (param == -2).all()


def test_parameters_that_come_and_go_inside() -> None:
    (first, second), opt = averaging(3, 4)
    more = torch.nn.Parameter(torch.full((50_000,), 7.0))
    averaged = opt.averaged()
    averaged.__enter__()
    opt.param_groups[0]["params"][:] = [second, more]
    with pytest.raises(RuntimeError, match="1 of the parameters were taken away"):
        averaged.__exit__(None, None, None)
    assert (first == -1.5).all()
    assert (second == -2).all()
    assert (more == 7).all()
    second.grad = torch.ones_like(second)
    opt.step()
    assert (second == -3).all()


# ---- schedules ------------------------------------------------------------------------------------------------------


def test_a_schedule_gives_way_to_another_and_comes_to_a_group_without_one() -> None:
    param = torch.nn.Parameter(torch.zeros(3))
    opt = fastgd.torch.SGD([param], lr=schedules.constant(1.0))
    for rate in (1.0, 0.5, 0.25):
        if rate < 1:
            opt.param_groups[0]["lr"] = schedules.constant(rate)
        param.grad = torch.ones(3)
        opt.step()
    assert (param == -1.75).all()
    other = fastgd.torch.SGD([param], lr=1.0)
    other.schedules[0]["lr"] = schedules.constant(0.25)
    other.step()
    assert (param == -2).all()


# ---- steps that fail ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Muon", "Adafactor"])
def test_an_average_does_not_begin_in_a_step_that_fails(name: str) -> None:
    w, grad = np.full((2, 3), 2.0), np.array([[1.0, -2.0, 3.0], [0.5, 1.0, -1.0]])
    opt = getattr(fastgd, name)(w, lr=0.1, ema_decay=0.5)
    between, before = opt._steps.between, opt.state_dict()

    def interrupted(steps: Any) -> Any:
        between(steps)
        raise KeyboardInterrupt

    opt._steps.between = interrupted
    with pytest.raises(KeyboardInterrupt):
        opt.step(grad)
    opt._steps.between = between
    assert (w == 2).all()
    assert opt.state == {}
    assert opt.state_dict()["state"] == before["state"] == {}
    opt.load_state_dict(before)
    opt.step(grad)
    assert (opt.state[0]["ema"] == w).all()


@pytest.mark.parametrize("zero_grads", [False, True])
def test_a_step_that_the_scaler_leaves_out_is_refused_where_any_is(zero_grads: bool) -> None:
    param = torch.nn.Parameter(torch.ones(3))
    opt = fastgd.torch.SGD([param], lr=1.0, ema_decay=0.5)
    param.grad = torch.ones(3)
    opt.step()
    opt.accumulate()
    param.grad = torch.ones(3)
    opt.found_inf = torch.ones(1)
    with opt.averaged(), pytest.raises(RuntimeError, match="the parameters hold their averages"):
        opt.step(zero_grads=zero_grads)
    with opt._steps, pytest.raises(RuntimeError, match="in use by another thread"):
        opt.step(zero_grads=zero_grads)
    assert opt._steps.window == 1
    assert torch.equal(param.grad, torch.ones(3))
    opt.step(zero_grads=zero_grads)
    assert opt._steps.window == 0
    assert torch.equal(param.grad, torch.full((3,), float(not zero_grads)))


def test_a_parameter_that_moves_while_it_is_asked_whether_it_has_more_than_its_sum() -> None:
    class Late(torch.nn.Parameter):
        asked = 0

        @property
        def grad(self) -> Any:
            self.asked += 1
            if self.asked == 2:
                first.data = torch.full((1000,), 5.0)
            return torch.ones(2) if self.asked == 1 else None

        @grad.setter
        def grad(self, value: Any) -> None:
            pass

    first = torch.nn.Parameter(torch.ones(1000))
    first.grad = torch.ones(1000)
    late = Late(torch.ones(2))
    opt = fastgd.torch.SGD([first, late], lr=1.0)
    opt.accumulate()
    with pytest.raises(RuntimeError, match="was moved while gradients were asked for"):
        opt.step()
    assert torch.equal(first.detach(), torch.full((1000,), 5.0))
    opt.step()
    assert torch.equal(first.detach(), torch.full((1000,), 4.0))
    assert torch.equal(late.detach(), torch.zeros(2))


def test_gradients_are_let_go_where_one_of_them_cannot_be() -> None:
    class Kept(torch.nn.Parameter):
        @property
        def grad(self) -> Any:
            return torch.ones(2)

        @grad.setter
        def grad(self, value: Any) -> None:
            raise KeyboardInterrupt

    kept, other = Kept(torch.ones(2)), torch.nn.Parameter(torch.ones(2))
    other.grad = torch.ones(2)
    opt = fastgd.torch.SGD([kept, other], lr=1.0)
    with pytest.raises(KeyboardInterrupt):
        opt.accumulate()
    assert other.grad is None
    assert opt._steps.window == 1
