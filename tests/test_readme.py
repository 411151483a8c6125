"""The README's Python runs, and its table of optimizers is what the code does."""

import re
from pathlib import Path

import numpy as np
import pytest

import fastgd

TEXT = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
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


def test_every_optimizer_has_a_row() -> None:
    assert sorted(name for name, _ in ROW.findall(TEXT)) == sorted(OPTIMIZERS)


@pytest.mark.parametrize(("name", "size"), ROW.findall(TEXT))
def test_state_bytes_per_parameter(name: str, size: int) -> None:
    param = np.ones((10, 100) if name == "Muon" else 1000, np.float32)
    opt = OPTIMIZERS[name](param)
    opt.step(np.ones_like(param))
    arrays = [value for value in opt.state.get(0, {}).values() if value.shape == param.shape]
    assert sum(array.nbytes for array in arrays) == 1000 * int(size)
