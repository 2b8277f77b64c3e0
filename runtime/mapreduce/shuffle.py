"""The contract of a shuffle layout: how the pairs of mappers lie in S3, and how reducers find them again.

    objects    one object for each pair: the mission's layout, and the default
    packed     one object for each mapper

Each layout is a package of that name beside this module. Only the one that is asked for is imported.

The values of one word come in the same order in every layout: by the index of the mapper, and then as that mapper emitted them.
Threads other than the mapper's own have no order among themselves.
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

from runtime.mapreduce.keys import Destination
from runtime.mapreduce.sequence import Values
from runtime.mapreduce.values import Json
from runtime.run import Run

LAYOUTS = ("objects", "packed")

DEFAULT_LAYOUT = "objects"

Combine = Callable[[str, Values], Json]
"""Joins values of one word, in a mapper, into one value that stands for them."""


class Writer(ABC):
    """Takes the pairs of one mapper. It is made in the mapper's own thread.

    Attributes:
        counts: the words that the mapper's own thread has emitted with nothing but the value 1 so far, and how often. That thread
            counts up a word that is in here without telling the writer. So the writer may take words out, in that thread, but
            never replaces the dict, and no other thread touches it. It stays empty where each pair needs work of its own.
    """

    counts: dict[str, int]

    @abstractmethod
    def add(self, word: str, value: Json) -> None:
        """Take a pair, from any thread. `word` is exactly a str, and `value` is canonical, see `values.canonical`.

        Raises:
            ValueError: the word holds a lone surrogate.
            StorageError: an earlier request finally failed.
        """

    @abstractmethod
    def add_counts(self, counts: dict[str, int]) -> None:
        """Take `(word, 1)` so many times for each word, from any thread. Each word is exactly a str. The dict is given away.

        Raises: what `add` raises.
        """

    @abstractmethod
    def finish(self) -> None:
        """Return when all that was added is committed. Nothing is added any more. Raises StorageError."""

    @abstractmethod
    def abandon(self) -> None:
        """Let go of threads, files and unfinished uploads: the mapper has failed, or `finish` has returned."""


class Shuffle(ABC):
    """One layout.

    Attributes:
        is_sorted: whether `read` gives the words in their order, that of code points.
    """

    is_sorted: bool

    @abstractmethod
    def writer(self, where: Destination, num_reducer: int, run: Run, combine: Combine | None) -> Writer:
        """What takes the pairs of this mapper. A layout that can't combine on the map's side leaves `combine` out and says so."""

    @abstractmethod
    def partitions(self, where: Destination, run: Run, mappers: int) -> list[str]:
        """The partitions that hold something, in the order of their numbers: `["reducer2/", "reducer10/"]`.

        Args:
            mappers: how many mappers there were in the run.
        """

    @abstractmethod
    def read(self, where: Destination, partition: str, run: Run) -> Iterator[tuple[str, Values]]:
        """Each word of a partition once, with all its values."""


def shuffle_named(name: object) -> Shuffle:
    """The layout of that name. Raises ValueError: there is none."""
    if not isinstance(name, str) or name not in LAYOUTS:
        raise ValueError(f'"shuffle" must be {" or ".join(LAYOUTS)}; got {name!r:.200}')
    shuffle: Shuffle = importlib.import_module(f"runtime.mapreduce.{name}").LAYOUT
    return shuffle
