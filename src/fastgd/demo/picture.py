"""The picture of the loss curves."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastgd.demo.digits import Result

# Okabe and Ito's colours, which differ for every kind of colour vision; the second round is dashed.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")


def draw(results: Sequence["Result"], path: Path) -> None:
    """Write the training loss of every run against epochs, as the file name says (PNG, SVG, PDF)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for i, result in enumerate(results):
        style = ("-", "--")[i // len(COLOURS)]
        axes.plot(
            result.losses, style, color=COLOURS[i % len(COLOURS)], linewidth=1.8,
            label=f"{result.name} ({result.accuracy:.1%})",
        )  # fmt: skip
    epochs = len(results[0].losses) - 1
    axes.set(
        title="64-128-10 network on scikit-learn's digits, trained by fastgd",
        xlabel="epoch",
        ylabel="training loss (cross-entropy)",
        yscale="log",
        xlim=(0, epochs),
    )
    axes.grid(alpha=0.3)
    handles, labels = axes.get_legend_handles_labels()
    worst_first = sorted(range(len(results)), key=lambda i: -results[i].losses[-1])
    axes.legend(
        [handles[i] for i in worst_first],
        [labels[i] for i in worst_first],
        title="optimizer (test accuracy),\nin the order of the last loss",
        loc="center left",
        bbox_to_anchor=(1.01, 0.5),
        frameon=False,
    )
    figure.savefig(path, dpi=130)
