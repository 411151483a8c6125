"""What is written of the measuring passes: the functions that add up what these find of each element."""

from derive_c import HEAD, call
from sources import Family, Measure, Rule


def function(rule: Rule, measure: Measure, scalars: str) -> str:
    states = rule.states[: len(rule.states) - rule.row_numbers]
    given = ["real* restrict param", "const real* restrict grad", *(f"real* restrict {name}" for name in states)]
    given += ["double* restrict sums", "Py_ssize_t n", f"const {scalars}* scalars"]
    terms = [f"terms_{k}" for k in range(measure.terms)]
    lanes = [f"lanes_{k}" for k in range(measure.terms)]
    arrays = [f"{name} + i" for name in ("param", "grad", *states)]
    added = [f"            {lane}[j] += {term}[j]" for lane, term in zip(lanes, terms, strict=True)]
    lines = [
        call(f"cdef void summed_{measure.name}", given, ") noexcept nogil:"),
        f"    cdef {scalars} own = scalars[0]",
        f"    cdef double[LANES] {', '.join(terms + lanes)}",
        "    cdef Py_ssize_t i = 0, j, rest = n % LANES",
        "    for j in range(LANES):",
        *(f"        {lane}[j] = 0" for lane in lanes),
        "    while i < n - rest:",
        call(f"        {measure.name}", [*arrays, *terms, "LANES", "&own"]),
        "        for j in range(LANES):",
        *added,
        "        i += LANES",
        "    if rest:",
        call(f"        {measure.name}", [*arrays, *terms, "rest", "&own"]),
        "        for j in range(rest):",
        *added,
        *(f"    sums[{k}] += as_tree({lane})" for k, lane in enumerate(lanes)),
    ]
    return "\n".join(lines) + "\n"


def functions(rules: list[Rule], families: list[Family]) -> str:
    """The file: for each measuring pass, the function that the table has."""
    scalars = {family.module: family.scalars for family in families}
    lines = [
        f"# {HEAD}",
        "# Measuring passes in lanes: the pass is inlined for LANES elements at a time, so that its terms stay in",
        "# registers; those of element i are added to lane i % LANES.",
        "from fastgd.kernels.real cimport real",
        "from fastgd.kernels.reductions cimport LANES, as_tree",
        "",
    ]
    found = [function(rule, measure, scalars[rule.module]) for rule in rules for measure in rule.measures]
    return "\n".join(lines) + "\n\n" + "\n\n".join(found)
