"""The records of a text, as its format has them. A text never begins or ends within a record."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from runtime.mapreduce.source import Source

_MAX_FIELD_BYTES = 64 << 20
"""Of CSV: as much as a record may have. Python's csv module takes 128 KiB unless it is told."""


def records(text: str, source: Source) -> Iterator[Any]:
    """Yield the records of a text that `user_map(text, source)` got.

    `csv`: a dict for each record by the names of its columns, or a list of strings if there are none; `jsonl`: the value of each
    line; `lines` and `text`: each line without its end. Blank lines of `csv` and `jsonl` are left out.

    Raises:
        ValueError: a line is no JSON, or a record has more or fewer fields than there are columns; says where.
    """
    match source.format:
        case "csv":
            return _of_csv(text, source)
        case "jsonl":
            return _of_json_lines(text, source)
    return (line.removesuffix("\n") for line in io.StringIO(text, newline=None))


def _of_csv(text: str, source: Source) -> Iterator[Any]:
    csv.field_size_limit(_MAX_FIELD_BYTES)
    header = source.header
    for number, fields in enumerate(csv.reader(io.StringIO(text, newline="")), 1):
        if not fields:
            continue
        if header is None:
            yield fields
        elif len(fields) == len(header):
            yield dict(zip(header, fields, strict=True))
        else:
            raise ValueError(
                f"record {number} of the CSV of {source.name} from byte {source.offset:,} on has {len(fields)} fields, "
                f"not {len(header)}: {','.join(fields):.200}"
            )


def _of_json_lines(text: str, source: Source) -> Iterator[Any]:
    at = source.offset
    for line in text.split("\n"):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as error:
                raise ValueError(f"{source.name} has a line at byte {at:,} that is no JSON ({error}): {line:.200}") from None
        at += len(line.encode()) + 1
