"""A result of words as a Parquet file, by pyarrow. The client does without that, which is larger than all the rest of it."""

import io
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from scripts.client.errors import UsageError

_ROW_GROUP = 100_000
"""Rows that are turned into columns at once."""


def check(name: str) -> None:
    """Raise UsageError if a file of this name can't be written, since pyarrow is missing."""
    if find_spec("pyarrow") is None:
        raise UsageError(
            f"--output {name}: Parquet needs pyarrow, which the client's Python does not have; install it: "
            f"{sys.executable} -m pip install pyarrow; or choose another ending: .json .jsonl .csv .tsv"
        )


def blocks(counts: Mapping[str, Any], words: Sequence[str]) -> Iterator[bytes]:
    """The file's bytes, a row group at a time."""
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    kind, convert = _kind(set(map(type, map(counts.__getitem__, words))))
    column = getattr(pyarrow, kind)()
    schema = pyarrow.schema([pyarrow.field("word", pyarrow.string(), nullable=False), pyarrow.field("value", column)])
    sink = io.BytesIO()
    with ParquetWriter(pyarrow.PythonFile(sink, "w"), schema) as writer:
        for start in range(0, len(words), _ROW_GROUP):
            group = words[start : start + _ROW_GROUP]
            values = [convert(counts[word]) for word in group]
            arrays = [pyarrow.array(group, pyarrow.string()), pyarrow.array(values, column)]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
            yield _taken(sink)
    yield _taken(sink)


def _taken(sink: io.BytesIO) -> bytes:
    """What was written since the last time. pyarrow counts by itself where in the file it is."""
    taken = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return taken


def _kind(types: set[type]) -> tuple[str, Any]:
    """The column's type, and what makes its cells. JSON text, where values are of several kinds, or lists or objects."""
    match types - {type(None)}:
        case kinds if kinds == {int}:
            return "int64", _as_it_is
        case kinds if kinds and kinds <= {int, float}:
            return "float64", lambda value: None if value is None else float(value)
        case kinds if kinds == {bool}:
            return "bool_", _as_it_is
        case kinds if kinds <= {str}:
            return "string", _as_it_is
    return "string", lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _as_it_is(value: Any) -> Any:
    return value
