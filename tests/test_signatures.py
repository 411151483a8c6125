"""What help() and completion show of a class: every argument by its name, and no more than one can read."""

import inspect
from typing import Any

import numpy as np
import pytest

import fastgd
import fastgd.torch
from fastgd.optimizers.settings import Settings
from support.cases import every_optimizer


@pytest.mark.parametrize("front", ["fastgd", "fastgd.torch"])
@every_optimizer
def test_arguments_are_shown_by_name_without_types(cls: type[fastgd.Optimizer], front: str) -> None:
    kind: Any = cls if front == "fastgd" else getattr(fastgd.torch, cls.__name__)
    shown = inspect.signature(kind)
    real = inspect.signature(kind.__init__)
    hyperparameters = [name for name in real.parameters if name not in ("self", "settings")]
    of_torch = ["process_group"] if front == "fastgd.torch" else []
    assert list(shown.parameters) == [*hyperparameters, *Settings.__annotations__, *of_torch]
    for name in hyperparameters:
        assert shown.parameters[name].default == real.parameters[name].default
        assert shown.parameters[name].kind == real.parameters[name].kind
    assert ":" not in str(shown)
    assert len(str(shown)) < 600


def test_what_is_shown_is_what_is_done() -> None:
    for name, parameter in inspect.signature(fastgd.AdamW).parameters.items():
        if name in Settings.__annotations__:
            assert getattr(fastgd.AdamW(np.ones(3)), name, None) == parameter.default
            fastgd.AdamW(np.ones(3), **{name: parameter.default})


def test_a_class_of_a_user_shows_its_own_arguments() -> None:
    class Mine(fastgd.SGD):
        def __init__(self, params: Any, speed: float = 2.0, **rest: Any) -> None:
            super().__init__(params, lr=speed, **rest)

    assert str(inspect.signature(Mine)) == "(params, speed=2.0, **rest)"
    assert "max_grad_norm" in inspect.signature(type("Sub", (fastgd.SGD,), {})).parameters
