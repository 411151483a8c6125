"""Linear regression by batch, mini-batch and stochastic descent on the diabetes data, and a plane found again."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import fastgd
from fastgd import textbook
from fastgd.tools.examples import figures
from fastgd.tools.examples.common import each_epoch, scaled, table

SIZES = {"batch (442)": 442, "mini-batch (32)": 32, "stochastic (1)": 1}
RATES = {"batch (442)": 0.3, "mini-batch (32)": 0.05, "stochastic (1)": 0.002}
PLANE = (2.0, 1.0, 3.0)


class Cost:
    """Half the mean squared error of ``x @ w + b``, with ``theta = (w..., b)``, and its gradient."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        self.x, self.y = np.column_stack([x, np.ones(len(x))]), y

    def __call__(self, theta: np.ndarray, index: Any = slice(None)) -> tuple[float, np.ndarray]:
        x = self.x[index]
        value, gradient = textbook.mean_squared_error(x @ theta, self.y[index], half=True)
        return value, x.T @ gradient


def step(b: float, w: np.ndarray, x: np.ndarray, y: np.ndarray, lr: float) -> list[Any]:
    """One update of y = w x + b, as a function that returns ``[new_b, new_w]``."""
    _, gradient = textbook.mean_squared_error(x @ w + b, y, half=True)
    theta = np.append(w, b)
    textbook.gradient_descent(theta, np.append(x.T @ gradient, gradient.sum()), lr)
    return [float(theta[-1]), theta[:-1]]


def diabetes_cost() -> tuple[Cost, float]:
    """The cost of a linear model of scikit-learn's 442 patients, and its least value."""
    from sklearn.datasets import load_diabetes
    from sklearn.preprocessing import StandardScaler

    data = load_diabetes()
    cost = Cost(StandardScaler().fit_transform(data.data), (data.target - data.target.mean()) / data.target.std())
    return cost, cost(np.linalg.lstsq(cost.x, cost.y)[0])[0]


def note(values: list[float], cost: Cost, theta: np.ndarray) -> None:
    values.append(cost(theta)[0])


def diabetes(axes: Any, epochs: int) -> None:
    cost, best = diabetes_cost()
    rows = []
    for (name, size), colour in zip(SIZES.items(), figures.COLOURS, strict=False):
        updates = -(-len(cost.y) // size)
        values = [cost(np.zeros(cost.x.shape[1]))[0]]

        result = fastgd.minimize(
            cost, np.zeros(cost.x.shape[1]), jac=True, optimizer="sgd", lr=RATES[name], max_iter=epochs * updates,
            n_samples=len(cost.y), batch_size=size, seed=0, gtol=None,
            callback=each_epoch(updates, partial(note, values, cost)),
        )  # fmt: skip
        axes.plot(np.array(values) - best, color=colour, label=f"{name}, learning rate {RATES[name]}")
        rows.append((name, result.nit, float(result.fun), float(result.fun) / best - 1))
    table(("diabetes", "updates", "cost", "above the least"), rows)
    figures.finish(axes, "diabetes: cost over all samples after each epoch", "epoch",
                   "half mean squared error, above that of least squares", yscale="log")  # fmt: skip
    axes.legend()


def plane(axes: Any, iterations: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (60, 2))
    y = x @ PLANE[:2] + PLANE[2] + rng.normal(0, 0.2, 60)
    b, w = 0.0, np.zeros(2)
    for _ in range(iterations):
        b, w = step(b, w, x, y, lr=0.5)
    print()
    table(("plane", "a", "b", "c"), [("true", *PLANE), ("found", *map(float, w), b)])
    corners = np.meshgrid([-1.0, 1.0], [-1.0, 1.0])
    axes.plot_surface(*corners, w[0] * corners[0] + w[1] * corners[1] + b, color=figures.COLOURS[5], alpha=0.4)
    axes.scatter(*x.T, y, color=figures.COLOURS[1], s=14)
    axes.set(
        title=f"$y = a x_1 + b x_2 + c$ with noise\nfound: {w[0]:.2f}, {w[1]:.2f}, {b:.2f}; true: 2, 1, 3",
        xlabel="$x_1$", ylabel="$x_2$", zlabel="y", xticks=(-1, 0, 1), yticks=(-1, 0, 1),
    )  # fmt: skip


def run(output: Path, budget: float = 1.0) -> None:
    figure, (left, right) = figures.grid(1, 2, (13, 5))
    diabetes(left, scaled(60, budget))
    right.remove()
    plane(figure.add_subplot(1, 2, 2, projection="3d"), scaled(200, budget))
    figures.save(figure, output, "regression")
