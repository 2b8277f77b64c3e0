"""lambda_service: what was not taken is sent again until the deadline; what was taken, never."""

import json
from collections.abc import Callable, Iterator
from http.client import IncompleteRead
from typing import Any

import pytest

from runtime.aws.errors import AnswerLost, FunctionFailed, InvokeError, RefusedError, RequestError, TransportError
from runtime.aws.lambda_service import Invoked
from runtime.aws.lambda_service import Lambda as Service
from runtime.ports import Ports, ports, using
from runtime.run import Run, within
from tests.fakes.clock import FakeTime

Answer = Invoked | Exception


class Lambda:
    """A client that gives one answer after the other, and the last for ever."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.requests: list[tuple[Any, ...]] = []

    def invoke(self, *request: Any) -> Invoked:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def answered(value: Any, failed: bool = False) -> Invoked:
    return Invoked(json.dumps(value).encode(), failed)


def refusal(code: str, status: int) -> RefusedError:
    return RefusedError(status, code, "no")


THROTTLED = refusal("TooManyRequestsException", 429)
NOT_TAKEN = [
    THROTTLED,
    refusal("ServiceException", 500),
    refusal("ThrottlingException", 400),
    refusal("EC2ThrottledException", 502),
    TransportError(TimeoutError("timed out"), sent=False),
]
TAKEN = [
    TransportError(TimeoutError("timed out"), sent=True),
    TransportError(IncompleteRead(b""), sent=True, answer_begun=True),
]


@pytest.fixture
def clock() -> FakeTime:
    """Time that passes only in pauses, each as long as it may be."""
    return FakeTime(1000.0)


@pytest.fixture
def install(clock: FakeTime) -> Iterator[Callable[..., Lambda]]:
    """Makes both clients the one that gives these answers."""
    with using(Ports(clock=clock)) as own:

        def make(*answers: Answer) -> Lambda:
            client = Lambda(*answers)
            vars(own)["lambda_"] = Service(clock, lambda: client, lambda: client)
            return client

        yield make


def invoke_sync(name: str, payload: Any, deadline: float) -> Any:
    return ports().lambda_.invoke_sync(name, payload, deadline)


def invoke_async(name: str, payload: Any) -> None:
    ports().lambda_.invoke_async(name, payload)


def test_answer_is_returned(install: Callable[..., Lambda]) -> None:
    client = install(answered({"Source": "http", "Value": "日本"}))

    assert invoke_sync("f", {"Session": "run1"}, 1060.0) == {"Source": "http", "Value": "日本"}

    assert client.requests == [("f", b'{"Session":"run1"}')]


def test_empty_answer_is_null(install: Callable[..., Lambda]) -> None:
    install(Invoked(b""))

    assert invoke_sync("f", {}, 1060.0) is None


@pytest.mark.parametrize("error", NOT_TAKEN, ids=lambda error: type(error).__name__)
def test_what_was_not_taken_is_sent_again(error: Exception, install: Callable[..., Lambda], clock: FakeTime) -> None:
    client = install(error, error, error, answered("done"))

    with within(Run("run1")) as run:
        assert invoke_sync("f", {}, 2000.0) == "done"

    assert len(client.requests) == 4
    assert clock.pauses == [0.1, 0.2, 0.4]
    assert run.requests == {"lambda.Invoke": 4}


@pytest.mark.parametrize("deadline", [1060.0, 1900.0])
def test_what_is_never_taken_is_given_up_at_the_deadline(
    deadline: float, install: Callable[..., Lambda], clock: FakeTime
) -> None:
    client = install(THROTTLED)

    with pytest.raises(InvokeError, match=r"InvokeFunction on f was not taken in time: .*TooManyRequests") as caught:
        invoke_sync("f", {}, deadline)

    assert type(caught.value) is InvokeError
    assert clock.seconds == deadline
    assert max(clock.pauses) == 5.0
    assert len(client.requests) == len(clock.pauses) + 1


def test_pauses_are_spread_out(install: Callable[..., Lambda], clock: FakeTime) -> None:
    clock.chance = 0.5
    install(THROTTLED, THROTTLED, answered(None))

    invoke_sync("f", {}, 1060.0)

    assert clock.pauses == [0.05, 0.1]


@pytest.mark.parametrize("error", TAKEN, ids=lambda error: type(error).__name__)
def test_call_that_timed_out_or_broke_is_left_to_the_caller(error: Exception, install: Callable[..., Lambda]) -> None:
    client = install(error, answered("done"))

    with pytest.raises(AnswerLost, match="f was invoked, but gave no answer"):
        invoke_sync("f", {}, 1060.0)

    assert len(client.requests) == 1


@pytest.mark.parametrize(("status", "lost"), [(504, True), (502, True), (403, False), (413, False)])
def test_answer_of_somebody_on_the_way_leaves_open_whether_the_function_runs(
    status: int, lost: bool, install: Callable[..., Lambda]
) -> None:
    client = install(refusal(str(status), status), answered("done"))

    with pytest.raises(InvokeError, match=f"InvokeFunction on f failed: .*{status}") as caught:
        invoke_sync("f", {}, 1060.0)

    assert isinstance(caught.value, AnswerLost) is lost
    assert len(client.requests) == 1


def test_request_that_cannot_be_made_is_an_error_at_once(install: Callable[..., Lambda]) -> None:
    install(RequestError("there is no region"))

    with pytest.raises(InvokeError, match="lambda:InvokeFunction on f failed: there is no region"):
        invoke_sync("f", {}, 1060.0)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException", "RequestTooLargeException"])
def test_what_is_refused_for_good_is_an_error_at_once(code: str, install: Callable[..., Lambda]) -> None:
    client = install(refusal(code, 400))

    with pytest.raises(InvokeError, match=f"lambda:InvokeFunction on f failed: .*{code}"):
        invoke_sync("f", {}, 1060.0)

    assert len(client.requests) == 1


@pytest.mark.parametrize(
    "response", [{"errorType": "ValueError", "errorMessage": "no", "stackTrace": []}, {"errorMessage": "killed"}]
)
def test_function_that_failed_says_why(response: Any, install: Callable[..., Lambda]) -> None:
    client = install(answered(response, failed=True))

    with pytest.raises(FunctionFailed) as caught:
        invoke_sync("f", {}, 1060.0)

    assert caught.value.response == response
    assert str(caught.value) == f"f failed: {response.get('errorType')}: {response['errorMessage']}"
    assert len(client.requests) == 1


def test_answer_that_looks_like_an_error_is_none(install: Callable[..., Lambda]) -> None:
    install(answered({"errorType": "ValueError"}))

    assert invoke_sync("f", {}, 1060.0) == {"errorType": "ValueError"}


def test_event_is_put_into_the_queue(install: Callable[..., Lambda]) -> None:
    client = install(Invoked(b""))

    with within(Run("run1")) as run:
        invoke_async("f", {"Session": "run1"})

    assert client.requests == [("f", b'{"Session":"run1"}', "Event")]
    assert run.requests == {"lambda.Invoke": 1}


@pytest.mark.parametrize("error", [THROTTLED, *TAKEN], ids=lambda error: type(error).__name__)
def test_event_that_was_not_taken_is_an_error(error: Exception, install: Callable[..., Lambda]) -> None:
    install(error)

    with pytest.raises(InvokeError, match="lambda:InvokeFunction on f failed"):
        invoke_async("f", {})
