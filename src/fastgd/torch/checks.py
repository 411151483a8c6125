"""What a tensor and a hyperparameter must be, and the messages that one gets."""

import math
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

from fastgd import formats, validation
from fastgd.engine.formats import ABSMAX, AVERAGE, MASTER
from fastgd.engine.plan import Group
from fastgd.engine.rows import Rows
from fastgd.optimizers import packed
from fastgd.optimizers import state_dict as saved
from fastgd.torch import shards
from fastgd.torch.views import Views

STATE = (*MASTER, AVERAGE)  # state keys beside those of the rules
DTYPES = {name: getattr(torch, name) for name in formats.ALL}
STATE_DTYPES = (*DTYPES.values(), torch.int16, torch.uint8)


def plain(label: str, value: Any) -> Any:
    """A number that may be kept as a tensor, as torch allows."""
    if isinstance(value, (tuple, list)):
        return tuple(plain(f"{label}[{i}]", entry) for i, entry in enumerate(value))
    if isinstance(value, torch.Tensor):
        if value.numel() != 1:
            raise ValueError(f"{label} must be a number or a tensor of one element, got one of {value.numel()}")
        return value.item()
    if callable(value):
        raise TypeError(f"{label} must be a number, got a function, for which there is no schedule here")
    return value


def switches(where: str, group: Mapping[str, Any]) -> None:
    """Refuse a switch that is on and asks for what a step does not do."""
    for name, default in saved.SWITCHES.items():
        if default is False and group.get(name):
            label = f"{where}[{name!r}]" if where else name
            raise ValueError(f"{label} must be False: steps run on the CPU and are not part of a graph")


def keep_once(group: dict[str, Any]) -> None:
    """Keep a parameter that is listed twice, of which torch has warned, in its first place alone."""
    params = group["params"]
    unique = dict(zip(reversed(params), reversed(group.get("param_names", params)), strict=True))
    if len(unique) < len(params):
        group["params"] = list(dict.fromkeys(params))
        if "param_names" in group:
            group["param_names"] = [unique[param] for param in group["params"]]


def groups(given: Sequence[Mapping[str, Any]]) -> None:
    """Refuse groups that do not go together, in torch's words."""
    if len({"param_names" in group for group in given}) > 1:
        raise ValueError("all optimizer param groups should be with/without names")
    params = [param for group in given for param in group["params"]]
    if len(set(params)) < len(params):
        raise ValueError("some parameters appear in more than one parameter group")


def apart(groups: Sequence[Mapping[str, Any]]) -> None:
    """Raise if parameters share memory."""
    if Views(torch.Tensor).lie_apart([param for group in groups for param in group["params"]]):
        return
    named = [(f"param_groups[{n}]['params'][{k}]", p) for n, g in enumerate(groups) for k, p in enumerate(g["params"])]
    validation.apart([(label, parameter(label, param)) for label, param in named])


def unscaling(scale: Any) -> float:
    """What gradients are multiplied by that GradScaler has multiplied by `scale`."""
    number = 1.0 if scale is None else float(scale)
    return 1.0 / number if number else math.inf  # which spreads NaN, as in torch


def group_of_zero() -> Any:
    """The processes of the ZeroRedundancyOptimizer that is making an optimizer, of what its rank updates, if one is."""
    name = "torch.distributed.optim.zero_redundancy_optimizer"
    frame = sys._getframe() if name in sys.modules else None
    while frame is not None and frame.f_globals.get("__name__") != name:
        frame = frame.f_back
    return None if frame is None else frame.f_locals["self"].process_group


def process_group(given: Any, of_zero: Any) -> Any:
    """The processes that have other parameters: `given`, or those of a ZeroRedundancyOptimizer, if there is one."""
    if given is None:
        return of_zero
    kind = getattr(torch.distributed, "ProcessGroup", None)
    if kind is None or not isinstance(given, kind):
        raise TypeError(f"process_group must be a ProcessGroup of this process, got {type(given).__name__}")
    if of_zero is not None:
        raise ValueError("process_group: the ZeroRedundancyOptimizer has its own, got another one")
    return given


def beside_group(label: str, param: Any, group: Any) -> None:
    """Refuse a DTensor, which knows its processes, beside a group of those that have other parameters."""
    if group is not None and shards.is_sharded(param):
        raise TypeError(f"{label}: expected a plain tensor beside process_group, got a DTensor, which has a mesh")


def whole(setting: str, unknown: bool, params: Sequence[torch.Tensor]) -> None:
    """
    Refuse a setting that looks at all gradients where it is not known which processes have some of them.

    `unknown`: whether they are those of a copy, whose processes are not known.
    """
    if unknown:
        instead = "torch.nn.utils.clip_grad_norm_ of all of the model's before the step of ZeroRedundancyOptimizer"
    elif any(getattr(p, "_is_flat_param", False) or getattr(p, "_fsdp_flattened", False) for p in params):
        instead = "clip_grad_norm_ of the FullyShardedDataParallel before the step"
    else:
        return
    raise ValueError(
        f"{setting} looks at all gradients together, of which each process has a part here; call {instead}"
    )


def memory(
    label: str,
    tensor: torch.Tensor,
    dtypes: Collection[torch.dtype] = DTYPES.values(),
    names: tuple[str, ...] = formats.ALL,
) -> np.ndarray:
    """
    The elements of a tensor that a step can read; whoever uses the array holds the tensor.

    Not by `tensor.numpy()`, which would forbid for good that the storage is resized.
    """
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f"{label}: expected a torch.Tensor, got {type(tensor).__name__}")
    tensor = shards.part(tensor)
    if is_traceable_wrapper_subclass(tensor):
        raise TypeError(f"{label}: expected a plain tensor, got {type(tensor).__name__}")
    if tensor.layout is not torch.strided:
        raise ValueError(f"{label}: expected a dense tensor, got layout {tensor.layout}")
    if tensor.device.type != "cpu":
        raise ValueError(f"{label}: expected a tensor on the CPU, got one on {tensor.device}")
    if tensor.dtype not in dtypes:
        raise TypeError(f"{label}: expected dtype {_listed(names)}, got {tensor.dtype}")
    (array,) = Views(torch.Tensor).look([tensor])
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{label}: expected elements in memory and at most 64 dimensions, got {_form(tensor)}")
    return array


def name_of(tensor: torch.Tensor) -> str:
    """The name of a tensor's format."""
    return str(tensor.dtype).removeprefix("torch.")


def _listed(names: tuple[str, ...]) -> str:
    return formats.listed(tuple(str(DTYPES[name]) for name in names))


def _form(tensor: torch.Tensor) -> str:
    return f"a {type(tensor).__name__} of {tensor.numel()} elements and {tensor.dim()} dimensions"


def parameter(label: str, tensor: torch.Tensor) -> np.ndarray:
    """The elements of a tensor that a step can write to; none before a lazy module's first pass."""
    if isinstance(tensor, torch.Tensor) and is_lazy(tensor):
        return np.empty(0, formats.dtype(name_of(tensor) if name_of(tensor) in DTYPES else "float32"))
    shards.place(label, tensor)
    if isinstance(tensor, torch.Tensor) and shards.part(tensor).is_neg():
        raise ValueError(f"{label}: expected a tensor of plain numbers, got one with the negative bit set")
    return validation.writeable(label, memory(label, tensor), formats.ALL)


def gradient(label: str, grad: torch.Tensor, param: torch.Tensor) -> np.ndarray:
    """The elements of a parameter's gradient, of whatever strides, where they lie."""
    param = shards.part(param)
    array = memory(label, grad)
    _beside(label, grad, param)
    return array


def signed(grad: torch.Tensor, array: np.ndarray) -> np.ndarray:
    """The elements of a gradient that lies in `array`, which torch may have yet to negate."""
    return formats.asarray(grad.detach().resolve_neg()) if shards.part(grad).is_neg() else array


def rows(label: str, grad: torch.Tensor, param: torch.Tensor) -> Rows:
    """A sparse gradient, such as that of an embedding; a row that it has several times is summed by the step."""
    if grad.sparse_dim() != 1:
        raise ValueError(f"{label}: expected a sparse tensor of rows, with sparse_dim 1, got {grad.sparse_dim()}")
    if grad.device.type != "cpu":
        raise ValueError(f"{label}: expected a tensor on the CPU, got one on {grad.device}")
    _beside(label, grad, param)
    grad = grad.detach()
    indices, values = grad._indices()[0], grad._values().resolve_neg()
    return Rows(indices.contiguous().numpy(), formats.asarray(values.contiguous()))


def _beside(label: str, grad: torch.Tensor, param: torch.Tensor) -> None:
    names = formats.beside(np.dtype(np.float64 if param.dtype == torch.float64 else np.float32))
    if grad.dtype not in [DTYPES[name] for name in names]:
        raise TypeError(f"{label}: expected dtype {_listed(names)} beside {param.dtype}, got {grad.dtype}")
    if grad.shape != param.shape:
        raise ValueError(f"{label}: expected shape {tuple(param.shape)}, got {tuple(grad.shape)}")


def copy(label: str, tensor: torch.Tensor, param: torch.Tensor) -> np.ndarray:
    """The elements of a tensor that a parameter is copied to."""
    names = formats.NARROW
    array = memory(label, tensor, [DTYPES[name] for name in names], names)
    if shards.part(tensor).is_neg():
        raise ValueError(f"{label}: expected a tensor of plain numbers, got one with the negative bit set")
    return validation.laid_out_like(label, validation.writeable(label, array, names), memory(label, param))


def fillable(label: str, grad: torch.Tensor, steps: Any) -> None:
    """Refuse a gradient that cannot become zero, since its elements share memory, or lie in what a step writes to."""
    array = memory(label, grad)
    if steps.may_touch(array) and any(np.shares_memory(array, other) for other in steps.written_arrays()):
        raise ValueError(f"{label}: expected memory of its own, got memory that the step writes to")
    if any(stride == 0 and n > 1 for stride, n in zip(grad.stride(), grad.shape, strict=True)):
        raise ValueError(f"{label}: expected elements of their own with zero_grads=True, got strides {grad.stride()}")


def number(label: str, value: Any) -> Any:
    """A step count or a number that a rule carries on, in an entry of a parameter's state."""
    if isinstance(value, torch.Tensor) and value.is_shared() and value.dtype not in (torch.float32, torch.float64):
        raise TypeError(f"{label}: expected dtype torch.float32 where processes share it, got {value.dtype}")
    return plain(label, value)


def adopted(label: str, key: str, value: Any, param: np.ndarray, slots: Group) -> np.ndarray:
    """The memory of a state tensor where a step can write to it as it lies, else a copy."""
    if not isinstance(value, torch.Tensor):
        return saved.copied(label, key, value, param, slots)
    name = f"{label}[{key!r}]"
    if key.endswith(ABSMAX):
        own = packed.absmax(name, value, param)
        array = memory(name, value, STATE_DTYPES)
        if not validation.same_strides(array, own) and value.is_shared():
            raise ValueError(f"{name}: expected no gaps, where processes share it, got strides {value.stride()}")
        return array if validation.same_strides(array, own) and array.flags.aligned else own
    negative = value.is_neg()
    array = formats.asarray(value.detach().resolve_neg()) if negative else memory(name, value, STATE_DTYPES)
    stored = "uint8"
    if slots.storage.absmax_key(key, param) is None:
        stored = slots.storage.state_name(key, formats.name_of(param.dtype))
    fits = name_of(value) == stored and array.shape == param.shape and validation.same_strides(array, param)
    if fits and not negative and array.flags.aligned:
        return array
    if value.is_shared():
        raise ValueError(
            f"{name}: expected dtype torch.{stored}, shape {param.shape} and strides {_strides(param)}, where "
            f"processes share it, got {value.dtype}, {tuple(value.shape)} and {value.stride()}"
        )
    return saved.copied(label, key, array, param, slots)


def _strides(array: np.ndarray) -> tuple[int, ...]:
    return tuple(stride // array.itemsize for stride in array.strides)


def plain_view(array: np.ndarray) -> np.ndarray:
    """A new view of an array that torch can take for a tensor: bfloat16 as its bits."""
    return array.view(np.int16) if formats.name_of(array.dtype) == "bfloat16" else array[...]


def tensor(view: np.ndarray, source: np.ndarray) -> torch.Tensor:
    """A tensor over the memory of a `plain_view` of `source`, which it holds."""
    made = torch.from_numpy(view)
    return made.view(torch.bfloat16) if formats.name_of(source.dtype) == "bfloat16" else made
