"""Networks as people write them: lists and dicts of arrays to any depth, and gradients that other libraries make."""

import os
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

os.environ.setdefault("JAX_PLATFORMS", "cpu")
import jax
import jax.numpy as jnp

import fastgd
from fastgd import formats, schedules
from support.comparing import assert_same


class Layer(NamedTuple):
    weight: Any
    bias: Any


def array(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


def net() -> dict[str, Any]:
    return {
        "encoder": [{"weight": array(3, 4), "bias": array(4)}, {"weight": array(4, 2), "bias": array(2)}],
        "head": (array(2, 5), [], {"scale": array()}),
        "last": array(7),
    }


NAMES = ["encoder.0.weight", "encoder.0.bias", "encoder.1.weight", "encoder.1.bias", "head.0", "head.2.scale", "last"]


def flat(tree: Any) -> list[Any]:
    """The arrays of a tree, in order, by other means than fastgd's."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    return [leaf for part in tree for leaf in flat(part)] if isinstance(tree, (list, tuple)) else [tree]


def like(tree: Any, make: Callable[[Any], Any]) -> Any:
    """A tree of the same form."""
    if isinstance(tree, dict):
        return {name: like(part, make) for name, part in tree.items()}
    if isinstance(tree, Layer):
        return Layer(*(like(part, make) for part in tree))
    return type(tree)(like(part, make) for part in tree) if isinstance(tree, (list, tuple)) else make(tree)


# ---- forms --------------------------------------------------------------------------------------------------------

FORMS: dict[str, Callable[[], Any]] = {
    "dicts and lists": net,
    "layers of a list": lambda: [{"W": array(2, 3), "b": array(3)}, {"W": array(3, 1), "b": array(1)}],
    "pairs": lambda: [(array(2, 3), array(3)), (), (array(3, 1), array(1))],
    "named tuples": lambda: Layer(Layer(array(2), array(3)), {"x": Layer(array(1), array(4))}),
    "a dict whose only name is params": lambda: {"params": {"Dense_0": {"kernel": array(2, 2)}}},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("settings", [{}, {"max_grad_norm": 0.5}])
def test_a_network_has_the_bits_of_its_flat_list(form: str, settings: dict[str, Any]) -> None:
    params = FORMS[form]()
    twins = [np.array(leaf) for leaf in flat(params)]
    opt, other = fastgd.Adam(params, lr=0.1, **settings), fastgd.Adam(twins, lr=0.1, **settings)
    for t in range(1, 4):
        grads = like(params, lambda leaf, t=t: np.asarray(np.cos(t * leaf)))
        opt.step(grads)
        other.step(flat(grads))
    assert_same(flat(params), twins)
    assert_same(list(opt.state.values()), list(other.state.values()))


def test_gradients_in_a_network_are_taken_apart_without_python(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object, label: str, grads: object) -> None:
        raise AssertionError("slow")

    monkeypatch.setattr(fastgd.Optimizer, "_flatten", refuse)
    params = net()
    for opt in (fastgd.SGD(params), fastgd.SGD([{"params": params}, {"params": [[array(1)]]}])):
        grads = like(params, np.ones_like)
        opt.step([grads, [[array(1)]]] if len(opt.param_groups) > 1 else grads)


def test_names_are_those_of_torch() -> None:
    model = torch.nn.ModuleDict({
        "body": torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)),
        "tail": torch.nn.BatchNorm1d(1),
    })  # fmt: skip

    def of(linear: torch.nn.Module) -> dict[str, np.ndarray]:
        return {name: p.detach().numpy() for name, p in linear.named_parameters()}

    params = {"body": [of(model["body"][0]), {}, of(model["body"][2])], "tail": of(model["tail"])}
    opt = fastgd.Adam(params)
    assert opt.param_groups[0]["param_names"] == tuple(name for name, _ in model.named_parameters())


def test_names_in_state_and_in_what_is_saved() -> None:
    params = net()
    opt = fastgd.Adam(params)
    opt.step(like(params, np.ones_like))
    assert list(opt.state) == NAMES
    assert list(opt.param_groups[0]["param_names"]) == NAMES
    saved = opt.state_dict()
    assert saved["param_groups"][0]["param_names"] == NAMES
    again = fastgd.Adam(net())
    again.load_state_dict(saved)
    assert_same(again.state_dict(), saved)
    other = fastgd.Adam(dict(zip("abcdefg", flat(net()), strict=True)))
    with pytest.raises(ValueError, match=r"expected the names \['a', .*\], got \['encoder.0.weight', "):
        other.load_state_dict(saved)
    fastgd.Adam(flat(net())).load_state_dict(saved)  # a list has no names that could be wrong


def test_lists_by_themselves_and_as_groups() -> None:
    layers = [[array(2), array(3)], [array(1)]]
    assert list(fastgd.SGD(layers, momentum=0.9).param_groups[0]["param_names"]) == ["0.0", "0.1", "1.0"]
    opt = fastgd.Adam([{"params": layers}, {"params": [[array(4)]], "lr": 0.1}])  # both would have a 0.0
    assert all("param_names" not in group for group in opt.param_groups)
    grads = like(layers, np.ones_like), [[array(4)]]
    opt.step(list(grads))
    opt.step([{"params": grads[0]}, {"params": grads[1]}])
    opt.step(flat(grads))
    assert [int(entry["step"]) for entry in opt.state.values()] == [3] * 4
    assert list(opt.state) == [0, 1, 2, 3]
    single = fastgd.Adam([[array(2)], [array(3)]])
    single.add_param_group({"params": {"a": [array(1)]}})
    single.step([[[array(2)], [array(3)]], {"a": [array(1)]}])
    assert list(single.state) == ["0.0", "1.0", "a.0"]


def test_a_layer_called_params_in_a_group() -> None:
    weight, grad = array(3), np.ones(3, np.float32)
    opt = fastgd.SGD([{"params": {"params": {"w": weight}}}], lr=1.0)
    before = weight.copy()
    opt.step([{"params": {"w": grad}}])
    assert_same(weight, before - grad)


def test_gradients_of_other_classes_and_orders() -> None:
    params = net()
    opt, before = fastgd.SGD(params, lr=1.0), like(net(), np.array)
    grads = like(params, np.ones_like)
    opt.step(OrderedDict(reversed(grads.items())))
    encoder = tuple(OrderedDict(layer) for layer in grads["encoder"])
    opt.step({"last": grads["last"], "head": list(grads["head"]), "encoder": encoder})
    assert_same(flat(params), [np.asarray(leaf - 1 - 1) for leaf in flat(before)])


def test_none_in_the_place_of_a_part_leaves_it_alone() -> None:
    params = net()
    opt = fastgd.Adam(params)
    opt.step({**like(params, np.ones_like), "encoder": [None, {"weight": np.ones((4, 2), np.float32), "bias": None}]})
    assert list(opt.state) == ["encoder.1.weight", "head.0", "head.2.scale", "last"]
    with pytest.raises(TypeError, match="grads: expected a dict by name like params, got NoneType"):
        opt.bind(None)


def test_bound_gradients_of_a_network() -> None:
    params, before = net(), flat(net())
    grads = like(params, np.ones_like)
    opt = fastgd.SGD(params, lr=1.0)
    opt.bind(grads)
    grads["head"][2]["scale"][...] = 3.0
    opt.step()
    assert_same(flat(params), [np.asarray(leaf - grad) for leaf, grad in zip(before, flat(grads), strict=True)])
    opt.zero_grad()
    assert not any(leaf.any() for leaf in flat(grads))


def test_a_deep_network() -> None:
    params: Any = array(2)
    for k in range(400):
        params = [params] if k % 2 else {"x": params}
    opt = fastgd.SGD(params, lr=1.0)
    opt.step(like(params, np.ones_like))
    assert_same(flat(params), [array(2) - 1])


@pytest.mark.parametrize("seed", range(20))
def test_networks_at_random(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def grown(depth: int) -> Any:
        kind = rng.integers(4) if depth else 3
        if kind == 3:
            return np.asarray(rng.standard_normal(rng.integers(0, 4, rng.integers(0, 3))))
        parts = [grown(depth - 1) for _ in range(rng.integers(1, 4))]
        return dict(zip("abc", parts, strict=False)) if kind == 0 else [list, tuple][kind - 1](parts)

    params = [grown(4), np.ones(3)]
    before = [leaf.copy() for leaf in flat(params)]
    grads = like(params, lambda leaf: np.asarray(rng.standard_normal(leaf.shape)))
    fastgd.SGD(params, lr=1.0).step(grads)
    assert_same(flat(params), [np.asarray(leaf - grad) for leaf, grad in zip(before, flat(grads), strict=True)])


class Hostile(str):
    """A name that runs code when it is compared."""

    act: Callable[[], object]

    def __hash__(self) -> int:
        return str.__hash__(self)

    def __eq__(self, other: object) -> bool:
        self.act()
        return str.__eq__(self, other)


def test_a_gradient_list_that_shrinks_while_it_is_read() -> None:
    params = [{"w": array(2)}, array(3), array(4)]
    opt = fastgd.SGD(params)
    name = Hostile("w")
    grads: list[Any] = [{name: array(2)}, array(3), array(4)]
    name.act = grads.clear
    with pytest.raises(ValueError, match="grads: expected 3 entries like params, got 0"):
        opt.step(grads)


# ---- gradients of other libraries -----------------------------------------------------------------------------------


class Shown:
    """What shows its memory as NumPy's arrays do, and is none."""

    def __init__(self, source: np.ndarray) -> None:
        self.source = source
        self.__array_interface__ = source.__array_interface__


def exported(kind: str, source: np.ndarray) -> Any:
    if kind == "jax":
        return jnp.asarray(source)
    if kind == "torch":
        return torch.from_numpy(source.view(np.int16) if source.dtype.name == "bfloat16" else source).view(
            getattr(torch, source.dtype.name)
        )
    return Shown(source)


KINDS = ("jax", "torch", "interface")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_gradients_of_other_libraries(kind: str, dtype: str) -> None:
    if kind == "interface" and dtype == "bfloat16":
        dtype = "float32"  # its description of bfloat16 is that of two bytes
    params, twins = [array(3, 4), array(5)], [array(3, 4), array(5)]
    opt, other = fastgd.Adam(params, max_grad_norm=1.0), fastgd.Adam(twins, max_grad_norm=1.0)
    for t in range(1, 4):
        grads = [np.cos(t * leaf).astype(formats.dtype(dtype)) for leaf in twins]
        opt.step([exported(kind, grad) for grad in grads])
        other.step(grads)
    assert_same(params, twins)
    assert_same(opt.state_dict(), other.state_dict())


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_other_libraries(kind: str) -> None:
    table, twin = array(9, 4), array(9, 4)
    opt, other = fastgd.SparseAdam(table, max_grad_norm=1.0), fastgd.SparseAdam(twin, max_grad_norm=1.0)
    for t in range(1, 4):
        indices, values = np.array([7, t, 7], np.int32), np.cos(t * twin[:3])
        rows = fastgd.Rows(exported_numbers(kind, indices), exported(kind, values))
        assert rows.indices.dtype == np.int32
        assert np.array_equal(rows.indices, indices)
        assert np.array_equal(rows.values, values)
        opt.step(rows)
        other.step(fastgd.Rows(indices, values))
    assert_same(table, twin)
    assert_same(opt.state_dict(), other.state_dict())
    torches = torch.ones(2, dtype=torch.int64)
    shared = fastgd.Rows(torches, torch.ones(2, 4)).indices
    torches[1] = 5
    assert shared.tolist() == [1, 5]
    with pytest.raises(TypeError, match=r"^values: expected memory that NumPy can share, got Tensor: .*detach"):
        fastgd.Rows(torches, torch.ones(2, 4, requires_grad=True))
    with pytest.raises(TypeError, match=r"^indices: expected dtype int32 or int64, got float32$"):
        fastgd.Rows(torch.ones(2), torch.ones(2, 4))


def exported_numbers(kind: str, source: np.ndarray) -> Any:
    return {"jax": jnp.asarray, "torch": torch.from_numpy, "interface": Shown}[kind](source)


def test_a_function_of_jax_and_its_gradient() -> None:
    params = {"layers": [{"w": array(4, 3)}, {"w": array(3, 1)}], "b": array()}
    twins = like(params, np.array)
    x = array(8, 4)

    def loss(p: Any) -> Any:
        return ((jnp.tanh(x @ p["layers"][0]["w"]) @ p["layers"][1]["w"] + p["b"]) ** 2).mean()

    gradient = jax.grad(loss)
    opt, other = fastgd.Adam(params), fastgd.Adam(twins)
    for _ in range(3):
        opt.step(gradient(params))
        other.step(jax.tree.map(np.asarray, gradient(twins)))
    assert_same(params, twins)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_memory_of_a_bound_tensor_is_read_at_each_step(dtype: torch.dtype) -> None:
    param, grad = np.zeros(3, np.float32), torch.ones(3, dtype=dtype)
    opt = fastgd.SGD(param, lr=1.0)
    opt.bind(grad)
    opt.step()
    grad.fill_(5)
    opt.step()
    assert param.tolist() == [-6.0] * 3
    opt.zero_grad()
    assert grad.tolist() == [0.0] * 3


@pytest.mark.parametrize(
    ("tensor", "reason"),
    [
        (partial(torch.ones, 3, requires_grad=True), "Can't export tensors that require gradient"),
        (partial(torch.ones, 3, device="meta"), "."),
        (lambda: torch._neg_view(torch.ones(3)), "it has the negative bit set"),
        (lambda: torch.ones(3).to_sparse(), "."),
    ],
)
def test_tensors_that_give_no_memory(tensor: Callable[[], torch.Tensor], reason: str) -> None:
    param = np.ones(3, np.float32)
    with pytest.raises(TypeError, match=rf"^grads: expected memory that NumPy can share, got Tensor: .*{reason}"):
        fastgd.SGD(param).step(tensor())
    assert param.tolist() == [1.0] * 3


def test_a_gradient_in_the_memory_of_its_parameter() -> None:
    param = np.ones(3, np.float32)
    with pytest.raises(ValueError, match="grads: expected memory of its own, got memory that it shares with params"):
        fastgd.SGD(param).step(torch.from_numpy(param))


@pytest.mark.parametrize("dtype", formats.ALL)
def test_numpy_scalars_for_parameters_without_axes(dtype: str) -> None:
    kind = formats.dtype(dtype)
    param, twin = np.array(2.0, kind), np.array(2.0, kind)
    opt, other = fastgd.Adam({"s": param}, lr=0.1), fastgd.Adam({"s": twin}, lr=0.1)
    for value in (1.0, -0.5):
        scalar = kind.type(value)
        assert isinstance(scalar, np.generic)
        opt.step({"s": scalar})
        other.step({"s": np.array(scalar)})
    assert_same([param, opt.state_dict()], [twin, other.state_dict()])


def test_functions_and_norms_take_them_too() -> None:
    params, twins = [np.ones(3, np.float32) for _ in range(2)], np.full(3, 2.0, np.float32)
    for param, grad in zip(params, (twins, jnp.asarray(twins)), strict=True):
        fastgd.functional.sgd(param, grad, step=1, lr=0.5)
        assert param.tolist() == [0.0] * 3
    grads = {"a": [np.array([3.0]), None], "b": (np.array([4.0]),)}
    assert fastgd.grad_norm(grads) == 5.0
    assert fastgd.grad_norm([jnp.asarray([3.0]), torch.tensor([4.0]), np.float32(12.0)]) == 13.0
    assert fastgd.clip_grad_norm_(grads, 10.0) == 5.0
    fastgd.clip_grad_value_(grads, 3.5)
    assert [leaf.tolist() for leaf in (grads["a"][0], grads["b"][0])] == [[3.0], [3.5]]


# ---- the present rate -----------------------------------------------------------------------------------------------


def test_the_present_rate() -> None:
    opt = fastgd.SGD(np.ones(2), lr=schedules.linear(1.0, 10))
    assert opt.lr == 1.0
    opt.step(np.ones(2))
    assert opt.lr == opt.current()[0]["lr"] == 0.9
    with pytest.raises(AttributeError, match=r"SGD.lr is one for each group: set param_groups\[0\]\['lr'\]"):
        opt.lr = 0.5  # type: ignore[misc]
    opt.param_groups[0]["lr"] = 0.25
    assert opt.lr == 0.25
    opt.add_param_group({"params": np.ones(2), "lr": 0.25})
    assert opt.lr == 0.25
    opt.param_groups[1]["lr"] = 0.5
    with pytest.raises(AttributeError, match=r"SGD.lr: groups have the rates \[0.25, 0.5\]; see current"):
        opt.lr  # noqa: B018
    assert fastgd.Lookahead(fastgd.Adam(np.ones(2))).lr == 1e-3
    assert not hasattr(opt, "lr")


def test_a_subclass_may_have_a_rate_of_its_own() -> None:
    class Mine(fastgd.SGD):
        lr = property(lambda self: 7.0, lambda self, value: setattr(self, "given", value))  # type: ignore[assignment]

    opt = Mine(np.ones(2))
    opt.lr = 3.0  # type: ignore[misc]
    assert (opt.lr, opt.given) == (7.0, 3.0)
