"""The values of one word, as `user_reduce` gets them: read like a list, and as small as what differs in it."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, repeat, starmap
from operator import index
from typing import Any, overload

_SCALARS = frozenset({int, str, float, bool, type(None)})


class Values(Sequence[Any]):
    """A read-only sequence that keeps equal values in a row once: `Values([(1, 3), ("a", 1)])` is `[1, 1, 1, "a"]`.

    It reads like a list: `len`, `[...]`, `for`, `in`, `==`, `+`, `sum`, `sorted`, `repr`. A slice is a `Values`, too. Lists
    and dicts in it are handed out as copies: whoever changes one changes nothing in here.
    """

    __slots__ = ("_ends", "_length", "_runs")

    def __init__(self, runs: Iterable[tuple[Any, int]]) -> None:
        """`runs`: values and how often each follows itself, e.g. `[(1, 50_000_000), ("a", 2)]`; each number is at least 1."""
        self._runs = runs = tuple(runs)
        # Nearly always one run: a word that was emitted with nothing but 1.
        self._length = runs[0][1] if len(runs) == 1 else sum([times for _, times in runs])
        self._ends: list[int] | None = None

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Any]:
        return chain.from_iterable(starmap(_repeated, self._runs))

    def __reversed__(self) -> Iterator[Any]:
        return chain.from_iterable(starmap(_repeated, reversed(self._runs)))

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> "Values": ...
    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return self._slice(range(self._length)[place])
        number = index(place)
        if not -self._length <= number < self._length:
            raise IndexError("list index out of range")
        return _own(self._runs[self._run_of(number % self._length)][0])

    def __contains__(self, value: object) -> bool:
        return any(value is other or value == other for other, _ in self._runs)

    def count(self, value: Any) -> int:
        """How often `value` is in it."""
        return sum(times for other, times in self._runs if value is other or value == other)

    def copy(self) -> list[Any]:
        """A list of the values, to be changed at will."""
        return list(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Values | list):
            return NotImplemented
        if isinstance(other, Values) and self._runs == other._runs:
            return True
        return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # like a list's

    def __lt__(self, other: Any) -> Any:
        return list(self) < list(other) if isinstance(other, Values | list) else NotImplemented

    def __le__(self, other: Any) -> Any:
        return list(self) <= list(other) if isinstance(other, Values | list) else NotImplemented

    def __gt__(self, other: Any) -> Any:
        return list(self) > list(other) if isinstance(other, Values | list) else NotImplemented

    def __ge__(self, other: Any) -> Any:
        return list(self) >= list(other) if isinstance(other, Values | list) else NotImplemented

    def __add__(self, other: Any) -> Any:
        return [*self, *other] if isinstance(other, Values | list) else NotImplemented

    def __radd__(self, other: Any) -> Any:
        return [*other, *self] if isinstance(other, list) else NotImplemented

    def __mul__(self, times: Any) -> list[Any]:
        return list(self) * index(times)

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return repr(list(self))

    def _run_of(self, number: int) -> int:
        if self._ends is None:
            self._ends = list(accumulate(times for _, times in self._runs))
        return bisect_right(self._ends, number)

    def _slice(self, places: range) -> "Values":
        runs: list[tuple[Any, int]] = []
        while places:
            run = self._run_of(places[0])
            end = self._ends[run] if self._ends else 0
            begin = end - self._runs[run][1]
            here = range(places[0], end if places.step > 0 else begin - 1, places.step)
            times = min(len(here), len(places))
            runs.append((self._runs[run][0], times))
            places = places[times:]
        return Values(runs)


def _repeated(value: Any, times: int) -> Iterator[Any]:
    return repeat(value, times) if type(value) in _SCALARS else map(_own, repeat(value, times))


def _own(value: Any) -> Any:
    """The value itself, or a copy of it that its taker may change."""
    if type(value) is list:
        return [_own(part) for part in value]
    if type(value) is dict:
        return {key: _own(part) for key, part in value.items()}
    return value
