"""Line plots with logarithmic axes as SVG, which a page can hold without any script or file beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from math import ceil, floor, log10

_WIDTH, _HEIGHT = 860, 430
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 230, 16, 46
_DASHES = ("", "7 4", "2 3")
COLOURS = 9
"""The page's style gives a colour to each class `c0` to `c8`."""


@dataclass(frozen=True)
class Line:
    """One line; `kind` chooses how it is dashed: 0 plain, 1 dashed, 2 dotted. `colour` is a number below COLOURS."""

    name: str
    points: Sequence[tuple[float, float]]
    kind: int = 0
    colour: int = 0


def plot(lines: Sequence[Line], x_label: str, y_label: str) -> str:
    """The lines with both axes logarithmic, and their names beside them; a sentence where there is nothing to draw."""
    drawn = [replace(line, points=sorted((x, y) for x, y in line.points if x > 0 and y > 0)) for line in lines]
    drawn = [line for line in drawn if line.points]
    if not drawn:
        return "<p>Nothing was measured for this plot.</p>"
    xs = _Axis([x for line in drawn for x, _ in line.points], _LEFT, _WIDTH - _RIGHT)
    ys = _Axis([y for line in drawn for _, y in line.points], _HEIGHT - _BOTTOM, _TOP)
    parts = [f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(y_label)} against {escape(x_label)}">']
    for value, at in xs.ticks():
        parts.append(f'<line class="grid" x1="{at:.1f}" y1="{_TOP}" x2="{at:.1f}" y2="{_HEIGHT - _BOTTOM}"/>')
        parts.append(f'<text x="{at:.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{value:g}</text>')
    for value, at in ys.ticks():
        parts.append(f'<line class="grid" x1="{_LEFT}" y1="{at:.1f}" x2="{_WIDTH - _RIGHT}" y2="{at:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{value:g}</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(x_label)}</text>')
    parts.append(
        f'<text transform="translate(14 {(_HEIGHT - _BOTTOM) / 2}) rotate(-90)" text-anchor="middle">{escape(y_label)}</text>'
    )
    for number, line in enumerate(drawn):
        parts += _drawn(number, line, xs, ys)
    return "\n".join([*parts, "</svg>"])


def _drawn(number: int, line: Line, xs: "_Axis", ys: "_Axis") -> list[str]:
    colour, dashes = f"c{line.colour}", _DASHES[line.kind]
    places = [(xs.at(x), ys.at(y)) for x, y in line.points]
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    parts = [f'<polyline class="{colour}" points="{path}"{dashed}/>']
    for (x, y), (x_value, y_value) in zip(places, line.points, strict=True):
        told = f"{line.name}: {y_value:.4g} at {x_value:g}"
        parts.append(f'<circle class="{colour}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"><title>{escape(told)}</title></circle>')
    at = _TOP + 10 + number * 19
    begin = _WIDTH - _RIGHT + 14
    parts.append(f'<line class="{colour}" x1="{begin}" y1="{at}" x2="{begin + 26}" y2="{at}"{dashed}/>')
    parts.append(f'<text x="{begin + 32}" y="{at + 4}">{escape(line.name)}</text>')
    return parts


class _Axis:
    """A logarithmic axis that holds all values, between two places of the drawing."""

    def __init__(self, values: Sequence[float], begin: float, end: float) -> None:
        low, high = log10(min(values)), log10(max(values))
        room = max(0.05, (high - low) * 0.05)
        self._low, self._high, self._begin, self._end = low - room, high + room, begin, end

    def at(self, value: float) -> float:
        """Where a value lies."""
        share = (log10(value) - self._low) / (self._high - self._low)
        return self._begin + share * (self._end - self._begin)

    def ticks(self) -> list[tuple[float, float]]:
        """Round values on the axis, and where they lie: 1, 2 and 5 of each power of ten, or 1 alone where these are many."""
        powers = range(floor(self._low), ceil(self._high) + 1)
        steps = (1, 2, 5) if self._high - self._low < 3 else (1,)
        values = [float(f"{step}e{power}") for power in powers for step in steps]
        return [(value, self.at(value)) for value in values if self._low <= log10(value) <= self._high]
