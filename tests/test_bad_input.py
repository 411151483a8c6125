"""Bad input: one table. Each row is refused with its message, and changes neither the optimizer nor an array."""

import copy
import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import fastgd
from fastgd.engine import dispatch
from support.bad_rows import (
    ARRAY,
    FLOATS,
    LIKE,
    OPTIMIZERS,
    Row,
    Scene,
    Tensor,
    array_rows,
    hyperparameter_rows,
    option_rows,
    read_only,
)
from support.cases import PARTS

# ---- forms: (name, call, error, message) --------------------------------------------------------------------------
W, B = np.ones(4), np.ones(3)
FORM = "must be an array, a list, tuple or dict of arrays, also of lists and dicts of them, or a list of groups, got "
SHARED = "expected memory of its own, got memory that it shares with "
NO_GROUP = "expected a group, a dict with the key 'params', got "

FORMS: tuple[tuple[str, Callable[[Scene], object], type[Exception], str], ...] = (
    ("None", lambda s: fastgd.SGD(None), TypeError, f"params {FORM}NoneType"),
    ("number", lambda s: fastgd.SGD(1.0), TypeError, f"params {FORM}float"),
    ("string", lambda s: fastgd.SGD("W"), TypeError, f"params {FORM}str"),
    ("generator", lambda s: fastgd.SGD(a for a in [W]), TypeError, f"params {FORM}generator"),
    ("tensor", lambda s: fastgd.SGD(Tensor()), TypeError, f"params {FORM}Tensor"),
    ("array of ints", lambda s: fastgd.SGD(np.ones(3, int)), TypeError, f"params: {FLOATS}int64"),
    ("no arrays", lambda s: fastgd.SGD([]), ValueError, "params: expected at least one array, got none"),
    ("no names", lambda s: fastgd.SGD({}), ValueError, "params: expected at least one array, got none"),
    ("None in a list", lambda s: fastgd.SGD([W, None]), TypeError, f"params[1]: {ARRAY}NoneType"),
    ("None in lists", lambda s: fastgd.SGD([[W], [[None]]]), TypeError, f"params[1][0][0]: {ARRAY}NoneType"),
    ("numbers in a list", lambda s: fastgd.SGD([W, [1.0, 2.0]]), TypeError, f"params[1][0]: {ARRAY}float"),
    ("no arrays in lists", lambda s: fastgd.SGD([[], ({},)]), ValueError,
     "params: expected at least one array, got none"),
    ("inner name not a string", lambda s: fastgd.SGD([{"a": {1: W}}]), TypeError,
     "params[0]['a']: expected names that are strings, got 1"),
    ("two ways to a name", lambda s: fastgd.SGD({"a.b": W, "a": {"b": B}}), ValueError,
     "params: the name 'a.b' is that of two arrays"),
    ("a list in itself", lambda s: fastgd.SGD(endless()), ValueError,
     "params: expected lists and dicts at most 500 deep, got deeper ones, or one that is in itself"),
    ("tensors in lists", lambda s: fastgd.SGD({"a": [torch.ones(2)]}), TypeError,
     "params: expected NumPy arrays, got a torch Tensor: use fastgd.torch.SGD"),
    ("name not a string", lambda s: fastgd.SGD({1: W}), TypeError, "params: expected names that are strings, got 1"),
    ("number in dicts", lambda s: fastgd.SGD({"a": {"b": 1.0}}), TypeError, f"params['a']['b']: {ARRAY}float"),
    ("group of nothing", lambda s: fastgd.SGD([{"params": []}]), ValueError,
     "params[0]: expected at least one array, got none"),
    ("group of a number", lambda s: fastgd.SGD([{"params": 5}]), TypeError, f"params[0] {FORM}int"),
    ("group without params", lambda s: fastgd.SGD([{"lr": 0.1}]), TypeError,
     f"params[0]: {NO_GROUP}a dict without it: ['lr']"),
    ("group and layer", lambda s: fastgd.SGD([{"w": W}, {"params": B}]), TypeError,
     f"params[0]: {NO_GROUP}a dict without it: ['w']"),
    ("array and group", lambda s: fastgd.SGD([W, {"params": B}]), TypeError, f"params[0]: {NO_GROUP}ndarray"),
    ("group and array", lambda s: fastgd.SGD([{"params": W}, B]), TypeError, f"params[1]: {NO_GROUP}ndarray"),
    ("group's unknown keyword", lambda s: fastgd.SGD([{"params": W, "momentun": 0.9}]), ValueError,
     "params[0]: unknown name 'momentun'; did you mean 'momentum'?"),
    ("group's other keyword", lambda s: fastgd.Rprop([{"params": W, "betas": (0.9, 0.9)}]), ValueError,
     "params[0]: unknown name 'betas'; ..."),
    ("group's value", lambda s: fastgd.SGD([{"params": W}, {"params": B, "lr": -1}]), ValueError,
     "params[1]['lr'] must be at least 0, got -1.0"),
    ("name twice", lambda s: fastgd.SGD([{"params": {"a": W}}, {"params": {"a": B}}]), ValueError,
     "params[1]: the name 'a' is taken by another group"),
    ("array twice", lambda s: fastgd.SGD([W, B, W]), ValueError, f"params[...]: {SHARED}params[...]"),
    ("views that overlap", lambda s: fastgd.SGD({"a": W[:3], "b": W[2:]}), ValueError,
     f"params['b']: {SHARED}params['a']"),
    ("array and its transpose", lambda s: fastgd.SGD([s.grads[0], s.grads[0].T]), ValueError,
     f"params[...]: {SHARED}params[...]"),
    ("array in two groups", lambda s: fastgd.SGD([{"params": W}, {"params": [B, W[1:]]}]), ValueError,
     f"params[1][1]: {SHARED}params[0]"),
    ("new group not a dict", lambda s: s.opt.add_param_group([W]), TypeError,
     "group must be a dict with the key 'params'..."),
    ("new group without params", lambda s: s.opt.add_param_group({"lr": 0.1}), TypeError,
     "group must be a dict with the key 'params'..."),
    ("new group's unknown keyword", lambda s: s.opt.add_param_group({"params": W, "beta": (0.9, 0.9)}), ValueError,
     "params[1]: unknown name 'beta'; did you mean 'betas'?"),
    ("new group's array known", lambda s: s.opt.add_param_group({"params": [B, s.params[2]]}), ValueError,
     f"params[...]: {SHARED}params[...]"),
    ("keyword", lambda s: fastgd.SGD(W, learning_rate=0.1), TypeError,
     "SGD: unknown argument 'learning_rate'; known: params, lr, momentum, ..."),
    ("the base itself", lambda s: fastgd.Optimizer(W, {}), TypeError,
     "Optimizer is the base of all optimizers: construct one of its subclasses"),
    ("a state array as parameter", lambda s: s.opt.add_param_group({"params": s.opt.state[0]["exp_avg"]}), ValueError,
     "...: expected memory of its own, got memory that it shares with ..."),
    ("copy", lambda s: copy.copy(s.opt), TypeError, "Adam is bound to its arrays ... use state_dict"),
    ("deepcopy", lambda s: copy.deepcopy(s.opt), TypeError, "Adam is bound to its arrays ... use state_dict"),
    ("pickle", lambda s: pickle.dumps(s.opt), TypeError, "Adam is bound to its arrays ... use state_dict"),
    ("huge integer", lambda s: fastgd.SGD(W, lr=10**400), ValueError, "lr must be finite, got inf"),
    ("beyond float32", lambda s: fastgd.SGD(W, lr=1e39), ValueError, "lr must be within float32's range, got 1e+39"),
    ("huge scale", lambda s: s.opt.step(s.grads, grad_scale=1e300), ValueError,
     "grad_scale must be within float32's range, got 1e+300"),
    ("Nesterov without momentum", lambda s: fastgd.SGD(W, nesterov=True), ValueError,
     "nesterov needs momentum above 0 and dampening 0, got 0.0 and 0.0"),
    ("Nesterov with dampening", lambda s: fastgd.SGD(W, momentum=0.9, dampening=0.5, nesterov=True), ValueError,
     "nesterov needs momentum above 0 and dampening 0, got 0.9 and 0.5"),
    ("ema with dampening", lambda s: fastgd.SGD(W, momentum=0.9, dampening=0.5, momentum_form="ema"), ValueError,
     "momentum_form='ema' needs momentum in (0, 1) and dampening 0, got 0.9 and 0.5"),
    ("ema with momentum 1", lambda s: fastgd.SGD(W, momentum=1, momentum_form="ema"), ValueError,
     "momentum_form='ema' needs momentum in (0, 1) and dampening 0, got 1.0 and 0.0"),
    ("grads of two", lambda s: s.opt.step(s.grads[:2]), ValueError, "grads: expected 3 entries like params, got 2"),
    ("grads of four", lambda s: s.opt.step([*s.grads, None]), ValueError,
     "grads: expected 3 entries like params, got 4"),
    ("grads an array", lambda s: s.opt.step(s.grads[0]), TypeError,
     "grads: expected a list or tuple like params, got ndarray"),
    ("grads a dict", lambda s: s.opt.step(dict(enumerate(s.grads))), TypeError,
     "grads: expected a list or tuple like params, got dict"),
    ("grads an iterator", lambda s: s.opt.step(iter(s.grads)), TypeError,
     "grads: expected a list or tuple like params, got list_iterator"),
    ("no grads", lambda s: s.opt.step(), RuntimeError,
     "no gradients are bound: give them to bind once, or to each step"),
    ("zero_grad of nothing", lambda s: s.opt.zero_grad(), RuntimeError,
     "no gradients are bound: give them to bind once, or to each step"),
    ("bad in the middle", lambda s: s.opt.step([s.grads[0], s.grads[1].T, s.grads[2]]), ValueError,
     "grads[1]: expected shape (3, 5), got (5, 3)"),
    ("bad at the end", lambda s: s.opt.step([s.grads[0], s.grads[1], 0.0]), TypeError, f"grads[2]: {ARRAY}float"),
    ("grad is the parameter", lambda s: s.opt.step([*s.grads[:2], s.params[2]]), ValueError,
     f"grads[2]: {SHARED}params[2]"),
    ("grad is another's state", lambda s: s.opt.step([s.grads[0], None, s.opt.state[2]["exp_avg_sq"]]), ValueError,
     f"grads[2]: {SHARED}state 'exp_avg_sq' of params[2]"),
    ("grad is in another parameter", lambda s: s.opt.step([*s.grads[:2], s.params[0].ravel()[3:8]]), ValueError,
     f"grads[2]: {SHARED}params[0]"),
    ("grad is in a state", lambda s: s.opt.step([*s.grads[:2], s.opt.state[0]["exp_avg"].ravel()[9:14]]), ValueError,
     f"grads[2]: {SHARED}state 'exp_avg' of params[0]"),
    ("clip a number in a dict", lambda s: fastgd.clip_grad_norm_({"a": [W, 1.0]}, 1.0), TypeError,
     f"grads['a'][1]: {ARRAY}float"),
    ("clip a tensor", lambda s: fastgd.clip_grad_value_({"a": torch.ones(2)}, 1.0), TypeError,
     f"grads['a']: {ARRAY}Tensor"),
    ("norm of a list in itself", lambda s: fastgd.grad_norm(endless()), ValueError,
     "grads: expected lists and dicts at most 500 deep, got deeper ones, or one that is in itself"),
    ("bind a scalar", lambda s: fastgd.SGD([W, np.ones(())]).bind([W, np.float64(1)]), TypeError,
     "grads[1]: expected an array, whose numbers can change, got float64"),
    ("clip an array twice", lambda s: fastgd.clip_grad_value_([*s.grads, s.grads[1]], 0.1), ValueError,
     f"grads[...]: {SHARED}grads[...]"),
    ("clip with a bad flag", lambda s: fastgd.clip_grad_norm_(s.grads, 0.1, error_if_nonfinite=1), TypeError,
     "error_if_nonfinite must be a bool, got int"),
    ("clip infinity", lambda s: fastgd.clip_grad_norm_([W, np.full(3, np.inf)], 0.1, error_if_nonfinite=True),
     ValueError, "grads: expected a finite norm, got inf"),
    ("norm of a number", lambda s: fastgd.grad_norm(3.0), TypeError,
     f"grads: {ARRAY}float"),
    ("unknown instruction set", lambda s: dispatch.select("x86-64-v9"), ImportError,
     "FASTGD_ISA must be one of generic, x86-64-v2, x86-64-v3, x86-64-v4, got 'x86-64-v9'"),
    ("no threads", lambda s: fastgd.set_num_threads(0), ValueError, "n must be in [1, 1024], got 0"),
    ("fewer threads", lambda s: fastgd.set_num_threads(-2), ValueError, "n must be in [1, 1024], got -2"),
    ("many threads", lambda s: fastgd.set_num_threads(10**6), ValueError, "n must be in [1, 1024], got 1000000"),
    ("part of a thread", lambda s: fastgd.set_num_threads(1.5), TypeError, "n must be an int or None, got float"),
    ("threads as text", lambda s: fastgd.set_num_threads("2"), TypeError, "n must be an int or None, got str"),
    ("a negative size", lambda s: fastgd.set_parallel_from(-1), ValueError, "elements must be at least 0, got -1"),
    ("part of a size", lambda s: fastgd.set_parallel_from("2"), TypeError, "elements must be an int or None, got str"),
    ("threads as a flag", lambda s: fastgd.set_num_threads(True), TypeError, "n must be an int or None, got bool"),
)  # fmt: skip


def endless() -> list[Any]:
    result: list[Any] = []
    result.append(result)
    return result


SCENES: dict[str, Callable[[], Scene]] = {
    "nested": lambda: Scene(as_params=lambda a: {"a": [a[0], {"w": a[1]}], "b": (a[2],)},
                            as_grads=lambda a: {"a": [a[0], {"w": a[1]}], "b": (a[2],)}),
    "single": lambda: Scene(as_params=lambda a: a[2], as_grads=lambda a: a[2]),
    "dict": lambda: Scene(as_params=lambda a: dict(zip("abc", a, strict=True)),
                          as_grads=lambda a: dict(zip("abc", a, strict=True))),
    "groups": lambda: Scene(as_params=lambda a: [{"params": a[:2]}, {"params": {"c": a[2]}, "lr": 0.1}],
                            as_grads=lambda a: [a[:2], {"c": a[2]}]),
}  # fmt: skip

NAMES = "grads: expected the names of params, "
OTHER_FORMS: tuple[tuple[str, Callable[[list[Any]], Any], type[Exception], str], ...] = (
    ("single", lambda g: 1.0, TypeError, f"grads: {ARRAY}float"),
    ("single", lambda g: [g[2]], TypeError, f"grads: {ARRAY}list"),
    ("single", lambda g: {"c": g[2]}, TypeError, f"grads: {ARRAY}dict"),
    ("single", lambda g: g[0], ValueError, "grads: expected shape (5,), got (4, 4)"),
    ("dict", lambda g: g, TypeError, "grads: expected a dict by name like params, got list"),
    ("dict", lambda g: g[0], TypeError, "grads: expected a dict by name like params, got ndarray"),
    ("dict", lambda g: {"a": g[0], "c": g[2]}, ValueError, NAMES + "missing 'b'"),
    ("dict", lambda g: {"a": g[0], "b": g[1], "c": g[2], "d": None}, ValueError, NAMES + "unknown 'd'"),
    ("dict", lambda g: {"a": g[0], "B": g[1], "c": g[2]}, ValueError, NAMES + "missing 'b', unknown 'B'"),
    ("dict", lambda g: {"a": g[0], "b": g[1], "c": "g"}, TypeError, f"grads['c']: {ARRAY}str"),
    ("dict", lambda g: {"c": g[2], "b": g[1], "a": g[1]}, TypeError, f"grads['a']: {LIKE}float64"),
    ("nested", lambda g: g, TypeError, "grads: expected a dict by name like params, got list"),
    ("nested", lambda g: {"a": [g[0], {"w": g[1]}]}, ValueError, NAMES + "missing 'b'"),
    ("nested", lambda g: {"a": [g[0], {"v": g[1]}], "b": [g[2]]}, ValueError,
     "grads['a'][1]: expected the names of params, missing 'w', unknown 'v'"),
    ("nested", lambda g: {"a": [g[0], g[1]], "b": [g[2]]}, TypeError,
     "grads['a'][1]: expected a dict by name like params, got ndarray"),
    ("nested", lambda g: {"a": [g[0], {"w": g[1]}], "b": g[2]}, TypeError,
     "grads['b']: expected a list or tuple like params, got ndarray"),
    ("nested", lambda g: {"a": [g[0], {"w": g[1]}], "b": [g[2], None]}, ValueError,
     "grads['b']: expected 1 entries like params, got 2"),
    ("nested", lambda g: {"a": [g[0], {"w": g[2]}], "b": [g[2]]}, ValueError,
     "grads['a'][1]['w']: expected shape (3, 5), got (5,)"),
    ("nested", lambda g: {"a": [g[0], {"w": g[1]}], "b": [g[2][:4]]}, ValueError,
     "grads['b'][0]: expected shape (5,), got (4,)"),
    ("groups", lambda g: g[0], TypeError, "grads: expected a list with an entry for each group, got ndarray"),
    ("groups", lambda g: {"c": g[2]}, TypeError, "grads: expected a list with an entry for each group, got dict"),
    ("groups", lambda g: [g], ValueError,
     "grads: expected 2 entries, one for each group, or a flat list of 3, got 1"),
    ("groups", lambda g: [g[:2], [g[2]]], TypeError, "grads[1]: expected a dict by name like params, got list"),
    ("groups", lambda g: [g, {"c": g[2]}], ValueError, "grads[0]: expected 2 entries like params, got 3"),
    ("groups", lambda g: [g[:2], {"d": g[2]}], ValueError,
     "grads[1]: expected the names of params, missing 'c', unknown 'd'"),
    ("groups", lambda g: [g[:2], {"c": g[2][:4]}], ValueError, "grads[1]['c']: expected shape (5,), got (4,)"),
    ("groups", lambda g: [g[0], g[1], 5], TypeError, f"grads[1]['c']: {ARRAY}int"),
    ("groups", lambda g: [{"params": [g[0], None, None]}, {"c": None}], ValueError,
     "grads[0]: expected 2 entries like params, got 3"),
)  # fmt: skip


# ---- what a user can spoil after construction: (name, how, error, message of the next step, whether it lasts) ------

REPLACED = "param_groups[0]['params'] cannot be replaced; use add_param_group or a new optimizer"
MOVED = "params[2]: expected the array that was given, got one resized or moved since"

SPOILED: tuple[tuple[str, Callable[[Scene], object], type[Exception], str, bool], ...] = (
    ("misspelt", lambda s: s.group.update(weight_decy=0.1), ValueError,
     "param_groups[0]: unknown name 'weight_decy'; did you mean 'weight_decay'?", False),
    ("not a name", lambda s: s.group.update({3: 0.1}), ValueError, "param_groups[0]: unknown name 3; ...", False),
    ("missing", lambda s: s.group.pop("eps"), ValueError, "param_groups[0]: missing 'eps'", False),
    ("two missing", lambda s: [s.group.pop(name) for name in ("betas", "amsgrad")], ValueError,
     "param_groups[0]: missing 'betas', 'amsgrad'", False),
    ("no params", lambda s: s.group.pop("params"), ValueError, "param_groups[0]: missing 'params'", False),
    ("params equal", lambda s: s.group.update(params=list(s.params)), ValueError, REPLACED, False),
    ("params copied", lambda s: s.group.update(params=tuple(p.copy() for p in s.params)), ValueError, REPLACED, False),
    ("params None", lambda s: s.group.update(params=None), ValueError, REPLACED, False),
    ("group appended", lambda s: s.opt.param_groups.append(dict(s.group)), ValueError,
     "param_groups: expected 1 groups, got 2", False),
    ("group replaced", lambda s: s.opt.param_groups.__setitem__(0, {**s.group, "lr": -1}), ValueError,
     "param_groups[0]['lr'] must be at least 0, got -1.0", False),
    ("schedule of text", lambda s: s.group.update(lr=str), TypeError,
     "param_groups[0]['lr'](2) must be a real number, got str", False),
    ("schedule below 0", lambda s: s.group.update(lr=lambda t: -1), ValueError,
     "param_groups[0]['lr'](2) must be at least 0, got -1.0", False),
    ("read-only", lambda s: setattr(s.params[1].flags, "writeable", False), ValueError,
     "params[1]: expected a writeable array, got a read-only one", False),
    ("grown", lambda s: s.params[2].resize(5000, refcheck=False), ValueError, MOVED, True),
    ("shrunk", lambda s: s.params[2].resize(4, refcheck=False), ValueError, MOVED, True),
)  # fmt: skip


# ---- saved states: (name, the place that is put or taken away, what is put there, error, message) -------------------

GONE = object()
GROUP, ENTRY, FIRST = ("param_groups", 0), ("state", 0), "state_dict['state'][0]"
IN_GROUP = "state_dict['param_groups'][0]"

STATES: tuple[tuple[tuple[Any, ...], Any, type[Exception], str], ...] = (
    ((), 5, TypeError, "state_dict: expected a mapping..., got int"),
    ((), [1], TypeError, "state_dict: expected a mapping..., got list"),
    (("state",), GONE, ValueError, "state_dict: expected the keys 'state' and 'param_groups', missing 'state'"),
    (("param_groups",), GONE, ValueError,
     "state_dict: expected the keys 'state' and 'param_groups', missing 'param_groups'"),
    (("state",), 5, TypeError, "state_dict['state']: expected a mapping, got int"),
    (("param_groups",), 5, TypeError, "state_dict['param_groups']: expected a list, got int"),
    (("param_groups",), [], ValueError, "state_dict: expected 1 groups, got 0"),
    (("param_groups",), [{"params": []}] * 2, ValueError, "state_dict: expected 1 groups, got 2"),
    (GROUP, 5, TypeError, IN_GROUP + ": expected a mapping, got int"),
    ((*GROUP, "params"), GONE, ValueError, IN_GROUP + ": missing 'params'"),
    ((*GROUP, "params"), 5, TypeError, IN_GROUP + "['params']: expected a list, got int"),
    ((*GROUP, "params"), [0, 1, 1], ValueError,
     "state_dict['param_groups']: expected each parameter once, got [1] again"),
    ((*GROUP, "params"), [0, 1, [2]], TypeError, IN_GROUP + "['params']: expected numbers of parameters, got [2]"),
    ((*GROUP, "params"), [0, 1], ValueError, IN_GROUP + ": expected 3 parameters, got 2"),
    ((*GROUP, "params"), [0, 1, 3], ValueError, "state_dict: state of unknown parameters [2]"),
    ((*GROUP, "lr"), GONE, ValueError, IN_GROUP + ": missing 'lr'"),
    ((*GROUP, "beta"), 0.9, ValueError, IN_GROUP + ": unknown name 'beta'; did you mean 'betas'?"),
    ((*GROUP, "momentum"), 0.9, ValueError, IN_GROUP + ": unknown name 'momentum'; ..."),
    (("state", 3), {}, ValueError, "state_dict: state of unknown parameters [3]"),
    (("state", "w"), {}, ValueError, "state_dict: state of unknown parameters ['w']"),
    (ENTRY, 5, TypeError, FIRST + ": expected a mapping, got int"),
    ((*ENTRY, "step"), GONE, ValueError, FIRST + ": missing 'step'"),
    ((*ENTRY, "step"), None, ValueError, FIRST + ": missing 'step'"),
    ((*ENTRY, "step"), -1, ValueError, "...step... must be an integer in [0, 2**53], got -1.0"),
    ((*ENTRY, "step"), 1.5, ValueError, "...step... must be an integer in [0, 2**53], got 1.5"),
    ((*ENTRY, "step"), np.float32("nan"), ValueError, "...step... must be finite, got nan"),
    ((*ENTRY, "step"), np.float32("inf"), ValueError, "...step... must be finite, got inf"),
    ((*ENTRY, "step"), np.float32(1e30), ValueError, "...step... must be ..., got 1...e+30"),
    ((*ENTRY, "step"), "1", TypeError, "...step... must be a real number, got str"),
    ((*ENTRY, "step"), True, TypeError, "...step... must be a real number, got bool"),
    ((*ENTRY, "step"), [1], TypeError, "...step... must be a real number, got list"),
    ((*ENTRY, "exp_avg"), GONE, ValueError, FIRST + ": missing 'exp_avg'"),
    ((*ENTRY, "exp_avg"), None, ValueError, FIRST + ": missing 'exp_avg'"),
    ((*ENTRY, "exp_avg_sqr"), W, ValueError, FIRST + ": unknown name 'exp_avg_sqr'; did you mean 'exp_avg_sq'?"),
    ((*ENTRY, "grad_avg"), W, ValueError, FIRST + ": unknown name 'grad_avg'; ..."),
    ((*GROUP, "amsgrad"), True, ValueError, FIRST + ": missing 'max_exp_avg_sq'"),
    ((*ENTRY, "exp_avg"), np.ones((4, 5), np.float32), ValueError,
     FIRST + "['exp_avg']: expected shape (4, 4), got (4, 5)"),
    ((*ENTRY, "exp_avg"), np.float32(1), ValueError, FIRST + "['exp_avg']: expected shape (4, 4), got ()"),
    ((*ENTRY, "exp_avg"), "m", ValueError, FIRST + "['exp_avg']: expected shape (4, 4), got ()"),
    ((*ENTRY, "exp_avg"), np.ones((4, 4)), TypeError, FIRST + "['exp_avg']: expected dtype float32, got float64"),
    (("state", 2, "exp_avg_sq"), np.ones(5, np.float16), TypeError,
     "state_dict['state'][2]['exp_avg_sq']: expected dtype float32, got float16"),
    (("state", 2, "step"), -1, ValueError, "...step... must be an integer in [0, 2**53], got -1.0"),
)  # fmt: skip


def edited(saved: dict[str, Any], place: tuple[Any, ...], value: Any) -> Any:
    """A saved state with another value at one place."""
    if not place:
        return value
    target: Any = saved
    for key in place[:-1]:
        target = target[key]
    if value is GONE:
        del target[place[-1]]
    else:
        target[place[-1]] = value
    return saved


def other_states() -> list[Row]:
    """The state of each optimizer whose state or hyperparameters Adam does not have."""
    rows = []
    for cls in OPTIMIZERS:
        if cls not in (fastgd.Adam, fastgd.AdamW):

            def load(s: Scene, cls: type[fastgd.Optimizer] = cls) -> None:
                s.opt.load_state_dict(Scene(cls).opt.state_dict())

            rows.append(Row(f"state of {cls.__name__}", load, ValueError, IN_GROUP + ": ..."))
    return rows


def form_rows() -> list[Row]:
    rows = [Row(*form) for form in FORMS]
    for kind, make, error, message in OTHER_FORMS:

        def step(s: Scene, make: Any = make) -> None:
            s.opt.step(make(s.grads))

        def bind(s: Scene, make: Any = make) -> None:
            s.opt.bind(make(s.grads))

        rows.append(Row(f"step of {kind}", step, error, message, scene=SCENES[kind]))
        rows.append(Row(f"bind of {kind}", bind, error, message, scene=SCENES[kind]))
    return rows


def later_rows() -> list[Row]:
    """What is spoiled after construction, and saved states that do not fit."""
    rows = []
    for name, arrange, error, message, lasting in SPOILED:
        rows.append(Row(f"later: {name}", Scene.step, error, message, arrange, lasting=lasting))
    for place, value, error, message in STATES:

        def load(s: Scene, place: Any = place, value: Any = value) -> None:
            s.opt.load_state_dict(edited(s.opt.state_dict(), place, value))

        rows.append(Row(f"load: {place} {type(value).__name__}", load, error, message))
    rows.append(Row("load: Nesterov alone", load_nesterov, ValueError, NESTEROV, scene=lambda: Scene(fastgd.SGD)))
    rows.append(Row("new group: Nesterov alone", add_nesterov, ValueError, NESTEROV, scene=lambda: Scene(fastgd.SGD)))
    rows.append(
        Row("zero_grad", lambda s: s.opt.zero_grad(), ValueError,
            "grads[2]: expected a writeable array, got a read-only one", bind_read_only)
    )  # fmt: skip
    return rows


NESTEROV = "...nesterov needs momentum above 0 and dampening 0, got 0.0 and 0.0"


def load_nesterov(s: Scene) -> None:
    s.opt.load_state_dict(edited(s.opt.state_dict(), (*GROUP, "nesterov"), True))


def add_nesterov(s: Scene) -> None:
    s.opt.add_param_group({"params": np.ones(3), "nesterov": True})


def bind_read_only(s: Scene) -> None:
    s.opt.bind([s.grads[0], None, read_only(s.grads[2])])


ROWS = [*array_rows(), *form_rows(), *later_rows(), *other_states(), *hyperparameter_rows(), *option_rows()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_refused_with_its_message_and_nothing_changed(row: Row) -> None:
    scene = row.scene()
    row.arrange(scene)
    before = scene.frozen()
    with pytest.raises(row.error) as caught:
        row.act(scene)
    pattern = re.escape(row.message).replace(re.escape("..."), ".*")
    assert re.fullmatch(pattern, str(caught.value)), f"message: {caught.value}"
    assert type(caught.value) is row.error
    assert scene.frozen() == before
    if not row.lasting:
        # What cannot be seen from outside has not changed either: the next step gives the bits of an undisturbed one.
        twin = row.scene()
        scene.mend()
        scene.step()
        twin.step()
        assert scene.bits() == twin.bits()


def test_the_table_has_every_optimizer() -> None:
    exported = {getattr(fastgd, name) for name in fastgd.__all__}
    classes = {c for c in exported if isinstance(c, type) and issubclass(c, fastgd.Optimizer)}
    apart = {case.optimizer for case in PARTS}  # these have rows of their own
    assert set(OPTIMIZERS) == classes - {fastgd.Optimizer} - apart


def test_read_only_gradients_are_allowed() -> None:
    scene, twin = Scene(), Scene()
    scene.grads = [read_only(g) if i != 1 else g for i, g in enumerate(scene.grads)]
    scene.step()
    twin.step()
    assert [p.tobytes() for p in scene.params] == [p.tobytes() for p in twin.params]


@pytest.mark.parametrize("cls", OPTIMIZERS)
def test_none_everywhere_does_nothing(cls: type[fastgd.Optimizer]) -> None:
    scene = Scene(cls)
    before = scene.frozen()
    scene.opt.step([None, None, None])
    assert scene.frozen() == before
