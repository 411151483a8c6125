"""What the examples share apart from pictures: budgets, tables, and a look at each epoch."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np


def each_epoch(updates: int, note: Callable[[np.ndarray], object]) -> Callable[..., None]:
    """A callback for `fastgd.minimize` that notes x after every so many updates."""

    def callback(intermediate_result: Any) -> None:
        if intermediate_result.nit % updates == 0:
            note(intermediate_result.x)

    return callback


def scaled(count: int, budget: float) -> int:
    """`count` iterations or epochs as the budget has it, one at least."""
    return max(1, round(count * budget))


def table(header: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    """Print rows in columns: words to the left, numbers to the right."""
    cells = [tuple(f"{c:.5g}" if isinstance(c, float) else str(c) for c in row) for row in rows]
    widths = [max(len(row[i]) for row in [header, *cells]) for i in range(len(header))]
    numeric = [all(_is_number(row[i]) for row in cells) for i in range(len(header))]
    for row in [header, *cells]:
        fields = [c.rjust(w) if n else c.ljust(w) for c, w, n in zip(row, widths, numeric, strict=True)]
        print("  ".join(fields).rstrip())


def _is_number(cell: str) -> bool:
    try:
        float(cell.rstrip(" %"))
    except ValueError:
        return cell == "-"
    return True
