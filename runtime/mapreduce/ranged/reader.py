"""The texts of a range of an object, read with GETs of a few megabytes each.

An object that can't be cut, since it is compressed, in UTF-16 or CSV with line ends in its fields, is read whole by who has its
first range; who has another one finds that out by its first bytes, and has nothing to do.
"""

from collections.abc import Iterator

from runtime.aws.errors import ChangedError
from runtime.mapreduce.ranged.between import between
from runtime.mapreduce.ranged.blocks import blocks
from runtime.mapreduce.ranged.cuts import Cuts
from runtime.mapreduce.ranged.encodings import can_be_cut, decoded, encoding_of, is_utf8
from runtime.mapreduce.ranged.opening import Opened, after_header, opened
from runtime.mapreduce.ranged.piece import Range
from runtime.mapreduce.ranged.unpacking import MAGIC_BYTES, packing
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
        piece, form, is_first = self._piece, self._piece.form, self._piece.start == 0
        limits = ports().limits
        look_at = piece.end + limits.beyond_bytes if is_first else _COLUMNS_BYTES if form.format == "csv" else MAGIC_BYTES
        self._head = self._read(0, min(look_at, limits.range_bytes, piece.size))
        encoding = encoding_of(self._head, form.encoding)
        if packing(self._head) or not can_be_cut(encoding) or form.is_whole:
            if not is_first:
                return
            encoding, text = "utf-8", opened(self._from(0), form)
        else:
            cuts = Cuts(form.format, in_utf8=is_utf8(encoding))
            offset, stream = between(self._read, cuts, piece.start, piece.end, piece.size)
            text = after_header(0, stream if is_first else self._from(0), cuts, form, encoding)
            if not is_first:
                text = Opened(offset, stream, cuts, text.header)
        for at, body in blocks(text.stream, text.cuts, text.offset):
            yield decoded(body, encoding, at), Source(piece.url, at, form.format, text.header)

    def _from(self, at: int) -> Iterator[bytes]:
        while at < self._piece.size:
            part = self._read(at, min(ports().limits.range_bytes, self._piece.size - at))
            at += len(part)
            yield part

    def _read(self, at: int, length: int) -> bytes:
        """As `between.Read`: what is at hand of the object's beginning is not read again."""
        if at < len(self._head):
            return self._head[at : at + length]
        piece = self._piece
        part = ports().s3.get_range(piece.bucket, piece.key, at, length, piece.etag)
        if part is None:
            raise ValueError("it has been deleted since the run was started")
        if not part:
            raise ValueError(f"it ends at byte {at:,} already")
        return part
