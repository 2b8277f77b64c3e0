"""The values of one word, as `user_reduce` gets them: read like a list, and as small as what differs in it."""

import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, repeat, starmap
from operator import index as whole_number
from typing import Any, overload

_SCALARS = frozenset({int, str, float, bool, type(None)})


class Values(Sequence[Any]):
    """A read-only sequence that keeps equal values in a row once: `Values([(1, 3), ("a", 1)])` is `[1, 1, 1, "a"]`.

    It reads like a list: `len`, `[...]`, `for`, `in`, `==`, `+`, `sum`, `sorted`, `repr`. A slice is a `Values`, too. Lists
    and dicts in it are handed out as copies: whoever changes one changes nothing in here.
    """

    __slots__ = ("_ends", "_runs")

    def __init__(self, runs: Iterable[tuple[Any, int]]) -> None:
        """`runs`: values and how often each follows itself, e.g. `[(1, 50_000_000), ("a", 2)]`; each number is at least 1."""
        self._runs = tuple(runs)
        self._ends: list[int] | None = None

    def __len__(self) -> int:
        ends = self._ends_of_runs()
        return ends[-1] if ends else 0

    def __iter__(self) -> Iterator[Any]:
        if len(self._runs) == 1:
            return _repeated(*self._runs[0])
        return chain.from_iterable(starmap(_repeated, self._runs))

    def __reversed__(self) -> Iterator[Any]:
        return chain.from_iterable(starmap(_repeated, reversed(self._runs)))

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> "Values": ...
    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return self._slice(range(len(self))[place])
        try:
            number = range(len(self))[place]
        except IndexError:
            raise IndexError("list index out of range") from None
        return _own(self._runs[bisect_right(self._ends_of_runs(), number)][0])

    def __contains__(self, value: object) -> bool:
        return any(value is other or value == other for other, _ in self._runs)

    def index(self, value: Any, start: int = 0, stop: int = sys.maxsize) -> int:
        """The first place of `value`, from `start` on and before `stop`. Raises ValueError: it is at none."""
        places = range(len(self))[start:stop]
        for (other, times), end in zip(self._runs, self._ends_of_runs(), strict=True):
            first = max(places.start, end - times)
            if first < min(places.stop, end) and (value is other or value == other):
                return first
        raise ValueError(f"{value!r:.200} is not in list")

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
        return list(self) * whole_number(times)

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return repr(list(self))

    def _ends_of_runs(self) -> list[int]:
        if self._ends is None:
            self._ends = list(accumulate([times for _, times in self._runs]))
        return self._ends

    def _slice(self, places: range) -> "Values":
        runs: list[tuple[Any, int]] = []
        ends = self._ends_of_runs()
        while places:
            number = bisect_right(ends, places[0])
            value, times = self._runs[number]
            here = range(places[0], ends[number] if places.step > 0 else ends[number] - times - 1, places.step)
            taken = min(len(here), len(places))
            runs.append((value, taken))
            places = places[taken:]
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
