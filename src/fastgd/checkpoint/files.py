"""Files of checkpoints: written so that they are whole or not there, in the safetensors format."""

import errno
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from reprlib import repr as brief
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from fastgd.checkpoint.encoding import loads

if TYPE_CHECKING:
    from pathlib import Path

# safetensors reads no file with a longer header.
HEADER_LIMIT = 100_000_000
IRREGULAR = "expected a regular file, got a directory or a device"

# What safetensors calls dtypes: first those of state, of which I16 is what a parameter in bfloat16 lacks to a float32,
# and U8 codes in 8 bits.
OF_STATE = {"F32": "float32", "F64": "float64", "BF16": "bfloat16", "F16": "float16", "I16": "int16", "U8": "uint8"}
NAMES = OF_STATE | {
    "I8": "int8", "I32": "int32", "I64": "int64", "U16": "uint16", "U32": "uint32", "U64": "uint64",
    "BOOL": "bool",
}  # fmt: skip

FilePath = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def path_name(path: FilePath) -> str:
    """The path as a string, checked."""
    if not isinstance(path, (str, bytes, os.PathLike)):
        raise TypeError(f"path must be a str, bytes or os.PathLike, got {type(path).__name__}")
    name = os.fsdecode(path)
    if not name or "\0" in name:
        raise ValueError(f"path must be the name of a file, got {brief(name)}")
    return name


def safetensors() -> Any:
    try:
        import safetensors as library
    except ImportError as error:
        raise ImportError("checkpoints need safetensors: pip install 'fastgd[checkpoint]'") from error
    return library


@contextmanager
def naming(name: str, library: Any) -> Iterator[None]:
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


def replace(name: str, write: "Callable[[BinaryIO, Path], None]") -> None:
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


def write_arrays(file: BinaryIO, arrays: Mapping[str, np.ndarray], metadata: dict[str, str]) -> None:
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


# ---- reading ------------------------------------------------------------------------------------------------------


def check_header(name: str) -> None:
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
        loads("header", file.read(length))
