"""Checkpoints: the state of an optimizer in a safetensors file; docs/CHECKPOINT_FORMAT.md describes it."""

import errno
import json
import math
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from reprlib import repr as brief
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from fastgd import formats, validation
from fastgd.lookahead import Lookahead
from fastgd.optimizers.base import Optimizer

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
METADATA_KEY = "fastgd"
# safetensors reads no file with a longer header.
HEADER_LIMIT = 100_000_000
DEEPEST = 32
IRREGULAR = "expected a regular file, got a directory or a device"

# What safetensors calls the formats, and the dtype of what a parameter in bfloat16 lacks to a float32.
NAMES = {"F32": "float32", "F64": "float64", "BF16": "bfloat16", "F16": "float16", "I16": "int16"}
ARRAY_NAME = re.compile(r"(0|[1-9][0-9]{0,8})\.(\w+)", re.ASCII)
NONFINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}

FilePath = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def save(path: FilePath, opt: Optimizer | Lookahead) -> None:
    """
    Write the state of an optimizer to a file.

    A process that is killed, or a disk that is full, leaves what the file held before.

    Parameters
    ----------
    path : str, bytes or os.PathLike
        The file, by custom ``*.safetensors``. One that is there is replaced and its permissions are kept.
    opt : Optimizer
        What `Optimizer.state_dict` returns of it is written: hyperparameters, the names of parameters given as a
        dict, the state of schedules, and the state arrays. The parameters are not.

    Raises
    ------
    TypeError
        If an argument is not as described, or a schedule's state has something that JSON cannot hold.
    ValueError
        If `path` is not a regular file, or there are so many arrays that safetensors could not read the file.
    ImportError
        If safetensors is not installed.
    OSError
        If the file cannot be written.

    Notes
    -----
    The file is written beside its target under another name, ``.fastgd-*.tmp``, flushed to the disk and renamed;
    only a killed process leaves that name behind. Nothing is pickled. Every safetensors reader can read the arrays.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np, fastgd
    >>> w = np.array([1.0, 2.0])
    >>> opt = fastgd.AdamW(w, lr=0.5)
    >>> opt.step(np.array([4.0, -1.0]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "run.safetensors")
    ...     fastgd.save(path, opt)
    ...     resumed = fastgd.AdamW(w)
    ...     fastgd.load(path, resumed)
    >>> resumed.param_groups[0]["lr"], resumed.state[0]["exp_avg"].round(6)
    (0.5, array([ 0.4, -0.1]))
    """
    target = _arguments(path, opt)
    library = _safetensors()
    saved = opt.state_dict()
    groups = [_encode_group(f"param_groups[{i}]", group) for i, group in enumerate(saved["param_groups"])]
    content = {
        "version": FORMAT, "optimizer": type(opt).__name__, "completed": saved["completed"], "param_groups": groups,
    }  # fmt: skip
    arrays = {f"{i}.{key}": array for i, entry in saved["state"].items() for key, array in entry.items()}

    def write(file: BinaryIO, temporary: "Path") -> None:
        _write(file, arrays, {METADATA_KEY: json.dumps(content, allow_nan=False)})
        # A file that safetensors would not read must not take the place of one that it does read.
        with _naming(target, library), library.safe_open(temporary, framework="np"):
            pass

    _replace(target, write)


def load(path: FilePath, opt: Optimizer | Lookahead) -> None:
    """
    Give an optimizer the state that `save` has written.

    Parameters
    ----------
    path : str, bytes or os.PathLike
        The file.
    opt : Optimizer
        An optimizer with parameters of the same shapes and dtypes in the same order, in memory of any layout. What
        `Optimizer.load_state_dict` says of hyperparameters, names and schedules holds here.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or the file is damaged, foreign, or of another optimizer; `opt` is then
        unchanged.
    ImportError
        If safetensors is not installed.
    OSError
        If the file cannot be read.

    Notes
    -----
    With the parameters as they were, further steps give the same bits as if training had never stopped. Settings that
    are not in ``state_dict``, such as `max_grad_norm`, are those that `opt` was made with.

    Examples
    --------
    See `save`.
    """
    name = _arguments(path, opt)
    library = _safetensors()
    with _naming(name, library):
        _inspect(name)
        with library.safe_open(name, framework="np") as file:
            content = _content(file.metadata() or {})
            state = _state(file)
    with _naming(f"{name} (of {content['optimizer']})", library):
        saved: dict[str, Any] = {key: content[key] for key in ("param_groups", "completed") if key in content}
        opt.load_state_dict({"state": state, **saved})


def _arguments(path: FilePath, opt: object) -> str:
    """Check both arguments and return the path as a string."""
    if not isinstance(path, (str, bytes, os.PathLike)):
        raise TypeError(f"path must be a str, bytes or os.PathLike, got {type(path).__name__}")
    if not isinstance(opt, (Optimizer, Lookahead)):
        hint = "; for tensors there is torch.save(opt.state_dict(), path)" if validation.is_of_torch(opt) else ""
        raise TypeError(f"opt must be a fastgd optimizer, got {type(opt).__name__}{hint}")
    name = os.fsdecode(path)
    if not name or "\0" in name:
        raise ValueError(f"path must be the name of a file, got {brief(name)}")
    return name


def _safetensors() -> Any:
    try:
        import safetensors
    except ImportError as error:
        raise ImportError("checkpoints need safetensors: pip install 'fastgd[checkpoint]'") from error
    return safetensors


@contextmanager
def _naming(name: str, library: Any) -> Iterator[None]:
    """Raise errors in what a file holds, also safetensors' and a schedule's, as TypeError or ValueError with `name`."""
    try:
        yield
    except TypeError as error:
        raise TypeError(f"{name}: {error}") from error
    except library.SafetensorError as error:
        raise ValueError(f"{name}: not a safetensors file, or a damaged one: {error}") from error
    except (LookupError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"{name}: {type(error).__name__}: {error}") from error
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


# ---- a file that is whole or not there ----------------------------------------------------------------------------


def _replace(name: str, write: "Callable[[BinaryIO, Path], None]") -> None:
    """
    Write a new file, which then takes the place of `name`; if anything is raised, at any moment, it is gone.

    `safetensors.numpy.save_file` is not used: it renames a file of its own making, which nobody could flush before,
    and which does not have the permissions of the one that it replaces.
    """
    from pathlib import Path  # where it is needed: it would be a part of the time that `import fastgd` takes

    # A symbolic link stays and its target is replaced, as when a file is opened for writing.
    target = Path(os.path.realpath(name))
    try:
        mode = _mode(target)
        temporary = target.with_name(f".fastgd-{os.urandom(8).hex()}.tmp")
        # The opener is no function of Python, in which an interrupt could come and leave the descriptor open.
        opener = partial(os.open, mode=0o666 if mode is None else mode)
        try:
            with open(temporary, "xb", opener=opener) as file:
                if mode is not None:
                    # The umask may have taken some of the permissions away when the file was opened.
                    temporary.chmod(mode)
                write(file, temporary)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:
            try:  # noqa: SIM105
                # Path.unlink and suppress are functions of Python, in which an interrupt would come first.
                os.unlink(temporary)  # noqa: PTH108
            except OSError:
                pass
            raise
        _sync_folder(target.parent)
    except OSError as error:
        if error.errno is None:
            raise
        # OSError chooses the class that belongs to errno, so PermissionError and its like stay what they are.
        raise OSError(error.errno, error.strerror, name) from error


def _mode(target: "Path") -> int | None:
    """The permissions of the file that is to be replaced, if there is one."""
    if not target.exists():
        return None
    if not target.is_file():
        raise ValueError(f"{target}: {IRREGULAR}")
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return stat.S_IMODE(target.stat().st_mode) & 0o777


def _sync_folder(folder: "Path") -> None:
    """Make the new name survive a crash, where the file system can; the content of the file is on the disk by now."""
    if os.name != "posix":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EINVAL, errno.ENOTSUP):
            raise


def _write(file: BinaryIO, arrays: Mapping[str, np.ndarray], metadata: dict[str, str]) -> None:
    """The safetensors format: length of the header, header, arrays in C order without gaps."""
    names = {found: name for name, found in NAMES.items()}
    header: dict[str, Any] = {"__metadata__": metadata}
    # Larger items come first, so that each array begins at a multiple of its itemsize although there are no gaps.
    ordered = sorted(arrays.items(), key=lambda item: -item[1].itemsize)
    end = 0
    for key, array in ordered:
        start, end = end, end + array.nbytes
        dtype = names[array.dtype.name]
        header[key] = {"dtype": dtype, "shape": array.shape, "data_offsets": (start, end)}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > HEADER_LIMIT:
        raise ValueError(
            f"{len(arrays)} arrays and their names need a header of {len(text)} bytes, and safetensors reads at most "
            f"{HEADER_LIMIT}"
        )
    file.write(len(text).to_bytes(8, "little") + text)
    for _, array in ordered:
        file.write(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(-1).view(np.uint8).data)
    file.flush()


# ---- what a file holds --------------------------------------------------------------------------------------------


def _inspect(name: str) -> None:
    """Refuse what safetensors accepts: devices, and a header with a name twice, of which it silently takes one."""
    if not stat.S_ISREG(os.stat(name).st_mode):  # noqa: PTH116  (pathlib is slow to import)
        raise ValueError(IRREGULAR)
    with open(name, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < 8:
            raise ValueError(f"not a safetensors file, or a truncated one: {size} bytes")
        length = int.from_bytes(file.read(8), "little")
        if length > min(size - 8, HEADER_LIMIT):
            raise ValueError(
                f"not a safetensors file, or a truncated one: a header of {length} bytes in a file of {size}"
            )
        _loads("header", file.read(length))


def _content(metadata: Mapping[str, str]) -> dict[str, Any]:
    """Read the metadata and check their form; `load_state_dict` checks the values."""
    if METADATA_KEY not in metadata:
        raise ValueError(f"not a checkpoint of fastgd: no {METADATA_KEY!r} in its metadata")
    content = _loads("metadata", metadata[METADATA_KEY])
    if not isinstance(content, dict) or type(content.get("version")) is not int:
        raise TypeError("metadata: expected an object with an integer as 'version'")
    if content["version"] != FORMAT:
        raise ValueError(f"metadata: expected format version {FORMAT}, got {content['version']}")
    names = ["version", "optimizer", "completed", "param_groups"]
    validation.known("metadata", content, names)
    if missing := [name for name in names if name not in content and name != "completed"]:
        raise ValueError(f"metadata: missing {', '.join(map(repr, missing))}")
    if not isinstance(content["optimizer"], str):
        raise TypeError("metadata: expected a string as 'optimizer'")
    _check_groups(content["param_groups"])
    return content


def _check_groups(groups: object) -> None:
    if not isinstance(groups, list):
        raise TypeError("param_groups: expected a list")
    total = 0
    for i, group in enumerate(groups):
        params = group.get("params") if isinstance(group, dict) else None
        if not isinstance(params, list) or any(type(number) is not int for number in params):
            raise TypeError(f"param_groups[{i}]: expected an object with a list of integers as 'params'")
        if params != list(range(total, total + len(params))):
            raise ValueError(f"param_groups[{i}]['params']: expected numbers from {total} on, got {brief(params)}")
        total += len(params)
        names = group.get("param_names", [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise TypeError(f"param_groups[{i}]['param_names']: expected a list of strings")


def _state(file: Any) -> dict[int, dict[str, np.ndarray]]:
    """The arrays by parameter and state key."""
    state: dict[int, dict[str, np.ndarray]] = {}
    for name in file.keys():  # noqa: SIM118  (not a mapping)
        match = ARRAY_NAME.fullmatch(name)
        if match is None:
            raise ValueError(f"expected arrays called '<number>.<state key>', got {brief(name)}")
        dtype = file.get_slice(name).get_dtype()
        if dtype not in NAMES:
            raise TypeError(f"{name}: expected dtype {formats.listed(tuple(NAMES))}, got {dtype}")
        if dtype == "BF16":
            formats.bfloat16()  # safetensors gives it as ml_dtypes', once that is imported
        state.setdefault(int(match[1]), {})[match[2]] = file.get_tensor(name)
    return state


# ---- JSON ---------------------------------------------------------------------------------------------------------


def _encode_group(label: str, group: Mapping[str, Any]) -> dict[str, Any]:
    """A group for JSON; the pairs among hyperparameters are lists there, as `load_state_dict` takes them."""
    plain = {key: list(value) if isinstance(value, tuple) else value for key, value in group.items()}
    return {key: _encode(f"{label}[{key!r}]", value, DEEPEST) for key, value in plain.items()}


def _encode(label: str, value: Any, deepest: int) -> Any:
    """`value` as standard JSON has it, which knows no infinity, no NaN and no tuple."""
    if deepest < 0:
        raise ValueError(f"{brief(label)}: expected at most {DEEPEST} levels inside one another")
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return {"$float": "nan" if value != value else "inf" if value > 0 else "-inf"}
    if isinstance(value, (list, tuple)):
        items = [_encode(f"{label}[{i}]", item, deepest - 1) for i, item in enumerate(value)]
        return {"$tuple": items} if isinstance(value, tuple) else items
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str) or key.startswith("$"):
                raise TypeError(f"{label}: expected keys that are strings and do not begin with '$', got {brief(key)}")
        return {key: _encode(f"{label}[{key!r}]", item, deepest - 1) for key, item in value.items()}
    raise TypeError(
        f"{label}: expected None, a bool, number, string, list, tuple or dict, which JSON can hold, "
        f"got {type(value).__name__}"
    )


def _loads(what: str, text: str | bytes) -> Any:
    """JSON by the standard, without names that stand twice in an object."""
    try:
        if isinstance(text, bytes):
            # json.loads would take UTF-16 bytes too, which the format does not allow.
            text = text.decode()
        return json.loads(text, object_pairs_hook=_object, parse_float=_finite, parse_constant=_finite)
    except RecursionError:
        raise ValueError(f"{what}: bad JSON: nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"{what}: bad JSON: {error}") from error


def _object(pairs: list[tuple[str, Any]]) -> Any:
    """A JSON object as a dict, or as what `_encode` wrote it for."""
    match pairs:
        case [("$float", str(name))] if name in NONFINITE:
            return NONFINITE[name]
        case [("$tuple", list(items))]:
            return tuple(items)
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"the name {brief(key)} stands twice in an object")
        if key.startswith("$"):
            raise ValueError(f"unknown object {brief({key: value})}")
        result[key] = value
    return result


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"expected a finite number, got {brief(text)}")
    return number
