"""
Checkpoints: a run in a safetensors file; docs/CHECKPOINT_FORMAT.md describes it.

`saving` is what is written and `loading` what becomes of it; `arrays` takes state and parameters from optimizers of
NumPy and of torch, and puts parameters back; `content` is what a file says of itself, by `encoding` in strict JSON;
`files` writes a file so that it is whole or not there; `background` writes while training goes on.
"""

from fastgd.checkpoint.background import Saving
from fastgd.checkpoint.content import FORMAT
from fastgd.checkpoint.encoding import DEEPEST
from fastgd.checkpoint.files import HEADER_LIMIT
from fastgd.checkpoint.loading import Checkpoint, inspect, load
from fastgd.checkpoint.saving import save

__all__ = ["DEEPEST", "FORMAT", "HEADER_LIMIT", "Checkpoint", "Saving", "inspect", "load", "save"]
