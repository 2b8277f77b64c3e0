"""A table of two columns on stdout, drawn here: the library that could do it takes longer to import than a small run takes.

┏━━━━━━┳━━━━━━━┓
┃ word ┃ count ┃
┡━━━━━━╇━━━━━━━┩
│ the  │    30 │
└──────┴───────┘
"""

import os
import sys
from collections.abc import Sequence

from scripts.client.report.escaping import shortened

_BORDERS = ("┏━┳┓", "┃┃┃", "┡━╇┩", "│││", "└─┴┘")
_PLAIN = ("+-++", "|||", "+-++", "|||", "+-++")
_LEAST_WIDTH = 20
"""Of the first column, even where the terminal is narrower."""


def print_rows(heads: tuple[str, str], rows: Sequence[tuple[str, str]], *, right: bool) -> None:
    """Print the rows below their heads; `right` if the second column ends at the right, as numbers do.

    What the stream's encoding can't show is escaped. On a terminal the first column is cut where a line would be too long.
    """
    encoding = sys.stdout.encoding or "utf-8"
    shown = [tuple(cell.encode(encoding, "backslashreplace").decode(encoding) for cell in row) for row in rows]
    second = max(_width(row[1]) for row in [heads, *shown])
    room = max(_LEAST_WIDTH, _terminal_width() - second - len("│  │  │"))
    cells = [heads, *((shortened(row[0], room), row[1]) for row in shown)]
    first = max(_width(row[0]) for row in cells)
    top, head, below, side, bottom = _borders(encoding)
    lines = [_rule(top, first, second), _line(head, cells[0], first, second, right=right), _rule(below, first, second)]
    lines += [_line(side, row, first, second, right=right) for row in cells[1:]]
    print("\n".join([*lines, _rule(bottom, first, second)]), flush=True)


def _borders(encoding: str) -> Sequence[str]:
    try:
        "".join(_BORDERS).encode(encoding)
    except UnicodeEncodeError:
        return _PLAIN
    return _BORDERS


def _rule(signs: str, first: int, second: int) -> str:
    return f"{signs[0]}{signs[1] * (first + 2)}{signs[2]}{signs[1] * (second + 2)}{signs[3]}"


def _line(signs: str, cells: Sequence[str], first: int, second: int, *, right: bool) -> str:
    fill = " " * (second - _width(cells[1]))
    last = fill + cells[1] if right else cells[1] + fill
    return f"{signs[0]} {cells[0]}{' ' * (first - _width(cells[0]))} {signs[1]} {last} {signs[2]}"


def _width(text: str) -> int:
    """Columns that a terminal shows a text in."""
    if text.isascii():
        return len(text)
    return sum(_columns(sign) for sign in text)


def _columns(sign: str) -> int:
    import unicodedata

    if unicodedata.category(sign) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def _terminal_width() -> int:
    """Columns of the terminal that stdout is; what is very wide for anything else."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 10**6
    except (OSError, ValueError):
        return 10**6
