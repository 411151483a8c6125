"""The picture of the loss curves."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastgd.tools.demo.digits import Result

# These are Okabe and Ito's colours, which differ for every kind of colour vision.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")
DASHES = ("-", "--", "-.", ":")


def draw(results: Sequence["Result"], path: Path) -> None:
    """Write the training loss of every run against epochs, a panel for each family; the format is the suffix's."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    families = list(dict.fromkeys(result.family for result in results))
    figure = Figure(figsize=(12, 5.5), layout="constrained")
    # This canvas needs neither a display nor the user's backend.
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(families), sharey=True, squeeze=False)[0]
    figure.suptitle("A 64-128-10 network learns scikit-learn's digits with fastgd")
    for axes, family in zip(panels, families, strict=True):
        members = sorted((r for r in results if r.family == family), key=lambda r: -r.losses[-1])
        for i, result in enumerate(members):
            axes.plot(
                result.losses,
                DASHES[i % len(DASHES)],
                color=COLOURS[i % len(COLOURS)],
                linewidth=2,
                label=f"{result.name} ({result.accuracy:.1%})",
            )
        axes.set(title=family, xlabel="epoch", yscale="log", xlim=(0, len(members[0].losses) - 1))
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(which="both", alpha=0.2)
        axes.legend(title="test accuracy, worst loss first", loc="upper right")
    panels[0].set_ylabel("training loss (cross-entropy)")
    figure.savefig(path, dpi=120)
