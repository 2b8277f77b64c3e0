"""Bytes to text: a file, or standard input. A block at a time, each byte read once."""

import codecs
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

from scripts.client.errors import InputError
from scripts.client.input import file_kinds

LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""What ends a line for `str.splitlines`."""

_BLOCK_BYTES = 1 << 20


def read_blocks(path: Path | None, changed: Callable[[], object]) -> Iterator[bytes]:
    """The bytes of a file, or of standard input (None), in blocks. `changed` is called if the file changed meanwhile.

    Raises:
        InputError: it is missing or can't be read.
    """
    try:
        if path is None and sys.stdin is None:
            raise InputError("standard input is closed; give a file or a folder, or pipe something in")
        if path is None:
            yield from iter(lambda: os.read(sys.stdin.fileno(), _BLOCK_BYTES), b"")
            return
        with path.open("rb", buffering=0) as file:
            before = _state(file.fileno())
            yield from iter(lambda: file.read(_BLOCK_BYTES), b"")
            if before != _state(file.fileno()):
                changed()
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; give a file, a folder, or - for standard input") from None
    except OSError as error:
        raise InputError(f"{path or 'standard input'} can't be read: {error.strerror}") from error


def _state(descriptor: int) -> tuple[int, int] | None:
    """What tells whether a file has changed; None of what is none, such as a pipe."""
    found = os.fstat(descriptor)
    return (found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


def decode(name: str, blocks: Iterable[bytes], offset: int = 0) -> Iterator[str]:
    """UTF-8 text from blocks of bytes, the first of which is the file's at `offset`.

    Raises:
        InputError: not UTF-8 text; names what it is, or the byte's offset.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    blocks = iter(blocks)
    head = next(blocks, b"")
    try:
        for block in chain([head], blocks):
            if (nul := block.find(0)) >= 0:
                raise InputError(f"{name} is binary (a NUL byte at offset {offset + nul}); only text can be read")
            text = _decode(name, decoder, block, offset, final=False)
            offset += len(block)
            if text:
                yield text
        _decode(name, decoder, b"", offset, final=True)
    except InputError as error:
        raise InputError(file_kinds.describe(name, head) or str(error)) from None


def _decode(name: str, decoder: codecs.IncrementalDecoder, block: bytes, offset: int, *, final: bool) -> str:
    held_back: bytes = decoder.getstate()[0]
    try:
        return decoder.decode(block, final)
    except UnicodeDecodeError as error:
        at = offset - len(held_back) + error.start
        byte = (held_back + block)[error.start]
        raise InputError(
            f"{name} is not UTF-8: {error.reason} (byte 0x{byte:02x}) at offset {at};"
            " if it is text, say its encoding, for example --encoding latin-1"
        ) from None


def joined(texts: Iterable[Iterable[str]]) -> Iterator[str]:
    """Texts that come in blocks each, as one: the lines of all. A text without a line end gets one, so that no line spans two."""
    for text in texts:
        last = ""
        for block in filter(None, text):
            yield block
            last = block[-1]
        if last and (last not in LINE_ENDS or last == "\r"):  # a newline that the next text begins with would complete a \r
            yield "\n"
