"""The log line of an invocation: its fields, its durations, and the requests that it counted."""

import json
from contextlib import suppress

import pytest

from runtime.orchestration.contract import Invocation
from runtime.orchestration.log import LogLine
from runtime.orchestration.settings import Settings
from runtime.ports import Ports, ports, using
from runtime.run import Run
from tests.fakes.clock import FakeTime
from tests.fakes.context import FakeContext

SETTINGS = Settings("sfn", "mapper", "prefix-", "returns", "results")


def line_of(log: LogLine, capfd: pytest.CaptureFixture[str]) -> dict[str, object]:
    with log:
        pass
    line: dict[str, object] = json.loads(capfd.readouterr().out)
    return line


def test_line_of_an_invocation_that_was_not_understood_names_no_run(capfd: pytest.CaptureFixture[str]) -> None:
    with using(Ports(clock=FakeTime(1234.5678), log=ports().log)):
        line = line_of(LogLine(SETTINGS, FakeContext(request_id="r1"), cold=True), capfd)

    assert line == {
        "log": "mapreduce",
        "run": None,
        "function": "mapper",
        "index": None,
        "size": None,
        "orchestration": "sfn",
        "outcome": "ok",
        "cold": True,
        "started": 1234.568,
        "request_id": "r1",
        "requests": {},
    }


def test_phases_are_in_milliseconds_and_add_up(capfd: pytest.CaptureFixture[str]) -> None:
    clock = FakeTime(100.0)
    with using(Ports(clock=clock, log=ports().log)):
        log = LogLine(SETTINGS, FakeContext(), cold=False)
        for seconds in (0.25, 0.5):
            with log.phase("ingress"):
                clock.seconds += seconds

        line = line_of(log, capfd)

    assert line["ingress_ms"] == 750.0


def test_phase_that_fails_is_timed_as_well(capfd: pytest.CaptureFixture[str]) -> None:
    clock = FakeTime(100.0)
    with using(Ports(clock=clock, log=ports().log)):
        log = LogLine(SETTINGS, FakeContext(), cold=False)
        with suppress(ValueError), log.phase("egress"):
            clock.seconds += 2
            raise ValueError("broken")

        line = line_of(log, capfd)

    assert line["egress_ms"] == 2000.0


def test_requests_retries_and_notes_are_those_at_the_end(capfd: pytest.CaptureFixture[str]) -> None:
    run, invocation = Run("run1", 3, 6), Invocation("run1", None, FakeContext(), 3, 6)
    log = LogLine(SETTINGS, FakeContext(), cold=False)
    log.describe(invocation, run)
    run.requests["s3.PutObject"] += 7
    run.retries["s3:PutObject"] += 2
    run.notes["combiner"] = "left out"
    invocation.notes["polls"] = 5

    line = line_of(log, capfd)

    assert (line["run"], line["index"], line["size"]) == ("run1", 3, 6)
    assert (line["requests"], line["retries"]) == ({"s3.PutObject": 7}, {"s3:PutObject": 2})
    assert (line["combiner"], line["polls"]) == ("left out", 5)


def test_line_says_how_the_invocation_ended(capfd: pytest.CaptureFixture[str]) -> None:
    turned, failed = (LogLine(SETTINGS, FakeContext(), cold=False) for _ in range(2))
    turned.turned_back("run ended")
    failed.failed_for_good(ValueError("broken"))

    told = [line_of(log, capfd) for log in (turned, failed)]

    assert (told[0]["outcome"], told[0]["reason"]) == ("turned back", "run ended")
    assert (told[1]["outcome"], told[1]["error"], told[1]["message"], told[1]["final"]) == ("error", "ValueError", "broken", True)
