"""The table, the JSON, and the command line around them."""

import io
import json
import re

import pytest

from scripts import paths
from scripts.client.input.reading import Input
from scripts.compare import cli, table
from scripts.compare.measuring import LostLogError, Measured
from scripts.jobs.job import Job
from scripts.orchestrations import ORCHESTRATIONS
from tests.fakes.measured import measured


def shown(runs: table.Runs) -> str:
    out = io.StringIO()
    table.show(runs, out)
    return out.getvalue()


def row(text: str, label: str) -> list[str]:
    """The cells of the row that has this label."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"{label}  ")]
    return [cell.strip() for cell in line.removeprefix(label).split("  ") if cell.strip()]


def test_a_number_is_its_median_and_its_spread():
    text = shown({"sfn": [measured(seconds=3.0), measured(seconds=1.0), measured(seconds=2.5)]})

    assert row(text, "end to end") == ["2.50 (1.00-3.00)"]
    assert row(text, "hand-over, sum") == ["0.25"]
    assert row(text, "Step Functions transitions") == ["6"]


def test_costs_add_up_to_the_total_for_a_thousand_runs():
    text = shown({"sfn": [measured()]})

    items = ("Lambda invocations", "Lambda GB-s", "S3 PUT, LIST", "S3 GET, HEAD", "Step Functions", "DynamoDB writes")
    assert row(text, "S3 PUT, LIST") == ["5.0100"]
    assert float(row(text, "total")[0]) == pytest.approx(sum(float(row(text, item)[0]) for item in items), abs=1e-3)
    assert float(row(text, "  without PUTs of words")[0]) == pytest.approx(float(row(text, "total")[0]) - 5.0)


def test_a_column_for_each_orchestration_in_the_order_given():
    text = shown({"http_only": [measured(seconds=1.0)], "sfn": [measured(seconds=2.0)]})

    assert text.splitlines()[0].split() == ["http_only", "sfn"]
    assert row(text, "end to end") == ["1.00", "2.00"]


def test_what_it_cannot_tell_stands_under_it():
    text = shown({"sfn": [measured(notes=("others use it",))]})

    assert table.CAVEAT in text
    assert "note: sfn, run r1: others use it" in text


def test_a_terminal_gets_a_drawn_table(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(out, "isatty", lambda: True)

    table.show({"sfn": [measured()]}, out)

    assert "━" in out.getvalue()
    assert "end to end" in out.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 150, 300])
def test_labels_and_all_numbers_are_there_however_narrow_the_terminal(monkeypatch, width):
    out = io.StringIO()
    monkeypatch.setattr(out, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    runs = {name: [measured(name, 12.5), measured(name, 10.0 + i)] for i, name in enumerate(ORCHESTRATIONS)}

    table.show(runs, out)

    drawn = re.sub(r"\x1b\[\d*m", "", out.getvalue())
    tables = drawn.count("┏")
    assert [drawn.count(name) for name in ORCHESTRATIONS] == [1] * len(ORCHESTRATIONS)
    assert drawn.count("│ hand-over, sum") == drawn.count("│   without PUTs of words") == tables
    assert all(f"(1{i}.00-12.50)" in drawn for i in range(3))
    if width >= 60:
        assert max(len(line) for line in drawn.splitlines() if "│" in line) <= width
    assert (tables == 1) == (width >= 150)


def test_json_has_all_numbers_of_each_run():
    found = json.loads(json.dumps(table.as_json({"sfn": [measured(), measured()]}, {"sfn": 4.0})))

    first = found["runs"][0]
    assert len(found["runs"]) == 2
    assert first["by_client"] == {"s3.PutObject": 1, "s3.HeadObject": 10, "lambda.Invoke": 1}
    assert first["lambda"]["invocations"] == first["lambda"]["cold"] == 1
    assert first["each_invocation"][0]["billed_ms"] == 100
    assert (found["warm_up_seconds"], found["prices"]["s3_get"]["usd"]) == ({"sfn": 4.0}, 4e-7)


class FakeBench:
    """Gives the runs it was made with, one after the other, and notes whose turn it was."""

    def __init__(self, runs, turns):
        self._runs, self._turns = iter(runs), turns

    def run(self) -> Measured:
        found = next(self._runs)
        if isinstance(found, Exception):
            raise found
        self._turns.append(found.orchestration)
        return found


def compare(monkeypatch, tmp_path, results: dict[str, list[Measured]], runs: int):
    """`cli._measure` with made-up runs; the turns."""
    turns: list[str] = []
    (tmp_path / "manifest.json").write_text('{"architecture": "x86_64"}')
    monkeypatch.setattr(cli.paths, "BUILD", tmp_path)
    monkeypatch.setattr(cli, "find_deployments", lambda target, name, prefix, region: [name])
    monkeypatch.setattr(cli, "Bench", lambda name, *_, **__: FakeBench(results[name], turns))
    options = cli._parser().parse_args(["--runs", str(runs)])
    options.orchestration = list(results)
    return cli._measure(options, Input([]), lasting=True), turns


def test_one_run_of_each_warms_up_then_they_take_turns(monkeypatch, tmp_path):
    results = {name: [measured(name, seconds) for seconds in (9.0, 1.0, 2.0)] for name in ("sfn", "http_only")}

    (warm_up, runs), turns = compare(monkeypatch, tmp_path, results, 2)

    assert turns == ["sfn", "http_only"] * 3
    assert [run.times.end_to_end for run in warm_up] == [9.0, 9.0]
    assert [run.times.end_to_end for run in runs["http_only"]] == [1.0, 2.0]


def test_a_run_that_cannot_be_counted_is_made_again(monkeypatch, tmp_path):
    lost = LostLogError("lost 1 of 8 lines")
    results = {"sfn": [lost, measured(seconds=9.0), lost, lost, measured(seconds=1.0)]}

    (warm_up, runs), _ = compare(monkeypatch, tmp_path, results, 1)

    assert [run.times.end_to_end for run in (*warm_up, *runs["sfn"])] == [9.0, 1.0]


def test_that_has_an_end(monkeypatch, tmp_path):
    with pytest.raises(LostLogError):
        compare(monkeypatch, tmp_path, {"sfn": [LostLogError("lost")] * 9}, 1)


@pytest.mark.parametrize("which", [0, 1])
def test_results_that_differ_are_no_comparison(monkeypatch, tmp_path, which):
    results = {name: [measured(name), measured(name)] for name in ("sfn", "http_only")}
    results["http_only"][which] = measured("http_only", counts=b'{"a": 3}')

    with pytest.raises(cli.DifferError, match="sfn and http_only differ in 1 words: 'a' is 2 and 3"):
        compare(monkeypatch, tmp_path, results, 1)


@pytest.mark.parametrize("arguments", [["--input", "no/such/file"], ["--runs", "0"], ["--orchestration", "magic"]])
def test_bad_usage_is_found_before_anything_is_started(monkeypatch, arguments):
    monkeypatch.setattr(cli, "_deployed", lambda *_, **__: pytest.fail("started"))

    try:
        status = cli.main(arguments)
    except SystemExit as ended:
        status = ended.code

    assert status == 2


@pytest.mark.parametrize("given", [["sfn,http_only"], ["sfn http_only"], ["sfn, http_only", "sfn"], ["sfn", "http_only"]])
def test_some_orchestrations_can_be_chosen(given):
    options = [word for names in given for word in ("--orchestration", names)]

    assert cli._chosen(cli._parser().parse_args(options)) == ["sfn", "http_only"]


def test_an_input_without_words_is_nothing_to_compare(monkeypatch, tmp_path):
    monkeypatch.setattr(cli, "_deployed", lambda *_, **__: pytest.fail("started"))
    (tmp_path / "empty.json").write_text('["", " \\n"]')

    assert cli.main(["--input", str(tmp_path / "empty.json")]) == 2


def test_a_job_of_several_steps_is_refused_before_anything_is_started(monkeypatch, capsys):
    monkeypatch.setattr(cli, "_deployed", lambda *_, **__: pytest.fail("started"))

    assert cli.main(["--job", str(paths.ROOT / "samples" / "jobs" / "words_by_count")]) == 2

    assert "has 2 steps, and a run that is measured has one" in capsys.readouterr().err


def test_malformed_variables_are_refused_before_anything_is_started(monkeypatch, capsys):
    monkeypatch.setattr(cli, "_deployed", lambda *_, **__: pytest.fail("started"))

    assert cli.main(["--vars", "memory_mb"]) == 2

    assert "expected NAME=VALUE, such as memory_mb=1024" in capsys.readouterr().err


def test_input_is_read_as_the_job_says():
    job = Job.read(paths.ROOT / "samples" / "jobs" / "join")
    options = cli._parser().parse_args(["--input", str(job.folder / "input")])

    read = cli._read(options, job)

    assert {piece["format"] for element in read.elements for piece in element.content["pieces"]} == {"csv"}
