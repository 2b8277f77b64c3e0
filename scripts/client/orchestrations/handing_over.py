"""What a run is given, as the client hands it over: a list of data, in which an element lies or is pointed to.

    [{"Source": "http", "Value": element}, {"Source": "s3", "Value": "{branch}.input/2.json"}, ...]

An element that finds no room in the list is an object of its own in the returns bucket, which its branch alone reads. So no
function ever holds all elements, and the client holds no more of them as JSON than it sends at once.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from obstore.store import S3Store

from runtime.concurrency import at_once
from runtime.encoding import encode
from runtime.orchestration.values.returns import input_key
from runtime.orchestration.workflow.envelope import EnvelopeError, Inline, Pointer, parse_datum
from scripts.client.aws import objects
from scripts.client.errors import UsageError
from scripts.client.orchestrations.base import least_size, size
from scripts.client.stored import checked

_THREADS = 8

Data = list[dict[str, Any]]


def place(returns: S3Store, run_id: str, function: str, elements: Sequence[Any], room: int, *, each: bool = False) -> Data:
    """The elements as a list of data of at most `room` bytes, after all that finds no room in it is stored.

    The first elements that fit stay in the list. With `each`, the room is for one datum of the list alone. Pointers are in the
    list in any case, even if they alone are larger than the room. `function` is who gets the elements.

    Raises:
        StorageError: an element could not be stored.
    """
    pointers = [Pointer(input_key(function, index)).json() for index in range(1, len(elements) + 1)]
    sizes = [size(datum) + 1 for datum in pointers]
    free = room if each else room - len("[]") - sum(sizes)
    data, stored_apart = pointers, []
    for i, element in enumerate(elements):
        allowed = room if each else free + sizes[i]
        # Most elements that are too large are so by one text alone: none of them is encoded only to learn that.
        if least_size(element) < allowed and (needs := size(datum := Inline(element).json()) + 1) <= allowed:
            data[i] = datum
            free -= 0 if each else needs - sizes[i]
        else:
            stored_apart.append(i)

    def store(i: int) -> None:
        objects.write(returns, f"{run_id}/{input_key(function, i + 1)}", encode(elements[i]))

    at_once([partial(store, i) for i in stored_apart], _THREADS)
    return data


def read_list(returns: S3Store, key: str, number: int) -> Data:
    """The list of data, stored under this key, that a run was started with.

    Raises:
        StorageError: it can't be read.
        UsageError: it is gone, or is no such list of `number` data.
    """
    what = "what its branches are given"
    data: Data = checked.array(checked.parsed(objects.read(returns, key), what), what, number)
    for index, datum in enumerate(data, 1):
        try:
            known = isinstance(parse_datum(datum), Inline | Pointer)
        except EnvelopeError:
            known = False
        if not known:
            raise UsageError(f"the run can't be resumed: branch {index} was to be given {datum!r:.200}; start anew")
    return data
