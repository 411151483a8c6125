"""
State in files: what `state_dir` keeps in a directory, and how a run goes on from it.

Each state array is a .npy file that is mapped into memory, so that what a step writes to the array is in the file when
the process is killed; a step goes over those that are larger than memory in ranges (engine/ranges). ``ledger.npy``
(engine/kept) says what the parameters' slots have done and whether a step is under way, ``manifest.json`` what the
files are, and ``lock`` is locked while an optimizer uses them.
"""

import errno
import io
import json
import mmap
import os
import re
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from fastgd.engine.cgroup import memory_limit
from fastgd.engine.formats import ABSMAX, AVERAGE
from fastgd.engine.kept import ROW_OF_LEDGER
from fastgd.engine.plan import Group
from fastgd.engine.ranges import Mapping as Mapped
from fastgd.optimizers.state_dict import export_schedules

FORMAT = 1
MANIFEST, LEDGER, LOCK = "manifest.json", "ledger.npy", "lock"
LARGE = 2**22  # bytes of a file from which the system is told of its ranges
WRITTEN = ("r+", "w+")  # modes of `numpy.memmap` whose arrays are the file
PART = 0.5  # of the memory, from which files are too large to stay in it

Entry = tuple[int, tuple[float, ...], dict[str, np.ndarray]]


def _memory() -> float:
    """Bytes of memory that this process may use."""
    return min(memory_limit(), os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))


def _order(array: np.ndarray) -> list[int]:
    """The axes of a dense array as they lie in memory, the outermost first."""
    return sorted(range(array.ndim), key=lambda axis: (array.shape[axis] > 1) * -array.strides[axis])


def _header(like: np.ndarray) -> tuple[dict[str, Any], bytes]:
    """What a .npy file says of an array laid out like `like`; numbers of other types than NumPy's are kept as bits."""
    descr = np.dtype(np.uint16 if like.dtype.kind == "V" else like.dtype).str
    fortran = like.flags.f_contiguous and not like.flags.c_contiguous
    shape = like.shape if fortran else tuple(like.shape[axis] for axis in _order(like))
    said = {"descr": descr, "fortran_order": fortran, "shape": shape}
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, said)
    return said, file.getvalue()


def _view(mapped: Mapped, offset: int, like: np.ndarray) -> np.ndarray:
    """The array in a file, laid out like `like`."""
    order = _order(like)
    flat = np.frombuffer(memoryview(mapped), like.dtype, like.size, offset)
    result: np.ndarray = flat.reshape([like.shape[axis] for axis in order]).transpose(np.argsort(order))
    return result


def _file_of(array: np.ndarray) -> tuple[int, int, str, int] | None:
    """
    (address, bytes, path, offset) of the file that an array of `numpy.memmap` lies in; None for other memory.

    Mode "c" is other memory: what is written to its pages is nowhere else, so that they must not be let go.
    """
    root: Any = array
    while isinstance(root, np.ndarray) and isinstance(root.base, np.ndarray):
        root = root.base
    base: Any = root.base
    if not (isinstance(root, np.memmap) and isinstance(base, mmap.mmap) and root.filename and root.mode in WRITTEN):
        return None
    whole = np.frombuffer(base, np.uint8)
    return whole.ctypes.data, whole.size, str(root.filename), root.offset - root.offset % mmap.ALLOCATIONGRANULARITY


class StateFiles:
    """
    The files of one optimizer.

    Parameters
    ----------
    directory : path
        It is made, is empty, or has what an optimizer has kept in it.
    kind : str
        The name of the class.

    Raises
    ------
    ValueError
        If there is something else in the directory, or what is there does not fit or cannot be used.
    RuntimeError
        If another optimizer uses it.
    OSError
        As the system says.
    """

    def __init__(self, directory: Any, kind: str) -> None:
        if not isinstance(directory, (str, os.PathLike)) or not isinstance(os.fspath(directory), str):
            raise TypeError(f"state_dir must be a path, got {type(directory).__name__}")
        if not os.fspath(directory):
            raise ValueError("state_dir must be a path, got an empty one")
        self.directory = str(Path(directory).absolute())
        self.kind = kind
        self.process = os.getpid()
        self.maps: dict[tuple[int, str], tuple[str, Mapped, int]] = {}  # (slot, key) -> file, memory, bytes before it
        self.names: list[str | None] = []  # of parameters that have names
        self.changed = True  # whether the manifest has to be written
        self.made: list[Path] = []  # files that were not there
        self.opened: dict[str, int] = {}  # descriptors of files that parameters lie in
        Path(self.directory).mkdir(parents=True, exist_ok=True)
        self._lock()
        self.saved = self._manifest()
        self.rows = None if self.saved is None else self._ledger(len(self.saved["params"]))
        self.ledger = self.rows

    # ---- what is there ----------------------------------------------------------------------------------------

    def _path(self, name: str) -> Path:
        return Path(self.directory, name)

    def _refuse(self, what: str) -> ValueError:
        return ValueError(f"state_dir {self.directory!r}: {what}")

    def _lock(self) -> None:
        try:
            import fcntl
        except ImportError:
            raise OSError("state_dir needs a system with flock and mmap, such as Linux or macOS") from None
        fd = os.open(self._path(LOCK), os.O_RDWR | os.O_CREAT, 0o666)
        weakref.finalize(self, os.close, fd)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(f"state_dir {self.directory!r} is in use by another optimizer") from None

    def _manifest(self) -> dict[str, Any] | None:
        """What the directory says that it has; None for an empty one."""
        if not self._path(MANIFEST).exists():
            if others := sorted({path.name for path in Path(self.directory).iterdir()} - {LOCK}):
                raise self._refuse(
                    f"expected an empty directory, or one with the state of an optimizer, got one with {others[0]!r} "
                    f"and without {MANIFEST!r}"
                )
            return None
        try:
            with self._path(MANIFEST).open(encoding="utf-8") as file:
                saved: dict[str, Any] = json.load(file)
            number, kind, _ = saved["format"], saved["class"], [dict(param["state"]) for param in saved["params"]]
        except (ValueError, KeyError, TypeError) as error:
            raise self._refuse(f"{MANIFEST!r} cannot be read ({type(error).__name__}: {error})") from None
        if number != FORMAT:
            raise self._refuse(f"expected format {FORMAT}, got {number!r}: it is of another version of fastgd")
        if kind != self.kind:
            raise self._refuse(f"it has the state of {kind}, which {self.kind} cannot go on from")
        return saved

    def _ledger(self, count: int) -> np.ndarray:
        """What slots have done, as the directory has it."""
        rows = 1 + count
        if self._path(LEDGER).exists():
            # It has more where a process was killed when a group had been added to it and not yet to the manifest.
            header = len(_header(np.zeros((rows, ROW_OF_LEDGER)))[1])
            rows = max(rows, (self._path(LEDGER).stat().st_size - header) // (8 * ROW_OF_LEDGER))
        ledger = self._opened(LEDGER, np.zeros((rows, ROW_OF_LEDGER)))[0][: 1 + count]
        if ledger[0, 0] != 0:
            raise self._refuse(
                f"a process was killed in a step, after {ledger[0, 1]:.0f} steps, which has left some of the numbers "
                "as they were before and others as they are after it. Delete the directory, and begin again or from "
                "a checkpoint (the parameters too)"
            )
        return ledger

    def _opened(self, name: str, like: np.ndarray) -> tuple[np.ndarray, Mapped, int]:
        """The array of a file that is there, which must be laid out like `like`."""
        said, _ = _header(like)
        with self._path(name).open("r+b") as file:
            try:
                np.lib.format.read_magic(file)
                shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
            except ValueError as error:
                raise self._refuse(f"{name!r} cannot be read ({error})") from None
            if (dtype.str, fortran, shape) != tuple(said.values()):
                ours = said["descr"], said["shape"]
                raise self._refuse(f"{name!r} has {dtype.str} of shape {shape}, expected {ours[0]} of shape {ours[1]}")
            offset, size = file.tell(), os.fstat(file.fileno()).st_size
            if size != offset + like.nbytes:
                raise self._refuse(f"{name!r} has {size} bytes, expected {offset + like.nbytes}")
            mapped = Mapped(file.fileno(), size, like.nbytes >= LARGE)
        return _view(mapped, offset, like), mapped, offset

    # ---- what is made -----------------------------------------------------------------------------------------

    def _created(self, name: str, like: np.ndarray) -> tuple[np.ndarray, Mapped, int]:
        """A new file of zeros, for which there is room on the disk, laid out like `like`."""
        _, header = _header(like)
        size, path = len(header) + like.nbytes, self._path(name)
        path.unlink(missing_ok=True)  # of an optimizer that was refused, or mapped by somebody, who keeps it
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        self.made.append(path)
        try:
            os.pwrite(fd, header, 0)
            os.ftruncate(fd, size)
            _reserve(fd, size)
            mapped = Mapped(fd, size, like.nbytes >= LARGE)
        except OSError as error:
            path.unlink()
            number = error.errno or errno.EIO
            raise OSError(number, f"state_dir: no room for {size} bytes: {os.strerror(number)}", str(path)) from None
        finally:
            os.close(fd)
        return _view(mapped, len(header), like), mapped, len(header)

    def keep(self, i: int, key: str, like: np.ndarray) -> np.ndarray:
        """The array that takes the place of `like`, a new one at zero."""
        self._check_process()
        if not like.size:
            return like
        if (i, key) in self.maps:
            _, mapped, offset = self.maps[i, key]
            if mapped.nbytes == offset + like.nbytes:
                array = _view(mapped, offset, like)
                array[...] = like
                self.changed = True
                return array
        name = self.names[i] if i < len(self.names) else None
        named = "" if name is None else re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:100] + "."
        file = f"{i}.{named}{key}.npy"
        array, mapped, offset = self._created(file, like)
        if like.dtype == np.uint8:  # codes in 8 bits, of which zero is another one
            array[...] = like
        self.maps[i, key] = file, mapped, offset
        self.changed = True
        return array

    def discard(self) -> None:
        """Delete what has been made in an empty directory for an optimizer that was then refused."""
        for path in self.made if self.saved is None else ():
            path.unlink(missing_ok=True)

    def complete(self, count: int) -> None:
        """Raise unless all parameters that the directory has the state of are there."""
        if self.saved is not None and count != len(self.saved["params"]):
            raise self._refuse(f"it has the state of {len(self.saved['params'])} parameters, expected all, got {count}")

    def begin(self, group: Group, tree: Any, arrays: list[np.ndarray], entries: list[Entry]) -> list[Entry]:
        """What the slots of a new group begin with: `entries`, in files, or what files have."""
        self._check_process()
        del self.names[group.start :]
        self.names += [None] * len(arrays) if tree.names is None else list(tree.names)
        result = []
        for i, (param, (steps, carry, states)) in enumerate(zip(arrays, entries, strict=True), group.start):
            master = group.master_key(param)
            if master is not None:
                states = {**states, master: group.zeros(master, param)}
            if self.saved is None:
                result.append((steps, carry, {key: self.keep(i, key, array) for key, array in states.items()}))
            else:
                result.append(self._found(i, group, param, states))
        return result

    def _described(self, i: int, param: np.ndarray) -> dict[str, Any]:
        order = _order(param)
        return {"name": self.names[i], "shape": list(param.shape), "dtype": str(param.dtype), "order": order}

    def _found(self, i: int, group: Group, param: np.ndarray, states: dict[str, np.ndarray]) -> Entry:
        """What the files have of a slot, in the place of what it would begin with."""
        assert self.saved is not None
        assert self.rows is not None
        ours, params = self._described(i, param), self.saved["params"]
        if i >= len(params):
            raise self._refuse(f"it has the state of {len(params)} parameters, and more are given")
        theirs = {key: params[i].get(key) for key in ours}
        label = f"parameter {i}" if ours["name"] is None else f"parameter {i} ({ours['name']!r})"
        for key, value in ours.items():
            if theirs[key] != value:
                raise self._refuse(f"{label}: expected the {key} {theirs[key]!r}, which its state has, got {value!r}")
        steps, carry, held = int(self.rows[1 + i, 0]), tuple(self.rows[1 + i, 1:].tolist()), {}
        files = params[i]["state"]
        for key, like in states.items():
            if like.size and key not in files and steps:
                raise self._refuse(f"{label}: there is no {key!r}, which these hyperparameters or settings need")
            held[key] = self._held(i, key, files[key], like) if key in files else self.keep(i, key, like)
        known = {*group.all_keys(), AVERAGE}
        for key in files:
            if key in held:
                continue
            whole = key.removesuffix(ABSMAX)
            if whole not in known:
                raise self._refuse(f"{label}: it has {key!r}, which is not a state of {self.kind} with these settings")
            likes = group.zeros_of([whole], param)
            if key not in likes:
                raise self._refuse(f"{label}: it has {key!r}, which these settings have no place for")
            held[key] = self._held(i, key, files[key], likes[key])
        return steps, carry, held

    def _held(self, i: int, key: str, file: str, like: np.ndarray) -> np.ndarray:
        """The state array of a file that is there."""
        if Path(file).name != file:
            raise self._refuse(f"{MANIFEST!r}: expected the name of a file, got {file!r}")
        try:
            array, mapped, offset = self._opened(file, like)
        except FileNotFoundError:
            raise self._refuse(f"{file!r} is missing") from None
        self.maps[i, key] = file, mapped, offset
        return array

    # ---- what the engine asks ---------------------------------------------------------------------------------

    def _check_process(self) -> None:
        if os.getpid() != self.process:
            raise RuntimeError(
                "state_dir: this optimizer is that of the process that was forked, whose files a copy cannot write to"
            )

    def ready(self, steps: Any) -> None:
        """Bring the ledger and the manifest up to date before something is changed; the engine renames the latter."""
        self._check_process()
        if self.ledger is not None and self.ledger[0, 0] != 0:
            raise RuntimeError(f"state_dir {self.directory!r}: an earlier step ended in its middle, in an error")
        if self.ledger is None or len(self.ledger) != 1 + len(steps.params):
            new = self._created(LEDGER + ".new", np.zeros((1 + len(steps.params), ROW_OF_LEDGER)))[0]
            new[0, 1] = steps.completed
            for i in range(len(steps.params)):
                count, carry = steps.progress(i)
                new[1 + i, : 1 + len(carry)] = count, *carry
            self._path(LEDGER + ".new").rename(self._path(LEDGER))
            self.made.append(self._path(LEDGER))
            self.ledger, self.changed = new, True
        steps.set_ledger(self.ledger)
        if self.changed:
            self._set_ranges(steps)
            self._write(steps)

    def _write(self, steps: Any) -> None:
        params = []
        for i, (param, states) in enumerate(zip(steps.params, steps.states, strict=True)):
            files = {key: self.maps[i, key][0] for key in states if (i, key) in self.maps}
            params.append({**self._described(i, param), "state": files})
        new = self._path(MANIFEST + ".new")
        with new.open("w", encoding="utf-8") as file:
            json.dump({"format": FORMAT, "class": self.kind, "params": params}, file, indent=1)
        steps.set_renaming((os.fsencode(new), os.fsencode(self._path(MANIFEST))))

    def _set_ranges(self, steps: Any) -> None:
        """Let steps go in ranges, if the files are too large to stay in memory."""
        found = []
        for (i, key), (_, mapped, _) in self.maps.items():
            if key in steps.states[i] and mapped.fd >= 0:
                address = np.frombuffer(memoryview(mapped), np.uint8).ctypes.data
                found.append((address, mapped.nbytes, mapped.fd, 0))
        for param in steps.params:
            place = _file_of(param) if param.nbytes >= LARGE else None
            if place is not None:
                address, nbytes, path, offset = place
                if path not in self.opened:
                    self.opened[path] = self._advised(path)
                found.append((address, nbytes, self.opened[path], offset))
        found = sorted(set(found))
        steps.set_ranges(found if sum(nbytes for _, nbytes, _, _ in found) > PART * _memory() else [])

    def _advised(self, path: str) -> int:
        """A descriptor of a file in memory, by which the system is told of it; -1 where it has another name by now."""
        try:
            fd = os.open(path, os.O_RDWR)
        except OSError:
            return -1
        weakref.finalize(self, os.close, fd)
        return fd

    def copies(self, steps: Any, entries: list[Entry]) -> list[tuple[dict[str, np.ndarray], str, np.ndarray]]:
        """(state arrays of a slot, key, array in a file) of what is loaded, for the engine to copy."""
        self._check_process()
        result = []
        for i, (_, _, states) in enumerate(entries):
            for key, array in states.items():
                there = steps.states[i].get(key)
                if there is None and array.size:
                    there = self.keep(i, key, array)
                if there is not None and (there.dtype, there.shape) != (array.dtype, array.shape):
                    raise ValueError(
                        f"state_dict: state {key!r} of parameter {i} is {array.dtype}, and that in state_dir is "
                        f"{there.dtype}; load it into an optimizer with another directory, or with its state_dtype"
                    )
                if there is not None:
                    result.append((states, key, there))
            self.changed = self.changed or states.keys() != steps.states[i].keys()
        self.ready(_After(steps, [states for _, _, states in entries]))
        return result


@contextmanager
def opened(optimizer: Any, directory: Any) -> Iterator[None]:
    """Let the states of an optimizer, whose groups are added within, be in a directory, if there is one."""
    if directory is None:
        yield
        return
    if not optimizer.in_files:
        raise ValueError(f"state_dir: {type(optimizer).__name__} keeps means of rows and columns, in memory alone")
    files = StateFiles(directory, type(optimizer).__name__)
    optimizer._steps.files = files
    if files.rows is not None:
        optimizer._steps.completed = int(files.rows[0, 1])
    try:
        yield
        for number, group in enumerate(optimizer.param_groups):
            if kept := export_schedules({name: group[name] for name in optimizer.checks}):
                raise ValueError(
                    f"state_dir: a schedule of param_groups[{number}] has state, which is not kept in files: expected "
                    f"functions of the step, got {kept}"
                )
        files.complete(len(optimizer._steps.params))
        optimizer._steps.settle()
    except BaseException:
        files.discard()
        raise
    files.saved = None


class _After:
    """A plan as it will be when state has been loaded, for `ready`."""

    def __init__(self, steps: Any, states: list[Mapping[str, np.ndarray]]) -> None:
        self.params, self.states, self.completed, self.progress = steps.params, states, steps.completed, steps.progress
        self.set_ledger, self.set_renaming, self.set_ranges = steps.set_ledger, steps.set_renaming, steps.set_ranges


def _reserve(fd: int, size: int) -> None:
    """Let the disk have room for a file, where it can promise that."""
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(fd, 0, size)
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                raise
