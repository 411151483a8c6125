"""
Write what follows from kernels/rules/*.pxd and optimizers/*.py: make derive. With --check, name what is stale instead.

The files that it writes are committed, so that they can be read, searched and reviewed like any other. tools/sources.py
reads, derive_c.py, derive_direct.py, derive_sums.py and derive_python.py say what is written, and this puts it in its
places.
"""

import sys
from pathlib import Path

import derive_c
import derive_direct
import derive_h
import derive_python
import derive_sums
from sources import KERNELS, PACKAGE, ROOT, fail, optimizers_of, read

MARKS = {".md": ("<!-- derived: {} -->", "<!-- end -->"), ".py": ("# derived: {}", "# end")}


def between(path: Path, text: str, lines: list[str], opening: str, closing: str) -> str:
    """The text of a file written by hand, with other lines between two that mark the place."""
    before, start, rest = text.partition(f"{opening}\n")
    _, end, after = rest.partition(f"{closing}\n")
    if not (start and end):
        fail(f"{path.relative_to(ROOT)}: no line {opening} with {closing} after it")
    return "\n".join([before + opening, *lines, closing]) + "\n" + after


def derived() -> dict[Path, str]:
    """Every file that is written, wholly or in marked places, with what it should hold."""
    rules, families, scalars = read()
    optimizers = optimizers_of(families)
    offered = derive_c.offered_by(families, optimizers)
    texts = {
        derive_c.LEDGER: derive_c.ledger(rules, offered),
        KERNELS / "direct.pxi": derive_direct.functions(rules, families),
        KERNELS / "sums.pxi": derive_sums.functions(rules, families),
        KERNELS / "table.pxi": derive_c.table(rules, families, scalars),
        PACKAGE / "capi.pxd": derive_c.capi_pxd(rules, offered),
        PACKAGE / "capi.pyx": derive_c.capi_pyx(rules, families, offered),
        PACKAGE / "fastgd.h": derive_h.header(rules, offered),
        PACKAGE / "functional.py": derive_python.functional(rules, families, optimizers),
        PACKAGE / "torch/classes.py": derive_python.torch_classes(optimizers),
    }
    for path, mark, lines in (
        (ROOT / "docs/OPTIMIZERS.md", "optimizers", derive_python.table_lines(rules, families, optimizers)),
        (ROOT / "docs/C_API.md", "rules", derive_c.c_api_table(rules, offered, optimizers)),
        (ROOT / "docs/C_API.md", "functions", derive_h.declarations(rules, offered)),
        (PACKAGE / "__init__.py", "optimizers", derive_python.import_lines(optimizers)),
        (PACKAGE / "__init__.py", "names", derive_python.all_lines(optimizers)),
        (PACKAGE / "torch/__init__.py", "optimizers", derive_python.torch_import_lines(optimizers)),
        (PACKAGE / "torch/__init__.py", "names", derive_python.all_lines(optimizers)),
    ):
        opening, closing = MARKS[path.suffix]
        texts[path] = between(
            path, texts.get(path, path.read_text(encoding="utf-8")), lines, opening.format(mark), closing
        )
    return texts


def main() -> None:
    stale = [
        (path, text)
        for path, text in derived().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if sys.argv[1:] == ["--check"]:
        if stale:
            fail("stale, run make derive: " + ", ".join(str(path.relative_to(ROOT)) for path, _ in stale))
        return
    if sys.argv[1:]:
        fail(f"expected no argument or --check, got {' '.join(sys.argv[1:])}")
    for path, text in stale:
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
