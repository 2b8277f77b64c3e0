"""A run as one long call: sent once, refused at once or taken, and judged by its answer."""

import io
import json
import threading
import time
from types import SimpleNamespace

import obstore
import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, IncompleteReadError, ReadTimeoutError
from obstore.store import MemoryStore

from runtime.retries import Pauses
from scripts.client.errors import StartError
from scripts.client.orchestrations import Progress, Verdict, calling
from scripts.client.orchestrations.http_only.client import HttpOnly
from tests.fakes.client_tables import refusal
from tests.fakes.deployed import wordcount

CHUNKS = [{"text": "to be", "destination": "b"}]
THROTTLED = refusal("TooManyRequestsException", 429)
DONE = {"Session": "r1", "Result": "r1/result.json"}
FAILURE = {"run": "r1", "function": "mapper", "index": 3, "error": "ValueError", "message": "no words"}


class Lambda:
    """Answers each invocation with the next of `answers`: an exception, or a payload; `busy` for those that take long."""

    def __init__(self):
        self.answers, self.calls, self.busy, self.function_error = [DONE], [], None, None

    def invoke(self, **request):
        self.calls.append(request)
        answer = self.answers[min(len(self.calls), len(self.answers)) - 1]
        if self.busy:
            self.busy.wait(10)
        if isinstance(answer, Exception):
            raise answer
        if request["InvocationType"] == "Event":
            return {"StatusCode": 202}
        body = answer if hasattr(answer, "read") else io.BytesIO(json.dumps(answer).encode())
        given = {"StatusCode": 200, "Payload": body, "ResponseMetadata": {"RequestId": "q1"}}
        return given | ({"FunctionError": self.function_error} if self.function_error else {})


@pytest.fixture
def cloud(monkeypatch):
    monkeypatch.setattr(calling, "_PAUSES", Pauses(0.01, 0.01))
    monkeypatch.setattr(calling, "_SEND_SECONDS", 0.3)
    monkeypatch.setattr(calling, "_REFUSAL_SECONDS", 0.1)
    made = SimpleNamespace(service=Lambda(), stores={"returns": MemoryStore(), "results": MemoryStore()}, waits=[])
    deployment = SimpleNamespace(
        function=lambda name: f"wordcount-{name}",
        timeout_of=lambda name: {"unum_map": 870}[name],
        log_groups={"unum_map": "/aws/lambda/wordcount-unum_map"},
        workflow=wordcount("http_only"),
    )

    def long_client(service, answer_seconds):
        made.waits.append(answer_seconds)
        return made.service

    made.aws = SimpleNamespace(
        deployment=deployment,
        store=lambda role, patient=True: made.stores[role],
        client=lambda service: made.service,
        long_client=long_client,
    )
    yield made
    if made.service.busy:
        made.service.busy.set()


def keys(store):
    return [item["path"] for page in obstore.list(store) for item in page]


def read(store, key):
    return json.loads(bytes(obstore.get(store, key).bytes()))


def verdict(run):
    """The verdict, once there is one."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if found := run.verdict():
            return found
        time.sleep(0.01)
    raise AssertionError("there is no verdict")


def test_the_call_is_synchronous_and_waits_for_the_functions_whole_time(cloud):
    run = HttpOnly(cloud.aws, "r1")

    run.start(CHUNKS, attended=True)

    assert cloud.waits == [900]
    assert cloud.service.calls[0]["FunctionName"] == "wordcount-unum_map"
    assert cloud.service.calls[0]["InvocationType"] == "RequestResponse"
    payload = json.loads(cloud.service.calls[0]["Payload"])
    assert payload == {"Session": "r1", "Data": [{"Source": "http", "Value": CHUNKS[0]}]}
    assert verdict(run) == Verdict("SUCCEEDED")
    assert keys(cloud.stores["results"]) == []


def test_unattended_it_is_asynchronous(cloud):
    run = HttpOnly(cloud.aws, "r1")

    run.start(CHUNKS, attended=False)

    assert [call["InvocationType"] for call in cloud.service.calls] == ["Event"]
    assert run.verdict() is None


@pytest.mark.parametrize("attended", [True, False])
def test_a_chunk_that_its_carrier_does_not_take_is_a_claim_check_of_its_own(cloud, attended):
    chunks = [{"text": "word " * words, "destination": "b"} for words in (100_000, 200_000, 10)]

    HttpOnly(cloud.aws, "r1").start(chunks, attended=attended)

    payload = cloud.service.calls[0]["Payload"]
    assert len(payload) < 1024 * 1024
    small, large, last = json.loads(payload)["Data"]
    assert [small["Value"], last["Value"]] == [chunks[0], chunks[2]]
    assert large == {"Source": "s3", "Value": "mapper.input/2.json"}
    assert read(cloud.stores["returns"], "r1/mapper.input/2.json") == chunks[1]
    assert read(cloud.stores["returns"], "r1/unum_map.input/1.json") == [small, large, last]


def test_starting_does_not_wait_for_the_answer(cloud):
    cloud.service.busy = threading.Event()
    run = HttpOnly(cloud.aws, "r1")

    run.start(CHUNKS, attended=True)

    assert run.verdict() is None
    assert run.progress(1) == Progress(sizes={"mapper": 1})
    cloud.service.busy.set()
    assert verdict(run).succeeded


@pytest.mark.parametrize(
    "passing",
    [THROTTLED, EndpointConnectionError(endpoint_url="x"), ConnectTimeoutError(endpoint_url="x")],
)
def test_what_was_not_taken_is_sent_again(cloud, passing):
    cloud.service.answers = [passing, passing, DONE]
    run = HttpOnly(cloud.aws, "r1")

    run.start(CHUNKS, attended=True)

    assert verdict(run).succeeded
    assert len(cloud.service.calls) == 3


@pytest.mark.parametrize("error", [THROTTLED, EndpointConnectionError(endpoint_url="x")])
def test_what_is_never_taken_did_not_start(cloud, error):
    cloud.service.answers = [error]

    with pytest.raises(StartError) as refused:
        HttpOnly(cloud.aws, "r1").start(CHUNKS, attended=True)

    assert refused.value.certain
    assert len(cloud.service.calls) > 2


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException"])
def test_a_refusal_is_final(cloud, code):
    cloud.service.answers = [refusal(code, 403)]

    with pytest.raises(StartError, match=code) as refused:
        HttpOnly(cloud.aws, "r1").start(CHUNKS, attended=True)

    assert refused.value.certain
    assert len(cloud.service.calls) == 1


class BrokenOff:
    def read(self):
        raise IncompleteReadError(actual_bytes=1, expected_bytes=2)


@pytest.mark.parametrize("loss", [ReadTimeoutError(endpoint_url="x"), refusal("ServiceException", 500), BrokenOff()])
def test_a_lost_answer_is_not_asked_for_again_and_says_nothing_until_the_function_must_have_ended(cloud, loss):
    cloud.service.answers = [loss]
    run = HttpOnly(cloud.aws, "r1")

    run.start(CHUNKS, attended=True)
    before = run.verdict()
    run._ends = time.monotonic() - 1
    after = run.verdict()

    assert len(cloud.service.calls) == 1
    assert before is None
    assert after.error == "NoAnswer"
    assert read(cloud.stores["results"], "r1/failed.json")["error"] == "NoAnswer"


def test_a_function_that_was_ended_is_recorded_as_failed(cloud):
    cloud.service.function_error = "Unhandled"
    cloud.service.answers = [{"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out after 870.00 seconds"}]
    run = HttpOnly(cloud.aws, "r1")

    run.start(CHUNKS, attended=True)

    assert verdict(run) == Verdict("FAILED", "Sandbox.Timedout", "Task timed out after 870.00 seconds")
    record = read(cloud.stores["results"], "r1/failed.json")
    assert record.pop("time")
    assert record == {
        "run": "r1",
        "function": "unum_map",
        "index": None,
        "error": "Sandbox.Timedout",
        "message": "Task timed out after 870.00 seconds",
        "traceback": [],
        "request_id": "q1",
        "attempts": 1,
        "log_group": "/aws/lambda/wordcount-unum_map",
    }


@pytest.mark.parametrize("answer", ["not an object", None, {"errorType": None, "stackTrace": None}, io.BytesIO(b"{")])
def test_a_poor_answer_of_a_failed_function_is_a_failure_too(cloud, answer):
    cloud.service.function_error = "Unhandled"
    cloud.service.answers = [answer]
    run = HttpOnly(cloud.aws, "r1")

    run.start(CHUNKS, attended=True)

    assert not verdict(run).succeeded
    assert keys(cloud.stores["results"]) == ["r1/failed.json"]


def test_a_failure_that_is_answered_is_the_runs(cloud):
    cloud.service.answers = [{"Session": "r1", "Failure": FAILURE}]
    run = HttpOnly(cloud.aws, "r1")

    run.start(CHUNKS, attended=True)

    assert verdict(run) == Verdict("FAILED", "ValueError", "no words")
    assert read(cloud.stores["results"], "r1/failed.json").items() >= FAILURE.items()


@pytest.mark.parametrize("ended", ["failed.json", "result.json"])
def test_what_the_run_recorded_itself_stays(cloud, ended):
    obstore.put(cloud.stores["results"], f"r1/{ended}", b'"the first"')
    cloud.service.function_error = "Unhandled"
    run = HttpOnly(cloud.aws, "r1")

    run.start(CHUNKS, attended=True)
    verdict(run)

    assert keys(cloud.stores["results"]) == [f"r1/{ended}"]
    assert read(cloud.stores["results"], f"r1/{ended}") == "the first"


def test_an_answer_is_judged_once(cloud):
    run = HttpOnly(cloud.aws, "r1")
    run.start(CHUNKS, attended=True)

    assert verdict(run) is run.verdict()


def test_a_run_attached_to_has_no_call(cloud):
    assert HttpOnly(cloud.aws, "r1").verdict() is None
