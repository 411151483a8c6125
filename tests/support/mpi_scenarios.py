"""
What ranks of fastgd.mpi do and find, each a function of a communicator; they compare with one process by themselves.

As a script it runs those that are named, and the example of docs/MPI.md, under mpirun.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import formats
from fastgd.mpi import Sharded

SHAPES = {"table": (40, 3), "bias": (7,), "scale": (), "none": (0, 2), "conv": (2, 3, 4)}
SETTINGS: dict[str, dict[str, Any]] = {
    "AdamW": dict(lr=0.01, weight_decay=0.1, amsgrad=True),
    "SGD": dict(lr=0.1, momentum=0.9, nesterov=True),
    "Lion": dict(lr=0.01),
    "NAdam": dict(lr=0.01),
    "ScheduleFreeAdamW": dict(lr=0.01),
}
BY_TENSORS: dict[str, dict[str, Any]] = {
    "LAMB": dict(lr=0.01),
    "LARS": dict(lr=0.01),
    "Adafactor": dict(lr=0.01),
    "AdamW": dict(lr=0.01, cautious=True),
}


def values(seed: int, dtype: Any = np.float32) -> dict[str, np.ndarray]:
    """Arrays whose sums over a few ranks are exact, one of them in Fortran order."""
    rng = np.random.default_rng(seed)
    made = {name: np.asarray(rng.integers(-64, 64, shape) / 64).astype(dtype) for name, shape in SHAPES.items()}
    return {**made, "table": np.asfortranarray(made["table"])}


def same(a: Any, b: Any) -> bool:
    a, b = (np.asarray(formats.asarray(each)) for each in (a, b))
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def same_state(a: dict[str, Any], b: dict[str, Any]) -> bool:
    assert a["param_groups"] == b["param_groups"]
    assert a["completed"] == b["completed"]
    assert {i: set(entry) for i, entry in a["state"].items()} == {i: set(entry) for i, entry in b["state"].items()}
    return all(same(array, b["state"][i][key]) for i, entry in a["state"].items() for key, array in entry.items())


def total(t: int, ranks: int, dtype: Any = np.float32) -> dict[str, np.ndarray]:
    """The gradients of all ranks, added in order."""
    parts = [values(1000 * t + rank, dtype) for rank in range(ranks)]
    return {name: np.asarray(sum(part[name] for part in parts)).astype(dtype) if name != "table"
            else np.asfortranarray(sum(part[name] for part in parts)) for name in SHAPES}  # fmt: skip


def compare(comm: Any, name: str, settings: dict[str, Any], dtype: Any = np.float32, steps: int = 3) -> Any:
    """Steps of all ranks beside those of one process; returns the optimizers."""
    ranks, rank = comm.Get_size(), comm.Get_rank()
    ours, theirs = values(7, dtype), values(7, dtype)
    sharded = Sharded(ours, getattr(fastgd, name), comm, buffer=100, **settings)
    one = getattr(fastgd, name)(theirs, **settings)
    for t in range(1, steps + 1):
        sharded.step(values(1000 * t + rank, dtype), grad_scale=0.5)
        one.step(total(t, ranks, dtype), grad_scale=0.5 / ranks)
        assert all(same(ours[key], theirs[key]) for key in SHAPES), (name, t)
    assert same_state(sharded.state_dict(), one.state_dict()), name
    return sharded, one


def elements(comm: Any) -> None:
    for name, settings in SETTINGS.items():
        sharded, _ = compare(comm, name, settings)
        held = [part.size for part in sharded.shard._steps.params]
        assert sum(comm.allgather(sum(held))) == sum(np.prod(shape, dtype=int) for shape in SHAPES.values())
        assert max(comm.allgather(sum(held))) <= sum(comm.allgather(sum(held))) / comm.Get_size() + 16
    compare(comm, "AdamW", SETTINGS["AdamW"], np.float64)
    compare(comm, "SGD", dict(lr=0.1, momentum=0.9, master_weights=True), np.float16)


def tensors(comm: Any) -> None:
    for name, settings in BY_TENSORS.items():
        compare(comm, name, settings)
    ours, theirs = ({"a": np.ones((4, 3)), "b": np.full((2, 5), 2.0)} for _ in range(2))
    grads = {"a": np.arange(12.0).reshape(4, 3), "b": np.ones((2, 5))}
    for kind in (fastgd.Muon, fastgd.RowWiseAdagrad):
        sharded, one = Sharded(ours, kind, comm), kind(theirs)
        sharded.step(grads)
        one.step({name: grad * comm.Get_size() for name, grad in grads.items()}, grad_scale=1 / comm.Get_size())
        assert all(same(ours[name], theirs[name]) for name in ours)
        assert same_state(sharded.state_dict(), one.state_dict())


def together(comm: Any) -> None:
    """Norms, skipped steps and sums over all parameters are of all ranks; only the order of additions is another."""
    ranks, rank = comm.Get_size(), comm.Get_rank()
    for name, settings in (
        ("AdamW", dict(lr=0.01, max_grad_norm=0.1, skip_nonfinite=True)),
        ("Prodigy", {}),
        ("DAdaptAdam", dict(max_grad_norm=1.0)),
    ):
        ours, theirs = values(7, np.float64), values(7, np.float64)
        sharded = Sharded(ours, getattr(fastgd, name), comm, **settings)
        one = getattr(fastgd, name)(theirs, **settings)
        for t in range(1, 6):
            # Of one sign, so that there is a way to go for those that look for their rate.
            parts = [
                {name: np.abs(g) + 1 for name, g in values(1000 * t + k, np.float64).items()} for k in range(ranks)
            ]
            grads, added = parts[rank], {name: np.add.reduce([part[name] for part in parts]) for name in SHAPES}
            added["table"] = np.asfortranarray(added["table"])
            if t == 2 and name == "AdamW":
                added["bias"][0] = np.nan
                if rank == ranks - 1:
                    grads["bias"][0] = np.nan
            sharded.step(grads)
            one.step(added, grad_scale=1 / ranks)
            for key in SHAPES:
                np.testing.assert_allclose(ours[key], theirs[key], rtol=1e-10, atol=1e-12)
            assert all(same(ours[key], array) for other in comm.allgather(ours) for key, array in other.items())
            if t != 2 and one.grad_norm is not None:
                assert sharded.grad_norm == pytest.approx(one.grad_norm, rel=1e-14)
        assert sharded.skipped_steps == one.skipped_steps == (name == "AdamW")
        if name != "AdamW":
            assert sharded.shard.d == pytest.approx(one.d, rel=1e-12)
            assert sharded.shard.d > 1e-6


def groups(comm: Any) -> None:
    """Groups of several dtypes, schedules, parameters without gradients, and averages."""
    ranks = comm.Get_size()

    def make() -> list[Any]:
        return [
            {"params": {"w": np.ones((5, 3), np.float32)}, "lr": fastgd.schedules.linear(0.1, 10)},
            {"params": {"b": np.ones(9), "c": np.ones(20, np.float16)}, "weight_decay": 0.5},
        ]

    ours, theirs = make(), make()
    sharded = Sharded(ours, fastgd.AdamW, comm, ema_decay=0.5)
    one = fastgd.AdamW(theirs, ema_decay=0.5)
    for t in range(3):
        given = [{"w": np.full((5, 3), t + 1, np.float32)}, {"b": None if t == 1 else np.ones(9), "c": None}]
        sharded.step(given)
        one.step([{n: None if g is None else g * g.dtype.type(ranks) for n, g in part.items()} for part in given],
                 grad_scale=1 / ranks)  # fmt: skip
    gathered = sharded.state_dict(root=ranks - 1)
    assert gathered is None if comm.Get_rank() < ranks - 1 else same_state(gathered, one.state_dict())
    with sharded.shard.averaged(), one.averaged():
        sharded.gather()
        assert same(ours[0]["params"]["w"], theirs[0]["params"]["w"])
    sharded.gather()
    for a, b in zip(ours, theirs, strict=True):
        assert all(same(a["params"][name], b["params"][name]) for name in a["params"])
    assert sharded.steps_completed == 3
    assert sharded.param_groups[0]["lr"] is ours[0]["lr"]


def refused(comm: Any, at: int, kind: type[Exception], message: str, call: Callable[[], Any]) -> None:
    """The rank `at` raises its own error, and all others raise one that names it; -1: all raise the same."""
    others = rf"rank {at} has refused"
    mine = at in (-1, comm.Get_rank())
    with pytest.raises(kind if mine else RuntimeError, match=message if mine else others):
        call()


def refusals(comm: Any) -> None:
    ranks, rank = comm.Get_size(), comm.Get_rank()
    if ranks == 1:
        return
    w = np.ones(50, np.float32)
    last = rank == ranks - 1
    refused(comm, ranks - 1, TypeError, "^params: expected dtype",
            lambda: Sharded(np.ones(3, int) if last else w, fastgd.SGD, comm))  # fmt: skip
    refused(comm, -1, ValueError, r"^params: shape: expected the same on all ranks, got \(50,\) on rank 0 and \(49,\)",
            lambda: Sharded(np.ones(49, np.float32) if last else w, fastgd.SGD, comm))  # fmt: skip
    refused(comm, -1, ValueError, "checksum of the elements: expected the same on all ranks",
            lambda: Sharded(np.full(50, rank, np.float32), fastgd.SGD, comm))  # fmt: skip
    refused(comm, -1, ValueError, "^rounding: bits of 'stochastic'",
            lambda: Sharded(w, fastgd.SGD, comm, rounding="stochastic"))  # fmt: skip
    refused(comm, -1, TypeError, "^kind must be an optimizer class", lambda: Sharded(w, "SGD", comm))
    opt = Sharded(w, fastgd.SGD, comm, lr=1.0, momentum=0.5, max_grad_norm=1e9)
    good = np.ones(50, np.float32)
    before = comm.allgather((w.copy(), opt.state_dict()))[rank]
    refused(comm, ranks - 1, ValueError, r"^grads: expected shape \(50,\), got \(2,\)",
            lambda: opt.step(good[:2] if last else good))  # fmt: skip
    refused(comm, ranks - 1, TypeError, "^grads: expected a numpy.ndarray",
            lambda: opt.step("nothing" if last else good))  # fmt: skip
    refused(comm, -1, ValueError, "^grads is None: expected the same on all ranks, got False on rank 0 and True",
            lambda: opt.step(None if last else good))  # fmt: skip
    refused(comm, -1, ValueError, "^grad_scale: expected the same", lambda: opt.step(good, grad_scale=1.0 + rank))
    opt.param_groups[0]["lr"] = 1.0 + last
    refused(comm, -1, ValueError, r"^param_groups\[0\]\['lr'\]: expected the same on all ranks, got 1.0 on rank 0",
            lambda: opt.step(good))  # fmt: skip
    opt.param_groups[0]["lr"] = -1.0 if last else 1.0
    refused(comm, ranks - 1, ValueError, r"^param_groups\[0\]\['lr'\] must be", lambda: opt.step(good))
    opt.param_groups[0]["lr"] = 1.0
    opt.shard._steps.__enter__()  # as if another thread were inside a step
    if not last:
        opt.shard._steps.__exit__()
    refused(
        comm,
        ranks - 1,
        RuntimeError,
        "in use by another thread",
        lambda: opt._update([np.zeros_like(part) for part in opt.shard._steps.params], 1.0),
    )
    if last:
        opt.shard._steps.__exit__()
    assert same(w, before[0])
    assert same_state(opt.state_dict(), before[1])
    opt.step(good)
    assert same(w, np.zeros(50, np.float32))
    adam = Sharded(w, fastgd.AdamW, comm)
    adam.param_groups[0]["cautious"] = True
    refused(comm, -1, ValueError, "needs whole tensors", lambda: adam.step(good))
    state = opt.state_dict()
    wrong = {**state, "state": {0: {**state["state"][0], "momentum_buffer": np.ones(3, np.float32)}}}
    refused(comm, ranks - 1, ValueError, r"\['momentum_buffer'\]: expected shape \(50,\), got \(3,\)",
            lambda: opt.load_state_dict(wrong if last else {**state, "completed": 99}))  # fmt: skip
    assert same_state(opt.state_dict(), state)
    with pytest.raises(ValueError, match=rf"^root must be None or in \[0, {ranks}\), got {ranks}"):
        opt.state_dict(root=ranks)
    with pytest.raises(TypeError, match="cannot be copied or pickled"):
        opt.__reduce__()


def spoiled_blocks(comm: Any) -> None:
    """A gradient that would spoil the blocks of one rank is refused on all, with a norm and without."""
    ranks, rank = comm.Get_size(), comm.Get_rank()
    refused(comm, -1, ValueError, "^state_dtype: blocks begin at the first element of a part",
            lambda: Sharded(np.ones(9, np.float32), fastgd.AdamW, comm, state_dtype="8bit"))  # fmt: skip
    for settings, bad in (({}, np.nan), ({"max_grad_norm": 1.0}, np.inf), ({"max_grad_norm": 1e30}, 1e25)):
        w = {f"w{k}": np.ones(5000, np.float32) for k in range(ranks)} | {"b": np.ones(20, np.float32)}
        grads = {key: np.ones(array.shape, np.float32) for key, array in w.items()}
        opt = Sharded(w, fastgd.AdamW, comm, state_dtype="8bit", cautious=True, **settings)
        opt.step(grads)
        before = {key: array.copy() for key, array in w.items()}, opt.state_dict()
        assert before[1]["state"][0]["exp_avg"].dtype == np.uint8
        grads["w0"][4000] = bad  # whose state is on one rank
        at = [part[0][1] > 0 for part in opt.ranges].index(True)
        expected = "beside state in 8 bits" if rank == at else f"^rank {at} has refused the update of its part"
        with pytest.raises(ValueError if rank == at else RuntimeError, match=expected):
            opt.step(grads)
        assert all(same(w[key], array) for key, array in before[0].items()), settings
        assert same_state(opt.state_dict(), before[1]), settings
        grads["w0"][4000] = 1.0
        opt.step(grads)
        assert opt.steps_completed == 2


def checkpoints(comm: Any) -> None:
    """From one process to these ranks, and back, by state dicts and by files."""
    ranks = comm.Get_size()
    for name, settings in (*SETTINGS.items(), ("LAMB", {}), ("Adafactor", {})):
        sharded, one = compare(comm, name, settings)
        state = sharded.state_dict(root=ranks - 1)
        assert (state is None) == (comm.Get_rank() != ranks - 1)
        state = comm.allgather(state)[-1]
        again = values(7)
        other = Sharded(again, getattr(fastgd, name), comm)
        other.load_state_dict(one.state_dict())
        assert same_state(other.state_dict(), state)
        alone = getattr(fastgd, name)(values(7))
        alone.load_state_dict(state)
        assert same_state(alone.state_dict(), state)
    folder = comm.allgather(tempfile.mkdtemp() if comm.Get_rank() == 0 else "")[0]
    path = Path(folder, "run.safetensors")
    sharded.shard.max_grad_norm = 5.0
    sharded.save(path, params=sharded._original, extra={"epoch": 3})
    resumed, alone = values(8), values(8)
    comm.allgather(None)
    other = Sharded(resumed, fastgd.Adafactor, comm)
    assert other.load(path, params=resumed) == {"epoch": 3}
    plain = fastgd.Adafactor(alone)
    fastgd.load(path, plain, params=alone)
    assert same_state(other.state_dict(), plain.state_dict())
    assert all(same(resumed[name], alone[name]) for name in SHAPES)
    assert other.shard.max_grad_norm == plain.max_grad_norm == 5.0
    refused(comm, 0, OSError, "nowhere", lambda: sharded.save(Path(folder, "nowhere", "x")))


SCENARIOS = (elements, tensors, together, groups, refusals, spoiled_blocks, checkpoints)


def code_of_docs(number: int) -> str:
    """A block of code of docs/MPI.md."""
    page = Path(__file__).resolve().parents[2] / "docs" / "MPI.md"
    return page.read_text(encoding="utf-8").split("```python\n")[number + 1].partition("```")[0]


def main() -> None:
    from mpi4py import MPI

    for scenario in SCENARIOS:
        if scenario.__name__ in sys.argv[1:]:
            scenario(MPI.COMM_WORLD)
    found: dict[str, Any] = {"print": list}
    exec(code_of_docs(0), found)
    np.testing.assert_allclose(found["params"]["w"], [1, 2, 3], atol=0.05)
    if MPI.COMM_WORLD.Get_rank() == 0:
        sys.stdout.write(f"{MPI.COMM_WORLD.Get_size()} ranks\n")


if __name__ == "__main__":
    main()
