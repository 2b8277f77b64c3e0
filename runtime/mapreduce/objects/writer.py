"""One S3 object for each pair that a map function hands out.

Puts start while the map still runs, see `sender`. Memory holds what is in flight, and one small entry for each distinct word and
for each distinct pair whose value is not 1, however long the chunk is.
"""

import threading
from collections import Counter
from uuid import uuid4

from runtime.mapreduce.keys import Destination, encode_word, escape, is_long, pair_key, reducer_id
from runtime.mapreduce.objects import proof
from runtime.mapreduce.objects.bodies import Body
from runtime.mapreduce.objects.names import name_of_one, name_of_value, text_of
from runtime.mapreduce.objects.sender import Sender
from runtime.mapreduce.shuffle import Writer
from runtime.mapreduce.values import Json
from runtime.run import Run


class _Word:
    """What is known of one word.

    Attributes:
        ones: how often it was emitted with the value 1.
        others: how often it was emitted with other values.
    """

    __slots__ = ("body", "ones", "others", "partition", "segment")

    def __init__(self, partition: int, segment: str, body: bytes) -> None:
        self.partition, self.segment, self.body = partition, segment, body
        self.ones = self.others = 0


class ObjectWriter(Writer):
    """The puts of one mapper. For the objects' names, which are the same when a mapper runs twice, see `names`."""

    def __init__(self, destination: Destination, num_reducer: int, run: Run) -> None:
        self.counts: dict[str, int] = {}  # Each pair is an object, so there is nothing to count up.
        self._destination, self._num_reducer, self._run = destination, num_reducer, run
        self._sender = Sender(destination.bucket, run)
        self._lock = threading.Lock()
        self._words: dict[str, _Word] = {}
        self._same: Counter[tuple[str, str]] = Counter()
        self._uuids: list[str] = []

    def add(self, word: str, value: Json) -> None:
        """Put the object of one pair; blocks while enough is under way.

        Raises:
            ValueError: the word holds a lone surrogate.
            StorageError: an earlier put finally failed.
            OutOfTimeError: the invocation's time is nearly up.
        """
        with self._lock:
            known = self._words.get(word) or self._remember(word)
            if type(value) is int and value == 1:
                name, body = self._uuid(known.ones), known.body
                known.ones += 1
            else:
                name, body = self._value(word, known, value)
                known.others += 1
        self._sender.send(pair_key(self._destination.prefix, known.partition, known.segment, name), body)

    def add_counts(self, counts: dict[str, int]) -> None:
        """Put so many objects for each word. Raises what `add` raises."""
        for word, times in counts.items():
            for _ in range(times):
                self.add(word, 1)

    def finish(self) -> None:
        """Wait until everything is stored. Inside a run, then say how much that is.

        Raises:
            StorageError: a put finally failed.
            OutOfTimeError: the invocation's time is nearly up.
        """
        self._sender.finish()
        if self._run.run_id is not None:
            emitted = ((known.partition, known.segment, known.ones + known.others) for known in self._words.values())
            proof.store_emitted(self._destination, self._run, emitted)

    def abandon(self) -> None:
        """End the threads."""
        self._sender.abandon()

    def _remember(self, word: str) -> _Word:
        segment = escape(word)
        known = _Word(reducer_id(word, self._num_reducer), segment, encode_word(word) if is_long(segment) else b"")
        self._words[word] = known
        return known

    def _uuid(self, occurrence: int) -> str:
        """The name of a pair with the value 1."""
        if self._run.run_id is None:
            return str(uuid4())
        if occurrence == len(self._uuids):
            self._uuids.append(str(name_of_one(self._run.run_id, self._run.index, occurrence)))
        return self._uuids[occurrence]

    def _value(self, word: str, known: _Word, value: Json) -> tuple[str, bytes]:
        """The name and the body of a pair with another value."""
        occurrence, name = 0, uuid4()
        if self._run.run_id is not None:
            text = text_of(value)
            occurrence = self._same[word, text]
            self._same[word, text] = occurrence + 1
            name = name_of_value(self._run.run_id, self._run.index, text, occurrence)
        body = Body(self._run.index, known.ones + known.others, occurrence, value, word if known.body else None)
        return str(name), body.to_bytes()
