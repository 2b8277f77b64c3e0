"""emit: one empty S3 object for each pair that a map function hands out.

Puts start while the map still runs, see `sender`. Memory holds what is in flight and one small entry for each distinct word,
however long the chunk is.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4, uuid5

from runtime.mapreduce.keys import (
    MAX_NUM_REDUCER,
    Destination,
    encode_word,
    escape,
    is_long,
    partition_directory,
    reducer_id,
)
from runtime.mapreduce.run import Run, current_run
from runtime.mapreduce.scope import Scope, current_scope
from runtime.mapreduce.sender import Sender

_NAMESPACE = UUID("6b1a3c1e-52d7-5d0f-9a57-0c0f2f6f4b1d")
"""Fixed for ever: another value would give a retried mapper of a running deployment new object names."""


def emit(word: str) -> None:
    """Hand out `(word, 1)`: puts the object `reducer{id}/{word}/{uuid}` under the mapper's destination.

    Returns before the object is stored; the mapper returns only after all are. Threads and tasks that user_map starts may call
    it, too, if user_map waits for them. Each error fails the mapper, even if it is caught.

    Raises:
        TypeError: `word` is no string.
        ValueError: `word` holds a lone surrogate.
        RuntimeError: user_map has returned, or this is another process, or there is no mapper at all; see `scope`.
        StorageError: an earlier put finally failed.
    """
    current_scope().emit(word)


@contextmanager
def emitting(destination: object, num_reducer: object) -> Iterator[None]:
    """Let `emit` write to `destination`, over `num_reducer` partitions, until the body ends; then wait for every put.

    Raises:
        TypeError, ValueError: a word was refused; or destination or number of reducers is malformed.
        RuntimeError: `emit` was called where or when it can't be, or a thread that emits is still at work.
        StorageError: a put finally failed.
    """
    if not isinstance(num_reducer, int) or isinstance(num_reducer, bool) or not 1 <= num_reducer <= MAX_NUM_REDUCER:
        raise ValueError(f'"numReducer" must be a whole number from 1 to {MAX_NUM_REDUCER}; got {num_reducer!r:.200}')
    run = current_run()
    emitter = _Emitter(Destination.parse(destination, run.run_id), num_reducer, run)
    try:
        with Scope(emitter.emit) as scope:
            yield
            scope.close()
            emitter.finish()
            scope.check()
    finally:
        emitter.abandon()


class _Emitter:
    """The puts of one mapper.

    Inside a run, `{uuid}` is made from run id, mapper index and how often this word was emitted before: a mapper that runs twice
    writes the same keys, even if its map function visits the words in another order the second time, or in several threads.
    """

    def __init__(self, destination: Destination, num_reducer: int, run: Run) -> None:
        self._destination, self._num_reducer, self._run = destination, num_reducer, run
        self._sender = Sender(destination.bucket, run)
        self._lock = threading.Lock()
        self._words: dict[str, tuple[str, bytes]] = {}
        self._emitted: dict[str, int] = {}
        self._uuids: list[str] = []

    def emit(self, word: str) -> None:
        if not isinstance(word, str):
            raise TypeError(f"emit() takes a word, a string; got {word!r:.200}")
        with self._lock:
            directory, body = self._words.get(word) or self._remember(word)
            occurrence = self._emitted[word]
            self._emitted[word] = occurrence + 1
            key = directory + self._uuid(occurrence)
        self._sender.send(key, body)

    def finish(self) -> None:
        self._sender.finish()

    def abandon(self) -> None:
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
