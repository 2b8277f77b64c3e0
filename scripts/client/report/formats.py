"""A result of words in a file, in the format that the file's ending names.

    .json      one object, indented: {word: value}
    .jsonl     a line for each word: ["word", value], as the parts of an output in S3 have it
    .csv .tsv  a table with the heads word and value; text stands in a cell as it is, every other value as JSON
    .parquet   the columns word (string) and value: int64, double, bool or string if all values are of that kind, else JSON text

All is UTF-8. Cells are quoted where they must be, as spreadsheets and Python's csv module read them, `"` doubled: with
csv.reader(file, "excel") or "excel-tab" each word and each text comes back as it was.

Each writer gets the values and the words in their order, and gives the bytes block by block.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from json.encoder import encode_basestring as _quoted
from pathlib import PurePath
from typing import Any, TypeAlias

from scripts.client.errors import UsageError

BLOCK_WORDS = 10_000

Blocks: TypeAlias = Iterator[bytes]
Format = Callable[[Mapping[str, Any], Sequence[str]], Blocks]

_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def format_of(name: str) -> Format:
    """The format of a file by its ending; JSON if it has none, as a pipe or a device.

    Raises:
        UsageError: the ending is unknown, or its format needs what is not installed.
    """
    ending = PurePath(name).suffix.lower()
    if ending not in FORMATS:
        known = " ".join(filter(None, FORMATS))
        raise UsageError(f"--output {name}: the ending {ending} is unknown; known are {known}")
    if ending == ".parquet":
        from scripts.client.report import parquet

        parquet.check(name)
    return FORMATS[ending]


def json_blocks(counts: Mapping[str, Any], words: Sequence[str]) -> Blocks:
    """The text that json.dumps makes with `indent=2`.

    With an indent, json.dumps takes a Python call for each bracket and comma, and holds them all: seconds, and hundreds of
    megabytes, for millions of words.
    """
    if not words:
        yield b"{}\n"
        return
    for number, block in enumerate(_blocks(words)):
        lines = [f"  {_quoted(word)}: {indented(counts[word])}" for word in block]
        yield ((",\n" if number else "{\n") + ",\n".join(lines)).encode()
    yield b"\n}\n"


def indented(value: Any, indent: str = "  ") -> str:
    """A value as JSON inside of an object whose keys stand behind `indent`."""
    if type(value) is int:
        return str(value)
    # Line ends within strings are escaped, so these are all between lines.
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2).replace("\n", "\n" + indent)


def _json_lines(counts: Mapping[str, Any], words: Sequence[str]) -> Blocks:
    for block in _blocks(words):
        yield "".join(f"[{_quoted(word)},{_compact(counts[word])}]\n" for word in block).encode()


def _table(dialect: str, counts: Mapping[str, Any], words: Sequence[str]) -> Blocks:
    yield _lines(dialect, [("word", "value")])
    for block in _blocks(words):
        yield _lines(dialect, ((word, cell(counts[word])) for word in block))


def _lines(dialect: str, rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, dialect).writerows(rows)
    return text.getvalue().encode()


def cell(value: Any) -> str:
    """A value in one cell: text as it is, every other value as JSON."""
    return value if isinstance(value, str) else _compact(value)


def _parquet(counts: Mapping[str, Any], words: Sequence[str]) -> Blocks:
    from scripts.client.report import parquet

    return parquet.blocks(counts, words)


def _blocks(words: Sequence[str]) -> Iterator[Sequence[str]]:
    return (words[start : start + BLOCK_WORDS] for start in range(0, len(words), BLOCK_WORDS))


FORMATS: dict[str, Format] = {
    ".json": json_blocks,
    ".jsonl": _json_lines,
    ".csv": partial(_table, "excel"),
    ".tsv": partial(_table, "excel-tab"),
    ".parquet": _parquet,
    "": json_blocks,
}
