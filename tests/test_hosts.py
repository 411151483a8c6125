"""The recipes of docs/HOSTS.md, each where its host is installed, beside the same training with torch's optimizer."""

import logging
import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

PAGE = Path(__file__).resolve().parent.parent / "docs" / "HOSTS.md"
SECTION = re.compile(r"^## ([\w-]+)\n.*?^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
HOSTS = {
    "lightning": "Lightning",
    "transformers": "transformers",
    "accelerate": "accelerate",
    "skorch": "skorch",
    "stable_baselines3": "stable-baselines3",
    "optuna": "Optuna",
}
CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("lightning", "AdamW", {}),
    ("lightning", "AdamW", dict(precision="bf16-mixed")),
    ("lightning", "AdamW", dict(precision="bf16-true")),
    ("lightning", "SGD", dict(precision="64-true", clip=None, momentum=0.9)),
    ("transformers", "AdamW", {}),
    ("accelerate", "AdamW", {}),
    ("accelerate", "AdamW", dict(mixed_precision="bf16")),
    ("skorch", "AdamW", {}),
    ("skorch", "SGD", dict(momentum=0.9, nesterov=True)),
    ("stable_baselines3", "Adam", {}),
    ("optuna", "AdamW", {}),
]

# What hosts and their own requirements warn of is theirs.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(autouse=True)
def quietly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)
    if "accelerate" in sys.modules:  # whose settings are those of the process
        sys.modules["accelerate.state"].AcceleratorState._reset_state(True)


def needs(host: str) -> Any:
    return pytest.mark.skipif(find_spec(host) is None, reason=f"{HOSTS[host]} is not installed")


def snippets() -> tuple[str, dict[str, str]]:
    """What the recipes share, and the recipe of each host by its name on the page."""
    text = PAGE.read_text(encoding="utf-8")
    first = re.search(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert first is not None
    return first[1], dict(SECTION.findall(text))


def recipe(host: str) -> dict[str, Any]:
    """What the page's snippets for a host define."""
    shared, own = snippets()
    names: dict[str, Any] = {"__name__": "recipe"}
    for snippet in (shared, own[HOSTS[host]]):
        exec(compile(snippet, f"HOSTS.md, {HOSTS[host]}", "exec"), names)
    return names


def function(names: dict[str, Any]) -> Any:
    (found,) = (value for name, value in names.items() if name.startswith("with_"))
    return found


def test_every_recipe_has_its_case() -> None:
    assert set(snippets()[1]) == set(HOSTS.values())
    assert {host for host, _, _ in CASES} == set(HOSTS)


@pytest.mark.parametrize(
    ("host", "name", "arguments"),
    [pytest.param(*case, id=f"{case[0]}-{case[1]}-{i}", marks=needs(case[0])) for i, case in enumerate(CASES)],
)
def test_losses_are_those_of_torch(host: str, name: str, arguments: dict[str, Any]) -> None:
    import torch

    import fastgd.torch

    train = function(recipe(host))
    ours = train(getattr(fastgd.torch, name), **arguments)
    theirs = train(getattr(torch.optim, name), **arguments)
    assert len(ours) > 1
    # In bfloat16 the last bit of a parameter is 1/256 of it.
    tolerance = 0.02 if arguments.get("precision") == "bf16-true" else 1e-3 if "bf16" in str(arguments) else 1e-4
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
    assert ours != [ours[0]] * len(ours)


@needs("lightning")
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_lightning_clips_or_the_step_does(precision: str) -> None:
    train = recipe("lightning")["with_lightning"]
    by_host, in_step = train(precision=precision, clip=0.01), train(precision=precision, clip=None, max_grad_norm=0.01)
    np.testing.assert_allclose(by_host, in_step, rtol=1e-3)
    assert by_host != train(precision=precision, clip=None)


@needs("lightning")
def test_lightning_refuses_to_clip_what_only_a_fused_step_divides() -> None:
    names = recipe("lightning")
    with pytest.raises(RuntimeError, match="does not allow for gradient clipping"):
        names["with_lightning"](precision="bf16-mixed", fused=True)


@needs("lightning")
def test_lightnings_wrapper_of_an_optimizer() -> None:
    """As by self.optimizers(), in a module that steps by itself."""
    names = recipe("lightning")
    seen = []

    class Manual(names["Classifier"]):
        automatic_optimization = False

        def training_step(self, batch: Any) -> None:
            wrapper = self.optimizers()
            wrapper.zero_grad()
            self.manual_backward(super().training_step(batch))
            wrapper.max_grad_norm = 1e-3
            wrapper.step()
            inner = wrapper.optimizer
            seen.append((type(wrapper) is not type(inner), wrapper.grad_norm == inner.grad_norm, inner.max_grad_norm))
            assert wrapper.skipped_steps == inner.skipped_steps == 0

    names["Classifier"] = Manual
    names["with_lightning"](clip=None)
    assert seen == [(True, True, 1e-3)] * 16


@needs("skorch")
def test_a_setting_of_all_groups_by_skorchs_set_params() -> None:
    import skorch

    import fastgd.torch

    names = recipe("skorch")
    net = skorch.NeuralNetClassifier(
        names["network"](), criterion=names["torch"].nn.CrossEntropyLoss, optimizer=fastgd.torch.AdamW,
        max_epochs=1, train_split=None, verbose=0, optimizer__max_grad_norm=0.5,
    )  # fmt: skip
    x, y = names["x"].numpy(), names["y"].numpy()
    net.fit(x, y)
    assert net.optimizer_.max_grad_norm == 0.5
    net.set_params(optimizer__max_grad_norm=0.1)
    with pytest.raises(ValueError, match=r"param_groups\[0\]: max_grad_norm is for all groups together"):
        net.partial_fit(x, y)
    del net.optimizer_.param_groups[0]["max_grad_norm"]
    net.optimizer_.max_grad_norm = 0.1
    net.partial_fit(x, y)
    net.set_params(lr=0.5, optimizer__weight_decay=0.25)
    net.partial_fit(x, y)
    assert [net.optimizer_.param_groups[0][name] for name in ("lr", "weight_decay")] == [0.5, 0.25]


@needs("stable_baselines3")
def test_an_agent_of_stable_baselines_is_saved_and_goes_on(tmp_path: Path) -> None:
    from stable_baselines3 import PPO

    import fastgd.torch

    arguments = dict(optimizer_class=fastgd.torch.Adam, optimizer_kwargs=dict(eps=1e-5, skip_nonfinite=True))
    agent = PPO("MlpPolicy", "CartPole-v1", n_steps=64, policy_kwargs=arguments, seed=0, device="cpu").learn(64)
    agent.save(tmp_path / "agent")
    other = PPO.load(tmp_path / "agent", env=agent.get_env())
    optimizer = other.policy.optimizer
    assert type(optimizer) is fastgd.torch.Adam
    assert optimizer.skip_nonfinite
    steps = {int(entry["step"]) for entry in optimizer.state.values()}
    other.learn(64)
    assert {int(entry["step"]) for entry in optimizer.state.values()} == {2 * step for step in steps}
