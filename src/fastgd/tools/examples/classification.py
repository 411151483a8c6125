"""Logistic regression in batches: scikit-learn's breast cancer data, or the Titanic passengers from a file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import fastgd
from fastgd import textbook
from fastgd.tools.examples import figures, titanic
from fastgd.tools.examples.common import each_epoch, scaled, table

RATES = {"sgd": 0.5, "momentum": 0.05, "adagrad": 0.3, "rmsprop": 0.01, "adam": 0.02, "nadam": 0.02}
BATCH = 32
PENALTY = 1e-3


@dataclass(frozen=True)
class Split:
    """Standardised features and classes, to learn from and to be tested on."""

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    names: tuple[str, ...]
    title: str
    classes: tuple[str, str]


def load(csv: Path | None) -> Split:
    from sklearn.datasets import load_breast_cancer
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    if csv is None:
        data = load_breast_cancer()
        x, y, names = data.data, data.target, tuple(map(str, data.feature_names))
        title, classes = "breast cancer", ("malignant", "benign")
    else:
        passengers = titanic.load(csv)
        x, y, names = passengers.x, passengers.y, passengers.names
        title, classes = "Titanic", ("died", "survived")
    x, x_test, y, y_test = train_test_split(x, y, test_size=0.25, random_state=0, stratify=y)
    x, x_test = titanic.fill(x, x), titanic.fill(x_test, x)
    scaler = StandardScaler().fit(x)
    return Split(scaler.transform(x), y, scaler.transform(x_test), y_test, names, title, classes)


def cost(theta: np.ndarray, index: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Logistic loss of ``x @ w + b`` with a small penalty on w; ``theta = (w..., b)``."""
    w, rows = theta[:-1], x[index]
    value, gradient = textbook.logistic(rows @ w + theta[-1], y[index])
    slope = np.append(rows.T @ gradient + PENALTY * w, gradient.sum())
    return value + 0.5 * PENALTY * float(w @ w), slope


def accuracy(theta: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    return float(((x @ theta[:-1] + theta[-1] > 0) == y).mean())


def train(split: Split, name: str, epochs: int) -> tuple[Any, list[float]]:
    """The result of one optimizer, and the cost over all after each epoch."""
    updates = -(-len(split.y) // BATCH)
    everything = np.arange(len(split.y))
    start = np.zeros(split.x.shape[1] + 1)
    values = [cost(start, everything, split.x, split.y)[0]]

    def note(theta: np.ndarray) -> None:
        values.append(cost(theta, everything, split.x, split.y)[0])

    result = fastgd.minimize(
        cost, start, jac=True, args=(split.x, split.y), optimizer=name, lr=RATES[name], max_iter=epochs * updates,
        n_samples=len(split.y), batch_size=min(BATCH, len(split.y)), seed=0, gtol=None,
        callback=each_epoch(updates, note),
    )  # fmt: skip
    return result, values


def run(output: Path, budget: float = 1.0, csv: Path | None = None) -> None:
    from sklearn.linear_model import LogisticRegression

    split = load(csv)
    figure, (left, right) = figures.grid(1, 2, (14, 5.2))
    rows: list[tuple[Any, ...]] = []
    theta = np.zeros(split.x.shape[1] + 1)
    for i, name in enumerate(RATES):
        result, values = train(split, name, scaled(40, budget))
        theta = result.x
        rows.append((name, RATES[name], float(result.fun), accuracy(theta, split.x, split.y),
                     accuracy(theta, split.x_test, split.y_test)))  # fmt: skip
        left.plot(values, color=figures.COLOURS[i], label=f"{name}, {RATES[name]:g}")
    exact = LogisticRegression(C=1 / (PENALTY * len(split.y)), max_iter=10_000).fit(split.x, split.y)
    best = np.append(exact.coef_[0], exact.intercept_)
    least = cost(best, np.arange(len(split.y)), split.x, split.y)[0]
    rows.append(("scikit-learn", "-", least, accuracy(best, split.x, split.y),
                 accuracy(best, split.x_test, split.y_test)))  # fmt: skip
    print(f"{split.title}: {len(split.y)} to learn from, {len(split.y_test)} to test")
    table(("optimizer", "learning rate", "cost", "accuracy", "in the test"), rows)
    left.axhline(least, color="black", linestyle=":", label="least (scikit-learn)")
    figures.finish(left, f"{split.title}: cost after each epoch", "epoch", "logistic loss with penalty", yscale="log")
    left.legend(title="optimizer, learning rate")

    order = np.argsort(-np.abs(theta[:-1]))[:10][::-1]
    colours = [figures.COLOURS[0] if theta[i] > 0 else figures.COLOURS[1] for i in order]
    right.barh([split.names[i] for i in order], theta[order], color=colours)
    widest = 1.1 * float(np.abs(theta[order]).max())
    right.set_xlim(-widest, widest)
    right.axvline(0, color="black", linewidth=0.8)
    figures.finish(right, f"ten largest weights: {split.classes[0]} to the left, {split.classes[1]} to the right",
                   "weight of the standardised feature", "")  # fmt: skip
    figures.save(figure, output, "classification" if csv is None else "titanic")
