"""What a file is that can't be read, by how it begins, and what to do with it."""

import re
import shlex

_SIGNATURES = (
    (b"\xff\xfe\x00\x00", "UTF-32 text", "iconv -f UTF-32 -t UTF-8 {}"),
    (b"\x00\x00\xfe\xff", "UTF-32 text", "iconv -f UTF-32 -t UTF-8 {}"),
    (b"\xfd7zXZ\x00", "compressed with xz", "unxz -c {}"),
    (b"\x04\x22\x4d\x18", "compressed with lz4", "unlz4 -c {}"),
    (b"PK\x03\x04", "a zip archive", "unzip -p {}"),
    (b"7z\xbc\xaf'\x1c", "a 7z archive", "7z x -so {}"),
    (b"%PDF-", "a PDF document", "pdftotext {} -"),
)
"""Of each: how it begins (a pattern), its name, and the command that writes its text to standard output."""

_TAR = (257, b"ustar")
_HEAD_BYTES = 512
_LEAST_NULS = 0.2
"""Of the bytes of UTF-16 text: half of them, where it is in a Latin script."""


def describe(name: str, head: bytes) -> str | None:
    """A sentence about a file that begins like this: what it is and what to do. None if it is nothing that is known.

    Args:
        name: the file's, or what stands for it.
        head: its first bytes, the more the better.
    """
    found = next(((kind, command) for sign, kind, command in _SIGNATURES if re.match(sign, head)), None)
    if found is None and head[_TAR[0] :].startswith(_TAR[1]):
        found = ("a tar archive", "tar -xOf {}")
    if found is None and (encoding := _unmarked(head[:_HEAD_BYTES])):
        return f"{name} is UTF-16 text without a mark in front; say so: --encoding {encoding}"
    if found is None:
        return None
    kind, command = found
    return f"{name} is {kind}, which can't be read as it is; give its text: {command.format(_quoted(name))} | scripts/invoke.sh -"


def _unmarked(head: bytes) -> str | None:
    """UTF-16 without a mark is known by its NUL bytes: every other byte of what is Latin."""
    head = head[: len(head) // 2 * 2]
    nuls = (head[0::2].count(0), head[1::2].count(0))
    if 0 not in nuls or sum(nuls) < _LEAST_NULS * len(head) or not head:
        return None
    encoding = "UTF-16LE" if nuls[1] else "UTF-16BE"
    text = head.decode(encoding, errors="ignore")
    return encoding if all(c.isprintable() or c.isspace() for c in text) else None


def _quoted(name: str) -> str:
    return "FILE" if name == "standard input" else shlex.quote(name)
