"""One parameter, one step."""

from fastgd.engine import dispatch
from fastgd.tools.bench import arrays, limits, pairing, peers
from fastgd.tools.bench.stepper import UnavailableError

from .common import BY_NAME, DTYPES, LIBRARIES, RULES, SIZES, THREADS, Timed, thread_count


class Step(Timed):
    """Every library."""

    params = [RULES, DTYPES, SIZES, LIBRARIES]
    param_names = ["rule", "dtype", "size", "library"]

    def setup(self, rule: str, dtype: str, size: int, library: str) -> None:
        self.build(library, rule, [(size,)], dtype)

    def time_step(self, *_: object) -> None:
        self.step()


class Limit:
    """Time over what the machine allows; 1.0 is perfect. The kernel alone, and the whole call of `step`."""

    params = [RULES, DTYPES, SIZES, THREADS, ["kernel", "step"]]
    param_names = ["rule", "dtype", "size", "threads", "of"]
    unit = "x limit"
    seconds = 0.5

    def track_limit(self, rule: str, dtype: str, size: int, threads: str, of: str) -> float:
        pair = pairing.against_limit(
            BY_NAME[rule], [(size,)], dtype, thread_count(threads), self.seconds, whole_step=of == "step"
        )
        return 1.0 / pair.ratio


class Threads(Timed):
    """One thread, and all."""

    params = [RULES, SIZES[2:], THREADS]
    param_names = ["rule", "size", "threads"]

    def setup(self, rule: str, size: int, threads: str) -> None:
        self.build("fastgd", rule, [(size,)], threads=threads)

    def time_step(self, *_: object) -> None:
        self.step()


class InstructionSets(Timed):
    """The kernel of each instruction set, as FASTGD_ISA chooses it."""

    params = [RULES, DTYPES, [1_000, 100_000], ["generic", "x86-64-v2", "x86-64-v3", "x86-64-v4"]]
    param_names = ["rule", "dtype", "size", "instruction set"]

    def setup(self, rule: str, dtype: str, size: int, instruction_set: str) -> None:
        if instruction_set not in dispatch.available():
            raise UnavailableError(f"this CPU or this build has no {instruction_set}")
        before = dispatch.chosen()
        dispatch.select(instruction_set)
        try:
            # A plan keeps the functions that it was prepared with.
            self.start(limits.engine(BY_NAME[rule], *arrays.fresh([(size,)], dtype)))
        finally:
            dispatch.select(before)

    def time_kernel(self, *_: object) -> None:
        self.step()


class Functional(Timed):
    """fastgd.functional, for libraries that own their state."""

    params = [RULES, DTYPES, SIZES]
    param_names = ["rule", "dtype", "size"]

    def setup(self, rule: str, dtype: str, size: int) -> None:
        self.start(peers.functional_stepper(BY_NAME[rule], *arrays.fresh([(size,)], dtype)))

    def time_call(self, *_: object) -> None:
        self.step()
