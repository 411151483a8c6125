"""The extension list: the engine, the C API, and one kernel module for each instruction set."""

import os
import sys
import sysconfig

import numpy
from Cython.Build import cythonize
from Cython.Compiler import Options
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

STRICT = os.environ.get("FASTGD_STRICT") == "1"  # for developers: every warning is an error
PLATFORM = sysconfig.get_platform()  # what is built for, where a compiler for another processor is used too
MSVC = PLATFORM.startswith("win")
X86_64 = PLATFORM.endswith("x86_64")  # not win-amd64: MSVC builds the portable kernels alone (docs/BITS.md)

# Contraction, reassociation and -march=native would make the bits depend on the machine. These flags come after the
# user's CFLAGS and LDFLAGS and take back what -ffast-math, -Ofast or a part of them asks for; at the link, that is
# start-up code which makes the process flush subnormal numbers. arithmetic.h fails the build where that was in vain.
FLAGS = ["-O3", "-fno-fast-math", "-fno-associative-math", "-fno-reciprocal-math", "-fno-finite-math-only"]
FLAGS += ["-fsigned-zeros", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off"]
FLAGS += ["-march=x86-64", "-mfpmath=sse"] if X86_64 else []
CHECKS = ["-include", "src/fastgd/kernels/arithmetic.h"]
LINK = ["-O3", "-fno-fast-math", "-fno-unsafe-math-optimizations"]
if MSVC:
    FLAGS, CHECKS, LINK = ["/O2", "/fp:precise"], ["/FIsrc/fastgd/kernels/arithmetic.h"], []
    FLAGS += ["/std:c11", "/experimental:c11atomics"]  # for pool.h
# Rules that direct.pxi calls for one element at a time, and measuring passes that sums.pxi calls for a few, are
# vectorised only where they are inlined.
INLINE = [] if MSVC else [("CYTHON_INLINE", "__inline__ __attribute__((always_inline, unused))")]
WARNINGS = [] if MSVC else ["-Wall", "-Wextra", *(["-Werror"] if STRICT else [])]
# Debug information, for which Python's own flags ask, is four fifths of a module and a quarter of its compilation.
DEBUG = [] if MSVC else ["-g1" if os.environ.get("FASTGD_DEBUG") == "1" else "-g0"]
INSTRUCTION_SETS = {
    "generic": [],
    "x86_64_v2": ["-march=x86-64-v2"],
    "x86_64_v3": ["-march=x86-64-v3"],
    "x86_64_v4": ["-march=x86-64-v4", "-mprefer-vector-width=512"],
}
# GCC takes a condition that is the same for all elements out of a loop, of those in direct.pxi too; clang does so by
# itself, and need not warn of it.
UNSWITCH = [] if MSVC else ["--param=max-unswitch-insns=200", "-Wno-unused-command-line-argument"]
DIRECTIVES = dict(language_level=3, cdivision=True, boundscheck=False, wraparound=False, initializedcheck=False)


def kernel(name: str, instruction_set: list[str]) -> Extension:
    flags = FLAGS + UNSWITCH + instruction_set
    return Extension(
        f"fastgd.kernels.{name}",
        [f"src/fastgd/kernels/{name}.pyx"],
        extra_compile_args=flags + CHECKS + WARNINGS + DEBUG,
        extra_link_args=[*LINK],
        define_macros=[
            ("FASTGD_NAME", f'"{name.replace("_", "-")}"'),
            ("FASTGD_FLAGS", f'"{" ".join(flags)}"'),
            *INLINE,
        ],
    )


def engine(name: str) -> Extension:
    return Extension(
        f"fastgd.{name}",
        [f"src/fastgd/{name.replace('.', '/')}.pyx"],
        include_dirs=[numpy.get_include()],
        define_macros=[("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION")],
        extra_compile_args=FLAGS + CHECKS + WARNINGS + DEBUG,
        extra_link_args=[*LINK],
    )


class BuildExt(build_ext):
    """An editable install builds where `build_ext --inplace` has built, so that it compiles only what has changed."""

    def finalize_options(self) -> None:
        if self.editable_mode or self.inplace:
            self.build_lib, self.build_temp = "build/inplace", "build/inplace/objects"
        super().finalize_options()


Options.warning_errors = STRICT
kernels = [kernel(name, flags) for name, flags in INSTRUCTION_SETS.items() if X86_64 or name == "generic"]
engines = [engine(f"engine.{name}") for name in ("dispatch", "exact", "pool", "threads", "execute", "norm")]
engines += [engine(f"engine.{name}") for name in ("extents", "formats", "tile", "stages", "plan", "reader", "reading")]
engines += [engine(f"engine.{name}") for name in ("zeros", "measured", "following", "grouped", "shared", "kept")]
engines += [engine(f"engine.{name}") for name in ("steps", "apply", "averaged", "factored", "rows", "ranges")]
engines += [engine(f"torch.{name}") for name in ("views", "shown", "targets", "clock", "gradients", "found", "bound")]
engines += [engine(name) for name in ("capi", "thinc_update")]
extensions = kernels + engines
if not {"sdist", "egg_info", "dist_info"} & set(sys.argv):  # which only list files
    extensions = cythonize(extensions, compiler_directives=DIRECTIVES, include_path=["src"])
setup(ext_modules=extensions, cmdclass={"build_ext": BuildExt})
