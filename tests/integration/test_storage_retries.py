"""Requests to S3 that it has no time for, over true HTTP: made again, for as long as the invocation lasts."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from obstore.store import S3Store

from runtime.aws import s3
from runtime.aws.errors import AccessDeniedError, NoAnswerError, SlowDownError, StorageError
from runtime.orchestration.ending.record import FailureRecord
from runtime.orchestration.ending.result import record_failure
from runtime.orchestration.s3_triggers.lock import claim
from runtime.orchestration.values.returns import Returns
from runtime.ports import Ports, ports, using
from runtime.run import Run, within
from tests.fakes.clock import ShortPauses
from tests.fakes.http_server import LOST, Reply, Server, reply
from tests.fakes.waiting import PATIENCE_SECONDS

BUSY = 15
"""More refusals than any client's own retries would outlast."""

DATED = {"ETag": '"1"', "Last_Modified": "Wed, 21 Oct 2015 07:28:00 GMT"}
STORED = reply(200, b'"value"', **DATED)
WRITTEN = reply(200, b"", **DATED)
PART = reply(206, b"ue", Content_Range="bytes 4-5/7", **DATED)
END = reply(206, b'ue"', Content_Range="bytes 4-6/7", **DATED)


def refusal(status: int, code: str) -> Reply:
    return reply(status, f"<Error><Code>{code}</Code></Error>".encode())


def listing(*keys: str, more: bool = False, directories: tuple[str, ...] = ()) -> Reply:
    contents = "".join(
        f"<Contents><Key>{key}</Key><Size>0</Size><LastModified>2015-10-21T07:28:00.000Z</LastModified><ETag>1</ETag></Contents>"
        for key in keys
    )
    common = "".join(f"<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>" for name in directories)
    token = "<NextContinuationToken>t</NextContinuationToken>" if more else ""
    truncated = str(more).lower()
    return reply(
        200, f"<ListBucketResult><IsTruncated>{truncated}</IsTruncated>{token}{contents}{common}</ListBucketResult>".encode()
    )


Serve = Callable[..., Server]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Starts an S3 that gives these replies, one after the other."""
    for name, value in (("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"), ("AWS_REGION", "us-east-1")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    with ExitStack() as stack:
        stack.enter_context(using(Ports(clock=ShortPauses())))

        def start(*replies: Reply) -> Server:
            server = stack.enter_context(Server(list(replies)))
            monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
            return server

        yield start


def run_for(seconds: float) -> Run:
    return Run("run1", deadline=time.monotonic() + seconds)


CALLS: dict[str, tuple[Callable[[], Any], Reply, Any]] = {
    "get": (lambda: ports().s3.get("bucket", "key"), STORED, b'"value"'),
    "get_version": (lambda: ports().s3.get_version("bucket", "key"), STORED, s3.Version(b'"value"', '"1"')),
    "get_range": (lambda: ports().s3.get_range("bucket", "key", 4, 2), PART, b"ue"),
    "get_end": (lambda: ports().s3.get_end("bucket", "key", 3), END, s3.Ending(b'ue"', 7)),
    "put": (lambda: ports().s3.put("bucket", "key", b"1"), WRITTEN, None),
    "create": (lambda: ports().s3.create("bucket", "key", b"1"), WRITTEN, True),
    "replace": (lambda: ports().s3.replace("bucket", "key", b"1", '"0"'), WRITTEN, True),
    "list_keys of a fan-in": (
        lambda: list(ports().s3.list_keys("bucket", "run1/mapper/")),
        listing("run1/mapper/1"),
        ["run1/mapper/1"],
    ),
    "list_directories of partition": (
        lambda: ports().s3.list_directories("bucket", "run1/"),
        listing(directories=("run1/reducer0/",)),
        ["reducer0/"],
    ),
    "a fan-in's values": (lambda: Returns("bucket", "run1").values("mapper", 1), STORED, ["value"]),
}


@pytest.mark.parametrize("transient", [refusal(503, "SlowDown"), refusal(429, "TooMany"), refusal(500, "InternalError"), LOST])
@pytest.mark.parametrize("name", CALLS)
def test_request_is_made_again_until_s3_takes_it(name: str, transient: Reply, serve: Serve) -> None:
    call, answer, expected = CALLS[name]
    server = serve(*[transient] * BUSY, answer)

    with within(run_for(PATIENCE_SECONDS)) as run:
        assert call() == expected

    assert len(server.requests) >= BUSY + 1
    assert sum(run.retries.values()) >= BUSY - 1


@pytest.mark.parametrize("name", CALLS)
def test_request_fails_when_the_invocations_time_is_up(name: str, serve: Serve) -> None:
    serve(refusal(503, "SlowDown"))
    began = time.monotonic()

    with within(run_for(0.3)), pytest.raises(SlowDownError, match=r"503 Service Unavailable.*tried \d+ times in 0\.\d s"):
        CALLS[name][0]()

    assert time.monotonic() - began < PATIENCE_SECONDS


@pytest.mark.parametrize(
    ("answer", "kind"), [(refusal(403, "AccessDenied"), AccessDeniedError), (refusal(400, "ExpiredToken"), StorageError)]
)
def test_what_s3_refuses_for_good_is_asked_once(answer: Reply, kind: type[StorageError], serve: Serve) -> None:
    server = serve(answer)

    with within(run_for(PATIENCE_SECONDS)), pytest.raises(kind):
        ports().s3.get("bucket", "key")

    assert len(server.requests) == 1


def test_listing_goes_on_after_its_last_page_that_was_read(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports().s3, "_page_size", 2)
    server = serve(listing("p/a", "p/b", more=True), *[refusal(503, "SlowDown")] * BUSY, listing("p/c"))

    with within(run_for(PATIENCE_SECONDS)):
        keys = list(ports().s3.list_keys("bucket", "p/"))

    assert keys == ["p/a", "p/b", "p/c"]
    assert "start-after=p%2Fb" in server.requests[-1].line


def test_created_object_that_meets_its_own_write_is_read_back(serve: Serve) -> None:
    serve(LOST, refusal(412, "PreconditionFailed"), STORED)

    with within(run_for(PATIENCE_SECONDS)):
        assert ports().s3.create_or_read("bucket", "key", b'"value"') == b'"value"'


def test_lock_whose_answer_got_lost_is_recognised(serve: Serve) -> None:
    held = reply(200, b'{"Owner": "me", "Time": 1.0}', **DATED)
    serve(LOST, refusal(412, "PreconditionFailed"), held, WRITTEN)

    with within(run_for(PATIENCE_SECONDS)):
        assert claim("bucket", ".lock", "me", 60.0)


def test_version_that_another_request_is_writing_is_not_replaced(serve: Serve) -> None:
    serve(refusal(409, "ConditionalRequestConflict"))

    with within(run_for(PATIENCE_SECONDS)):
        assert ports().s3.replace("bucket", "key", b"1", '"0"') is False


def test_object_that_another_request_is_writing_is_put_again(serve: Serve) -> None:
    server = serve(refusal(409, "OperationAborted"), WRITTEN)

    with within(run_for(PATIENCE_SECONDS)):
        ports().s3.put("bucket", "key", b"1")

    assert len(server.requests) == 2


def test_failure_is_recorded_though_s3_has_no_time_at_first(serve: Serve) -> None:
    server = serve(*[refusal(503, "SlowDown")] * BUSY, listing(), *[refusal(503, "SlowDown")] * BUSY, WRITTEN)

    with within(run_for(PATIENCE_SECONDS)):
        record_failure("bucket", FailureRecord("run1", error="ValueError"))

    assert len(server.requests) == 2 * (BUSY + 1)


def test_wrong_endpoint_is_no_matter_of_patience(monkeypatch: pytest.MonkeyPatch, serve: Serve) -> None:
    serve(WRITTEN)
    monkeypatch.setattr(ports().s3, "_open", lambda bucket: S3Store(bucket, retry_config={"max_retries": 0}))  # http refused

    with within(run_for(PATIENCE_SECONDS)), pytest.raises(StorageError, match="builder error") as raised:
        ports().s3.put("bucket", "key", b"1")

    assert not isinstance(raised.value, NoAnswerError)
