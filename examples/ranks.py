"""Train in two processes: torchrun --nproc-per-node 2 examples/ranks.py."""

import torch
import torch.distributed as dist
from torch.distributed.optim import ZeroRedundancyOptimizer
from torch.nn.parallel import DistributedDataParallel

import fastgd.torch

dist.init_process_group("gloo")
rank, ranks = dist.get_rank(), dist.get_world_size()

torch.manual_seed(0)
x = torch.randn(64, 3)
y = x @ torch.tensor([[1.0], [2.0], [3.0]])
model = DistributedDataParallel(torch.nn.Linear(3, 1))  # averages the ranks' gradients
opt = ZeroRedundancyOptimizer(model.parameters(), fastgd.torch.AdamW, lr=0.1)  # each rank has a part of the state
for _ in range(200):
    opt.zero_grad()
    (model(x[rank::ranks]) - y[rank::ranks]).square().mean().backward()
    opt.step()

if rank == 0:
    print(*(round(weight, 3) for weight in model.module.weight[0].tolist()))
dist.destroy_process_group()
