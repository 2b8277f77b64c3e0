"""The encodings of a text: which can be cut as they lie, and which are decoded from the beginning on.

A text is UTF-8 unless something else is asked for, or a mark of UTF-16 stands at its beginning.
"""

import codecs
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain

UTF8_MARK = codecs.BOM_UTF8
_UTF16_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_UTF32_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


class EncodingError(ValueError):
    """Bytes that are no text of the encoding; says which byte, and what to do."""


def encoding_of(head: bytes, asked: str | None) -> str:
    """The encoding of a text that begins with `head`: a mark of UTF-16 goes before what is asked for, else it is UTF-8.

    Raises:
        EncodingError: what is asked for is no encoding of text.
    """
    if head[:2] in _UTF16_MARKS and head[:4] not in _UTF32_MARKS:
        return "utf-16"
    name = known(asked or "utf-8")
    return "utf-8" if name == "utf-8-sig" else name  # a mark is left out in any case


def known(encoding: str) -> str:
    """The name of an encoding of text. Raises EncodingError: Python has none of that name."""
    try:
        name = codecs.lookup(encoding).name
        with suppress(UnicodeError):  # Python also looks up what makes bytes of bytes, such as hex, and refuses it only now.
            b"ab".decode(name)
    except (LookupError, ValueError):
        raise EncodingError(
            f"{encoding!r:.200} is no encoding of text that Python knows; say one that it does, for example --encoding latin-1"
        ) from None
    return name


def is_utf8(encoding: str) -> bool:
    """Whether it is UTF-8, or a part of it."""
    return encoding in ("utf-8", "ascii")


def can_be_cut(encoding: str) -> bool:
    """Whether each character of ASCII is one byte, and no part of another character: UTF-8, and encodings of one byte each."""
    if is_utf8(encoding):
        return True
    try:
        return (
            bytes(range(128)).decode(encoding) == bytes(range(128)).decode("ascii")
            and all(len(bytes([byte]).decode(encoding, "replace")) == 1 for byte in range(256))
            and len(bytes(range(256)).decode(encoding, "replace")) == 256
        )
    except (LookupError, ValueError):
        return False


def decoded(body: bytes, encoding: str, offset: int = 0) -> str:
    """The text of a block that begins at byte `offset`. Raises EncodingError: it is none, or binary."""
    if (nul := body.find(0)) >= 0:
        raise EncodingError(f"a NUL byte at offset {offset + nul}: it is binary, or UTF-16 without a mark (--encoding utf-16-le)")
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        at, byte = offset + error.start, body[error.start]
        raise EncodingError(
            f"it is not {encoding}: {error.reason} (byte 0x{byte:02x}) at offset {at}; "
            "if it is text, say its encoding, for example --encoding latin-1"
        ) from None


def as_utf8(stream: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """A stream of text in another encoding, as UTF-8. Raises EncodingError: it is not of that encoding."""
    decoder, offset = codecs.getincrementaldecoder(encoding)(), 0
    for part in chain(stream, [None]):
        try:
            text = decoder.decode(part or b"", part is None)
        except UnicodeDecodeError as error:
            raise EncodingError(
                f"it is not {encoding}: {error.reason} at or after offset {offset}; say its encoding with --encoding"
            ) from None
        offset += len(part or b"")
        if text:
            yield text.encode()
