"""save: what of a run is written to a file, at once or while training goes on."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, overload

import numpy as np

from fastgd import validation
from fastgd.checkpoint import arrays, background, content
from fastgd.checkpoint.files import FilePath, naming, path_name, replace, safetensors, write_arrays
from fastgd.optimizers.settings import TOGETHER

if TYPE_CHECKING:
    from pathlib import Path


@overload
def save(
    path: FilePath, opt: Any, *, params: object = None, extra: object = None, wait: Literal[True] = True
) -> None: ...
@overload
def save(
    path: FilePath, opt: Any, *, params: object = None, extra: object = None, wait: bool
) -> background.Saving | None: ...
def save(
    path: FilePath, opt: Any, *, params: object = None, extra: object = None, wait: bool = True
) -> background.Saving | None:
    """
    Write a run to a file: an optimizer, its parameters, and what else belongs to the moment.

    A process that is killed, or a disk that is full, leaves what the file held before.

    Parameters
    ----------
    path : str, bytes or os.PathLike
        The file, by custom ``*.safetensors``. One that is there is replaced and its permissions are kept.
    opt : Optimizer
        Of `fastgd`, `fastgd.Lookahead` or `fastgd.torch`. What its `state_dict` returns is written: hyperparameters,
        names of parameters, how arrays are stored, the state of schedules, and the state arrays; and its settings,
        such as `max_grad_norm`, with the count of skipped steps.
    params : ndarray; list, tuple or dict of arrays or tensors, to any depth, optional
        The parameters, as the optimizer was given them, or a module's ``state_dict()``; any other arrays by name will
        do too. Without it the file has no parameters, and whoever resumes must have them of the same moment.
    extra : optional
        None, bools, numbers and strings, and lists, tuples and dicts of these by name: the epoch, the state of a
        random generator (``rng.bit_generator.state``).
    wait : bool, default True
        Whether to return when the file is written. With False it is written in a thread, from a copy that is made
        before the call returns, and training goes on meanwhile.

    Returns
    -------
    Saving or None
        With ``wait=False`` what has `wait`, which raises what went wrong, and `done`.

    Raises
    ------
    TypeError
        If an argument is not as described, or a schedule's state has something that JSON cannot hold.
    ValueError
        If `path` is not a regular file, or there are so many arrays that safetensors could not read the file.
    RuntimeError
        If another thread makes a step meanwhile, or if parameters are given and hold their averages (`averaged`).
    ImportError
        If safetensors is not installed.
    OSError
        If the file cannot be written; or if the one before could not be, which was written in the background and of
        whose error nobody has asked. Then nothing is written, and the next call does so.

    Notes
    -----
    The file is written beside its target under another name, ``.fastgd-*.tmp``, flushed to the disk and renamed;
    only a killed process leaves that name behind. Nothing is pickled. Every safetensors reader can read the arrays.

    Files are written one at a time: while one is written in the background, another call of `save` waits for it, so
    that there is one copy at most; `load` waits for its own file. The end of the program waits too, and prints an error
    that nobody has asked for.

    Sums of `accumulate` are gradients, not state, and not in the file: save after the step that takes them.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np, fastgd
    >>> params = {"w": np.array([1.0, 2.0])}
    >>> opt = fastgd.AdamW(params, lr=0.5, max_grad_norm=1.0)
    >>> opt.step({"w": np.array([4.0, -1.0])})
    >>> again = {"w": np.zeros(2)}
    >>> resumed = fastgd.AdamW(again)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "run.safetensors")
    ...     fastgd.save(path, opt, params=params, extra={"epoch": 7})
    ...     fastgd.load(path, resumed, params=again)
    {'epoch': 7}
    >>> resumed.max_grad_norm, bool((again["w"] == params["w"]).all())
    (1.0, True)
    """
    name = path_name(path)
    arrays.check_optimizer(opt)
    wait = validation.flag("wait", wait)
    library = safetensors()
    with background.in_order():
        background.settle()
        metadata, taken, check = _take(opt, params, extra, copied=not wait)
        if wait:
            _write(name, library, metadata, taken, check)
            return None
        check()
        name = os.path.abspath(name)  # noqa: PTH100  (pathlib is slow to import)
        return background.begin(name, partial(_write, name, library, metadata, taken, check=None))


def _take(
    opt: Any, params: object, extra: object, copied: bool
) -> tuple[dict[str, str], dict[str, np.ndarray], Callable[[], None]]:
    """(metadata, arrays, what raises if a step has been made since)."""
    base = arrays.inner(opt)
    before = base._steps.completed, base._steps.skipped_steps

    def check() -> None:
        if (base._steps.completed, base._steps.skipped_steps) != before:
            raise RuntimeError("this optimizer is in use by another thread, which has made a step while it was saved")

    groups, taken, completed = arrays.state(opt, copied)
    settings = {name: getattr(base, name) for name in TOGETHER}
    if params is not None:
        base._steps.check_plain()
        for name, (label, param) in arrays.named(params).items():
            taken[name] = arrays.readable(label, param, copied)
    return content.written(opt, groups, completed, before[1], settings, extra), taken, check


def _write(
    name: str, library: Any, metadata: Mapping[str, str], taken: Mapping[str, np.ndarray],
    check: Callable[[], None] | None,
) -> None:  # fmt: skip
    def write(file: BinaryIO, temporary: "Path") -> None:
        write_arrays(file, taken, dict(metadata))
        if check is not None:
            check()
        # A file that safetensors would not read must not take the place of one that it does read.
        with naming(name, library), library.safe_open(temporary, framework="np"):
            pass

    replace(name, write)
