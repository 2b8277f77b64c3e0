"""What each method of S3 asks for, how often, and with which conditions, over objects in memory."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import obstore
import pytest
from obstore.store import MemoryStore

from runtime.aws.errors import ChangedError, StorageError
from runtime.aws.s3 import S3, open_bucket
from runtime.retries import PATIENCE_SECONDS
from runtime.run import Run, within
from tests.fakes.clock import FakeTime


class Watched:
    """`obstore`, which notes the options of each put."""

    def __init__(self) -> None:
        self.puts: list[dict[str, Any]] = []

    def put(self, *arguments: Any, **options: Any) -> Any:
        self.puts.append(options)
        return obstore.put(*arguments, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(obstore, name)


@pytest.fixture
def library() -> Watched:
    return Watched()


@pytest.fixture
def s3(library: Watched) -> S3:
    store = MemoryStore()
    made = S3(FakeTime(0.0), library=library, open=lambda *_: store, page_size=2, part_bytes=4)
    for key in ("run1/a", "run1/b", "run1/c/d", "run1/e/f", "run1/g/h"):
        made.put("bucket", key, b"12345")
    library.puts.clear()
    return made


def version(s3: S3) -> str:
    found = s3.get_version("bucket", "run1/a")
    assert found is not None
    return found.e_tag


CALLS: dict[str, tuple[Callable[[S3], Any], Any, dict[str, int]]] = {
    "get": (lambda s3: s3.get("bucket", "run1/a"), b"12345", {"s3.GetObject": 1}),
    "get, none": (lambda s3: s3.get("bucket", "run1/x"), None, {"s3.GetObject": 1}),
    "get_end": (lambda s3: vars(s3.get_end("bucket", "run1/a", 2)), {"body": b"45", "size": 5}, {"s3.GetObject": 1}),
    "get_range": (lambda s3: s3.get_range("bucket", "run1/a", 1, 3), b"234", {"s3.GetObject": 1}),
    "create": (lambda s3: s3.create("bucket", "run1/x", b"1"), True, {"s3.PutObject": 1}),
    "create, taken": (lambda s3: s3.create("bucket", "run1/a", b"1"), False, {"s3.PutObject": 1}),
    "create_or_read": (
        lambda s3: s3.create_or_read("bucket", "run1/a", b"1"),
        b"12345",
        {"s3.PutObject": 1, "s3.GetObject": 1},
    ),
    "replace": (
        lambda s3: s3.replace("bucket", "run1/a", b"1", version(s3)),
        True,
        {"s3.GetObject": 1, "s3.PutObject": 1},
    ),
    "replace, changed": (lambda s3: s3.replace("bucket", "run1/a", b"1", "99"), False, {"s3.PutObject": 1}),
    "delete": (lambda s3: s3.delete("bucket", "run1/a"), None, {"s3.DeleteObject": 1}),
    "put_in_parts": (
        lambda s3: s3.put_in_parts("bucket", "run1/x", 9, lambda: [b"12345", b"6789"]),
        None,
        {"s3.CreateMultipartUpload": 1, "s3.UploadPart": 3, "s3.CompleteMultipartUpload": 1},
    ),
    "list_keys": (
        lambda s3: list(s3.list_keys("bucket", "run1/")),
        ["run1/a", "run1/b", "run1/c/d", "run1/e/f", "run1/g/h"],
        {"s3.ListObjectsV2": 3},
    ),
    "list_objects, between": (
        lambda s3: list(s3.list_objects("bucket", "run1/", "run1/a", "run1/c/d")),
        [("run1/b", 5), ("run1/c/d", 5)],
        {"s3.ListObjectsV2": 2},
    ),
    "list_directories": (lambda s3: s3.list_directories("bucket", "run1/"), ["c/", "e/", "g/"], {"s3.ListObjectsV2": 2}),
}


@pytest.mark.parametrize(("call", "answer", "requests"), CALLS.values(), ids=CALLS)
def test_requests_are_counted_by_their_kind(call: Callable[[S3], Any], answer: Any, requests: dict[str, int], s3: S3) -> None:
    with within(Run("run1")) as run:
        assert call(s3) == answer

    assert dict(run.requests) == requests


def test_each_write_is_one_request_whose_condition_is_the_methods(s3: S3, library: Watched) -> None:
    old = version(s3)

    s3.put("bucket", "run1/x", b"1")
    s3.create("bucket", "run1/y", b"1")
    s3.replace("bucket", "run1/a", b"1", old)

    assert [options.get("mode") for options in library.puts] == [None, "create", {"e_tag": old}]
    assert {options["use_multipart"] for options in library.puts} == {False}


def test_handle_connects_within_seconds_and_leaves_retries_to_the_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://localhost:1")

    plain, patient = open_bucket("a-bucket"), open_bucket("a-bucket", 8)

    waits = {name: value for name, value in dict(plain.client_options or {}).items() if name != "allow_http"}
    assert waits == {"connect_timeout": "5s", "timeout": "30s", "pool_idle_timeout": "10s"}
    assert [dict(each.retry_config or {}).pop("max_retries") for each in (plain, patient)] == [0, 8]
    assert dict(patient.retry_config or {}) == {
        "max_retries": 8,
        "backoff": {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=5), "base": 4.0},
        "retry_timeout": timedelta(seconds=20),
    }


@pytest.mark.parametrize(("endpoint", "allowed"), [("http://localhost:1", True), ("https://localhost:1", False), (None, False)])
def test_only_a_named_endpoint_is_spoken_to_without_tls(
    endpoint: str | None, allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    if endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)

    assert dict(open_bucket("a-bucket").client_options or {})["allow_http"] == str(allowed).lower()


@pytest.mark.parametrize(
    ("text", "seconds"), [("non-2xx status code: 503", 900.0), ("HTTP error: error sending request", PATIENCE_SECONDS)]
)
def test_busy_service_is_asked_until_the_deadline_and_a_silent_one_for_a_minute(text: str, seconds: float) -> None:
    class Library:
        def get(self, *_: Any) -> Any:
            raise obstore.exceptions.GenericError(text)

    clock = FakeTime(0.0)

    with within(Run("run1", deadline=900.0)), pytest.raises(StorageError, match=r"tried \d+ times in"):
        S3(clock, library=Library(), open=lambda *_: None).get("bucket", "key")

    assert clock.seconds == pytest.approx(seconds)


def test_range_of_another_version_is_refused(s3: S3) -> None:
    assert s3.get_range("bucket", "run1/a", 1, 3, version(s3)) == b"234"

    with pytest.raises(ChangedError, match="s3:GetObject on s3://bucket/run1/a failed: it is no longer the version 99"):
        s3.get_range("bucket", "run1/a", 1, 3, "99")


def test_large_object_is_sent_in_parts_some_of_them_at_once(s3: S3, library: Watched) -> None:
    s3.put_in_parts("bucket", "run1/x", 9, lambda: [b"12345", b"6789"])

    assert library.puts == [{"use_multipart": True, "chunk_size": 4, "max_concurrency": 4}]
    assert s3.get("bucket", "run1/x") == b"123456789"
