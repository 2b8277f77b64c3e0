"""The table of what is to be reached: each row with what was measured, whether that reaches it, and what stands beside it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from scripts.bench.clocked import OWN
from scripts.bench.contenders import CEILING, EMIT_ALL, LITHOPS
from scripts.bench.plan import BOTH
from scripts.bench.results import Results
from scripts.bench.statistic import ratio, slope
from scripts.bench.texts import DISTINCT, ONE_WORD, name_of
from scripts.bench.workers import SERVER
from scripts.client.input.layout import OBJECTS, PACKED

LINEAR = 1.15
"""The largest exponent with which time may grow with size."""

_CALLED = {LITHOPS: "Lithops", CEILING: "the bare S3 client"}
_MARKS = {True: "yes", False: "NO", None: "-"}

Part = tuple[str, bool] | None
"""One of the conditions of a row: what was measured, and whether that is enough; None where it was not measured."""


@dataclass(frozen=True)
class Row:
    """One line: `met` is None where it was not measured."""

    work: str
    target: str
    measured: str
    met: bool | None


def rows(results: Results) -> list[Row]:
    """The whole table."""

    def seconds(contender: str, megabytes: float, most: float, orchestrations: Collection[str] = ()) -> Part:
        """The slowest orchestration's median, and which that is."""
        found = results.of(contender, name_of(megabytes), orchestrations)
        if not found:
            return None
        ordered = sorted(found, key=lambda each: each.median)
        fastest, slowest = ordered[0], ordered[-1]
        span = f"{fastest.median:.2f} to " if slowest is not fastest else ""
        return f"{span}{slowest.median:.2f} s ({slowest.orchestration})", slowest.median <= most

    def beside(other: str, contender: str, megabytes: float, most: float) -> Part:
        """The slowest orchestration beside another contender."""
        found, others = (results.of(name, name_of(megabytes)) for name in (contender, other))
        if not found or not others:
            return None
        ratios = [each for one in found if (each := ratio(one.seconds, others[0].seconds)) is not None]
        span = f"{min(ratios):.2f} to " if len(ratios) > 1 else ""
        return f"{span}{max(ratios):.2f} × {_CALLED[other]} ({others[0].median:.2f} s)", max(ratios) <= most

    def memory(text: str, most: float, orchestrations: Collection[str] = ()) -> Part:
        """The largest process of a function."""
        found = results.of(PACKED, text, orchestrations)
        peaks = [(megabytes, name) for each in found for name, megabytes in each.peak_mb(OWN, SERVER).items()]
        if not peaks:
            return None
        megabytes, name = max(peaks)
        times = f"exact under {len(found)}, slowest {max(each.median for each in found):.2f} s; "
        return f"{times}{megabytes:.0f} MB ({name})", megabytes <= most

    return [
        _row("0.12 MB, packed, warm, each orchestration", "≤ 0.8 s", seconds(PACKED, 0.12, 0.8)),
        _row("1 MB", "≤ 0.9 s, faster than Lithops", seconds(PACKED, 1, 0.9), beside(LITHOPS, PACKED, 1, 1.0)),
        _row("5 MB", "≤ 1.1 s, faster than Lithops", seconds(PACKED, 5, 1.1), beside(LITHOPS, PACKED, 5, 1.0)),
        _row("20 MB, one emit for each word", "≤ 1.9 s", seconds(PACKED, 20, 1.9)),
        _row(
            "20 MB, emit_all",
            "≤ 1.5 s, not slower than Lithops",
            seconds(EMIT_ALL, 20, 1.5),
            beside(LITHOPS, EMIT_ALL, 20, 1.0),
        ),
        _row(
            "100 MB, one emit for each word, sfn and http_sync_s3",
            "≤ 6 s, no function over 512 MB, time linear in size",
            seconds(PACKED, 100, 6.0, BOTH),
            memory(name_of(100), 512, BOTH),
            _linear(results),
        ),
        _row(
            "100 MB, emit_all, sfn and http_sync_s3",
            "≤ 4.5 s, within 1.3 × of Lithops",
            seconds(EMIT_ALL, 100, 4.5, BOTH),
            beside(LITHOPS, EMIT_ALL, 100, 1.3),
        ),
        _row("100 MB, requests to S3 at list prices", "under 0.01 USD", _price(results)),
        _row("one word 5 million times", "exact, no function over 256 MB", memory(ONE_WORD, 256)),
        _row("2 million distinct words, each orchestration", "exact, no function over 1 GB", memory(DISTINCT, 1024)),
        _row("0.12 MB, objects", "≤ 1.3 × the bare S3 client", beside(CEILING, OBJECTS, 0.12, 1.3)),
        _row("emit's own CPU in packed", "≤ 0.6 µs a call", _emit(results)),
        _row("import to first line, fresh process", "≤ 60 ms", _cold(results)),
    ]


def _row(work: str, target: str, *parts: Part) -> Row:
    known = [part for part in parts if part is not None]
    measured = "; ".join(text for text, _ in known) or "not measured"
    return Row(work, target, measured, all(met for _, met in known) if known else None)


def _linear(results: Results) -> Part:
    """How time grows from 20 to 100 MB under each orchestration that did both."""
    exponents = [
        exponent
        for large in results.of(PACKED, name_of(100), BOTH)
        for small in results.of(PACKED, name_of(20), [str(large.orchestration)])
        if (exponent := slope([(each.megabytes, each.median) for each in (small, large)])) is not None
    ]
    return (f"grows with size ** {max(exponents):.2f}", max(exponents) <= LINEAR) if exponents else None


def _price(results: Results) -> Part:
    costs = [each.cost for each in results.of(PACKED, name_of(100)) if each.cost is not None]
    if not costs:
        return None
    dearest = max(costs, key=lambda cost: cost.s3_usd)
    return f"{dearest.s3_usd:.5f} USD, {sum(dearest.s3_requests.values())} requests", dearest.s3_usd < 0.01


def _emit(results: Results) -> Part:
    told = results.emit_microseconds
    if "emit" not in told:
        return None
    return f"{told['emit']:.2f} µs; emit_all {told.get('emit_all', 0.0):.2f} µs a word", told["emit"] <= 0.6


def _cold(results: Results) -> Part:
    if not results.cold_starts:
        return None
    by_function = sorted(results.cold_starts.items())
    told = ", ".join(f"{name} {seconds.median * 1000:.0f}" for name, seconds in by_function)
    if results.cold_cpu:
        told += f" ms; of CPU time {', '.join(f'{used.median * 1000:.0f}' for _, used in sorted(results.cold_cpu.items()))}"
    return f"{told} ms", all(seconds.median <= 0.06 for _, seconds in by_function)


def lines(table: Iterable[Row]) -> list[str]:
    """The table in plain columns."""
    cells = [("work", "target", "met", "measured"), *((row.work, row.target, _MARKS[row.met], row.measured) for row in table)]
    widths = [max(len(row[column]) for row in cells) for column in range(3)]
    return ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in cells]
