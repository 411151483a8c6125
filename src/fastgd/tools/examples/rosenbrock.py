"""Rosenbrock's valley: the path of every optimizer, of line searches, and of SciPy's CG and Newton-CG."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import fastgd
from fastgd.descent.minimize import named_optimizers
from fastgd.tools.examples import figures
from fastgd.tools.examples.common import scaled, table

START = (-1.2, 1.0)
TOLERANCE = 1e-4

# Each has a learning rate that suits it. Sign, RMSprop and Rprop go on to and fro at the bottom unless their rate
# falls, and the decay of ASGD and AdamW moves the minimum, so that these do not come to rest.
RATES = {
    "sgd": 2e-3, "momentum": 5e-4, "nesterov": 5e-4, "nag": 5e-4, "asgd": 2e-3, "signsgd": 2e-3, "lion": 2e-3,
    "rprop": 0.1, "adagrad": 0.5, "adadelta": 1.0, "rmsprop": 1e-3, "adam": 0.02, "adamw": 0.02, "amsgrad": 0.05,
    "adamax": 0.05, "nadam": 0.005, "radam": 0.005,
}  # fmt: skip


def descents(max_iter: int) -> list[tuple[str, Any]]:
    """(title, result) of every way down."""
    from scipy.optimize import minimize, rosen, rosen_der, rosen_hess

    others = sorted(named_optimizers().keys() - RATES.keys() - {"muon"})  # Muon takes matrices
    rates: dict[str, float | None] = {**RATES, **dict.fromkeys(others)}

    def ours(title: str, **options: Any) -> tuple[str, Any]:
        with np.errstate(over="ignore", invalid="ignore"):  # a rate that is too high is shown, not an error
            return title, fastgd.minimize(
                rosen, START, jac=rosen_der, max_iter=max_iter, gtol=TOLERANCE, record=True, **options
            )

    def scipys(method: str, **options: Any) -> tuple[str, Any]:
        path = [np.array(START)]
        result = minimize(
            rosen, START, jac=rosen_der, method=method, callback=path.append, options=dict(maxiter=max_iter), **options
        )
        result.path = np.array(path)
        return f"SciPy {method}", result

    return [
        *(ours(f"{name}, {rate or 'default'}", optimizer=name, lr=rate) for name, rate in rates.items()),
        *(ours(f"steepest, {search}", optimizer="sgd", line_search=search) for search in ("armijo", "goldstein")),
        scipys("CG"),
        scipys("Newton-CG", hess=rosen_hess),
    ]


def draw(descents: list[tuple[str, Any]], fun: Callable[..., Any]) -> Any:
    columns = 7
    rows = -(-len(descents) // columns)
    figure, axes = figures.grid(rows, columns, (2.45 * columns, 2.4 * rows + 0.6))
    for i, (panel, (title, result)) in enumerate(zip(axes, descents, strict=False)):
        figures.contours(panel, fun, (-1.6, 1.6), (-0.6, 1.6), 10 ** np.arange(-1, 3.1, 0.5))
        figures.track(panel, result.path, figures.COLOURS[1 if "SciPy" in title else 2 if "steepest" in title else 0])
        panel.plot(1, 1, "x", color="black", markersize=6, zorder=5)
        reached = "" if result.success else " (not there)"
        panel.set_title(f"{title}\n{result.nit:,} updates{reached}", fontsize=9.5)
        panel.tick_params(labelsize=7, labelleft=i % columns == 0, labelbottom=i >= len(descents) - columns)
    for panel in axes[len(descents) :]:
        panel.set_visible(False)
    figure.suptitle("Rosenbrock's function from (−1.2, 1): optimizer and learning rate; minimum at ×, end at ★")
    return figure


def run(output: Path, budget: float = 1.0) -> None:
    from scipy.optimize import rosen

    results = descents(scaled(20_000, budget))
    rows = [
        (title, r.nit, r.nfev, r.njev, float(np.hypot(*(r.x - 1))), "yes" if r.success else "no")
        for title, r in results
    ]
    table(("optimizer, learning rate", "updates", "values", "gradients", "distance", "reached"), rows)
    figures.save(draw(results, rosen), output, "rosenbrock")
