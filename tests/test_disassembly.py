"""
The machine code of every rule: vectors of full width, no float<->double conversion in a loop, no contraction, no
approximate roots or reciprocals.
"""

import re
import shutil
import subprocess
import sysconfig
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from fastgd.engine import dispatch

WIDTHS = {"generic": "xmm", "x86_64_v2": "xmm", "x86_64_v3": "ymm", "x86_64_v4": "zmm"}
SUFFIXES = {"float32": ("__pyx_fuse_0", "ps"), "float64": ("__pyx_fuse_1", "pd")}

CONVERSION = re.compile(r"v?cvt(ps2pd|pd2ps|ss2sd|sd2ss)")
CONTRACTION = re.compile(r"vfn?m(add|sub|addsub|subadd)\d*[ps][sd]")
APPROXIMATION = re.compile(r"v?(rsqrt|rcp)\d*[ps][sdh]")
HEADER = re.compile(r"^[0-9a-f]+ <(.+)>:$")
LINE = re.compile(r"^\s*([0-9a-f]+):\s+(.*)$")
JUMP = re.compile(r"^(?:bnd |notrack )?(j\w+|loop\w*)\s+(?:0x)?([0-9a-f]+)\b")


class Instruction(NamedTuple):
    address: int
    text: str


Code = list[Instruction]


def disassemble(path: Path) -> dict[str, Code]:
    """The functions of an object file by their symbols."""
    command = [objdump(), "-d", "--no-show-raw-insn", path]
    functions: dict[str, Code] = {}
    current: Code = []
    for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
        if header := HEADER.match(line):
            current = functions.setdefault(header[1], [])
        elif instruction := LINE.match(line):
            current.append(Instruction(int(instruction[1], 16), instruction[2]))
    return functions


def objdump() -> str:
    found = shutil.which("objdump")
    if found is None:
        pytest.skip("objdump (of binutils) is needed to read machine code")
    return found


def loops(code: Code) -> list[Code]:
    """What lies between the target of each backward jump and the jump."""
    result = []
    for i, instruction in enumerate(code):
        jump = JUMP.match(instruction.text)
        if jump and code[0].address <= int(jump[2], 16) <= instruction.address:
            result.append([other for other in code[: i + 1] if other.address >= int(jump[2], 16)])
    return result


def innermost(code: Code) -> list[Code]:
    """Loops without a loop inside; a jump back from code that the compiler has moved away makes no such loop."""
    spans = loops(code)
    return [a for a in spans if not any(a is not b and a[0] <= b[0] and b[-1] <= a[-1] for b in spans)]


def conversions(code: Code) -> list[str]:
    return [i.text for loop in loops(code) for i in loop if CONVERSION.match(i.text)]


def is_vectorised(code: Code, width: str, suffix: str) -> bool:
    arithmetic = re.compile(rf"v?(add|sub|mul|div){suffix}\b.*%{width}\d")
    return any(arithmetic.match(i.text) for loop in innermost(code) for i in loop)


def found(pattern: re.Pattern[str], code: Code) -> list[str]:
    return [i.text for i in code if pattern.match(i.text)]


# ---- the kernel modules ---------------------------------------------------------------------------------------------


X86_64 = any(name.startswith("x86") for name in dispatch.built())
# Where the generic module is for another processor, there is nothing to read and the tests are skipped.
MODULES = [name.replace("-", "_") for name in dispatch.built()] if X86_64 else []


def rule_of(symbol: str) -> tuple[str, str] | None:
    """(prefix of the dtype, name of the rule) of the mangled name of a function in kernels/rules."""
    mangled = re.match(r"(__pyx_fuse_\d)__pyx_f_6fastgd_7kernels_5rules_(\d+)(\w+)", symbol)
    if mangled is None:
        return None
    return mangled[1], mangled[3][int(mangled[2]) + 1 :]


@pytest.fixture(scope="module")
def functions(request: pytest.FixtureRequest) -> dict[str, Code]:
    spec = find_spec(f"fastgd.kernels.{request.param}")
    assert spec is not None
    assert spec.origin is not None
    return disassemble(Path(spec.origin))


def rules_of(functions: dict[str, Code], prefix: str) -> dict[str, list[Code]]:
    """The pieces of each rule's function for one dtype; a module whose rules cannot all be found is an error."""
    pieces: dict[str, list[Code]] = {}
    for symbol, code in functions.items():
        # What a measuring pass sums it converts to double.
        if (rule := rule_of(symbol)) and rule[0] == prefix and not rule[1].endswith(("_measure", "_measure_2")):
            pieces.setdefault(rule[1], []).append(code)
    expected = set(dispatch.rules())
    assert expected
    assert set(pieces) == expected, "rules of the table and functions in the machine code differ"
    return pieces


in_every_module = pytest.mark.parametrize("functions", MODULES, indirect=True)
for_every_dtype = pytest.mark.parametrize("dtype", SUFFIXES)


@in_every_module
def test_no_conversion_in_a_loop_of_a_float32_rule(functions: dict[str, Code]) -> None:
    pieces = rules_of(functions, SUFFIXES["float32"][0])
    wrong = {rule: lines for rule, codes in pieces.items() for code in codes if (lines := conversions(code))}
    assert not wrong


@for_every_dtype
@in_every_module
def test_every_rule_has_a_loop_of_full_vectors(
    functions: dict[str, Code], dtype: str, request: pytest.FixtureRequest
) -> None:
    prefix, suffix = SUFFIXES[dtype]
    width = WIDTHS[request.node.callspec.params["functions"]]
    pieces = rules_of(functions, prefix)
    del pieces["adafactor"]  # What it does is in engine/factored.pyx.
    scalar = [rule for rule, codes in pieces.items() if not any(is_vectorised(c, width, suffix) for c in codes)]
    assert not scalar


@in_every_module
def test_every_rule_has_a_loop_of_full_vectors_on_bfloat16(
    functions: dict[str, Code], request: pytest.FixtureRequest
) -> None:
    """The functions of direct.pxi, in which the rule must have been inlined for that."""
    module = request.node.callspec.params["functions"]
    pieces: dict[str, list[Code]] = {}
    for symbol, code in functions.items():
        if mangled := re.match(rf"__pyx_f_6fastgd_7kernels_{len(module)}{module}_(\w+_bfloat16\w*)", symbol):
            # Where two rules measure the same, a compiler makes one function of it, to which the other jumps.
            jump = re.fullmatch(r"jmp +[0-9a-f]+ <(\w+)>", code[0].text)
            pieces.setdefault(mangled[1], []).append(functions[jump[1]] if jump else code)
    passes = dispatch.pass_counts()
    assert {name.partition("_bfloat16")[0] for name in pieces} >= {rule for rule in passes if passes[rule] == 1}
    pieces = {name: codes for name, codes in pieces.items() if not name.startswith("adafactor")}
    wrong = [name for name, codes in pieces.items() if not any(is_vectorised(c, WIDTHS[module], "ps") for c in codes)]
    assert not wrong
    # Scalars are converted before a loop, one by one; vectors never.
    packed = re.compile(r"v?cvt(ps2pd|pd2ps)")
    assert not {name: lines for name, codes in pieces.items() for code in codes if (lines := found(packed, code))}


@for_every_dtype
@in_every_module
def test_every_measuring_pass_has_a_loop_of_full_vectors(
    functions: dict[str, Code], dtype: str, request: pytest.FixtureRequest
) -> None:
    """The functions of sums.pxi, in which the pass must have been inlined for that."""
    module = request.node.callspec.params["functions"]
    prefix, suffix = SUFFIXES[dtype]
    pieces: dict[str, list[Code]] = {}
    for symbol, code in functions.items():
        if mangled := re.match(rf"{prefix}__pyx_f_6fastgd_7kernels_{len(module)}{module}_summed_(\w+)", symbol):
            # Where two rules measure the same, a compiler makes one function of it, to which the other jumps.
            jump = re.fullmatch(r"jmp +[0-9a-f]+ <(\w+)>", code[0].text)
            pieces.setdefault(mangled[1], []).append(functions[jump[1]] if jump else code)
    passes = dispatch.pass_counts()
    expected = {f"{rule}_measure{'_2' if k else ''}" for rule in passes for k in range(passes[rule] - 1)}
    assert set(pieces) == expected
    assert not [
        name for name, codes in pieces.items() if not any(is_vectorised(c, WIDTHS[module], suffix) for c in codes)
    ]


@in_every_module
def test_no_contraction_and_no_approximation_anywhere(functions: dict[str, Code]) -> None:
    kernels = {symbol: code for symbol, code in functions.items() if symbol.startswith(("__pyx_fuse_", "__pyx_f_"))}
    assert len(kernels) >= 2 * len(rules_of(functions, "__pyx_fuse_0"))
    for pattern in (CONTRACTION, APPROXIMATION):
        wrong = {symbol: lines for symbol, code in kernels.items() if (lines := found(pattern, code))}
        assert not wrong


# ---- the checks can fail: snippets that have each fault, and one that has none ---------------------------------------

LOOP = """
void f(float *restrict x, const double *s, long n) {{
    float a = s[0];
    for (long i = 0; i < n; i++)
        x[i] = {};
}}
"""
SNIPPETS: dict[str, tuple[str, list[str], str | None]] = {
    "good": ("a * x[i] + a", [], None),
    "literal in double": ("x[i] * 1.1 + a", [], "conversion"),
    "literal in double, one by one": ("x[i] * 1.1 + a", ["-fno-tree-vectorize"], "conversion"),
    "not vectorised": ("a * x[i] + a", ["-fno-tree-vectorize"], "scalar"),
    "half the width": ("a * x[i] + a", ["-mprefer-vector-width=128"], "scalar"),
    "contracted": ("a * x[i] + a", ["-ffp-contract=fast"], "contraction"),
    "approximate root": ("a / __builtin_sqrtf(x[i])", ["-ffast-math"], "approximation"),
    "approximate reciprocal": ("a / x[i] - a", ["-ffast-math", "-mrecip=all"], "approximation"),
}


def faults(code: Code) -> set[str]:
    checks = {
        "conversion": bool(conversions(code)),
        "scalar": not is_vectorised(code, "ymm", "ps"),
        "contraction": bool(found(CONTRACTION, code)),
        "approximation": bool(found(APPROXIMATION, code)),
    }
    return {name for name, there in checks.items() if there}


@pytest.mark.skipif(not X86_64, reason="the snippets are compiled for x86-64")
@pytest.mark.parametrize("name", SNIPPETS)
def test_the_checks_find_each_fault(name: str, tmp_path: Path) -> None:
    expression, flags, expected = SNIPPETS[name]
    compiler = shutil.which((sysconfig.get_config_var("CC") or "cc").split()[0])
    if compiler is None:
        pytest.skip("a C compiler is needed for code that has the faults")
    source, binary = tmp_path / "f.c", tmp_path / "f.o"
    source.write_text(LOOP.format(expression))
    # As setup.py compiles the kernels, and then the flags that spoil them.
    kernel_flags = ["-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-march=x86-64-v3"]
    subprocess.run([compiler, "-c", *kernel_flags, *flags, source, "-o", binary], check=True)
    seen = faults(disassemble(binary)["f"])
    assert expected in seen if expected else not seen
