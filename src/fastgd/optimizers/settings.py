"""Settings: what every optimizer takes besides its hyperparameters, NumPy's and torch's."""

from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any, ClassVar

from fastgd import validation
from fastgd.engine.averaged import Averaged
from fastgd.engine.formats import Storage
from fastgd.engine.reader import Reader
from fastgd.engine.rows import Rows
from fastgd.engine.steps import Steps
from fastgd.optimizers import rows, storage
from fastgd.optimizers.storage import StorageSettings


class Settings(StorageSettings, total=False):
    """What every optimizer takes besides its hyperparameters; see `Optimizer`."""

    max_grad_norm: float | None
    max_grad_value: float | None
    skip_nonfinite: bool
    lazy_rows: bool
    weight_decay_rows: str | None
    state_dir: str | PathLike[str] | None


# One for all groups, which may be set between steps.
TOGETHER = tuple(name for name in Settings.__annotations__ if name not in (*storage.NAMES, "state_dir"))


def _setting(name: str, check: Callable[[str, object], Any], doc: str) -> Any:
    """A setting of gradients as an attribute, checked when it is set, also between steps."""

    def read(self: "GradientSettings") -> Any:
        return self._steps.clipping[name]

    def write(self: "GradientSettings", value: object) -> None:
        checked = check(name, value)
        self._refuse_setting(name, checked)
        if name in rows.SETTINGS:
            rows.SETTINGS[name](self._kind(), checked)
        self._steps.set_clipping(**{**self._steps.clipping, name: checked})

    return property(read, write, doc=doc)


class _ShownSignature:
    """What help() and completion show of a class: arguments without types, and each of the settings by its name."""

    def __get__(self, instance: object, owner: Any) -> Any:
        if instance is not None:
            raise AttributeError("__signature__")  # of the class alone; an instance is not called
        import inspect

        signature = inspect.signature(owner.__init__)
        _, *arguments = (p.replace(annotation=p.empty) for p in signature.parameters.values())
        if arguments and arguments[-1].kind is inspect.Parameter.VAR_KEYWORD and arguments[-1].name == "settings":
            named = [name for name in owner._settings if name not in signature.parameters]
            defaults = {name: False if name in ("skip_nonfinite", "lazy_rows") else None for name in named}
            only = inspect.Parameter.KEYWORD_ONLY
            arguments[-1:] = [inspect.Parameter(name, only, default=defaults[name]) for name in named]
        return inspect.Signature(arguments)


class GradientSettings:
    """
    What happens to gradients before the update, for NumPy's and torch's optimizers.

    All of it is kept in `_steps`: an object that stands for an optimizer, such as those that Lightning makes of its
    class and its attributes, then reads and sets what the optimizer itself does.
    """

    __signature__ = _ShownSignature()
    _steps: Steps
    _reader: ClassVar[Reader]  # the checks of hyperparameters, compiled
    _settings: ClassVar[tuple[str, ...]] = tuple(Settings.__annotations__)
    _attributes: ClassVar[tuple[str, ...]]  # public attributes that are neither of the class nor a setting

    max_grad_norm = _setting(
        "max_grad_norm", validation.optional_positive, "Largest norm of all gradients together, or None."
    )
    max_grad_value = _setting(
        "max_grad_value", validation.optional_positive, "Largest magnitude of a gradient's element, or None."
    )
    skip_nonfinite = _setting(
        "skip_nonfinite", validation.flag, "Whether steps with infinite or NaN gradients are left out."
    )

    lazy_rows = _setting("lazy_rows", validation.flag, "Whether rows without a gradient are left alone, state and all.")
    weight_decay_rows = _setting(
        "weight_decay_rows",
        lambda name, value: None if value is None else rows.touched(name, value),
        "Which rows decay where a gradient has some: those that it touches, or None, which refuses decay.",
    )

    def _kind(self) -> Any:
        """The NumPy class, which has the rule."""
        return getattr(self, "_numpy", type(self))

    def _set_given(self, settings: Mapping[str, Any]) -> None:
        """Check and take over the settings that a constructor was given."""
        for name in (name for name in TOGETHER if name in settings):
            setattr(self, name, settings[name])

    def _shown_settings(self) -> list[str]:
        """The settings that are on, as `repr` shows them."""
        return [f"{name}={value!r}" for name in TOGETHER if (value := getattr(self, name)) not in (None, False)]

    def _storage(self, where: str, group: Mapping[str, Any]) -> Storage:
        """How a group asks for its arrays to be stored, checked."""
        return storage.read(self._kind(), where, group)

    # ---- gradients of rows, of which the compiled step asks ------------------------------------------------------

    def _label(self, i: int) -> str:
        """What messages call parameter `i`."""
        raise NotImplementedError

    def _gradient_label(self, i: int) -> str:
        """What they call its gradient."""
        raise NotImplementedError

    def _check_rows(self, i: int) -> None:
        """Raise unless parameter `i` may have rows as its gradient."""
        number, _ = self._steps.place_of(i)
        values = dict(zip(self._reader.names, self._steps.plain(number), strict=True))
        if self._steps.copies[i] is not None:
            raise ValueError(
                f"{self._gradient_label(i)}: a parameter with a bound copy takes no rows; bind_copies without it"
            )
        stored = self._steps.groups[number].storage
        if stored.in_blocks:
            raise ValueError(
                f"{self._gradient_label(i)}: expected a gradient of all rows with state_dtype={stored.state_dtype!r}, "
                "since a block of 8 bits can have elements of several rows, got Rows"
            )
        rows.check(
            self._kind(), self._gradient_label(i), values, {**self._steps.clipping, "ema_decay": stored.ema_decay}
        )

    def _refused_rows(self, i: int, given: Rows) -> None:
        """Raise for rows that parameter `i` cannot have."""
        self._steps.check_param(i, self._label(i))
        rows.refuse(self._gradient_label(i), given, self._steps.params[i])

    def _refuse_setting(self, name: str, value: object) -> None:
        """Raise if a checked setting cannot be kept."""

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse what a step would not read."""
        found = getattr(type(self), name, None)
        readable = isinstance(found, property) and found.fset is None and name in self._reader.names
        if readable or not (name.startswith("_") or hasattr(type(self), name) or name in self._attributes):
            owner = type(self).__name__
            if name in self._reader.names:
                raise AttributeError(f"{owner}.{name} is one for each group: set param_groups[0][{name!r}]")
            if type(self).__module__.startswith("fastgd."):  # A user's subclass may have attributes of its own.
                validation.settable(owner, name, [*TOGETHER, *self._attributes])
        super().__setattr__(name, value)

    @property
    def accumulated(self) -> int:
        """How many times `accumulate` has been called since the latest step."""
        return self._steps.window

    def averaged(self) -> Averaged:
        """
        Let parameters hold their moving averages, in place, in a ``with`` block.

        Returns
        -------
        Averaged
            A context manager. When the block is left, also by an exception, parameters hold again what they did, bit
            for bit; what has been written to them in between is lost. Steps are refused inside.

        Raises
        ------
        RuntimeError
            On entry, if no group has an `ema_decay`, if the parameters hold their averages already, or if another
            thread is inside a method of this optimizer.

        Notes
        -----
        Parameters that have not been updated, and those of groups without `ema_decay`, stay as they are. Averages are
        rounded to the parameter's dtype. A copy of all parameters is kept meanwhile.
        """
        return Averaged(self, self._steps)

    # Classes describe it among their attributes; a docstring here would be linked to the function of this name.
    @property
    def grad_norm(self) -> float | None:
        return self._steps.grad_norm

    @property
    def skipped_steps(self) -> int:
        """Steps that `skip_nonfinite` refused."""
        return self._steps.skipped_steps
