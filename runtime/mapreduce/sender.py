"""The puts of one mapper, under way beside the map.

`CONCURRENCY` of them are under way at once and as many wait; then `send` blocks, so that memory holds what is in flight,
however much is sent.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

from runtime.mapreduce import storage
from runtime.mapreduce.run import Run

CONCURRENCY = 32


class Sender:
    """Puts objects into one bucket, several at once. It may be used from several threads."""

    def __init__(self, bucket: str, run: Run) -> None:
        self._bucket, self._run = bucket, run
        self._pool = ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="emit")
        self._slots = threading.BoundedSemaphore(2 * CONCURRENCY)
        self._failure: Exception | None = None
        self._abandoned = False

    def send(self, key: str, body: bytes) -> None:
        """Put an object, sooner or later; blocks while enough is under way.

        Raises:
            StorageError: an earlier put finally failed.
        """
        self._slots.acquire()
        if self._failure is not None:
            self._slots.release()
            raise self._failure
        self._run.requests["s3.PutObject"] += 1
        self._pool.submit(self._put, key, body)

    def finish(self) -> None:
        """Wait until everything is stored. Raises StorageError: a put finally failed."""
        self._pool.shutdown(wait=True)
        if self._failure is not None:
            raise self._failure

    def abandon(self) -> None:
        """End the threads without storing what still waits: the mapper has failed, or has nothing left to store."""
        self._abandoned = True
        self._pool.shutdown(wait=True)

    def _put(self, key: str, body: bytes) -> None:
        try:
            if not self._abandoned and self._failure is None:
                storage.put(self._bucket, key, body)
        except Exception as error:
            # The first one stays: those under way beside it mostly fail of the same cause.
            self._failure = self._failure or error
        finally:
            self._slots.release()
