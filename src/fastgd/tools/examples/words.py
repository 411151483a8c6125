"""Word vectors from Python's own help texts (skip-gram, negative sampling): gradients of rows beside dense ones."""

import re
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import fastgd
from fastgd.tools.examples import figures
from fastgd.tools.examples.common import scaled, table

WIDTH, BATCH, NEGATIVES, WINDOW = 64, 64, 5, 4
LEAST = 3  # how often a word must come to have a vector
SHOWN = ("int", "list", "except", "import", "write", "first")

Arrays = dict[str, np.ndarray]
Gradients = dict[str, fastgd.Rows]


class Text(NamedTuple):
    words: list[str]  # from the most common one
    ids: np.ndarray  # of the text's words, in their order
    noise: np.ndarray  # how often each word is drawn as one that was not there, cumulated


def read() -> Text:
    """The help texts, which every Python has."""
    from pydoc_data.topics import topics

    found = re.findall(r"[a-z]+", " ".join(topics[name] for name in sorted(topics)).lower())
    counts = [(word, count) for word, count in Counter(found).most_common() if count >= LEAST]
    numbers = {word: i for i, (word, _) in enumerate(counts)}
    ids = np.array([numbers[word] for word in found if word in numbers])
    noise = np.cumsum([count**0.75 for _, count in counts])
    # The most common words say little about their neighbours: most of them are left out.
    share = np.array([count for _, count in counts]) / len(ids)
    kept = np.random.default_rng(0).random(len(ids)) < np.sqrt(1e-3 / share[ids])
    return Text([word for word, _ in counts], ids[kept], noise / noise[-1])


def pairs(text: Text, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A batch: words, a neighbour of each, and words that are drawn for it."""
    places = rng.integers(WINDOW, len(text.ids) - WINDOW, BATCH)
    offsets = rng.integers(1, WINDOW + 1, BATCH) * rng.choice([-1, 1], BATCH)
    drawn = np.searchsorted(text.noise, rng.random((BATCH, NEGATIVES)))
    return text.ids[places], text.ids[places + offsets], drawn


def loss_and_rows(params: Arrays, words: np.ndarray, near: np.ndarray, drawn: np.ndarray) -> tuple[float, Gradients]:
    """Tell each word's neighbour from the words drawn; the gradient has the rows of these words alone."""
    others = np.concatenate([near[:, None], drawn], axis=1)
    v, u = params["words"][words], params["neighbours"][others]
    score = np.einsum("bd,bkd->bk", v, u)
    score[:, 0] *= -1
    error = 1 / (1 + np.exp(-score))
    loss = float(np.logaddexp(0, score).sum(axis=1).mean())
    error[:, 0] *= -1
    of_words = np.einsum("bk,bkd->bd", error, u)
    of_others = error[:, :, None] * v[:, None]
    return loss, {
        "words": fastgd.Rows(words, of_words),
        "neighbours": fastgd.Rows(others.ravel(), of_others.reshape(-1, WIDTH)),
    }


def dense(rows: fastgd.Rows, param: np.ndarray) -> np.ndarray:
    """The same gradient as an array like the table, zero in most rows."""
    grad = np.zeros_like(param)
    np.add.at(grad, rows.indices, rows.values)
    return grad


def train(text: Text, updates: int, by_rows: bool) -> tuple[list[float], float, Arrays]:
    """Losses, microseconds of an update from the rows' values on, and the vectors."""
    rng = np.random.default_rng(1)
    start = rng.uniform(-0.5, 0.5, (len(text.words), WIDTH)).astype(np.float32) / np.float32(WIDTH)
    params = {"words": start, "neighbours": np.zeros_like(start)}
    opt = fastgd.Adagrad(params, lr=0.1)
    losses, spent = [], 0.0
    for _ in range(updates):
        loss, rows = loss_and_rows(params, *pairs(text, rng))
        losses.append(loss)
        begin = time.perf_counter()
        opt.step(rows if by_rows else {name: dense(rows[name], param) for name, param in params.items()})
        spent += time.perf_counter() - begin
    return losses, 1e6 * spent / updates, params


def nearest(text: Text, vectors: np.ndarray, word: str) -> list[str]:
    """Words whose vectors have the smallest angles to that of `word`."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    order = np.argsort(-(unit @ unit[text.words.index(word)]))
    return [text.words[i] for i in order[1:5]]


def run(output: Path, budget: float = 1.0) -> None:
    text, updates = read(), scaled(12_000, budget)
    figure, (left, right) = figures.grid(1, 2, (13, 5))
    rows, vectors = [], []
    for name, by_rows, style in (("rows", True, "-"), ("dense", False, ":")):
        losses, spent, params = train(text, updates, by_rows)
        width = max(1, updates // 100)
        means = np.convolve(losses, np.full(width, 1 / width), "valid")
        left.plot(means, style, color=figures.COLOURS[not by_rows], label=f"gradient: {name}")
        rows.append((name, spent, float(np.mean(losses[-width:]))))
        vectors.append(params["words"])
    print(f"{len(text.ids)} words of text, a table of {len(text.words)} x {WIDTH}, {updates} updates\n")
    table(("gradient", "us of an update", "loss at last"), rows)
    print(f"\nlargest difference between the vectors: {np.abs(vectors[0] - vectors[1]).max()}\n")
    table(("word", "nearest"), [(word, ", ".join(nearest(text, vectors[0], word))) for word in SHOWN])
    _draw(right, text, vectors[0])
    figures.finish(left, "loss: the neighbour against words drawn", "update", "log loss")
    figures.finish(right, "common words on the two principal axes of their vectors", "first", "second")
    left.legend()
    figures.save(figure, output, "words")


def _draw(axes: Any, text: Text, vectors: np.ndarray) -> None:
    """Common words, by the two directions in which their vectors differ most."""
    some = vectors[30:110] / np.linalg.norm(vectors[30:110], axis=1, keepdims=True)
    some -= some.mean(axis=0)
    places = some @ np.linalg.svd(some, full_matrices=False)[2][:2].T
    axes.plot(*places.T, ".", color=figures.COLOURS[5])
    for word, place in zip(text.words[30:110], places, strict=True):
        axes.annotate(word, place, fontsize=7)
