"""How `emit_all` counts words: at C's speed, in batches that bound the memory, and with the same outcome as one by one.

Handing out costs several times what counting does, but only once for each different word of a batch. So a batch grows until it
holds so many different words, not until so many words were read.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import chain, islice
from typing import Any

from runtime.ports import ports

_EXACT = str.__str__
"""Gives the plain text of a string, and an error for anything else."""
_END = object()


class NoWordError(TypeError):
    """`emit_all` was given something that is no string."""


class Batches:
    """What one mapper's `emit_all` has counted and not handed out yet.

    Attributes:
        held: the batches of the mapper's own thread; several, if the iterable of one `emit_all` calls another.
    """

    def __init__(self, hand_out: Callable[[dict[str, int]], None]) -> None:
        """`hand_out` takes words with their numbers, in any thread."""
        self.held: list[Counter[str]] = []
        self._hand_out = hand_out

    def count(self, words: Iterable[str], hold: bool) -> None:
        """Hand all words out, also those that come before an error; `hold`: in the mapper's own thread.

        Raises:
            NoWordError: one is no string.
            Exception: whatever `words` or handing out raises.
        """
        batch: Counter[Any] = Counter()
        limits = ports().limits
        rest = chain(map(_EXACT, words), (_END,))
        if hold:
            self.held.append(batch)
        ended = 0
        try:
            while not ended:
                try:
                    while len(batch) < limits.batch_words and _END not in batch:
                        batch.update(islice(rest, limits.step_words))
                finally:
                    ended = batch.pop(_END, 0)
                    self._empty(batch)
        except TypeError as error:
            if _EXACT.__name__ not in str(error):
                raise
            raise NoWordError(f"emit_all() takes words, which are strings; {str(error).rpartition(' but ')[2]}") from None
        finally:
            self.held = [other for other in self.held if other is not batch]

    def release(self) -> None:
        """Hand out what is held: it comes before a pair that the iterable of an `emit_all` emits by itself, as it is read."""
        for batch in self.held:
            self._empty(batch)

    def _empty(self, batch: Counter[str]) -> None:
        counts = dict(batch)
        batch.clear()
        self._hand_out(counts)
