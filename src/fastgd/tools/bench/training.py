"""
Networks in training, where a step has to wait for cold caches and fresh gradients.

A forward and a backward pass, in NumPy or in torch, stand between two steps and are not timed. Back to back a small
step is two to four times cheaper than there.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastgd import schedules
from fastgd.tools.bench import arrays, peers
from fastgd.tools.bench.rows import Row
from fastgd.tools.bench.stepper import Stepper, UnavailableError

SAMPLES, BATCH = 1024, 64
# A unit that has died has no gradient, and its moments would decay to subnormal numbers. So the rate is small, and the
# activation lets a little through.
LR = 1e-6
LEAK = np.float32(0.01)
CLIP, DECAY = 1.0, 10_000  # the largest norm, and the steps of the schedule, of the whole loop
NETWORKS = {
    "8-64-64-4": (8, 64, 64, 4),
    "100k": (64, 280, 280, 10),
    "1M": (128, 928, 928, 10),
    "20M": (512, 4096, 4096, 256),
}
HOSTS = ("numpy", "torch")
Arrays = list[np.ndarray]


def backward(params: Arrays, grads: Arrays, x: np.ndarray, target: np.ndarray) -> float:
    """Loss of a leaky ReLU network with softmax cross-entropy; gradients are written into `grads`."""
    layers = [x]
    for i in range(0, len(params), 2):
        out = layers[-1] @ params[i].T + params[i + 1]
        layers.append(np.maximum(out, LEAK * out) if i + 2 < len(params) else out)
    scores = layers.pop()
    scores -= scores.max(axis=1, keepdims=True)
    p = np.exp(scores)
    p /= p.sum(axis=1, keepdims=True)
    error = (p - target) / np.float32(len(x))
    for i in range(len(params) - 2, -1, -2):
        np.matmul(error.T, layers[i // 2], out=grads[i])
        np.sum(error, axis=0, out=grads[i + 1])
        if i:
            error = (error @ params[i]) * np.where(layers[i // 2] > 0, np.float32(1), LEAK)
    return float(-np.log(np.maximum((p * target).sum(axis=1), 1e-30)).mean())


def data(widths: Sequence[int]) -> tuple[Callable[[], tuple[np.ndarray, np.ndarray]], Arrays]:
    """Batches of points with the nearest of some random directions as their class, and parameters to begin with."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(SAMPLES, widths[0])).astype(np.float32)
    truth = (x @ rng.normal(size=(widths[0], widths[-1])).astype(np.float32)).argmax(axis=1)
    target = np.eye(widths[-1], dtype=np.float32)[truth]
    starts = itertools.cycle(range(0, SAMPLES, BATCH))

    def batch() -> tuple[np.ndarray, np.ndarray]:
        start = next(starts)
        return x[start : start + BATCH], target[start : start + BATCH]

    params = [
        rng.normal(0, (2 / shape[-1]) ** 0.5, shape).astype(np.float32) if len(shape) == 2 else np.zeros(shape, "f4")
        for shape in arrays.dense(*widths)
    ]
    return batch, params


def numpy_training(library: str, row: Row, widths: Sequence[int], lr: float = LR) -> Stepper:
    """A NumPy network with the optimizer of a library that works on the network's own arrays."""
    batch, params = data(widths)
    grads = [np.zeros_like(p) for p in params]
    inner = peers.build(library, row, params, grads, lr=lr, share=True)
    return Stepper(library, params, inner.step, inner.inner, lambda: backward(params, grads, *batch()))


def torch_training(library: str, row: Row, widths: Sequence[int], lr: float = LR, *, loop: bool = False) -> Stepper:
    """A torch network with an optimizer of torch tensors; a step is all of the `loop` that is not the network's."""
    if not (library.startswith("torch") or library in ("fastgd.torch", "deepspeed")):
        raise UnavailableError(f"{library} has no optimizer of torch's parameters")
    peers.check(library, row)
    torch = peers.module("torch")
    batch, params = data(widths)
    tensors: list[Any] = [torch.tensor(p).requires_grad_(True) for p in params]
    ours = loop and library == "fastgd.torch"
    settings = dict(lr=schedules.cosine(lr, DECAY), max_grad_norm=CLIP) if ours else dict(lr=lr)
    opt = peers.tensor_optimizer(library, row, tensors, **settings)
    functions = torch.nn.functional
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(opt, DECAY) if loop and not ours else None

    def before() -> float:
        if not loop:
            opt.zero_grad()
        x, target = (torch.from_numpy(part) for part in batch())
        for i in range(0, len(tensors), 2):
            x = functions.linear(x if i == 0 else functions.leaky_relu(x, float(LEAK)), tensors[i], tensors[i + 1])
        loss = functions.cross_entropy(x, target)
        loss.backward()
        return float(loss.detach())

    def all_of_the_loop() -> None:
        if scheduler is not None:
            torch.nn.utils.clip_grad_norm_(tensors, CLIP)
        opt.step()
        if scheduler is not None:
            scheduler.step()
        opt.zero_grad()

    step = all_of_the_loop if loop else opt.step
    return Stepper(library, [t.detach().numpy() for t in tensors], step, before=before)


def training(library: str, row: Row, network: str, host: str, *, whole: bool = False, loop: bool = False) -> Stepper:
    """
    The steps of a network in training, or with `whole` all of its training.

    With `loop`, of a torch network, a step goes with clipping by the norm, a cosine of the rate and zero_grad.
    """
    peers.load(library, row)
    if host == "numpy":
        stepper = numpy_training(library, row, NETWORKS[network])
    else:
        stepper = torch_training(library, row, NETWORKS[network], loop=loop)
    before, step = stepper.before, stepper.step
    if whole and before is not None:
        stepper.before, stepper.step = None, lambda: (before(), step())
    return stepper
