"""A file's bytes to its text as UTF-8: unpacked, and after what stands before its records."""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import chain

from runtime.mapreduce.ranged.blocks import MAX_RECORD_BYTES
from runtime.mapreduce.ranged.cuts import Cuts, Cutter, Records
from runtime.mapreduce.ranged.encodings import UTF8_MARK, as_utf8, decoded, encoding_of, is_utf8
from runtime.mapreduce.ranged.unpacking import MAGIC_BYTES, packing, unpacked
from runtime.record import record


@record
class Form:
    """What is known of a file's text.

    Attributes:
        format: `text`, `lines`, `jsonl` or `csv`.
        encoding: None is UTF-8, or UTF-16 if the text begins with its mark.
        header: of CSV: whether the first record has the columns' names, or these names.
        multiline: of CSV: whether quoted fields may have line ends, so that only who reads all of it knows where its records end.
    """

    format: str = "text"
    encoding: str | None = None
    header: bool | list[str] = True
    multiline: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether it has to be read from the beginning on, by its format."""
        return self.format == "csv" and self.multiline


@record
class Opened:
    """A text from its first record on.

    Attributes:
        offset: at which byte of the text that is.
        stream: the rest of it, in parts.
        cuts: where it may be cut.
        header: the names of CSV's columns; None if it has none.
    """

    offset: int
    stream: Iterator[bytes]
    cuts: Cutter
    header: tuple[str, ...] | None


def opened(stream: Iterable[bytes], form: Form) -> Opened:
    """Open a file, given all of its bytes: what they are packed in is told by how they begin.

    Raises (also when the stream is read):
        DamagedError, EncodingError: it is damaged, cut off, or of another encoding.
        ValueError: two columns have one name.
    """
    head, stream = peek(iter(stream))
    if kind := packing(head):
        head, stream = peek(unpacked(kind, stream))
    encoding = encoding_of(head, form.encoding)
    if not is_utf8(encoding):
        stream = as_utf8(stream, encoding)
    return after_header(0, stream, Records() if form.is_whole else Cuts(form.format), form, "utf-8")


def after_header(offset: int, stream: Iterator[bytes], cuts: Cutter, form: Form, encoding: str) -> Opened:
    """A text whose first byte, at `offset`, the stream begins with, after its mark and the names of its columns."""
    head, stream = peek(stream)
    if is_utf8(encoding) and head.startswith(UTF8_MARK):
        next(stream)
        stream, offset = chain([head[len(UTF8_MARK) :]], stream), offset + len(UTF8_MARK)
    if form.format != "csv" or form.header is False:
        return Opened(offset, stream, cuts, None)
    if form.header is not True:
        return Opened(offset, stream, cuts, tuple(form.header))
    first, stream = _first_record(stream, cuts)
    return Opened(offset + len(first), stream, cuts, _columns(decoded(first, encoding)))


def peek(stream: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Enough of a stream's beginning to tell what it is, and the stream, of which nothing is lost."""
    head = b""
    while len(head) < MAGIC_BYTES and (part := next(stream, b"")):
        head += part
    return head, chain([head], stream)


def _first_record(stream: Iterator[bytes], cuts: Cutter) -> tuple[bytes, Iterator[bytes]]:
    held, final = b"", False
    while (cut := cuts.first(held, 1, final=final)) is None:
        part = next(stream, b"")
        held, final = held + part, not part
        if len(held) > MAX_RECORD_BYTES:
            raise ValueError(f"its first record goes on for more than {MAX_RECORD_BYTES:,} bytes")
    return held[:cut], chain([held[cut:]], stream)


def _columns(record: str) -> tuple[str, ...]:
    """The names in the first record of CSV. Raises ValueError: two are the same."""
    names = tuple(next(csv.reader(io.StringIO(record, newline="")), ()))
    if len(set(names)) < len(names):
        raise ValueError(
            f"two columns have one name in its first record: {', '.join(names):.300}; say header = [...] in job.toml"
        )
    return names
