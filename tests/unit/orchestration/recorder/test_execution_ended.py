"""execution_ended: what only EventBridge tells of becomes the run's failure record, unless it is told too late."""

import json
from typing import Any

import pytest

from runtime.orchestration.workflow.envelope import EnvelopeError
from runtime.ports import ports
from tests.fakes.context import FakeContext
from tests.fakes.events import load_event
from tests.fakes.log_lines import parse_lines
from tests.fakes.recorder import lambda_handler

Capsys = pytest.CaptureFixture[str]


class Results:
    """The results bucket, with the claim of a run in it."""

    def __init__(self) -> None:
        self.objects = {"run1/run.json": json.dumps({"redrives": 0}).encode()}
        self.reads = 0

    def get(self, bucket: str, key: str) -> bytes | None:
        assert bucket == "results-bucket"
        self.reads += 1
        return self.objects.get(key)

    def list_keys(self, bucket: str, prefix: str) -> list[str]:
        assert bucket == "results-bucket"
        return [key for key in self.objects if key.startswith(prefix)]

    def create(self, bucket: str, key: str, body: bytes) -> bool:
        assert bucket == "results-bucket"
        return self.objects.setdefault(key, body) is body

    @property
    def failure(self) -> Any:
        return json.loads(self.objects.get("run1/failed.json", b"null"))


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch) -> Results:
    made = Results()
    monkeypatch.setattr(ports().s3, "get", made.get)
    monkeypatch.setattr(ports().s3, "list_keys", made.list_keys)
    monkeypatch.setattr(ports().s3, "create", made.create)
    own = {
        "ORCHESTRATION": "sfn",
        "FUNCTION": "recorder",
        "FUNCTION_PREFIX": "wordcount-sfn-",
        "BUCKETS": '{"results": "results-bucket"}',
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    return made


def turned_back(capfd: Capsys) -> list[tuple[Any, Any]]:
    """Run and reason of each line that says that nothing was recorded."""
    lines = parse_lines(capfd.readouterr().out)
    return [(line.get("run"), line["reason"]) for line in lines if line["outcome"] == "turned back"]


def ended(**detail: Any) -> Any:
    event = load_event("execution_failed")
    return event | {"detail": event["detail"] | detail}


def test_execution_that_failed_by_itself_is_recorded(results: Results) -> None:
    answer = lambda_handler(ended(), FakeContext())

    assert answer == {"recorded": 1}
    assert results.failure.pop("time")
    assert results.failure | {"time": None} == {
        "run": "run1",
        "function": None,
        "index": None,
        "error": "States.DataLimitExceeded",
        "message": "The output of the Map state exceeds the maximum number of bytes.",
        "traceback": [],
        "request_id": None,
        "attempts": None,
        "log_group": None,
        "time": None,
    }


def test_execution_out_of_time_names_its_status(results: Results) -> None:
    lambda_handler(ended(status="TIMED_OUT", error=None, cause=None), FakeContext())

    assert (results.failure["error"], results.failure["message"]) == ("TIMED_OUT", "the execution ended as TIMED_OUT")


def test_what_the_execution_recorded_itself_is_left_alone_without_a_request(results: Results, capfd: Capsys) -> None:
    answer = lambda_handler(ended(error="RunFailed", cause="mapper 3: ValueError: a bad word"), FakeContext())

    assert answer == {"recorded": 0}
    assert (results.failure, results.reads) == (None, 0)
    assert turned_back(capfd) == [("run1", "the execution itself has recorded why")]


def test_first_record_stays(results: Results) -> None:
    results.objects["run1/failed.json"] = b'{"error": "ValueError"}'

    lambda_handler(ended(error="States.ExceedToleratedFailureThreshold"), FakeContext())

    assert results.failure == {"error": "ValueError"}


def test_end_before_the_last_redrive_fails_no_run(results: Results, capfd: Capsys) -> None:
    results.objects["run1/run.json"] = json.dumps({"redrives": 2}).encode()

    told = [lambda_handler(ended(redriveCount=count), FakeContext()) for count in (0, 1)]

    assert told == [{"recorded": 0}] * 2
    assert results.failure is None
    assert turned_back(capfd) == [("run1", "the execution has been redriven since")] * 2


def test_end_after_the_last_redrive_is_recorded(results: Results) -> None:
    results.objects["run1/run.json"] = json.dumps({"redrives": 2}).encode()

    assert lambda_handler(ended(redriveCount=2), FakeContext()) == {"recorded": 1}


def test_run_that_was_removed_leaves_nothing(results: Results, capfd: Capsys) -> None:
    results.objects.clear()

    assert lambda_handler(ended(), FakeContext()) == {"recorded": 0}
    assert results.objects == {}
    assert turned_back(capfd) == [("run1", "the run is no more, or was started by none of our clients")]


@pytest.mark.parametrize("claim", [b"", b"[]", b'{"redrives": "2"}', b"{}"])
def test_claim_that_says_nothing_of_redrives_was_never_redriven(claim: bytes, results: Results) -> None:
    results.objects["run1/run.json"] = claim

    assert lambda_handler(ended(), FakeContext()) == {"recorded": 1}


@pytest.mark.parametrize(
    "event",
    [
        {"source": "aws.states"},
        {"source": "aws.states", "detail": None},
        ended(status="SUCCEEDED"),
        ended(name=None),
        ended(name="../other"),
    ],
)
def test_event_that_tells_of_no_failed_execution_is_refused(event: Any, results: Results) -> None:
    with pytest.raises(EnvelopeError):
        lambda_handler(event, FakeContext())

    assert results.failure is None
