"""The mappers' events of a run in one process: text cut as for a run, but for some more mappers than a small text would get."""

from collections.abc import Mapping, Sequence
from typing import Any

from scripts.client.input.chunking import chunk_by_size
from scripts.client.input.sizing import utf8_bytes

LEAST = 4
"""Mappers, if there are so many lines: what goes wrong with several of them should show with a small input, too."""


def spread(pieces: Sequence[Mapping[str, Any]], least: int = LEAST) -> list[dict[str, Any]]:
    """Cut pieces, `{"text": ..., "name": ..., "offset": ..., ...}`, until there are so many; never within a line or a record."""
    if len(pieces) >= least or not all("text" in piece for piece in pieces):
        return [dict(piece) for piece in pieces]
    limit = max(1, -(-sum(utf8_bytes(piece["text"]) for piece in pieces) // least))
    made = []
    for piece in pieces:
        offset = piece.get("offset", 0)
        for text in _whole_lines(piece["text"], limit, are_quoted=piece.get("format") == "csv"):
            made.append({**piece, "text": text, "offset": offset})
            offset += utf8_bytes(text)
    return made


def _whole_lines(text: str, limit: int, *, are_quoted: bool) -> list[str]:
    texts, waiting = [], ""
    for part in chunk_by_size([text], limit):
        waiting += part
        # In CSV a line may end within quotes; then their number so far is odd.
        if waiting.endswith(("\n", "\r")) and not (are_quoted and waiting.count('"') % 2):
            texts.append(waiting)
            waiting = ""
    return [*texts, waiting] if waiting or not texts else texts


def events(
    pieces: Sequence[Mapping[str, Any]], bucket: str, num_reducer: int, shuffle: str, job: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The mappers' events for these pieces, one for each."""
    settings = {"destination": bucket, "numReducer": num_reducer, "shuffle": shuffle} | ({"job": dict(job)} if job else {})
    return [dict(piece) | settings for piece in pieces]
