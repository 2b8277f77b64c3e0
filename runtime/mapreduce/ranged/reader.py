"""The texts of a range of an object, read with GETs of a few megabytes each.

An object that can't be cut, since it is compressed, in UTF-16 or CSV with line ends in its fields, is read whole by who has its
first range; who has another one finds that out by its first bytes, and has nothing to do.
"""

import csv
import io
from collections.abc import Iterator
from itertools import chain

from runtime.aws.errors import ChangedError
from runtime.mapreduce.ranged.between import READ_BYTES, TAIL_BYTES, between
from runtime.mapreduce.ranged.blocks import MAX_RECORD_BYTES, Cutter, blocks
from runtime.mapreduce.ranged.cuts import Cuts, Records
from runtime.mapreduce.ranged.encodings import UTF8_MARK, as_utf8, can_be_cut, decoded, encoding_of, is_utf8
from runtime.mapreduce.ranged.piece import Range
from runtime.mapreduce.ranged.unpacking import MAGIC_BYTES, packing, unpacked
from runtime.mapreduce.source import Source
from runtime.ports import ports

_COLUMNS_BYTES = 64 << 10
"""That the names of CSV's columns are expected to take."""


class InputError(ValueError):
    """An object of the input can't be read as what it is taken for; names it and the cause."""


def texts_in(piece: Range) -> Iterator[tuple[str, Source]]:
    """The texts of a range, in order, each with its place. All ranges of an object together give each of its records once.

    Raises:
        InputError: the object is damaged, cut off, of another encoding, gone, or no longer the one that was listed.
        StorageError: a read finally failed.
    """
    try:
        if piece.start < piece.end:
            yield from _Reader(piece).texts()
    except ChangedError as error:
        raise InputError(f"{piece.url} has changed since the run was started; start another run") from error
    except ValueError as error:
        raise InputError(f"{piece.url} can't be read: {error}") from error


class _Reader:
    def __init__(self, piece: Range) -> None:
        self._piece, self._head = piece, b""

    def texts(self) -> Iterator[tuple[str, Source]]:
        piece = self._piece
        is_csv, is_first = piece.format == "csv", piece.start == 0
        look_at = piece.end + TAIL_BYTES if is_first else _COLUMNS_BYTES if is_csv else MAGIC_BYTES
        self._head = self._read(0, min(look_at, READ_BYTES, piece.size))
        kind, encoding = packing(self._head), encoding_of(self._head, piece.encoding)
        cuts: Cutter
        if kind or not can_be_cut(encoding) or (is_csv and piece.multiline):
            if not is_first:
                return
            offset, stream = 0, self._from(0)
            if kind:
                head, stream = _peek(unpacked(kind, stream))
                encoding = encoding_of(head, piece.encoding)
            if not is_utf8(encoding):
                stream, encoding = as_utf8(stream, encoding), "utf-8"
            cuts = Records() if is_csv and piece.multiline else Cuts(piece.format)
        else:
            cuts = Cuts(piece.format, in_utf8=is_utf8(encoding))
            offset, stream = between(self._read, cuts, piece.start, piece.end, piece.size)
        header = tuple(piece.header) if is_csv and isinstance(piece.header, list) else None
        if is_first:
            head, stream = _peek(stream)
            if head.startswith(UTF8_MARK) and is_utf8(encoding):
                stream, offset = _without(len(UTF8_MARK), stream), offset + len(UTF8_MARK)
        if is_csv and piece.header is True:
            first, rest = _first_record(stream if is_first else _without_mark(self._from(0)), cuts)
            header = _columns(decoded(first, encoding))
            if is_first:
                stream, offset = rest, offset + len(first)
        for at, body in blocks(stream, cuts, offset):
            yield decoded(body, encoding, at), Source(piece.url, at, piece.format, header)

    def _from(self, at: int) -> Iterator[bytes]:
        while at < self._piece.size:
            part = self._read(at, min(READ_BYTES, self._piece.size - at))
            at += len(part)
            yield part

    def _read(self, at: int, length: int) -> bytes:
        """As `between.Read`: what is at hand of the object's beginning is not read again."""
        if at < len(self._head):
            return self._head[at : at + length]
        piece = self._piece
        part = ports().s3.get_range(piece.bucket, piece.key, at, length, piece.etag)
        if part is None:
            raise InputError("it has been deleted since the run was started")
        if not part:
            raise InputError(f"it ends at byte {at:,} already")
        return part


def _peek(stream: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Enough of a stream's beginning to see a mark, and the stream, of which nothing is lost."""
    head = b""
    while len(head) < MAGIC_BYTES and (part := next(stream, b"")):
        head += part
    return head, chain([head], stream)


def _without(number: int, stream: Iterator[bytes]) -> Iterator[bytes]:
    head, stream = _peek(stream)
    next(stream)
    return chain([head[number:]], stream)


def _without_mark(stream: Iterator[bytes]) -> Iterator[bytes]:
    head, stream = _peek(stream)
    return _without(len(UTF8_MARK), stream) if head.startswith(UTF8_MARK) else stream


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
