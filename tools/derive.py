"""
Write what follows from kernels/rules/*.pxd and optimizers/*.py: make derive. With --check, name what is stale instead.

The files that it writes are committed, so that they can be read, searched and reviewed like any other.
"""

import re
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
KERNELS = ROOT / "src/fastgd/kernels"
HEAD = "Written by make derive from kernels/rules/*.pxd and optimizers/*.py; edit those."
WIDTH = 120

# The shapes that the files in kernels have. What does not match them is no part of a rule.
BLOCK = r"((?:    .*\n)+)"
HYPER = re.compile(rf'^ctypedef struct (\w+) "fastgd_(\w+)":\n{BLOCK}', re.MULTILINE)
SCALARS = re.compile(r"^ctypedef struct (\w+Scalars):", re.MULTILINE)
RULES = re.compile(rf"^cdef enum (\w+)Rules:\n{BLOCK}", re.MULTILINE)
CARRY = re.compile(rf"^ctypedef struct (\w+)Carry:\n{BLOCK}", re.MULTILINE)
FOLD = re.compile(r"^cdef inline int fold_(\w+)\((\w+)\* s, .*?\) noexcept nogil:", re.MULTILINE | re.DOTALL)
KERNEL = re.compile(r"^cdef inline void (\w+)\((\w+\* restrict param.*?)\) noexcept nogil:", re.MULTILINE | re.DOTALL)
ARRAY = re.compile(r"\w+\* restrict (\w+)")
FIELD = re.compile(r"^    (?:double )?(\w+)", re.MULTILINE)


class Rule(NamedTuple):
    name: str
    module: str
    states: list[str]


class Family(NamedTuple):
    name: str
    module: str
    struct: str
    hyper: list[str]  # fields of the struct
    carry: list[str]
    rules: list[str]  # names of rules, in the order of what the fold returns
    scalars: str  # the struct of scalars that the fold fills


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def fail(message: str) -> None:
    sys.exit(f"derive: {message}")


def kernels_in(path: Path) -> list[Rule]:
    found = KERNEL.findall(path.read_text())
    return [Rule(name, path.stem, ARRAY.findall(arguments)[2:]) for name, arguments in found]


def only(path: Path, what: str, pattern: re.Pattern[str]) -> tuple[str, ...]:
    found = pattern.findall(path.read_text())
    if len(found) != 1:
        fail(f"{path.name}: expected one {what}, got {len(found)}")
    return found[0]


def family_in(path: Path) -> Family:
    struct, c_name, fields = only(path, 'ctypedef struct X "fastgd_X"', HYPER)
    name, scalars = only(path, "cdef inline int fold_x", FOLD)
    owner, rules = only(path, "cdef enum XRules", RULES)
    carry = CARRY.findall(path.read_text())
    if not struct == c_name == owner or name != snake(struct):
        fail(f"{path.name}: struct {struct} needs the C name fastgd_{struct}, {struct}Rules and fold_{snake(struct)}")
    return Family(
        name,
        path.stem,
        struct,
        FIELD.findall(fields),
        [key for _, block in carry for key in FIELD.findall(block)],
        [rule.lower() for rule in FIELD.findall(rules)],
        scalars,
    )


def read() -> tuple[list[Rule], list[Family], dict[str, str]]:
    """All rules, all families, and for each struct of scalars the module that has it."""
    paths = sorted(p for p in (KERNELS / "rules").glob("*.pxd") if p.stem != "__init__")
    rules = [rule for path in paths for rule in kernels_in(path)]
    families = [family_in(path) for path in paths]
    scalars = {struct: path.stem for path in paths for struct in SCALARS.findall(path.read_text())}
    names = {rule.name for rule in rules}
    for family in families:
        for rule in family.rules:
            if rule not in names:
                fail(f"{family.module}.pxd: {family.struct}Rules names {rule.upper()}, but there is no rule {rule}")
    for rule in rules:
        if not any(rule.name in family.rules for family in families):
            fail(f"{rule.module}.pxd: {rule.name} stands in no enum of rules, so that no fold can choose it")
    return rules, families, scalars


def call(head: str, arguments: list[str], tail: str = ")") -> str:
    """`head(a, b, ...)` in lines of at most WIDTH, continued below the first argument."""
    lines, margin = [f"{head}("], " " * (len(head) + 1)
    for i, argument in enumerate(arguments):
        end = tail if i == len(arguments) - 1 else ","
        gap = "" if lines[-1].endswith("(") or lines[-1] == margin else " "
        if len(lines[-1]) + len(gap) + len(argument) + len(end) > WIDTH:
            lines.append(margin)
            gap = ""
        lines[-1] += gap + argument + end
    return "\n".join(lines)


def quoted(words: list[str]) -> str:
    return f'b"{" ".join(words)}"'


def row(kind: str, rule: Rule) -> str:
    function = f"{rule.module}.{rule.name}"
    arguments = [f'b"{rule.name}"', quoted(rule.states), f"<void*>{function}[float]", f"<void*>{function}[double]"]
    return call(kind, arguments)


def table(rules: list[Rule], families: list[Family], scalars: dict[str, str]) -> str:
    lines = [f"# {HEAD}", 'include "build_table.pxi"', "", "from fastgd.kernels cimport roofs"]
    modules = sorted({family.module for family in families})
    lines += [call("from fastgd.kernels.rules cimport ", modules), ""]
    lines += [row("rule", rule) for rule in rules] + [""]
    for f in families:
        fold, size = f"<Fold>{f.module}.fold_{f.name}", f"sizeof({scalars[f.scalars]}.{f.scalars})"
        lines.append(call("family", [f'b"{f.name}"', quoted(f.hyper), quoted(f.carry), quoted(f.rules), fold, size]))
    lines += ["", *(row("roof", roof) for roof in kernels_in(KERNELS / "roofs.pxd"))]
    return "\n".join(lines) + "\n"


def derived() -> dict[Path, str]:
    """Every written file with what it should hold."""
    rules, families, scalars = read()
    return {
        KERNELS / "table.pxi": table(rules, families, scalars),
    }


def main() -> None:
    stale = [(path, text) for path, text in derived().items() if not path.exists() or path.read_text() != text]
    if sys.argv[1:] == ["--check"]:
        if stale:
            fail("stale, run make derive: " + ", ".join(str(path.relative_to(ROOT)) for path, _ in stale))
        return
    if sys.argv[1:]:
        fail(f"expected no argument or --check, got {' '.join(sys.argv[1:])}")
    for path, text in stale:
        path.write_text(text)
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
