"""What an entry function fans out over, where each element travels in its own way: a list of data, see `envelope`.

The entry passes the list through its component and on to the branches as it is. So an element that is a claim check is taken out
by its own branch, and the elements never meet in one memory::

    [{"Source": "http", "Value": {"text": "to be", ...}}, {"Source": "s3", "Value": "square.input/2.json"}]
"""

from collections.abc import Sequence
from typing import Any, Protocol

from runtime.orchestration.workflow.envelope import Datum, Elements, EnvelopeError, Inline, Pointer, parse_list


class Reader(Protocol):
    """Takes out of an envelope what it stands for: `Returns`, or a store of return values."""

    def resolve(self, data: Datum | list[Datum]) -> Any:
        """Return the value. Raises StorageError."""


def read(reader: Reader, data: list[Datum] | Elements, function: str) -> list[Any]:
    """Return what the entry's component gets: the list of data.

    Raises:
        StorageError: the list could not be read.
        EnvelopeError: it is no list, or holds what is neither a value nor a claim check that is meant for `function`.
    """
    listed = parse_list(data.key, reader.resolve(Pointer(data.key))) if isinstance(data, Elements) else data
    return [datum.json() for datum in _checked(listed, function)]


def passed_on(values: list[Any], function: str) -> list[Inline | Pointer]:
    """Return what the entry's component returned, element by element.

    Raises:
        EnvelopeError: it got a list of data, and returned something else.
    """
    return _checked(parse_list("what the entry returned", values), function)


def _checked(data: Sequence[Datum], function: str) -> list[Inline | Pointer]:
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
