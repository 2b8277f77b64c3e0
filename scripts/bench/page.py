"""bench.html: the table, the plots and all medians on one page that needs nothing else."""

from collections.abc import Callable, Iterable, Sequence
from html import escape

from scripts.bench import targets
from scripts.bench.contenders import CEILING, COUNTER, EMIT_ALL, LITHOPS, SERIAL
from scripts.bench.plots import Line, plot
from scripts.bench.results import Results, Series
from scripts.bench.statistic import ratio
from scripts.bench.texts import DISTINCT, ONE_WORD
from scripts.client.input.layout import OBJECTS, PACKED
from scripts.orchestrations import ORCHESTRATIONS

_KINDS = {PACKED: 0, OBJECTS: 1, EMIT_ALL: 2}
_BESIDE = (CEILING, SERIAL, COUNTER, LITHOPS)

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2024; --dim: #5f6770; --rule: #d8dde3; --paper: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --dim: #9aa4af; --rule: #3a424b; --paper: #15181c; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 68rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p.dim, small { color: var(--dim); }
table { border-collapse: collapse; width: 100%; } .wide { overflow-x: auto; }
th, td { text-align: left; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.yes { color: #1a7f37; } td.no { color: #cf222e; font-weight: 600; }
svg { width: 100%; height: auto; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg .grid { stroke: var(--rule); stroke-width: 1; } svg polyline, svg line { fill: none; stroke-width: 2; }
""" + "\n".join(
    f"svg .c{number} {{ stroke: {colour}; }} svg circle.c{number} {{ fill: {colour}; }}"
    for number, colour in enumerate(
        ("#2f6fde", "#d9480f", "#2b8a3e", "#9c36b5", "#0b7285", "#c2255c", "#868e96", "#a37c00", "#5c940d")
    )
)


def render(results: Results) -> str:
    """The whole page."""
    machine = results.machine
    about = (
        f"{machine['cores']} cores, {machine['processor']}, {machine['memory_mb'] // 1024} GB, Python {machine['python']}. "
        f"Load average {machine.get('load_before', ['?'])[0]} before and {machine.get('load_after', ['?'])[0]} after. "
        "Times are of whole processes, from their start to the counts, on a warm deployment of the embedded AWS, medians of "
        f"{results.options['runs']} run(s) after one that is not counted. Compare them with each other, not with AWS."
    )
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><title>make bench</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{_STYLE}</style></head><body>",
        "<h1>make bench</h1>",
        f'<p class="dim">{escape(about)}</p>',
        *(f'<p class="dim">{escape(note)}.</p>' for note in results.notes),
        *(f'<p class="dim">Failed: {escape(failure)}</p>' for failure in results.failures),
        "<h2>Targets</h2>",
        _targets(results),
        "<h2>Time against size</h2>",
        plot(_lines(results, lambda one: one.median), "MB of text", "seconds"),
        "<h2>Cost against size</h2>",
        '<p class="dim">What the functions ask of S3, at list prices: nearly all of it is the shuffle.</p>',
        plot(_lines(results, lambda one: one.cost.s3_usd if one.cost else None), "MB of text", "USD a run"),
        "<h2>Fan-out and fan-in of branches that do nothing</h2>",
        plot(_fan_outs(results), "branches", "seconds"),
        "<h2>All runs</h2>",
        _series(results),
        "<h2>CPU time and memory</h2>",
        '<p class="dim">Seconds of CPU time of all processes together, and the most memory that one of them held.</p>',
        _used(results),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _targets(results: Results) -> str:
    marks = {True: ("yes", "yes"), False: ("no", "no"), None: ("", "not measured")}
    rows = [
        f"<tr><td>{escape(row.work)}</td><td>{escape(row.target)}</td><td>{escape(row.measured)}</td>"
        f'<td class="{marks[row.met][0]}">{marks[row.met][1]}</td></tr>'
        for row in targets.rows(results)
    ]
    return _table(("work", "target", "measured", "met"), rows)


def _lines(results: Results, value: Callable[[Series], float | None]) -> list[Line]:
    """A line over the sizes of the texts for each contender under each orchestration; of each series its value, if it has one."""
    by_title: dict[str, list[Series]] = {}
    for one in results.series:
        if one.runs and one.text not in (ONE_WORD, DISTINCT):
            by_title.setdefault(one.title, []).append(one)
    return [
        _line(found[0], [(one.megabytes, y) for one in found if (y := value(one)) is not None]) for found in by_title.values()
    ]


def _line(one: Series, points: list[tuple[float, float]]) -> Line:
    """An orchestration has one colour in all its lines, and who stands beside them one of their own."""
    if one.orchestration is not None:
        return Line(one.title, points, _KINDS.get(one.contender, 0), ORCHESTRATIONS.index(one.orchestration))
    beside = _BESIDE.index(one.contender) if one.contender in _BESIDE else 0
    return Line(one.title, points, 2, len(ORCHESTRATIONS) + beside)


def _fan_outs(results: Results) -> list[Line]:
    def line(way: str) -> Line:
        points = [(each.branches, each.seconds.median) for each in results.fan_outs if each.way == way and each.seconds]
        own = way in ORCHESTRATIONS
        return Line(way, points, 0 if own else 2, ORCHESTRATIONS.index(way) if own else len(ORCHESTRATIONS))

    return [line(way) for way in dict.fromkeys(each.way for each in results.fan_outs)]


def _series(results: Results) -> str:
    rows = []
    for one in results.series:
        if (seconds := one.seconds) is None or (whole := one.whole_seconds) is None:
            continue
        beside = [
            ratio(seconds, other[0].seconds) if (other := results.of(name, one.text)) else None for name in (COUNTER, LITHOPS)
        ]
        cost = one.cost
        numbers = [
            f"{one.words:,}",
            f"{seconds.median:.2f}",
            f"{seconds.low:.2f} to {seconds.high:.2f}",
            f"{whole.median:.2f}",
            *("" if each is None else f"{each:.2f}" for each in beside),
            "" if cost is None else f"{cost.chunks} / {cost.branches[-1]}",
            "" if cost is None else f"{sum(cost.s3_requests.values()):,}",
            "" if cost is None else f"{cost.s3_usd:.6f}",
        ]
        rows.append(f"<tr><td>{escape(one.text)}</td><td>{escape(one.title)}</td>{_numbers(numbers)}</tr>")
    heads = ("words", "s", "spread", "s to the end", "× Counter", "× Lithops", "mappers / reducers", "S3 requests", "USD")
    return _table(("text", "who", *heads), rows, 2)


def _used(results: Results) -> str:
    rows = []
    for one in results.series:
        if not one.runs:
            continue
        cpu, peaks = one.cpu_seconds(), one.peak_mb()
        told = ", ".join(f"{name} {seconds:.2f}" for name, seconds in cpu.items())
        held = ", ".join(f"{name} {megabytes:.0f}" for name, megabytes in sorted(peaks.items()))
        rows.append(
            f"<tr><td>{escape(one.text)}</td><td>{escape(one.title)}</td><td>{escape(told)}</td><td>{escape(held)}</td></tr>"
        )
    return _table(("text", "who", "CPU seconds", "MB"), rows)


def _numbers(cells: Iterable[str]) -> str:
    return "".join(f'<td class="number">{escape(cell)}</td>' for cell in cells)


def _table(heads: Sequence[str], rows: Sequence[str], plain: int = 99) -> str:
    classes = ["" if number < plain else ' class="number"' for number in range(len(heads))]
    shown = "".join(f"<th{kind}>{escape(head)}</th>" for kind, head in zip(classes, heads, strict=True))
    return f'<div class="wide"><table><tr>{shown}</tr>{"".join(rows)}</table></div>'
