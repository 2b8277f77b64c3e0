"""The jobs of the schedules, each with what one process makes of the same texts: the only right result.

words      the repository's own job: what it emits are ones
values     ones among values of all kinds under the same word; the result of a word is the list of them, so that a value that is
           lost, doubled, changed or out of order shows
combined   lists, which the combiner and then the reduce join: the result of a word is one list of all that was emitted

The last two also count what they map and what they reduce, see `counted`.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from zlib import crc32

from functions.mapper.user_map import user_map as count
from functions.reducer.user_reduce import user_reduce as total
from runtime.mapreduce import count as counter
from runtime.mapreduce import emit
from tests.one_process import Job, Pair

VALUES = (1, 2, True, 1, 1.0, "1", 1, None, [1, {"a": 1}], 1, 0.0, -0.0, {"b": [1]}, 1, "é", False, 3.5)
"""Many a 1, and what is taken for a 1 or for one another by whoever compares carelessly."""

_EACH = 3
"""How many values are emitted under each word of a text."""


def _ones(text: str) -> Iterable[Pair]:
    return ((word, 1) for word in text.split())


def _various(text: str) -> list[Pair]:
    """Other values for another text, so that two mappers' are told apart."""
    first = crc32(text.encode())
    places = [(word, first + _EACH * number + 5 * each) for number, word in enumerate(text.split()) for each in range(_EACH)]
    return [(word, VALUES[place % len(VALUES)]) for word, place in places]


def _map_various(text: str) -> None:
    counter("texts")
    for word, value in _various(text):
        counter("pairs")
        if type(value) is int and value == 1:
            emit(word)
        else:
            emit(word, value)


def _listed(text: str) -> list[Pair]:
    return [(word, [value]) for word, value in _various(text)]


def _map_listed(text: str) -> None:
    counter("texts")
    for word, value in _listed(text):
        counter("pairs")
        emit(word, value)


def _all(word: str, values: Sequence[Any]) -> list[Any]:
    counter("words")
    counter("values", len(values))
    return list(values)


def _all_joined(word: str, lists: Sequence[list[Any]]) -> list[Any]:
    counter("words")
    return _joined(word, lists)


def _joined(word: str, lists: Sequence[list[Any]]) -> list[Any]:
    return [value for one in lists for value in one]


WORDS = Job("words", count, total, None, _ones)
VARIOUS = Job("values", _map_various, _all, None, _various)
COMBINED = Job("combined", _map_listed, _all_joined, _joined, _listed)
JOBS = (WORDS, VARIOUS, COMBINED)


def counted(job: Job, texts: Sequence[str]) -> dict[str, int]:
    """What the counters of a run over these texts must say; those that say nothing are left out."""
    if job.name not in (VARIOUS.name, COMBINED.name):
        return {}
    pairs = [pair for text in texts for pair in job.pairs(text)]
    counts = {"texts": len(texts), "pairs": len(pairs), "words": len(dict(pairs))}
    counts |= {"values": len(pairs)} if job is VARIOUS else {}
    return {name: number for name, number in counts.items() if number}
