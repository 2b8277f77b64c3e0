"""The recorder of failures fails on no content: what an event says of the failure may be anything."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.orchestration.recorder.recording import RunFailed
from runtime.orchestration.workflow.envelope import EnvelopeError
from runtime.ports import Ports, using
from tests.fakes import answers
from tests.fakes.context import FakeContext
from tests.fakes.events import load_event
from tests.fakes.recorder import lambda_handler

_texts = st.text(st.characters()) | st.sampled_from(["half \ud83d", "x" * 300_000, "\x00", "{", "[" * 50_000])
_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=6,
)
_responses = _anything | st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("errorType", "errorMessage", "stackTrace", "requestId"), _anything)
)
_failures = st.fixed_dictionaries(
    {}, optional={"Function": _anything, "Index": _anything, "Error": _anything, "Cause": _anything, "Attempts": _anything}
)
_records = st.dictionaries(
    st.sampled_from(["function", "index", "error", "message", "traceback", "request_id", "attempts", "time", "run", "more"]),
    _anything,
)
_MOST_BYTES = 32_000


@pytest.fixture(scope="module", autouse=True)
def results() -> Iterator[dict[str, bytes]]:
    """What is in the results bucket; the run of EventBridge's events has its claim."""
    objects: dict[str, bytes] = {}
    environment = {
        "ORCHESTRATION": "sfn",
        "FUNCTION": "recorder",
        "FUNCTION_PREFIX": "wordcount-http_sync_s3-",
        "BUCKETS": '{"results": "results"}',
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield objects


def recorded(results: dict[str, bytes], event: Any) -> dict[str, Any]:
    """What is recorded of an event, which arrives as JSON."""
    results.clear()
    s3 = SimpleNamespace(
        create=lambda _bucket, key, body: results.update({key: body}) or True,
        list_keys=lambda _bucket, _prefix: list(results),
        get=lambda _bucket, _key: b'{"redrives": 0}',
    )
    log = SimpleNamespace(write=lambda _fields: None)  # a failing test would print megabytes
    try:
        with using(Ports(s3=s3, log=log)):
            lambda_handler(json.loads(json.dumps(event)), FakeContext())
    except RunFailed as raised:
        answer = answers.raised(raised, "r")
    else:
        answer = {"errorType": "RunFailed"}
    assert answer["errorType"] == "RunFailed"
    body = results["run1/failed.json"]
    assert len(body) < _MOST_BYTES
    record: dict[str, Any] = json.loads(body.decode())
    return record


@given(_responses)
def test_whatever_a_function_answered_is_recorded(results: dict[str, bytes], response: Any) -> None:
    record = recorded(results, load_event("destination_exception") | {"responsePayload": response})

    assert (record["run"], record["index"], record["attempts"]) == ("run1", 3, 3)


@given(_failures, st.booleans())
def test_whatever_a_state_machine_caught_is_recorded(results: dict[str, bytes], failure: Any, asked: bool) -> None:
    redrives = {"Redrives": {"Caught": 0, "Now": 0}} if asked else {}

    assert recorded(results, {"Session": "run1", "Failure": failure, **redrives})["run"] == "run1"


@given(_texts, _texts)
def test_whatever_an_execution_failed_with_is_recorded(results: dict[str, bytes], error: str, cause: str) -> None:
    event = load_event("execution_failed")

    assert recorded(results, event | {"detail": event["detail"] | {"error": error, "cause": cause}})["run"] == "run1"


@given(_records)
def test_whatever_an_item_holds_is_recorded(results: dict[str, bytes], told: Any) -> None:
    image = {"Run": {"S": "run1"}, "To": {"S": "recorder"}, "Failure": {"S": json.dumps(told)}}

    assert recorded(results, {"Records": [{"dynamodb": {"NewImage": image}}]})["run"] == "run1"


@given(_anything)
def test_event_of_no_run_is_refused_in_words_that_lambda_can_tell(event: Any) -> None:
    with pytest.raises(EnvelopeError) as refused:
        lambda_handler(event, FakeContext())

    assert answers.raised(refused.value, "r")["errorType"] == "EnvelopeError"
