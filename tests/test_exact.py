"""
Powers and cosines have the same bits on every machine, and the C library's own functions reach no parameter.

What is compared with decimal arithmetic of 40 digits is seeded and made of operations that IEEE 754 fixes, so that a
count of differences is the same everywhere.
"""

import ast
import math
import random
import re
import subprocess
from decimal import Decimal, localcontext
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from fastgd.engine.exact import cos_pi, power, real_power
from support import reference
from test_disassembly import objdump

SOURCE = Path(find_spec("fastgd").origin).parent
INF, NAN = math.inf, math.nan
NORMAL, LEAST = 2.0**-1022, 2.0**-1074
# Of the C library, those functions that IEEE 754 leaves free; sqrt, fabs, copysign, frexp and ldexp are exact.
LIBM = {
    "exp", "exp2", "exp10", "expm1", "log", "log2", "log10", "log1p", "pow", "cbrt", "hypot", "sin", "cos", "tan",
    "sincos", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc",
    "tgamma", "lgamma", "fma",
}  # fmt: skip


# ---- power ---------------------------------------------------------------------------------------------------------


def test_power_is_repeated_squaring() -> None:
    rng = random.Random(1)
    for _ in range(5000):
        x, n = rng.uniform(-1.5, 1.5), int(10 ** rng.uniform(0, 7))
        assert power(x, n) == reference.power(x, n), (x, n)


@pytest.mark.parametrize(("beta", "bound"), [(0.9, 3e-16), (0.99, 3e-15), (0.999, 2e-14), (0.9999, 3e-13)])
def test_the_error_of_a_bias_correction(beta: float, bound: Any) -> None:
    """The relative error of 1 - beta**t; the subtraction alone makes half of it."""
    rng = random.Random(2)
    for t in [*range(1, 200), *(int(10 ** rng.uniform(2, 3.5)) for _ in range(40))]:
        exact = 1 - Fraction(beta) ** t
        assert abs((Fraction(1 - power(beta, t)) - exact) / exact) < bound, t


def test_ends_of_power() -> None:
    assert [power(x, 0) for x in (0.0, 0.9, INF, NAN)] == [1.0] * 4
    assert [power(1.0, n) for n in (1, 2**62, 2**63 - 1)] == [1.0] * 3
    assert [power(0.9, n) for n in (10**5, 2**53, 2**63 - 1)] == [0.0] * 3
    assert power(0.0, 5) == 0.0
    assert power(1.1, 10**6) == power(INF, 3) == INF
    assert power(1e200, 1) == 1e200  # without the square that nobody needs
    assert math.isnan(power(NAN, 7))


# ---- real_power ----------------------------------------------------------------------------------------------------


def random_arguments(kind: str, count: int) -> list[tuple[float, float]]:
    rng = random.Random(kind)
    if kind == "nadam":
        return [(0.96, t * 0.004) for t in rng.sample(range(1, 10**6), count)]
    if kind == "asgd":
        return [(1 + 1e-6 * t, 0.75) for t in rng.sample(range(1, 10**6), count)]
    if kind == "near 1":
        return [(1 + rng.uniform(-1e-3, 1e-3), rng.uniform(-6e5, 6e5)) for _ in range(count)]
    return [(math.ldexp(rng.uniform(1, 2), rng.randint(-1060, 1020)), rng.uniform(-0.96, 0.96)) for _ in range(count)]


@pytest.mark.parametrize("kind", ["nadam", "asgd", "near 1", "all exponents"])
def test_real_power_is_the_nearest_float(kind: Any) -> None:
    assert [(x, y) for x, y in random_arguments(kind, 800) if real_power(x, y) != reference.real_power(x, y)] == []


def test_subnormal_powers() -> None:
    """Rounded twice: within one unit in the last place, which all of them share."""
    rng = random.Random(3)
    for _ in range(500):
        x, y = 2.0 ** rng.choice([-3, -1, 2, 5]) * 1.25, rng.uniform(-1073, -1023)
        y /= math.log2(x)
        with localcontext(prec=40):
            exact = Decimal(x) ** Decimal(y)
            assert 0 < exact < Decimal(NORMAL)
            assert abs(Decimal(real_power(x, y)) - exact) < Decimal(LEAST), (x, y)


def test_exact_powers() -> None:
    for x in (LEAST, NORMAL, 0.1, 0.5, 3.0, 1e300):
        assert real_power(x, 1.0) == x
    assert [real_power(x, 0.5) for x in (0.25, 4.0, 9.0, 2.0**1000)] == [0.5, 2.0, 3.0, 2.0**500]
    assert [real_power(2.0, n) for n in (-1074, -1022, -1, 10, 1023)] == [2.0**-1074, NORMAL, 0.5, 1024.0, 2.0**1023]


def test_every_pair_of_ends() -> None:
    """C's pow, whose ends the standard fixes (annex F); NaN below 0."""
    just = [math.nextafter(1, 0), math.nextafter(1, 2)]
    xs = [0.0, -0.0, 5e-324, NORMAL, 0.5, *just, 1.0, 2.0, 1.7976931348623157e308, INF, NAN]
    ys = [*xs, -5e-324, -0.5, -1.0, -1e16, 1e16, -1e308, -INF, 746 * 2.0**53, 1024.0, -1074.0, -1076.0]
    for x in xs:
        for y in ys:
            try:
                expected = math.pow(x, y)
            except OverflowError:
                expected = INF
            except ValueError:
                expected = INF  # Python's own objection to a power of 0
            found = real_power(x, y)
            assert found == expected or (math.isnan(found) and math.isnan(expected)), (x, y, found, expected)
    assert [real_power(x, 0.0) for x in (-1.0, -INF)] == [1.0, 1.0]
    assert all(math.isnan(real_power(x, y)) for x in (-5e-324, -1.0, -INF) for y in (-2.0, 0.5, 1.0, INF))


def test_tables() -> None:
    """The sums of two doubles in exact.pxd are those nearest to the numbers that they stand for."""
    text = (SOURCE / "kernels" / "exact.pxd").read_text(encoding="utf-8")
    number = r"(-?0x[0-9a-f.]+p[+-]\d+)"
    pairs = [tuple(map(float.fromhex, pair)) for pair in re.findall(rf"\{{{number}, {number}\}}", text)]
    with localcontext(prec=60):
        numbers = [(j * Decimal(2).ln() / 64).exp() for j in range(64)]
        numbers += [(128 / Decimal(j)).ln() for j in range(91, 182)]
        assert pairs == [(float(value), float(value - Decimal(float(value)))) for value in numbers]


# ---- cos_pi --------------------------------------------------------------------------------------------------------


def cosine(x: float) -> Decimal:
    """cos(pi * x) by its series, in the present precision."""
    z = Decimal("3.1415926535897932384626433832795028841971693993751") * Decimal(x)
    term = total = Decimal(1)
    k = 0
    while abs(term) > Decimal("1e-40"):
        k += 2
        term *= -z * z / (k * (k - 1))
        total += term
    return total


def test_cosines() -> None:
    """Within one unit in the last place, and 19 of 20 correctly rounded."""
    rng = random.Random(4)
    missed = 0
    with localcontext(prec=45):
        for _ in range(1000):
            steps = rng.randint(1, 5000)
            x = rng.randint(0, 2 * steps) / steps
            exact = cosine(x)
            missed += cos_pi(x) != float(exact) and abs(exact) > Decimal("1e-40")
            assert abs(Decimal(cos_pi(x)) - exact) <= Decimal(math.ulp(float(exact))) + Decimal("1e-40"), x
            assert cos_pi(x) == cos_pi(-x)
    assert missed < 50


def test_ends_of_cosines() -> None:
    assert [cos_pi(x) for x in (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)] == [1.0, 0.0, -1.0, 0.0, 1.0, 0.0, -1.0]
    assert [cos_pi(x) for x in (2.0**53 - 1, 2.0**53, 1e300, 5e-324)] == [-1.0, 1.0, 1.0, 1.0]
    assert all(math.isnan(cos_pi(x)) for x in (INF, -INF, NAN))


# ---- bits ----------------------------------------------------------------------------------------------------------

BITS = [
    (power, (0.9, 7), "0x1.e9c6a99d1cdc0p-2"),
    (power, (0.999, 1794), "0x1.54438c9a2c191p-3"),
    (power, (0.9999, 494), "0x1.e75210acd7d86p-1"),
    (power, (0.99999, 1000000), "0x1.7cd2bb6adbb53p-15"),
    (power, (0.9, 7000), "0x0.00000000003f1p-1022"),
    (real_power, (0.96, 0.004), "0x1.ffea9969757dbp-1"),
    (real_power, (0.96, 7.176), "0x1.7dfc9d67e9642p-1"),
    (real_power, (0.96, 4000.0), "0x1.57c1b364f8b60p-236"),
    (real_power, (0.96, 1.0), "0x1.eb851eb851eb8p-1"),
    (real_power, (1.003849, 0.75), "0x1.00bd185d2937cp+0"),
    (real_power, (1001.0000000000001, 0.75), "0x1.63ec2ee59d85ap+7"),
    (real_power, (10.0, -0.8), "0x1.44960c576b375p-3"),
    (real_power, (1e300, -1.05), "0x0.000000c1069cdp-1022"),
    (real_power, (3e-310, 0.3), "0x1.733b4dc397927p-309"),
    (real_power, (1.0000000000000002, 1000000000000000.0), "0x1.3fa60615291eep+0"),
    (cos_pi, (0.1,), "0x1.e6f0e134454ffp-1"),
    (cos_pi, (0.3333333333333333,), "0x1.0000000000000p-1"),
    (cos_pi, (0.7,), "-0x1.2cf2304755a5dp-1"),
    (cos_pi, (1.7496463932107496,), "0x1.69a2e233a6dfep-1"),
]


@pytest.mark.parametrize(("function", "arguments", "expected"), BITS)
def test_expected_bits(function: Any, arguments: Any, expected: Any) -> None:
    assert function(*arguments).hex() == expected


# ---- the C library -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", sorted(SOURCE.rglob("*.so")), ids=lambda path: path.relative_to(SOURCE).as_posix().partition(".")[0]
)
def test_no_module_needs_what_libraries_compute_differently(path: Path) -> None:
    symbols = subprocess.run([objdump(), "-T", path], check=True, capture_output=True, text=True).stdout
    needed = {line.split()[-1] for line in symbols.splitlines() if "*UND*" in line}
    assert needed
    assert needed & {name + suffix for name in LIBM for suffix in ("", "f", "l")} == set()


@pytest.mark.parametrize("folder", ["engine", "kernels", "optimizers", "schedules", "torch"])
def test_no_python_that_makes_parameters_calls_it(folder: Any) -> None:
    """Python's math and ** are the C library's, even for a square; constants as 2**53 are whole numbers."""
    found = []
    for path in sorted((SOURCE / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Attribute(value=ast.Name(id="math" | "np"), attr=name) if name in LIBM or name == "power":
                    found.append((path.name, node.lineno, name))
                case ast.BinOp(op=ast.Pow(), left=ast.Constant(), right=ast.Constant()):
                    pass
                case ast.BinOp(op=ast.Pow()):
                    found.append((path.name, node.lineno, "**"))
    assert found == []
