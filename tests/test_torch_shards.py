"""
DTensors: FSDP2, tensor parallelism and tensors divided by hand, on two and four ranks, train as one process does.

All ranks run every scenario one after the other, since to begin a process takes longer than the scenarios; each of the
tests looks at what one of them has found.
"""

import multiprocessing
import os
import socket
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support import torch_ranks
from support.torch_nets import adapter, assert_near, batch, same, torch

pytestmark = pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without distributed")
STEPS, RATE, TIMEOUT = 6, 0.05, 60
CLIPPED = dict(max_grad_norm=0.5, skip_nonfinite=True)
DIVISIBLE = (
    "AdamW",
    "Adagrad",
    "Adamax",
    "Adan",
    "ASGD",
    "Lion",
    "NAdam",
    "RMSprop",
    "Rprop",
    "ScheduleFreeAdamW",
    "SGD",
)
SHAPES = ((5, 9), (3,), (1, 2), (4, 4), (2, 3))


def network(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2)).double()


def mesh_of(*shape: int, names: tuple[str, ...] | None = None) -> Any:
    from torch.distributed.device_mesh import init_device_mesh

    return init_device_mesh("cpu", shape, mesh_dim_names=names)


def full(tensors: Any) -> list[Any]:
    """All of each tensor, on every rank."""
    return [t.detach().full_tensor() if hasattr(t, "full_tensor") else t.detach().clone() for t in tensors]


def make(name: str, params: Any, **more: Any) -> Any:
    return getattr(adapter, name)(params, lr=RATE, **more)


# ---- scenarios: (rank, ranks, path) -> tensors that every rank and one process must have -------------------------


def sharded_net(ranks: int, seed: int = 0) -> Any:
    from torch.distributed.fsdp import fully_shard

    net = network(seed)
    for layer in net:
        if list(layer.parameters()):
            fully_shard(layer, mesh=mesh_of(ranks))
    return fully_shard(net, mesh=mesh_of(ranks))


def learn(net: Any, opt: Any, steps: range, rank: int = 0, ranks: int = 1) -> None:
    for t in steps:
        opt.zero_grad()
        x, y = (part.chunk(ranks)[rank] for part in batch(t, network()))
        (net(x) - y).square().mean().backward()
        opt.step()


def fsdp(rank: int, ranks: int, path: Path, **more: Any) -> Any:
    net = sharded_net(ranks)
    opt = make("AdamW", net.parameters(), **more)
    learn(net, opt, range(STEPS), rank, ranks)
    for param in net.parameters():
        assert opt.state[param]["exp_avg"].placements == param.placements
        assert opt.state[param]["exp_avg"].shape == param.shape
        assert type(opt.state[param]["step"]) is torch.Tensor
    return full([*net.parameters(), *(opt.state[p]["exp_avg_sq"] for p in net.parameters())])


def fsdp_clipped(rank: int, ranks: int, path: Path) -> Any:
    return fsdp(rank, ranks, path, **CLIPPED)


def tensor_parallel(rank: int, ranks: int, path: Path) -> Any:
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

    net = network()
    parallelize_module(net, mesh_of(ranks), {"0": ColwiseParallel(), "2": RowwiseParallel()})
    opt = make("AdamW", net.parameters(), **CLIPPED)
    learn(net, opt, range(STEPS))
    return full([*net.parameters(), *(opt.state[p]["exp_avg_sq"] for p in net.parameters())])


def two_dimensions(rank: int, ranks: int, path: Path) -> Any:
    from torch.distributed.fsdp import fully_shard
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

    mesh = mesh_of(2, ranks // 2, names=("data", "model"))
    net = network()
    parallelize_module(net, mesh["model"], {"0": ColwiseParallel(), "2": RowwiseParallel()})
    fully_shard(net, mesh=mesh["data"])
    opt = make("AdamW", net.parameters(), **CLIPPED)
    learn(net, opt, range(STEPS), mesh.get_local_rank("data"), 2)
    return full([*net.parameters(), *(opt.state[p]["exp_avg_sq"] for p in net.parameters())])


def clipped(rank: int, ranks: int, path: Path) -> Any:
    """What those that clip must find."""
    return of_one_process(rank, ranks, path, **CLIPPED)


def of_one_process(rank: int, ranks: int, path: Path, **more: Any) -> Any:
    """What those must find that do not."""
    net = network()
    opt = make("AdamW", net.parameters(), **more)
    learn(net, opt, range(STEPS))
    return full([*net.parameters(), *(opt.state[p]["exp_avg_sq"] for p in net.parameters())])


def values(t: int, dtype: Any = torch.float64) -> list[Any]:
    generator = torch.Generator().manual_seed(t)
    return [torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype) for shape in SHAPES]


def divided(mesh: Any, tensors: list[Any]) -> list[Any]:
    """Shards that are uneven or empty, by columns, and replicas."""
    from torch.distributed.tensor import Replicate, Shard, distribute_tensor

    places = [Shard(0), Shard(0), Shard(0), Shard(1), Replicate()]
    return [distribute_tensor(t, mesh, [place]) for t, place in zip(tensors, places, strict=True)]


def every_kind(rank: int, ranks: int, path: Path) -> Any:
    """Each class, on tensors that are divided in several ways, with the gradient of another way between."""
    from torch.distributed.tensor import Replicate

    found = []
    for name in DIVISIBLE:
        whole = [torch.nn.Parameter(t) for t in values(0)]
        parts = [torch.nn.Parameter(t) for t in divided(mesh_of(ranks), values(0))]
        opts = make(name, whole), make(name, parts)
        for t in range(1, 4):
            for one, part, grad, split in zip(whole, parts, values(t), divided(mesh_of(ranks), values(t)), strict=True):
                one.grad = grad
                part.grad = split if t != 2 else split.redistribute(part.device_mesh, [Replicate()])
            for opt in opts:
                opt.step()
        # Element by element the numbers are those of the whole, to the bit.
        assert same(full(whole), full(parts)), name
        state = [[full(opt.state[p][key] for key in opt.state[p]) for p in params]
                 for opt, params in zip(opts, (whole, parts), strict=True)]  # fmt: skip
        assert same(*state), name
        found += full(parts)
    return found


def replaced_state(rank: int, ranks: int, path: Path) -> Any:
    """State that is replaced, changed in place, cleared, or loaded, as plain tensors' may be."""
    from torch.distributed.tensor import Replicate

    twins = [[torch.nn.Parameter(t) for t in divided(mesh_of(ranks), values(0))] for _ in range(2)]
    opts = [make("AdamW", params) for params in twins]
    for t in range(1, 5):
        for params in twins:
            for param, grad in zip(params, divided(mesh_of(ranks), values(t)), strict=True):
                param.grad = grad
        for opt in opts:
            opt.step()
        entry = opts[0].state[twins[0][0]]
        if t == 1:
            entry["exp_avg"] = entry["exp_avg"].clone()
        elif t == 2:
            entry["exp_avg"] = entry["exp_avg"].redistribute(entry["exp_avg"].device_mesh, [Replicate()])
            entry["exp_avg"].mul_(2.0)
            opts[1].state[twins[1][0]]["exp_avg"].mul_(2.0)
        elif t == 3:
            opts[0] = make("AdamW", twins[0])
            opts[0].load_state_dict(opts[1].state_dict())
    assert same(full(twins[0]), full(twins[1]))
    assert same(full(opts[0].state[twins[0][0]].values()), full(opts[1].state[twins[1][0]].values()))
    return full(twins[0])


def checkpoints(rank: int, ranks: int, path: Path) -> Any:
    """Ours on two ranks, then torch's on as many, then ours on four: each goes on where the other was."""
    import torch.distributed.checkpoint as dcp
    from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict

    kinds = {2: (("", adapter.AdamW), ("a", torch.optim.AdamW), ("b", None)), 4: (("b", adapter.AdamW),)}
    first = 0 if ranks == 2 else 4
    for k, (name, kind) in enumerate(kinds[ranks]):
        if kind is None:
            break
        net = sharded_net(ranks, seed=1 if name else 0)
        opt = kind(net.parameters(), lr=RATE)
        if name:
            model, state = get_state_dict(net, opt)
            # Groups have hyperparameters that torch's do not, which then stay as they are.
            planner = dcp.DefaultLoadPlanner(allow_partial_load=True)
            dcp.load({"model": model, "opt": state}, checkpoint_id=path / name, planner=planner)
            set_state_dict(net, opt, model_state_dict=model, optim_state_dict=state)
        learn(net, opt, range(first + 2 * k, first + 2 * k + 2), rank, ranks)
        model, state = get_state_dict(net, opt)
        dcp.save({"model": model, "opt": state}, checkpoint_id=path / (kinds[2][k + 1][0] if ranks == 2 else "c"))
    return full([*net.parameters(), *(opt.state[p]["exp_avg_sq"] for p in net.parameters())])


def norms(rank: int, ranks: int, path: Path) -> Any:
    """Replicas and plain tensors count once, NaN on one rank is every rank's, and an error on one is told to all."""
    plain = torch.nn.Parameter(torch.full((3,), 2.0, dtype=torch.float64))
    params = [torch.nn.Parameter(t) for t in divided(mesh_of(ranks), values(0))]
    opt = make("AdamW", [*params, plain], **CLIPPED)
    found = []
    for t in range(1, 4):
        grads = values(t)
        if t == 2:
            grads[0][-1, 0] = float("nan")  # of the last rank alone
        plain.grad = torch.full((3,), float(t), dtype=torch.float64)
        for param, grad in zip(params, divided(mesh_of(ranks), grads), strict=True):
            param.grad = grad
        before = full(params)
        opt.step()
        whole = torch.cat([g.flatten() for g in [*grads, plain.grad]])
        if t == 2:
            assert opt.grad_norm != opt.grad_norm
            assert same(full(params), before)
        else:
            assert opt.grad_norm == pytest.approx(float(whole.norm()), rel=1e-14)
        found.append(torch.tensor(opt.grad_norm if t != 2 else -1.0, dtype=torch.float64))
    assert opt.skipped_steps == 1
    before = full([*params, *opt.state[params[0]].values()])
    if rank == 0:
        plain.grad = torch.ones(3, dtype=torch.float64).to_sparse()
    kind, message = RuntimeError, "^another process of this group has refused its step"
    if rank == 0:
        kind, message = TypeError, "expected a gradient of all rows"
    with pytest.raises(kind, match=message):
        opt.step()
    assert same(full([*params, *opt.state[params[0]].values()]), before)
    for param in [*params, plain]:
        param.grad = None
    opt.step()
    assert opt.grad_norm == 0
    return [*found, *before]


def refusals(rank: int, ranks: int, path: Path) -> Any:
    from torch.distributed.tensor import DTensor, Partial, Shard, distribute_tensor

    mesh = mesh_of(ranks)
    param = torch.nn.Parameter(distribute_tensor(torch.ones(4, 4), mesh, [Shard(0)]))
    whole = r"^param_groups\[0\]\['params'\]\[0\]: {} with these hyperparameters needs each tensor as a whole"
    for name in ("LAMB", "LARS", "NovoGrad", "StableAdamW", "Muon", "Adafactor"):
        with pytest.raises(ValueError, match=whole.format(name)):
            make(name, [param])
    with pytest.raises(ValueError, match=whole.format("AdamW")):
        adapter.AdamW([param], cautious=True)
    partial = DTensor.from_local(torch.ones(2), mesh, [Partial()])
    with pytest.raises(
        ValueError, match=r"\[0\]: expected placements Shard or Replicate, got a DTensor with .*Partial"
    ):
        make("SGD", [partial])
    opt = make("AdamW", [param])
    param.grad = distribute_tensor(torch.ones(4, 4), mesh, [Shard(0)])
    opt.step()
    opt.param_groups[0]["cautious"] = True
    before = full([param])
    with pytest.raises(ValueError, match=whole.format("AdamW")):
        opt.step()
    assert same(full([param]), before)
    opt.param_groups[0]["cautious"] = False
    opt.step()
    state = opt.state_dict()
    for bad, kind, message in (
        (torch.ones(4, 4), TypeError, r"\['exp_avg'\]: expected a DTensor as its parameter is, got Tensor"),
        (distribute_tensor(torch.ones(4, 5), mesh, [Shard(0)]), ValueError, r"expected shape \(4, 4\), got \(4, 5\)"),
    ):
        wrong = {**state, "state": {0: {**state["state"][0], "exp_avg": bad}}}
        before = full(opt.state[param].values())
        with pytest.raises(kind, match=message):
            opt.load_state_dict(wrong)
        assert same(full(opt.state[param].values()), before)
    plain = torch.nn.Parameter(torch.ones(2))
    sgd = make("SGD", [plain])
    plain.grad = torch.ones(2)
    sgd.step()
    return []


SCENARIOS: dict[str, Callable[[int, int, Path], Any]] = {
    function.__name__: function
    for function in (
        of_one_process,
        clipped,
        fsdp,
        fsdp_clipped,
        tensor_parallel,
        every_kind,
        norms,
        replaced_state,
        checkpoints,
        refusals,
        *torch_ranks.SCENARIOS,
    )
}
ON_FOUR = {name: SCENARIOS[name] for name in ("of_one_process", "clipped", "fsdp_clipped", "checkpoints", "norms")}
ON_FOUR["two_dimensions"] = two_dimensions


def rank_main(rank: int, port: int, ranks: int, path: Path) -> None:
    warnings.simplefilter("ignore")  # of what torch itself imports and calls
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), GLOO_SOCKET_IFNAME="lo")
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", rank=rank, world_size=ranks)
    results = {}
    try:
        for name, scenario in (SCENARIOS if ranks == 2 else ON_FOUR).items():
            try:
                results[name] = scenario(rank, ranks, path)
            except BaseException:
                results[name] = traceback.format_exc()
            torch.distributed.barrier()
        torch.save(results, f"{path}/{ranks}-{rank}.pt")
    finally:
        torch.distributed.destroy_process_group()


def run(ranks: int, path: Path) -> list[dict[str, Any]]:
    """What each rank has found."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    multiprocessing.set_forkserver_preload(["support.torch_nets", "torch.distributed.fsdp"])  # once for all ranks
    context = torch.multiprocessing.start_processes(
        rank_main, (port, ranks, path), nprocs=ranks, join=False, start_method="forkserver"
    )
    deadline = time.monotonic() + TIMEOUT
    try:
        while not context.join(timeout=1):  # raises what a rank raised
            assert time.monotonic() < deadline, "the ranks wait for each other"
    finally:
        for process in context.processes:
            if process.is_alive():
                process.terminate()
    return [torch.load(f"{path}/{ranks}-{rank}.pt") for rank in range(ranks)]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[dict[str, Any]]]:
    path = tmp_path_factory.mktemp("ranks")
    return {ranks: run(ranks, path) for ranks in (2, 4)}  # four load what two have saved


def check(results: list[dict[str, Any]], name: str) -> Any:
    """What all ranks have found, the same bits on each."""
    for rank, result in enumerate(results):
        assert name in result, f"rank {rank} did not come to it"
        assert not isinstance(result[name], str), f"rank {rank}:\n{result[name]}"
    assert all(same(results[0][name], other[name]) for other in results)
    return results[0][name]


@pytest.mark.parametrize(
    ("ranks", "name", "alone"),
    [
        (2, "fsdp", "of_one_process"),
        (2, "fsdp_clipped", "clipped"),
        (2, "tensor_parallel", "clipped"),
        (4, "fsdp_clipped", "clipped"),
        (4, "two_dimensions", "clipped"),
    ],
)
def test_numbers_are_those_of_one_process(ranks: int, name: str, alone: str, found: dict[int, Any]) -> None:
    expected = check(found[ranks], alone)
    assert_near(check(found[ranks], name), expected, 1e-12)


@pytest.mark.parametrize(
    "name", ["every_kind", "replaced_state", "refusals", *(s.__name__ for s in torch_ranks.SCENARIOS)]
)
def test_on_two_ranks(name: str, found: dict[int, Any]) -> None:
    check(found[2], name)


@pytest.mark.parametrize("ranks", [2, 4])
def test_norms(ranks: int, found: dict[int, Any]) -> None:
    check(found[ranks], "norms")
    assert not same(check(found[ranks], "clipped"), check(found[ranks], "of_one_process"))


def test_checkpoints_go_to_torch_and_to_more_ranks(found: dict[int, Any]) -> None:
    assert_near(check(found[4], "checkpoints"), check(found[4], "of_one_process"), 1e-12)
    check(found[2], "checkpoints")
