"""
The asv suite: `core` is what `make bench` measures (asv run --bench '^core'), `full` is the rest.

The harness is that of this checkout, also where the fastgd that it measures was built from another commit: a history
has to be measured with one stick.
"""

import importlib.util
import sys
from pathlib import Path

HARNESS = Path(__file__).resolve().parents[2] / "src" / "fastgd" / "tools" / "__init__.py"

installed = importlib.util.find_spec("fastgd.tools")
if installed is None or Path(installed.origin or "").resolve() != HARNESS:
    spec = importlib.util.spec_from_file_location(
        "fastgd.tools", HARNESS, submodule_search_locations=[str(HARNESS.parent)]
    )
    assert spec is not None
    assert spec.loader is not None
    sys.modules["fastgd.tools"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["fastgd.tools"])
