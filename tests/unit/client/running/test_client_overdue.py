"""What a person is told of a run whose deadline has passed."""

import argparse
import json
import time
from types import SimpleNamespace
from typing import Any

import pytest

from scripts.client import app, commands
from scripts.client.orchestrations import Progress
from scripts.client.running.runs import StartedRun, describe_overdue
from tests.fakes.client_memory import MemoryAws
from tests.fakes.deployed import wordcount

PAST = 1_000_000_000
PAST_ISO = "2001-09-09T01:46:40+00:00"


def run(deadline: int | None, *, has_keeper: bool = True) -> StartedRun:
    aws: Any = MemoryAws()
    told: Any = {"orchestration": "s3_triggers", "workflow": wordcount("s3_triggers")}
    aws.deployment = SimpleNamespace(is_embedded=True, options="", log_groups={}, **told)
    asked: Any = {"verdict": lambda: None, "progress": lambda size: Progress(), "sizes": lambda size: {}}
    orchestration: Any = SimpleNamespace(aws=aws, run_id="r1", has_keeper=has_keeper, **asked)
    return StartedRun(aws, orchestration, "r1", "shuffle", 2, False, deadline=deadline)


def status(started: StartedRun, monkeypatch: pytest.MonkeyPatch, *, as_json: bool) -> None:
    monkeypatch.setattr(commands, "find_run", lambda options, run: started)
    commands.status(argparse.Namespace(run="r1", json=as_json))


@pytest.mark.parametrize(
    ("deadline", "told"), [(PAST, PAST_ISO), (int(time.time()) + 3600, None), (None, None)], ids=["past", "to come", "none"]
)
def test_status_tells_since_when_a_run_is_overdue(
    deadline: int | None, told: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status(run(deadline), monkeypatch, as_json=True)

    shown = json.loads(capsys.readouterr().out)
    assert (shown["state"], shown["overdue_since"]) == ("running", told)


def test_run_that_has_ended_is_not_overdue(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    started = run(PAST)
    started.aws.put("results", "r1/failed.json", {"error": "ValueError"})  # type: ignore[attr-defined]

    status(started, monkeypatch, as_json=True)

    assert json.loads(capsys.readouterr().out)["overdue_since"] is None


def test_status_in_words_says_what_to_do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    status(run(PAST), monkeypatch, as_json=False)

    shown = capsys.readouterr().out
    assert f"overdue:    since {PAST_ISO}" in shown
    assert "resume r1" in shown


def test_without_a_keeper_the_user_stops_the_run() -> None:
    assert "cancel r1" in describe_overdue(run(PAST, has_keeper=False))
    assert "a sweep will record it" in describe_overdue(run(PAST))


def test_who_waits_is_told_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(app, "wait_for_result", lambda aws, run_id, timeout, verdict, looked: (looked(), looked()))

    app._wait(argparse.Namespace(quiet=False, timeout=1.0), run(PAST))

    assert capsys.readouterr().err.count(f"note: run r1 is overdue since {PAST_ISO}") == 1
