"""Around: what stands in the place of an optimizer, around it."""

from typing import Any, ClassVar


class Around:
    """Every attribute that is not its own is read from, and set on, `optimizer`."""

    _may_change: ClassVar[tuple[str, ...]] = ()  # of its own attributes; the others stay as they were given

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # before `optimizer` is there, as in a copy that is being made
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        return getattr(self.optimizer, name)

    def __setattr__(self, name: str, value: object) -> None:
        if name in self._may_change:
            self.__dict__[name] = value
            return
        if name in self.__dict__ or isinstance(getattr(type(self), name, None), property):
            raise AttributeError(f"{type(self).__name__}.{name} cannot be set: make another one")
        setattr(self.optimizer, name, value)

    def __reduce__(self) -> Any:
        raise TypeError(f"{type(self).__name__} is bound to its arrays and cannot be copied or pickled: use state_dict")
