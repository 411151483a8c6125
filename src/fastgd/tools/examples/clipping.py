"""A recurrent network whose gradient explodes: without clipping, clipped by norm and by value."""

from pathlib import Path

import numpy as np

import fastgd
from fastgd import textbook
from fastgd.tools.examples import figures
from fastgd.tools.examples.common import scaled, table

UNITS, LENGTH, SEQUENCES = 16, 40, 64
LR = 0.1
CLIPPING: dict[str, dict[str, float]] = {
    "none": {},
    "by norm, 1": dict(max_grad_norm=1.0),
    "by value, 0.1": dict(max_grad_value=0.1),
}

Arrays = dict[str, np.ndarray]


def initial() -> Arrays:
    """Recurrent weights large enough that errors grow on the way back."""
    rng = np.random.default_rng(0)
    return {
        "U": rng.normal(0, 1, (1, UNITS)),
        "W": rng.normal(0, 1.6 / UNITS**0.5, (UNITS, UNITS)),
        "V": rng.normal(0, 1 / UNITS**0.5, (UNITS, 1)),
        "b": np.zeros(UNITS),
    }


def sequences(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Noise, and the mean of each sequence, which the network is to say at its end."""
    x = rng.normal(0, 0.3, (LENGTH, SEQUENCES, 1)) + rng.normal(0, 0.5, (1, SEQUENCES, 1))
    return x, x.mean(axis=0)


def loss_and_gradients(params: Arrays, x: np.ndarray, y: np.ndarray) -> tuple[float, Arrays]:
    """Back through time: h = tanh(x U + h W + b), the answer is the last h V."""
    states = [np.zeros((x.shape[1], UNITS))]
    for row in x:
        states.append(np.tanh(row @ params["U"] + states[-1] @ params["W"] + params["b"]))
    value, error = textbook.mean_squared_error(states[-1] @ params["V"], y)
    grads = {name: np.zeros_like(array) for name, array in params.items()}
    grads["V"] += states[-1].T @ error
    back = error @ params["V"].T
    for t in range(len(x), 0, -1):
        back = back * (1 - states[t] ** 2)
        grads["U"] += x[t - 1].T @ back
        grads["W"] += states[t - 1].T @ back
        grads["b"] += back.sum(axis=0)
        back = back @ params["W"].T
    return value, grads


def train(clipping: dict[str, float], updates: int) -> tuple[list[float], list[float]]:
    """Losses, and the norms of the gradients before clipping."""
    rng = np.random.default_rng(1)
    params = initial()
    opt = fastgd.SGD(params, lr=LR, momentum=0.9, **clipping)  # type: ignore[arg-type]
    losses, norms = [], []
    for _ in range(updates):
        value, grads = loss_and_gradients(params, *sequences(rng))
        losses.append(value)
        norms.append(fastgd.grad_norm(list(grads.values())))
        opt.step(grads)
    return losses, norms


def smooth(values: list[float], width: int = 15) -> np.ndarray:
    """Medians of the values around each."""
    return np.array([np.median(values[max(0, i - width) : i + width + 1]) for i in range(len(values))])


def run(output: Path, budget: float = 1.0) -> None:
    figure, (left, right) = figures.grid(1, 2, (13, 5))
    updates = scaled(600, budget)
    rows = []
    for (name, clipping), colour in zip(CLIPPING.items(), figures.COLOURS[1::-1] + figures.COLOURS[2:], strict=False):
        losses, norms = train(clipping, updates)
        left.plot(losses, color=colour, alpha=0.25, linewidth=0.8)
        left.plot(smooth(losses), color=colour, label=f"clipping: {name}")
        right.plot(norms, ".", color=colour, markersize=3, alpha=0.6, label=f"clipping: {name}")
        rows.append((name, max(norms), float(np.median(losses[-50:]))))
    table(("clipping", "largest gradient", "loss at last"), rows)
    right.axhline(1.0, color="black", linestyle=":", label="max_grad_norm = 1")
    figures.finish(left, f"recurrent network over {LENGTH} steps: loss and its running median", "update",
                   "mean squared error", yscale="log")  # fmt: skip
    figures.finish(right, "norm of the gradient before clipping", "update", "norm", yscale="log")
    left.legend()
    right.legend(markerscale=3)
    figures.save(figure, output, "clipping")
