"""
A network learns scikit-learn's handwritten digits, once with each of a dozen optimizers.

The network (64-128-10, ReLU, softmax cross-entropy) is plain NumPy. After each gradient, fastgd updates the network
and plain NumPy updates a copy of it by the same rule; the two are timed in turn, so whatever disturbs the machine
disturbs both.
"""

import importlib
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

import fastgd
from fastgd.config import config
from fastgd.optimizers.schedule_free import ScheduleFree
from fastgd.tools.bench import plain
from fastgd.tools.bench import plain_later as later
from fastgd.tools.demo.picture import draw

Arrays = dict[str, np.ndarray]

SEED = 0
BATCH = 64
EPOCHS = 30
REQUIRED_ACCURACY = 0.93


@dataclass(frozen=True)
class Run:
    """One optimizer, the NumPy function of the same rule, and the hyperparameters of both."""

    family: str
    optimizer: type[fastgd.Optimizer]
    rule: Callable[..., None]
    options: dict[str, Any]


STEEPEST = "steps along the gradient or its sign"
ADAPTIVE = "steps scaled by past gradients"
# A dozen stands for all: on these digits the rate decides more than the rule.
RUNS = [
    Run(STEEPEST, fastgd.SGD, plain.sgd, dict(lr=0.1, momentum=0.9, nesterov=True)),
    Run(STEEPEST, fastgd.SignSGD, plain.sign_sgd, dict(lr=5e-4, momentum=0.9)),
    Run(STEEPEST, fastgd.Lion, plain.lion, dict(lr=5e-4, betas=(0.9, 0.99), weight_decay=0.1)),
    Run(STEEPEST, fastgd.Rprop, plain.rprop, dict(lr=1e-3, etas=(0.7, 1.2), step_sizes=(1e-5, 1e-2))),
    Run(ADAPTIVE, fastgd.Adagrad, plain.adagrad, dict(lr=0.02)),
    Run(ADAPTIVE, fastgd.Adadelta, plain.adadelta, dict(lr=1.0, rho=0.9)),
    Run(ADAPTIVE, fastgd.RMSprop, plain.rmsprop, dict(lr=1e-3, alpha=0.99)),
    Run(ADAPTIVE, fastgd.Adam, plain.adam, dict(lr=2e-3)),
    Run(ADAPTIVE, fastgd.AdamW, plain.adamw, dict(lr=4e-3, weight_decay=0.05)),
    Run(ADAPTIVE, fastgd.Adamax, plain.adamax, dict(lr=4e-3)),
    Run(ADAPTIVE, fastgd.NAdam, plain.nadam, dict(lr=1e-3)),
    Run(ADAPTIVE, fastgd.RAdam, plain.radam, dict(lr=5e-3)),
]
LAYERS = "rates that follow the length of a parameter or of its gradient"
AVERAGED = "averages instead of a schedule"
# The others, with rates that learn these digits; `--all` runs them too.
MORE = [
    Run(STEEPEST, fastgd.ASGD, plain.asgd, dict(lr=0.5, lambd=0.0, t0=345.0)),
    Run(ADAPTIVE, fastgd.AdaBelief, plain.adabelief, dict(lr=3e-3)),
    Run(ADAPTIVE, fastgd.Yogi, plain.yogi, dict(lr=1e-2)),
    Run(ADAPTIVE, fastgd.ADOPT, plain.adopt, dict(lr=3e-3)),
    Run(ADAPTIVE, fastgd.AdEMAMix, plain.ademamix, dict(lr=2e-3)),
    Run(ADAPTIVE, fastgd.Adan, plain.adan, dict(lr=3e-3)),
    Run(ADAPTIVE, fastgd.Ftrl, plain.ftrl, dict(lr=0.5)),
    Run(ADAPTIVE, fastgd.LaProp, later.laprop, dict(lr=1e-3)),
    Run(ADAPTIVE, fastgd.Grams, later.grams, dict(lr=1e-3)),
    Run(ADAPTIVE, fastgd.AdamAtan2, later.adam_atan2, dict(lr=2e-3)),
    Run(ADAPTIVE, fastgd.AdaPNM, later.ada_pnm, dict(lr=2e-3)),
    Run(ADAPTIVE, fastgd.MADGRAD, later.madgrad, dict(lr=2e-2)),
    Run(ADAPTIVE, fastgd.MARS, later.mars, dict(lr=2e-3)),
    Run(ADAPTIVE, fastgd.StableAdamW, plain.stable_adamw, dict(lr=2e-3)),
    Run(LAYERS, fastgd.LARS, plain.lars, dict(lr=10.0, weight_decay=1e-3)),
    Run(LAYERS, fastgd.LAMB, plain.lamb, dict(lr=1e-2)),
    Run(LAYERS, fastgd.NovoGrad, plain.novograd, dict(lr=1e-2)),
    Run(AVERAGED, fastgd.ScheduleFreeSGD, plain.schedule_free_sgd, dict(lr=2.0)),
    Run(AVERAGED, fastgd.ScheduleFreeAdamW, plain.schedule_free_adamw, dict(lr=1e-2)),
    Run(AVERAGED, fastgd.ScheduleFreeRAdam, plain.schedule_free_radam, dict(lr=1e-2)),
]


@dataclass(frozen=True)
class Data:
    """Pixels in [0, 1] and digits, for training and for the test."""

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


@dataclass(frozen=True)
class Result:
    """
    The outcome of one run.

    `losses` are over the training data, before training and after each epoch. `share` is the part of the time of a
    gradient and a step that the step takes. `difference` is the largest between fastgd's parameters and NumPy's.
    """

    name: str
    family: str
    losses: list[float]
    accuracy: float
    microseconds: float
    times_faster: float
    share: float
    difference: float


def load() -> Data:
    """scikit-learn's 1,797 digits of 8 by 8 pixels; a fifth is kept for the test."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    pixels = (digits.data / 16).astype(np.float32)
    x, x_test, y, y_test = train_test_split(
        pixels, digits.target, test_size=0.2, random_state=SEED, stratify=digits.target
    )
    return Data(x, y, x_test, y_test)


def initial() -> Arrays:
    rng = np.random.default_rng(SEED)
    return {
        "W1": rng.normal(0, (2 / 64) ** 0.5, (64, 128)).astype(np.float32),
        "b1": np.zeros(128, np.float32),
        "W2": rng.normal(0, (1 / 128) ** 0.5, (128, 10)).astype(np.float32),
        "b2": np.zeros(10, np.float32),
    }


def forward(params: Arrays, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hidden activations, and the logarithms of the digits' probabilities."""
    hidden = np.maximum(x @ params["W1"] + params["b1"], 0)
    scores = hidden @ params["W2"] + params["b2"]
    scores -= scores.max(axis=1, keepdims=True)
    return hidden, scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


def loss_of(log_probabilities: np.ndarray, y: np.ndarray) -> float:
    return float(-log_probabilities[np.arange(len(y)), y].mean())


def loss_and_gradients(params: Arrays, x: np.ndarray, y: np.ndarray) -> tuple[float, Arrays]:
    hidden, log_probabilities = forward(params, x)
    error = np.exp(log_probabilities)
    error[np.arange(len(y)), y] -= 1
    error /= len(y)
    back = (error @ params["W2"].T) * (hidden > 0)
    gradients = {"W1": x.T @ back, "b1": back.sum(axis=0), "W2": hidden.T @ error, "b2": error.sum(axis=0)}
    return loss_of(log_probabilities, y), gradients


def batches(data: Data, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    order = rng.permutation(len(data.y))
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        yield data.x[chosen], data.y[chosen]


def measured(opt: fastgd.Optimizer, measure: Callable[[], float]) -> float:
    """What is measured of the parameters as they would be used: a schedule-free optimizer has their average."""
    if not isinstance(opt, ScheduleFree):
        return measure()
    opt.eval()
    result = measure()
    opt.train()
    return result


def train(run: Run, data: Data, epochs: int, progress: Any) -> Result:
    rng = np.random.default_rng(SEED)
    params, copy = initial(), initial()
    opt = run.optimizer(params, **run.options)
    states: dict[str, dict[str, Any]] = {name: {} for name in copy}

    def numpy_step(t: int, grads: Arrays) -> None:
        for name, param in copy.items():
            run.rule(param, grads[name], states[name], t, **run.options)

    def timed(function: Any, *args: Any) -> float:
        start = perf_counter()
        function(*args)
        return perf_counter() - start

    def loss() -> float:
        return loss_of(forward(params, data.x)[1], data.y)

    def accuracy() -> float:
        return float((forward(params, data.x_test)[1].argmax(axis=1) == data.y_test).mean())

    losses = [loss()]
    gradients: list[float] = []
    ours: list[float] = []
    numpys: list[float] = []
    for _ in range(epochs):
        for x, y in batches(data, rng):
            start = perf_counter()
            _, grads = loss_and_gradients(params, x, y)
            gradients.append(perf_counter() - start)
            t = len(ours) + 1
            if t % 2:
                ours.append(timed(opt.step, grads))
                numpys.append(timed(numpy_step, t, grads))
            else:
                numpys.append(timed(numpy_step, t, grads))
                ours.append(timed(opt.step, grads))
        losses.append(measured(opt, loss))
        progress.update()
    return Result(
        name=run.optimizer.__name__,
        family=run.family,
        losses=losses,
        accuracy=measured(opt, accuracy),
        microseconds=1e6 * median(ours),
        times_faster=median(b / a for a, b in zip(ours, numpys, strict=True)),
        share=median(ours) / (median(ours) + median(gradients)),
        difference=max(float(np.abs(params[name] - copy[name]).max()) for name in params),
    )


def table(results: Sequence[Result]) -> str:
    lines = [
        "                   test        µs per   × faster     share of",
        "optimizer          accuracy    step     than NumPy   training time",
    ]
    lines.extend(
        f"{r.name:<19}{r.accuracy:<12.3f}{r.microseconds:<9.1f}{r.times_faster:<13.1f}{100 * r.share:.1f} %"
        for r in results
    )
    return "\n".join(lines)


def require() -> None:
    """Exit with a clear message if what only the demonstration needs is not installed."""
    missing = []
    for module in ("sklearn", "matplotlib", "tqdm"):
        try:
            importlib.import_module(module)
        except ImportError:
            missing.append(module)
    if missing:
        sys.exit(f"the demo needs {', '.join(missing)}: pip install 'fastgd[demo]'")


def main(argv: Sequence[str] | None = None) -> int:
    """Train with each optimizer, print the table and draw the picture; 1 if an accuracy is too low."""
    parser = ArgumentParser(prog="python -m fastgd demo", description=__doc__.strip().splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("digits.png"), help="the picture (default: digits.png)")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help=f"passes over the data (default: {EPOCHS})")
    parser.add_argument("--all", action="store_true", help="every optimizer rather than a dozen")
    options = parser.parse_args(argv)
    if options.epochs < 1:
        parser.error(f"--epochs must be at least 1, got {options.epochs}")
    if not options.output.parent.is_dir():
        parser.error(f"--output: no directory {options.output.parent}")
    require()
    from tqdm import tqdm

    data = load()
    results = []
    runs = [*RUNS, *(MORE if options.all else [])]
    with tqdm(total=len(runs) * options.epochs, unit="epoch", leave=False) as progress:
        for run in runs:
            progress.set_description(f"{run.optimizer.__name__:<17}")
            results.append(train(run, data, options.epochs, progress))
    this = config()
    parameters = sum(array.size for array in initial().values())
    print(f"digits: {len(data.y)} to train, {len(data.y_test)} to test; {parameters} parameters, batches of {BATCH}")
    print(f"{this['cpu']}; {this['instruction set']}, threads: {this['threads']}; NumPy {this['numpy']}")
    print(f"\n{table(results)}\n")
    draw(results, options.output)
    print(f"loss curves: {options.output}")
    low = [f"{r.name} {r.accuracy:.3f}" for r in results if r.accuracy <= REQUIRED_ACCURACY]
    if low:
        print(f"accuracy of {REQUIRED_ACCURACY} or less: {', '.join(low)}", file=sys.stderr)
    return 1 if low else 0
