"""The table of targets: what is reached, what is not, and what was not measured."""

from dataclasses import replace

import pytest

from scripts.bench import targets
from scripts.bench.clocked import Clocked
from scripts.bench.contenders import CEILING, EMIT_ALL, LITHOPS
from scripts.bench.results import Results, Series
from scripts.bench.statistic import Sample
from scripts.bench.targets import Row
from scripts.client.input.layout import OBJECTS, PACKED
from tests.fakes.measured import measured as run


def series(contender: str, text: str, seconds: float, orchestration: str | None = "sfn", **peaks: float) -> Series:
    runs = [Clocked(seconds + more, seconds + more + 1, peak_mb=peaks) for more in (0.1, -0.1, 0.0)]
    return Series(contender, orchestration, text, float(text.split()[0]) if text[0].isdigit() else 1.0, 1000, runs)


def results(*measured: Series) -> Results:
    return Results({}, {}, list(measured))


def row(measured: Results, work: str) -> Row:
    (found,) = [each for each in targets.rows(measured) if each.work.startswith(work)]
    return found


def test_nothing_measured_is_nothing_reached_and_nothing_missed() -> None:
    assert {(each.measured, each.met) for each in targets.rows(results())} == {("not measured", None)}


@pytest.mark.parametrize(("slowest", "met"), [(0.8, True), (0.81, False)])
def test_the_slowest_orchestration_has_to_be_fast_enough(slowest: float, met: bool) -> None:
    told = row(results(series(PACKED, "0.12 MB", 0.5), series(PACKED, "0.12 MB", slowest, "http_only")), "0.12 MB, packed")

    assert told.met is met
    assert told.measured == f"0.50 to {slowest:.2f} s (http_only)"


@pytest.mark.parametrize(("lithops", "met"), [(0.9, True), (0.7, False)])
def test_being_fast_is_not_enough_where_lithops_is_faster(lithops: float, met: bool) -> None:
    told = row(results(series(PACKED, "1 MB", 0.8), series(LITHOPS, "1 MB", lithops, None)), "1 MB")

    assert told.met is met
    assert f"{0.8 / lithops:.2f} × Lithops ({lithops:.2f} s)" in told.measured


def test_of_the_largest_text_only_two_orchestrations_count() -> None:
    told = row(results(series(PACKED, "100 MB", 5.0), series(PACKED, "100 MB", 50.0, "http_only")), "100 MB, one emit")

    assert told.met is True


@pytest.mark.parametrize(("megabytes", "met"), [(512, True), (513, False)])
def test_memory_is_that_of_functions_and_not_of_client_and_server(megabytes: float, met: bool) -> None:
    peaks = {"mapper": megabytes, "client": 2000.0, "embedded AWS": 2000.0}
    told = row(results(series(PACKED, "100 MB", 5.0, **peaks)), "100 MB, one emit")

    assert told.met is met
    assert f"{megabytes} MB (mapper)" in told.measured


@pytest.mark.parametrize(("large", "met"), [(5.0, True), (5.9, True), (9.9, False)])
def test_time_has_to_grow_with_size_and_no_faster(large: float, met: bool) -> None:
    told = row(results(series(PACKED, "20 MB", 1.0), series(PACKED, "100 MB", large)), "100 MB, one emit")

    assert (told.met is True) == (met and large <= 6)
    assert "grows with size **" in told.measured


def test_price_is_that_of_the_dearest_orchestration() -> None:
    cheap, dear = series(PACKED, "100 MB", 5.0), series(PACKED, "100 MB", 5.0, "http_sync_s3")
    cheap.cost, dear.cost = (replace(run(), by_functions={"s3.PutObject": puts}) for puts in (200, 4000))

    assert row(results(cheap), "100 MB, requests").met is True
    assert row(results(cheap, dear), "100 MB, requests").met is False


def test_objects_are_set_beside_the_ceiling() -> None:
    told = row(results(series(OBJECTS, "0.12 MB", 13.0), series(CEILING, "0.12 MB", 10.0, None)), "0.12 MB, objects")

    assert told == Row("0.12 MB, objects", "≤ 1.3 × the bare S3 client", "1.30 × the bare S3 client (10.00 s)", True)


def test_emit_all_is_a_contender_of_its_own() -> None:
    told = row(results(series(PACKED, "20 MB", 1.0), series(EMIT_ALL, "20 MB", 2.0)), "20 MB, emit_all")

    assert told.met is False


@pytest.mark.parametrize(("slowest", "met"), [(0.06, True), (0.07, False)])
def test_every_function_has_to_start_fast(slowest: float, met: bool) -> None:
    measured = results()
    measured.cold_starts = {"split": Sample((0.05,)), "total": Sample((slowest,))}

    told = row(measured, "import")

    assert told.met is met
    assert told.measured == f"split 50, total {slowest * 1000:.0f} ms"


@pytest.mark.parametrize(("microseconds", "met"), [(0.6, True), (0.7, False)])
def test_emit_has_to_be_cheap(microseconds: float, met: bool) -> None:
    measured = results()
    measured.emit_microseconds = {"emit": microseconds, "emit_all": 5.0}

    assert row(measured, "emit's own").met is met


def test_a_series_without_runs_is_not_measured() -> None:
    assert row(results(Series(PACKED, "sfn", "1 MB", 1.0, 10, failure="no end")), "1 MB").met is None


def test_table_has_a_line_for_each_row_and_marks_what_is_missed() -> None:
    lines = targets.lines(targets.rows(results(series(PACKED, "0.12 MB", 5.0))))

    assert len(lines) == len(targets.rows(results())) + 1
    assert "  NO   " in lines[1]


def test_cpu_time_of_imports_is_told_beside_a_busy_machines_time() -> None:
    measured = results()
    measured.cold_starts, measured.cold_cpu = {"mapper": Sample((0.3,))}, {"mapper": Sample((0.05,))}

    told = row(measured, "import")

    assert told.met is False
    assert told.measured == "mapper 300 ms; of CPU time 50 ms"
