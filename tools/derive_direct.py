"""What is written of kernels/direct.pxd: the functions that run a rule on arrays in bfloat16."""

from derive_c import DIRECT, HEAD, call, is_direct
from sources import KERNELS, Family, Rule, kernels_in

# What parameter, gradient and states of each function are stored in.
MIXES = dict(
    zip(
        DIRECT,
        [
            ("uint16_t", "uint16_t", "uint16_t"),
            ("uint16_t", "uint16_t", "float"),
            ("float", "uint16_t", "float"),
            ("uint16_t", "uint16_t", "float"),
        ],
        strict=True,
    )
)


def element(rule: Rule, arrays: list[str], narrow: list[str], master: bool = False) -> list[str]:
    """The rule for one element, of which what the arrays in `narrow` have is in bfloat16."""
    given = [f"&{name}_1" if name in narrow else f"{name} + i" for name in arrays]
    lines = [
        *(f"        {name}_1 = load({name}[i])" for name in narrow),
        call(f"        {rule.name}[float]", [*given, "1", "&own"]),
        *(f"        {name}[i] = nearest_bfloat16({name}_1)" for name in narrow if name != "grad"),
    ]
    if master:
        lines[0] = "        param_1 = joined(param[i], remainder[i])"
        lines[-1] = "        part(param_1, param + i, remainder + i)"
    return lines


def two_by_two(rule: Rule, arrays: list[str]) -> list[str]:
    """The loop over pairs of elements, all of them in bfloat16, and the last element where their number is odd."""
    return [
        "    for i in range(n // 2):",
        *(f"        load_two({name} + 2 * i, &{name}_1, &{name}_2)" for name in arrays),
        *(call(f"        {rule.name}[float]", [*(f"&{a}_{k}" for a in arrays), "1", "&own"]) for k in (1, 2)),
        *(f"        store_two({name} + 2 * i, {name}_1, {name}_2)" for name in arrays if name != "grad"),
        "    if n % 2:",
        "        i = n - 1",
        *element(rule, arrays, arrays),
    ]


def function(rule: Rule, scalars: str, suffix: str, param: str, grad: str, state: str) -> str:
    kinds = {"param": param, "grad": f"const {grad}", **dict.fromkeys(rule.states, state)}
    arguments = [f"{kind}* restrict {name}" for name, kind in kinds.items()]
    narrow = [name for name, kind in kinds.items() if kind.endswith("uint16_t")]
    paired, master = suffix == DIRECT[0], suffix == DIRECT[-1]
    arguments += ["int16_t* restrict remainder"] * master
    given = [*arguments, "Py_ssize_t n", f"const {scalars}* scalars"]
    head = call(f"cdef void {rule.name}_{suffix}", given, ") noexcept nogil:")
    single = ["    for i in range(n):", *element(rule, list(kinds), narrow, master)]
    lines = [
        head,
        f"    cdef {scalars} own = scalars[0]",
        *(f"    cdef float {', '.join(f'{name}_{k}' for name in narrow)}" for k in ((1, 2) if paired else (1,))),
        "    cdef Py_ssize_t i",
        *(two_by_two(rule, narrow) if paired else single),
    ]
    return "\n".join(lines) + "\n"


def functions(rules: list[Rule], families: list[Family]) -> str:
    """The file: for each rule, and each mix of formats that has a kernel of its own, its function."""
    scalars = {family.module: family.scalars for family in families} | {"roofs": "RoofScalars"}
    direct = [rule for rule in (*rules, *kernels_in(KERNELS / "roofs.pxd")) if is_direct(rule)]
    lines = [
        f"# {HEAD}",
        "# Rules of one pass on arrays as they are stored, where some are in bfloat16: see direct.pxd.",
        "from libc.stdint cimport int16_t, uint16_t",
        "",
        "from fastgd.kernels.direct cimport load, load_two, store_two",
        "from fastgd.kernels.formats.bfloat16 cimport nearest_bfloat16",
        "from fastgd.kernels.formats.master cimport joined, part",
        "",
    ]
    found = [function(rule, scalars[rule.module], name, *kinds) for rule in direct for name, kinds in MIXES.items()]
    return "\n".join(lines) + "\n\n" + "\n\n".join(found)
