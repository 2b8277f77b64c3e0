"""The JSON values of a run that lie as objects under `{run}/` of a bucket."""

import json
import re
from collections.abc import Iterable
from functools import partial
from typing import Any

from runtime.aws.errors import StorageError
from runtime.concurrency import at_once
from runtime.encoding import encode
from runtime.ports import ports

_NUMBERED = re.compile(r"(0|[1-9][0-9]*)\.json")


class Found:
    """A stored value. It is wrapped, because a stored value may itself be null."""

    def __init__(self, value: Any) -> None:
        self.value = value


class JsonObjects:
    """One run's directory in a bucket. Names are relative to it. Each method raises StorageError if a request finally failed."""

    def __init__(self, bucket: str, run_id: str) -> None:
        self.bucket, self._prefix = bucket, run_id + "/"

    def key(self, name: str) -> str:
        """Key of one of the run's objects here."""
        return self._prefix + name

    def create_or_read(self, name: str, value: Any) -> Any:
        """Store a value unless there is one; return what is stored."""
        body = encode(value)
        stored = ports().s3.create_or_read(self.bucket, self.key(name), body)
        return value if stored == body else json.loads(stored)

    def write(self, name: str, value: Any) -> None:
        """Store a value, whatever was there."""
        self.write_body(name, encode(value))

    def write_body(self, name: str, body: bytes) -> None:
        """`write` for a value that is encoded already."""
        ports().s3.put(self.bucket, self.key(name), body)

    def find(self, name: str) -> Found | None:
        """A value, or None if there is none."""
        body = ports().s3.get(self.bucket, self.key(name))
        return None if body is None else Found(json.loads(body))

    def must_find(self, name: str) -> Any:
        """A value that the run cannot go on without. Raises StorageError also when there is none."""
        found = self.find(name)
        if found is None:
            raise StorageError("s3:GetObject", self.bucket, self.key(name), "no such value in this run")
        return found.value

    def must_find_all(self, names: Iterable[str]) -> list[Any]:
        """Several of them in order, read many at once."""
        return at_once([partial(self.must_find, name) for name in names])

    def numbers(self, directory: str = "") -> set[int]:
        """The numbers i of all values `{directory}{i}.json`; every page of the listing is read."""
        prefix = self.key(directory)
        names = (key.removeprefix(prefix) for key in ports().s3.list_keys(self.bucket, prefix))
        return {int(match[1]) for name in names if (match := _NUMBERED.fullmatch(name))}
