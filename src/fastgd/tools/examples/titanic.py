"""
The passengers of the Titanic, from a CSV file that the reader has.

The usual form: a header with Survived, Pclass, Sex, Age, SibSp, Parch, Fare and Embarked, in any order, among other
columns. Ages, fares and ports may be missing.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

COLUMNS = ("Survived", "Pclass", "Sex", "Age", "SibSp", "Parch", "Fare", "Embarked")
PORTS = ("C", "Q", "S")
FEATURES = ("class 1", "class 2", "female", "age", "age unknown", "siblings", "parents", "fare", "port C", "port Q")


@dataclass(frozen=True)
class Passengers:
    """Features as floats, NaN where unknown, and who survived."""

    x: np.ndarray
    y: np.ndarray
    names: tuple[str, ...] = FEATURES


def load(path: Path) -> Passengers:
    """
    Read the file.

    Parameters
    ----------
    path : Path
        A CSV file in UTF-8 with a header.

    Returns
    -------
    Passengers
        One row each; unknown ages and fares are NaN, so that they can be filled from the training part alone.

    Raises
    ------
    ValueError
        If a column is missing, a value is none of its kind, or there are no passengers.
    """
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        if missing := [name for name in COLUMNS if name not in (reader.fieldnames or [])]:
            raise ValueError(f"{path.name}: missing the columns {', '.join(missing)}")
        rows = [_passenger(f"{path.name}, line {reader.line_num}", row) for row in reader]
    if not rows:
        raise ValueError(f"{path.name}: expected passengers, got none")
    table = np.array(rows)
    return Passengers(table[:, 1:], table[:, 0].astype(int))


def _passenger(where: str, row: dict[str, str]) -> list[float]:
    survived, travel_class = _one_of(where, row, "Survived", ("0", "1")), _one_of(where, row, "Pclass", ("1", "2", "3"))
    sex = _one_of(where, row, "Sex", ("male", "female"))
    age = _number(where, row, "Age", missing=True)
    port = _one_of(where, row, "Embarked", (*PORTS, ""))
    return [
        float(survived),
        *(float(travel_class == kind) for kind in ("1", "2")),
        float(sex == "female"),
        age,
        float(np.isnan(age)),
        _number(where, row, "SibSp"),
        _number(where, row, "Parch"),
        _number(where, row, "Fare", missing=True),
        *(float(port == kind) for kind in PORTS[:2]),
    ]


def _text(row: dict[str, str], name: str) -> str:
    # csv gives None for the columns that a short line does not have.
    return (row[name] or "").strip()


def _one_of(where: str, row: dict[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = _text(row, name)
    if value not in allowed:
        raise ValueError(f"{where}: {name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
    return value


def _number(where: str, row: dict[str, str], name: str, *, missing: bool = False) -> float:
    value = _text(row, name)
    if missing and not value:
        return float("nan")
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise ValueError(f"{where}: {name} must be a number from 0, got {value!r}")
    return number


def fill(x: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """`x` with the median of `reference`'s column wherever it is NaN (0 where all of the column is)."""
    known = ~np.isnan(reference).all(axis=0)
    medians = np.zeros(x.shape[1])
    medians[known] = np.nanmedian(reference[:, known], axis=0)
    return np.where(np.isnan(x), medians, x)
