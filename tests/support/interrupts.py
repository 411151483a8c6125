"""Ctrl-C at every moment of a call."""

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fastgd

PACKAGE = str(Path(fastgd.__file__).parent)


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage is collected meanwhile: hypothesis, for one, is then called, in the middle of whatever runs."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def interrupted(call: Callable[[], object], moment: int) -> bool:
    """
    Make a call that is interrupted at its `moment`-th event under Python code of fastgd; whether it came so far.

    Events are the beginnings and ends of functions, those of the standard library too: the places where Python looks
    for signals. Before a function of C there is no such place.
    """
    left, inside = moment, 0

    def interrupt(frame: Any, event: str, _: object) -> None:
        nonlocal left, inside
        ours = frame.f_code.co_filename.startswith(PACKAGE)
        inside += ours and event == "call"
        if inside and event != "c_call":
            left -= 1
        inside -= ours and event == "return"
        if left == 0:
            sys.setprofile(None)
            raise KeyboardInterrupt

    with uncollected():
        sys.setprofile(interrupt)
        try:
            call()
        except KeyboardInterrupt:
            return True
        finally:
            sys.setprofile(None)
    return False


def interrupted_at_line(call: Callable[[], object], moment: int) -> bool:
    """As `interrupted`, at the lines of fastgd: a loop without calls of Python functions is interrupted at its end."""
    left = moment

    def trace(frame: Any, event: str, _: object) -> Any:
        nonlocal left
        left -= event == "line" and frame.f_code.co_filename.startswith(PACKAGE)
        if left == 0:
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False
