"""
Write what follows from kernels/rules/*.pxd and optimizers/*.py: make derive. With --check, name what is stale instead.

The files that it writes are committed, so that they can be read, searched and reviewed like any other.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src/fastgd"
KERNELS, OPTIMIZERS, HYPERPARAMETERS = PACKAGE / "kernels", PACKAGE / "optimizers", PACKAGE / "hyperparameters.py"
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


class Parameter(NamedTuple):
    name: str
    annotation: str
    default: str
    keyword_only: bool


class Optimizer(NamedTuple):
    name: str
    module: str
    own_family: bool  # whether it says `family` itself; a class that inherits it is the same family with other defaults
    attributes: dict[str, object]  # the constants of its body and of its bases
    parameters: list[Parameter]  # hyperparameters
    summary: str


class Function(NamedTuple):
    """A function of the C API."""

    returns: str
    name: str
    arguments: list[str]
    body: str


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


def constants(body: list[ast.stmt]) -> dict[str, object]:
    found = {}
    for node in body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        try:
            found |= {t.id: ast.literal_eval(node.value) for t in targets if isinstance(t, ast.Name)}
        except ValueError:
            continue  # no constant
    return found


def parameters(init: ast.FunctionDef) -> list[Parameter]:
    positional, named = init.args.args[2:], init.args.kwonlyargs
    arguments = [(a, d, False) for a, d in zip(positional, init.args.defaults, strict=True)]
    arguments += [(a, d, True) for a, d in zip(named, init.args.kw_defaults, strict=True)]
    return [Parameter(a.arg, ast.unparse(a.annotation), ast.unparse(d), only) for a, d, only in arguments]


def optimizers_in(path: Path) -> Iterator[Optimizer]:
    """The classes of a file that are a family's, or inherit from one that stands before them."""
    found: dict[str, Optimizer] = {}
    for node in ast.parse(path.read_text()).body:
        if not isinstance(node, ast.ClassDef):
            continue
        own = constants(node.body)
        bases = [found[base.id] for base in node.bases if isinstance(base, ast.Name) and base.id in found]
        if "family" not in own and not bases:
            continue
        inherited = bases[0].attributes if bases else {}
        (init,) = [n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]
        summary = (ast.get_docstring(node) or "").split("\n")[0]
        optimizer = Optimizer(node.name, path.stem, "family" in own, inherited | own, parameters(init), summary)
        found[node.name] = optimizer
        yield optimizer


def pairs() -> dict[str, tuple[str, ...]]:
    """The types of hyperparameters.py that are several fields of a struct, with the names of the fields."""
    found = {}
    for node in ast.parse(HYPERPARAMETERS.read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript):
            keywords = [k for n in ast.walk(node.value) if isinstance(n, ast.Call) for k in n.keywords]
            for keyword in keywords:
                if keyword.arg == "fields":
                    found[node.targets[0].id] = ast.literal_eval(keyword.value)
    return found


def compare(family: Family, optimizer: Optimizer, fields_of: dict[str, tuple[str, ...]]) -> None:
    """Refuse a struct that is not the signature of its class."""
    taken = [field for p in optimizer.parameters for field in fields_of.get(p.annotation, (p.name,))]
    here, there = f"{family.module}.pxd: struct {family.struct}", f"fastgd.{optimizer.name}"
    for a, b, message in (
        (taken, family.hyper, f"{here} has no {{}}, which {there} takes {{}}"),
        (family.hyper, taken, f"{here} has {{}} {{}}, which {there} in optimizers/{optimizer.module}.py does not take"),
    ):
        for i, field in enumerate(a):
            if field not in b:
                fail(message.format(field, f"after {a[i - 1]}" if i else "first"))
    if taken != family.hyper:
        fail(f"{here} has {' '.join(family.hyper)}; in the order of {there} it is {' '.join(taken)}")


def read_optimizers(families: list[Family]) -> list[Optimizer]:
    optimizers = [o for path in sorted(OPTIMIZERS.glob("*.py")) for o in optimizers_in(path)]
    owners = {o.attributes["family"]: o for o in optimizers if o.own_family}
    fields_of = pairs()
    for family in families:
        if family.name not in owners:
            fail(f'{family.module}.pxd: no class in optimizers/*.py says family = "{family.name}"')
        compare(family, owners.pop(family.name), fields_of)
    for name, optimizer in owners.items():
        fail(f"optimizers/{optimizer.module}.py: {optimizer.name} says family = {name!r}, but kernels/rules has none")
    return optimizers


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


def functions(rules: list[Rule], family: Family) -> Iterator[Function]:
    """What the C API has for a family: its fold, and the rules of its file."""
    carried = bool(family.carry)
    hyper = [f"const {family.struct}* hyper", "size_t size"] + ["double* carry"] * carried
    body = f"return fold(FAMILY_{family.name.upper()}, s, grad_scale, t, hyper, size, {'carry' if carried else 'NULL'})"
    yield Function("int", f"{family.name}_scalars", ["Scalars* s", "double grad_scale", "long long t", *hyper], body)
    for rule in rules:
        if rule.module != family.module:
            continue
        row = f"table().rules[RULE_{rule.name.upper()}]"
        given = ", ".join(["param", "grad", *rule.states, "n", "s"])
        for suffix, real, form in (("f32", "float", "FLOAT32"), ("f64", "double", "FLOAT64")):
            arrays = [f"{real}* param", f"const {real}* grad", *(f"{real}* {state}" for state in rule.states)]
            body = f"(<Kernel{len(rule.states)}>{row}.kernels[{form}])({given})"
            yield Function("void", f"{rule.name}_{suffix}", [*arrays, "Py_ssize_t n", "const Scalars* s"], body)


def head_of(function: Function) -> str:
    return call(f"cdef {function.returns} {function.name}", function.arguments, ") noexcept nogil")


def numbers(family: Family) -> list[str]:
    """Constants of the C API: which rule the step runs, and where a carried number stands."""
    names = [[f"{family.name}_{name}".upper() for name in names] for names in (family.rules, family.carry)]
    return [f"{name} = {i}" for group in names for i, name in enumerate(group)]


def capi_pxd(rules: list[Rule], families: list[Family]) -> str:
    text = PXD.format(head=HEAD, room=room("MAX_CARRY"))
    for family in families:
        text += f'\n\nctypedef struct {family.struct} "fastgd_{family.struct}":\n'
        text += "".join(f"    double {field}\n" for field in family.hyper)
        text += "\ncdef enum:\n" + "".join(f"    {line}\n" for line in numbers(family)) + "\n"
        text += "".join(head_of(function) + "\n" for function in functions(rules, family))
    return text


def capi_pyx(rules: list[Rule], families: list[Family]) -> str:
    text = f'# {HEAD}\n"""The C API: every rule, its scalars and the norm, without Python and without the GIL."""\n'
    text += 'include "capi_core.pxi"\n'
    for kind, rows in (("RULE", rules), ("FAMILY", families)):
        text += f"\ncdef enum:{' ' * 6}# rows of the table\n" + "".join(f"    {kind}_{r.name.upper()}\n" for r in rows)
    for function in (f for family in families for f in functions(rules, family)):
        text += f"\n\n{head_of(function)}:\n    {function.body}\n"
    return text


def in_c(declaration: str) -> str:
    """The type of an argument as Cython writes it for importers to compare."""
    kind = declaration.rsplit(" ", 1)[0].replace("long long", "PY_LONG_LONG")
    base = kind.replace("const ", "").rstrip("*")
    base = base if base.islower() or "_" in base else f"fastgd_{base}"
    return base + " const" * ("const " in kind) + " *" * kind.endswith("*")


def ledger(rules: list[Rule], families: list[Family]) -> str:
    """What compiled importers rely on, a line each. What has been recorded must still be so; what is new is added."""
    lines = [f"MAX_CARRY = {room('MAX_CARRY')}", f"Scalars: {room('MAX_SCALARS')} double", *CORE]
    for family in families:
        lines += [f"{family.struct}[{i}]: double {field}" for i, field in enumerate(family.hyper)] + numbers(family)
        for f in functions(rules, family):
            lines.append(f"{f.name}: {f.returns} ({', '.join(in_c(a) for a in f.arguments)})")
    recorded = LEDGER.read_text().splitlines() if LEDGER.exists() else []
    for line in recorded:
        if line not in lines:
            fail(f"{LEDGER.relative_to(ROOT)}: compiled projects rely on what is changed or gone: {line}")
    return "\n".join(recorded + [line for line in lines if line not in recorded]) + "\n"


def room(name: str) -> str:
    (number,) = re.findall(rf"^    {name} = (\d+)", (KERNELS / "rule.pxd").read_text(), re.MULTILINE)
    return number


def between(path: Path, mark: str, lines: list[str]) -> str:
    """A hand-written file with other lines between <!-- derived: mark --> and <!-- end -->."""
    before, _, rest = path.read_text().partition(f"<!-- derived: {mark} -->\n")
    _, end, after = rest.partition("<!-- end -->")
    if not end:
        fail(f"{path.relative_to(ROOT)}: no <!-- derived: {mark} --> with <!-- end --> after it")
    return f"{before}<!-- derived: {mark} -->\n" + "\n".join(lines) + f"\n<!-- end -->{after}"


def c_api_table(rules: list[Rule], families: list[Family], optimizers: list[Optimizer]) -> list[str]:
    states = {rule.name: rule.states for rule in rules}
    lines = ["| class | struct, scalars | returns | rule | states | carries |", "|---|---|---|---|---|---|"]
    for family in families:
        classes = ", ".join(f"`{o.name}`" for o in optimizers if o.attributes["family"] == family.name)
        carries = ", ".join(f"`{family.name}_{name}`".upper() for name in family.carry)
        first = [classes, f"`{family.struct}`, `{family.name}_scalars`"]
        for rule in family.rules:
            constant = f"`{family.name}_{rule}`".upper()
            cells = [*first, constant, f"`{rule}_*`", ", ".join(states[rule]), carries]
            lines.append("| " + " | ".join(cells).replace("|  |", "| |") + " |")
            first, carries = ["", ""], ""
    return [re.sub(r"\|  (?=\|)", "| ", line) for line in lines]


PXD = """\
# {head}
#
# The C API, described in docs/C_API.md. What stands here is only added to, never changed: names, arguments, numbers,
# and the fields of the structs, which grow at their end. ABI_VERSION is raised if that promise has to be broken.
from fastgd.kernels.rule cimport Scalars

cdef enum:
    ABI_VERSION = 1     # what an importer has been compiled for, to be compared with
    MAX_CARRY = {room}       # doubles that a family may carry from step to step

cdef int abi_version() noexcept nogil       # what is installed
cdef const char* instruction_set() noexcept nogil

cdef double norm_f32(const float* x, Py_ssize_t n) noexcept nogil
cdef double norm_f64(const double* x, Py_ssize_t n) noexcept nogil
"""
CORE = [
    "abi_version: int (void)",
    "instruction_set: char const *(void)",
    "norm_f32: double (float const *, Py_ssize_t)",
    "norm_f64: double (double const *, Py_ssize_t)",
]
LEDGER = ROOT / "tests/capi_abi.txt"


def derived() -> dict[Path, str]:
    """Every written file with what it should hold."""
    rules, families, scalars = read()
    optimizers = read_optimizers(families)
    c_api = ROOT / "docs/C_API.md"
    return {
        KERNELS / "table.pxi": table(rules, families, scalars),
        PACKAGE / "capi.pxd": capi_pxd(rules, families),
        PACKAGE / "capi.pyx": capi_pyx(rules, families),
        LEDGER: ledger(rules, families),
        c_api: between(c_api, "rules", c_api_table(rules, families, optimizers)),
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
