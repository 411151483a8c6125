"""Sparse gradients of torch's embeddings, beside torch.optim's own steps; state goes both ways."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import fastgd  # noqa: E402
import fastgd.torch  # noqa: E402
from support.comparing import assert_same  # noqa: E402

# torch's Adagrad makes sparse tensors without saying whether they are to be checked.
pytestmark = pytest.mark.filterwarnings("ignore:Sparse invariant checks are implicitly disabled:UserWarning")

# Name, arguments, ulps (float32, float64) after steps: torch divides and roots in another order.
PAIRS: dict[str, tuple[str, dict[str, Any], float]] = {
    "sgd": ("SGD", dict(lr=0.1), 2),
    "adagrad": ("Adagrad", dict(lr=0.1, lr_decay=0.1, initial_accumulator_value=0.1), 4),
    "sparse_adam": ("SparseAdam", dict(lr=0.01, betas=(0.8, 0.9)), 4),
    "sparse_adam_maximize": ("SparseAdam", dict(lr=0.01, maximize=True), 4),
}
every_pair = pytest.mark.parametrize("pair", PAIRS)


def optimizer(module: Any, pair: str, params: Any) -> Any:
    name, arguments, _ = PAIRS[pair]
    return getattr(module, name)(params, **arguments)


def table(dtype: Any = torch.float32) -> Any:
    return torch.linspace(-1, 1, 60 * 5, dtype=dtype).reshape(60, 5).clone().requires_grad_()


def sparse(seed: int, param: Any, count: int = 40) -> Any:
    """As Embedding makes it: not coalesced, in the order of the words."""
    made = torch.Generator().manual_seed(seed)
    indices = torch.randint(0, len(param), (1, count), generator=made)
    return torch.sparse_coo_tensor(
        indices, torch.randn(count, 5, generator=made, dtype=param.dtype), param.shape, check_invariants=False
    )


def run(opt: Any, param: Any, seeds: range, coalesced: bool = False) -> None:
    for seed in seeds:
        param.grad = sparse(seed, param).coalesce() if coalesced else sparse(seed, param)
        opt.step()


def assert_near(ours: Any, theirs: Any, ulps: float) -> None:
    size = max(float(theirs.detach().abs().max()), 1e-30)
    worst = float((ours.detach() - theirs.detach()).abs().max())
    assert worst <= ulps * torch.finfo(theirs.dtype).eps * size


@pytest.mark.parametrize("coalesced", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@every_pair
def test_as_torch(pair: str, dtype: Any, coalesced: bool) -> None:
    ours, theirs = table(dtype), table(dtype)
    run(optimizer(fastgd.torch, pair, [ours]), ours, range(20), coalesced)
    run(optimizer(torch.optim, pair, [theirs]), theirs, range(20), coalesced)
    assert_near(ours, theirs, PAIRS[pair][2])


@every_pair
def test_the_numbers_of_numpy(pair: str) -> None:
    name, arguments, _ = PAIRS[pair]
    ours, array = table(), table().detach().numpy().copy()
    opt, plain = optimizer(fastgd.torch, pair, [ours]), getattr(fastgd, name)(array, **arguments)
    run(opt, ours, range(4))
    for seed in range(4):
        grad = sparse(seed, ours)
        plain.step(fastgd.Rows(grad._indices()[0].numpy(), grad._values().numpy()))
    assert_same(ours.detach().numpy(), array)
    for key, value in plain.state.get(0, {}).items():
        assert_same(opt.state[ours][key].numpy(), np.array(value))


@every_pair
def test_state_goes_both_ways(pair: str) -> None:
    ours, theirs = table(), table()
    opt, other = optimizer(fastgd.torch, pair, [ours]), optimizer(torch.optim, pair, [theirs])
    run(opt, ours, range(3))
    run(other, theirs, range(3))
    mine, its = copy.deepcopy(opt.state_dict()), copy.deepcopy(other.state_dict())
    swapped, back = optimizer(fastgd.torch, pair, [ours]), optimizer(torch.optim, pair, [theirs])
    swapped.load_state_dict(its)
    back.load_state_dict(mine)
    run(swapped, ours, range(3, 9))
    run(back, theirs, range(3, 9))
    assert_near(ours, theirs, PAIRS[pair][2])
    name, arguments, _ = PAIRS[pair]
    array = theirs.detach().numpy().copy()
    plain = getattr(fastgd, name)(array, **arguments)
    plain.load_state_dict(back.state_dict())
    grad = sparse(9, theirs)
    plain.step(fastgd.Rows(grad._indices()[0].numpy(), grad._values().numpy()))
    run(back, theirs, range(9, 10))
    assert_near(torch.from_numpy(array), theirs, PAIRS[pair][2])


@pytest.mark.parametrize("name", ["SGD", "Adagrad", "SparseAdam", "RowWiseAdagrad"])
def test_a_model_with_dense_and_sparse_layers(name: str) -> None:
    """One optimizer, one call; two backward passes join their rows, and padding has none."""
    torch.manual_seed(0)
    words = torch.nn.Embedding(50, 4, sparse=True, padding_idx=0)
    bag = torch.nn.EmbeddingBag(20, 4, sparse=True, mode="mean")
    layer = torch.nn.Linear(8, 1)
    params = [*words.parameters(), *bag.parameters(), *layer.parameters()]
    before = [p.detach().clone() for p in params]
    opt = getattr(fastgd.torch, name)(params, lr=0.1, max_grad_norm=10.0)
    for _ in range(2):
        looked = words(torch.tensor([3, 3, 0, 7])).mean(0)
        summed = bag(torch.tensor([[1, 2, 2]]))[0]
        layer(torch.cat([looked, summed])).square().sum().backward()
    versions = [p._version for p in params]
    opt.step()
    assert [p._version - v for p, v in zip(params, versions, strict=True)] == [1, 1, 1, 1]
    changed = [(p != b).any(1).nonzero().flatten().tolist() for p, b in zip(params[:2], before[:2], strict=True)]
    assert changed == [[3, 7], [1, 2]]
    squares = sum(float(p.grad.to_dense().square().sum()) for p in params)
    assert opt.grad_norm == pytest.approx(squares**0.5, rel=1e-6)
    opt.zero_grad(set_to_none=False)
    opt.step()
    assert all((p.grad.to_dense() == 0).all() for p in params)
    again = pickle.loads(pickle.dumps(opt.state_dict()))
    getattr(fastgd.torch, name)(params, lr=0.1).load_state_dict(again)


def test_adamw_with_lazy_rows() -> None:
    param = table()
    opt = fastgd.torch.AdamW([param], lazy_rows=True, weight_decay_rows="touched")
    before = param.detach().clone()
    param.grad = sparse(0, param, 3)
    opt.step()
    touched = param.grad.coalesce().indices()[0]
    still = [i for i in range(60) if i not in touched]
    assert (param[touched] != before[touched]).any(1).all()
    assert (param[still] == before[still]).all()
    assert (opt.state[param]["exp_avg"][still] == 0).all()
    again = pickle.loads(pickle.dumps(opt))
    assert (again.lazy_rows, again.weight_decay_rows) == (True, "touched")


def test_bfloat16_tables() -> None:
    param = table().detach().bfloat16().requires_grad_()
    opt = fastgd.torch.SparseAdam([param])
    run(opt, param, range(3))
    assert opt.state[param]["exp_avg_sq"].dtype == torch.float32
    param.grad = None
    param.grad_dtype = None
    param.grad = sparse(0, table(torch.float64))
    with pytest.raises(TypeError, match=r"expected dtype torch.float32, torch.bfloat16 or torch.float16 beside"):
        opt.step()


def test_rows_in_the_backward_pass() -> None:
    words = torch.nn.Embedding(9, 2, sparse=True)
    before = words.weight.detach().clone()
    fastgd.torch.step_in_backward(words, lambda params: fastgd.torch.SparseAdam(params, lr=0.1))
    words(torch.tensor([4, 4])).sum().backward()
    assert (words.weight != before).any(1).nonzero().flatten().tolist() == [4]


def grad_of(indices: list[list[int]], values: Any, shape: tuple[int, ...]) -> Any:
    return torch.sparse_coo_tensor(torch.tensor(indices), values, shape, check_invariants=False)


BAD: dict[str, tuple[Any, type[Exception], str]] = {
    "a row too many": (
        lambda p: grad_of([[1, 60]], torch.ones(2, 5), (60, 5)), IndexError,
        r"param_groups\[0\]\['params'\]\[1\].grad.indices\[1\] must be in \[0, 60\), got 60",
    ),
    "a negative row": (
        lambda p: grad_of([[-1, 6]], torch.ones(2, 5), (60, 5)), IndexError,
        r"param_groups\[0\]\['params'\]\[1\].grad.indices\[0\] must be in \[0, 60\), got -1",
    ),
    "elements": (
        lambda p: grad_of([[1, 6], [0, 1]], torch.ones(2), (60, 5)), ValueError,
        r"param_groups\[0\]\['params'\]\[1\].grad: expected a sparse tensor of rows, with sparse_dim 1, got 2",
    ),
    "of the table": (
        lambda p: grad_of([[1, 6]], p.detach()[:2], (60, 5)), ValueError,
        r"param_groups\[0\]\['params'\]\[1\].grad: expected memory of its own, got memory that the step writes to",
    ),
}  # fmt: skip


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("name", BAD)
def test_what_is_refused_changes_nothing(name: str, later: bool) -> None:
    """In a first step as in one after others with rows, which are looked at in a shorter way."""
    make, error, message = BAD[name]
    dense, param = table(), table()
    opt = fastgd.torch.Adagrad([dense, param])
    run(opt, param, range(2 if later else 0))
    before = copy.deepcopy([dense.detach(), param.detach(), opt.state_dict()])
    dense.grad, param.grad = torch.ones(60, 5), make(param)
    with pytest.raises(error, match=f"^{message}$"):
        opt.step()
    assert repr([dense.detach(), param.detach(), opt.state_dict()]) == repr(before)


def test_values_that_do_not_lie_in_one_piece() -> None:
    """Strided, broadcast and negated ones, in steps after others, count as their copies do."""
    ours, theirs = table(), table()
    opt, other = fastgd.torch.Adagrad([ours]), fastgd.torch.Adagrad([theirs])
    run(opt, ours, range(1))
    run(other, theirs, range(1))
    indices = torch.tensor([[4, 1, 9, 1], [0, 0, 0, 0]])[:1]
    wide = torch.linspace(-1, 1, 40).reshape(4, 10)
    forms = [wide[:, ::2], torch.tensor(2.0).expand(4, 5), torch._neg_view(wide[:, :5].clone()), wide[:, :5].clone()]
    for values in forms:
        ours.grad = torch.sparse_coo_tensor(indices, values, (60, 5), check_invariants=False)
        copied = (values + 0).contiguous()
        theirs.grad = torch.sparse_coo_tensor(indices.clone(), copied, (60, 5), check_invariants=False)
        opt.step()
        other.step()
        assert_same(ours.detach().numpy(), theirs.detach().numpy())
    ours.grad = torch.ones(60, 5)
    theirs.grad = torch.ones(60, 5)
    opt.step()
    other.step()
    assert_same(ours.detach().numpy(), theirs.detach().numpy())


def test_rules_that_take_no_rows_say_so() -> None:
    param = table()
    opt = fastgd.torch.Lion([param])
    param.grad = sparse(0, param)
    with pytest.raises(TypeError, match=r"\[0\]\.grad: expected a gradient of all rows for Lion, got Rows; SGD with"):
        opt.step()
    with pytest.raises(ValueError, match="for RowWiseAdagrad"):
        fastgd.torch.RowWiseAdagrad([torch.ones(3, 4).t().requires_grad_()])
