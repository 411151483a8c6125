"""load and inspect: what a file gives back, all of it or nothing, and what is in it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fastgd import formats, validation
from fastgd.checkpoint import arrays, background, content
from fastgd.checkpoint.files import NAMES, OF_STATE, FilePath, check_header, naming, path_name, safetensors
from fastgd.optimizers import storage
from fastgd.optimizers.state_dict import COUNT

# What the groups of a state dict have that is state, whose hyperparameters however they are.
OF_GROUPS = ("params", "param_names", "train_mode", "lookahead_step", COUNT)


class ArrayInfo(NamedTuple):
    """The dtype, by name, and the shape of an array of a checkpoint."""

    dtype: str
    shape: tuple[int, ...]


class Checkpoint(NamedTuple):
    """
    What is in a checkpoint.

    Attributes
    ----------
    path : str
        The file.
    version : int
        That of the format.
    optimizer : str
        The name of the class that was saved.
    completed : int or None
        Steps that had been completed; None in files of version 1 without them.
    skipped : int
        Steps that `skip_nonfinite` had left out.
    settings : dict
        `max_grad_norm` and its like; empty in files of version 1.
    param_groups : list of dict
        Hyperparameters by group, with ``"params"``, numbers of parameters, and ``"param_names"`` where they have names.
    extra : object
        What was given to `save`.
    params : dict of str to ArrayInfo
        The parameters in the file, by name; "" is that of an array that was given by itself.
    state : dict of int to dict of str to ArrayInfo
        For each parameter that had been updated, by its number, the state arrays.
    """

    path: str
    version: int
    optimizer: str
    completed: int | None
    skipped: int
    settings: dict[str, Any]
    param_groups: list[dict[str, Any]]
    extra: Any
    params: dict[str, ArrayInfo]
    state: dict[int, dict[str, ArrayInfo]]


def inspect(path: FilePath) -> Checkpoint:
    """
    Say what is in a checkpoint, without an optimizer and without reading its arrays.

    Parameters
    ----------
    path : str, bytes or os.PathLike
        The file.

    Returns
    -------
    Checkpoint
        A named tuple: ``optimizer``, ``completed``, ``settings``, ``param_groups``, ``extra``, ``params``, ``state``
        and more.

    Raises
    ------
    TypeError, ValueError
        If `path` is not as described, or the file is damaged or foreign.
    ImportError
        If safetensors is not installed.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np, fastgd
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "run.safetensors")
    ...     fastgd.save(path, fastgd.Adam({"w": np.ones(2)}), params={"w": np.ones(2)}, extra={"epoch": 7})
    ...     found = fastgd.inspect(path)
    >>> found.optimizer, found.completed, found.extra, found.params
    ('Adam', 0, {'epoch': 7}, {'w': ArrayInfo(dtype='float64', shape=(2,))})
    """
    name = path_name(path)
    library = safetensors()
    background.settle(name)
    params: dict[str, ArrayInfo] = {}
    state: dict[int, dict[str, ArrayInfo]] = {}
    with naming(name, library):
        check_header(name)
        with library.safe_open(name, framework="np") as file:
            found = content.read(file.metadata() or {})
            for key, dtype in _arrays(file, found["version"]):
                info = ArrayInfo(NAMES[dtype], tuple(file.get_slice(key).get_shape()))
                if content.param_of(found["version"], key):
                    params[key.removeprefix(content.PARAMS).removeprefix(".")] = info
                else:
                    number, state_key = content.state_of(key)
                    state.setdefault(number, {})[state_key] = info
    return Checkpoint(
        name, found["version"], found["optimizer"], found.get("completed"), found.get("skipped", 0),
        found["settings"], found["param_groups"], found.get("extra"), params, dict(sorted(state.items())),
    )  # fmt: skip


def _arrays(file: Any, version: int) -> list[tuple[str, str]]:
    """(name, dtype as safetensors calls it) of each array, both checked."""
    result = []
    for name in file.keys():  # noqa: SIM118  (not a mapping)
        allowed = NAMES if content.param_of(version, name) else OF_STATE
        if allowed is OF_STATE:
            content.state_of(name)
        dtype = file.get_slice(name).get_dtype()
        if dtype not in allowed:
            raise TypeError(f"{name}: expected dtype {formats.listed(tuple(allowed))}, got {dtype}")
        result.append((name, dtype))
    return result


def load(path: FilePath, opt: Any, *, params: object = None, hyperparameters: str = "saved") -> Any:
    """
    Give an optimizer, and its parameters, what `save` has written.

    Parameters
    ----------
    path : str, bytes or os.PathLike
        The file, of this or an earlier format.
    opt : Optimizer
        An optimizer with parameters of the same shapes and dtypes in the same order, in memory of any layout: of the
        class that was saved, in `fastgd` or in `fastgd.torch`, whichever of them saved it. What
        `Optimizer.load_state_dict` says of hyperparameters, names and schedules holds here.
    params : like those that were saved, or False, optional
        Where parameters go: arrays and tensors, which are written in place, under the names that were saved; a module's
        ``state_dict()`` will do. They must be given if the file has parameters; False leaves these in the file.
    hyperparameters : {"saved", "mine"}, default "saved"
        Whether hyperparameters, settings such as `max_grad_norm`, and how state is stored become those of the file, or
        stay those of `opt`. State, counts of steps, and `extra` come from the file in either case; the state of
        schedules with "saved" alone. With "mine", state that `opt` needs and the file does not have begins with zeros,
        as where an option is switched on between two steps, and master weights that it does not keep are left out.

    Returns
    -------
    object
        What was saved as `extra`, or None.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or the file is damaged, foreign, or of another optimizer; `opt` and `params`
        are then unchanged.
    ImportError
        If safetensors is not installed.
    OSError
        If the file cannot be read.

    Notes
    -----
    With the parameters of the file, further steps give the same bits as if training had never stopped.

    Examples
    --------
    See `save`.
    """
    name = path_name(path)
    arrays.check_optimizer(opt)
    mine = validation.choice("saved", "mine")("hyperparameters", hyperparameters) == "mine"
    library = safetensors()
    background.settle(name)
    state: dict[int, dict[str, np.ndarray]] = {}
    kept: dict[str, np.ndarray] = {}
    with naming(name, library):
        check_header(name)
        with library.safe_open(name, framework="np") as file:
            found = content.read(file.metadata() or {})
            for key, dtype in _arrays(file, found["version"]):
                if dtype == "BF16":
                    formats.bfloat16()  # safetensors gives it as ml_dtypes', once that is imported
                if not content.param_of(found["version"], key):
                    number, state_key = content.state_of(key)
                    state.setdefault(number, {})[state_key] = file.get_tensor(key)
                elif params is False:
                    continue
                else:
                    kept[key] = file.get_tensor(key)
    with naming(f"{name} (of {found['optimizer']})", library):
        pairs: list[tuple[Any, np.ndarray]] = []
        if params is None and kept:
            raise ValueError(
                "the file has parameters too: say where they go with params=, or leave them by params=False"
            )
        if params is not None and params is not False:
            if not kept:
                raise ValueError("params: the file has no parameters, which were not given to save")
            pairs = arrays.targets(params, kept)
        _apply(opt, found, state, pairs, mine)
    return found.get("extra")


def _apply(
    opt: Any, found: dict[str, Any], state: dict[int, dict[str, np.ndarray]], pairs: list[tuple[Any, np.ndarray]],
    mine: bool,
) -> None:  # fmt: skip
    """Change the optimizer and the parameters: all of it or nothing, also where an interrupt comes."""
    base = arrays.inner(opt)
    groups = found["param_groups"]
    if mine and len(groups) == len(base.param_groups):
        ours = base.param_groups
        groups = [
            {**{k: v for k, v in own.items() if k != COUNT}, **{key: group[key] for key in OF_GROUPS if key in group}}
            for own, group in zip(ours, groups, strict=True)
        ]
        state = arrays.as_mine(base, state)
    elif not mine and found["version"] > 1 and len(groups) == len(base.param_groups):
        # What such a file says nothing of was stored by default.
        groups = [
            {**dict.fromkeys(name for name in storage.NAMES if name in own), **group}
            for own, group in zip(base.param_groups, groups, strict=True)
        ]
    if arrays.is_of_fastgd_torch(base):
        groups, state = _as_torch_has_it(base, groups, state)
    saved = {"state": state, "param_groups": groups, **{k: found[k] for k in ("completed",) if k in found}}
    settings = {} if mine else found["settings"]
    before = {name: getattr(base, name) for name in settings}
    loaded = _mark(base)

    def finish() -> None:
        _set(base, settings)
        base._steps.skipped_steps = found.get("skipped", base._steps.skipped_steps)
        base._steps.completed = found.get("completed", base._steps.completed)
        arrays.put(pairs)

    try:
        _set(base, settings)
        opt.load_state_dict(saved)
        finish()
    except BaseException:
        # What has been loaded is not taken back, but brought to its end.
        finish() if loaded() else _set(base, before)
        raise


def _as_torch_has_it(
    base: Any, groups: list[dict[str, Any]], state: dict[int, dict[str, np.ndarray]]
) -> tuple[list[dict[str, Any]], dict[int, dict[str, np.ndarray]]]:
    """With tuples for the pairs among hyperparameters, and the step first, since torch's optimizers do not sort."""
    names, first = base._reader.names, base._numbers
    groups = [{k: tuple(v) if isinstance(v, list) and k in names else v for k, v in group.items()} for group in groups]
    return groups, {i: {k: entry[k] for k in sorted(entry, key=lambda k: k not in first)} for i, entry in state.items()}


def _set(base: Any, settings: dict[str, Any]) -> None:
    for name, value in settings.items():
        setattr(base, name, value)


def _mark(base: Any) -> Callable[[], bool]:
    """What says whether a state dict has been loaded since: other state of NumPy's, other groups of torch's."""
    if arrays.is_of_fastgd_torch(base):
        groups = base.param_groups
        return lambda: base.param_groups is not groups
    last = base._steps.states[-1]
    return lambda: base._steps.states[-1] is not last
