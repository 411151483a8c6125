import torch
from typing_extensions import disjoint_base

@disjoint_base
class Targets:
    tensors: dict[int, torch.Tensor]
    def __init__(self, *args: object, **kwargs: object) -> None: ...
