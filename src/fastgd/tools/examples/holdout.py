"""A NumPy network on handwritten digits: cross-validation chooses the rate, a held-out part tests it."""

from pathlib import Path
from typing import Any

import numpy as np

import fastgd
from fastgd import schedules, textbook
from fastgd.tools.examples import figures
from fastgd.tools.examples.common import scaled, table

HIDDEN, BATCH, FOLDS = 32, 32, 5
RATES = (1e-4, 1e-3, 1e-2, 1e-1)

Arrays = dict[str, np.ndarray]


def initial(seed: int) -> Arrays:
    rng = np.random.default_rng(seed)
    return {
        "W1": rng.normal(0, (2 / 64) ** 0.5, (64, HIDDEN)),
        "b1": np.zeros(HIDDEN),
        "W2": rng.normal(0, (1 / HIDDEN) ** 0.5, (HIDDEN, 10)),
        "b2": np.zeros(10),
    }


def forward(params: Arrays, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    hidden = np.maximum(x @ params["W1"] + params["b1"], 0)
    return hidden, hidden @ params["W2"] + params["b2"]


def gradients(params: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
    hidden, scores = forward(params, x)
    _, error = textbook.cross_entropy(scores, y)
    back = (error @ params["W2"].T) * (hidden > 0)
    return {"W1": x.T @ back, "b1": back.sum(axis=0), "W2": hidden.T @ error, "b2": error.sum(axis=0)}


def accuracy(params: Arrays, x: np.ndarray, y: np.ndarray) -> float:
    return float((forward(params, x)[1].argmax(axis=1) == y).mean())


def train(x: np.ndarray, y: np.ndarray, rate: float, epochs: int, watched: Any = ()) -> tuple[Arrays, list[Any]]:
    """A network, and after each epoch its losses on the parts that are watched."""
    rng, params = np.random.default_rng(0), initial(0)
    updates = epochs * -(-len(y) // BATCH)
    opt = fastgd.Adam(params, lr=schedules.cosine(rate, updates))
    losses = []
    for _ in range(epochs):
        order = rng.permutation(len(y))
        for start in range(0, len(y), BATCH):
            chosen = order[start : start + BATCH]
            opt.step(gradients(params, x[chosen], y[chosen]))
        losses.append([textbook.cross_entropy(forward(params, part)[1], labels)[0] for part, labels in watched])
    return params, losses


def run(output: Path, budget: float = 1.0) -> None:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import StratifiedKFold, train_test_split

    epochs = scaled(30, budget)
    data = load_digits()
    x, x_test, y, y_test = train_test_split(
        data.data / 16, data.target, test_size=0.25, random_state=0, stratify=data.target
    )
    folds = list(StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(x, y))
    scores = np.array([
        [accuracy(train(x[a], y[a], rate, epochs)[0], x[b], y[b]) for a, b in folds] for rate in RATES
    ])  # fmt: skip
    means = scores.mean(axis=1)
    chosen = RATES[int(means.argmax())]
    rows = [(rate, *map(float, row), float(mean)) for rate, row, mean in zip(RATES, scores, means, strict=True)]
    table(("learning rate", *(f"fold {i + 1}" for i in range(FOLDS)), "mean"), rows)
    params, _ = train(x, y, chosen, epochs)
    tested = accuracy(params, x_test, y_test)
    print(f"\nchosen: learning rate {chosen}; accuracy on the {len(y_test)} digits held out: {tested:.3f}")

    figure, (left, right) = figures.grid(1, 2, (13, 5))
    places = np.arange(len(RATES))
    left.plot(np.repeat(places, FOLDS), scores.ravel(), ".", color=figures.COLOURS[5], label="one fold")
    left.plot(places, means, "o-", color=figures.COLOURS[0], label="mean of the folds")
    left.plot(RATES.index(chosen), tested, "*", color=figures.COLOURS[1], markersize=15, label="held out")
    left.set_xticks(places, [f"{rate:g}" for rate in RATES])
    figures.finish(left, f"accuracy in {FOLDS}-fold cross-validation", "first learning rate of Adam", "accuracy")
    left.legend()
    a, b = folds[0]
    for rate, colour in ((chosen, figures.COLOURS[0]), (RATES[-1], figures.COLOURS[1])):
        losses = np.array(train(x[a], y[a], rate, epochs, [(x[a], y[a]), (x[b], y[b])])[1])
        epoch = np.arange(1, epochs + 1)
        right.plot(epoch, losses[:, 1], color=colour, label=f"left out, rate {rate:g}")
        right.plot(epoch, losses[:, 0], "--", color=colour, label=f"learned from, rate {rate:g}")
    figures.finish(right, "cross-entropy on the two parts of the first fold", "epoch", "cross-entropy", yscale="log")
    right.legend()
    figures.save(figure, output, "holdout")
