"""
What kernels/rules/*.pxd and optimizers/*.py say, read with `re` and `ast` for tools/derive.py.

A file that does not have the shape of its neighbours ends the program with a message that names it.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src/fastgd"
KERNELS, OPTIMIZERS, HYPERPARAMETERS = PACKAGE / "kernels", PACKAGE / "optimizers", PACKAGE / "hyperparameters.py"

# The shapes that the files in kernels have. What does not match them is no part of a rule.
BLOCK = r"((?:    .*\n)+)"
HYPER = re.compile(rf'^ctypedef struct (\w+) "fastgd_(\w+)":\n{BLOCK}', re.MULTILINE)
SCALARS = re.compile(r"^ctypedef struct (\w+Scalars):", re.MULTILINE)
RULES = re.compile(rf"^cdef enum (\w+)Rules:\n{BLOCK}", re.MULTILINE)
CARRY = re.compile(rf"^ctypedef struct (\w+)Carry:\n{BLOCK}", re.MULTILINE)
FOLD = re.compile(r"^cdef inline int fold_(\w+)\((\w+)\* s, .*?\) noexcept nogil:", re.MULTILINE | re.DOTALL)
MEMORY = re.compile(rf"^ctypedef struct (\w+)Memory:\n{BLOCK}", re.MULTILINE)
SETTLE = re.compile(r"^cdef inline void (settle_(?:all_)?\w+)\(\w+\* s, const double\* sums", re.MULTILINE)
KERNEL = re.compile(r"^cdef inline void (\w+)\((\w+\* restrict param.*?)\) noexcept nogil:", re.MULTILINE | re.DOTALL)
ARRAY = re.compile(r"(?!double\b)\b\w+\* restrict (\w+)")
TERM = re.compile(r"double\* restrict (\w+)")
FIELD = re.compile(r"^    (?:double )?(\w+)", re.MULTILINE)


class Measure(NamedTuple):
    name: str  # of its function
    terms: int
    settle: str


class Rule(NamedTuple):
    name: str
    module: str
    states: list[str]
    measures: list[Measure]  # the passes before its own


class Parameter(NamedTuple):
    name: str
    annotation: str
    default: str


class Optimizer(NamedTuple):
    name: str
    module: str
    own_family: bool  # whether it says `family` itself; a class that inherits it is the same family with other defaults
    attributes: dict[str, Any]  # the constants of its body and of its base's
    parameters: list[Parameter]  # hyperparameters
    doc: str


class Family(NamedTuple):
    name: str
    module: str
    struct: str
    hyper: list[str]  # fields of the struct
    carry: list[str]
    memory: int  # how many of them, the last, are kept for each parameter
    rules: list[str]  # names of rules, in the order of what the fold returns
    scalars: str  # the struct of scalars that the fold fills


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def fail(message: str) -> NoReturn:
    sys.exit(f"derive: {message}")


def kernels_in(path: Path) -> list[Rule]:
    """The rules of a file. A rule `x` of several passes has, in their order, x_measure, settle_x, x_measure_2 ... x."""
    text = path.read_text(encoding="utf-8")
    found = dict(KERNEL.findall(text))
    settles = SETTLE.findall(text)
    rules = []
    for name, arguments in found.items():
        if TERM.search(arguments):
            continue
        measures = [other for other in found if re.fullmatch(rf"{name}_measure(_\d)?", other)]
        settled = [settle for settle in settles if re.fullmatch(rf"settle_(all_)?{name}(_\d)?", settle)]
        if len(measures) != len(settled):
            fail(f"{path.name}: {name} has {len(measures)} measuring passes, and {len(settled)} settle functions")
        if len({settle.startswith("settle_all_") for settle in settled}) > 1:
            fail(f"{path.name}: the sums of {name} are over all parameters in one pass, and over each in another")
        terms = [len(TERM.findall(found[measure])) for measure in measures]
        passes = [Measure(*one) for one in zip(measures, terms, settled, strict=True)]
        rules.append(Rule(name, path.stem, ARRAY.findall(arguments)[2:], passes))
    used = {measure.name for rule in rules for measure in rule.measures} | {rule.name for rule in rules}
    if stray := [name for name in found if name not in used]:
        fail(f"{path.name}: {stray[0]} measures, but there is no rule that it is called after: x_measure belongs to x")
    return rules


def only(path: Path, what: str, pattern: re.Pattern[str]) -> tuple[str, ...]:
    found = pattern.findall(path.read_text(encoding="utf-8"))
    if len(found) != 1:
        fail(f"{path.name}: expected one {what}, got {len(found)}")
    return found[0]


def family_in(path: Path) -> Family:
    struct, c_name, fields = only(path, 'ctypedef struct X "fastgd_X"', HYPER)
    name, scalars = only(path, "cdef inline int fold_x", FOLD)
    owner, rules = only(path, "cdef enum XRules", RULES)
    text = path.read_text(encoding="utf-8")
    carry, memory = ([key for _, block in k.findall(text) for key in FIELD.findall(block)] for k in (CARRY, MEMORY))
    if not struct == c_name == owner or name != snake(struct):
        fail(f"{path.name}: struct {struct} needs the C name fastgd_{struct}, {struct}Rules and fold_{snake(struct)}")
    return Family(
        name,
        path.stem,
        struct,
        FIELD.findall(fields),
        carry + memory,
        len(memory),
        [rule.lower() for rule in FIELD.findall(rules)],
        scalars,
    )


def constant(node: ast.expr) -> Any:
    """A literal as it is; of a call its argument `only`, if it has one; of anything else the source."""
    if isinstance(node, ast.Dict):
        return {ast.literal_eval(key): constant(value) for key, value in zip(node.keys, node.values, strict=True)}
    if isinstance(node, ast.Call):
        node = next((keyword.value for keyword in node.keywords if keyword.arg == "only"), node)
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)


def constants(body: list[ast.stmt]) -> dict[str, Any]:
    """What a class assigns to names."""
    assigned = [(node.targets[0], node.value) for node in body if isinstance(node, ast.Assign)]
    assigned += [(node.target, node.value) for node in body if isinstance(node, ast.AnnAssign) and node.value]
    return {target.id: constant(value) for target, value in assigned if isinstance(target, ast.Name)}


def parameters(init: ast.FunctionDef, text: str) -> list[Parameter]:
    """The hyperparameters of a signature; defaults as they are written there."""
    positional, named = init.args.args[2:], init.args.kwonlyargs
    arguments = [*zip(positional, init.args.defaults, strict=True), *zip(named, init.args.kw_defaults, strict=True)]
    return [Parameter(a.arg, ast.unparse(a.annotation), ast.get_source_segment(text, d)) for a, d in arguments]


def optimizers_in(path: Path) -> list[Optimizer]:
    """The classes of a file that are a family's, or inherit from one that stands before them."""
    found: dict[str, Optimizer] = {}
    attributes: dict[str, dict[str, Any]] = {}
    text = path.read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if not isinstance(node, ast.ClassDef):
            continue
        own = constants(node.body)
        inherited = attributes.get(ast.unparse(node.bases[0]), {}) if node.bases else {}
        attributes[node.name] = inherited | own
        if "family" not in attributes[node.name]:
            continue
        (init,) = [n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]
        doc = ast.get_docstring(node) or fail(f"{path.name}: {node.name} has no docstring")
        found[node.name] = Optimizer(
            node.name, path.stem, "family" in own, attributes[node.name], parameters(init, text), doc
        )
    return list(found.values())


def aliases() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """The types that hyperparameters.py defines: name, plain type, fields of a struct where they are several."""
    for node in ast.parse(HYPERPARAMETERS.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("Annotated["):
            keywords = [k for n in ast.walk(node.value) if isinstance(n, ast.Call) for k in n.keywords]
            fields = [ast.literal_eval(k.value) for k in keywords if k.arg == "fields"]
            yield ast.unparse(node.targets[0]), ast.unparse(node.value.slice.elts[0]), *(fields or [()])


def switches() -> dict[str, str]:
    """torch's switches in a signature, with type and default."""
    for node in ast.parse((PACKAGE / "optimizers/state_dict.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "SWITCHES":
            defaults = ast.literal_eval(node.value)
            return {name: f"bool{' | None' * (d is None)} = {d}" for name, d in defaults.items()}
    fail("optimizers/state_dict.py has no SWITCHES")


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


def check_types(optimizer: Optimizer, known: set[str]) -> None:
    for p in optimizer.parameters:
        if p.annotation not in known:
            fail(f"optimizers/{optimizer.module}.py: {p.name}: {p.annotation} is no type of hyperparameters.py")


def check_inherited(optimizer: Optimizer, owner: Optimizer) -> None:
    """Refuse a class that leaves open what its base takes."""
    own = {p.name for p in optimizer.parameters} | set(optimizer.attributes.get("fixed", {}))
    if lacking := [p.name for p in owner.parameters if p.name not in own]:
        where = f"optimizers/{optimizer.module}.py: {optimizer.name}"
        fail(f"{where} takes no {', '.join(lacking)}, which {owner.name} takes; it belongs there or in `fixed`")


def optimizers_of(families: list[Family]) -> list[Optimizer]:
    optimizers = [o for path in sorted(OPTIMIZERS.glob("*.py")) for o in optimizers_in(path)]
    owners = {o.attributes["family"]: o for o in optimizers if o.own_family}
    known = {name: fields for name, _, fields in aliases()}
    fields_of = {name: fields for name, fields in known.items() if fields}
    for optimizer in optimizers:
        check_types(optimizer, set(known))
        check_inherited(optimizer, owners.get(optimizer.attributes["family"], optimizer))
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
    scalars = {struct: path.stem for path in paths for struct in SCALARS.findall(path.read_text(encoding="utf-8"))}
    names = {rule.name for rule in rules}
    for family in families:
        for name in family.rules:
            if name not in names:
                fail(f"{family.module}.pxd: {family.struct}Rules names {name.upper()}, but there is no rule {name}")
    for rule in rules:
        if not any(rule.name in family.rules for family in families):
            fail(f"{rule.module}.pxd: {rule.name} stands in no enum of rules, so that no fold can choose it")
    return rules, families, scalars
