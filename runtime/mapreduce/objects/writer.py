"""One S3 object for each pair that a map function hands out.

Puts start while the map still runs, see `sender`. Memory holds what is in flight and one small entry for each distinct word,
however long the chunk is.
"""

import threading
from uuid import UUID, uuid4, uuid5

from runtime.mapreduce.keys import Destination, encode_word, escape, is_long, partition_directory, reducer_id
from runtime.mapreduce.run import Run
from runtime.mapreduce.sender import Sender
from runtime.mapreduce.shuffle import Writer
from runtime.mapreduce.values import Json, shown

_NAMESPACE = UUID("6b1a3c1e-52d7-5d0f-9a57-0c0f2f6f4b1d")
"""Fixed for ever: another value would give a retried mapper of a running deployment new object names."""


class ObjectWriter(Writer):
    """The puts of one mapper.

    Inside a run, `{uuid}` is made from run id, mapper index and how often this word was emitted before: a mapper that runs twice
    writes the same keys, even if its map function visits the words in another order the second time, or in several threads.
    """

    def __init__(self, destination: Destination, num_reducer: int, run: Run) -> None:
        self.counts: dict[str, int] = {}  # Each pair is an object, so there is nothing to count up.
        self._destination, self._num_reducer, self._run = destination, num_reducer, run
        self._sender = Sender(destination.bucket, run)
        self._lock = threading.Lock()
        self._words: dict[str, tuple[str, bytes]] = {}
        self._emitted: dict[str, int] = {}
        self._uuids: list[str] = []

    def add(self, word: str, value: Json) -> None:
        """Put the object of one pair; blocks while enough is under way.

        Raises:
            ValueError: the value is not 1, or the word holds a lone surrogate.
            StorageError: an earlier put finally failed.
            OutOfTimeError: the invocation's time is nearly up.
        """
        if type(value) is not int or value != 1:
            raise ValueError(f"the layout objects takes no value but 1 yet; got {shown(value)} for the word {shown(word)}")
        with self._lock:
            directory, body = self._words.get(word) or self._remember(word)
            occurrence = self._emitted[word]
            self._emitted[word] = occurrence + 1
            key = directory + self._uuid(occurrence)
        self._sender.send(key, body)

    def add_counts(self, counts: dict[str, int]) -> None:
        """Put so many objects for each word. Raises what `add` raises."""
        for word, times in counts.items():
            for _ in range(times):
                self.add(word, 1)

    def finish(self) -> None:
        """Wait until everything is stored.

        Raises:
            StorageError: a put finally failed.
            OutOfTimeError: the invocation's time is nearly up.
        """
        self._sender.finish()

    def abandon(self) -> None:
        """End the threads."""
        self._sender.abandon()

    def _remember(self, word: str) -> tuple[str, bytes]:
        partition = partition_directory(reducer_id(word, self._num_reducer))
        segment = escape(word)
        entry = f"{self._destination.prefix}{partition}{segment}/", encode_word(word) if is_long(segment) else b""
        self._words[word] = entry
        self._emitted[word] = 0
        return entry

    def _uuid(self, occurrence: int) -> str:
        if self._run.run_id is None:
            return str(uuid4())
        if occurrence == len(self._uuids):
            self._uuids.append(str(uuid5(_NAMESPACE, f"{self._run.run_id}/{self._run.index}/{occurrence}")))
        return self._uuids[occurrence]
