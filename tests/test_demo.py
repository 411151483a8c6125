"""The demonstration: it has a dozen optimizers, fastgd and NumPy go the same way in it, and it says when it fails."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import fastgd
from fastgd import __main__
from fastgd.tools.demo import digits

pytest.importorskip("matplotlib")
pytest.importorskip("tqdm")
NO_PROGRESS = SimpleNamespace(update=lambda: None)


@pytest.fixture(scope="module")
def data() -> digits.Data:
    return digits.load()


def test_a_dozen_optimizers_run_once_each() -> None:
    assert len(digits.RUNS) == len({run.optimizer for run in digits.RUNS}) == 12


def test_the_others_are_those_that_are_left() -> None:
    all_of_them = {getattr(fastgd, name) for name in fastgd.__all__}
    classes = {c for c in all_of_them if isinstance(c, type) and issubclass(c, fastgd.Optimizer)} - {
        fastgd.Optimizer,
        fastgd.Muon,
        fastgd.Adafactor,
        fastgd.Prodigy,
        fastgd.DAdaptAdam,
        fastgd.SparseAdam,
        fastgd.RowWiseAdagrad,
    }
    assert classes == {run.optimizer for run in [*digits.RUNS, *digits.MORE]}
    assert len(digits.MORE) == len(classes) - 12


@pytest.mark.parametrize("run", digits.MORE, ids=lambda run: run.optimizer.__name__)
def test_every_rule_learns_the_digits(run: Any, data: Any) -> None:
    assert digits.train(run, data, digits.EPOCHS, NO_PROGRESS).accuracy > digits.REQUIRED_ACCURACY


@pytest.mark.parametrize("run", [*digits.RUNS, *digits.MORE], ids=lambda run: run.optimizer.__name__)
def test_fastgd_and_numpy_go_the_same_way(run: Any, data: Any) -> None:
    result = digits.train(run, data, 3, NO_PROGRESS)
    assert result.losses[-1] < result.losses[0]
    assert result.difference < 1e-4


def test_demo_writes_table_and_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "curves.png"
    assert __main__.main(["demo", "--output", str(picture)]) == 0
    out = capsys.readouterr().out
    assert all(f"\n{run.optimizer.__name__} " in out for run in digits.RUNS)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_low_accuracy_is_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digits, "RUNS", digits.RUNS[:1])
    monkeypatch.setattr(digits, "REQUIRED_ACCURACY", 1.0)
    assert digits.main(["--epochs", "1", "--output", str(tmp_path / "curves.png")]) == 1
    assert "accuracy of 1.0 or less: SGD" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "invalid choice: 'train'"),
        (["info", "--all"], "unrecognized arguments: --all"),
        (["demo", "--epochs", "0"], "--epochs must be at least 1, got 0"),
        (["demo", "--output", "no/such/directory/curves.png"], "--output: no directory no/such/directory"),
    ],
)
def test_wrong_commands_are_refused(arguments: Any, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        __main__.main(arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_info_is_show_config(capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["info"]) == 0
    info = capsys.readouterr().out
    fastgd.show_config()
    assert info == capsys.readouterr().out
    assert "instruction set:" in info
