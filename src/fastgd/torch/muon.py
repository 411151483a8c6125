"""What Muon does before its pass, with torch's matrix products, and the groups that it needs."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import torch

from fastgd.matrices import lr_factor
from fastgd.optimizers.muon import ahead
from fastgd.torch.base import Optimizer


class MuonBase(Optimizer):
    """Base of `fastgd.torch.Muon`: the direction of each matrix."""

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        super().__setstate__(dict(state))
        self._steps.between = turned

    def __init__(self, params: Any, given: dict[str, Any], settings: Mapping[str, Any]) -> None:
        super().__init__(params, given, settings)
        self._steps.between = turned


# Matrices up to so many rows and columns are multiplied together with those of their shape: one by one, calls are most
# of their time.
SMALL = 256


def turned(steps: Any) -> None:
    """The direction of each matrix, into its `update`."""
    alike: dict[Any, list[tuple[int, np.ndarray]]] = {}
    for i in steps.updated():
        u, h = ahead(steps, i)
        together = u.shape if max(u.shape) <= SMALL else i
        how = h["ns_coefficients"], h["ns_steps"], h["eps"], lr_factor(u.shape, h["adjust_lr_fn"])
        alike.setdefault((together, u.dtype, *how), []).append((i, u))
    for (_, _, coefficients, count, eps, factor), members in alike.items():
        x = torch.from_numpy(members[0][1] if len(members) == 1 else np.stack([u for _, u in members]))
        x = orthogonalized(x, coefficients, count, eps)
        directions = (factor * x).numpy()
        for (i, _), direction in zip(members, directions if len(members) > 1 else [directions], strict=True):
            steps.states[i]["update"][...] = direction


def orthogonalized(u: torch.Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> torch.Tensor:
    """As `fastgd.matrices.orthogonalized`, of one matrix or several of a shape."""
    a, b, c = coefficients
    x = u / torch.linalg.vector_norm(u, dim=(-2, -1), keepdim=True).clamp(min=eps)
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    add = torch.addmm if x.ndim == 2 else torch.baddbmm
    for _ in range(steps):
        gram = x @ x.mT
        x = add(x, add(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x


def muon_groups(
    model: torch.nn.Module, exclude: Collection[str] = ()
) -> tuple[list[tuple[str, torch.nn.Parameter]], list[tuple[str, torch.nn.Parameter]]]:
    """
    Split a model's parameters into the matrices of its hidden layers, for `Muon`, and the rest, for `AdamW`.

    Parameters
    ----------
    model : torch.nn.Module
        What has the parameters; embeddings belong to the rest.
    exclude : collection of str, default ()
        Names of parameters or modules that belong to the rest too, such as the last layer.

    Returns
    -------
    matrices, rest : list of (str, Parameter)

    Examples
    --------
    >>> import torch, fastgd.torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    >>> matrices, rest = fastgd.torch.muon_groups(model, exclude=["2"])
    >>> [name for name, _ in matrices], [name for name, _ in rest]
    (['0.weight'], ['0.bias', '2.weight', '2.bias'])
    """
    embeddings = {
        id(module.weight)
        for module in model.modules()
        if isinstance(module, (torch.nn.Embedding, torch.nn.EmbeddingBag))
    }
    matrices: list[tuple[str, torch.nn.Parameter]] = []
    rest: list[tuple[str, torch.nn.Parameter]] = []
    for name, param in model.named_parameters():
        left_out = any(name == other or name.startswith(f"{other}.") for other in exclude)
        hidden = param.ndim == 2 and id(param) not in embeddings and not left_out
        (matrices if hidden else rest).append((name, param))
    return matrices, rest
