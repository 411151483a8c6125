"""README and pages of docs/: their Python runs, and what their tables say of optimizers is what the code does."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd.tools.demo import digits

ROOT = Path(__file__).resolve().parent.parent
SNIPPET = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Pages whose Python has tests of its own.
ELSEWHERE_TESTED = {"C_API.md", "EMBEDDINGS.md", "HOSTS.md", "KERAS.md", "MPI.md", "OPTIMIZERS.md"}
PAGES = [ROOT / "README.md", *sorted(set((ROOT / "docs").glob("*.md")) - {ROOT / "docs" / n for n in ELSEWHERE_TESTED})]
SNIPPETS = {path.name: found for path in PAGES if (found := SNIPPET.findall(path.read_text(encoding="utf-8")))}
OPTIMIZERS = {
    name: kind
    for name in fastgd.__all__
    if isinstance(kind := getattr(fastgd, name), type)
    and issubclass(kind, fastgd.Optimizer)
    and kind is not fastgd.Optimizer
}
CHOICE = (ROOT / "docs/OPTIMIZERS.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (\d+)[^|]* \| [^|]*[^\d. |][^|]*\|$", re.MULTILINE)
ROWS = ROW.findall(CHOICE[CHOICE.index("<!-- derived: optimizers -->") :])


def test_there_is_python_to_run() -> None:
    assert {"README.md", "START.md", "TORCH.md", "CHECKPOINTS.md", "STAGES.md"} <= set(SNIPPETS)


@pytest.mark.parametrize("page", SNIPPETS)
def test_snippets_of_a_page_run_in_their_order(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where they may leave files
    names: dict[str, object] = {}
    for number, snippet in enumerate(SNIPPETS[page]):
        exec(compile(snippet, f"{page}, snippet {number}", "exec"), names)


def test_every_optimizer_has_a_row() -> None:
    assert sorted(name for name, _ in ROWS) == sorted(OPTIMIZERS)


@pytest.mark.parametrize(("name", "size"), ROWS)
def test_state_bytes_per_parameter(name: str, size: int) -> None:
    param = np.ones((10, 100) if name == "Muon" else 1000, np.float32)
    opt = OPTIMIZERS[name](param, **({"ams_bound": False} if name == "AdaPNM" else {}))
    opt.step(np.ones_like(param))
    arrays = [value for value in opt.state.get(0, {}).values() if value.shape == param.shape]
    assert sum(array.nbytes for array in arrays) == 1000 * int(size)


# ---- docs/OPTIMIZERS.md ----------------------------------------------------------------------------------------------

CHOSEN = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([\d.]+) \|$", CHOICE, re.MULTILINE))
# Those of the demo have their tests there; Muon, Adafactor, Prodigy and DAdaptAdam in their own files.
ELSEWHERE = {"Muon": 0.02, "Adafactor": 0.05, "Prodigy": 1.0, "DAdaptAdam": 1.0}
OF_ROWS = {"SparseAdam": 0.002, "RowWiseAdagrad": 0.02}


def test_every_optimizer_is_said_when_to_choose_with_a_rate_that_is_tested() -> None:
    rates = {run.optimizer.__name__: run.options["lr"] for run in [*digits.RUNS, *digits.MORE]}
    assert {name: float(rate) for name, rate in CHOSEN.items()} == rates | ELSEWHERE | OF_ROWS
    assert sorted(CHOSEN) == sorted(OPTIMIZERS)


@pytest.mark.parametrize(("name", "rate"), OF_ROWS.items())
def test_rules_of_rows_learn_the_digits_too(name: str, rate: float) -> None:
    data, params, rng = digits.load(), digits.initial(), np.random.default_rng(0)
    opt = OPTIMIZERS[name](params, lr=rate)  # type: ignore[call-arg]
    for _ in range(digits.EPOCHS):
        for x, y in digits.batches(data, rng):
            opt.step(digits.loss_and_gradients(params, x, y)[1])
    right = digits.forward(params, data.x_test)[1].argmax(axis=1) == data.y_test
    assert right.mean() > digits.REQUIRED_ACCURACY


def test_what_the_document_shows_descends() -> None:
    galore, sam = re.findall(r"^```python\n(.*?)^```", CHOICE, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(galore, "OPTIMIZERS.md", "exec"), names)
    first = np.random.default_rng(0).standard_normal((64, 32))
    assert np.linalg.norm(names["w"]) < 0.98 * np.linalg.norm(first)
    exec(compile(sam, "OPTIMIZERS.md", "exec"), names)
    np.testing.assert_allclose(names["w"][0], 0.5**0.5, rtol=0.1)
