"""Immutable objects with named fields, as `dataclasses` makes them, at a hundredth of what it takes at each cold start.

`dataclasses` imports `inspect` and what that needs, and compiles code of its own for each class: together that is a quarter of
the time in which a function starts. Here all classes share the code below, which takes a little longer to make an object.
"""

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar, dataclass_transform

_T = TypeVar("_T")


class _Field:
    def __init__(self, make: Callable[[], Any] | None, shown: bool) -> None:
        self.make, self.shown = make, shown


_SIMPLE = _Field(None, True)


def field(*, default_factory: Callable[[], Any] | None = None, repr: bool = True) -> Any:
    """A field whose default is made anew for each object, or that `repr` leaves out, as one with a secret."""
    return _Field(default_factory, repr)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[_T]) -> type[_T]:
    """Give a class a constructor, `==`, `hash` and `repr` by its annotations and their defaults; nobody can set a field later."""
    names = tuple(cls.__annotations__)
    defaults = {name: vars(cls)[name] for name in names if name in vars(cls)}
    fields = {name: default if isinstance(default, _Field) else _SIMPLE for name, default in defaults.items()}
    makers = {name: each.make for name, each in fields.items() if each.make is not None}
    plain = {name: default for name, default in defaults.items() if not isinstance(default, _Field)}
    shown = [name for name in names if fields.get(name, _SIMPLE).shown]

    def __init__(self: Any, *values: Any, **named: Any) -> None:
        given = dict(zip(names, values, strict=False))
        if len(values) > len(names) or given.keys() & named.keys():
            raise TypeError(f"{cls.__name__} takes each of {', '.join(names)} once")
        given |= named
        made = {name: make() for name, make in makers.items() if name not in given} if makers else {}
        vars(self).update(plain | made | given)
        if vars(self).keys() != all_names:
            wrong = ", ".join(sorted(vars(self).keys() ^ all_names))
            raise TypeError(f"{cls.__name__} lacks, or does not know: {wrong}")

    def __repr__(self: Any) -> str:
        return f"{cls.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    def __eq__(self: Any, other: object) -> bool:
        return _values(self) == _values(other) if type(other) is cls else NotImplemented

    def __hash__(self: Any) -> int:
        return hash(_values(self))

    def _values(self: Any) -> tuple[Any, ...]:
        return tuple([getattr(self, name) for name in names])

    all_names = set(names)
    for name, default in defaults.items():
        if isinstance(default, _Field):
            delattr(cls, name)
    for method in (__init__, __repr__, __eq__, __hash__, __setattr__, __delattr__):
        method.__qualname__ = f"{cls.__qualname__}.{method.__name__}"
        setattr(cls, method.__name__, method)
    setattr(cls, "__match_args__", names)  # noqa: B010 mypy would refuse it as an assignment
    return cls


def replace(one: _T, **changes: Any) -> _T:
    """The same object with other values in some fields."""
    names: tuple[str, ...] = type(one).__match_args__  # type: ignore[attr-defined]
    return type(one)(**{name: getattr(one, name) for name in names} | changes)


def __setattr__(self: Any, name: str, value: Any) -> NoReturn:
    raise AttributeError(f"{type(self).__name__}.{name} can't be set")


def __delattr__(self: Any, name: str) -> NoReturn:
    raise AttributeError(f"{type(self).__name__}.{name} can't be deleted")
