"""What is written for C and C++: fastgd.h, and the declarations in docs/C_API.md."""

import textwrap

from derive_c import ABI_VERSION, CORE, MAX_SUMS, Function, c_name, functions, numbers, room, signature
from sources import Family, Rule

WIDTH = 120
HEADER = """\
/* Written by make derive from the rules in kernels/rules and the classes in optimizers; edit those.
 *
 * The C API of fastgd for C, C++ and what reads C, without Cython; docs/C_API.md describes it.
 *
 *     static fastgd_api fastgd;
 *     if (fastgd_import(&fastgd) < 0)      // once, where the module is imported, with the GIL
 *         return NULL;
 *     fastgd.adam_f32(param, grad, exp_avg, exp_avg_sq, n, &scalars);      // anywhere, also without it
 */
#ifndef FASTGD_H
#define FASTGD_H

#include <Python.h>
#include <stddef.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {{
#endif

enum {{
    FASTGD_ABI_VERSION = {abi},     /* what an importer is compiled for; `fastgd_import` compares it */
    FASTGD_MAX_CARRY = {carry},      /* doubles that a family may carry from step to step */
    FASTGD_MAX_SUMS = {sums}        /* doubles that a measuring pass may add to */
}};

/* Opaque: what a fold makes of hyperparameters. */
typedef struct {{ double value[{scalars}]; }} fastgd_Scalars;

{structs}
/* The functions, as `fastgd_import` finds them. */
typedef struct {{
{members}
}} fastgd_api;

/* Find the functions in the fastgd that is installed: 0, or -1 with ImportError set and nothing found. */
static inline int fastgd_import(fastgd_api *api) {{
    static const struct {{ const char *name, *signature; size_t place; }} rows[] = {{
{rows}
    }};
    fastgd_api found;
    PyObject *module = PyImport_ImportModule("fastgd.capi");
    PyObject *capsules = module == NULL ? NULL : PyObject_GetAttrString(module, "__pyx_capi__");
    size_t i;
    int result = capsules == NULL ? -1 : 0;
    for (i = 0; result == 0 && i < sizeof(rows) / sizeof(rows[0]); i++) {{
        PyObject *capsule = PyDict_GetItemString(capsules, rows[i].name);
        void *pointer = NULL;
        if (capsule != NULL && PyCapsule_IsValid(capsule, rows[i].signature))
            pointer = PyCapsule_GetPointer(capsule, rows[i].signature);
        if (pointer == NULL) {{
            if (!PyErr_Occurred())
                PyErr_Format(PyExc_ImportError, "fastgd.capi has no function %s with the arguments that it was "
                             "compiled for: a later fastgd is needed", rows[i].name);
            result = -1;
        }} else
            memcpy((char *)&found + rows[i].place, &pointer, sizeof(pointer));
    }}
    if (result == 0 && found.abi_version() != FASTGD_ABI_VERSION) {{
        PyErr_Format(PyExc_ImportError, "compiled for version %d of fastgd's C API and found %d; build it anew",
                     FASTGD_ABI_VERSION, found.abi_version());
        result = -1;
    }}
    Py_XDECREF(capsules);
    Py_XDECREF(module);
    if (result == 0)
        *api = found;
    return result;
}}

#ifdef __cplusplus
}}
#endif
#endif
"""


def c_type(declaration: str) -> str:
    """An argument as C has it, of one as Cython has it."""
    kind, name = declaration.rsplit(" ", 1)
    pointer = " *" if kind.endswith("*") else " "
    return f"{'const ' * ('const ' in kind)}{c_name(kind)}{pointer}{name}"


def wrapped(text: str, margin: str, indent: str) -> str:
    """Lines that end between arguments and not in one."""
    kept = text.replace(" ", "\0").replace(",\0", ", ")
    lines = textwrap.fill(kept, WIDTH, initial_indent=margin, subsequent_indent=margin + indent)
    return lines.replace("\0", " ")


def declaration(function: Function, pattern: str, margin: str = "") -> str:
    returns = function.returns.replace("char*", "char *")
    gap = "" if returns.endswith("*") else " "
    arguments = ", ".join(c_type(a) for a in function.arguments) or "void"
    return wrapped(f"{returns}{gap}{pattern.format(function.name)}({arguments});", margin, "        ")


def struct(family: Family) -> str:
    fields = wrapped(f"double {', '.join(family.hyper)};", "    ", "    ")
    constants = ", ".join(f"FASTGD_{line}" for line in numbers(family))
    return f"typedef struct {{\n{fields}\n}} fastgd_{family.struct};\n\n" + wrapped(
        f"enum {{ {constants} }};", "", "       "
    )


def every(rules: list[Rule], families: list[Family]) -> list[Function]:
    return CORE + [f for family in families for f in functions(rules, family)]


def header(rules: list[Rule], families: list[Family]) -> str:
    found = every(rules, families)
    rows = [f'        {{"{f.name}", "{signature(f)}",\n         offsetof(fastgd_api, {f.name})}},' for f in found]
    return HEADER.format(
        abi=ABI_VERSION,
        carry=room("MAX_CARRY"),
        sums=MAX_SUMS,
        scalars=room("MAX_SCALARS"),
        structs="".join(struct(family) + "\n\n" for family in families),
        members="\n".join(declaration(f, "(*{})", "    ") for f in found),
        rows="\n".join(rows),
    )


def declarations(rules: list[Rule], families: list[Family]) -> list[str]:
    """The functions for float32 and the folds, for the docs."""
    shown = [f for f in every(rules, families)[len(CORE) :] if not f.name.endswith("_f64")]
    return ["```c", *("\n".join(declaration(f, "{}") for f in shown)).splitlines(), "```"]
