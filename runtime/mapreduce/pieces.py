"""The texts of a mapper's event, one after the other, and where each one comes from.

An event has one text, whose name and offset may be left out, or a list of pieces::

    {"text": "to be or", "name": "logs/a.txt", "offset": 0, ...}
    {"pieces": [{"text": "to be or", "name": "logs/a.txt", "offset": 0}, {"text": "not", "name": "logs/b.txt", "offset": 9}], ...}
"""

from collections.abc import Iterator, Mapping
from typing import Any

from runtime.record import record


@record
class Source:
    """Where a text comes from.

    Attributes:
        name: of the file or object, such as `logs/a.txt`; empty if nobody told.
        offset: at which byte of the file's text, in UTF-8, the text begins.
    """

    name: str = ""
    offset: int = 0


def texts_of(event: Mapping[str, Any]) -> Iterator[tuple[str, Source]]:
    """The texts of a mapper's event, in order. The event is looked at before the first text is asked for.

    Raises:
        ValueError: the event has neither a text nor pieces, or has both, or a piece is malformed.
    """
    if "pieces" not in event:
        return _texts([(_checked(event, "mapper"))])
    pieces = event["pieces"]
    if "text" in event or not isinstance(pieces, list):
        raise ValueError('mapper takes either "text", a string, or "pieces", an array of objects')
    return _texts([_checked(piece, f"mapper: piece {number}") for number, piece in enumerate(pieces, 1)])


def _checked(piece: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(piece, Mapping):
        raise ValueError(f"{where} must be an object; got {type(piece).__name__}")
    if not isinstance(text := piece.get("text"), str):
        raise ValueError(f'{where}: "text" must be a string; got {type(text).__name__}')
    if not isinstance(name := piece.get("name", ""), str):
        raise ValueError(f'{where}: "name" must be a string; got {type(name).__name__}')
    if type(offset := piece.get("offset", 0)) is not int or offset < 0:
        raise ValueError(f'{where}: "offset" must be a whole number from 0 on; got {offset!r:.200}')
    return piece


def _texts(pieces: list[Mapping[str, Any]]) -> Iterator[tuple[str, Source]]:
    for piece in pieces:
        yield piece["text"], Source(piece.get("name", ""), piece.get("offset", 0))
