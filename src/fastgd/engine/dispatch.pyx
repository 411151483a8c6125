"""Which instruction set: the CPU is probed once, then the kernel module of that name, and no other, is imported."""
import importlib
import importlib.util
import os

from cpython.pycapsule cimport PyCapsule_GetPointer

from fastgd.kernels.rule cimport Family, Rule, Table

cdef extern from *:
    """
    #if defined(__GNUC__) && defined(__x86_64__)
    static int fastgd_x86_64_level(void) {
        __builtin_cpu_init();
        if (!(__builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt")))
            return 1;
        if (!(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi")
              && __builtin_cpu_supports("bmi2")))
            return 2;
        if (!(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
              && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq")
              && __builtin_cpu_supports("avx512vl")))
            return 3;
        return 4;
    }
    #else
    static int fastgd_x86_64_level(void) { return 0; }
    #endif
    """
    int fastgd_x86_64_level() nogil

cdef const Table* chosen_table = NULL
_capsules = {}

# In ascending order: name -> (kernel module, x86-64 level that it needs).
_LEVELS = {
    "generic": ("fastgd.kernels.generic", 0),
    "x86-64-v2": ("fastgd.kernels.x86_64_v2", 2),
    "x86-64-v3": ("fastgd.kernels.x86_64_v3", 3),
    "x86-64-v4": ("fastgd.kernels.x86_64_v4", 4),
}


cdef const Table* table() noexcept nogil:
    return chosen_table


def built():
    """Names of the instruction sets that this build has kernels for, in ascending order."""
    return [name for name, (module, _) in _LEVELS.items() if importlib.util.find_spec(module) is not None]


def available():
    """Names of the instruction sets that are built and that this CPU has, in ascending order."""
    level = fastgd_x86_64_level()
    return [name for name in built() if _LEVELS[name][1] <= level]


def chosen():
    """Name of the instruction set in use."""
    return chosen_table.name.decode()


def flags():
    """Compiler flags of the kernel module in use."""
    return chosen_table.flags.decode()


def select(name):
    """Use the kernels of instruction set `name`; for tests and benchmarks, between steps."""
    global chosen_table
    if name not in _LEVELS:
        raise ImportError(f"FASTGD_ISA must be one of {', '.join(_LEVELS)}, got {name!r}")
    if name not in built():
        raise ImportError(f"FASTGD_ISA={name}: this build of fastgd has {', '.join(built())}")
    if name not in available():
        raise ImportError(f"FASTGD_ISA={name}: this CPU has {', '.join(available())}")
    capsule = importlib.import_module(_LEVELS[name][0]).capsule
    chosen_table = <const Table*>PyCapsule_GetPointer(capsule, b"fastgd.kernels.Table")
    _capsules[name] = capsule


def rules():
    """name -> (number, state keys) of every rule."""
    return _numbered(chosen_table.rules, chosen_table.rule_count)


def roofs():
    """name -> (number, state keys) of every roof."""
    return _numbered(chosen_table.roofs, chosen_table.roof_count)


cdef dict _numbered(const Rule* rows, int count):
    return {rows[i].name.decode(): (i, tuple(rows[i].states.decode().split())) for i in range(count)}


def pass_counts():
    """name -> how many passes a rule makes over its arrays."""
    return {chosen_table.rules[i].name.decode(): chosen_table.rules[i].measure_count + 1
            for i in range(chosen_table.rule_count)}


def over_all():
    """Names of the rules that measure all parameters together."""
    return {chosen_table.rules[i].name.decode() for i in range(chosen_table.rule_count)
            if chosen_table.rules[i].over_all}


def families():
    """name -> (number, fields of its hyperparameters, names of what it carries, its rules as the fold counts them)."""
    cdef const Family* row
    result = {}
    for i in range(chosen_table.family_count):
        row = &chosen_table.families[i]
        result[row.name.decode()] = (
            i,
            tuple(row.hyper.decode().split()),
            tuple(row.carry.decode().split()),
            tuple([chosen_table.rules[row.rules[k]].name.decode() for k in range(row.rule_count)]),
        )
    return result


*_, _best = available()
select(os.environ.get("FASTGD_ISA") or _best)
