"""The README's Python runs, and its table of optimizers is what the code does."""

import re
from pathlib import Path

import numpy as np
import pytest

import fastgd

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPET = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
SNIPPETS = SNIPPET.findall(TEXT)
OPTIMIZERS = {
    name: kind
    for name in fastgd.__all__
    if isinstance(kind := getattr(fastgd, name), type)
    and issubclass(kind, fastgd.Optimizer)
    and kind is not fastgd.Optimizer
}
ROW = re.compile(r"^\| `(\w+)`[^|]* \| (\d+)[^|]* \|", re.MULTILINE)


def test_snippets_run_in_their_order() -> None:
    assert len(SNIPPETS) >= 4
    names: dict[str, object] = {}
    for number, snippet in enumerate(SNIPPETS):
        exec(compile(snippet, f"README.md, snippet {number}", "exec"), names)


def test_snippets_of_stages_run_in_their_order() -> None:
    names: dict[str, object] = {}
    for number, snippet in enumerate(SNIPPET.findall((ROOT / "docs" / "STAGES.md").read_text(encoding="utf-8"))):
        exec(compile(snippet, f"STAGES.md, snippet {number}", "exec"), names)
    assert "opt" in names


def test_every_optimizer_has_a_row() -> None:
    assert sorted(name for name, _ in ROW.findall(TEXT)) == sorted(OPTIMIZERS)


@pytest.mark.parametrize(("name", "size"), ROW.findall(TEXT))
def test_state_bytes_per_parameter(name: str, size: int) -> None:
    param = np.ones((10, 100) if name == "Muon" else 1000, np.float32)
    opt = OPTIMIZERS[name](param)
    opt.step(np.ones_like(param))
    arrays = [value for value in opt.state.get(0, {}).values() if value.shape == param.shape]
    assert sum(array.nbytes for array in arrays) == 1000 * int(size)
