"""Writing while training goes on: one file at a time, in a thread that the end of the program waits for."""

# No lock and no Event says when a file is written: an interrupt could come when one has been taken and before it is let
# go, and then the thread would never end. A flag is looked at now and then.

import _thread
import atexit
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

LOOK_EVERY = 0.005  # seconds


class Saving:
    """
    A checkpoint that `save` is writing with ``wait=False``.

    Attributes
    ----------
    path : str
        The file.
    done : bool
        Whether it has been written, or writing it has failed.
    """

    def __init__(self, path: str, write: Callable[[], None]) -> None:
        self.path = path
        self.done = False
        self._write = write
        self._begun = False
        self._error: BaseException | None = None
        self._told = False  # whether somebody has seen the error

    def wait(self, timeout: float | None = None) -> None:
        """
        Wait until the file is written.

        Parameters
        ----------
        timeout : float, optional
            Seconds; without it as long as it takes.

        Raises
        ------
        OSError, ValueError
            If it could not be written, each time; the file is then what it was.
        TimeoutError
            If it is not written by then.
        """
        self._rest(timeout)
        if not self.done:
            raise TimeoutError(f"{self.path}: not yet written after {timeout} s")
        if self._error is not None:
            self._told = True
            raise self._error

    def _rest(self, timeout: float | None = None) -> None:
        end = None if timeout is None else time.monotonic() + timeout
        while not self.done and (end is None or time.monotonic() < end):
            time.sleep(LOOK_EVERY)

    def _run(self) -> None:
        self._begun = True
        try:
            self._write()
        except BaseException as error:
            error.add_note(f"while {self.path} was written in the background, by fastgd.save(..., wait=False)")
            self._error = error
        self._write = _nothing  # lets go of the copies
        self.done = True


def _nothing() -> None:
    pass


class _Desk:
    """Where files are written, one at a time."""

    latest: Saving | None  # what is written in the background, or was refused there and nobody has asked

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.latest, self.order = None, threading.RLock()


_desk = _Desk()


def in_order() -> AbstractContextManager[Any]:
    """What is held while a file is prepared, and written if nobody goes on meanwhile: of two savings one waits."""
    return _desk.order


def settle(path: str | None = None) -> None:
    """Wait for the file that is being written, or only if it is `path`; raises its error, unless it has been seen."""
    saving = _desk.latest
    if saving is None or (path is not None and os.path.realpath(path) != os.path.realpath(saving.path)):
        return
    saving._rest()
    _desk.latest = None
    if not saving._told:
        saving.wait()


def begin(path: str, write: Callable[[], None]) -> Saving:
    """Write in a thread of its own; the one before has been settled."""
    saving = Saving(path, write)
    try:
        _desk.latest = saving
        _thread.start_new_thread(saving._run, ())
    except BaseException:
        # An interrupt leaves a thread that has begun as it is; one that has not within a second never will.
        end = time.monotonic() + 1.0
        while not saving._begun and time.monotonic() < end:
            time.sleep(LOOK_EVERY)
        if not saving._begun:
            _desk.latest = None
        raise
    return saving


def _end() -> None:
    """At the end of the program, wait, and say what nobody has asked about."""
    saving = _desk.latest
    if saving is None:
        return
    saving._rest()
    if saving._error is not None and not saving._told:
        sys.excepthook(type(saving._error), saving._error, saving._error.__traceback__)


atexit.register(_end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_desk.clear)  # The thread is not in the child.
