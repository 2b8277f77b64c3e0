"""Return values and claim checks of a run, as JSON objects in the returns bucket.

    {run}/{function}/{index}.json         what a function returned; create-if-absent: the first writer wins
    {run}/{function}.input/{index}.json   what a function is given when that is too large for its carrier; the entry function's is
                                          a list of data, see `envelope`

So a function reads its own `.input`, who runs before it on an edge Map or Scalar writes there, and who gathers branches reads
what they returned.

Written by egress (and by the client: the input), read by ingress, expired by the bucket's lifecycle or removed by the client.
Index counts from 1; a function outside a fan-out has index 1.
"""

import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from runtime.aws.errors import StorageError
from runtime.concurrency import at_once
from runtime.encoding import encode
from runtime.orchestration.values.found import Found
from runtime.orchestration.workflow.envelope import Datum, Directory, Elements, Inline, Pointer, answer_bytes, parse_list
from runtime.ports import ports

_INDEX = re.compile(r"([1-9][0-9]*)\.json")


class Returns:
    """One run's directory in the returns bucket."""

    def __init__(self, bucket: str, run_id: str) -> None:
        self._bucket, self._prefix = bucket, run_id + "/"

    def create_or_read(self, key: str, value: Any) -> Any:
        """Store a value under `key` unless there is one; return what is stored.

        Raises:
            StorageError: a request finally failed.
        """
        body = encode(value)
        stored = ports().s3.create_or_read(self._bucket, self._prefix + key, body)
        return value if stored == body else json.loads(stored)

    def datum(self, value: Any, key: str, limit: int) -> Inline | Pointer:
        """How a value travels where there are `limit` bytes for it: as it is, or as a claim check that is stored under `key`.

        Raises:
            TypeError, ValueError: the value is no JSON.
            StorageError: the put finally failed.
        """
        body, inline = encode(value), Inline(value)
        if len(body) <= limit and answer_bytes(inline.json()) <= limit:
            return inline
        self.write_body(key, body)
        return Pointer(key)

    def write(self, key: str, value: Any) -> None:
        """Store a value under `key`, whatever was there.

        Raises:
            StorageError: the put finally failed.
        """
        self.write_body(key, encode(value))

    def write_body(self, key: str, body: bytes) -> None:
        """`write` for a value that is encoded already."""
        ports().s3.put(self._bucket, self._prefix + key, body)

    def find(self, key: str) -> Found | None:
        """The value under `key`, or None if there is none; wrapped, since the value may itself be null.

        Raises:
            StorageError: the read finally failed.
        """
        body = ports().s3.get(self._bucket, self._prefix + key)
        return None if body is None else Found(json.loads(body))

    def indexes(self, function: str) -> set[int]:
        """Which invocations of a fan-out have stored their value; every page of the listing is read.

        Raises:
            StorageError: the listing finally failed.
        """
        directory = f"{self._prefix}{function}/"
        names = (key.removeprefix(directory) for key in ports().s3.list_keys(self._bucket, directory))
        return {int(match[1]) for name in names if (match := _INDEX.fullmatch(name))}

    def resolve(self, data: Datum | list[Datum]) -> Any:
        """The value that an envelope stands for: claim checks are taken out, fan-ins become arrays ordered by index.

        Raises:
            StorageError: a read finally failed, or a value that must be there isn't.
            EnvelopeError: where a list of data should lie is something else.
        """
        if isinstance(data, list):
            return resolve_all(data, self.resolve)
        match data:
            case Inline(value):
                return value
            case Pointer(key):
                return self.must_find(key)
            case Elements(key):
                return self.resolve(parse_list(key, self.must_find(key)))
            case Directory(function=function, size=size):
                return self.values(function, size)

    def values(self, function: str, size: int) -> list[Any]:
        """The return values 1 to `size` of a function, in order. Raises StorageError, also when one isn't there."""
        keys = [return_key(function, index) for index in range(1, size + 1)]
        return at_once([partial(self.must_find, key) for key in keys])

    def must_find(self, key: str) -> Any:
        """The value under `key`, which the run cannot go on without. Raises StorageError, also when there is none."""
        found = self.find(key)
        if found is None:
            raise StorageError("s3:GetObject", self._bucket, self._prefix + key, "no such value in this run")
        return found.value


def resolve_all(data: Sequence[Datum], resolve: Callable[[Datum], Any]) -> list[Any]:
    """The values of a list of data, in order; those that lie elsewhere are read many at once."""
    elsewhere = [index for index, datum in enumerate(data) if not isinstance(datum, Inline)]
    read = dict(zip(elsewhere, at_once([partial(resolve, data[index]) for index in elsewhere]), strict=True))
    return [datum.value if isinstance(datum, Inline) else read[index] for index, datum in enumerate(data)]


def return_key(function: str, index: int) -> str:
    """Key of a return value in its run."""
    return f"{function}/{index}.json"


def input_key(function: str, index: int) -> str:
    """Key of a claim check in its run."""
    return f"{function}.input/{index}.json"
