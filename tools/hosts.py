"""
Measure the recipes of docs/HOSTS.md and write the table at the end of that page.

    make measure-hosts

Each recipe trains with torch's default optimizer, its fused one and fastgd's in turn, in one process, and in Keras
and spaCy with their own and fastgd's. What a host prepares belongs to the time. A figure is the median, over the
rounds, of how many times longer training takes with the default. Hosts that are not installed have no row.
"""

import contextlib
import io
import logging
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
os.environ["KERAS_BACKEND"] = "torch"
import numpy as np  # noqa: E402
import torch  # noqa: E402

import fastgd.torch  # noqa: E402
import test_keras  # noqa: E402
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


Train = Callable[[], object]


def row(name: str, kinds: Sequence[Train | None]) -> str:
    """The line of a host whose training with torch's default or its own comes first; None is what it does not have."""
    times: list[list[float]] = [[] for _ in kinds]
    for number in range(-1, ROUNDS):
        for k in range(len(kinds)):
            k = (k + number) % len(kinds)
            train = kinds[k]
            if train is not None:
                taken = seconds(train)
                if number >= 0:
                    times[k].append(taken)
    ratios = [[a / b for a, b in zip(times[0], each, strict=bool(each))] for each in times[1:]]
    shown = [f"{statistics.median(each):.2f}" if each else "–" for each in ratios]
    return f"| {name} | {statistics.median(times[0]):.2f} | {' | '.join(shown)} |"


def of_torch(host: str) -> str:
    """A host that takes optimizers of torch, by its recipe."""
    train = function(recipe(host))
    name = "Adam" if host == "stable_baselines3" else "AdamW"
    theirs, ours = getattr(torch.optim, name), getattr(fastgd.torch, name)
    settings = LONGER[host]
    clipping = partial(train, ours, **settings, clip=None, max_grad_norm=1.0) if host == "lightning" else None
    kinds = [partial(train, theirs, **settings), partial(train, theirs, fused=True, **settings)]
    return row(f"{HOSTS[host]} {version(host)}", [*kinds, partial(train, ours, **settings), clipping])


def keras() -> str:
    """Keras' Adam and the adapter of docs/KERAS.md, in `fit` on the torch backend."""
    names = test_keras.recipe()
    library = names["keras"]
    inputs = np.random.default_rng(0).standard_normal((4096, 64), np.float32)
    outputs = inputs.sum(axis=1, keepdims=True)

    def train(optimizer: Callable[..., object]) -> None:
        dense = [library.layers.Dense(64, "relu"), library.layers.Dense(64, "relu"), library.layers.Dense(1)]
        model = library.Sequential([library.layers.Input((64,)), *dense])
        model.compile(optimizer(learning_rate=1e-3), loss="mse")
        model.fit(inputs, outputs, epochs=4, batch_size=64, verbose=0)

    kinds = partial(train, library.optimizers.Adam), None, partial(train, names["FastAdam"]), None
    return row(f"Keras {version('keras')}, torch backend", kinds)


def spacy() -> str:
    """A text classifier with thinc's Adam, which is spaCy's default, and fastgd's."""
    import test_spacy

    def train(name: str) -> None:
        test_spacy.update(*test_spacy.pipeline({"@optimizers": name, **test_spacy.SETTINGS}), range(40))

    return row(f"spaCy {version('spacy')}", [partial(train, "Adam.v1"), None, partial(train, "fastgd.Adam.v1"), None])


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    fastgd.set_num_threads(1)
    facts, bystanders = machine.describe(), machine.Bystanders()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        rows = [of_torch(host) for host in HOSTS if find_spec(host)]
        rows += [measure() for measure in (keras, spacy) if find_spec(measure.__name__)]
    facts["cores busy with other work"] = f"{bystanders.cores() or 0:.2f}"
    columns = "| host | default, s | fused, x | fastgd, x | fastgd with its own max_grad_norm, x |"
    table = [columns, "|---|---|---|---|---|", *rows, "", *(f"- {name}: {fact}" for name, fact in facts.items())]
    text, mark, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    PAGE.write_text(text + mark + "\n".join([*table, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
