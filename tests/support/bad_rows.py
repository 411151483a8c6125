"""What a row of test_bad_input.py is, and the rows of bad arrays and of bad hyperparameters."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import fastgd
from support.cases import CASES
from support.comparing import freeze


class Scene:
    """An optimizer with state and unequal step counts, and its gradients; `bad` is what a row brings along."""

    def __init__(
        self,
        cls: type[fastgd.Optimizer] = fastgd.Adam,
        as_params: Callable[[list[Any]], Any] = list,
        as_grads: Callable[[list[Any]], Any] = list,
    ) -> None:
        rng = np.random.default_rng(7)
        self.params = [
            rng.standard_normal((4, 4)).astype(np.float32),
            np.asfortranarray(rng.standard_normal((3, 5))),
            rng.standard_normal(5).astype(np.float32),
        ]
        self.grads = [np.empty_like(p) for p in self.params]
        for grad in self.grads:
            grad[...] = rng.standard_normal(grad.shape)
        self.as_grads = as_grads
        self.opt = cls(as_params(self.params))
        self.step()
        self.opt.step(as_grads([self.grads[0], None, self.grads[2]]))
        self.groups = list(self.opt.param_groups)
        self.saved = [dict(group) for group in self.groups]
        self.group = self.groups[0]
        self.bad: Any = None

    def step(self) -> None:
        self.opt.step(self.as_grads(self.grads))

    def with_bad(self, i: int = 0) -> list[Any]:
        """The gradients, with `bad` at place `i`."""
        return [self.bad if k == i else grad for k, grad in enumerate(self.grads)]

    def bits(self) -> Any:
        """What steps have made of the optimizer, bit for bit."""
        hyperparameters = [{k: v for k, v in group.items() if k != "params"} for group in self.opt.param_groups]
        options = [self.opt.max_grad_norm, self.opt.max_grad_value, self.opt.skip_nonfinite]
        options += [self.opt.skipped_steps, self.opt.grad_norm]
        return freeze([self.params, self.opt.state, hyperparameters, options])

    def frozen(self) -> Any:
        """Everything that a refused call must leave as it is."""
        held = [[id(array) for array in group.get("params") or ()] for group in self.opt.param_groups]
        return self.bits(), held, freeze(self.grads), freeze(self.bad)

    def mend(self) -> None:
        """Undo what a row has arranged, so that a step can show whether the optimizer has kept its bits."""
        for array in self.params:
            array.flags.writeable = True
        self.opt.param_groups[:] = self.groups
        for group, saved in zip(self.groups, self.saved, strict=True):
            group.clear()
            group.update(saved)


@dataclass(frozen=True)
class Row:
    name: str
    act: Callable[[Scene], object]
    error: type[Exception]
    message: str  # all of it; ... stands for anything
    arrange: Callable[[Scene], object] = lambda s: None  # what the user has done before
    scene: Callable[[], Scene] = Scene
    lasting: bool = False  # whether `mend` cannot undo what was arranged


class Tensor:
    """Not an array, though NumPy would make one of it."""

    shape, dtype = (4, 4), np.dtype(np.float32)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.ones(self.shape, self.dtype)


class Elsewhere:
    """Memory that is not the CPU's, by DLPack."""

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, 0

    def __dlpack__(self, **_: Any) -> object:
        raise AssertionError("asked for")


class Closed(Elsewhere):
    """What has memory and does not give it."""

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0

    def __dlpack__(self, **_: Any) -> object:
        raise BufferError("not today")


@dataclass
class Interface:
    """What shows its memory as NumPy's arrays do."""

    __array_interface__: dict[str, Any]


def unaligned(a: np.ndarray) -> np.ndarray:
    return np.frombuffer(bytearray(a.nbytes + 1), a.dtype, offset=1).reshape(a.shape)


def read_only(a: np.ndarray) -> np.ndarray:
    result = a.copy()
    result.flags.writeable = False
    return result


# ---- arrays: (name, made from a good (4, 4) float32 one, error, message as a parameter, as its gradient) ---------

PAIRED = "; the elements would be paired wrongly (numpy.copyto into an array made with empty_like(param) helps)"
DENSE = "expected a dense array (C or F order, or another permutation of axes), got a strided view of shape "
STRIDES = "expected strides (16, 4) like the parameter's, got "
FLOATS = "expected dtype float32, float64, bfloat16 or float16, got "
LIKE = "expected dtype float32, bfloat16 or float16 beside float32, got "
ARRAY = "expected a numpy.ndarray, got "
SWAPPED = "expected native byte order, got dtype "
ALIGNED = "expected an array aligned to its items, got one at address 0x..."

BAD_ARRAYS: tuple[tuple[str, Callable[[np.ndarray], Any], type[Exception], str, str | None], ...] = (
    ("number", lambda a: 1.0, TypeError, ARRAY + "float", ARRAY + "float"),
    ("scalar", lambda a: a[0, 0], TypeError, ARRAY + "float32", None),
    ("string", lambda a: "w", TypeError, ARRAY + "str", ARRAY + "str"),
    ("tensor", lambda a: Tensor(), TypeError, ARRAY + "Tensor", ARRAY + "Tensor"),
    ("memoryview", lambda a: a.data, TypeError, ARRAY + "memoryview", ARRAY + "memoryview"),
    ("masked", np.ma.array, TypeError,
     ARRAY + "a masked array, whose mask would be lost", ARRAY + "a masked array, whose mask would be lost"),
    ("int", lambda a: a.astype(np.int64), TypeError, FLOATS + "int64", LIKE + "int64"),
    ("int of the same size", lambda a: a.view(np.int32), TypeError, FLOATS + "int32", LIKE + "int32"),
    ("bool", lambda a: a > 0, TypeError, FLOATS + "bool", LIKE + "bool"),
    ("uint16", lambda a: a.astype(np.uint16), TypeError, FLOATS + "uint16", LIKE + "uint16"),
    ("two bytes", lambda a: a.astype("V2"), TypeError, FLOATS + "|V2", LIKE + "|V2"),
    ("longdouble", lambda a: a.astype(np.longdouble), TypeError, FLOATS + "float128", LIKE + "float128"),
    ("complex", lambda a: a.astype(np.complex64), TypeError, FLOATS + "complex64", LIKE + "complex64"),
    ("object", lambda a: a.astype(object), TypeError, FLOATS + "object", LIKE + "object"),
    ("record", lambda a: a.view([("x", np.float32)]), TypeError,
     FLOATS + "[('x', '<f4')]", LIKE + "[('x', '<f4')]"),
    ("big-endian", lambda a: a.astype(">f4"), TypeError, SWAPPED + "'>f4'", SWAPPED + "'>f4'"),
    ("unaligned", unaligned, ValueError, ALIGNED, ALIGNED),
    ("sliced", lambda a: np.repeat(a, 2, 1)[:, ::2], ValueError,
     DENSE + "(4, 4) and strides (32, 8)", STRIDES + "(32, 8)" + PAIRED),
    ("rows of more", lambda a: np.repeat(a, 2, 1)[:, :4], ValueError,
     DENSE + "(4, 4) and strides (32, 4)", STRIDES + "(32, 4)" + PAIRED),
    ("broadcast", lambda a: np.lib.stride_tricks.as_strided(a[0].copy(), (4, 4), (0, 4)), ValueError,
     DENSE + "(4, 4) and strides (0, 4)", STRIDES + "(0, 4)" + PAIRED),
    ("backwards", lambda a: a.copy()[::-1], ValueError,
     DENSE + "(4, 4) and strides (-16, 4)", STRIDES + "(-16, 4)" + PAIRED),
    ("read-only", read_only, ValueError, "expected a writeable array, got a read-only one", None),
)  # fmt: skip

BAD_GRADIENTS: tuple[tuple[str, Callable[[np.ndarray], Any], type[Exception], str], ...] = (
    ("float64", lambda a: a.astype(np.float64), TypeError, LIKE + "float64"),
    ("transposed", lambda a: a.copy().T, ValueError, STRIDES + "(4, 16)" + PAIRED),
    ("in F order", np.asfortranarray, ValueError, STRIDES + "(4, 16)" + PAIRED),
    ("list", np.ndarray.tolist, TypeError, ARRAY + "list"),
    (
        "on another device",
        lambda a: Elsewhere(),
        TypeError,
        "expected memory that NumPy can share, got Elsewhere: it is on device 2 of DLPack, not on the CPU",
    ),
    (
        "not to be exported",
        lambda a: Closed(),
        TypeError,
        "expected memory that NumPy can share, got Closed: not today",
    ),
    (
        "without memory of its own",
        lambda a: Interface({"shape": (4, 4), "typestr": "<f4", "version": 3}),
        TypeError,
        "expected memory that NumPy can share, got Interface: ...",
    ),
    ("flat", np.ravel, ValueError, "expected shape (4, 4), got (16,)"),
    ("of another shape", lambda a: np.ones((2, 8), np.float32), ValueError, "expected shape (4, 4), got (2, 8)"),
    ("to be broadcast", lambda a: np.ones((1, 4), np.float32), ValueError, "expected shape (4, 4), got (1, 4)"),
    ("with an axis more", lambda a: a[None], ValueError, "expected shape (4, 4), got (1, 4, 4)"),
    ("empty", lambda a: a[:0], ValueError, "expected shape (4, 4), got (0, 4)"),
)


def array_rows() -> list[Row]:
    rows = []

    def row(call: str, name: str, make: Any, act: Any, error: Any, message: str) -> None:
        def arrange(s: Scene) -> None:
            s.bad = make(s.grads[0].copy())

        rows.append(Row(f"{call}: {name}", act, error, message, arrange))

    for name, make, error, as_param, as_grad in BAD_ARRAYS:
        row("list", name, make, lambda s: fastgd.SGD([np.ones(3), s.bad]), error, "params[1]: " + as_param)
        row("dict", name, make, lambda s: fastgd.SGD({"w": s.bad}), error, "params['w']: " + as_param)
        row("add_param_group", name, make, lambda s: s.opt.add_param_group({"params": [np.ones(3), s.bad]}), error,
            "params[1][1]: " + as_param)  # fmt: skip
        row("clip_grad_norm_", name, make, lambda s: fastgd.clip_grad_norm_([np.ones(3), None, s.bad], 0.1), error,
            "grads[2]: " + as_param)  # fmt: skip
        row("clip_grad_value_", name, make, lambda s: fastgd.clip_grad_value_([np.ones(3), s.bad], 0.1), error,
            "grads[1]: " + as_param)  # fmt: skip
        if as_grad is not None:
            row("grad_norm", name, make, lambda s: fastgd.grad_norm([s.bad]), error, "grads[0]: " + as_param)
            row("step", name, make, lambda s: s.opt.step(s.with_bad()), error, "grads[0]: " + as_grad)
            row("bind", name, make, lambda s: s.opt.bind(s.with_bad()), error, "grads[0]: " + as_grad)
    row("step", "scalar", lambda a: a[0, 0], lambda s: s.opt.step(s.with_bad()), ValueError,
        "grads[0]: expected shape (4, 4), got ()")  # fmt: skip
    for name, make, error, as_grad in BAD_GRADIENTS:
        row("step", name, make, lambda s: s.opt.step(s.with_bad()), error, "grads[0]: " + as_grad)
        row("bind", name, make, lambda s: s.opt.bind(s.with_bad()), error, "grads[0]: " + as_grad)
    return rows


# ---- hyperparameters: what kind each is, and what that kind refuses; {} is what the message calls it -------------

NUMBER: tuple[tuple[Any, type[Exception], str], ...] = (
    ("0.1", TypeError, "{} must be a real number, got str"),
    (None, TypeError, "{} must be a real number, got NoneType"),
    (True, TypeError, "{} must be a real number, got bool"),
    (np.bool(True), TypeError, "{} must be a real number, got bool"),
    (0.1j, TypeError, "{} must be a real number, got complex"),
    ([0.1], TypeError, "{} must be a real number, got list"),
    (np.array([0.1]), TypeError, "{} must be a real number, got ndarray"),
    (float("nan"), ValueError, "{} must be finite, got nan"),
    (float("inf"), ValueError, "{} must be finite, got inf"),
    (-np.float32("inf"), ValueError, "{} must be finite, got -inf"),
)
PAIR = (
    (0.9, TypeError, "{} must be a pair of numbers, got float"),
    ("ab", TypeError, "{} must be a pair of numbers, got str"),
    (None, TypeError, "{} must be a pair of numbers, got NoneType"),
    ((0.9,), ValueError, "{} must be a pair of numbers, got 1 of them"),
    ([0.9, 0.9, 0.9], ValueError, "{} must be a pair of numbers, got 3 of them"),
    (("a", 0.9), TypeError, "{}[0] must be a real number, got str"),
    ((0.9, True), TypeError, "{}[1] must be a real number, got bool"),
    ((0.9, float("nan")), ValueError, "{}[1] must be finite, got nan"),
)
# What a check refuses, by the requirement that it prints. A new check needs its row here.
REFUSED: dict[str, tuple[tuple[Any, type[Exception], str], ...]] = {
    "a real number": NUMBER,
    "at least 0": (*NUMBER, (-1e-9, ValueError, "{} must be at least 0, got -1e-09")),
    "above 0": (
        *(row for row in NUMBER if row[0] is not None),
        (0, ValueError, "{} must be above 0, got 0.0"), (-1, ValueError, "{} must be above 0, got -1.0"),
    ),
    "in [0, 1]": (
        *NUMBER, (1.5, ValueError, "{} must be in [0, 1], got 1.5"), (-1, ValueError, "{} must be in [0, 1], got -1.0"),
    ),
    "in [0, 1)": (
        *NUMBER, (1, ValueError, "{} must be in [0, 1), got 1.0"), (-1, ValueError, "{} must be in [0, 1), got -1.0"),
    ),
    "a pair in [0, 1)": (
        *PAIR,
        ((1.5, 0.9), ValueError, "{}[0] must be in [0, 1), got 1.5"),
        ((0.9, 1), ValueError, "{}[1] must be in [0, 1), got 1.0"),
        ((0.9, -0.1), ValueError, "{}[1] must be in [0, 1), got -0.1"),
    ),
    "in (0, 1)": (
        *NUMBER, (1, ValueError, "{} must be in (0, 1), got 1.0"), (0, ValueError, "{} must be in (0, 1), got 0.0"),
    ),
    "(in (0, 1), in [0, 1))": (*PAIR, ((0, 0.9), ValueError, "{} must be (in (0, 1), in [0, 1)), got (0.0, 0.9)")),
    "a triple in [0, 1)": (
        (0.9, TypeError, "{} must be a triple of numbers, got float"),
        ((0.9, 0.9), ValueError, "{} must be a triple of numbers, got 2 of them"),
        ((0.9, 0.9, "a"), TypeError, "{}[2] must be a real number, got str"),
        ((0.9, 0.9, 1), ValueError, "{}[2] must be in [0, 1), got 1.0"),
    ),
    "(below 1, above 1)": (
        *PAIR,
        ((0, 1.2), ValueError, "{}[0] must be above 0, got 0.0"),
        ((1.5, 1.2), ValueError, "{} must be (below 1, above 1), got (1.5, 1.2)"),
        ((0.5, 0.9), ValueError, "{} must be (below 1, above 1), got (0.5, 0.9)"),
    ),
    "(smallest, largest)": (
        *PAIR,
        ((-1, 50), ValueError, "{}[0] must be above 0, got -1.0"),
        ((2, 1), ValueError, "{} must be (smallest, largest), got (2.0, 1.0)"),
    ),
    "a bool": tuple(
        (value, TypeError, "{} must be a bool, got " + type(value).__name__) for value in (1, 0.0, "yes", None, [True])
    ),
    "the largest learning rate, or 0 for none": (
        ("fast", TypeError, "{} must be a real number, got str"),
        (None, TypeError, "{} must be a real number, got NoneType"),
        (float("nan"), ValueError, "{} must be finite, got nan"),
        (-1, ValueError, "{} must be the largest learning rate, or 0 for none, got -1.0"),
    ),
    "True for AdamW": (
        (1, TypeError, "{} must be a bool, got int"),
        (False, ValueError, "{} must be True for AdamW, got False; Adam has both"),
    ),
    "one of 'heavy_ball', 'ema'": (
        (1, TypeError, "{} must be a string, got int"),
        ("nag", ValueError, "{} must be one of 'heavy_ball', 'ema', got 'nag'"),
    ),
}  # fmt: skip

OPTIMIZERS = sorted({case.optimizer for case in CASES}, key=lambda cls: cls.__name__)
REFUSED["above 0, or a schedule"] = (*REFUSED["above 0"], NUMBER[1])
for kind in ("a real number", "at least 0", "in [0, 1]", "in [0, 1)", "a pair in [0, 1)", "a triple in [0, 1)"):
    REFUSED[f"{kind}, or a schedule"] = REFUSED[kind]
OPTIONS = {"max_grad_norm": "above 0", "max_grad_value": "above 0", "skip_nonfinite": "a bool"}


def hyperparameter_rows() -> list[Row]:
    rows = []
    for cls in OPTIMIZERS:
        for name, check in cls.checks.items():
            for value, error, message in REFUSED[str(check)]:
                settings = {name: value}

                def scene(cls: Any = cls) -> Scene:
                    return Scene(cls)

                def arrange(s: Scene, settings: Any = settings) -> None:
                    s.group.update(settings)

                def load(s: Scene, settings: Any = settings) -> None:
                    saved = s.opt.state_dict()
                    saved["param_groups"][0].update(settings)
                    s.opt.load_state_dict(saved)

                def add(s: Scene, settings: Any = settings) -> None:
                    s.opt.add_param_group({"params": np.ones(3), **settings})

                label = f"{cls.__name__} {name}={value!r}"
                new = message.format(f"params[1][{name!r}]")
                later = message.format(f"param_groups[0][{name!r}]")
                loaded = message.format(f"state_dict['param_groups'][0][{name!r}]")
                rows += [
                    Row(label + " in a new group", add, error, new, scene=scene),
                    Row(label + " loaded", load, error, loaded, scene=scene),
                ]
                rows.append(Row(label + " later", Scene.step, error, later, arrange, scene))
                if name in inspect.signature(cls).parameters:

                    def make(s: Scene, cls: Any = cls, settings: Any = settings) -> None:
                        cls(np.ones(3), **settings)

                    rows.append(Row(label, make, error, message.format(name)))
    return rows


def option_rows() -> list[Row]:
    rows = []
    for name, kind in OPTIONS.items():
        for value, error, message in REFUSED[kind]:
            text = message.format(name)

            def make(s: Scene, name: str = name, value: Any = value) -> None:
                fastgd.SGD(np.ones(3), **{name: value})

            def put(s: Scene, name: str = name, value: Any = value) -> None:
                setattr(s.opt, name, value)

            rows += [Row(f"{name}={value!r}", make, error, text), Row(f"{name}={value!r} later", put, error, text)]
    for value, error, message in NUMBER:

        def step(s: Scene, value: Any = value) -> None:
            s.opt.step(s.grads, grad_scale=value)

        rows.append(Row(f"grad_scale={value!r}", step, error, message.format("grad_scale")))
    for value, error, message in (*REFUSED["above 0"], NUMBER[1]):
        for function, name in ((fastgd.clip_grad_norm_, "max_norm"), (fastgd.clip_grad_value_, "clip_value")):

            def clip(s: Scene, function: Any = function, value: Any = value) -> None:
                function(s.grads, value)

            rows.append(Row(f"{name}={value!r}", clip, error, message.format(name)))
    return rows
