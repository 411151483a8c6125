"""Every schedule side by side, and reduce-on-plateau on the loss of a regression."""

from pathlib import Path
from typing import Any

import numpy as np

import fastgd
from fastgd import schedules
from fastgd.tools.examples import figures
from fastgd.tools.examples.common import each_epoch, scaled, table
from fastgd.tools.examples.regression import diabetes_cost

STEPS = 120

DRAWN: dict[str, list[tuple[str, schedules.Schedule]]] = {
    "steps": [
        ("step", schedules.step(1.0, 30, 0.5)),
        ("multistep", schedules.multistep(0.9, [15, 75], 0.4)),
        ("piecewise", schedules.piecewise([40, 60], [0.3, 0.8, 0.2])),
    ],
    "decays": [
        ("constant", schedules.constant(0.95)),
        ("linear", schedules.linear(1.0, 100)),
        ("polynomial, power 2", schedules.polynomial(1.0, 100, power=2)),
        ("exponential", schedules.exponential(1.0, 0.97)),
        ("inverse time", schedules.inverse_time(1.0, 0.1)),
        ("inverse time, recursive", schedules.inverse_time(1.0, 0.01, recursive=True)),
    ],
    "cosines": [
        ("cosine", schedules.cosine(1.0, 60)),
        ("cosine, periodic", schedules.cosine(0.9, 60, periodic=True)),
        ("warm restarts", schedules.warm_restarts(0.7, 17, length_factor=2)),
    ],
    "cycles": [
        ("cyclic", schedules.cyclic(0.05, 1.0, 15)),
        ("cyclic, triangular2", schedules.cyclic(0.0, 0.8, 15, mode="triangular2")),
        ("one cycle", schedules.one_cycle(0.6, STEPS)),
    ],
    "put together": [
        ("warm-up of cosine", schedules.warmup(schedules.cosine(1.0, 90), 20)),
        ("join of three", schedules.join([0.2, schedules.linear(0.8, 40, 0.4), schedules.cosine(0.4, 40)], [30, 70])),
    ],
}


def plateau(axes: Any, epochs: int) -> None:
    """The cost after each epoch with the rate held and with the rate reduced, and that rate."""
    cost, least = diabetes_cost()
    n, size = len(cost.y), 8
    updates = -(-n // size)
    rates = {
        "held at 0.1": schedules.constant(0.1),
        "plateau": schedules.plateau(0.1, factor=0.3, patience=3, threshold=1e-3, min_lr=1e-3),
    }
    rows = []
    for (label, lr), colour in zip(rates.items(), figures.COLOURS[1::-1], strict=True):
        seen: list[tuple[float, float]] = []

        def note(theta: np.ndarray, seen: list[tuple[float, float]] = seen, lr: schedules.Schedule = lr) -> None:
            seen.append((cost(theta)[0] - least, lr(0)))

        result = fastgd.minimize(
            cost, np.zeros(cost.x.shape[1]), jac=True, optimizer="sgd", lr=lr, max_iter=epochs * updates, n_samples=n,
            batch_size=size, seed=0, gtol=None, callback=each_epoch(updates, note),
        )  # fmt: skip
        values, used = np.transpose(seen)
        epoch = np.arange(1, epochs + 1)
        axes.plot(epoch, values, color=colour, label=f"cost, {label}")
        rows.append((label, float(used[-1]), float(result.fun) - least))
    table(("rate", "at last", "cost above the least"), rows)
    axes.step(epoch, used, where="post", color="black", linewidth=1, label="rate, plateau")
    figures.finish(axes, "reduce on plateau: diabetes, batches of 8", "epoch", "cost above the least; rate",
                   yscale="log")  # fmt: skip
    # The legend needs room below the curves.
    axes.set_ylim(bottom=5e-5)
    axes.legend(loc="lower left")


def run(output: Path, budget: float = 1.0) -> None:
    figure, axes = figures.grid(2, 3, (15, 8))
    steps = range(STEPS + 1)
    for panel, (title, drawn) in zip(axes, DRAWN.items(), strict=False):
        for (label, schedule), colour in zip(drawn, figures.COLOURS, strict=False):
            stepped = "steps-post" if title == "steps" else "default"
            panel.plot(steps, [schedule(t) for t in steps], color=colour, label=label, drawstyle=stepped)
        figures.finish(panel, title, "step", "learning rate", ylim=(-0.03, 1.4 if title == "cycles" else 1.08))
        panel.legend(fontsize=8.5)
    plateau(axes[5], scaled(60, budget))
    figures.save(figure, output, "schedules")
