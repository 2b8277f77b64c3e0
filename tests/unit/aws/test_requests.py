"""requests: what they send and where, which errors are tried again, and what an error tells."""

import json
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from typing import Any

import pytest

from runtime.aws import requests as clients
from runtime.aws.connections import Answer
from runtime.aws.dynamodb import DynamoDBClient
from runtime.aws.errors import RefusedError, RequestError, TransportError
from runtime.aws.lambda_service import Invoked, LambdaClient

KEYS = {"AWS_ACCESS_KEY_ID": "AKEY", "AWS_SECRET_ACCESS_KEY": "skey", "AWS_SESSION_TOKEN": "stoken"}
DYNAMODB = "com.amazonaws.dynamodb.v20120810#"


class Fake:
    """Connections that give one answer after the other, and the last for ever."""

    host, path = "aws.example", ""

    def __init__(self, *answers: Answer | Exception) -> None:
        self._answers = list(answers)
        self.requests: list[tuple[str, Mapping[str, str], bytes]] = []

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.requests.append((path, headers, body))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def answer(status: int = 200, body: Any = None, **headers: str) -> Answer:
    told = Message()
    for name, value in headers.items():
        told[name.replace("_", "-")] = value
    return Answer(status, told, body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode())  # type: ignore[arg-type]


def refused(code: str, status: int = 400) -> Answer:
    return answer(status, {"__type": DYNAMODB + code, "message": "no"})


LOST = TransportError(ConnectionResetError("reset"), sent=True)
FINE = answer()


def table(*answers: Answer | Exception) -> tuple[DynamoDBClient, Fake]:
    fake = Fake(*answers)
    return DynamoDBClient(fake, "eu-west-1"), fake  # type: ignore[arg-type]


def functions(*answers: Answer | Exception, tries: int = 8) -> tuple[LambdaClient, Fake]:
    fake = Fake(*answers)
    return LambdaClient(fake, "eu-west-1", tries), fake  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Time that passes only in pauses, each as long as it may be; the pauses."""
    made: list[float] = []
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)
    monkeypatch.setattr("time.sleep", made.append)
    monkeypatch.setattr("random.random", lambda: 1.0)
    return made


def test_function_is_invoked_by_its_name_or_arn() -> None:
    client, fake = functions(answer(202))

    client.invoke("arn:aws:lambda:eu-west-1:1:function:p-mapper", b"{}", "Event")

    ((path, headers, body),) = fake.requests
    assert path == "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Ap-mapper/invocations"
    assert (headers["Host"], headers["X-Amz-Invocation-Type"], body) == ("aws.example", "Event", b"{}")
    assert "/eu-west-1/lambda/aws4_request" in headers["Authorization"]
    assert (headers["X-Amz-Security-Token"], headers["Content-Type"]) == ("stoken", "application/json")


def test_functions_answer_is_told() -> None:
    client, fake = functions(answer(200, {"a": 1}))

    assert client.invoke("f", b"{}") == Invoked(b'{"a": 1}', failed=False)
    assert fake.requests[0][1]["X-Amz-Invocation-Type"] == "RequestResponse"


def test_function_that_failed_is_told_apart() -> None:
    client, _ = functions(answer(200, {"errorType": "E"}, X_Amz_Function_Error="Unhandled"))

    assert client.invoke("f", b"{}") == Invoked(b'{"errorType": "E"}', failed=True)


@pytest.mark.parametrize("status", [199, 300, 304])
def test_answer_that_is_no_success_is_an_error(status: int) -> None:
    client, _ = functions(answer(status, {"message": "elsewhere"}))

    with pytest.raises(RefusedError, match="elsewhere"):
        client.invoke("f", b"{}")


def test_operation_is_named_in_a_header() -> None:
    client, fake = table(answer(200, {"Item": {"Key": {"S": "日本"}}}))

    assert client.request("GetItem", {"TableName": "t"}) == {"Item": {"Key": {"S": "日本"}}}

    ((path, headers, body),) = fake.requests
    assert (path, json.loads(body)) == ("/", {"TableName": "t"})
    assert headers["X-Amz-Target"] == "DynamoDB_20120810.GetItem"
    assert headers["Content-Type"] == "application/x-amz-json-1.0"
    assert headers["Content-Type"] == "application/x-amz-json-1.0"
    assert "/eu-west-1/dynamodb/aws4_request" in headers["Authorization"]


def test_path_of_an_endpoint_stands_before_that_of_a_request() -> None:
    client, fake = table(FINE)
    fake.path = "/aws"

    client.request("GetItem", {})

    assert fake.requests[0][0] == "/aws/"


def test_chain_of_invocations_is_passed_on_unsigned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Lineage=a:1\n")
    client, fake = functions(answer(202))

    client.invoke("f", b"{}", "Event")

    headers = fake.requests[0][1]
    assert headers["X-Amzn-Trace-Id"] == "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Lineage=a:1%0A"
    assert "x-amzn-trace-id" not in headers["Authorization"]


TRANSIENT = [
    LOST,
    TransportError(TimeoutError("timed out"), sent=False),
    answer(503, b"<html>busy</html>"),
    answer(500, {"message": "no"}),
    refused("InternalServerError", 500),
    refused("ThrottlingException"),
    refused("ProvisionedThroughputExceededException"),
    refused("RequestLimitExceeded"),
    refused("TransactionInProgressException"),
    answer(429, b"slow down"),
    answer(400, {"Type": "User", "message": "Rate Exceeded."}, x_amzn_ErrorType="TooManyRequestsException:http://x/"),
]


@pytest.mark.parametrize("error", TRANSIENT)
def test_what_may_go_better_is_tried_again_after_a_pause(error: Answer | Exception, pauses: list[float]) -> None:
    client, fake = table(error, error, FINE)

    assert client.request("PutItem", {"TableName": "t"}) == {}

    assert len(fake.requests) == 3
    assert pauses == [1.0, 2.0]


@pytest.mark.parametrize(
    "code",
    [
        "ConditionalCheckFailedException",
        "AccessDeniedException",
        "ValidationException",
        "ResourceNotFoundException",
        "ExpiredTokenException",
        "InvalidSignatureException",
        "UnrecognizedClientException",
        "RequestTimeTooSkewed",
    ],
)
def test_what_is_refused_for_good_is_not_tried_again(code: str, pauses: list[float]) -> None:
    client, fake = table(refused(code), FINE)

    with pytest.raises(RefusedError) as caught:
        client.request("PutItem", {})

    assert (caught.value.code, caught.value.status, caught.value.message) == (code, 400, "no")
    assert len(fake.requests) == 1
    assert pauses == []


def test_each_try_is_signed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([1_000_000_000.0, 1_000_000_060.0])
    monkeypatch.setattr("time.gmtime", lambda seconds, gmtime=time.gmtime: gmtime(next(now)))
    client, fake = table(LOST, FINE)

    client.request("GetItem", {})

    assert [headers["X-Amz-Date"] for _, headers, _ in fake.requests] == ["20010909T014640Z", "20010909T014740Z"]


def test_tries_and_pauses_are_bounded(pauses: list[float]) -> None:
    client, fake = functions(answer(429, {"Message": "Rate Exceeded."}, x_amzn_errortype="TooManyRequestsException"))

    with pytest.raises(RefusedError, match=r"^TooManyRequestsException \(429, 8 times\): Rate Exceeded\.$"):
        client.invoke("f", b"{}", "Event")

    assert len(fake.requests) == 8
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]


def test_pauses_are_spread_out(monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> None:
    monkeypatch.setattr("random.random", lambda: 0.5)
    client, _ = table(LOST, LOST, FINE)

    client.request("GetItem", {})

    assert pauses == [0.5, 1.0]


@pytest.mark.parametrize("error", [LOST, answer(503), refused("ThrottlingException")])
def test_client_that_may_try_once_does(error: Answer | Exception, pauses: list[float]) -> None:
    client, fake = functions(error, FINE, tries=1)

    with pytest.raises(RequestError):
        client.invoke("f", b"{}")

    assert len(fake.requests) == 1
    assert pauses == []


def test_error_without_a_name_has_its_status_and_what_came() -> None:
    client, _ = functions(answer(403, b"<html>\n<p>a proxy says no</p>"), tries=1)

    with pytest.raises(RefusedError, match=r"^403 \(403\): <html>$"):
        client.invoke("f", b"{}")


def test_message_that_quotes_the_request_is_cut_before_its_token() -> None:
    quoted = "The signature does not match.\n\nThe Canonical String should have been\n'POST\n/\nx-amz-security-token:stoken'"
    client, _ = table(answer(400, {"__type": DYNAMODB + "InvalidSignatureException", "message": quoted}))

    with pytest.raises(RefusedError) as caught:
        client.request("GetItem", {})

    assert str(caught.value) == "InvalidSignatureException (400): The signature does not match."
    assert "stoken" not in repr(caught.value)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000])
def test_answer_that_is_no_json_is_an_error(body: bytes) -> None:
    client, _ = table(answer(200, body))

    with pytest.raises(RequestError, match="the answer is no JSON"):
        client.request("GetItem", {})


@pytest.mark.parametrize("missing", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_request_without_credentials_says_what_is_missing(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(missing)
    client, fake = table(FINE)

    with pytest.raises(RequestError, match=f"no credentials: .*{missing}"):
        client.request("GetItem", {})

    assert fake.requests == []


@pytest.mark.parametrize(
    ("environment", "region", "url"),
    [
        ({}, "eu-west-1", "https://lambda.eu-west-1.amazonaws.com"),
        ({}, "cn-north-1", "https://lambda.cn-north-1.amazonaws.com.cn"),
        ({}, "us-gov-west-1", "https://lambda.us-gov-west-1.amazonaws.com"),
        ({"AWS_ENDPOINT_URL": "http://all"}, "eu-west-1", "http://all"),
        ({"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_LAMBDA": "http://one"}, "eu-west-1", "http://one"),
        ({"AWS_ENDPOINT_URL_DYNAMODB": "http://other"}, "eu-west-1", "https://lambda.eu-west-1.amazonaws.com"),
    ],
)
def test_endpoint_is_the_services_own_unless_another_is_named(
    environment: dict[str, str], region: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL_DYNAMODB"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert clients.endpoint("lambda", region) == url


def test_region_is_lambdas_or_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    assert clients.region() == "eu-north-1"

    monkeypatch.delenv("AWS_REGION")
    assert clients.region() == "eu-west-1"

    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(RequestError, match="neither AWS_REGION nor AWS_DEFAULT_REGION is set"):
        clients.region()


def test_many_threads_that_ask_first_get_one_client() -> None:
    made: list[object] = []

    @clients.once
    def client() -> object:
        threading.Event().wait(0.05)  # long enough for the others to ask
        made.append(object())
        return made[-1]

    with ThreadPoolExecutor(16) as pool:
        got = list(pool.map(lambda _: client(), range(16)))

    assert len(made) == 1
    assert set(map(id, got)) == {id(made[0])}


@pytest.mark.parametrize(("tries", "told"), [(1, "Throttled (429): slow"), (2, "Throttled (429, 2 times): slow")])
def test_refusal_tells_how_often_it_came(tries: int, told: str) -> None:
    assert str(RefusedError(429, "Throttled", "slow", tries)) == told


@pytest.mark.parametrize(
    "code",
    [
        "EC2ThrottledException",
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceException",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    ],
)
def test_error_that_passes_is_known_by_its_code_whatever_its_status(code: str) -> None:
    assert RefusedError(400, code, "no").transient


@pytest.mark.parametrize(
    ("status", "transient"), [(400, False), (404, False), (428, False), (429, True), (499, False), (500, True)]
)
def test_error_without_a_known_code_passes_by_its_status(status: int, transient: bool) -> None:
    assert RefusedError(status, str(status), "no").transient is transient
