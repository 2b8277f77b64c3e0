"""The result as a JSON file or as JSON on stdout; that of chunks of text, words and their values, also as a table."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from heapq import nlargest, nsmallest
from json.encoder import encode_basestring as _quoted
from pathlib import Path
from typing import Any

from scripts.client.errors import ClientError, UsageError
from scripts.client.report.escaping import shortened, visible
from scripts.client.report.table import print_rows
from scripts.files import write_whole

_WORD_WIDTH = 60

_BLOCK_WORDS = 10_000

_NAME_BYTES = 255
"""Longest file name of all usual file systems."""


def parse_result(run_id: str, body: bytes) -> Any:
    """The result of a run: `{word: value}`, or whatever the workflow's last function returns.

    Raises:
        ClientError: result.json is no JSON.
    """
    try:
        return json.loads(body)
    except ValueError as error:
        raise ClientError(f"result.json of run {run_id} is not JSON: {error}") from None


def to_bytes(result: Any) -> bytes:
    """A result as indented JSON in UTF-8, with sorted keys: the same bytes for the same result."""
    return b"".join(to_blocks(result))


def to_blocks(result: Any) -> Iterator[bytes]:
    """What `to_bytes` returns, a part at a time: the text that json.dumps makes with `indent=2` and `sort_keys`.

    With an indent, json.dumps takes a Python call for each bracket and comma, and holds them all: seconds, and hundreds of
    megabytes, for millions of words.
    """
    if not isinstance(result, dict) or not result:
        yield _as_json(result, "").encode() + b"\n"
        return
    words = sorted(result)
    for start in range(0, len(words), _BLOCK_WORDS):
        lines = [f"  {_quoted(word)}: {_as_json(result[word])}" for word in words[start : start + _BLOCK_WORDS]]
        yield ((",\n" if start else "{\n") + ",\n".join(lines)).encode()
    yield b"\n}\n"


def _as_json(value: Any, indent: str = "  ") -> str:
    if type(value) is int:
        return str(value)
    # Line ends within strings are escaped, so these are all between lines.
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2).replace("\n", "\n" + indent)


def check_output(name: str, given: str | None = None) -> Path:
    """The file that an --output will be: found out before the run rather than after it. `given` is INPUT, which it must not be.

    Raises:
        UsageError: it can't be written.
    """
    path = Path(os.path.realpath(name))  # through links, so that what they point at is replaced, not they
    if len(os.fsencode(path.name)) > _NAME_BYTES:
        raise UsageError(f"--output {name[:40]}...: the name is longer than {_NAME_BYTES} bytes; choose a shorter one")
    if given is not None and os.path.isfile(path) and os.path.exists(given) and os.path.samefile(path, given):
        raise UsageError(f"--output {name}: this is INPUT, which the counts would overwrite; choose another file")
    if os.path.isdir(path):
        raise UsageError(f"--output {name}: this is a folder; name a file in it")
    if not os.path.isdir(path.parent):
        raise UsageError(f"--output {name}: there is no folder {path.parent}; make it first")
    if not os.access(path.parent if _replaceable(path) else path, os.W_OK):
        raise UsageError(f"--output {name}: {path.parent} can't be written; choose another place")
    return path


def write_output(path: Path, blocks: Iterable[bytes]) -> None:
    """Write a file, given in parts, whole or not at all; a device or a pipe part by part.

    Raises:
        ClientError: it could not be written; what was there before is still there.
    """
    try:
        if _replaceable(path):
            write_whole(path, blocks, lasting=True)
            return
        with path.open("wb") as file:
            file.writelines(blocks)
    except OSError as error:
        raise ClientError(f"--output {path} could not be written: {error.strerror or error}") from error


def _replaceable(path: Path) -> bool:
    return path.is_file() or not path.exists()


def print_json(result: Any) -> None:
    """The bytes of an --output file, on stdout."""
    sys.stdout.buffer.writelines(to_blocks(result))
    sys.stdout.buffer.flush()


def print_table(counts: dict[str, Any], top: int) -> None:
    """The `top` most frequent words, the most frequent first and then by word; what is no number (a reduce of one's own) last."""
    rows = _first(counts, top)
    if not rows:
        return
    numbers = all(_is_number(value) for _, value in rows)
    heads = ("word", "count" if all(type(value) is int for _, value in rows) else "value")
    shown = [(shortened(visible(word), _WORD_WIDTH), shortened(visible(_shown(value)), _WORD_WIDTH)) for word, value in rows]
    print_rows(heads, shown, right=numbers)


def summed_up(counts: dict[str, Any]) -> str:
    """`"210 words, 98 distinct"`; or `"98 distinct words"`, where values are no counts (a reduce of one's own)."""
    if set(map(type, counts.values())) <= {int}:
        return f"{sum(counts.values())} words, {len(counts)} distinct"
    return f"{len(counts)} distinct word{'s' * (len(counts) != 1)}"


def _first(counts: dict[str, Any], top: int) -> list[tuple[str, Any]]:
    """The rows of the table, without sorting all there is."""
    if not set(map(type, counts.values())) <= {int, float}:
        return nsmallest(top, counts.items(), key=lambda pair: (-_as_number(pair[1]), pair[0]))
    largest = nlargest(top, counts.values())
    if not largest:
        return []
    least = largest[-1]
    above = [pair for pair in counts.items() if pair[1] > least]
    ties = nsmallest(top - len(above), (word for word, value in counts.items() if value == least))
    return sorted(above, key=lambda pair: (-pair[1], pair[0])) + [(word, counts[word]) for word in ties]


def _shown(value: Any) -> str:
    """A value in a table: text as it is, what else is no number as JSON; the digits that a fraction is sure of."""
    if isinstance(value, str):
        return value
    return f"{value:.15g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def _as_number(value: Any) -> float:
    return value if _is_number(value) else float("-inf")


def _is_number(value: Any) -> bool:
    # To Python, True and False are numbers.
    return isinstance(value, int | float) and not isinstance(value, bool)
