"""S3 objects in memory, with versions, behind the functions of `runtime.aws.s3` that a lock needs."""

import itertools
import threading

from runtime.aws.s3 import Version


class Objects:
    """Set `create`, `get_version` and `replace` in the place of storage's.

    Attributes:
        bodies: each object by bucket and key.
        conflicts: how many of the next creations are answered "already exists", though nothing is there (S3's 409).
        lost_answers: how many of the next creations are made, and answered "already exists".
    """

    def __init__(self) -> None:
        self.bodies: dict[tuple[str, str], Version] = {}
        self.conflicts = 0
        self.lost_answers = 0
        self._versions, self._lock = itertools.count(1), threading.Lock()

    def create(self, bucket: str, key: str, body: bytes) -> bool:
        """`storage.create`."""
        with self._lock:
            if self.conflicts:
                self.conflicts -= 1
                return False
            if (bucket, key) in self.bodies:
                return False
            self.bodies[bucket, key] = Version(body, str(next(self._versions)))
            if self.lost_answers:
                self.lost_answers -= 1
                return False
            return True

    def get_version(self, bucket: str, key: str) -> Version | None:
        """`storage.get_version`."""
        return self.bodies.get((bucket, key))

    def replace(self, bucket: str, key: str, body: bytes, e_tag: str) -> bool:
        """`storage.replace`."""
        with self._lock:
            found = self.bodies.get((bucket, key))
            if found is None or found.e_tag != e_tag:
                return False
            self.bodies[bucket, key] = Version(body, str(next(self._versions)))
            return True
