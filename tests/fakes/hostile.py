"""Exceptions that nobody can describe without care: what user code may raise, on purpose or not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st


class StrRaises(Exception):
    def __str__(self) -> str:
        raise ZeroDivisionError("no text")


class StrExits(Exception):
    def __str__(self) -> str:
        raise SystemExit(5)


class StrRaisesItself(Exception):
    def __str__(self) -> str:
        raise self


class StrIsNoString(Exception):
    def __str__(self) -> str:
        return 5  # type: ignore[return-value]


class StrRecurses(Exception):
    def __str__(self) -> str:
        return str(self)


class StrChanges(Exception):
    """Well the first time, and never again."""

    told = False

    def __str__(self) -> str:
        if self.told:
            raise ZeroDivisionError("told already")
        self.told = True
        return "told once"


class Text(str):
    """A string that is of no use as one."""

    def encode(self, *_: Any) -> bytes:
        raise ZeroDivisionError("no bytes")

    def __getitem__(self, _: Any) -> str:
        raise ZeroDivisionError("no characters")

    __len__ = __repr__ = __iter__ = __getitem__  # type: ignore[assignment]


class StrIsOfAnotherClass(Exception):
    def __str__(self) -> str:
        return Text("odd text")


class ArgumentRaises(Exception):
    class Argument:
        def __repr__(self) -> str:
            raise KeyboardInterrupt

    def __init__(self, *_: object) -> None:
        super().__init__(self.Argument(), self.Argument())


class NotesRaise(Exception):
    @property
    def __notes__(self) -> Any:
        raise ZeroDivisionError("no notes")


class NotesAreNone(Exception):
    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self.__notes__ = 5


class Liar(type):
    """Of a class that hides its name."""

    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise ZeroDivisionError("no name")


class NameRaises(Exception, metaclass=Liar):
    pass


class ClassRaises(Exception):
    @property
    def __class__(self) -> Any:
        raise ZeroDivisionError("no class")

    @__class__.setter
    def __class__(self, _: Any) -> None:
        raise ZeroDivisionError("no class")


class Ends(BaseException):
    """No Exception, so that hardly anybody catches it."""


class Group(ExceptionGroup[Exception]):
    """Of errors, the first of which can't be told."""

    def __new__(cls, *_: object) -> "Group":
        return super().__new__(
            cls, "several", [StrRaises("a"), ValueError("half \ud83d"), ExceptionGroup("within", [KeyError("k")])]
        )


LINES = type("Two\nLines", (Exception,), {})
LONG = type("Long" * 200, (Exception,), {})

CLASSES: list[Callable[..., BaseException]] = [
    ValueError, KeyError, OSError, RecursionError, MemoryError, StopIteration, SystemExit, KeyboardInterrupt, GeneratorExit,
    StrRaises, StrExits, StrRaisesItself, StrIsNoString, StrRecurses, StrChanges, StrIsOfAnotherClass, ArgumentRaises, NotesRaise,
    NotesAreNone, NameRaises, ClassRaises, Ends, Group, LINES, LONG,
]  # fmt: skip


def true_name(error: BaseException) -> str:
    """The name of an error's class."""
    name: str = type.__dict__["__name__"].__get__(type(error))
    return name


_texts = st.text(st.characters(), max_size=30) | st.sampled_from(
    ["half \ud83d emoji", "nul \x00", "\x1b[31m", "x" * 600_000, "\U0001f600" * 5000, "\ud83d" * 5000, ""]
)
_arguments = st.lists(_texts | st.integers() | st.binary(max_size=3) | st.builds(Text) | st.none(), max_size=2)


@dataclass(frozen=True, repr=False)
class Hostile:
    """An exception in a box, which can be shown where the exception can't: in the report on a test that failed."""

    error: BaseException

    def __repr__(self) -> str:
        return f"<{true_name(self.error)}>"


@st.composite
def errors(draw: st.DrawFn) -> Hostile:
    """Any exception, with any arguments, cause and notes."""
    error = draw(st.sampled_from(CLASSES))(*draw(_arguments))
    cause = draw(st.sampled_from([None, *CLASSES]))
    BaseException.__dict__["__cause__"].__set__(error, cause("cause") if cause else None)
    if type(error) not in (NotesRaise, NotesAreNone):
        for note in draw(st.lists(_texts, max_size=2)):
            error.add_note(note)
    return Hostile(error)
