"""How a run has ended is told by one listing, and a run that has ended is never recorded as failed."""

from typing import Any

import pytest

from runtime.orchestration.contract import Invocation
from runtime.orchestration.ending.record import FailureRecord
from runtime.orchestration.ending.result import DONE, FAILED, MADE_BY_CLIENT, REMOVED, how_ended, record_failure
from runtime.orchestration.http_only.orchestration import HttpOnly
from runtime.orchestration.settings import Settings
from runtime.orchestration.sfn.orchestration import RunEnded, StepFunctions
from runtime.orchestration.workflow.envelope import Envelope, Inline
from runtime.ports import ports
from scripts.client.running.run_id import new_run_id
from tests.fakes.context import FakeContext
from tests.fakes.places import WORDCOUNT

CLIENTS = "20260102T030405678-9f86d081e2"


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The objects of the results bucket."""
    objects: dict[str, bytes] = {}
    monkeypatch.setattr(ports().s3, "list_keys", lambda bucket, prefix: [key for key in objects if key.startswith(prefix)])
    monkeypatch.setattr(ports().s3, "create", lambda bucket, key, body: objects.setdefault(key, body) is body)
    return objects


def there(stored: dict[str, bytes], run: str, names: list[str]) -> None:
    stored |= {f"{run}/{name}.json": b"{}" for name in names}


@pytest.mark.parametrize(
    ("run", "names", "end"),
    [
        ("run1", [], None),
        ("run1", ["run"], None),
        (CLIENTS, ["run"], None),
        (CLIENTS, ["run", "failed"], FAILED),
        (CLIENTS, ["run", "result"], DONE),
        (CLIENTS, ["result"], DONE),
        (CLIENTS, ["failed", "result"], DONE),
        (CLIENTS, [], REMOVED),
        ("run1", ["failed"], FAILED),
        ("0b1f7f3e-93ab-4e58-8d6b-1f1d3c2b4a55", [], None),
    ],
)
def test_end_is_told_by_what_lies_under_the_run(run: str, names: list[str], end: str | None, stored: dict[str, bytes]) -> None:
    there(stored, run, names)
    there(stored, f"{run}0", ["result", "failed"])  # another run

    assert how_ended("results", run) == end


def test_ids_that_the_client_makes_are_known_as_such() -> None:
    assert MADE_BY_CLIENT.fullmatch(new_run_id())
    assert MADE_BY_CLIENT.fullmatch(f"{new_run_id()}-12"), "of a step"


@pytest.mark.parametrize(("names", "end"), [(["run", "result"], DONE), ([], REMOVED)])
def test_failure_of_a_run_that_is_done_or_removed_is_not_recorded(names: list[str], end: str, stored: dict[str, bytes]) -> None:
    there(stored, CLIENTS, names)
    before = set(stored)

    assert record_failure("results", FailureRecord(CLIENTS)) == end
    assert set(stored) == before


def test_failure_of_a_run_under_way_is_recorded(stored: dict[str, bytes]) -> None:
    there(stored, CLIENTS, ["run"])

    assert record_failure("results", FailureRecord(CLIENTS)) is None
    assert f"{CLIENTS}/failed.json" in stored


def invocation() -> Invocation:
    return Invocation("run1", Envelope("run1", Inline([])), FakeContext())


def settings(orchestration: str, function: str) -> Settings:
    return Settings(orchestration, function, "p-", "returns", "results", place=WORDCOUNT[function])


ANSWER = {"Session": "run1", "Result": "run1/result.json"}


def test_state_machine_that_lost_the_last_answer_gets_it_again() -> None:
    summary = StepFunctions(settings("sfn", "summary"), lambda *_: None)

    assert summary.turned_back(invocation(), DONE) == ANSWER


@pytest.mark.parametrize(("function", "reason"), [("summary", FAILED), ("summary", REMOVED), ("mapper", DONE)])
def test_state_machine_gets_no_value_of_a_run_that_has_ended(function: str, reason: str) -> None:
    with pytest.raises(RunEnded):
        StepFunctions(settings("sfn", function), lambda *_: None).turned_back(invocation(), reason)


@pytest.mark.parametrize("function", ["unum_map", "partition", "summary"])
def test_caller_that_lost_an_answer_gets_the_result_of_the_run(function: str) -> None:
    called = HttpOnly(settings("http_only", function), lambda *_: None)

    assert called.turned_back(invocation(), DONE) == ANSWER


def test_entry_whose_branches_come_too_late_for_a_run_that_is_done_has_its_result(stored: dict[str, bytes]) -> None:
    there(stored, "run1", ["result"])

    def turned_back(target: str, payload: Any, deadline: float) -> dict[str, Any]:
        return {"Session": "run1", "TurnedBack": DONE}

    entry = HttpOnly(settings("http_only", "unum_map"), turned_back)

    assert entry.egress(invocation(), [1, 2]) == ANSWER
    assert list(stored) == ["run1/result.json"]
