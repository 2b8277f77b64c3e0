"""What the first fan-out is over, as the client hands it over: a list of data, in which a chunk lies or is pointed to.

    [{"Source": "http", "Value": chunk}, {"Source": "s3", "Value": "mapper.input/2.json"}, ...]

A chunk that finds no room in the list is an object of its own in the returns bucket, which its mapper alone reads. So no function
ever holds all chunks, and the client holds no more of them as JSON than it sends at once. Where the list itself is stored, it is
`{run}/unum_map.input/1.json` in the same bucket.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from obstore.store import S3Store

from runtime.encoding import encode
from runtime.orchestration.values.returns import input_key
from runtime.orchestration.workflow.envelope import EnvelopeError, Inline, Pointer, parse_datum
from scripts.client.aws import objects
from scripts.client.aws.concurrency import at_once
from scripts.client.errors import UsageError
from scripts.client.orchestrations.base import Chunk, encoded, size
from scripts.client.stored import checked

LIST = "unum_map.input/1.json"

_BRANCH = "mapper"
_THREADS = 8

Data = list[dict[str, Any]]


def place(returns: S3Store, run_id: str, chunks: Sequence[Chunk], room: int, *, each: bool = False) -> Data:
    """The chunks as a list of data of at most `room` bytes, after all that finds no room in it is stored.

    The first chunks that fit stay in the list. With `each`, the room is for one datum of the list alone. Pointers are in the list
    in any case, even if they alone are larger than the room.

    Raises:
        StorageError: a chunk could not be stored.
    """
    pointers = [Pointer(input_key(_BRANCH, index)).json() for index in range(1, len(chunks) + 1)]
    sizes = [size(datum) + 1 for datum in pointers]
    free = room if each else room - len("[]") - sum(sizes)
    data, stored_apart = pointers, []
    for i, chunk in enumerate(chunks):
        allowed = room if each else free + sizes[i]
        # Most chunks that are too large are so by their text alone: none of them is encoded only to learn that.
        if len(chunk["text"]) < allowed and (needs := size(datum := Inline(chunk).json()) + 1) <= allowed:
            data[i] = datum
            free -= 0 if each else needs - sizes[i]
        else:
            stored_apart.append(i)

    def store(i: int) -> None:
        objects.write(returns, f"{run_id}/{input_key(_BRANCH, i + 1)}", encoded(chunks[i]))

    at_once([partial(store, i) for i in stored_apart], _THREADS)
    return data


def write_list(returns: S3Store, run_id: str, data: Data) -> None:
    """Store the list. Raises StorageError."""
    objects.write(returns, f"{run_id}/{LIST}", encode(data))


def read_list(returns: S3Store, run_id: str, number: int) -> Data:
    """The list that a run was started with.

    Raises:
        StorageError: it can't be read.
        UsageError: it is gone, or is no such list of `number` data.
    """
    data: Data = checked.array(objects.read(returns, f"{run_id}/{LIST}"), "what its mappers are given", number)
    for index, datum in enumerate(data, 1):
        try:
            known = isinstance(parse_datum(datum), Inline | Pointer)
        except EnvelopeError:
            known = False
        if not known:
            raise UsageError(f"the run can't be resumed: mapper {index} was to be given {datum!r:.200}; start anew")
    return data
