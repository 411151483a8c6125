"""
docs/KERAS.md: the recipe is Keras' Adam on the backends whose arrays can be changed in place.

Keras has one backend for each process, so this file is also the program that runs there.
"""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

PAGE = Path(__file__).resolve().parent.parent / "docs/KERAS.md"
SHAPES = [(3, 4), (4,), ()]


# importing it here would choose the backend of this process
@pytest.mark.skipif(find_spec("keras") is None, reason="Keras is not installed")
@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_the_recipe(backend: Any) -> None:
    environment = {**os.environ, "KERAS_BACKEND": backend}
    done = subprocess.run([sys.executable, __file__], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{backend}: passed\n"


def recipe() -> dict[str, Any]:
    """What the page's snippets define."""
    snippets = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(snippets) == 3
    names: dict[str, Any] = {}
    for number, snippet in enumerate(snippets):
        exec(compile(snippet, f"KERAS.md, snippet {number}", "exec"), names)
    return names


def array(value: Any) -> np.ndarray:
    return value.detach().numpy() if hasattr(value, "detach") else value


def arrays(variables: list[Any]) -> list[np.ndarray]:
    return [array(variable.value).copy() for variable in variables]


def assert_near(ours: list[Any], theirs: list[Any]) -> None:
    for a, b in zip(arrays(ours), arrays(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def steps(optimizer: Any, variables: list[Any], numbers: range, native: Any) -> None:
    for t in numbers:
        rng = np.random.default_rng(t)
        optimizer.apply([native(rng.standard_normal(shape, np.float32)) for shape in SHAPES], variables)


def check_options(keras: Any, recipe: Any, native: Any) -> None:
    """The update, and all that Keras does around it, as with Keras' own class."""
    decay = keras.optimizers.schedules.CosineDecay(0.1, 15)
    for options in (
        {},
        dict(learning_rate=0.1, beta_1=0.5, beta_2=0.7, epsilon=0.1),
        dict(weight_decay=0.1, clipnorm=0.5),
        dict(use_ema=True, ema_overwrite_frequency=3),
        dict(gradient_accumulation_steps=2),
        dict(learning_rate=decay),
    ):
        ours, theirs = ([keras.Variable(np.ones(shape, np.float32)) for shape in SHAPES] for _ in range(2))
        memory = [array(variable.value) for variable in ours]
        mine, their = recipe(**options), keras.optimizers.Adam(**options)
        steps(mine, ours, range(20), native)
        steps(their, theirs, range(20), native)
        assert_near(ours, theirs)
        assert_near(mine.variables, their.variables)
        if not options:
            assert all(np.shares_memory(a, array(variable.value)) for a, variable in zip(memory, ours, strict=True))


def check_state(keras: Any, recipe: Any, native: Any) -> None:
    """A copy from config and weights goes on with the same bits."""
    whole, halved = ([keras.Variable(np.ones(shape, np.float32)) for shape in SHAPES] for _ in range(2))
    steps(recipe(learning_rate=0.1, beta_1=0.5), whole, range(10), native)
    first = recipe(learning_rate=0.1, beta_1=0.5)
    steps(first, halved, range(5), native)
    second = recipe.from_config(first.get_config())
    second.build(halved)
    store: dict[str, Any] = {}
    first.save_own_variables(store)
    second.load_own_variables(store)
    steps(second, halved, range(5, 10), native)
    for a, b in zip(arrays(whole), arrays(halved), strict=True):
        assert a.tobytes() == b.tobytes()


def check_fit(keras: Any, recipe: Any) -> None:
    """`fit` on the torch backend: the same losses, and a model that is saved and loaded trains on."""
    x = np.random.default_rng(0).standard_normal((256, 8), np.float32)
    y = x.sum(axis=1, keepdims=True)
    losses, models = [], []
    for optimizer in (recipe(learning_rate=0.01), keras.optimizers.Adam(learning_rate=0.01)):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.layers.Input((8,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
        model.compile(optimizer, loss="mse")
        losses.append(model.fit(x, y, epochs=10, verbose=0).history["loss"])
        models.append(model)
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)
    assert losses[0][-1] < 0.1 * losses[0][0]
    with TemporaryDirectory() as folder:
        models[0].save(path := Path(folder, "model.keras"))
        loaded = keras.models.load_model(path, custom_objects={"FastAdam": recipe})
    both = [model.fit(x, y, epochs=2, shuffle=False, verbose=0).history["loss"] for model in (models[0], loaded)]
    assert both[0] == both[1]


def main() -> None:
    names = recipe()
    keras, cls = names["keras"], names["FastAdam"]
    backend = keras.backend.backend()
    native: Any = np.asarray
    if backend == "torch":
        import torch

        native = torch.from_numpy
        check_fit(keras, cls)
        torch.set_grad_enabled(False)  # as Keras' own loop does around `apply`
    check_options(keras, cls, native)
    check_state(keras, cls, native)
    print(f"{backend}: passed")


if __name__ == "__main__":
    main()
