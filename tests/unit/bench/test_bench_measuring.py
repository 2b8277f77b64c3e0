"""The order of measuring: warm-up first, by turns, and what fails is noted and left out."""

from collections import Counter
from pathlib import Path
from typing import cast

import pytest

from runtime.ports import ports
from scripts.bench import emit_cost, fan_out, measuring, texts
from scripts.bench.cli import parser
from scripts.bench.clocked import Clocked, CommandFailedError
from scripts.bench.contenders import Contender, WrongCountsError
from scripts.bench.deployments import Deployed
from scripts.bench.plan import plan
from scripts.bench.results import Results
from scripts.bench.texts import Text
from scripts.client.deployment import Deployment
from scripts.client.errors import UsageError
from scripts.orchestrations import ORCHESTRATIONS


class Stand(Contender):
    """Takes the seconds that it is told to, one after the other."""

    def __init__(self, name: str, log: list[str], *seconds: float | Exception) -> None:
        self.name, self._log, self._seconds = name, log, list(seconds)

    def run(self, text: Text) -> Clocked:
        self._log.append(self.name)
        taken = self._seconds.pop(0)
        if isinstance(taken, Exception):
            raise taken
        return Clocked(taken, taken)


@pytest.fixture
def results() -> Results:
    return Results({}, {})


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, results: Results) -> measuring.Bench:
    monkeypatch.setattr(measuring, "architecture", lambda build: "x86_64")
    return measuring.Bench(plan(parser().parse_args(["--runs", "2"])), Deployed({}, {}), None, tmp_path, results)


def text(tmp_path: Path) -> Text:
    return Text("1 MB", tmp_path / "text.txt", 1.0, 3, Counter({"a": 3}))


def test_all_are_warmed_up_and_then_run_by_turns(
    bench: measuring.Bench, results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: list[str] = []
    stands = [Stand("one", log, 9.0, 1.0, 2.0), Stand("two", log, 9.0, 3.0, 4.0)]
    monkeypatch.setattr(bench, "_contenders", lambda text: stands)

    bench.on(text(tmp_path))

    assert log == ["one", "two"] * 3
    assert [[run.seconds for run in each.runs] for each in results.series] == [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize("error", [CommandFailedError("exit code 1: no bucket"), WrongCountsError("1 words have wrong counts")])
def test_who_fails_is_left_out_and_named_and_the_others_go_on(
    bench: measuring.Bench, results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    log: list[str] = []
    stands = [Stand("one", log, 9.0, error), Stand("two", log, 9.0, 3.0, 4.0)]
    monkeypatch.setattr(bench, "_contenders", lambda text: stands)

    bench.on(text(tmp_path))

    assert log == ["one", "two", "one", "two", "two"]
    assert results.failures == [f"one on 1 MB: {error}"]


def test_fan_outs_that_an_orchestration_does_not_take_are_no_failure_but_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, results: Results
) -> None:
    monkeypatch.setattr(measuring, "architecture", lambda build: "x86_64")
    chosen = plan(parser().parse_args(["--runs", "1", "--branches", "2 512"]))

    def run(deployment: Deployment, branches: int, **_: object) -> float:
        if branches > 400:
            raise UsageError("512 chunks are more than 400")
        return 0.5

    monkeypatch.setattr(fan_out, "run", run)
    there = Deployed({"http_only": cast("Deployment", None)}, {})

    measuring.Bench(chosen, there, None, tmp_path, results).fan_outs()

    assert [(each.way, each.branches) for each in results.fan_outs] == [("http_only", 2)]
    assert results.notes == ["512 branches are not measured under http_only: 512 chunks are more than 400"]
    assert results.failures == []


def test_a_text_is_written_with_its_counts(tmp_path: Path) -> None:
    made = texts.of_size(0.01, tmp_path, seed=3)

    words = made.path.read_text(encoding="utf-8").split()
    assert (made.name, made.words, made.counts) == ("0.01 MB", len(words), Counter(words))
    assert made.path.stat().st_size < 10_000
    assert made.megabytes == 0.01, "it is what was asked for, although it ends with a word"


def test_emit_alone_is_measured_and_stores_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "text.txt"
    path.write_text("to be or not to be " * 100)
    monkeypatch.setattr("sys.argv", ["emit_cost", "packed", str(path)])
    monkeypatch.setattr(ports().s3, "put", lambda *_: pytest.fail("something was stored"))

    assert emit_cost.main() == 0

    assert '"words": 600' in capsys.readouterr().out


def test_every_orchestration_is_known_to_the_bench() -> None:
    assert plan(parser().parse_args([])).orchestrations == ORCHESTRATIONS
