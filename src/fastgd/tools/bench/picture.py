"""The picture of `bench --plot`: how much of the roof is used, by fastgd and by its peers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastgd.tools.bench.cli import Result

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


def lines(results: Sequence[Result]) -> dict[str, tuple[list[int], list[float]]]:
    """Library -> (sizes, fractions of the roof) for the results of one rule."""
    found: dict[str, tuple[list[int], list[float]]] = {"fastgd": ([], [])}
    for result in sorted(results, key=lambda r: r.size):
        points = {"fastgd": result.of_roof}
        points |= {name: result.of_roof / ratio for name, ratio in result.peers.items() if ratio}
        for name, fraction in points.items():
            sizes, fractions = found.setdefault(name, ([], []))
            sizes.append(result.size)
            fractions.append(fraction)
    return found


def panel(axes: Any, rule: str, results: Sequence[Result]) -> None:
    axes.axhline(1.0, color="black", linewidth=1, linestyle=":")
    for name, (sizes, fractions) in lines(results).items():
        ours = name == "fastgd"
        axes.plot(sizes, fractions, marker="o", markersize=4 if ours else 3, linewidth=2.4 if ours else 1.3,
                  color=COLOURS[name], label=name, zorder=3 if ours else 2)  # fmt: skip
    axes.set(xscale="log", title=rule, ylim=(0, 1.15))
    axes.grid(alpha=0.25)


def draw(results: Sequence[Result], about: Mapping[str, str], path: Path) -> None:
    """One panel a rule: size on x, fraction of the roof on y, a line for each library."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rules = list(dict.fromkeys(result.rule for result in results))
    wide = min(2, len(rules))
    high = math.ceil(len(rules) / wide)
    figure = Figure(figsize=(5.2 * wide, 3.4 * high + 0.9), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(high, wide, squeeze=False, sharey=True)
    for axes, rule in zip(grid.flat, rules, strict=False):
        panel(axes, rule, [result for result in results if result.rule == rule])
    for axes in grid.flat[len(rules) :]:
        axes.set_visible(False)
    named = dict(pair for axes in grid.flat for pair in zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=min(5, len(named)), frameon=False)
    for axes in grid[-1]:
        axes.set_xlabel("elements of the parameter, float32")
    figure.supylabel("fraction of the roof")
    figure.suptitle(f"{about['cpu']}, {about['instruction set']}, threads: {about['threads']}")
    figure.savefig(path, dpi=150)
