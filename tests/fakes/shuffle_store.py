"""Stands for S3 under the emitter: takes puts, at its own speed, and remembers how they came."""

import threading
from collections.abc import Callable

from tests.fakes.waiting import PATIENCE_SECONDS


class ShuffleStore:
    """Objects by key. Put it in place of `storage.put_once` as `store.put`.

    Attributes:
        objects: `{key: body}` of the pairs that are stored.
        proofs: `{key: body}` of what a mapper says of them.
        started: keys whose put has begun.
    """

    def __init__(self, refuse: Callable[[str], Exception | None] = lambda key: None) -> None:
        self.objects: dict[str, bytes] = {}
        self.proofs: dict[str, bytes] = {}
        self.started: list[str] = []
        self.buckets: set[str] = set()
        self._refuse = refuse
        self._lock, self._gate, self._progress = threading.Lock(), threading.Event(), threading.Condition()
        self._gate.set()

    def hold(self) -> None:
        """Let every put hang, until `release`."""
        self._gate.clear()

    def release(self) -> None:
        """Let all puts go on."""
        self._gate.set()

    def wait_for_started(self, number: int) -> bool:
        """Whether `number` puts have begun, soon enough."""
        with self._progress:
            return self._progress.wait_for(lambda: len(self.started) >= number, PATIENCE_SECONDS)

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """`storage.put_once`."""
        if "emitted" in key.split("/"):
            self.proofs[key] = body
            return
        with self._progress:
            self.started.append(key)
            self._progress.notify_all()
        if not self._gate.wait(PATIENCE_SECONDS):
            raise TimeoutError("nobody released the store")
        if error := self._refuse(key):
            raise error
        with self._lock:
            self.buckets.add(bucket)
            self.objects[key] = body
