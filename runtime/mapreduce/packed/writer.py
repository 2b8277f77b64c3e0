"""A mapper's side of the layout: pairs are collected, sorted and compressed, and stored as one object at the end."""

import os
import threading
from collections.abc import Iterator
from functools import partial
from uuid import uuid4

from runtime.mapreduce.keys import Destination, encode_word
from runtime.mapreduce.packed import names
from runtime.mapreduce.packed.format import PAIRS, Block, Contents, Draft, build
from runtime.mapreduce.packed.frames import Runs, count_pairs, encode_frames, frame_bytes
from runtime.mapreduce.packed.pairs import Pairs
from runtime.mapreduce.packed.partitioning import partition_numbers
from runtime.mapreduce.packed.spool import Spool
from runtime.mapreduce.sequence import Values
from runtime.mapreduce.shuffle import Combine, Writer
from runtime.mapreduce.values import Json
from runtime.record import record
from runtime.run import Run

MEMORY_VARIABLE = "SHUFFLE_MEMORY_MB"
"""The environment variable that says how many megabytes of pairs a mapper collects before it compresses them."""

_MEMORY_MB = 64
_MEMORY_SHARE = 1 / 8
"""Of a function's memory, where that is less. Sealing takes as much again, and the text and the runtime need their room, too."""


@record
class _Part:
    """The sorted pairs of one partition in one segment: where in the spool its frames are, and what `Block` says of them."""

    places: tuple[int, ...]
    lengths: tuple[int, ...]
    pairs: int
    words: int
    ones: bool


class PackedWriter(Writer):
    """Collects pairs, in two stores: the own thread's, which `emit` counts up without a lock, and that of all other threads.

    When a store takes more than its share of memory, its pairs are sealed: they become a segment, that is one part for each
    partition. What is left at the end is the last segment.
    """

    def __init__(self, where: Destination, num_reducer: int, run: Run, combine: Combine | None) -> None:
        self._where, self._num_reducer, self._run, self._combine = where, num_reducer, run, combine
        self._memory_bytes = _memory_bytes()
        self._frame_bytes = frame_bytes(run.size)
        self._thread = threading.get_ident()
        self._own, self._others = Pairs(), Pairs()
        self.counts = self._own.counts
        # Guards the others' store and all below.
        self._lock = threading.Lock()
        self._spool = Spool()
        self._segments: list[dict[int, _Part]] = []
        self._emitted = self._written = 0

    def add(self, word: str, value: Json) -> None:
        if not word.isascii():
            encode_word(word)
        if threading.get_ident() == self._thread:
            self._own.add(word, value)
            if self._own.size > self._memory_bytes:
                self._seal_own_if_large()
        else:
            with self._lock:
                self._others.add(word, value)
                self._seal_others_if_large()

    def add_counts(self, counts: dict[str, int]) -> None:
        try:
            "".join(counts).encode()
        except UnicodeEncodeError:
            for word in counts:
                encode_word(word)
        if threading.get_ident() == self._thread:
            self._own.add_counts(counts)
            self._seal_own_if_large()
        else:
            with self._lock:
                self._others.add_counts(counts)
                self._seal_others_if_large()

    def finish(self) -> None:
        with self._lock:
            self._own.add_all_of(self._others)
            self._seal(self._own)
            run = self._run
            contents = Contents(
                PAIRS, run.run_id, run.index, run.size, self._num_reducer, self._emitted, self._written, self._combine is not None
            )
            drafts = [draft for number in range(self._num_reducer) if (draft := self._draft(number)) is not None]
            name = str(run.index) if run.run_id is not None else str(uuid4())
            size = sum(block.length for block, _ in drafts)
            names.store(self._where, name, run, size, partial(build, contents, drafts))

    def abandon(self) -> None:
        with self._lock:
            self._spool.close()

    def _seal_own_if_large(self) -> None:
        if self._own.size > self._memory_bytes:
            with self._lock:
                self._seal(self._own)

    def _seal_others_if_large(self) -> None:
        if self._others.size > self._memory_bytes:
            self._seal(self._others)

    def _seal(self, pairs: Pairs) -> None:
        taken = pairs.take()
        emitted = count_pairs(taken.values())
        self._emitted += emitted
        # Counted apart from the blocks, so that a segment that gets lost on its way into them is missed.
        self._written += emitted if self._combine is None else len(taken)
        words_of: list[list[str]] = [[] for _ in range(self._num_reducer)]
        for word, number in zip(taken, partition_numbers(taken, self._num_reducer), strict=True):
            words_of[number].append(word)
        self._segments.append({number: self._part(words, taken) for number, words in enumerate(words_of) if words})

    def _part(self, words: list[str], taken: dict[str, Runs]) -> _Part:
        words.sort()  # by code points, which is the order of UTF-8, too
        runs = list(map(taken.__getitem__, words))
        if self._combine is not None:
            runs = [_joined(self._combine, word, run) for word, run in zip(words, runs, strict=True)]
        frames = [(self._spool.append(frame), len(frame)) for frame in encode_frames(words, runs, self._frame_bytes)]
        places, lengths = zip(*frames, strict=True)
        return _Part(places, lengths, count_pairs(runs), len(words), list not in set(map(type, runs)))

    def _draft(self, number: int) -> Draft | None:
        parts = [segment[number] for segment in self._segments if number in segment]
        if not parts:
            return None
        lengths = tuple(part.lengths for part in parts)
        pairs, words = sum(part.pairs for part in parts), sum(part.words for part in parts)
        return Block(number, 0, lengths, pairs, words, all(part.ones for part in parts)), partial(self._chunks, parts)

    def _chunks(self, parts: list[_Part]) -> Iterator[bytes]:
        for part in parts:
            yield from map(self._spool.read, part.places, part.lengths)


def _memory_bytes() -> int:
    asked = os.environ.get(MEMORY_VARIABLE)
    if asked is None:
        megabytes = min(_MEMORY_MB, _MEMORY_SHARE * float(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "inf")))
    else:
        megabytes = float(asked)
    return int(megabytes * 2**20)


def _joined(combine: Combine, word: str, runs: Runs) -> Runs:
    value = combine(word, values_of(runs))
    return 1 if type(value) is int and value == 1 else [value, 1]


def values_of(runs: Runs) -> Values:
    """The values of a word, as user functions get them."""
    return Values(((1, runs),) if isinstance(runs, int) else zip(runs[::2], runs[1::2], strict=True))
