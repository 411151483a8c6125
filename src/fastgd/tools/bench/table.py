"""Figures in tables: what the command prints and the report writes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastgd.tools.bench.pairing import Ratio
from fastgd.tools.bench.stepper import UnavailableError


@dataclass(frozen=True)
class Cell:
    """
    One figure at its place; None is n/a, and then `note` says why. `doubt` says why it may be noise, if it may.

    `need` is what is to be reached; None is for information.
    """

    line: str
    column: str
    figure: float | None
    need: float | None = None
    at_most: bool = False
    spread: tuple[float, float] | None = None
    note: str = ""
    doubt: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the figure is what is needed; noise decides nothing."""
        if self.figure is None or self.need is None or self.doubt:
            return None
        return self.figure <= self.need if self.at_most else self.figure >= self.need

    def text(self) -> str:
        if self.figure is None:
            return "n/a"
        whole = self.figure >= 100 or self.figure == int(self.figure)
        text = f"{self.figure:.0f}" if whole else f"{self.figure:.3g}"
        return text + ("?" if self.doubt else " (missed)" if self.met is False else "")


def cell(
    line: str, column: str, need: float | None, measure: Callable[[], Ratio], at_most: bool = False, factor: float = 1.0
) -> Cell:
    """The cell of `factor` times the ratio that `measure` gives, or n/a."""
    try:
        pair = measure()
    except UnavailableError as reason:
        return Cell(line, column, None, need, note=str(reason))
    spread = (factor * pair.low, factor * pair.high)
    return Cell(line, column, factor * pair.ratio, need, at_most, spread, f"{pair.ours * 1e6:.4g} us", pair.doubt)


def grid(cells: Sequence[Cell], text: Callable[[Cell], str] = Cell.text) -> list[list[str]]:
    """The rows of a table, heads first: a row for each line, a column for each column of the cells."""
    columns = list(dict.fromkeys(cell.column for cell in cells))
    places = {(cell.line, cell.column): text(cell) for cell in cells}
    lines = dict.fromkeys(cell.line for cell in cells)
    return [["", *columns], *([line, *(places.get((line, column), "") for column in columns)] for line in lines)]


def aligned(rows: Sequence[Sequence[str]], widths: Sequence[int] = ()) -> list[str]:
    """The rows of a table in columns of equal width, the first to the left."""
    widths = widths or [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows]


def markdown(rows: Sequence[Sequence[str]]) -> list[str]:
    head, *others = ("| " + " | ".join(row) + " |" for row in rows)
    return [head, "|---" * len(rows[0]) + "|", *others]
