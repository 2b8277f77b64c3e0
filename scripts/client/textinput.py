"""Bytes to text: one file, a folder of files, standard input. A block at a time, each byte read once."""

import codecs
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from scripts.client.chunking import LINE_ENDS
from scripts.client.errors import InputError

_BLOCK_BYTES = 1 << 20


def read_blocks(path: Path | None) -> Iterator[bytes]:
    """The bytes of a file, or of standard input (None), in blocks.

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
            yield from iter(lambda: file.read(_BLOCK_BYTES), b"")
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; give a file, a folder, or - for standard input") from None
    except OSError as error:
        raise InputError(f"{path or 'standard input'} can't be read: {error.strerror}") from error


def decode(name: str, blocks: Iterable[bytes]) -> Iterator[str]:
    """UTF-8 text from blocks of bytes; a byte order mark in front is dropped.

    Raises:
        InputError: binary, or not UTF-8; names the byte's offset.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset, beginning = 0, True
    for block in blocks:
        if (nul := block.find(0)) >= 0:
            raise InputError(f"{name} is binary (a NUL byte at offset {offset + nul}); only UTF-8 text can be counted")
        text = _decode(name, decoder, block, offset, final=False)
        offset += len(block)
        if text:
            yield text.removeprefix("\ufeff") if beginning else text
            beginning = False
    _decode(name, decoder, b"", offset, final=True)


def _decode(name: str, decoder: codecs.IncrementalDecoder, block: bytes, offset: int, *, final: bool) -> str:
    held_back: bytes = decoder.getstate()[0]
    try:
        return decoder.decode(block, final)
    except UnicodeDecodeError as error:
        at = offset - len(held_back) + error.start
        byte = (held_back + block)[error.start]
        raise InputError(
            f"{name} is not UTF-8: {error.reason} (byte 0x{byte:02x}) at offset {at}; convert it first, e.g. with iconv"
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


def read_folder(folder: Path) -> Iterator[Iterator[str]]:
    """The text of each file below a folder, in the order of their paths, hidden ones (leading dot) left out.

    Raises:
        InputError: a file can't be read, is binary or is not UTF-8; names it.
    """
    for path in sorted(_files(folder), key=lambda path: path.parts):
        if path.exists() and not path.is_file():
            raise InputError(f"{path} is not a regular file; a folder given as input may hold text files and folders only")
        yield decode(str(path), read_blocks(path))


def _files(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise InputError(f"{error.filename} can't be read: {error.strerror}") from error

    for where, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(where, name) for name in files if not name.startswith("."))
