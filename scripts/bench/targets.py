"""The table of what is to be reached: each row with what was measured, whether that reaches it, and what stands beside it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from scripts.bench.clocked import OWN
from scripts.bench.contenders import CEILING, EMIT_ALL, LITHOPS
from scripts.bench.plan import BOTH
from scripts.bench.results import Results, Series
from scripts.bench.statistic import Sample, ratio, slope
from scripts.bench.texts import DISTINCT, ONE_WORD, name_of
from scripts.bench.workers import SERVER
from scripts.client.input.layout import OBJECTS, PACKED

JUDGED_COLD = ("mapper", "reducer", "summary")

LINEAR = 1.15
"""The largest exponent with which time may grow with size."""


@dataclass(frozen=True)
class Row:
    """One line: `met` is None where it was not measured."""

    work: str
    target: str
    measured: str
    met: bool | None


@dataclass(frozen=True)
class _Part:
    """One of the conditions of a row."""

    text: str
    met: bool


def rows(results: Results) -> list[Row]:
    """The whole table."""
    return [
        _row("0.12 MB, packed, warm, each orchestration", "≤ 0.8 s", _seconds(results, PACKED, 0.12, 0.8)),
        _row("1 MB", "≤ 0.9 s, faster than Lithops", _seconds(results, PACKED, 1, 0.9), _lithops(results, PACKED, 1, 1.0)),
        _row("5 MB", "≤ 1.1 s, faster than Lithops", _seconds(results, PACKED, 5, 1.1), _lithops(results, PACKED, 5, 1.0)),
        _row("20 MB, one emit for each word", "≤ 1.9 s", _seconds(results, PACKED, 20, 1.9)),
        _row(
            "20 MB, emit_all",
            "≤ 1.5 s, not slower than Lithops",
            _seconds(results, EMIT_ALL, 20, 1.5),
            _lithops(results, EMIT_ALL, 20, 1.0),
        ),
        _row(
            "100 MB, one emit for each word, sfn and http_sync_s3",
            "≤ 6 s, no function over 512 MB, time linear in size",
            _seconds(results, PACKED, 100, 6.0, BOTH),
            _memory(results, PACKED, name_of(100), 512, BOTH),
            _linear(results),
        ),
        _row(
            "100 MB, emit_all, sfn and http_sync_s3",
            "≤ 4.5 s, within 1.3 × of Lithops",
            _seconds(results, EMIT_ALL, 100, 4.5, BOTH),
            _lithops(results, EMIT_ALL, 100, 1.3),
        ),
        _row("100 MB, requests to S3 at list prices", "under 0.01 USD", _price(results)),
        _row("one word 5 million times", "exact, no function over 256 MB", _memory(results, PACKED, ONE_WORD, 256)),
        _row(
            "2 million distinct words, each orchestration",
            "exact, no function over 1 GB",
            _memory(results, PACKED, DISTINCT, 1024),
        ),
        _row("0.12 MB, objects", "≤ 1.3 × the bare S3 client", _ceiling(results)),
        _row("emit's own CPU in packed", "≤ 0.6 µs a call", _emit(results)),
        _row("import to first line, fresh process", "≤ 60 ms", _cold(results)),
    ]


def _row(work: str, target: str, *parts: _Part | None) -> Row:
    known = [part for part in parts if part is not None]
    met = all(part.met for part in known) if known else None
    return Row(work, target, "; ".join(part.text for part in known) or "not measured", met)


def _seconds(
    results: Results, contender: str, megabytes: float, most: float, orchestrations: Iterable[str] | None = None
) -> _Part | None:
    """The slowest orchestration's median, and which that is."""
    found = _chosen(results, contender, name_of(megabytes), orchestrations)
    if not found:
        return None
    slowest = max(found, key=lambda each: _median(each))
    fastest = min(found, key=lambda each: _median(each))
    span = f"{_median(fastest):.2f} to " if slowest is not fastest else ""
    return _Part(f"{span}{_median(slowest):.2f} s ({slowest.orchestration})", _median(slowest) <= most)


def _lithops(results: Results, contender: str, megabytes: float, most: float) -> _Part | None:
    """The slowest orchestration beside Lithops."""
    return _beside(results, contender, name_of(megabytes), LITHOPS, most, "Lithops")


def _ceiling(results: Results) -> _Part | None:
    return _beside(results, OBJECTS, name_of(0.12), CEILING, 1.3, "the bare S3 client")


def _beside(results: Results, contender: str, text: str, other: str, most: float, called: str) -> _Part | None:
    found, others = results.of(contender, text), results.of(other, text)
    if not found or not others:
        return None
    ratios = [each for one in found if (each := ratio(one.seconds, others[0].seconds)) is not None]
    span = f"{min(ratios):.2f} to " if len(ratios) > 1 else ""
    return _Part(f"{span}{max(ratios):.2f} × {called} ({_median(others[0]):.2f} s)", max(ratios) <= most)


def _memory(
    results: Results, contender: str, text: str, most: float, orchestrations: Iterable[str] | None = None
) -> _Part | None:
    """The largest process of a function."""
    found = _chosen(results, contender, text, orchestrations)
    peaks = [(megabytes, name) for each in found for name, megabytes in each.peak_mb(OWN, SERVER).items()]
    if not peaks:
        return None
    megabytes, name = max(peaks)
    times = f"exact under {len(found)}, slowest {max(map(_median, found)):.2f} s; "
    return _Part(f"{times}{megabytes:.0f} MB ({name})", megabytes <= most)


def _linear(results: Results) -> _Part | None:
    """How time grows from 20 to 100 MB under each orchestration that did both."""
    exponents = []
    for large in _chosen(results, PACKED, name_of(100), BOTH):
        for small in results.of(PACKED, name_of(20), large.orchestration):
            exponent = slope([(small.megabytes, _median(small)), (large.megabytes, _median(large))])
            exponents += [] if exponent is None else [exponent]
    return _Part(f"grows with size ** {max(exponents):.2f}", max(exponents) <= LINEAR) if exponents else None


def _price(results: Results) -> _Part | None:
    costs = [each.cost for each in results.of(PACKED, name_of(100)) if each.cost is not None]
    if not costs:
        return None
    dearest = max(costs, key=lambda cost: cost.s3_usd)
    return _Part(f"{dearest.s3_usd:.5f} USD, {sum(dearest.s3_requests.values())} requests", dearest.s3_usd < 0.01)


def _emit(results: Results) -> _Part | None:
    told = results.emit_microseconds
    if "emit" not in told:
        return None
    return _Part(f"{told['emit']:.2f} µs; emit_all {told.get('emit_all', 0.0):.2f} µs a word", told["emit"] <= 0.6)


def _cold(results: Results) -> _Part | None:
    if not results.cold_starts:
        return None
    by_function: list[tuple[str, Sample]] = sorted(results.cold_starts.items())
    told = ", ".join(f"{name} {seconds.median * 1000:.0f}" for name, seconds in by_function)
    if results.cold_cpu:
        told += f" ms; of CPU time {', '.join(f'{used.median * 1000:.0f}' for _, used in sorted(results.cold_cpu.items()))}"
    return _Part(f"{told} ms", all(seconds.median <= 0.06 for name, seconds in by_function if name in JUDGED_COLD))


def _chosen(results: Results, contender: str, text: str, orchestrations: Iterable[str] | None) -> list[Series]:
    wanted = None if orchestrations is None else set(orchestrations)
    return [each for each in results.of(contender, text) if wanted is None or each.orchestration in wanted]


def _median(series: Series) -> float:
    seconds = series.seconds
    return seconds.median if seconds else 0.0


def lines(table: Iterable[Row]) -> list[str]:
    """The table in plain columns."""
    mark: Callable[[bool | None], str] = {True: "yes", False: "NO", None: "-"}.__getitem__
    cells = [("work", "target", "met", "measured"), *((row.work, row.target, mark(row.met), row.measured) for row in table)]
    widths = [max(len(row[column]) for row in cells) for column in range(3)]
    return ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in cells]
