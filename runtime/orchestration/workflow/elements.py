"""What the entry function fans out over, where each element travels in its own way: a list of data, see `envelope`.

The entry passes the list through its component and on to the branches as it is. So an element that is a claim check is taken out
by its own branch, and the elements never meet in one memory::

    [{"Source": "http", "Value": {"text": "to be", ...}}, {"Source": "s3", "Value": "mapper.input/2.json"}]
"""

from typing import Any, Protocol

from runtime.orchestration.workflow import envelope as envelopes
from runtime.orchestration.workflow.envelope import Datum, Elements, EnvelopeError, Inline, Pointer, parse_datum, parse_list


class Reader(Protocol):
    """Takes out of an envelope what it stands for: `Returns`, or a store of return values."""

    def resolve(self, data: Datum | list[Datum]) -> Any:
        """The value. Raises StorageError."""


def read(reader: Reader, data: Datum | list[Datum], function: str) -> Any:
    """What the entry's component gets: the list of data, or the array itself where that travelled as one value.

    Raises:
        StorageError: the list could not be read.
        EnvelopeError: it is no list, or holds what is neither a value nor a claim check that is meant for `function`.
    """
    match data:
        case Elements(key):
            data = parse_list(key, reader.resolve(Pointer(key)))
        case list():
            pass
        case _:
            return reader.resolve(data)
    return [_as_json(element) for element in _checked(data, function)]


def passed_on(data: Datum | list[Datum], values: list[Any], function: str) -> list[Inline | Pointer]:
    """What the entry's component returned, element by element; `data` is what it got.

    Raises:
        EnvelopeError: it got a list of data, and returned something else.
    """
    if isinstance(data, list | Elements):
        return _checked([parse_datum(value) for value in values], function)
    return [Inline(value) for value in values]


def _checked(data: list[Datum], function: str) -> list[Inline | Pointer]:
    checked = []
    for number, datum in enumerate(data, 1):
        if not isinstance(datum, Inline | Pointer) or (
            isinstance(datum, Pointer) and not datum.key.startswith(f"{function}.input/")
        ):
            raise EnvelopeError(
                f"element {number} to fan out over is neither a value nor what {function} is given: {datum!r:.200}"
            )
        checked.append(datum)
    return checked


def _as_json(element: Inline | Pointer) -> dict[str, Any]:
    return envelopes.inline(element.value) if isinstance(element, Inline) else envelopes.pointer(element.key)
