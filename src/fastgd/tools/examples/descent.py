"""x**2 and x**2 + y**2 step by step, paths for three learning rates, and x**2 sin(x) sent to a value."""

from pathlib import Path
from typing import Any

import numpy as np

import fastgd
from fastgd.tools.examples import figures
from fastgd.tools.examples.common import scaled, table

# Each learning rate has signs for x and y in the picture, since from one start the paths would cover one another.
RATES = {0.1: (1, 1), 0.01: (-1, 1), 0.4: (1, -1)}
TARGET = 3.0


def square(x: np.ndarray) -> Any:
    return (x**2).sum(axis=0)


def curve(x: Any) -> Any:
    return x**2 * np.sin(x)


def miss(x: np.ndarray) -> tuple[float, np.ndarray]:
    """(y - x**2 sin(x))**2 and its derivative."""
    error = TARGET - curve(x)
    return float((error**2).sum()), -2 * error * (2 * x * np.sin(x) + x**2 * np.cos(x))


def one_variable(axes: Any, iterations: int) -> None:
    result = fastgd.minimize(
        square, [2.0], jac=lambda x: 2 * x, optimizer="sgd", lr=0.1, max_iter=iterations, gtol=None, record=True
    )
    for i, x in enumerate(result.path[1:, 0], 1):
        print(f"iteration {i}: x = {x:.6g}, f(x) = {x * x:.6g}")
    print(f"end: x = {float(result.x[0])!r}\n")
    x = np.linspace(-2.2, 2.2, 200)
    axes.plot(x, x**2, color="#b0b0b0")
    path = result.path[:, 0]
    figures.track(axes, np.column_stack([path, path**2]), figures.COLOURS[0], "learning rate 0.1, from 2")
    figures.finish(axes, "$x^2$", "x", "f(x)")
    axes.legend(loc="upper center")


def two_variables(axes: Any, iterations: int) -> None:
    figures.contours(axes, square, (-3.6, 3.6), (-3, 3), np.arange(1, 5) ** 2)
    rows = []
    for (rate, mirror), colour in zip(RATES.items(), figures.COLOURS, strict=False):
        result = fastgd.minimize(
            square, [3.0, 2.0], jac=lambda x: 2 * x, optimizer="sgd", lr=rate, max_iter=iterations, gtol=None,
            record=True,
        )  # fmt: skip
        figures.track(axes, result.path * mirror, colour, f"learning rate {rate}")
        rows.append((rate, result.nit, *map(float, result.x)))
    table(("learning rate", "updates", "x", "y"), rows)
    figures.finish(axes, f"$x^2 + y^2$ from (3, 2), {iterations} updates\n(two of three paths mirrored)", "x", "y")
    axes.legend(loc="lower left")


def to_a_value(axes: Any, iterations: int) -> None:
    x = np.linspace(0, 9, 400)
    axes.plot(x, curve(x), color="#b0b0b0", label="$x^2 \\sin x$")
    axes.axhline(TARGET, color="black", linewidth=0.8, linestyle=":", label=f"y = {TARGET}")
    rows = []
    for start, colour in zip((1.2, 3.6, 7.6), figures.COLOURS, strict=False):
        result = fastgd.minimize(
            miss, [start], jac=True, optimizer="sgd", lr=2e-4, max_iter=20 * iterations, gtol=1e-8, record=True
        )
        path = result.path[:, 0]
        figures.track(axes, np.column_stack([path, curve(path)]), colour, f"from x = {start}")
        rows.append((start, float(result.x[0]), result.nit, float(result.fun)))
    print()
    table(("from", "x", "updates", "(y - x**2 sin(x))**2"), rows)
    figures.finish(axes, "$(y - x^2 \\sin x)^2$ made small from three starts", "x", "$x^2 \\sin x$")
    axes.legend(loc="upper left")


def run(output: Path, budget: float = 1.0) -> None:
    figure, axes = figures.grid(1, 3, (15, 4.8))
    one_variable(axes[0], scaled(100, budget))
    two_variables(axes[1], scaled(50, budget))
    to_a_value(axes[2], scaled(50, budget))
    figures.save(figure, output, "descent")
