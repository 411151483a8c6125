"""fastgd.torch on two ranks: DistributedDataParallel and ZeroRedundancyOptimizer give what one process gives."""

import os
import pickle
import socket
import subprocess
import sys
import textwrap
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.torch_nets import adapter, assert_near, batch, network, same, torch, train

pytestmark = pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without distributed")
ROOT = Path(__file__).resolve().parent.parent
RANKS = 2
STEPS = 6
TIMEOUT = 120


def zero(params: Any, *args: Any, **arguments: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what torch itself imports there
        from torch.distributed.optim import ZeroRedundancyOptimizer

    return ZeroRedundancyOptimizer(params, *args, **arguments)


KINDS = {
    "ddp": lambda params: adapter.AdamW(params, lr=0.05),
    "zero": lambda params: zero(params, adapter.AdamW, lr=0.05),
    "zero_sgd": lambda params: zero(params, adapter.SGD, lr=0.05, momentum=0.9, parameters_as_bucket_view=True),
    "zero_value": lambda params: zero(params, adapter.AdamW, lr=0.05, max_grad_value=0.01),
    "zero_norm": lambda params: zero(params, adapter.AdamW, lr=0.05, max_grad_norm=0.1, skip_nonfinite=True),
    "zero_empty_rank": lambda params: zero(list(params)[:1], adapter.AdamW, lr=0.05, max_grad_norm=0.1),
}


def alone(kind: Any) -> Any:
    net = network(torch.float64)
    params = list(net.parameters())[: 1 if kind == "zero_empty_rank" else None]
    opt = adapter.SGD(params, lr=0.05, momentum=0.9) if kind == "zero_sgd" else adapter.AdamW(params, lr=0.05)
    opt.max_grad_value = 0.01 if kind == "zero_value" else None
    opt.max_grad_norm = 0.1 if kind in ("zero_norm", "zero_empty_rank") else None
    train(net, opt, range(STEPS))
    return net, opt


def learned(rank: int, kind: str) -> dict[str, Any]:
    """A rank's network after its training."""
    net = network(torch.float64, seed=rank)  # rank 0's parameters are broadcast
    parallel = torch.nn.parallel.DistributedDataParallel(net)
    opt = KINDS[kind](net.parameters())
    for t in range(STEPS):
        if t == 3 and kind.startswith("zero"):
            opt = resumed(opt, kind, net)
        opt.zero_grad()
        x, y = (part.chunk(RANKS)[rank] for part in batch(t, net))
        (parallel(x) - y).square().mean().backward()
        opt.step()
    return net.state_dict()


def rank_main(rank: int, port: int, path: Path) -> None:
    """All kinds one after the other: to begin a process takes longer than they do."""
    warnings.simplefilter("error")
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), GLOO_SOCKET_IFNAME="lo")
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", rank=rank, world_size=RANKS)
    results: dict[str, Any] = {}
    try:
        for kind in KINDS:
            try:
                results[kind] = learned(rank, kind)
            except Exception:
                results[kind] = traceback.format_exc()
            torch.distributed.barrier()
        torch.save(results, f"{path}/{rank}.pt")
    finally:
        torch.distributed.destroy_process_group()


def resumed(opt: Any, kind: Any, net: Any) -> Any:
    """Another optimizer with the state of `opt`, gathered on rank 0 and given to all."""
    opt.consolidate_state_dict()
    state = [opt.state_dict() if torch.distributed.get_rank() == 0 else None]
    torch.distributed.broadcast_object_list(state)
    other = KINDS[kind](net.parameters())
    other.load_state_dict(state[0])
    return other


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each rank has found, by kind."""
    path = tmp_path_factory.mktemp("ranks")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = torch.multiprocessing.spawn(rank_main, (port, path), nprocs=RANKS, join=False)
    deadline = time.monotonic() + TIMEOUT
    try:
        while not context.join(timeout=1):  # raises what a rank raised
            assert time.monotonic() < deadline, "the ranks wait for each other"
    finally:
        for process in context.processes:
            if process.is_alive():
                process.terminate()
    return [torch.load(f"{path}/{rank}.pt") for rank in range(RANKS)]


@pytest.mark.parametrize("kind", KINDS)
def test_two_ranks_equal_one_process(kind: str, found: list[dict[str, Any]]) -> None:
    nets = [results[kind] for results in found]
    for rank, ours in enumerate(nets):
        assert not isinstance(ours, str), f"rank {rank}:\n{ours}"
    assert same(*nets)
    net, _ = alone(kind)
    assert_near(list(net.state_dict().values()), list(nets[0].values()), 1e-12)


@pytest.fixture
def one_rank(tmp_path: Path) -> Iterator[None]:
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meet", rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


@pytest.mark.parametrize("name", ["max_grad_norm", "skip_nonfinite"])
@pytest.mark.usefixtures("one_rank")
def test_norms_are_refused_where_the_processes_are_not_known(name: str) -> None:
    """A copy would see its own gradients alone, and clip by their norm or leave the step out by itself."""
    part = pickle.loads(pickle.dumps(zero(network().parameters(), adapter.SGD).optim))
    expected = rf"^{name} looks at all gradients together, .* torch\.nn\.utils\.clip_grad_norm_ of all of the model's"
    with pytest.raises(ValueError, match=expected):
        setattr(part, name, 1.0 if name == "max_grad_norm" else True)


@pytest.mark.usefixtures("one_rank")
def test_sums_over_all_parameters_are_refused_where_the_processes_are_not_known() -> None:
    part = pickle.loads(pickle.dumps(zero(network().parameters(), adapter.Prodigy, lr=1.0).optim))
    with pytest.raises(ValueError, match=r"^this Prodigy is a copy, which does not know the processes"):
        part.step()


@pytest.mark.usefixtures("one_rank")
def test_settings_that_mean_the_same_for_a_part() -> None:
    opt = zero(network().parameters(), adapter.SGD, max_grad_norm=None, max_grad_value=0.5, skip_nonfinite=False)
    assert opt.optim.max_grad_value == 0.5
    opt.step()
    opt.param_groups[0]["max_grad_value"] = 0.1  # which the rank's optimizer cannot follow
    with pytest.raises(ValueError, match=r"param_groups\[0\]: max_grad_value is for all groups together"):
        opt.step()
    whole = adapter.SGD(network().parameters(), max_grad_norm=1.0, skip_nonfinite=True)
    assert whole.max_grad_norm == 1.0


@pytest.mark.parametrize("attribute", ["_is_flat_param", "_fsdp_flattened"])
def test_norms_over_what_fsdp_leaves_of_a_parameter_are_refused(attribute: str) -> None:
    param = torch.nn.Parameter(torch.ones(3))
    setattr(param, attribute, True)
    expected = "^max_grad_norm looks at all gradients together, .* clip_grad_norm_ of the FullyShardedDataParallel"
    with pytest.raises(ValueError, match=expected):
        adapter.SGD([param], max_grad_norm=1.0)
    opt = adapter.SGD([param])
    with pytest.raises(ValueError, match=expected):
        opt.max_grad_norm = 1.0
    assert opt.max_grad_norm is None


@pytest.mark.usefixtures("one_rank")
def test_step_in_backward_refuses_what_averages_later() -> None:
    parallel = torch.nn.parallel.DistributedDataParallel(network())
    with pytest.raises(TypeError, match=r"^model_or_params: DistributedDataParallel averages gradients too late"):
        adapter.step_in_backward(parallel, adapter.AdamW)


def test_the_example_in_the_documentation() -> None:
    """It is the script in examples/, and on two ranks it finds the same weights as on one."""
    script = ROOT / "examples" / "ranks.py"
    _, body = script.read_text(encoding="utf-8").split('"""\n\n', 1)
    assert textwrap.indent(body, "    ") in (ROOT / "docs/TORCH.md").read_text(encoding="utf-8")
    environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    one = {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0"}  # as the launcher says it
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    printed = []
    for words, variables in (([], one), (launcher, {})):
        command = [sys.executable, *words, script]
        run = subprocess.run(
            command, env=environment | variables, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
        assert run.returncode == 0, run.stderr
        printed.append([float(word) for word in run.stdout.split()])
    assert printed[0] == pytest.approx(printed[1], abs=2e-3)
    assert printed[0] == pytest.approx([1, 2, 3], abs=0.2)
