"""What the tests of checkpoints share, and the rows of bad files."""

import io
import json
import math
import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import safetensors.numpy
import torch

import fastgd
from support.stepping import parameters, run


def stepped(cls: type[fastgd.Optimizer] = fastgd.Adam, steps: int = 2) -> fastgd.Optimizer:
    opt = cls(parameters())
    run(opt, range(steps))
    return opt


class Falling:
    """A schedule with a state of every kind that JSON and its extensions hold."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {"best": math.inf, "seen": (1, (), [2.5]), "none": None, "nested": {"": True}}
        self.calls = 0

    def __call__(self, step: int) -> float:
        return 0.1 / (1 + step) / (1 + self.calls)

    def update(self) -> None:
        self.calls += 1

    def state_dict(self) -> dict[str, Any]:
        return {**self.state, "calls": self.calls}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.state = dict(state)
        self.calls = self.state.pop("calls")


def says(text: str, pattern: str) -> bool:
    """Whether `text` is `pattern`, in which three dots stand for anything."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("..."))), text, re.DOTALL) is not None


def pack(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def unpack(content: bytes) -> tuple[dict[str, Any], bytes]:
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def foreign(write: Callable[[Any], Any]) -> Callable[[bytes], bytes]:
    def spoil(content: bytes) -> bytes:
        buffer = io.BytesIO()
        write(buffer)
        return buffer.getvalue()

    return spoil


def header(edit: Callable[[dict[str, Any]], Any]) -> Callable[[bytes], bytes]:
    """A file with another header; `edit` changes it, or returns the text of a new one."""

    def spoil(content: bytes) -> bytes:
        table, data = unpack(content)
        edited = edit(table)
        return pack(edited if isinstance(edited, bytes) else table, data)

    return spoil


def metadata(edit: Callable[[dict[str, Any]], Any]) -> Callable[[bytes], bytes]:
    """A file whose metadata are other ones; `edit` changes them, or returns their text."""

    def change(table: dict[str, Any]) -> None:
        inner = json.loads(table["__metadata__"]["fastgd"])
        edited = edit(inner)
        table["__metadata__"]["fastgd"] = edited if isinstance(edited, str) else json.dumps(inner)

    return header(change)


def group(**changes: Any) -> Callable[[bytes], bytes]:
    return metadata(lambda m: m["param_groups"][0].update(changes))


def twice(table: dict[str, Any], name: str) -> bytes:
    return (json.dumps(table)[:-1] + f', "{name}": {json.dumps(table[name])}}}').encode()


def array(**changes: Any) -> Callable[[bytes], bytes]:
    return header(lambda h: h["0.exp_avg"].update(changes))


def swap(table: dict[str, Any], one: str, other: str) -> None:
    table[one], table[other] = table[other], table[one]


def replaced(old: str, new: str) -> Callable[[bytes], bytes]:
    """A file with another text in its metadata."""

    def edit(inner: dict[str, Any]) -> str:
        text = json.dumps(inner)
        assert old in text
        return text.replace(old, new)

    return metadata(edit)


def scalar(name: str, value: float, dtype: str = "<f4") -> Callable[[bytes], bytes]:
    def spoil(content: bytes) -> bytes:
        table, data = unpack(content)
        start, stop = table[name]["data_offsets"]
        return pack(table, data[:start] + np.array(value, dtype).tobytes() + data[stop:])

    return spoil


NOT = "not a safetensors file, or a "
ADAM = "(of Adam): state_dict"
SAVED: dict[str, Any] = {"w": np.ones(3)}
Row = tuple[str, Callable[[bytes], bytes], type[Exception], str]
BAD: tuple[Row, ...] = (
    ("empty", lambda b: b"", ValueError, NOT + "truncated one: 0 bytes"),
    ("a byte less", lambda b: b[:-1], ValueError, NOT + "damaged one: ..."),
    ("a byte more", lambda b: b + b"\0", ValueError, NOT + "damaged one: ..."),
    ("zeros", lambda b: bytes(1000), ValueError, "header: bad JSON: ..."),
    ("text", lambda b: b"lr: 0.1\nmomentum: 0.9\n", ValueError, NOT + "truncated one: a header of ... in a file of 22"),
    ("pickle", foreign(lambda f: pickle.dump(SAVED, f)), ValueError, NOT + "..."),
    ("npz", foreign(lambda f: np.savez(f, **SAVED)), ValueError, NOT + "..."),
    ("torch.save", foreign(lambda f: torch.save(SAVED, f)), ValueError, NOT + "..."),
    ("a model", lambda b: safetensors.numpy.save(SAVED), ValueError, "not a checkpoint of fastgd: no 'fastgd' in ..."),
    ("another's metadata", lambda b: safetensors.numpy.save(SAVED, {"format": "pt"}), ValueError, "not a check..."),
    ("header of 2**64 - 1", lambda b: pack({}, length=2**64 - 1), ValueError, NOT + "truncated one: a header of 1..."),
    ("header of 2**40", lambda b: pack({}, length=2**40), ValueError, NOT + "truncated one: a header of 1..."),
    ("header up to the end", lambda b: pack(b"{}" + b" " * 30, length=33), ValueError, NOT + "truncated one: ..."),
    ("header of nothing", lambda b: pack(b""), ValueError, "header: bad JSON: ..."),
    ("header in UTF-16", lambda b: pack("{}".encode("utf-16")), ValueError, "header: bad JSON: 'utf-8' codec..."),
    ("header is a list", lambda b: pack([]), ValueError, NOT + "damaged one: ..."),
    ("nested header", lambda b: pack(b'{"a":' * 200_000), ValueError, "header: bad JSON: nested too deeply"),
    ("nested lists", lambda b: pack(b"[" * 200_000), ValueError, "header: bad JSON: nested too deeply"),
    ("array twice", header(lambda h: twice(h, "0.exp_avg")), ValueError,
     "header: bad JSON: the name '0.exp_avg' stands twice in an object"),
    ("metadata twice", header(lambda h: twice(h, "__metadata__")), ValueError, "header: bad JSON: the name '__meta..."),
    ("number as metadata", header(lambda h: h["__metadata__"].update(x=1)), ValueError, NOT + "damaged one: ..."),
    ("no metadata", header(lambda h: [h.pop("__metadata__")]), ValueError, "not a checkpoint of fastgd: ..."),
    ("bad metadata", metadata(lambda m: "{"), ValueError, "metadata: bad JSON: ..."),
    ("metadata is a list", metadata(lambda m: "[]"), TypeError, "metadata: expected an object with..."),
    ("nested metadata", metadata(lambda m: "[" * 200_000), ValueError, "metadata: bad JSON: nested too deeply"),
    ("nested objects", metadata(lambda m: '{"a":' * 200_000), ValueError, "metadata: bad JSON: nested too deeply"),
    ("lr twice", replaced('"lr": 0.001', '"lr": 0.001, "lr": 1.0'), ValueError,
     "metadata: bad JSON: the name 'lr' stands twice in an object"),
    ("NaN", replaced("0.001", "NaN"), ValueError, "metadata: bad JSON: expected a finite number, got 'NaN'"),
    ("Infinity", replaced("0.001", "-Infinity"), ValueError, "metadata: bad JSON: expected a finite number, got '-..."),
    ("1e999", replaced("0.001", "1e999"), ValueError, "metadata: bad JSON: expected a finite number, got '1e999'"),
    ("10**5000", replaced("0.001", "1" * 5000), ValueError, "metadata: bad JSON: ..."),
    ("10**400", replaced("0.001", "1" * 400), ValueError, "(of Adam): ...['lr'] must be finite, got inf"),
    ("$float", group(lr={"$float": "inf"}), ValueError, ADAM + "['param_groups'][0]['lr'] must be finite, got inf"),
    ("$float of 1", group(lr={"$float": 1}), ValueError, "metadata: bad JSON: unknown object {'$float': 1}"),
    ("$float of 0x1p0", group(lr={"$float": "0x1p0"}), ValueError, "metadata: bad JSON: unknown object ..."),
    ("$tuple of 1", group(lr={"$tuple": 1}), ValueError, "metadata: bad JSON: unknown object {'$tuple': 1}"),
    ("$list", group(lr={"$list": []}), ValueError, "metadata: bad JSON: unknown object {'$list': []}"),
    ("version 3", metadata(lambda m: m.update(version=3)), ValueError,
     "metadata: expected format version 1 or 2, got 3"),
    ("version 0", metadata(lambda m: m.update(version=0)), ValueError,
     "metadata: expected format version 1 or 2, got 0"),
    ("version 1 with settings", metadata(lambda m: m.update(version=1)), ValueError,
     "metadata: unknown name 'skipped'; ..."),
    ("no settings", metadata(lambda m: [m.pop("settings")]), ValueError, "metadata: missing 'settings'"),
    ("settings 5", metadata(lambda m: m.update(settings=5)), TypeError, "metadata: expected an object as 'settings'"),
    ("setting unknown", metadata(lambda m: m["settings"].update(max_norm=1)), ValueError,
     "settings: unknown name 'max_norm'; ..."),
    ("setting below 0", metadata(lambda m: m["settings"].update(max_grad_norm=-1)), ValueError,
     "(of Adam): max_grad_norm must be above 0, got -1.0"),
    ("setting of text", metadata(lambda m: m["settings"].update(skip_nonfinite="no")), TypeError,
     "(of Adam): skip_nonfinite must be a bool, got str"),
    ("a bad setting after a good one", metadata(lambda m: m["settings"].update(max_grad_norm=1, skip_nonfinite=1)),
     TypeError, "(of Adam): skip_nonfinite must be a bool, got int"),
    ("a good setting, a bad rate",
     metadata(lambda m: [m["settings"].update(max_grad_norm=1), m["param_groups"][0].update(lr=-1)]),
     ValueError, ADAM + "['param_groups'][0]['lr'] must be at least 0, got -1.0"),
    ("skipped -1", metadata(lambda m: m.update(skipped=-1)), ValueError,
     "metadata: expected 'skipped' in [0, 2**53], got -1"),
    ("skipped true", metadata(lambda m: m.update(skipped=True)), TypeError,
     "metadata: expected an integer as 'skipped', got bool"),
    ("version 1.0", metadata(lambda m: m.update(version=1.0)), TypeError, "metadata: expected an object with..."),
    ("version true", metadata(lambda m: m.update(version=True)), TypeError, "metadata: expected an object with..."),
    ("no version", metadata(lambda m: [m.pop("version")]), TypeError, "metadata: expected an object with..."),
    ("no optimizer", metadata(lambda m: [m.pop("optimizer")]), ValueError, "metadata: missing 'optimizer'"),
    ("optimizer 5", metadata(lambda m: m.update(optimizer=5)), TypeError, "metadata: expected a string as 'optimizer'"),
    ("count of 1.5", metadata(lambda m: m.update(completed=1.5)), TypeError,
     "metadata: expected an integer as 'completed', got float"),
    ("count of none", metadata(lambda m: m.update(completed=None)), TypeError,
     "metadata: expected an integer as 'completed', got NoneType"),
    ("count of 2**60", metadata(lambda m: m.update(completed=2**60)), ValueError,
     "metadata: expected 'completed' in [0, 2**53], got 1152921504606846976"),
    ("no groups", metadata(lambda m: [m.pop("param_groups")]), ValueError, "metadata: missing 'param_groups'"),
    ("more", metadata(lambda m: m.update(param_group=1)), ValueError, "metadata: unknown name 'param_group'; ..."),
    ("groups 5", metadata(lambda m: m.update(param_groups=5)), TypeError, "param_groups: expected a list"),
    ("groups [5]", metadata(lambda m: m.update(param_groups=[5])), TypeError, "param_groups[0]: expected an object..."),
    ("groups {}", metadata(lambda m: m.update(param_groups={})), TypeError, "param_groups: expected a list"),
    ("no group", metadata(lambda m: m.update(param_groups=[])), ValueError, ADAM + ": expected 1 groups, got 0"),
    ("two groups", metadata(lambda m: m["param_groups"].append({"params": []})), ValueError, ADAM + ": expected 1 ..."),
    ("params null", group(params=None), TypeError, "param_groups[0]: expected an object with..."),
    ("params [[0]]", group(params=[[0]] * 6), TypeError, "param_groups[0]: expected an object with..."),
    ("params of bools", group(params=[False, True, 2, 3, 4, 5]), TypeError, "param_groups[0]: expected an object ..."),
    ("params [0, 0]", group(params=[0] * 6), ValueError, "param_groups[0]['params']: expected numbers from 0 on, ..."),
    ("params of 7", group(params=[*range(7)]), ValueError, ADAM + "['param_groups'][0]: expected 6 parameters, got 7"),
    ("names 5", group(param_names=5), TypeError, "param_groups[0]['param_names']: expected a list of strings"),
    ("names [5]", group(param_names=[5]), TypeError, "param_groups[0]['param_names']: expected a list of strings"),
    ("lr true", group(lr=True), TypeError, ADAM + "['param_groups'][0]['lr'] must be a real number, got bool"),
    ("lr text", group(lr="1"), TypeError, ADAM + "['param_groups'][0]['lr'] must be a real number, got str"),
    ("lr []", group(lr=[]), TypeError, ADAM + "['param_groups'][0]['lr'] must be a real number, got list"),
    ("lr -1", group(lr=-1), ValueError, ADAM + "['param_groups'][0]['lr'] must be at least 0, got -1.0"),
    ("betas of 3", group(betas=[0, 0, 0]), ValueError, ADAM + "['param_groups'][0]['betas'] must be a pair of ..."),
    ("amsgrad", group(amsgrad=True), ValueError, ADAM + "['state'][0]: missing 'max_exp_avg_sq'"),
    ("momentum", group(momentum=0.9), ValueError, ADAM + "['param_groups'][0]: unknown name 'momentum'; ..."),
    ("schedule", group(schedule=3), TypeError, ADAM + "['param_groups'][0]['schedule']: expected a mapping, got int"),
    ("unknown array", header(lambda h: h.update(x=h.pop("0.exp_avg"))), ValueError,
     "expected arrays called '<number>.<state key>', got 'x'"),
    ("array 00", header(lambda h: h.update({"00.exp_avg": h.pop("0.exp_avg")})), ValueError, "expected arrays ..."),
    ("array -1", header(lambda h: h.update({"-1.exp_avg": h.pop("0.exp_avg")})), ValueError, "expected arrays ..."),
    ("array 6", header(lambda h: h.update({"6.exp_avg": h.pop("0.exp_avg")})), ValueError,
     ADAM + ": state of unknown parameters [6]"),
    ("another key", header(lambda h: h.update({"0.exp_avgs": h.pop("0.exp_avg")})), ValueError,
     ADAM + "['state'][0]: unknown name 'exp_avgs'; did you mean 'exp_avg'?"),
    ("swapped", header(lambda h: swap(h, "0.exp_avg", "5.exp_avg")), ValueError,
     ADAM + "['state'][0]['exp_avg']: expected shape (3, 5), got (4, 2, 3)"),
    ("transposed", array(shape=[5, 3]), ValueError, ADAM + "['state'][0]['exp_avg']: expected shape (3, 5), got ..."),
    ("int32", array(dtype="I32"), TypeError, "0.exp_avg: expected dtype F32, F64, BF16, F16, I16 or U8, got I32"),
    ("bfloat16", array(dtype="BF16", shape=[3, 10]), ValueError,
     ADAM + "['state'][0]['exp_avg']: expected shape (3, 5), got (3, 10)"),
    ("no such dtype", array(dtype="F128"), ValueError, NOT + "damaged one: ..."),
    ("too large", array(shape=[1 << 40, 1 << 40]), ValueError, NOT + "damaged one: ..."),
    ("negative", array(shape=[-3, -5]), ValueError, NOT + "damaged one: ..."),
    ("overlap", array(data_offsets=[0, 60]), ValueError, NOT + "damaged one: ..."),
    ("empty but huge", header(lambda h: h["4.exp_avg"].update(shape=[0, 1 << 62])), ValueError, "..."),
    ("of 80 axes", header(lambda h: h["4.exp_avg"].update(shape=[0] * 80)), ValueError, "..."),
    ("step 1.5", scalar("3.step", 1.5), ValueError, ADAM + "['state'][3]['step'] must be an integer in ..., got 1.5"),
    ("step NaN", scalar("3.step", math.nan), ValueError, ADAM + "['state'][3]['step'] must be finite, got nan"),
    ("step [1]", header(lambda h: h["3.step"].update(shape=[1])), TypeError,
     ADAM + "['state'][3]['step'] must be a real number, got ndarray"),
)  # fmt: skip
