"""What is written in Cython and for C: the table of the kernel modules, the C API, and the ledger of its promises."""

import re
import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from sources import KERNELS, ROOT, Family, Optimizer, Rule, fail, kernels_in

HEAD = "Written by make derive from kernels/rules/*.pxd and optimizers/*.py; edit those."
WIDTH = 120
LEDGER = ROOT / "tests/capi_abi.txt"
ABI_VERSION = 1  # raised if a promise of the C API has to be broken
MAX_SUMS = 8  # promised to callers; rules have fewer terms
# The functions in direct.pxi of a rule.
DIRECT = ("bfloat16", "bfloat16_beside_states", "bfloat16_grad", "bfloat16_master")

PXD = """\
# {head}
#
# The C API, described in docs/C_API.md. What stands here is only added to, never changed: names, arguments, numbers,
# and the fields of the structs, which grow at their end. ABI_VERSION is raised if that promise has to be broken.
from fastgd.kernels.rule cimport Scalars

cdef enum:
    ABI_VERSION = {abi}     # what an importer has been compiled for, to be compared with
    MAX_CARRY = {room}       # doubles that a family may carry from step to step
    MAX_SUMS = {sums}        # doubles that a measuring pass may add to

cdef int abi_version() noexcept nogil       # what is installed
cdef const char* instruction_set() noexcept nogil

cdef double norm_f32(const float* x, Py_ssize_t n) noexcept nogil
cdef double norm_f64(const double* x, Py_ssize_t n) noexcept nogil
"""


class Function(NamedTuple):
    """A function of the C API."""

    returns: str
    name: str
    arguments: list[str]
    body: str = ""


# What PXD declares and capi_core.pxi has.
CORE = [
    Function("int", "abi_version", []),
    Function("const char*", "instruction_set", []),
    Function("double", "norm_f32", ["const float* x", "Py_ssize_t n"]),
    Function("double", "norm_f64", ["const double* x", "Py_ssize_t n"]),
]


def call(head: str, arguments: list[str], tail: str = ")") -> str:
    """`head(a, b, ...)` in lines of at most WIDTH, below the first argument; what has lines may break there."""
    lines, margin = [f"{head}("], " " * (len(head) + 1)
    for part in (",\n".join(arguments) + tail).splitlines():
        gap = "" if lines[-1].endswith("(") or lines[-1] == margin else " "
        if len(lines[-1]) + len(gap) + len(part) > WIDTH:
            lines.append(margin)
            gap = ""
        lines[-1] += gap + part
    return "\n".join(lines)


def quoted(words: list[str]) -> str:
    """The words as bytes, in several literals, each on its line, where one would be too long."""
    lines = textwrap.wrap(" ".join(words), WIDTH - 20) or [""]
    return "\n".join(f'b"{line}{" " * (line is not lines[-1])}"' for line in lines)


def both(name: str) -> list[str]:
    return [f"<void*>{name}[float]", f"<void*>{name}[double]"]


def is_direct(rule: Rule) -> bool:
    """Not a rule of several passes, which reads again what it has stored, and no roof but those that move arrays."""
    return not rule.measures and (rule.module != "roofs" or rule.name.startswith("stream"))


def row(kind: str, rule: Rule) -> str:
    """The row of a rule, and those of its measuring passes."""
    lines = [call(kind, [f'b"{rule.name}"', quoted(rule.states), *both(rule.name)])]
    if is_direct(rule):
        lines.append(call("direct", [f"<void*>{rule.name}_{suffix}" for suffix in DIRECT]))
    for one in rule.measures:
        over = [str(one.settle.startswith("settle_all_")), str(rule.row_numbers)]
        lines.append(call("measure", [str(one.terms), *over, *both(f"summed_{one.name}"), f"<Settle>{one.settle}"]))
    return "\n".join(lines)


def cimport(module: str, names: list[str]) -> str:
    """Names from the module that has them: Cython's build notes no dependency on what a package is asked for."""
    line = f"from fastgd.kernels.{module} cimport {', '.join(names)}"
    return line if len(line) <= WIDTH else call(f"from fastgd.kernels.{module} cimport ", names)


def table(rules: list[Rule], families: list[Family], scalars: dict[str, str]) -> str:
    roofs = kernels_in(KERNELS / "roofs.pxd")
    lines = [
        f"# {HEAD}",
        'include "build_table.pxi"',
        "",
        cimport("roofs", ["RoofScalars", *(roof.name for roof in roofs)]),
    ]
    for f in families:
        structs = [struct for struct, module in scalars.items() if module == f.module]
        own = [rule for rule in rules if rule.module == f.module]
        names = [name for rule in own for one in rule.measures for name in (one.name, one.settle)]
        names += [rule.name for rule in own]
        lines.append(cimport(f"rules.{f.module}", [*structs, f"fold_{f.name}", *names]))
    lines += ["", 'include "direct.pxi"', 'include "sums.pxi"', "", *(row("rule", rule) for rule in rules), ""]
    for f in families:
        numbers_kept = [quoted(f.carry), str(f.memory)]
        fold = [f"<Fold>fold_{f.name}", f"sizeof({f.scalars})"]
        lines.append(call("family", [f'b"{f.name}"', quoted(f.hyper), *numbers_kept, quoted(f.rules), *fold]))
    lines += ["", *(row("roof", roof) for roof in roofs)]
    return "\n".join(lines) + "\n"


def offered_by(families: list[Family], optimizers: list[Optimizer]) -> list[Family]:
    """The families that the C API has: all but those whose step is in their class."""
    apart = {o.attributes["family"] for o in optimizers if not o.attributes.get("in_c", True)}
    return [family for family in families if family.name not in apart]


def functions(rules: list[Rule], family: Family) -> Iterator[Function]:
    """What the C API has for a family: its fold, and the rules of its file."""
    carried = bool(family.carry)
    hyper = [f"const {family.struct}* hyper", "size_t size"] + ["double* carry"] * carried
    given = ["scalars", "grad_scale", "t", "hyper", "size", "carry" if carried else "NULL"]
    body = call("    return fold", [f"FAMILY_{family.name.upper()}", *given])
    yield Function(
        "int", f"{family.name}_scalars", ["Scalars* scalars", "double grad_scale", "long long t", *hyper], body
    )
    for rule in rules:
        if rule.module != family.module:
            continue
        row = f"table().rules[RULE_{rule.name.upper()}]"
        given = ["param", "grad", *rule.states, "n", "scalars"]
        for suffix, real, form in (("f32", "float", "FLOAT32"), ("f64", "double", "FLOAT64")):
            arrays = [f"{real}* param", f"const {real}* grad", *(f"{real}* {state}" for state in rule.states)]
            body = call(f"    (<Kernel{len(rule.states)}>{row}.kernels[{form}])", given)
            yield Function("void", f"{rule.name}_{suffix}", [*arrays, "Py_ssize_t n", "const Scalars* scalars"], body)
            for k, one in enumerate(rule.measures):
                pointers = f"    cdef void** arrays = [{', '.join(f'<void*>{name}' for name in given[:-2])}]"
                numbers = [f"RULE_{rule.name.upper()}", str(k), form, "arrays", "n", "scalars", "sums"]
                body = f"{pointers}\n{call('    measure', numbers)}"
                rest = ["Py_ssize_t n", "const Scalars* scalars", "double* sums"]
                yield Function("void", f"{one.name}_{suffix}", [*arrays, *rest], body)
        yield from (settling(family, rule, k) for k in range(len(rule.measures)))


def settling(family: Family, rule: Rule, k: int) -> Function:
    """What makes scalars for the passes that follow of what measuring pass k has summed."""
    over_all = rule.measures[k].settle.startswith("settle_all_")
    place = "NULL"
    if family.memory or (over_all and family.carry):
        start = 0 if over_all else len(family.carry) - family.memory
        place = f"carry + {start}" if start else "carry"
    name = rule.measures[k].name.replace("_measure", "_settle")
    arguments = ["Scalars* scalars", "const double* sums", "Py_ssize_t n"] + ["double* carry"] * bool(family.carry)
    body = f"    table().rules[RULE_{rule.name.upper()}].measures[{k}].settle(scalars, sums, n, {place})"
    return Function("void", name, arguments, body)


def head_of(function: Function, end: str = "") -> str:
    return call(f"cdef {function.returns} {function.name}", function.arguments, f") noexcept nogil{end}")


def numbers(family: Family) -> list[str]:
    """Constants of the C API: which rule the step runs, and where a carried number stands."""
    names = [[f"{family.name}_{name}".upper() for name in names] for names in (family.rules, family.carry)]
    return [f"{name} = {i}" for group in names for i, name in enumerate(group)]


def room(name: str) -> str:
    (number,) = re.findall(rf"^    {name} = (\d+)", (KERNELS / "rule.pxd").read_text(encoding="utf-8"), re.MULTILINE)
    return number


def capi_pxd(rules: list[Rule], families: list[Family]) -> str:
    text = PXD.format(head=HEAD, abi=ABI_VERSION, room=room("MAX_CARRY"), sums=MAX_SUMS)
    for family in families:
        text += f'\n\nctypedef struct {family.struct} "fastgd_{family.struct}":\n'
        text += "".join(f"    double {field}\n" for field in family.hyper)
        text += "\ncdef enum:\n" + "".join(f"    {line}\n" for line in numbers(family)) + "\n"
        text += "".join(head_of(function) + "\n" for function in functions(rules, family))
    return text


def capi_pyx(rules: list[Rule], families: list[Family], offered: list[Family]) -> str:
    text = f'# {HEAD}\n"""The C API: every rule, its scalars and the norm, without Python and without the GIL."""\n'
    text += 'include "capi_core.pxi"\n'
    for kind, rows in (("RULE", rules), ("FAMILY", families)):
        text += f"\ncdef enum:{' ' * 6}# rows of the table\n" + "".join(f"    {kind}_{r.name.upper()}\n" for r in rows)
    for function in (f for family in offered for f in functions(rules, family)):
        text += f"\n\n{head_of(function, ':')}\n{function.body}\n"
    return text


def c_name(kind: str) -> str:
    """The name in C of what a type of Cython is made of, without const and pointer."""
    base = kind.replace("const ", "").rstrip("*")
    return base if base.islower() or "_" in base else f"fastgd_{base}"


def signature(function: Function) -> str:
    """As Cython writes it for importers to compare."""

    def in_c(kind: str) -> str:
        name = c_name(kind.replace("long long", "PY_LONG_LONG"))
        return name + " const" * ("const " in kind) + " *" * kind.endswith("*")

    returns = in_c(function.returns)
    arguments = ", ".join(in_c(argument.rsplit(" ", 1)[0]) for argument in function.arguments)
    return f"{returns}{' ' * (not returns.endswith('*'))}({arguments or 'void'})"


def ledger(rules: list[Rule], families: list[Family]) -> str:
    """What compiled importers rely on, a line each. What has been recorded must still be so; what is new is added."""
    if int(room("MAX_TERMS")) > MAX_SUMS:
        fail(f"rule.pxd: a pass sums {room('MAX_TERMS')} terms, and callers in C have room for {MAX_SUMS}")
    lines = [
        f"MAX_CARRY = {room('MAX_CARRY')}",
        f"MAX_SUMS = {MAX_SUMS}",
        f"Scalars: {room('MAX_SCALARS')} double",
        *(f"{f.name}: {signature(f)}" for f in CORE),
    ]
    for family in families:
        lines += [f"{family.struct}[{i}]: double {field}" for i, field in enumerate(family.hyper)] + numbers(family)
        lines += [f"{f.name}: {signature(f)}" for f in functions(rules, family)]
    recorded = LEDGER.read_text(encoding="utf-8").splitlines() if LEDGER.exists() else []
    for line in recorded:
        if line not in lines:
            fail(f"{LEDGER.relative_to(ROOT)}: compiled projects rely on what is changed or gone: {line}")
    return "\n".join(recorded + [line for line in lines if line not in recorded]) + "\n"


def c_api_table(rules: list[Rule], families: list[Family], optimizers: list[Optimizer]) -> list[str]:
    by_name = {rule.name: rule for rule in rules}
    lines = ["| class | struct, scalars | returns | rule | states | carries |", "|---|---|---|---|---|---|"]
    for family in families:
        classes = ", ".join(f"`{o.name}`" for o in optimizers if o.attributes["family"] == family.name)
        carries = ", ".join(f"`{family.name}_{name}`".upper() for name in family.carry)
        first = [classes, f"`{family.struct}`, `{family.name}_scalars`"]
        for rule in family.rules:
            constant = f"`{family.name}_{rule}`".upper()
            passes = [*(f"`{one.name}_*`" for one in by_name[rule].measures), f"`{rule}_*`"]
            cells = [*first, constant, ", ".join(passes), ", ".join(by_name[rule].states), carries]
            lines.append("| " + " | ".join(cells).replace("|  |", "| |") + " |")
            first, carries = ["", ""], ""
    return [re.sub(r"\|  (?=\|)", "| ", line) for line in lines]
