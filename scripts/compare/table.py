"""The comparison as a table: a column for each orchestration, a row for each number; and as JSON."""

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

from scripts.compare import prices
from scripts.compare.measuring import Measured
from scripts.compare.timeline import own_gb_seconds

Runs = Mapping[str, Sequence[Measured]]
"""The measured runs of each orchestration, by its name."""

PER_RUNS = 1000
"""Costs are shown for so many runs."""

CAVEAT = """\
Counts are what happened, and hold on AWS as they are, but for what depends on timing: polls, and who meets the lock.
Times are this machine's. Compare them with each other, not with AWS: all functions share its few processors (a burst is slow that
would be parallel on AWS), no byte crosses a network, a cold start is a Python process begun and not AWS's, Step Functions, S3
events and stream mappings answer in milliseconds (on AWS: tens, up to seconds), and the client asks for the result every 50 ms to
1 s. GB-s are billed by the REPORT lines of such a machine, cold starts included, so they are far too high: on AWS they lie nearer
to what passed in the functions' own code. The shuffle's PUTs, one for each word, are the same everywhere and outweigh all else;
`without PUTs of words` leaves them out."""


def _requests(*names: str) -> Callable[[Measured], float]:
    return lambda run: sum(run.requests.get(name, 0) for name in names)


_FRAME = 3
"""What a table draws around a cell: a line and two spaces."""

_ROWS: tuple[tuple[str, tuple[tuple[str, str, Callable[[Measured], float]], ...]], ...] = (
    (
        "seconds",
        (
            ("end to end", ".2f", lambda run: run.times.end_to_end),
            ("in components, sum", ".2f", lambda run: run.times.components),
            ("hand-over, sum", ".2f", lambda run: run.times.hand_over),
        ),
    ),
    (
        "Lambda",
        (
            ("invocations", ".0f", lambda run: len(run.invocations)),
            ("  turned back", ".0f", lambda run: run.invoked(outcome="turned back")),
            ("  duplicates, errors", ".0f", lambda run: run.invoked(duplicate=True) + run.invoked(outcome="error")),
            ("  cold starts", ".0f", lambda run: run.invoked(cold=True)),
            ("Invoke requests", ".0f", _requests("lambda.Invoke")),
            ("GB-s billed", ".2f", lambda run: run.gb_seconds),
            ("  in their own code", ".2f", lambda run: own_gb_seconds(run.invocations)),
        ),
    ),
    (
        "requests, client's included",
        (
            ("S3 PUT", ".0f", _requests("s3.PutObject")),
            ("  of them words", ".0f", lambda run: run.words),
            ("S3 LIST", ".0f", _requests("s3.ListObjectsV2")),
            ("S3 GET and HEAD", ".0f", lambda run: prices.gets(run.requests)),
            ("DynamoDB requests", ".0f", lambda run: sum(n for name, n in run.requests.items() if name.startswith("dynamodb."))),
            ("  write units", ".0f", lambda run: run.write_units),
            ("  read units", ".0f", lambda run: run.read_units),
            ("Step Functions transitions", ".0f", lambda run: run.transitions),
        ),
    ),
)


def lines(runs: Runs) -> list[tuple[str, list[str]] | None]:
    """The table's rows, (label, a cell for each orchestration): heading rows have no cells, None is a rule."""
    shown: list[tuple[str, list[str]] | None] = []
    for heading, rows in _ROWS:
        shown += [None, (heading, [])]
        shown += [(label, [_spread(list(map(of, each)), form) for each in runs.values()]) for label, form, of in rows]
    shown += [None, (f"US dollars per {PER_RUNS:,} runs, mean", [])]
    items = next(iter(runs.values()))[0].usd
    for item in items:
        shown.append((item, [_money(_mean(each, item)) for each in runs.values()]))
    totals = [sum(_mean(each, item) for item in items) for each in runs.values()]
    words = [each[0].words * float(prices.table()["s3_put_list"]["usd"]) for each in runs.values()]
    shown.append(("total", list(map(_money, totals))))
    shown.append(("  without PUTs of words", [_money(total - put) for total, put in zip(totals, words, strict=True)]))
    return shown


def show(runs: Runs, out: TextIO = sys.stdout) -> None:
    """Print the table: drawn on a terminal, in plain columns elsewhere; and under it what the numbers can't tell."""
    (_draw if out.isatty() else _plain)(lines(runs), list(runs), out)
    print(f"\nmedian (minimum-maximum) of {len(next(iter(runs.values())))} run(s) each, after one that is not counted", file=out)
    print(CAVEAT, file=out)
    for note in notes(runs):
        print(f"note: {note}", file=out)


def notes(runs: Runs) -> list[str]:
    """What makes the numbers doubtful, each with its run."""
    return [f"{run.orchestration}, run {run.run}: {note}" for each in runs.values() for run in each for note in run.notes]


def as_json(runs: Runs, warm_up_seconds: Mapping[str, float]) -> dict[str, Any]:
    """`{"caveat", "prices", "warm_up_seconds": {orchestration: end to end}, "runs": [all numbers of a run, ...]}`."""
    return {
        "caveat": CAVEAT,
        "prices": prices.table(),
        "warm_up_seconds": {name: round(seconds, 3) for name, seconds in warm_up_seconds.items()},
        "runs": [run.as_json() for each in runs.values() for run in each],
    }


def _draw(rows: list[tuple[str, list[str]] | None], names: list[str], out: TextIO) -> None:
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    console = Console(file=out)
    for part in _fitting(rows, names, console.width):
        drawn = Table(Column("", no_wrap=True), *(Column(names[i], justify="right", no_wrap=True) for i in part))
        for row in rows[1:]:
            if row is None:
                drawn.add_section()
            else:
                drawn.add_row(Text(row[0], style="" if row[1] else "bold"), *(Text(row[1][i]) for i in part if row[1]))
        # A terminal that is too narrow even for one column breaks the lines: better than to leave the labels out.
        Console(file=out, width=max(console.width, Console(width=1000).measure(drawn).maximum)).print(drawn)


def _fitting(rows: list[tuple[str, list[str]] | None], names: list[str], width: int) -> list[list[int]]:
    """Which columns stand side by side, one table below the other, so that each fits with its labels; one column at least."""
    filled = [row for row in rows if row]
    widths = [_FRAME + max(len(name), *(len(cells[i]) for _, cells in filled if cells)) for i, name in enumerate(names)]
    free = width - _FRAME - 1 - max(len(label) for label, _ in filled)
    parts: list[list[int]] = []
    for i in range(len(names)):
        if parts and sum(widths[j] for j in parts[-1]) + widths[i] <= free:
            parts[-1].append(i)
        else:
            parts.append([i])
    return parts


def _plain(rows: list[tuple[str, list[str]] | None], names: list[str], out: TextIO) -> None:
    table = [("", names), *[row or ("", []) for row in rows]]
    first = max(len(label) for label, cells in table if cells)
    widths = [max(len(cells[i]) for _, cells in table if cells) for i in range(len(names))]
    for label, cells in table:
        padded = [cell.rjust(width) for cell, width in zip(cells, widths, strict=False)]
        print("  ".join([label.ljust(first), *padded]).rstrip(), file=out)


def _spread(values: list[float], form: str) -> str:
    middle, low, high = (format(value, form) for value in (statistics.median(values), min(values), max(values)))
    return middle if low == high else f"{middle} ({low}-{high})"


def _mean(runs: Sequence[Measured], item: str) -> float:
    return statistics.fmean(run.usd[item] for run in runs)


def _money(usd: float) -> str:
    return "0" if usd == 0 else f"{usd * PER_RUNS:.4f}"
