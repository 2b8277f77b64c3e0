"""failure: each platform's record of a failure becomes our one form."""

import json
from datetime import datetime
from typing import Any

import pytest

from runtime.orchestration.ending.record import from_response
from runtime.orchestration.recorder.reading import read_failure
from runtime.orchestration.recorder.recording import RunFailed
from runtime.orchestration.workflow.envelope import EnvelopeError
from runtime.ports import ports
from tests.fakes.context import FakeContext
from tests.fakes.events import load_event
from tests.fakes.log_lines import parse_lines
from tests.fakes.places import STAGES
from tests.fakes.recorder import lambda_handler

PREFIX = "wordcount-http_sync_s3-"
FIELDS = {"run", "function", "index", "error", "message", "traceback", "request_id", "attempts", "log_group", "time"}

READ = {
    "destination_exception": {
        "run": "run1",
        "function": "mapper",
        "index": 3,
        "error": "ZeroDivisionError",
        "message": "division by zero",
        "request_id": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        "attempts": 3,
        "log_group": "/aws/lambda/wordcount-http_sync_s3-mapper",
    },
    "destination_timeout": {
        "run": "run1",
        "function": "partition",
        "index": None,
        "error": "Sandbox.Timedout",
        "message": "RequestId: 1f4e0a4c-64b0-4c5e-9d5f-5f3a5a7d2b11 Error: Task timed out after 900.00 seconds",
        "traceback": [],
        "request_id": "1f4e0a4c-64b0-4c5e-9d5f-5f3a5a7d2b11",
        "attempts": 3,
    },
    "destination_bare_document": {
        "run": "0b1f7f3e-93ab-4e58-8d6b-1f1d3c2b4a55",
        "function": "unum_map",
        "index": None,
        "error": "EventAgeExceeded",
        "message": None,
        "traceback": [],
        "attempts": 0,
    },
    "catch_json_cause": {
        "run": "run1",
        "function": "mapper",
        "index": 2,
        "error": "ValueError",
        "message": "a bad text",
        "traceback": ['  File "/var/task/functions/mapper/user_map.py", line 9, in user_map\n    raise ValueError'],
        "request_id": "5b1b1c5e-7d3c-4f0e-8a53-6d1c0a9c2f10",
        "attempts": 3,
    },
    "catch_throttled": {
        "run": "run1",
        "function": "partition",
        "index": None,
        "error": "Lambda.TooManyRequestsException",
        "message": "Rate Exceeded.",
        "attempts": 61,
    },
    "catch_text_cause": {
        "run": "run1",
        "function": "mapper",
        "index": None,
        "error": "States.ExceedToleratedFailureThreshold",
        "message": "The specified tolerated failure threshold was exceeded",
        "traceback": [],
        "request_id": None,
        "attempts": None,
    },
    "give_up": {
        "run": "run1",
        "function": "mapper",
        "index": 1,
        "error": "FanInTimeout",
        "message": "fan-in not complete after 3600 s: 2 of 4 mapper invocations have not returned (index 1, 3)",
    },
}


@pytest.mark.parametrize(
    ("name", "function", "index"), [("destination_object_branch", "mapper", 3), ("destination_object_fan_in", "partition", None)]
)
def test_run_and_place_of_a_triggered_function_are_read_from_the_key(name: str, function: str, index: int | None) -> None:
    buckets = {role: f"wordcount-s3-triggers-{role}-123456789012" for role in STAGES}

    failure = read_failure(load_event(name), "wordcount-s3_triggers-", buckets).json()

    assert [failure[field] for field in ("run", "function", "index", "attempts")] == ["run1", function, index, 3]


@pytest.mark.parametrize("key", ["run1/.lock", "../1.json", "run1/x.json", ""])
def test_record_of_a_key_that_is_no_value_names_no_run(key: str) -> None:
    event = load_event("destination_object_branch")
    event["requestPayload"]["Records"][0]["s3"]["object"]["key"] = key

    with pytest.raises(EnvelopeError, match="not the key of a value"):
        read_failure(event, PREFIX).json()


@pytest.mark.parametrize("name", READ)
def test_record_is_read(name: str) -> None:
    failure = read_failure(load_event(name), PREFIX).json()

    assert {field: failure[field] for field in READ[name]} == READ[name]


@pytest.mark.parametrize("name", READ)
def test_every_record_has_the_same_fields(name: str) -> None:
    assert read_failure(load_event(name), PREFIX).json().keys() == FIELDS


def test_time_has_a_zone() -> None:
    assert datetime.fromisoformat(read_failure(load_event("give_up"), PREFIX).json()["time"]).utcoffset() is not None


def test_last_frames_of_a_long_traceback_are_kept() -> None:
    event = load_event("destination_exception")
    event["responsePayload"]["stackTrace"] = [f"frame {n}\n" for n in range(50)]

    assert read_failure(event, PREFIX).json()["traceback"] == [f"frame {n}" for n in range(45, 50)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("requestPayload", None),
        ("requestPayload", "text"),
        ("responsePayload", None),
        ("responsePayload", "killed"),
        ("requestPayload", {}),
    ],
)
def test_record_with_parts_missing_is_read(field: str, value: Any) -> None:
    failure = read_failure(load_event("destination_exception") | {field: value}, PREFIX).json()

    assert failure.keys() == FIELDS
    assert failure["function"] == "mapper"


def test_function_of_another_prefix_keeps_its_name() -> None:
    assert read_failure(load_event("destination_exception"), "other-").json()["function"] == "wordcount-http_sync_s3-mapper"


@pytest.mark.parametrize("cause", [None, "", "[1]", '"text"', "{not json", "null"])
def test_cause_of_any_text_is_no_reason_to_lose_the_record(cause: str | None) -> None:
    event = {"Session": "run1", "Failure": {"Function": "mapper", "Error": "States.Timeout", "Cause": cause}}

    failure = read_failure(event, PREFIX).json()

    assert (failure["error"], failure["message"]) == ("States.Timeout", cause)


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        "text",
        {},
        {"Session": "../other", "Failure": {}},
        {"Session": 3, "Failure": {}},
        {"Failure": {"Function": "mapper"}},
    ],
)
def test_record_without_a_run_is_refused(event: Any) -> None:
    with pytest.raises(EnvelopeError):
        read_failure(event, PREFIX).json()


@pytest.fixture
def created(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, bytes]]:
    """What the handler creates: bucket, key and body."""
    requests: list[tuple[str, str, bytes]] = []
    monkeypatch.setattr(ports().s3, "list_keys", lambda bucket, prefix: [])
    monkeypatch.setattr(ports().s3, "create", lambda *request: requests.append(request) or True)
    monkeypatch.setenv("FUNCTION_PREFIX", PREFIX)
    monkeypatch.setenv("ORCHESTRATION", "http_sync_s3")
    monkeypatch.setenv("FUNCTION", "recorder")
    monkeypatch.setenv("BUCKETS", '{"results": "results"}')
    return requests


def test_handler_stores_the_record_once_and_logs_it(
    created: list[tuple[str, str, bytes]], capfd: pytest.CaptureFixture[str]
) -> None:
    failure = lambda_handler(load_event("give_up"), FakeContext())

    ((bucket, key, body),) = created
    assert (bucket, key, json.loads(body)) == ("results", "run1/failed.json", failure)
    (line,) = parse_lines(capfd.readouterr().out)
    assert line.items() >= failure.items()


@pytest.mark.parametrize("redrives", [0, 3])
def test_state_machine_is_answered_by_raising_once_the_record_is_stored(
    redrives: int, created: list[tuple[str, str, bytes]]
) -> None:
    event = load_event("catch_json_cause") | {"Redrives": {"Caught": redrives, "Now": redrives}}

    with pytest.raises(RunFailed, match=r"^mapper 2: ValueError: a bad text$"):
        lambda_handler(event, FakeContext())

    assert [key for _, key, _ in created] == ["run1/failed.json"]


def test_redriven_state_machine_goes_on_without_a_record(created: list[tuple[str, str, bytes]]) -> None:
    event = load_event("catch_json_cause") | {"Redrives": {"Caught": 0, "Now": 1}}

    assert lambda_handler(event, FakeContext())["run"] == "run1"
    assert created == []


@pytest.mark.parametrize("redrives", [{}, {"Caught": 0}, {"Caught": "0", "Now": 1}, [0, 1], 1])
def test_redrives_that_are_no_numbers_are_refused(redrives: Any, created: list[tuple[str, str, bytes]]) -> None:
    with pytest.raises(EnvelopeError, match="Redrives"):
        lambda_handler(load_event("catch_json_cause") | {"Redrives": redrives}, FakeContext())

    assert created == []


@pytest.mark.parametrize(
    "message",
    [
        "RequestId: 1f4e0a4c-64b0-4c5e-9d5f-5f3a5a7d2b11 Error: Runtime exited with error: signal: killed",
        "2026-11-24T18:00:00.123Z 1f4e0a4c-64b0-4c5e-9d5f-5f3a5a7d2b11 Task timed out after 3.00 seconds",
    ],
)
def test_request_id_of_a_killed_function_is_found_in_its_message(message: str) -> None:
    told = from_response({"errorType": "Sandbox.Timedout", "errorMessage": message})

    assert told["request_id"] == "1f4e0a4c-64b0-4c5e-9d5f-5f3a5a7d2b11"


@pytest.mark.parametrize("message", [None, 5, "", "see 1f4e0a4c-64b0-4c5e-9d5f-5f3a5a7d2b11 for more", "RequestId: none Error"])
def test_request_id_is_not_guessed(message: object) -> None:
    assert from_response({"errorMessage": message})["request_id"] is None
