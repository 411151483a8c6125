"""What Muon does before its pass, with torch's matrix products, and the groups that it needs."""

from collections.abc import Collection, Mapping
from typing import Any

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


def turned(steps: Any) -> None:
    """The direction of each matrix, into its `update`."""
    for i in steps.updated():
        u, h = ahead(steps, i)
        a, b, c = h["ns_coefficients"]
        x = torch.from_numpy(u)
        x = x / max(float(x.norm()), h["eps"])
        tall = x.shape[0] > x.shape[1]
        x = x.T if tall else x
        for _ in range(h["ns_steps"]):
            gram = x @ x.T
            x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
        steps.states[i]["update"][...] = ((x.T if tall else x) * lr_factor(u.shape, h["adjust_lr_fn"])).numpy()


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
