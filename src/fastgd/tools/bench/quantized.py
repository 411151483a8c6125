"""AdamW with state in 8 bits, beside bitsandbytes and torchao on a CPU."""

import importlib.util
from typing import Any

from fastgd.tools.bench import arrays, measures, pairing, peers
from fastgd.tools.bench.pairing import Ratio
from fastgd.tools.bench.stepper import Stepper, UnavailableError
from fastgd.tools.bench.threads import using

LIBRARIES = ("fastgd", "bitsandbytes", "torchao")
ADAMW = measures.ADAMW


def load(library: str) -> Any:
    """Import a library and give its class, or say that it is n/a."""
    if importlib.util.find_spec(library) is None:
        raise UnavailableError(f"{library} is not installed")
    peers.module("torch")
    if library == "bitsandbytes":
        return peers.module("bitsandbytes.optim").AdamW8bit
    return peers.module("torchao.optim").AdamW8bit


def stepper(library: str, shapes: arrays.Shapes, lr: float | None = None) -> Stepper:
    """Steps of a library, on parameters and gradients in float32."""
    params, grads = arrays.fresh(shapes, "8bit")
    if library == "fastgd":
        return peers.build(library, ADAMW, params, grads, lr=lr, dtype="8bit")
    kind = load(library)
    torch = peers.module("torch")
    tensors = [torch.nn.Parameter(peers.tensor(param)) for param in params]
    for tensor, grad in zip(tensors, grads, strict=True):
        tensor.grad = peers.tensor(grad)
    opt = kind(tensors, lr=ADAMW.lr if lr is None else lr, **ADAMW.keywords)
    return Stepper(library, lambda: [peers.shown(tensor) for tensor in tensors], opt.step)


def state_bytes(shapes: arrays.Shapes) -> float:
    """Bytes of fastgd's state for each element of the parameters."""
    params, grads = arrays.fresh(shapes, "8bit")
    opt = peers.optimizer(ADAMW, params, ADAMW.lr, **arrays.KINDS["8bit"].storage)
    opt.step(grads)
    return sum(array.nbytes for array in peers.states(opt)) / arrays.elements(shapes)


def against(library: str, shapes: arrays.Shapes, seconds: float) -> Ratio:
    """`ratio` is how many times longer a library's step takes, on one thread."""
    if library != "fastgd":
        load(library)
    with using(1):
        one, two = stepper("fastgd", shapes), stepper(library, shapes)
        return pairing.compare(one, two, seconds, least=3)
