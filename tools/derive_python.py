"""What is written in Python: functional.py, torch/classes.py, imports of the packages, and the table of optimizers."""

import re
import textwrap

from sources import PACKAGE, Family, Optimizer, Parameter, Rule, aliases, fail, switches

HEAD = "# Written by make derive from kernels/rules/*.pxd and optimizers/*.py; edit those."
WIDTH = 120
PLAIN = {name: plain.replace("'", '"') for name, plain, _ in aliases()}
SWITCHES = switches()
SETTINGS = "`max_grad_norm`, `state_dtype` and what else stands in `fastgd.Optimizer`."

FUNCTIONAL = '''
"""
Every rule as a function: stateless, in place, for libraries that own their state.

Each function updates one parameter. `param` and the state arrays are changed in place, `grad` is only read; they are
float32, float64, bfloat16 or float16 (float64 beside float64 parameters alone), dense, of one shape with the same
strides, counted in items, and share no memory. `step` counts from 1. State
arrays begin as zeros; those that may be None are given where the hyperparameters use them. `grad_scale` multiplies the
gradient before anything else. Hyperparameters, formulas and references are those of the class. A call changes nothing
if it raises TypeError or ValueError, which it does for arrays and numbers that are not as described.
"""
'''
CLASSES = '''
"""The classes of `fastgd.torch`: torch's signatures, in torch's order, and what the NumPy classes have beside them."""
'''


def order(name: str) -> tuple[bool, str, str]:
    """Constants first, then classes, as ruff sorts imports."""
    return not name.isupper(), name.lower(), name


def block(opening: str, items: list[str], closing: str, margin: str = "") -> list[str]:
    """One item a line, each with a comma, as ruff leaves it."""
    return [f"{margin}{opening}", *(f"{margin}    {item}," for item in items), f"{margin}{closing}"]


def importing(module: str, names: list[str]) -> list[str]:
    line = f"from {module} import {', '.join(names)}"
    return [line] if len(line) <= WIDTH else block(f"from {module} import (", names, ")")


def imports(optimizers: list[Optimizer]) -> dict[str, list[str]]:
    """For each module of optimizers, the line that imports its classes."""
    modules = sorted({o.module for o in optimizers})
    classes = {m: sorted((o.name for o in optimizers if o.module == m), key=order) for m in modules}
    return {m: importing(f"fastgd.optimizers.{m}", names) for m, names in classes.items()}


def tuple_of(items: list[str]) -> str:
    return f"({', '.join(items)}{',' * (len(items) == 1)})"


def function_name(optimizer: Optimizer) -> str:
    return str(optimizer.attributes["family"]) if optimizer.own_family else optimizer.name.lower()


def states_of(family: Family, rules: list[Rule]) -> dict[str, bool]:
    """State keys, and whether every rule of the family has them; those come first."""
    own = sorted((rule.states for rule in rules if rule.name in family.rules), key=len, reverse=True)
    keys = list(dict.fromkeys(key for states in own for key in states))
    needed = {key: all(key in states for states in own) for key in keys}
    return dict(sorted(needed.items(), key=lambda item: not item[1]))


def plain_type(p: Parameter) -> str:
    """The type of a hyperparameter where no schedule is taken."""
    return PLAIN[p.annotation].replace(" | Schedule", "")


def value(name: str, optimizer: Optimizer) -> str:
    """What a function gives for a hyperparameter of the family."""
    fixed, implied = optimizer.attributes.get("fixed", {}), optimizer.attributes.get("implied", {})
    return str(fixed[name]) if name in fixed else f"{implied[name]} is not None" if name in implied else name


def function_head(optimizer: Optimizer, states: dict[str, bool], shown: list[str]) -> list[str]:
    """The signature, with what is returned, and the docstring."""
    implied = optimizer.attributes.get("implied", {})
    arguments = ["param: Array", "grad: Array"]
    arguments += [f"{key}: Array" + ("" if needed else " | None = None") for key, needed in states.items()]
    arguments += ["*", "step: int", *(f"{key}: float" for key in shown)]
    for p in optimizer.parameters:
        if p.name not in implied:
            arguments.append(f"{p.name}: {plain_type(p)} = {p.default}")
    notes = [f"See `fastgd.{optimizer.name}`."]
    notes += [f"`{option}` is whether `{key}` is given." for option, key in implied.items()]
    if shown:
        names = " and ".join(f"`{key}`" for key in shown)
        notes.append(f"Returns the {names} of the next step; step 1 reads none.")
    floats = ", ".join(["float"] * len(shown))
    returns = f"tuple[{floats}]" if len(shown) > 1 else floats or "None"
    lines = block(f"def {function_name(optimizer)}(", [*arguments, "grad_scale: float = 1.0"], f") -> {returns}:")
    return [*lines, '    """', f"    {optimizer.doc.splitlines()[0]}", "", f"    {' '.join(notes)}", '    """']


def function(optimizer: Optimizer, owner: Optimizer, family: Family, states: dict[str, bool]) -> list[str]:
    name, shown = function_name(optimizer), list(optimizer.attributes.get("carried", {}))
    keys = tuple_of([f'"{key}"' for key in states])
    lines = [f"_{name} = Function({optimizer.name}, {keys})", "", "", *function_head(optimizer, states, shown)]
    values = block("(", [value(p.name, optimizer) for p in owner.parameters], ")", "        ")
    carry = [f'{optimizer.name}.carried["{key}"]("{key}", {key})' for key in shown]
    carry += ["float(step != 1)"] * (len(family.carry) - len(shown))  # a number that no caller sees begins with step 1
    kept = f"carried: tuple[{', '.join(['float'] * len(shown))}] = " if shown else ""
    lines.append(f"    {kept}_{name}.update(")
    lines += [f"        {item}," for item in ("param", "grad", tuple_of(list(states)), "step", "grad_scale")]
    lines += [*values[:-1], values[-1] + ","]
    if carry:
        line = f"        {tuple_of(carry)},"
        lines += [line] if len(line) <= WIDTH else block("(", carry, "),", "        ")
    lines += ["    )"]
    return lines + ["    return carried[0]" if len(shown) == 1 else "    return carried"] * bool(shown)


def functional(rules: list[Rule], families: list[Family], optimizers: list[Optimizer]) -> str:
    owners = {o.attributes["family"]: o for o in optimizers if o.own_family}
    by_name = {family.name: family for family in families}
    optimizers = [o for o in optimizers if o.attributes.get("elementwise", True)]
    lines = [HEAD, FUNCTIONAL.strip(), "", "import numpy as np", "", "from fastgd.engine.apply import Function"]
    lines += [line for text in imports(optimizers).values() for line in text] + ["", "Array = np.ndarray"]
    for optimizer in optimizers:
        family = by_name[optimizer.attributes["family"]]
        lines += ["", "", *function(optimizer, owners[family.name], family, states_of(family, rules))]
    if any("Literal[" in line for line in lines):
        lines.insert(lines.index("import numpy as np"), "from typing import Literal\n")
    return "\n".join(lines) + "\n"


def listed(names: list[str]) -> str:
    """Names of arguments as a heading of a docstring; a backslash joins its lines."""
    return " \\\n".join(textwrap.wrap(", ".join(names), WIDTH - 6))


def check_signature(optimizer: Optimizer) -> None:
    """Refuse a torch_signature that lacks a hyperparameter or has what is neither one nor a switch of torch."""
    where = f"optimizers/{optimizer.module}.py: {optimizer.name}"
    signature = optimizer.attributes.get("torch_signature", "").split()
    names = [p.name for p in optimizer.parameters]
    if lacking := [name for name in names if name not in signature]:
        fail(f"{where} has no {', '.join(lacking)} in its torch_signature")
    if surplus := [name for name in signature if name not in names and name not in SWITCHES and name != "*"]:
        fail(f"{where} has {', '.join(surplus)} in its torch_signature, neither a hyperparameter nor a switch of torch")


def torch_docstring(optimizer: Optimizer, names: list[str]) -> list[str]:
    known = {p.name for p in optimizer.parameters}
    lines = ['    """', f"    {optimizer.doc.splitlines()[0]}", "", "    Parameters", "    ----------"]
    if re.search(rf"torch\.optim\.{optimizer.name}\b", optimizer.doc):
        beyond = [name for name in optimizer.attributes.get("beyond_torch", ()) if name in names]
        lines += [f"    {listed(['params', *(name for name in names if name not in beyond)])}"]
        lines += [f"        As for torch.optim.{optimizer.name}."]
    else:
        beyond = [name for name in names if name in known]
        lines += ["    params", "        As for torch.optim, which has no such class."]
        lines += [f"    {listed([name for name in names if name not in known])}", "        As for torch.optim.Adam."]
    if beyond:
        lines += [f"    {listed(beyond)}", f"        As for `fastgd.{optimizer.name}`, which has the formula."]
    lines += ["    **settings", f"        {SETTINGS}"]
    if carried := optimizer.attributes.get("carried"):
        lines += ["", "    Notes", "    -----", f"    Kept in double: {', '.join(f'``{key}``' for key in carried)}."]
    return [*lines, '    """']


def torch_base(module: str) -> str:
    """The class of a module of fastgd.torch in which stands, by hand, what its optimizers do beyond others."""
    return "".join(word.capitalize() for word in module.split("_")) + "Base"


def torch_class(optimizer: Optimizer, owner: Optimizer) -> list[str]:
    check_signature(optimizer)
    known: dict[str, Parameter] = {p.name: p for p in optimizer.parameters}
    signature = optimizer.attributes["torch_signature"].split()
    names = [name for name in signature if name != "*"]
    base = owner.name if owner is not optimizer else "Optimizer"
    if (PACKAGE / f"torch/{optimizer.module}.py").exists():
        base = torch_base(optimizer.module)
    lines = [f"class {optimizer.name}({base}):", *torch_docstring(optimizer, names), ""]
    lines += [f"    _numpy: ClassVar[type[NumPyOptimizer]] = {optimizer.module}.{optimizer.name}", ""]
    arguments = ["self", "params: Any"]
    for name in signature:
        if name in known:
            plain = plain_type(known[name])
            kind = plain.replace("float", "Any") if plain.startswith("tuple") or name == "lr" else plain
            arguments.append(f"{name}: {kind} = {known[name].default}")
        else:
            arguments.append("*" if name == "*" else f"{name}: {SWITCHES[name]}")
    lines += block("def __init__(", [*arguments, "**settings: Unpack[Settings]"], ") -> None:", "    ")
    initialize = "super()" if owner is optimizer else f"super({owner.name}, self)"  # whose arguments are others
    return [
        *lines,
        *block("given = dict(", [f"{name}={name}" for name in names], ")", "        "),
        f"        {initialize}.__init__(params, given, settings)",
    ]


def torch_classes(optimizers: list[Optimizer]) -> str:
    owners = {o.attributes["family"]: o for o in optimizers if o.own_family}
    modules = sorted({o.module for o in optimizers})
    special = [module for module in modules if (PACKAGE / f"torch/{module}.py").exists()]
    bases = [f"from fastgd.torch.{module} import {torch_base(module)}" for module in special]
    classes = [line for o in optimizers for line in ["", "", *torch_class(o, owners[o.attributes["family"]])]]
    literal = ["Literal"] * any("Literal[" in line for line in classes)
    lines = [HEAD, CLASSES.strip(), "", f"from typing import {', '.join(['Any', 'ClassVar', *literal, 'Unpack'])}", ""]
    lines += importing("fastgd.optimizers", modules)
    lines += ["from fastgd.optimizers.base import Optimizer as NumPyOptimizer"]
    lines += sorted([*bases, "from fastgd.torch.base import Optimizer, Settings"])
    return "\n".join([*lines, *classes]) + "\n"


def import_lines(optimizers: list[Optimizer]) -> list[str]:
    found = imports(optimizers) | {"base": importing("fastgd.optimizers.base", ["Optimizer"])}
    return [*(line for module in sorted(found) for line in found[module]), ""]


def torch_import_lines(optimizers: list[Optimizer]) -> list[str]:
    return [*importing("fastgd.torch.classes", sorted((o.name for o in optimizers), key=order)), ""]


def all_lines(optimizers: list[Optimizer]) -> list[str]:
    """Names for __all__, as ruff sorts them."""
    names = sorted([*(o.name for o in optimizers), "Optimizer"], key=lambda name: (not name.isupper(), name))
    return block("__all__ += [", [f'"{name}"' for name in names], "]")


def table_lines(rules: list[Rule], families: list[Family], optimizers: list[Optimizer]) -> list[str]:
    """Class, bytes of state for each element in float32, and the papers without their titles."""
    by_name = {family.name: family for family in families}
    lines = ["| optimizer | state | paper |", "|---|---|---|"]
    for o in optimizers:
        family = by_name[o.attributes["family"]]
        scratch = set(o.attributes.get("scratch", ()))
        kept = [set(rule.states) - scratch for rule in rules if rule.name in family.rules]
        sizes = [str(size) for size in sorted({4 * len(states) for states in kept})]
        sizes = [o.attributes["state_bytes"]] if "state_bytes" in o.attributes else sizes
        state = ", ".join(sizes[:-1]) + " or " * (len(sizes) > 1) + sizes[-1]
        text = re.search(r"References\n-+\n(.*?)(?:\n\n|$)", o.doc, re.DOTALL)
        paper = re.sub(r', "[^"]*"(?=,)', "", " ".join(text[1].split())).rstrip(".") if text else ""
        lines.append(f"| `{o.name}` | {state} | {paper} |")
    return lines
