"""
Measure the recipes of docs/HOSTS.md and write the table at the end of that page.

    make measure-hosts

Each recipe trains with torch's default optimizer, its fused one and fastgd's in turn, in one process; what a host
prepares belongs to the time. A figure is the median, over the rounds, of how many times longer training takes with the
default. Hosts that are not installed have no row.
"""

import contextlib
import io
import logging
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
import torch  # noqa: E402

import fastgd.torch  # noqa: E402
from fastgd.tools.bench import machine  # noqa: E402
from test_hosts import HOSTS, PAGE, function, recipe  # noqa: E402

MARK = "<!-- measured by tools/hosts.py -->\n\n"
ROUNDS = 9
# Arguments of a recipe with which most of its time is training.
LONGER = {
    "lightning": dict(epochs=12),
    "transformers": dict(steps=24),
    "accelerate": dict(epochs=12),
    "skorch": dict(epochs=12),
    "stable_baselines3": dict(steps=1024),
    "optuna": dict(trials=10),
}


def seconds(train: Callable[[], object]) -> float:
    started = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        train()
    return time.perf_counter() - started


def row(host: str) -> str:
    train = function(recipe(host))
    name = "Adam" if host == "stable_baselines3" else "AdamW"
    theirs, ours = getattr(torch.optim, name), getattr(fastgd.torch, name)
    kinds = [(theirs, {}), (theirs, {"fused": True}), (ours, {})]
    if host == "lightning":
        kinds.append((ours, {"clip": None, "max_grad_norm": 1.0}))
    times: list[list[float]] = [[] for _ in kinds]
    for number in range(-1, ROUNDS):
        for k in range(len(kinds)):
            k = (k + number) % len(kinds)
            optimizer, settings = kinds[k]
            taken = seconds(lambda: train(optimizer, **LONGER[host], **settings))  # noqa: B023
            if number >= 0:
                times[k].append(taken)
    ratios = [statistics.median(a / b for a, b in zip(times[0], each, strict=True)) for each in times[1:]]
    shown = [f"{ratio:.2f}" for ratio in ratios] + ["–"] * (3 - len(ratios))
    return f"| {HOSTS[host]} {version(host)} | {statistics.median(times[0]):.2f} | {' | '.join(shown)} |"


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    fastgd.set_num_threads(1)
    facts, bystanders = machine.describe(), machine.Bystanders()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        rows = [row(host) for host in HOSTS if find_spec(host)]
    facts["cores busy with other work"] = f"{bystanders.cores() or 0:.2f}"
    columns = "| host | default, s | fused, x | fastgd, x | fastgd with its own max_grad_norm, x |"
    table = [columns, "|---|---|---|---|---|", *rows, "", *(f"- {name}: {fact}" for name, fact in facts.items())]
    text, mark, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    PAGE.write_text(text + mark + "\n".join([*table, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
