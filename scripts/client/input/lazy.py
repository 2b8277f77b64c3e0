"""A sequence whose items are made when they are asked for: all of them need never be in memory together."""

from collections.abc import Callable, Sequence
from typing import TypeVar, overload

T = TypeVar("T")


class Lazy(Sequence[T]):
    """So many items, each of which `make` gives by its index from 0."""

    def __init__(self, length: int, make: Callable[[int], T]) -> None:
        self._places, self._make = range(length), make

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        chosen = self._places[index]
        return self._make(chosen) if isinstance(chosen, int) else [self._make(place) for place in chosen]
