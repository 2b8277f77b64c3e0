"""Return values and claim checks of a run, as JSON objects in the returns bucket.

    {run}/{function}/{index}.json         what a function returned; create-if-absent: the first writer wins
    {run}/{function}.input/{index}.json   what a function is given when that is too large for its carrier; the entry function's is
                                          a list of data, see `envelope`

So a function reads its own `.input`, who runs before it on an edge Map or Scalar writes there, and who gathers branches reads
what they returned.

Written by egress (and by the client: the input), read by ingress, expired by the bucket's lifecycle or removed by the client.
Index counts from 1; a function outside a fan-out has index 1.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from runtime.concurrency import at_once
from runtime.encoding import encode
from runtime.orchestration.values.json_objects import JsonObjects
from runtime.orchestration.workflow.envelope import Datum, Directory, Elements, Inline, Pointer, answer_bytes, parse_list


class Returns(JsonObjects):
    """One run's directory in the returns bucket."""

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

    def indexes(self, function: str) -> set[int]:
        """Which invocations of a fan-out have stored their value. Raises StorageError."""
        return self.numbers(f"{function}/")

    def values(self, function: str, size: int) -> list[Any]:
        """The return values 1 to `size` of a function, in order. Raises StorageError, also when one isn't there."""
        return self.must_find_all(return_key(function, index) for index in range(1, size + 1))

    def resolve(self, data: Datum | list[Datum], values: Callable[[str, int], list[Any]] | None = None) -> Any:
        """The value that an envelope stands for: claim checks are taken out, fan-ins become arrays ordered by index.

        `values` reads what a function's branches returned, if that is not here.

        Raises:
            StorageError: a read finally failed, or a value that must be there isn't.
            EnvelopeError: where a list of data should lie is something else.
        """
        match data:
            case list():
                # Those that lie elsewhere are read many at once.
                elsewhere = [index for index, datum in enumerate(data) if not isinstance(datum, Inline)]
                reads = [partial(self.resolve, data[index], values) for index in elsewhere]
                read = dict(zip(elsewhere, at_once(reads), strict=True))
                return [datum.value if isinstance(datum, Inline) else read[index] for index, datum in enumerate(data)]
            case Inline(value):
                return value
            case Pointer(key):
                return self.must_find(key)
            case Elements(key):
                return self.resolve(parse_list(key, self.must_find(key)), values)
            case Directory(function=function, size=size):
                return (values or self.values)(function, size)


def return_key(function: str, index: int) -> str:
    """Key of a return value in its run."""
    return f"{function}/{index}.json"


def input_key(function: str, index: int) -> str:
    """Key of a claim check in its run."""
    return f"{function}.input/{index}.json"
