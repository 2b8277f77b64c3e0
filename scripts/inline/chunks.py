"""The mappers' events of a run in one process: text cut as for a run, but for some more mappers than a small text would get."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runtime.mapreduce.ranged.cuts import Cuts, Records
from scripts.client.input.chunking import chunk_by_size
from scripts.client.input.sharing import Piece, shared, together
from scripts.client.input.sizing import utf8_bytes

LEAST = 4
"""Mappers, if there are so many lines: what goes wrong with several of them should show with a small input, too."""


def spread(contents: Sequence[Mapping[str, Any]], least: int = LEAST) -> list[dict[str, Any]]:
    """Cut what mappers are given to read until there are so many of them, but never within a line or a record.

    Args:
        contents: for each mapper a piece, `{"text": ..., "name": ..., "offset": ..., ...}`, or several, `{"pieces": [...]}`.
        least: how many there should be, if there are so many lines.
    """
    pieces = [piece for content in contents for piece in content.get("pieces", [content])]
    if len(contents) >= least or not all("text" in piece for piece in pieces):
        return [dict(content) for content in contents]
    limit = max(1, -(-sum(utf8_bytes(piece["text"]) for piece in pieces) // least))

    def cut() -> Iterator[tuple[Piece, int, bool]]:
        for piece in pieces:
            offset, cuts = piece.get("offset", 0), Records() if piece.get("format") == "csv" else Cuts("lines")
            for number, text in enumerate(list(chunk_by_size([piece["text"]], limit, cuts)) or [""]):
                yield {**piece, "text": text, "offset": offset}, utf8_bytes(text), number == 0
                offset += utf8_bytes(text)

    return [together(some) for some in shared(cut(), limit)]


def events(
    contents: Sequence[Mapping[str, Any]], bucket: str, num_reducer: int, shuffle: str, job: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The mappers' events for what each is given to read."""
    settings = {"destination": bucket, "numReducer": num_reducer, "shuffle": shuffle} | ({"job": dict(job)} if job else {})
    return [dict(content) | settings for content in contents]
