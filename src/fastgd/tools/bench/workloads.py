"""Lists of parameters as networks have them."""

import itertools

from fastgd.tools.bench.arrays import Shapes


def dense(*widths: int) -> Shapes:
    """Weights and biases of a network of dense layers."""
    pairs = itertools.pairwise(widths)
    return [shape for fan_in, fan_out in pairs for shape in ((fan_out, fan_in), (fan_out,))]


def transformer(layers: int = 12, width: int = 384, words: int = 9000, places: int = 512) -> Shapes:
    """A decoder as GPT-2 has it: 25M parameters in 148 tensors."""
    norm = [(width,), (width,)]
    attention = [(3 * width, width), (3 * width,), (width, width), (width,)]
    feedforward = [(4 * width, width), (4 * width,), (width, 4 * width), (width,)]
    return [(words, width), (places, width), *(layers * [*norm, *attention, *norm, *feedforward]), *norm]


WORKLOADS: dict[str, Shapes] = {
    "500 x 64": 500 * [(64,)],
    "100 x 10k": 100 * [(10_000,)],
    "8-64-64-4 network": dense(8, 64, 64, 4),
    "transformer, 25M": transformer(),
}
