"""The picture of `bench --plot`: how much of the roof is used, by fastgd and by its peers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fastgd.tools.bench.arrays import elements_of
from fastgd.tools.bench.table import Cell

# A library has the same colour in every picture, and colour-blind readers can tell them apart.
COLOURS = {
    "fastgd": "#d55e00",
    "numpy": "#999999",
    "torch": "#56b4e9",
    "torch foreach": "#0072b2",
    "torch fused": "#332288",
    "deepspeed": "#009e73",
    "optax": "#cc79a7",
    "thinc": "#e69f00",
    "scikit-learn": "#661100",
}


def lines(cells: Sequence[Cell]) -> dict[str, dict[str, tuple[list[int], list[float]]]]:
    """Rule -> library -> (sizes, fractions of the roof)."""
    found: dict[str, dict[str, tuple[list[int], list[float]]]] = {}
    ours: dict[str, float] = {}
    for cell in cells:
        rule, size = cell.line.split(", ")
        if cell.column == "% of roof" and cell.figure:
            ours[cell.line] = cell.figure / 100
            library, fraction = "fastgd", ours[cell.line]
        elif cell.column.startswith("x ") and cell.figure:
            library, fraction = cell.column[2:], ours[cell.line] / cell.figure
        else:
            continue
        sizes, fractions = found.setdefault(rule, {}).setdefault(library, ([], []))
        sizes.append(elements_of(size))
        fractions.append(fraction)
    return found


def panel(axes: Any, rule: str, libraries: Mapping[str, tuple[list[int], list[float]]]) -> None:
    axes.axhline(1.0, color="black", linewidth=1, linestyle=":")
    for name, (sizes, fractions) in libraries.items():
        ours = name == "fastgd"
        axes.plot(sizes, fractions, marker="o", markersize=4 if ours else 3, linewidth=2.4 if ours else 1.3,
                  color=COLOURS[name], label=name, zorder=3 if ours else 2)  # fmt: skip
    axes.set(xscale="log", title=rule, ylim=(0, 1.15))
    axes.grid(alpha=0.25)


def draw(cells: Sequence[Cell], about: Mapping[str, str], path: Path) -> None:
    """One panel a rule: size on x, fraction of the roof on y, a line for each library."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rules = lines(cells)
    wide = min(2, len(rules))
    high = math.ceil(len(rules) / wide)
    figure = Figure(figsize=(5.2 * wide, 3.4 * high + 0.9), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(high, wide, squeeze=False, sharey=True)
    for axes, (rule, libraries) in zip(grid.flat, rules.items(), strict=False):
        panel(axes, rule, libraries)
    for axes in grid.flat[len(rules) :]:
        axes.set_visible(False)
    named = dict(pair for axes in grid.flat for pair in zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=min(5, len(named)), frameon=False)
    for axes in grid[-1]:
        axes.set_xlabel("elements of the parameter, float32")
    figure.supylabel("fraction of the roof")
    figure.suptitle(f"{about['cpu']}, {about['instruction set']}, threads: {about['threads']}")
    figure.savefig(path, dpi=150)
