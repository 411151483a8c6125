"""What the pictures share: colours, contours, paths, and how they are written."""

from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

# These are Okabe and Ito's colours, which differ for every kind of colour vision.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")


def grid(rows: int, columns: int, size: tuple[float, float]) -> tuple[Any, list[Any]]:
    """A figure that needs no screen, and its axes one after another."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False)
    return figure, list(axes.flat)


def save(figure: Any, output: Path, name: str) -> Path:
    """Write ``output/name.png``, and say so."""
    from PIL import Image

    output.mkdir(parents=True, exist_ok=True)
    path = output / f"{name}.png"
    buffer = BytesIO()
    figure.savefig(buffer, dpi=100)
    # With a palette the file has a third of the size.
    Image.open(buffer).convert("RGB").quantize(256).save(path, optimize=True)
    print(f"\npicture: {path}")
    return path


def contours(
    axes: Any, fun: Callable[[np.ndarray], Any], x: tuple[float, float], y: tuple[float, float], levels: Iterable[float]
) -> None:
    """Level lines of a function of two variables, given as an array of shape (2, ...)."""
    plane = np.array(np.meshgrid(np.linspace(*x, 200), np.linspace(*y, 200)))
    axes.contour(*plane, fun(plane), levels=list(levels), colors="#b0b0b0", linewidths=0.7)
    axes.set(xlim=x, ylim=y)


def track(axes: Any, path: np.ndarray, colour: str, label: str | None = None) -> None:
    """A path in the plane: each point, its first and its last."""
    axes.plot(path[:, 0], path[:, 1], "-", color=colour, linewidth=1.2, marker=".", markersize=3, label=label)
    axes.plot(*path[0], "o", color="black", markersize=5, zorder=3)
    axes.plot(*path[-1], "*", color=colour, markersize=11, markeredgecolor="black", zorder=4)


def finish(axes: Any, title: str, xlabel: str, ylabel: str, **settings: Any) -> None:
    """Title, labels and a faint grid."""
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel, **settings)
    axes.grid(alpha=0.3)
