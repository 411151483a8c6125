"""Optimizer: what all rules share, for parameters that are NumPy arrays; the step is compiled, in engine/steps."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, get_type_hints

import numpy as np

from fastgd import formats, validation
from fastgd.engine import dispatch
from fastgd.engine.plan import Group
from fastgd.engine.reader import Reader
from fastgd.engine.steps import Steps
from fastgd.hyperparameters import Check, Flag, Held, schedules_of, with_peak
from fastgd.optimizers import files, storage
from fastgd.optimizers import state_dict as saved
from fastgd.optimizers.keeping import Keeping
from fastgd.optimizers.settings import Settings
from fastgd.optimizers.tree import Tree, flatten_groups, refuse_tensors, split_groups

__all__ = ["Optimizer", "Params", "Progress", "Settings"]  # what the classes need

Params = object  # an array, lists and dicts of arrays to any depth, or a list of groups; `Optimizer` says more
Progress = tuple[int, tuple[float, ...]]  # steps taken, and the numbers that a family carries


def _group_label(number: int, grouped: bool) -> str:
    """What messages call the parameters of a group."""
    return f"params[{number}]" if grouped else "params"


class Optimizer(Keeping):
    """
    Base of all optimizers; construct one of its subclasses.

    Parameters
    ----------
    params : ndarray; list, tuple or dict of ndarray, also of lists and dicts of them to any depth; or list of groups
        float32, float64, float16, or ml_dtypes' bfloat16, updated in place. Any dense layout: C or F order or another
        permutation of axes; 0-d and empty arrays too. In a dict, and in lists inside one another, they have names,
        joined by dots as torch's: ``encoder.0.weight``. A group is a dict with the key ``"params"`` (any of these) and
        the hyperparameters in which it differs, or `state_dtype`, `rounding`, `seed`, `master_weights`, `ema_decay`.
    defaults : dict
        Hyperparameters of groups that do not say otherwise. A number, also one of a pair such as ``betas``, may be a
        schedule: a function of the steps completed so far that returns the number of the next, see
        `fastgd.schedules`. These are the steps of the optimizer, also those before the schedule took the place of a
        number.
    max_grad_norm : float, optional
        If given, gradients are scaled so that their Euclidean norm over all parameters is at most this.
    max_grad_value : float, optional
        If given, each element of the gradients is clipped to [-max_grad_value, max_grad_value].
    skip_nonfinite : bool, default False
        Whether a step whose gradients have, after `grad_scale`, a norm that is NaN or beyond the range of float32 (of
        float64, where all parameters are) is left out: nothing changes but `skipped_steps`.
    lazy_rows : bool, default False
        Whether `Adam` and `AdamW` take `Rows` as gradients, and leave the other rows and their moments alone.
    weight_decay_rows : {"touched"}, optional
        Needed for weight decay where a gradient is `Rows`: the rows that it has decay, and no others.
    state_dir : path, optional
        A directory in which states are kept in files, so that they may be larger than memory. The run of an optimizer
        that has kept them there before goes on. docs/STATE_DIR.md has more.
    state_dtype : {"float32", "bfloat16", "param", "8bit", "8bit-sqrt"}, optional
        The dtype of state arrays; "param" is the parameter's, as in torch. None is float32, or float64 for parameters
        in float64. In "bfloat16", state that moves little in a step, such as second moments, is rounded as by
        `rounding`. "8bit" keeps moments as codes in uint8, and for each 256 of them the largest magnitude; "8bit-sqrt"
        the square roots of second moments so. docs/FORMATS.md has more.
    rounding : {"nearest", "stochastic"}, optional
        How parameters in bfloat16 are rounded: to the nearest number, or up or down at random, so that many small steps
        are not lost; the mean is exact.
    seed : int, optional
        What random bits follow from, with the step and the element, and with nothing else; at least 0. None is 0.
    master_weights : bool, default False
        Whether parameters in 16 bits are kept to float32, in two more bytes for bfloat16 and in four for float16:
        training is then exactly that of float32 parameters.
    ema_decay : float, optional
        If given, in [0, 1), a moving average of each parameter is kept in its state as ``"ema"``: after its first step
        the parameter, and then ``ema_decay * ema + (1 - ema_decay) * param`` after each. It may be changed in
        `param_groups` between steps; None lets the averages rest. See `averaged`.

    Attributes
    ----------
    param_groups : list of dict
        ``"params"`` (a tuple of all arrays) and every hyperparameter; mutable, read and checked at each step.
    lr : float
        Learning rate of the next step, also where it is a schedule; `current` has those of groups that differ.
    state : mapping
        For each parameter that has been updated, by its name or number: its step count and state arrays under
        torch's keys. The arrays are the optimizer's own.
    grad_norm : float or None
        Norm of the latest step's gradients, after `grad_scale` and before clipping; None unless `max_grad_norm` or
        `skip_nonfinite` asked for it.
    skipped_steps : int
        Steps that `skip_nonfinite` refused.
    steps_completed : int
        Steps that have updated anything: what schedules are called with.

    Notes
    -----
    The gradient is only read, unless `step` is told to zero it. It goes through `grad_scale`, the norm, the value, the
    sign of `maximize` and weight decay, in this order, all in the one pass of the update; the norm costs one more read
    of the gradient.

    Parameters in 16 bits are updated in float32, and each array that is stored is rounded once, to nearest. bfloat16
    needs ml_dtypes (``pip install 'fastgd[precision]'``).
    """

    family: ClassVar[str]  # the family of its rules, in kernels/rules
    checks: ClassVar[dict[str, Check]]  # hyperparameter -> its check, read off the signature
    fixed: ClassVar[Mapping[str, Flag | Held]] = {}  # hyperparameters of the family that this class does not let choose
    beyond_torch: ClassVar[tuple[str, ...]] = ()  # hyperparameters that torch does not have
    torch_signature: ClassVar[str]  # arguments of the class in fastgd.torch: torch's order and its own switches
    implied: ClassVar[dict[str, str]] = {}  # options that functions read off the presence of a state array
    carried: ClassVar[dict[str, Check]] = {}  # state keys of the numbers that a rule carries from step to step
    has_step: ClassVar[bool] = True
    begins_itself: ClassVar[bool] = False  # whether the first step overwrites what a state is before it
    elementwise: ClassVar[bool] = True  # whether a function of one parameter can be all of it
    whole: ClassVar[bool] = False  # whether a step needs each parameter as a whole, whatever passes its rule has
    in_files: ClassVar[bool] = True  # whether `state_dir` can have all of its state
    in_c: ClassVar[bool] = True  # whether the C API has its rule
    state_bytes: ClassVar[str]  # what README says of the state, where the rule does not tell
    rereads_state: ClassVar[bool] = False  # whether a second pass reads what the first has stored
    rows: ClassVar[str] = "never"  # when it takes gradients of rows: or "always", "if lazy", "without momentum"
    scratch: ClassVar[tuple[str, ...]] = ()  # arrays of a rule that hold nothing from step to step
    _family: ClassVar[int]
    _normalizes = True  # param_groups hold checked values
    _attributes = ("defaults", "param_groups")

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not {"family", "fixed"} & cls.__dict__.keys():
            return  # A subclass of a user has the hyperparameters of its base.
        hints = cls.__init__.__annotations__
        if any(isinstance(hint, str) for hint in hints.values()):
            # Not always: it makes all of them anew, in a twentieth of the import.
            hints = get_type_hints(cls.__init__, include_extras=True)
        own = {name: hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")}
        order = own if "family" in cls.__dict__ else cls.checks
        cls.checks = {name: own.get(name) or cls.fixed[name] for name in order}
        cls._family = dispatch.families()[cls.family][0]
        together = cls.check_together if "check_together" in cls.__dict__ else None
        cls._reader = Reader(cls.checks, together=together)

    @classmethod
    def without_fixed(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The keywords of a call without hyperparameters that may have the one value that they have."""
        for name in settings.keys() & cls.fixed.keys():
            cls.fixed[name](name, settings[name])
        return {name: value for name, value in settings.items() if name not in cls.fixed}

    @classmethod
    def check_together(cls, values: dict[str, Any]) -> None:
        """Raise where hyperparameters, each of them right, do not go together."""

    @classmethod
    def check_params(cls, named: list[tuple[str, Any]]) -> None:
        """Raise where parameters, arrays or tensors by what messages call them, are none that the rule takes."""

    def __init__(self, params: Params, given: dict[str, Any], settings: Mapping[str, Any] | None = None) -> None:
        settings = self.without_fixed(settings or {})
        if type(self) is Optimizer:
            raise TypeError("Optimizer is the base of all optimizers: construct one of its subclasses")
        free = [name for name in self.checks if name not in self.fixed]
        validation.arguments(type(self).__name__, settings, ["params", *free, *Settings.__annotations__])
        self._steps = Steps(self._reader)
        self._set_given(settings)
        self._storage("", settings)
        self._stored = storage.given(settings)
        given = with_peak(given, given["lr"])
        named = {name: given[name] if name in free else self.fixed[name].only for name in self.checks}
        self.defaults = dict(zip(self.checks, self._reader.values(named), strict=True))
        self.param_groups: list[dict[str, Any]] = []
        refuse_tensors(type(self).__name__, params)
        groups = split_groups(params)
        with files.opened(self, settings.get("state_dir")):
            self._add_groups([{"params": params}] if groups is None else groups, grouped=groups is not None)

    # ---- groups -----------------------------------------------------------------------------------------------

    def add_param_group(self, group: dict[str, Any]) -> None:
        """
        Add a group of parameters; from then on, gradients come as for groups.

        Parameters
        ----------
        group : dict
            ``"params"`` and the hyperparameters in which the group differs from the defaults.

        Raises
        ------
        TypeError, ValueError
            As by the constructor; the optimizer is then unchanged.
        """
        if not isinstance(group, dict) or "params" not in group:
            raise TypeError("group must be a dict with the key 'params'")
        with self._steps:
            self._steps.check_plain()
            self._steps.check_groups(self, self.param_groups)
            self._add_groups([group], grouped=True)
            if self._steps.files is not None:
                self._steps.settle()

    def _add_groups(self, groups: list[dict[str, Any]], grouped: bool) -> None:
        """Check all groups, then add them."""
        added, fresh = [], []
        names, start = set(self._steps.names), len(self._steps.params)
        for number, given in enumerate(groups, len(self.param_groups)):
            group = with_peak(given, given.get("lr", self.defaults["lr"]))
            label = _group_label(number, grouped)
            validation.known(label, group, ["params", *self.checks, *storage.NAMES])
            tree = Tree(label, group["params"], grouped)
            named = [(tree.label(label, k), array) for k, array in enumerate(tree.arrays)]
            arrays = [validation.writeable(*pair, formats.ALL) for pair in named]
            self.check_params(named)
            values = {name: self._checked(label, name, group) for name in self.checks}
            if not schedules_of(values):
                self.check_together(values)
            for name in tree.names or ():
                if name in names:
                    raise ValueError(f"{label}: the name {name!r} is taken by another group")
                names.add(name)
            stored = storage.given({**self._stored, **group})
            means = self._storage(label, stored)
            storage.check_rule(type(self), self._reader, label if grouped else "", means, tuple(values.values()))
            for name, array in zip((name for name, _ in named), arrays, strict=True):
                storage.check_param(name, array.dtype, means)
            named_too = {} if tree.names is None else {"param_names": tree.names}
            own = {"params": tuple(arrays), **named_too, **values, **stored}
            added.append((Group(self._family, start, len(arrays), means), tree, own, arrays))
            fresh += [(name, array) for (name, _), array in zip(named, arrays, strict=True)]
            start += len(arrays)
        near = any(self._steps.touches(array) for _, array in fresh)  # one search each, where groups come one by one
        validation.apart([*self._written(), *fresh] if near else fresh)
        self._steps.add(self.param_groups, added, names, grouped)

    def _checked(self, label: str, name: str, group: dict[str, Any]) -> Any:
        if name not in group:
            return self.defaults[name]
        return self.checks[name](f"{label}[{name!r}]", group[name])

    def _label(self, i: int) -> str:
        """What messages call parameter `i`."""
        number, k = self._steps.place_of(i)
        return self._steps.trees[number].label(_group_label(number, self._steps.grouped), k)

    def _written(self) -> list[tuple[str, np.ndarray]]:
        """What a step writes to, by name."""
        written = []
        for i, (param, entry) in enumerate(zip(self._steps.params, self._steps.states, strict=True)):
            label = self._label(i)
            written.append((label, param))
            written.extend((f"state {key!r} of {label}", array) for key, array in entry.items())
            if (copy := self._steps.copies[i]) is not None:
                written.append((self._copy_label(i), copy))
        return written

    # ---- what the compiled step asks --------------------------------------------------------------------------

    def _refused_groups(self, count: int) -> None:
        if not isinstance(self.param_groups, list):
            raise TypeError(f"param_groups must be a list, got {type(self.param_groups).__name__}")
        raise ValueError(f"param_groups: expected {count} groups, got {len(self.param_groups)}")

    def _refused_group(self, number: int, group: object) -> None:
        """Raise unless a group that has been changed differs in hyperparameters alone."""
        label = f"param_groups[{number}]"
        if not isinstance(group, dict):
            raise TypeError(f"{label} must be a dict, got {type(group).__name__}")
        names = ["param_names"] if self._steps.trees[number].names is not None else []
        required = ["params", *names, *self.checks]
        validation.known(label, group, [*required, *storage.NAMES])
        if missing := [name for name in required if name not in group]:
            raise ValueError(f"{label}: missing {', '.join(map(repr, missing))}")
        if group["params"] is not self._steps.given_params(number):
            raise ValueError(f"{label}['params'] cannot be replaced; use add_param_group or a new optimizer")

    def _flatten(self, label: str, grads: object) -> tuple[Any, ...]:
        """Gradients in the form of the parameters as a tuple in their order."""
        if self._steps.grouped:
            return flatten_groups(self._steps.trees, label, grads)
        return self._steps.trees[0].flatten(label, grads)

    def _gradient_label(self, i: int) -> str:
        return "grads" + self._label(i).removeprefix("params")

    def _gradient(self, i: int, grad: object) -> np.ndarray | None:
        """The gradient of parameter `i`, checked with a message for what is wrong."""
        self._steps.check_param(i, self._label(i))
        if grad is None:
            return None
        label = self._gradient_label(i)
        array = validation.beside(label, validation.shared(label, grad), self._steps.params[i])
        if self._steps.touches(array):
            validation.not_within(label, array, self._written())
        return array

    def _look(self) -> None:
        """Read the groups, and check that parameters are as they were given."""
        self._steps.current(self, self.param_groups)
        for i in range(len(self._steps.params)):
            self._steps.check_param(i, self._label(i))

    def _written_to(self) -> None:
        """Tell others that parameters and copies have been written to, outside of a step."""

    # ---- a step -----------------------------------------------------------------------------------------------

    def step(self, grads: object = None, *, grad_scale: float = 1.0, zero_grads: bool = False) -> None:
        """
        Update every parameter that has a gradient, in one pass over memory.

        Parameters
        ----------
        grads : like params
            Gradients in the form of the parameters (for groups, also one flat list), each with the shape and, counted
            in items, the strides of its parameter, and in any of the dtypes of parameters, but float64 for float64
            alone. None for a parameter, or for a list or dict of them, leaves it alone. They are only read, unless
            `zero_grads` says otherwise. A NumPy scalar will do for a 0-d parameter, and for any what shares its memory
            by ``__dlpack__`` or ``__array_interface__``, such as tensors of torch and arrays of JAX; `Rows` for some of
            a parameter's rows. Without this argument the gradients given to `bind` are used.
        grad_scale : float, default 1.0
            What gradients are multiplied by before anything else, such as 1 / batches for accumulated ones.
        zero_grads : bool, default False
            Whether gradients, which must then be writeable and apart from each other, are overwritten with zeros after
            they have been used, in the same pass; also where `skip_nonfinite` leaves the step out.

        Raises
        ------
        TypeError, ValueError
            If a gradient or a hyperparameter is not as it must be; nothing is then changed.
        IndexError
            If a gradient has a row that its parameter does not have; nothing is then changed.
        RuntimeError
            If another thread is inside a method of this optimizer.
        """
        self._steps.step(self, self.param_groups, grads, grad_scale, zero_grads)

    # ---- hyperparameters --------------------------------------------------------------------------------------

    @property
    def steps_completed(self) -> int:
        return self._steps.completed

    @property
    def lr(self) -> float:
        rates = {hyperparameters["lr"] for hyperparameters in self.current()}
        if len(rates) > 1:
            raise AttributeError(f"{type(self).__name__}.lr: groups have the rates {sorted(rates)}; see current()")
        return float(rates.pop())

    def current(self) -> list[dict[str, Any]]:
        """
        The hyperparameters of the next step.

        Returns
        -------
        list of dict
            For each group its hyperparameters by name, with numbers in the place of schedules.

        Raises
        ------
        TypeError, ValueError
            If a number in `param_groups`, or one that a schedule returns, is not as it must be.

        Examples
        --------
        >>> import numpy as np, fastgd
        >>> opt = fastgd.SGD(np.ones(2), lr=fastgd.schedules.linear(1.0, 10))
        >>> opt.step(np.ones(2))
        >>> opt.current()[0]["lr"], opt.lr, opt.steps_completed
        (0.9, 0.9, 1)
        """
        with self._steps:
            values = self._steps.current(self, self.param_groups)
        return [dict(zip(self.checks, numbers, strict=True)) for numbers in values]

    # ---- state ------------------------------------------------------------------------------------------------

    @property
    def state(self) -> Mapping[Any, Mapping[str, Any]]:
        keys: list[Any] = list(range(len(self._steps.params)))
        if all(tree.names is not None for tree in self._steps.trees):
            keys = [name for tree in self._steps.trees for name in tree.names or ()]
        entries = dict(zip(keys, self._entries(), strict=True))
        return MappingProxyType({key: MappingProxyType(entry) for key, entry in entries.items() if entry})

    def _entries(self) -> list[dict[str, Any]]:
        """For each parameter its state under torch's keys, as `entry` gives it."""
        entries = []
        for number, group in enumerate(self._steps.groups):
            keys = self._steps.state_keys(number)
            hyperparameters = dict(zip(self.checks, self._steps.plain(number), strict=True))
            for i in range(group.start, group.start + group.count):
                held = self._steps.states[i]  # An option that is switched off may be switched on again.
                arrays = {key: held[key] for key in dict.fromkeys([*keys, *held])}
                entries.append(self.entry(*self._steps.progress(i), arrays, hyperparameters))
        return entries

    @classmethod
    def entry(
        cls, steps: int, carry: tuple[float, ...], arrays: dict[str, Any], hyperparameters: dict[str, Any]
    ) -> dict[str, Any]:
        """The state of a parameter after `steps` steps; empty before the first."""
        if steps == 0:
            return {}
        numbers = {key: np.array(number) for key, number in zip(cls.carried, carry, strict=True)}
        return {"step": saved.export_step(steps), **numbers, **arrays}

    @classmethod
    def progress(cls, label: str, entry: Mapping[str, Any]) -> Progress:
        """(steps, carried numbers) of a parameter whose state is `entry`."""
        names = {key: f"{label}[{key!r}]" for key in cls.carried}
        carry = [check(names[key], saved.number(names[key], entry[key])) for key, check in cls.carried.items()]
        return saved.import_step(f"{label}['step']", entry["step"]), tuple(carry)

    def state_dict(self) -> dict[str, Any]:
        """
        Hyperparameters and a copy of the state, in torch's layout.

        Returns
        -------
        dict
            ``"state"``: parameter number -> state key -> array; ``"param_groups"``: hyperparameters, ``"params"`` as
            numbers, and ``"param_names"`` for parameters given as a dict; where a number is a schedule, its value now
            and, if it has any, the schedule's own state in ``"schedule"`` (of `lr`) or ``"schedules"`` (of others, by
            name); ``"completed"``: the steps that schedules count. With arrays turned into tensors it loads into the
            torch.optim class of the same name.
        """
        with self._steps:
            values = self._steps.current(self, self.param_groups)
            for group in self._steps.groups:
                self._steps.use_rule(group)
            return saved.write(self, values, self._entries(), self._steps.completed)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """
        Take over hyperparameters and state from `state_dict`, also from that of the torch.optim class.

        Parameters
        ----------
        state_dict : mapping
            As `state_dict` returns it; arrays may be anything that `numpy.asarray` takes, such as CPU tensors.
            Hyperparameters that torch does not have may be absent. Where a number is a schedule it stays one, whatever
            was saved, and goes on at ``"completed"``; in a dict without it, at the largest ``step`` of a parameter, or
            0. A schedule that has state takes that of the dict, if there is one. Any other number becomes the one
            saved. State arrays are brought into the dtype that `state_dtype` asks for, which is the saved one where it
            was given.

        Raises
        ------
        TypeError, ValueError
            If anything is missing, unknown, or of another shape or dtype; the optimizer is then unchanged.
        """
        with self._steps:
            self._steps.check_plain()
            self._steps.check_groups(self, self.param_groups)
            saved.load(self, state_dict)

    def __reduce__(self) -> Any:
        raise TypeError(f"{type(self).__name__} is bound to its arrays and cannot be copied or pickled: use state_dict")

    def __repr__(self) -> str:
        lines = []
        for number, group in enumerate(self.param_groups):
            sizes = sum(a.size for a in group["params"])
            numbers = ", ".join(f"{name}={group[name]!r}" for name in (*self.checks, *storage.given(group)))
            lines.append(f"  group {number}: {len(group['params'])} arrays, {sizes} elements, {numbers}")
        lines += [f"  {setting}" for setting in self._shown_settings()]
        lines += [] if self.state_dir is None else [f"  state_dir={self.state_dir!r}"]
        return "\n".join([f"{type(self).__name__}(", *lines, ")"])
