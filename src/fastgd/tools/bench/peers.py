"""
One adapter for every library: the same parameters, the same gradients, the same hyperparameters, one step.

Each library owns its memory as its users would have it: torch and jax copy the arrays into tensors of their own. With
`share=True` the parameters and gradients stay the caller's arrays, for training loops that write gradients into them.
"""

import functools
import importlib
import importlib.util
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

import fastgd
from fastgd.optimizers.base import Optimizer
from fastgd.tools.bench import plain, plain_parts
from fastgd.tools.bench.arrays import KINDS, Kind
from fastgd.tools.bench.rows import Row
from fastgd.tools.bench.stepper import Arrays, Stepper, UnavailableError, refill

# Each library has a module that must be importable.
MODULES = {
    "fastgd": "numpy",
    "fastgd.torch": "torch",
    "numpy": "numpy",
    "torch": "torch",
    "torch foreach": "torch",
    "torch fused": "torch",
    "deepspeed": "deepspeed",
    "optax": "optax",
    "thinc": "thinc",
    "scikit-learn": "sklearn",
}
LIBRARIES = tuple(MODULES)
PEERS = tuple(name for name in LIBRARIES if not name.startswith("fastgd"))
# These run on one thread whatever they are told; XLA's pool has every core from its import on.
ONE_THREAD = ("numpy", "thinc", "scikit-learn")
ALL_CORES = ("optax",)


class Job(NamedTuple):
    """What a stepper is made of."""

    library: str
    row: Row
    params: Arrays
    grads: Arrays
    lr: float
    clip: float | None
    share: bool
    kind: Kind


def module(name: str) -> ModuleType:
    """Import a peer, or say that it is n/a."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UnavailableError(f"{name} cannot be imported: {error}") from error


def installed(library: str) -> bool:
    return importlib.util.find_spec(MODULES[library]) is not None


def has(library: str, row: Row) -> bool:
    """Whether a library has the rule, by the table."""
    if library in ("fastgd", "fastgd.torch", "numpy"):
        return True
    return library in row.torch if library.startswith("torch") else row.peer(library) is not None


def check(library: str, row: Row) -> None:
    """Raise UnavailableError where a library is n/a."""
    if library not in LIBRARIES:
        raise ValueError(f"library must be one of {', '.join(LIBRARIES)}, got {library!r}")
    if not has(library, row):
        raise UnavailableError(f"{library} has no {row.name}")
    if not installed(library):
        raise UnavailableError(f"{library} is not installed")


def rate(row: Row, kind: Kind) -> float:
    """The learning rate of a row, with which parameters move: in bfloat16 smaller steps are lost."""
    return max(row.lr, 1e-2) if kind.param == "bfloat16" else row.lr


def load(library: str, row: Row) -> None:
    """Import a peer, so that its threads can be told their number before it is built."""
    check(library, row)
    module(MODULES[library])
    if library == "deepspeed":
        # It compiles and loads its kernel, with an OpenMP runtime, at the first use.
        tensor_optimizer(library, row, [module("torch").zeros(1, requires_grad=True)], row.lr)


def build(
    library: str, row: Row, params: Arrays, grads: Arrays, *,
    lr: float | None = None, clip: float | None = None, share: bool = False, dtype: str = "",
) -> Stepper:  # fmt: skip
    """
    A stepper of `library` for `row`; raises UnavailableError where there is none.

    `dtype` names the kind of arrays, if these are not all of one dtype.
    """
    check(library, row)
    kind = KINDS[dtype or params[0].dtype.name]
    if not kind.is_plain and library not in NARROW:
        raise UnavailableError(f"{library} is not measured in {dtype}")
    if clip is not None and library not in CLIPPING:
        raise UnavailableError(f"{library} is not measured with clipping")
    return BUILDERS.get(library, tensor_stepper)(
        Job(library, row, params, grads, rate(row, kind) if lr is None else lr, clip, share, kind)
    )


# ---- NumPy arrays in place --------------------------------------------------------------------------------------


def optimizer(row: Row, params: Any, lr: Any, **keywords: Any) -> Optimizer:
    """fastgd's optimizer of a row."""
    made: Optimizer = getattr(fastgd, row.optimizer)(params, lr=lr, **row.keywords, **keywords)
    return made


def states(opt: Optimizer) -> list[np.ndarray]:
    found = [array for entry in opt.state.values() for array in entry.values() if array.ndim]
    return [array for array in found if array.dtype != np.int16]  # what a parameter lacks is no number by itself


def fastgd_stepper(job: Job) -> Stepper:
    opt = optimizer(job.row, list(job.params), job.lr, max_grad_norm=job.clip, **job.kind.storage)
    step = functools.partial(opt.step, list(job.grads))
    return Stepper(job.library, job.params, step, functools.partial(states, opt))


def numpy_stepper(job: Job) -> Stepper:
    update, row = plain.PLAIN[job.row.optimizer], job.row
    own: list[plain_parts.State] = [{} for _ in job.params]
    count = 0

    def step() -> None:
        nonlocal count
        count += 1
        gradients = list(job.grads)
        if job.clip is not None:
            factor = plain_parts.clip_factor(gradients, job.clip)
            gradients = [factor * g for g in gradients]
        for p, g, s in zip(job.params, gradients, own, strict=True):
            update(p, g, s, count, job.lr, **row.keywords)

    return Stepper(
        job.library, job.params, step, lambda: [a for s in own for a in s.values() if isinstance(a, np.ndarray)]
    )


def thinc_stepper(job: Job) -> Stepper:
    if job.params[0].dtype != np.float32:
        raise UnavailableError("thinc's optimizer is for float32")
    _, keywords = job.row.peer(job.library) or ("", {})
    opt = module("thinc.optimizers").Optimizer(job.lr, **{"L2": 0.0, **keywords}, grad_clip=0.0, use_averages=False)
    pairs = [((i, "w"), p, g) for i, (p, g) in enumerate(zip(job.params, job.grads, strict=True))]

    def step() -> None:
        for key, p, g in pairs:
            opt(key, p, g)
        opt.step_schedules()

    return Stepper(job.library, job.params, step, before=None if job.share else refill(job.grads))


def sklearn_stepper(job: Job) -> Stepper:
    name, keywords = job.row.peer(job.library) or ("", {})
    made = getattr(module("sklearn.neural_network._stochastic_optimizers"), name)
    opt = made(list(job.params), learning_rate_init=job.lr, **keywords)
    step = functools.partial(opt.update_params, list(job.params), list(job.grads))
    return Stepper(job.library, job.params, step)


# ---- tensors ----------------------------------------------------------------------------------------------------


def tensor(array: np.ndarray, share: bool = False) -> Any:
    """A torch tensor of an array's numbers, or in the same memory; torch does not know ml_dtypes' bfloat16."""
    torch = module("torch")
    convert = torch.from_numpy if share else torch.tensor
    narrow = array.dtype.name == "bfloat16"
    return convert(array.view(np.int16)).view(torch.bfloat16) if narrow else convert(array)


def shown(value: Any) -> np.ndarray:
    """The numbers of a tensor."""
    array: np.ndarray = value.detach().to(module("torch").promote_types(value.dtype, module("torch").float32)).numpy()
    return array


def refill_tensors(targets: list[Any]) -> Callable[[], None]:
    """As `refill`, of tensors."""
    originals = [target.clone() for target in targets]

    def restore() -> None:
        for target, original in zip(targets, originals, strict=True):
            target.copy_(original)

    return restore


def check_kind(library: str, kind: Kind) -> None:
    """Refuse arrays that a library of tensors cannot have, or would store otherwise."""
    alike = kind.compute == "float32" and kind.param == kind.grad and kind.state in ("float32", kind.param)
    alike = alike and "master_weights" not in kind.storage
    if library == "deepspeed" and not alike:
        raise UnavailableError("DeepSpeedCPUAdam is for float32, and for bfloat16 without master weights")
    if library.startswith("torch") and not kind.param == kind.grad == kind.state:
        raise UnavailableError("torch.optim keeps everything in the parameter's dtype")


def tensor_optimizer(
    library: str, row: Row, tensors: list[Any], lr: Any, kind: Kind = KINDS["float32"], **more: Any
) -> Any:
    """The optimizer of torch tensors: torch's in one of its forms, fastgd.torch's or DeepSpeed's."""
    check_kind(library, kind)
    if library == "deepspeed":
        keywords = {**(row.peer(library) or ("", {}))[1], "fp32_optimizer_states": kind.state == "float32"}
        try:
            # It compiles its kernel at the first use, which fails without a compiler and ninja.
            return module("deepspeed.ops.adam").DeepSpeedCPUAdam(tensors, lr=lr, **keywords)
        except (RuntimeError, OSError, ImportError) as error:
            raise UnavailableError(f"DeepSpeedCPUAdam cannot be built: {error}") from error
    form: dict[str, Mapping[str, Any]] = {
        "fastgd.torch": kind.storage,
        "torch": {"foreach": False},
        "torch foreach": {"foreach": True},
        "torch fused": {"fused": True},
    }
    host = importlib.import_module("fastgd.torch" if library == "fastgd.torch" else "torch.optim")
    return getattr(host, row.optimizer)(tensors, lr=lr, **row.keywords, **form[library], **more)


def tensor_stepper(job: Job) -> Stepper:
    """A step on torch tensors."""
    torch = module("torch")
    tensors = [tensor(p, job.share).requires_grad_(True) for p in job.params]
    for one, grad in zip(tensors, job.grads, strict=True):
        if job.kind.param != job.kind.grad:
            one.grad_dtype = None  # the gradient's may be another
        one.grad = tensor(grad, job.share)
    opt = tensor_optimizer(job.library, job.row, tensors, job.lr, job.kind)
    clip = torch.nn.utils.clip_grad_norm_
    before: Callable[[], None] | None = None
    if job.library == "torch foreach" and job.row.keywords.get("nesterov") and not job.share:
        # This form adds the momentum to the gradient itself, which then grows from step to step.
        before = refill_tensors([one.grad for one in tensors])

    def clip_and_step() -> None:
        clip(tensors, job.clip)
        opt.step()

    def inner() -> Arrays:
        values = [value for entry in opt.state.values() for value in entry.values()]
        return [
            shown(value) for value in values if hasattr(value, "numpy") and value.ndim and value.is_floating_point()
        ]

    step = opt.step if job.clip is None else clip_and_step
    return Stepper(job.library, lambda: [shown(one) for one in tensors], step, inner, before)


def optax_stepper(job: Job) -> Stepper:
    """optax under jit, with the buffers of parameters and state donated."""
    if job.share:
        raise UnavailableError("jax arrays are immutable: a NumPy loop would mostly copy")
    jax, optax = module("jax"), module("optax")
    jax.config.update("jax_enable_x64", True)
    name, keywords = job.row.peer(job.library) or ("", {})
    transform = getattr(optax, name)(job.lr, **keywords)
    params, grads = ([jax.numpy.array(a, copy=True) for a in side] for side in (job.params, job.grads))
    state = transform.init(params)

    @functools.partial(jax.jit, donate_argnums=(0, 1))
    def update(params: Any, state: Any, grads: Any) -> Any:
        updates, state = transform.update(grads, state, params)
        return optax.apply_updates(params, updates), state

    def step() -> None:
        nonlocal params, state
        params, state = update(params, state, grads)
        for param in params:
            param.block_until_ready()

    def inner() -> Arrays:
        return [np.asarray(leaf) for leaf in jax.tree_util.tree_leaves(state) if leaf.ndim]

    return Stepper(job.library, lambda: [np.asarray(param) for param in params], step, inner)


BUILDERS: dict[str, Callable[..., Stepper]] = {
    "fastgd": fastgd_stepper,
    "numpy": numpy_stepper,
    "thinc": thinc_stepper,
    "scikit-learn": sklearn_stepper,
    "optax": optax_stepper,
}
NARROW = tuple(name for name in LIBRARIES if name == "fastgd" or BUILDERS.get(name, tensor_stepper) is tensor_stepper)
CLIPPING = tuple(name for name in LIBRARIES if name in ("fastgd", "numpy") or name.startswith("torch"))
