"""What was left out of the input, or was odd about it: of several files the first is named, and the others are counted."""

from collections import defaultdict

HIDDEN = ("begins with a dot and is left out", "begin with a dot and are left out")
MARKED = ("begins with a dot or an underscore and is left out", "begin with a dot or an underscore and are left out")
EMPTY = ("is empty", "are empty")
AGAIN = ("links to a folder that is read already", "link to folders that are read already")
CHANGED = ("changed while it was read", "changed while they were read")
"""What is said of one, and of several."""


class Noticed:
    """Names by what is to be said of them; `what` is what they are called, such as "files"."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._names = defaultdict[tuple[str, str], list[str]](list)

    def add(self, kind: tuple[str, str], *names: object) -> None:
        """Take names of one kind."""
        self._names[kind] += map(str, names)

    def number(self, kind: tuple[str, str]) -> int:
        """How many names there are of a kind."""
        return len(self._names[kind])

    @property
    def notices(self) -> list[str]:
        """`["a.txt is empty", "3 files changed while they were read, the first is b.txt"]`."""
        return [
            f"{names[0]} {one}" if len(names) == 1 else f"{len(names)} {self._what} {many}, the first is {names[0]}"
            for one, many in (HIDDEN, MARKED, EMPTY, AGAIN, CHANGED)
            if (names := self._names[one, many])
        ]
