"""Where a text may be cut: never within a character, a word or a record.

`boundary(p)` is the first cut at or after byte p. It depends on the text alone and never decreases, so neighbours that work it
out apart agree: whoever has the range from a to b takes the bytes from boundary(a) to boundary(b), and all ranges together take
each byte once.

    text    after a line end; where none is within `LINE_BYTES`, after the first whitespace
    lines   after a line end: newline, carriage return, or both together
    jsonl   after a newline
    csv     after a line end that is in no quoted field, which only who has read all before it can know: see `Records`
"""

import re

FORMATS = ("text", "lines", "jsonl", "csv")

LINE_BYTES = 1 << 20
"""How long a line of the format `text` may be before it is cut at whitespace."""

WIDEST = 3
"""Bytes of the longest whitespace character, and so how far before a place one that ends there can begin."""

_NEAR_BYTES = 1000
"""Before a place, in which most texts have a blank: the last one is looked for there first."""

_LINE_END = re.compile(rb"\r\n|\r|\n")
_NEWLINE = re.compile(rb"\n")
# What `str.split` parts words at, in UTF-8. No other character has these bytes in it.
_WHITESPACE = re.compile(
    rb"\r\n|[\t-\r\x1c-\x20]|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80"
)
_ASCII_WHITESPACE = re.compile(rb"\r\n|[\t-\r\x1c-\x20]")
# The fields of a CSV record as Python's csv module reads them: a quote opens a field only where it begins it.
_FIELD = rb'(?:"(?:[^"]|"")*+"[^,\r\n]*+|[^",\r\n][^,\r\n]*+|)'
_RECORD = rb"(?:" + _FIELD + rb"(?:," + _FIELD + rb")*+(?:\r\n|\r|\n))"
_ONE_RECORD, _ALL_RECORDS = re.compile(_RECORD), re.compile(_RECORD + rb"*+")

Window = bytes | bytearray


class Cuts:
    """The cuts of a format, which can be told wherever one begins to read.

    Args:
        form: one of FORMATS; in `csv` no quoted field has a line end.
        in_utf8: False for another encoding of one byte each, whose whitespace beyond ASCII is not known.
        line_bytes: as LINE_BYTES; for tests.
    """

    def __init__(self, form: str = "text", *, in_utf8: bool = True, line_bytes: int = LINE_BYTES) -> None:
        self._form, self._line_bytes = form, line_bytes
        self._end = _NEWLINE if form == "jsonl" else _LINE_END
        self._blank = _WHITESPACE if in_utf8 else _ASCII_WHITESPACE

    def first(self, window: Window, at: int, *, final: bool) -> int | None:
        """The first cut at or after `at` in a window of the text; None if that depends on what comes after the window.

        The window begins `WIDEST` bytes before `at`, or earlier, or where the text does. If `final`, it ends where the text does.
        """
        if self._form != "text":
            return _first_of(self._end, window, at, final=final)
        found = _first_of(self._end, window, at, final=final)
        if found is None and len(window) - at < self._line_bytes + len(b"\r\n"):
            return None  # the line may still end in time
        if found is not None and found - at <= self._line_bytes:
            return found
        return _first_of(self._blank, window, at, final=final)

    def last(self, window: Window, until: int) -> int | None:
        """The last cut of a window, which begins at a cut, that is at `until` at the latest; None if there is none.

        A newline is preferred to other line ends, and those to other whitespace.
        """
        if newline := window.rfind(b"\n", 0, until) + 1:
            return newline
        return _last_of(self._end, window, until) or (_last_of(self._blank, window, until) if self._form == "text" else None)


class Records:
    """The cuts of CSV whose quoted fields may have line ends. Its windows begin at a cut."""

    def first(self, window: Window, at: int, *, final: bool) -> int | None:
        """The end of the first record, or of the whole text."""
        match = _ONE_RECORD.match(window)
        if match is None or (match.end() == len(window) and match[0].endswith(b"\r")):
            return len(window) if final else None
        return match.end()

    def last(self, window: Window, until: int) -> int | None:
        """The end of the last record that ends at `until`, or a byte later, at the latest."""
        match = _ALL_RECORDS.match(window, 0, until)
        end = match.end() if match else 0
        if window[end - 1 : end] == b"\r" and end == until:
            if end == len(window):
                return None
            end += window[end] == 10
        return end or None


Cutter = Cuts | Records
"""What finds the cuts of a text."""


def _first_of(sign: re.Pattern[bytes], window: Window, at: int, *, final: bool) -> int | None:
    for match in sign.finditer(window, max(0, at - WIDEST)):
        if match.end() >= at:
            return None if match.end() == len(window) and match[0] == b"\r" and not final else match.end()
    return len(window) if final else None


def _last_of(sign: re.Pattern[bytes], window: Window, until: int) -> int | None:
    for begin in (max(0, until - _NEAR_BYTES), 0):
        found = None
        for match in sign.finditer(window, begin, until + 1):
            if match.end() <= until and (match[0] != b"\r" or match.end() < min(len(window), until + 1)):
                found = match.end()
        if found:
            return found
    return None
