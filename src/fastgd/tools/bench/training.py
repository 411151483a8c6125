"""Training as it is done, for the share of time that the optimizer takes."""

import time

import numpy as np

from fastgd.tools.bench import peers
from fastgd.tools.bench.rows import BY_NAME
from fastgd.tools.bench.workloads import dense

SAMPLES = 1024
BATCH = 64
NETWORKS = {
    "8-64-64-4": (8, 64, 64, 4),
    "64-128-10": (64, 128, 10),
    "256-1024-1024-10": (256, 1024, 1024, 10),
}
Arrays = list[np.ndarray]


def initial(widths: tuple[int, ...], rng: np.random.Generator) -> Arrays:
    shapes = dense(*widths)
    return [
        rng.normal(0, (2 / shape[-1]) ** 0.5, shape).astype(np.float32) if len(shape) == 2 else np.zeros(shape, "f4")
        for shape in shapes
    ]


def backward(params: Arrays, grads: Arrays, x: np.ndarray, target: np.ndarray) -> float:
    """Loss of a ReLU network with softmax cross-entropy; gradients are written into `grads`."""
    layers = [x]
    for i in range(0, len(params), 2):
        out = layers[-1] @ params[i].T + params[i + 1]
        layers.append(np.maximum(out, 0) if i + 2 < len(params) else out)
    scores = layers.pop()
    scores -= scores.max(axis=1, keepdims=True)
    p = np.exp(scores)
    p /= p.sum(axis=1, keepdims=True)
    error = (p - target) / np.float32(len(x))
    for i in range(len(params) - 2, -1, -2):
        np.matmul(error.T, layers[i // 2], out=grads[i])
        np.sum(error, axis=0, out=grads[i + 1])
        if i:
            error = (error @ params[i]) * (layers[i // 2] > 0)
    return float(-np.log(np.maximum((p * target).sum(axis=1), 1e-30)).mean())


class Training:
    """
    A network that learns which of some random directions a point lies in, with the optimizer of a library.

    The optimizer works on the network's own arrays; where a library cannot, it is n/a.
    """

    def __init__(self, library: str, rule: str, network: str) -> None:
        widths = NETWORKS[network]
        rng = np.random.default_rng(0)
        self.params = initial(widths, rng)
        self.grads = [np.zeros_like(p) for p in self.params]
        self.x = rng.normal(size=(SAMPLES, widths[0])).astype(np.float32)
        truth = (self.x @ rng.normal(size=(widths[0], widths[-1])).astype(np.float32)).argmax(axis=1)
        self.target = np.eye(widths[-1], dtype=np.float32)[truth]
        row = BY_NAME[rule]
        peers.load(library, row)
        self.stepper = peers.build(library, row, self.params, self.grads, lr=1e3 * row.lr, share=True)

    def epoch(self) -> float:
        """One pass over the data; returns the mean loss."""
        losses = []
        for start in range(0, SAMPLES, BATCH):
            batch = slice(start, start + BATCH)
            losses.append(backward(self.params, self.grads, self.x[batch], self.target[batch]))
            self.stepper.step()
        return sum(losses) / len(losses)

    def step_share(self, epochs: int = 3) -> float:
        """Part of the time of training that steps take, 0 to 1."""
        whole = stepping = 0.0
        step = self.stepper.step

        def timed() -> None:
            nonlocal stepping
            start = time.perf_counter()
            step()
            stepping += time.perf_counter() - start

        self.stepper.step = timed
        try:
            for _ in range(epochs):
                start = time.perf_counter()
                self.epoch()
                whole += time.perf_counter() - start
        finally:
            self.stepper.step = step
        return stepping / whole
