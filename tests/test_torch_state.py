"""State of fastgd.torch that is changed in place, begun by hand or shared: used as by torch, or refused by name."""

import copy
import warnings
from typing import Any

import pytest

from support.torch_nets import NAMES, adapter, assert_equal, assert_near, every_name, same, shared_case, snapshot, torch

LIST = torch.nn.ParameterList
KEYS = ("step", "exp_avg", "exp_avg_sq")


def begun(module: Any, name: str = "Adam", form: Any = (3, 3), steps: int = 3, **more: Any) -> Any:
    """A parameter with a gradient that differs from element to element, and its optimizer after some steps."""
    torch.manual_seed(0)
    param = torch.nn.Parameter(torch.randn(form))
    param.grad = torch.randn(form)
    opt = getattr(module, name)([param], lr=0.1, **more)
    for _ in range(steps):
        opt.step()
    return param, opt


def goes_on_as_torch(change: Any, name: str = "Adam", form: Any = (3, 3), steps: int = 3, **more: Any) -> None:
    """After `change(opt, param)` each library comes to the same numbers and state, also from its own state dict."""
    results = []
    for module in (adapter, torch.optim):
        param, opt = begun(module, name, form, steps, **more)
        kept = change(opt, param)
        for _ in range(3):
            opt.step()
        del kept
        results.append([param, *(opt.state[param][key] for key in sorted(opt.state[param]))])
        other = torch.nn.Parameter(param.detach().clone())
        other.grad = param.grad
        again = getattr(module, name)([other])
        again.load_state_dict(copy.deepcopy(opt.state_dict()))
        for one in (opt, again):
            one.step()
        assert_equal([param], [other])
    assert_near(*results)


# ---- in place ---------------------------------------------------------------------------------------------------


def turn(tensor: Any) -> Any:
    return tensor.t_()


def put_elsewhere(tensor: Any) -> Any:
    """Other memory, while something holds the old one."""
    old = tensor.detach()
    tensor.set_(torch.full_like(tensor, 2.0).untyped_storage(), 0, tensor.size(), tensor.stride())
    return old


def replace_data(tensor: Any) -> Any:
    old = tensor.detach()
    tensor.data = torch.full_like(tensor, 2.0)
    return old


def negate(tensor: Any) -> Any:
    old = tensor.detach()
    tensor.data = torch.full_like(tensor, -2.0)._neg_view()
    return old


@pytest.mark.parametrize("key", KEYS[1:])
@pytest.mark.parametrize("change", [turn, put_elsewhere, replace_data, negate])
def test_tensors_changed_in_place(change: Any, key: Any) -> None:
    goes_on_as_torch(lambda opt, param: change(opt.state[param][key]))


@pytest.mark.parametrize("change", [put_elsewhere, replace_data])
def test_step_counts_that_lie_elsewhere(change: Any) -> None:
    goes_on_as_torch(lambda opt, param: change(opt.state[param]["step"]))


@pytest.mark.parametrize("change", [turn, put_elsewhere, replace_data])
def test_parameters_changed_in_place(change: Any) -> None:
    def both(_: Any, param: Any) -> Any:
        return change(param.data) if change is turn else change(param.detach())

    def own(opt: Any, param: Any) -> Any:
        old = param.detach()
        param.data = param.data.t() if change is turn else torch.full_like(param.data, 2.0)
        return old

    goes_on_as_torch(both)
    goes_on_as_torch(own)


@pytest.mark.parametrize("key", KEYS[1:])
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda tensor: tensor.resize_(2, 3), ValueError, r"expected shape \(4, 3\), got \(2, 3\)"),
        (turn, ValueError, r"expected shape \(4, 3\), got \(3, 4\)"),
        (lambda tensor: tensor.unsqueeze_(0), ValueError, r"expected shape \(4, 3\), got \(1, 4, 3\)"),
        (lambda tensor: tensor.as_strided_((4,), (1,)), ValueError, r"expected shape \(4, 3\), got \(4,\)"),
        (lambda tensor: setattr(tensor, "data", tensor.double()), TypeError, "expected dtype float32, got float64"),
        (lambda tensor: setattr(tensor, "data", tensor.half()), TypeError, "expected dtype float32, got float16"),
        (lambda tensor: tensor.set_(), ValueError, r"expected shape \(4, 3\), got \(0,\)"),
    ],
)
def test_forms_that_are_no_longer_the_parameters(change: Any, error: Any, message: str, key: Any) -> None:
    param, opt = begun(adapter, form=(4, 3))
    kept = [tensor.detach() for tensor in opt.state[param].values()]
    before = param.detach().clone()
    change(opt.state[param][key])
    for _ in range(2):
        with pytest.raises(error, match=rf"^state_dict\['state'\]\[0\]\['{key}'\]: {message}"):
            opt.step()
    assert torch.equal(param.detach(), before)
    assert len(kept) == 3


def test_step_counts_of_another_form() -> None:
    """torch takes one element of any shape, and nothing else."""
    goes_on_as_torch(lambda opt, param: opt.state[param].update(step=torch.tensor([1.0])))
    param, opt = begun(adapter)
    opt.state[param]["step"].set_(torch.ones(2))
    with pytest.raises(ValueError, match=r"\[0\]\['step'\] must be a number or a tensor of one element, got one of 2"):
        opt.step()


def test_a_tensor_that_is_put_into_state_is_updated_where_it_lies() -> None:
    for module in (adapter, torch.optim):
        param, opt = begun(module)
        mean = torch.zeros(3, 3)
        opt.state[param]["exp_avg"] = mean
        opt.step()
        assert opt.state[param]["exp_avg"] is mean
        torch.testing.assert_close(mean, param.grad * 0.1)


def test_tensors_that_share_memory_are_refused() -> None:
    param, opt = begun(adapter)
    before = param.detach().clone()
    opt.state[param]["exp_avg"] = opt.state[param]["exp_avg_sq"]
    with pytest.raises(
        ValueError, match=r"^state 'exp_avg.*: expected memory of its own, got memory that it shares with"
    ):
        opt.step()
    assert torch.equal(param.detach(), before)
    opt.state[param]["exp_avg"] = param.detach()
    with pytest.raises(ValueError, match="expected memory of its own, got memory that it shares with"):
        opt.step()


def test_a_gradient_that_is_state_is_refused() -> None:
    param, opt = begun(adapter)
    param.grad = opt.state[param]["exp_avg"] = torch.ones(3, 3)
    with pytest.raises(ValueError, match=r"\['params'\]\[0\]\.grad: expected memory of its own"):
        opt.step()


@pytest.mark.parametrize("where", ["exp_avg", "step"])
def test_state_that_moves_while_gradients_are_asked_for(where: Any) -> None:
    class Late(torch.nn.Parameter):
        moving = False

        @property
        def grad(self) -> Any:
            if self.moving:
                opt.state[first][where].data = torch.full_like(opt.state[first][where], 7.0)
            return torch.ones(2)

    first = torch.nn.Parameter(torch.ones(1000))
    first.grad = torch.ones(1000)
    late = Late(torch.ones(2))
    opt = adapter.Adam([first, late], lr=1.0)
    opt.step()
    opt.state[first]["exp_avg"] = torch.ones(1000)
    opt.step()
    before = copy.deepcopy([first.detach(), late.detach()])
    late.moving = True
    with pytest.raises(RuntimeError, match="state was moved while gradients were asked for"):
        opt.step()
    assert_equal([first, late], before)


def test_state_that_moves_in_a_backward_pass() -> None:
    results = []
    for in_backward in (True, False):
        params = [torch.nn.Parameter(torch.ones(1000)) for _ in range(3)]
        cls = adapter.Adam
        opt = adapter.step_in_backward(params, cls, lr=0.1).optimizer if in_backward else cls(params, lr=0.1)
        for t in range(5):
            loss = (params[0] * params[1] * params[2]).sum() * (t + 1)
            if t == 2:
                opt.state[params[0]]["exp_avg"] = torch.ones(1000)

            def move(_: Any, opt: Any = opt, params: Any = params) -> None:
                for param in params:
                    for tensor in opt.state[param].values():
                        tensor.data = tensor.data.clone()

            handle = params[1].register_post_accumulate_grad_hook(move) if t == 3 and in_backward else None
            loss.backward()
            if handle:
                handle.remove()
            if not in_backward:
                opt.step()
                opt.zero_grad()
        results.append((params, opt.state_dict()))
    assert_equal(results[0][0], results[1][0])
    assert same(results[0][1], results[1][1])


# ---- before the first step --------------------------------------------------------------------------------------


@shared_case
def test_state_that_is_begun_by_hand(case: Any) -> None:
    """As for sharing it from the start: arrays that are there before the first step are used, of every rule."""
    name, arguments = case.torch, dict(case.arguments)
    _, sample = begun(torch.optim, name, steps=1, **{k: v for k, v in arguments.items() if k != "lr"})
    keys = [key for key in next(iter(sample.state.values()), {}) if key not in ("step", "mu_product", "eta", "mu")]
    if not keys or name in ("SGD", "Rprop"):
        return
    results = []
    for module in (adapter, torch.optim):
        param, opt = begun(module, name, steps=0, **{k: v for k, v in arguments.items() if k != "lr"})
        entry = {"step": torch.zeros(())}
        entry |= {
            "NAdam": {"mu_product": torch.ones(())},
            "ASGD": {"eta": torch.tensor(0.1), "mu": torch.ones(())},
        }.get(name, {})
        entry |= {key: torch.full((3, 3), 0.25) for key in keys}
        opt.state[param] = dict(entry)
        for _ in range(3):
            opt.step()
        assert all(opt.state[param][key] is entry[key] for key in keys)
        results.append([param, *(opt.state[param][key].float() for key in sorted(entry))])
    assert_near(*results)


@every_name
def test_no_state_before_the_first_step_is_overwritten_in_silence(name: str) -> None:
    """Where a rule begins its state itself, whatever it is, one that is there is refused."""
    _, sample = begun(adapter, name, steps=1)
    entry = next(iter(sample.state.values()), {})
    for key in [key for key, tensor in entry.items() if tensor.dim()]:
        ends = []
        for value in (0.0, 0.25):
            param, opt = begun(adapter, name, steps=0)
            begin = {k: torch.zeros_like(tensor) for k, tensor in entry.items()}
            begin[key].fill_(value)
            opt.state[param] = begin
            if opt._numpy.begins_itself:
                with pytest.raises(
                    ValueError, match=r"\[0\]\['step'\]: expected at least 1, got 0: the first step would"
                ):
                    opt.step()
            else:
                opt.step()
            ends.append([param.detach(), *(opt.state[param][k] for k in begin)])
        assert opt._numpy.begins_itself or not same(*ends) or name == "ASGD"  # as in torch: the average begins anew


def fill(opt: Any, param: Any) -> None:
    opt.state[param]["sum"].fill_(5.0)


def put(opt: Any, param: Any) -> None:
    opt.state[param]["sum"] = torch.full((3, 3), 5.0)


def count(opt: Any, param: Any) -> None:
    opt.state[param]["step"].fill_(2.0)


def share(opt: Any, param: Any) -> None:
    opt.share_memory()
    opt.state[param]["sum"].fill_(5.0)


def load(opt: Any, param: Any) -> None:
    state = copy.deepcopy(opt.state_dict())
    state["state"][0]["sum"].fill_(5.0)
    opt.load_state_dict(state)


def rate(opt: Any, param: Any) -> None:
    opt.param_groups[0]["initial_accumulator_value"] = 7.0  # which torch reads once, when the parameter is added


@pytest.mark.parametrize("change", [fill, put, count, share, load, rate])
@pytest.mark.parametrize("initial", [0.0, 0.5])
def test_adagrad_before_its_first_step(change: Any, initial: float) -> None:
    for idle in (False, True):

        def changed(opt: Any, param: Any, idle: bool = idle) -> None:
            if idle:  # a step without gradients, which finds everything
                grad, param.grad = param.grad, None
                opt.step()
                param.grad = grad
            change(opt, param)

        goes_on_as_torch(changed, "Adagrad", steps=0, initial_accumulator_value=initial, lr_decay=0.1)


def test_adagrad_without_its_state_begins_anew() -> None:
    param, opt = begun(adapter, "Adagrad", initial_accumulator_value=0.5)
    twin, other = begun(adapter, "Adagrad", initial_accumulator_value=0.5, steps=0)
    twin.data.copy_(param.data)
    opt.state.clear()
    for one in (opt, other):
        one.step()
        one.step()
    assert_equal([param], [twin])
    assert same(opt.state_dict(), other.state_dict())


# ---- options ----------------------------------------------------------------------------------------------------

OPTIONS = [
    ("Adam", dict(amsgrad=True), ["max_exp_avg_sq"]),
    ("RMSprop", dict(momentum=0.9, centered=True), ["momentum_buffer", "grad_avg"]),
    ("SGD", dict(momentum=0.9), ["momentum_buffer"]),
    ("SignSGD", dict(momentum=0.9), ["momentum_buffer"]),
]


def rebind_data(opt: Any, param: Any) -> None:
    param.data = param.data.clone()


def rebind_state(opt: Any, param: Any) -> None:
    for tensor in opt.state[param].values():
        tensor.data = tensor.data.clone()


def rebind_groups(opt: Any, param: Any) -> None:
    opt.param_groups[0] = dict(opt.param_groups[0])


def reload(opt: Any, param: Any) -> None:
    opt.load_state_dict(copy.deepcopy(opt.state_dict()))


@pytest.mark.parametrize(("name", "on", "_"), OPTIONS)
@pytest.mark.parametrize("rebind", [rebind_data, rebind_state, rebind_groups, reload])
def test_an_option_that_is_first_switched_on_before_all_is_bound_anew(name: Any, on: Any, _: Any, rebind: Any) -> None:
    results = []
    for change in (rebind, lambda opt, param: None):
        param, opt = begun(adapter, name)
        opt.param_groups[0].update(on)
        change(opt, param)
        opt.step()
        opt.step()
        results.append((param, opt.state_dict()))
    assert_equal([results[0][0]], [results[1][0]])
    assert same(results[0][1], results[1][1])


@pytest.mark.parametrize(("name", "on", "keys"), OPTIONS[:2])
def test_state_of_an_option_that_is_deleted_is_missed(name: Any, on: Any, keys: Any) -> None:
    for key in keys:
        param, opt = begun(adapter, name, **on)
        before = param.detach().clone()
        del opt.state[param][key]
        with pytest.raises(ValueError, match=rf"^state_dict\['state'\]\[0\]: missing '{key}'"):
            opt.step()
        assert torch.equal(param.detach(), before)


# ---- shared by processes ----------------------------------------------------------------------------------------


def worker(model: Any, opt: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        torch.set_num_threads(1)
        for param in model:
            param.grad = torch.full_like(param, 0.5)
        opt.step()
        opt.step()


def shared(opt: Any) -> Any:
    for entry in opt.state.values():
        for tensor in entry.values():
            tensor.share_memory_()
    return opt


# A new process imports torch anew, which takes long, and the pickle is the same for all.
WAYS = [*((name, "fork") for name in NAMES), ("NAdam", "spawn"), ("Adagrad", "spawn")]


@pytest.mark.parametrize(("name", "method"), WAYS)
@pytest.mark.filterwarnings("ignore:os.fork")  # JAX', which other tests import
def test_hogwild(name: str, method: str) -> None:
    """Two workers one after the other, each with the optimizer that it was sent: all see one state, as with torch."""
    model = LIST([torch.nn.Parameter(torch.ones(n)) for n in (1000, 1)])
    twin = copy.deepcopy(model)
    arguments = dict(lr=0.1, **(dict(momentum=0.9) if name in ("SGD", "SignSGD") else {}))
    opt, other = (getattr(adapter, name)(one.parameters(), **arguments) for one in (model, twin))
    for one, net in ((opt, model), (other, twin)):
        for param in net:
            param.grad = torch.ones_like(param)
        one.step()
        one.zero_grad()
    model.share_memory()
    shared(opt)
    context = torch.multiprocessing.get_context(method)
    for _ in range(2):
        process = context.Process(target=worker, args=(model, opt))
        process.start()
        process.join()
        assert process.exitcode == 0
        worker(twin, other)
    assert_equal(model, twin)
    assert same(opt.state_dict(), other.state_dict())
    worker(model, opt)
    worker(twin, other)
    assert_equal(model, twin)
    assert same(opt.state_dict(), other.state_dict())


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            lambda entry: entry.update(exp_avg=torch.zeros(3, 3).t().share_memory_()),
            ValueError,
            r"\['exp_avg'\]: expected dtype torch.float32, shape \(3, 3\) and strides \(3, 1\), .* got .*\(1, 3\)",
        ),
        (
            lambda entry: entry.update(step=torch.tensor(3).share_memory_()),
            TypeError,
            r"\['step'\]: expected dtype torch.float32 where processes share it, got torch.int64",
        ),
    ],
)
def test_shared_state_that_would_be_copied_is_refused(change: Any, error: Any, message: str) -> None:
    param, opt = begun(adapter)
    before = snapshot(LIST([param]), opt)
    good = dict(opt.state[param])
    change(opt.state[param])
    with pytest.raises(error, match=rf"^state_dict\['state'\]\[0\]{message}"):
        opt.step()
    opt.state[param] = good
    assert same(snapshot(LIST([param]), opt), before)
    opt.step()


def test_loaded_state_is_a_copy_of_what_is_shared() -> None:
    _, opt = begun(adapter)
    shared(opt)
    state = opt.state_dict()
    before = copy.deepcopy(state)
    opt.load_state_dict(state)
    opt.step()
    assert same(state, before)
