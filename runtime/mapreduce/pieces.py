"""The texts of a mapper's event, one after the other, and where each one comes from.

An event has one text, whose name and offset may be left out, or a list of pieces::

    {"text": "to be or", "name": "logs/a.txt", "offset": 0, ...}
    {"pieces": [{"text": "to be or", "name": "logs/a.txt", "offset": 0}, {"text": "not", "name": "logs/b.txt", "offset": 9}], ...}

A piece may also be a range of an object in S3, which is then read here, see `ranged.piece`::

    {"url": "s3://bucket/logs/a.txt", "etag": "...", "start": 0, "end": 1048576, "size": 9000000, ...}

What a text consists of may stand beside it, for `records`: `"format"`, and for CSV `"header"`, the names of its columns.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from runtime.mapreduce.source import Source


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


def _checked(piece: Any, where: str) -> "_Piece":
    if not isinstance(piece, Mapping):
        raise ValueError(f"{where} must be an object; got {type(piece).__name__}")
    if "url" in piece:
        from runtime.mapreduce.ranged.piece import Range
        from runtime.mapreduce.ranged.reader import texts_in

        part = Range.parse(piece)
        return lambda: texts_in(part)
    if not isinstance(text := piece.get("text"), str):
        raise ValueError(f'{where}: "text" must be a string; got {type(text).__name__}')
    if not isinstance(name := piece.get("name", ""), str):
        raise ValueError(f'{where}: "name" must be a string; got {type(name).__name__}')
    if type(offset := piece.get("offset", 0)) is not int or offset < 0:
        raise ValueError(f'{where}: "offset" must be a whole number from 0 on; got {offset!r:.200}')
    header = piece.get("header")
    source = Source(name, offset, piece.get("format", "text"), None if header is None else tuple(header))
    return lambda: iter([(text, source)])


_Piece = Callable[[], Iterator[tuple[str, Source]]]
"""Gives the texts of a piece."""


def _texts(pieces: list[_Piece]) -> Iterator[tuple[str, Source]]:
    for texts in pieces:
        yield from texts()
