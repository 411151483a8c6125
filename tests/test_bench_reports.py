"""What is made of measurements: the asv suite, the command, the picture and the report."""

import dataclasses
import importlib
import itertools
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fastgd.tools.bench import arrays, cli, measures, pairing, peers, picture
from fastgd.tools.bench.rows import ROWS
from fastgd.tools.bench.table import Cell, grid

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def suite() -> Iterator[Any]:
    """The modules of the asv suite."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        yield {name: importlib.import_module(f"benchmarks.{name}") for name in ("core", "full")}
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))


@pytest.fixture(scope="module")
def report() -> Iterator[Any]:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        yield importlib.import_module("report")
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))


# ---- the asv suite ----------------------------------------------------------------------------------------------

# Of each parameter a few values that are quick: what is asked is whether each benchmark runs.
SMALL = {"work": ["1k"], "rule": ["sgd_momentum", "adam", "adamw"], "network": ["8-64-64-4"],
         "library": ["fastgd", "torch fused"], "dtype": ["float32"], "way": ["step_in_backward"]}  # fmt: skip


def combinations(benchmark: Any) -> Any:
    names = getattr(benchmark, "param_names", [])
    choices = [
        [value for value in values if value in SMALL.get(name, values)] or values[:1]
        for name, values in zip(names, getattr(benchmark, "params", []), strict=True)
    ]
    return itertools.product(*choices)


def benchmarks(modules: Any) -> Iterator[Any]:
    """(class, method) of everything that asv would find."""
    for module in modules.values():
        for kind in vars(module).values():
            if not isinstance(kind, type) or kind.__module__ != module.__name__:
                continue
            for name in dir(kind):
                if name.startswith(("time_", "track_", "peakmem_", "timeraw_")):
                    yield kind, name


def test_every_benchmark_runs(suite: Any, monkeypatch: pytest.MonkeyPatch, quick: Any) -> None:
    monkeypatch.setenv("PYTHONPATH", "")  # which the benchmark of importing sets
    monkeypatch.setattr(suite["core"], "SECONDS", 0.0)
    ran = set()
    for kind, name in benchmarks(suite):
        for values in combinations(kind):
            benchmark = kind()
            try:
                if hasattr(benchmark, "setup"):
                    benchmark.setup(*values)
            except NotImplementedError:
                continue
            result = getattr(benchmark, name)(*values)
            if hasattr(benchmark, "teardown"):
                benchmark.teardown(*values)  # checks that parameters have changed
            if name.startswith("track_"):
                assert result >= 0 or math.isnan(result)
            if name.startswith("timeraw_"):
                compile(result, name, "exec")
            ran.add((kind.__name__, name))
    assert ran == {(kind.__name__, name) for kind, name in benchmarks(suite)}


def test_every_rule_and_library_is_a_parameter_of_the_full_suite(suite: Any) -> None:
    assert suite["full"].Step.params == [
        [row.name for row in ROWS], ["float32", "float64"], list(arrays.WORK), list(peers.LIBRARIES)
    ]  # fmt: skip


def test_the_core_takes_minutes(suite: Any) -> None:
    """Each combination takes some four seconds, most of them Python's start and the import of peers."""
    count = sum(
        math.prod(map(len, kind.params)) for kind, _ in benchmarks({"core": suite["core"]}) if hasattr(kind, "params")
    )
    assert count < 140


def test_what_may_be_noise_is_no_point_of_a_graph(suite: Any, capsys: pytest.CaptureFixture[str]) -> None:
    certain = suite["core"].certain
    pair = pairing.Ratio(1.0, 0.8, 0.8, 0.7, 0.9, 9)
    assert certain(pair, 1.25) == 1.25
    assert math.isnan(certain(dataclasses.replace(pair, doubt="above the roof: 1.30"), 0.77))
    assert "left out: above the roof: 1.30" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("asv") is None, reason="asv is not installed")
def test_asv_finds_the_suite(tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": str(tmp_path), "ASV_PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        ["asv", "check", "--environment", f"existing:{sys.executable}"],
        cwd=ROOT / "benchmarks", env=environment, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert "No problems found" in done.stdout, done.stdout + done.stderr


# ---- the command ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rules", "adamx"], "no rule 'adamx'; there are sgd, sgd_momentum,"),
        (["--sizes", "10x"], "expected 1 to 1000M elements, such as 1000, 100k or 20M, got '10x'"),
        (["--sizes", "0"], "expected 1 to 1000M elements, such as 1000, 100k or 20M, got '0'"),
        (["--sizes"], "argument --sizes: expected at least one argument"),
        (["--sizes", "9000M"], "expected 1 to 1000M elements, such as 1000, 100k or 20M, got '9000M'"),
        (["--threads", "0"], "expected a number of threads from 1 to 1024, got '0'"),
        (["--threads", "two"], "expected a number of threads from 1 to 1024, got 'two'"),
        (["--seconds", "never"], "expected seconds above 0, got 'never'"),
        (["--seconds", "-1"], "expected seconds above 0, got '-1'"),
        (["--seconds", "nan"], "expected seconds above 0, got 'nan'"),
        (["--json", "no/such/folder/x.json"], "the folder 'no/such/folder' does not exist"),
        (["--json", "."], "expected a file, '.' is a folder"),
        (["--plot", "x.txt"], "expected a name that ends with .png, .svg or .pdf, got 'x.txt'"),
        (["--dtype", "float8"], "no dtype 'float8'; there are float32, float64, bfloat16,"),
        (["--dtype", "bfloat16", "--rules", "lamb"], "lamb cannot be stored as bfloat16: state_dtype: the second pass"),
        (["--calls", "--dtype", "float64"], "--calls measures small steps in float32"),
        (["--fast"], "unrecognized arguments: --fast"),
        (["--calls", "--plot", "x.png"], "--plot draws rules, which --calls leaves out"),
    ],
)
def test_bad_arguments(arguments: Any, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2
    printed = capsys.readouterr()
    assert not printed.out
    assert message in " ".join(printed.err.split())


def test_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, quick: Any
) -> None:
    monkeypatch.setattr(cli, "PEERS", ("numpy", "thinc", "scikit-learn"))
    figures, drawing = tmp_path / "figures.json", tmp_path / "picture.png"
    arguments = ["--rules", "adamw", "sgd", "--sizes", "1k", "2000", "--threads", "1", "--seconds", "0.1"]
    plot = ["--plot", str(drawing)] if importlib.util.find_spec("matplotlib") else []
    assert cli.main([*arguments, "--json", str(figures), *plot]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert "threads:         1" in lines
    for head in ("cpu:", "instruction set:", "peers:"):
        assert any(line.startswith(head) for line in lines)
    assert [line.split()[:2] for line in lines if line.startswith(("adamw", "sgd,"))] == [
        ["adamw,", "1k"], ["adamw,", "2k"], ["sgd,", "1k"], ["sgd,", "2k"],
    ]  # fmt: skip
    check_schema(json.loads(figures.read_text()))
    if plot:
        assert drawing.read_bytes().startswith(b"\x89PNG")


def test_command_in_bfloat16(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, quick: Any
) -> None:
    monkeypatch.setattr(cli, "PEERS", ("numpy", "torch fused"))
    figures = tmp_path / "figures.json"
    arguments = ["--rules", "adamw", "--sizes", "1k", "--threads", "1", "--seconds", "0.1", "--dtype", "bfloat16"]
    assert cli.main([*arguments, "--json", str(figures)]) == 0
    assert "paired runs. bfloat16. A figure" in capsys.readouterr().out
    document = json.loads(figures.read_text())
    assert document["dtype"] == "bfloat16"
    found = {cell["column"]: cell for cell in document["cells"]}
    assert found["% of roof"]["figure"] > 0
    assert found["x numpy"]["note"] == "numpy is not measured in bfloat16"
    assert found["GB/s"]["figure"] == pytest.approx(14 * 1000 / found["us"]["figure"] / 1e3)


def test_command_for_calls(tmp_path: Path, capsys: pytest.CaptureFixture[str], quick: Any) -> None:
    figures = tmp_path / "figures.json"
    assert cli.main(["--calls", "--seconds", "0.1", "--json", str(figures)]) == 0
    printed = capsys.readouterr().out
    assert all(f"\n{name} " in printed for name in measures.CALLS)
    document = json.loads(figures.read_text())
    assert [cell["line"] for cell in document["cells"]] == list(measures.CALLS)


def check_schema(document: Any) -> None:
    """What readers of `--json` may rely on."""
    assert set(document) == {"version", "machine", "dtype", "cells"}
    assert document["version"] == 1
    assert document["dtype"] == "float32"
    assert all(isinstance(value, str) for value in document["machine"].values())
    assert {"fastgd", "cpu", "instruction set", "threads", "numpy", "peers", "date"} <= set(document["machine"])
    columns = ["us", "GB/s", "% of roof", "kernel %", "x numpy", "x thinc", "x scikit-learn"]
    lines = [f"{rule}, {size}" for rule in ("adamw", "sgd") for size in ("1k", "2k")]
    cells = {(cell["line"], cell["column"]): cell for cell in document["cells"]}
    assert set(cells) <= set(itertools.product(lines, columns))
    assert {column for _, column in cells} >= {*columns[:5]}
    assert all(cell["figure"] is None or cell["figure"] > 0 for cell in cells.values())
    assert all({"spread", "note", "doubt"} <= set(cell) for cell in cells.values())


def test_the_picture_has_a_line_for_each_library() -> None:
    small = [
        Cell("adamw, 1k", "% of roof", 80.0),
        Cell("adamw, 1k", "x numpy", 4.0),
        Cell("adamw, 1k", "x torch", None),
    ]
    cells = [*small, Cell("adamw, 2M", "% of roof", 90.0)]
    assert picture.lines(cells) == {"adamw": {"fastgd": ([1000, 2_000_000], [0.8, 0.9]), "numpy": ([1000], [0.2])}}


# ---- the report -------------------------------------------------------------------------------------------------


def test_report(report: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    written = tmp_path / "report.md"
    assert report.main(["--quick", "--only", "call-memory", "--output", str(written)]) == 0
    text = written.read_text()
    assert "| opt.step(grads) | - | no allocation that stays, none that grows | 0 (sgd" in text
    assert "Quick run" in text
    assert "- cpu: " in text
    assert "0 rows missed" in capsys.readouterr().out


def test_verdicts(report: Any) -> None:
    def cell(figure: Any, need: Any, at_most: bool = False) -> Any:
        return Cell("line", "column", figure, need, at_most=at_most)

    met, missed, absent = cell(2.0, 1.5), cell(0.899, 0.9), cell(None, 1.0)
    doubtful = dataclasses.replace(missed, doubt="quartiles far apart")
    assert report.verdict([met]) == "met"
    assert report.verdict([met, missed]) == "**missed** in 1 of 2"
    assert report.verdict([met, absent]) == "met, 1 n/a"
    assert report.verdict([absent]) == "1 n/a"
    assert report.verdict([met, doubtful]) == "met, 1 in doubt"
    assert doubtful.text() == "0.899?"
    assert absent.text() == "n/a"
    assert report.verdict([cell(1.0, None)]) == "-"
    assert missed.text() == "0.899 (missed)"
    assert cell(1.3, 1.2, at_most=True).met is False
    assert cell(1.1, 1.2, at_most=True).met is True
    assert min([met, missed, cell(3.0, 1.2)], key=report.closeness) is missed


def test_a_grid_has_lines_and_columns_in_their_order() -> None:
    cells = [Cell("b", "y", 1.0), Cell("b", "x", 0.123456), Cell("a", "x", 250.0)]
    assert grid(cells) == [["", "y", "x"], ["b", "1", "0.123"], ["a", "", "250"]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "("], "not a regular expression"),
        (["--only", "nothing"], "--only: no row matches; there are roof-large,"),
        (["--seconds", "0"], "--seconds must be above 0, got 0.0"),
    ],
)
def test_bad_report_arguments(report: Any, arguments: Any, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        report.main(arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_every_row_of_the_report_gives_cells(report: Any, quick: Any) -> None:
    settings = report.Settings(0.0, quick=True)
    for target in report.TARGETS:
        if target.name in (
            "calls",
            "clip-cost",
            "stages",
            "training",
            "training-loop",
            "many-cold",
            "threads",
            "instruction-sets",
            "rows",
        ):
            cells = list(target.measure(settings))
            assert cells
            assert all(cell.figure is not None or cell.note for cell in cells)
