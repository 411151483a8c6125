"""A spaCy text classifier trains with fastgd.thinc as it does with thinc's own optimizers."""

import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("spacy")
import spacy
from spacy.training import Example
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from thinc.api import Config

from fastgd import thinc as adapter

GOOD, BAD = ("fine", "great", "moving", "witty"), ("awful", "dull", "poor", "silly")
PLAIN = ("a", "the", "film", "plot", "was", "it", "very", "and", "scenes", "with")

# The optimizer of spaCy's own training configs.
SETTINGS = {"learn_rate": 0.001, "L2": 0.01, "grad_clip": 1.0, "L2_is_weight_decay": True}


def reviews(seed: int, count: int) -> Iterator[Any]:
    """Texts and categories: each text has a few words of its kind among plain ones."""
    rng = random.Random(seed)
    for _ in range(count):
        good = rng.random() < 0.5
        words = rng.choices(PLAIN, k=9) + rng.choices(GOOD if good else BAD, k=2)
        rng.shuffle(words)
        yield " ".join(words), {"GOOD": float(good), "BAD": float(not good)}


def examples(nlp: Any, seed: int, count: int) -> Any:
    return [Example.from_dict(nlp.make_doc(text), {"cats": cats}) for text, cats in reviews(seed, count)]


@spacy.registry.readers("fastgd_tests.reviews.v1")
def reader(seed: int, count: int) -> Any:
    return lambda nlp: examples(nlp, seed, count)


def pipeline(optimizer: Any) -> Any:
    """A classifier whose first weights are the same each time, and its optimizer from the config."""
    spacy.util.fix_random_seed(0)
    nlp = spacy.blank("en", config={"training": {"optimizer": optimizer}})
    nlp.add_pipe("textcat")
    return nlp, nlp.initialize(lambda: examples(nlp, 0, 50))


def update(nlp: Any, optimizer: Any, batches: Any) -> Any:
    """The losses of some updates."""
    losses = []
    for seed in batches:
        loss = {}
        nlp.update(examples(nlp, seed, 16), sgd=optimizer, losses=loss)
        optimizer.step_schedules()
        losses.append(loss["textcat"])
    return np.array(losses)


def accuracy(nlp: Any) -> Any:
    held_out = list(reviews(10_000, 100))
    return np.mean([(nlp(text).cats["GOOD"] > 0.5) == (cats["GOOD"] > 0.5) for text, cats in held_out])


@pytest.mark.parametrize(("name", "rate"), [("Adam", 0.001), ("RAdam", 0.01)])
def test_losses_are_those_of_thincs_optimizer(name: str, rate: Any) -> None:
    settings = {**SETTINGS, "learn_rate": rate}
    mine, optimizer = pipeline({"@optimizers": f"fastgd.{name}.v1", **settings})
    their, twin = pipeline({"@optimizers": f"{name}.v1", **settings})
    assert type(optimizer) is getattr(adapter, name)
    losses, expected = update(mine, optimizer, range(40)), update(their, twin, range(40))
    assert np.abs(losses - expected).max() < 1e-4
    assert losses[-5:].mean() < 0.5 * losses[:5].mean()
    assert accuracy(mine) > 0.9
    assert abs(accuracy(mine) - accuracy(their)) < 0.05


def test_averages_are_used_as_with_thincs_optimizer() -> None:
    scores = []
    for name in ("fastgd.Adam.v1", "Adam.v1"):
        nlp, optimizer = pipeline({"@optimizers": name, **SETTINGS, "use_averages": True})
        update(nlp, optimizer, range(10))
        text, _ = next(reviews(10_000, 1))
        trained = nlp(text).cats["GOOD"]
        with nlp.use_params(optimizer.averages):
            averaged = nlp(text).cats["GOOD"]
        assert nlp(text).cats["GOOD"] == trained != averaged
        scores.append((trained, averaged))
    assert np.allclose(*scores, atol=1e-4)


def test_training_goes_on_from_a_saved_pipeline() -> None:
    losses = []
    for name in ("fastgd.Adam.v1", "Adam.v1"):
        nlp, optimizer = pipeline({"@optimizers": name, **SETTINGS})
        update(nlp, optimizer, range(5))
        loaded = spacy.blank("en")
        loaded.add_pipe("textcat")
        loaded.from_bytes(nlp.to_bytes())
        optimizer = loaded.create_optimizer() if name == "Adam.v1" else adapter.Adam(**SETTINGS)
        losses.append(update(loaded, optimizer, range(5, 15)))
    assert np.abs(losses[0] - losses[1]).max() < 1e-4


CONFIG = """
[nlp]
lang = "en"
pipeline = ["textcat"]

[components]

[components.textcat]
factory = "textcat"

[corpora]

[corpora.train]
@readers = "fastgd_tests.reviews.v1"
seed = 0
count = 200

[corpora.dev]
@readers = "fastgd_tests.reviews.v1"
seed = 1
count = 50

[training]
max_steps = 30
eval_frequency = 10
patience = 0

[training.batcher]
@batchers = "spacy.batch_by_sequence.v1"
size = 16

[training.optimizer]
@optimizers = "fastgd.Adam.v1"
L2 = 0.01
use_averages = true

[training.optimizer.learn_rate]
@schedules = "warmup_linear.v1"
warmup_steps = 10
total_steps = 100
initial_rate = 0.002
"""


def test_spacy_trains_from_a_config(tmp_path: Path) -> None:
    trained = {}
    for name in ("fastgd.Adam.v1", "Adam.v1"):
        config = Config().from_str(CONFIG.replace("fastgd.Adam.v1", name))
        filled = spacy.util.load_model_from_config(config, auto_fill=True).config
        nlp = init_nlp(filled)
        log = io.StringIO()
        (tmp_path / name).mkdir()
        train(nlp, tmp_path / name, stdout=log, stderr=log)
        trained[name] = spacy.load(tmp_path / name / "model-best")
        assert accuracy(trained[name]) > 0.9, log.getvalue()
    text, _ = next(reviews(10_000, 1))
    assert abs(trained["fastgd.Adam.v1"](text).cats["GOOD"] - trained["Adam.v1"](text).cats["GOOD"]) < 1e-3
