"""The result as a file or as JSON on stdout; that of chunks of text, words and their values, also as a table."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from scripts.client.errors import ClientError, UsageError
from scripts.client.report.choice import ALL, Choice, is_number
from scripts.client.report.escaping import shortened, visible
from scripts.client.report.formats import Format, format_of, indented, json_blocks
from scripts.client.report.table import print_rows
from scripts.files import write_whole

_WORD_WIDTH = 60

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


def to_blocks(result: Any, choice: Choice = ALL, form: Format = json_blocks) -> Iterator[bytes]:
    """A result, or the part of it that is chosen, block by block: words and values in a format, anything else as JSON.

    Raises:
        ClientError: it is no table of words, and the format is another.
    """
    if isinstance(result, dict):
        return form(result, choice.for_file(result, choice.matching(result)))
    if form is not json_blocks:
        raise ClientError("the result is no table of words; choose the ending .json for it")
    return iter([indented(result, "").encode() + b"\n"])


def check_output(name: str, given: Sequence[str] = ()) -> Path:
    """The file that an --output will be: found out before the run rather than after it. `given` is INPUT, which it must not be.

    Raises:
        UsageError: it can't be written.
    """
    path = Path(os.path.realpath(name))  # through links, so that what they point at is replaced, not they
    if len(os.fsencode(path.name)) > _NAME_BYTES:
        raise UsageError(f"--output {name[:40]}...: the name is longer than {_NAME_BYTES} bytes; choose a shorter one")
    if os.path.isfile(path) and any(os.path.exists(name) and os.path.samefile(path, name) for name in given):
        raise UsageError(f"--output {name}: this is INPUT, which the counts would overwrite; choose another file")
    if os.path.isdir(path):
        raise UsageError(f"--output {name}: this is a folder; name a file in it")
    if not os.path.isdir(path.parent):
        raise UsageError(f"--output {name}: there is no folder {path.parent}; make it first")
    if not os.access(path.parent if _replaceable(path) else path, os.W_OK):
        raise UsageError(f"--output {name}: {path.parent} can't be written; choose another place")
    format_of(name)
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


def print_json(result: Any, choice: Choice = ALL) -> None:
    """The bytes of an --output file that is JSON, on stdout."""
    sys.stdout.buffer.writelines(to_blocks(result, choice))
    sys.stdout.buffer.flush()


def print_table(counts: dict[str, Any], words: Sequence[str]) -> None:
    """These words with their values, in their order."""
    if not words:
        return
    values = [counts[word] for word in words]
    heads = ("word", "count" if all(type(value) is int for value in values) else "value")
    cells = zip(words, map(_shown, values), strict=True)
    rows = [(shortened(visible(word), _WORD_WIDTH), shortened(visible(value), _WORD_WIDTH)) for word, value in cells]
    print_rows(heads, rows, right=all(map(is_number, values)))


def summed_up(counts: dict[str, Any]) -> str:
    """`"210 words, 98 distinct"`; or `"98 distinct words"`, where values are no counts (a reduce of one's own)."""
    if set(map(type, counts.values())) <= {int}:
        return f"{sum(counts.values())} words, {len(counts)} distinct"
    return f"{len(counts)} distinct word{'s' * (len(counts) != 1)}"


def _shown(value: Any) -> str:
    """A value in a table: text as it is, what else is no number as JSON; the digits that a fraction is sure of."""
    if isinstance(value, str):
        return value
    return f"{value:.15g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False)
