"""What becomes of the library's errors: which are tried again, and which error the caller gets."""

from collections.abc import Callable
from typing import Any

import obstore
import pytest

from runtime.aws.errors import (
    AccessDeniedError,
    FunctionFailed,
    NoAnswerError,
    RefusedError,
    RequestError,
    SlowDownError,
    StorageError,
    TransportError,
)
from runtime.aws.s3 import S3
from runtime.run import Run, within
from tests.fakes.clock import FakeTime


class Failing:
    """A library whose requests fail, each with the next of some errors, and then with the last of them."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.asked = list(errors), 0

    def get(self, *_: Any, **__: Any) -> Any:
        self.asked += 1
        raise self.errors.pop(0) if len(self.errors) > 1 else self.errors[0]

    put = delete = list = get_range = list_with_delimiter = get


def failing(*errors: Exception) -> tuple[S3, Failing, FakeTime]:
    library, clock = Failing(*errors), FakeTime(0.0)
    return S3(clock, library=library, open=lambda *_: None), library, clock


GENERIC = obstore.exceptions.GenericError


@pytest.mark.parametrize(
    ("text", "kind", "again"),
    [
        ("non-2xx status code: 403 <Code>AccessDenied</Code>", AccessDeniedError, False),
        ("non-2xx status code: 503 <Code>SlowDown</Code>", SlowDownError, True),
        ("non-2xx status code: 429", SlowDownError, True),
        ("non-2xx status code: 500", SlowDownError, True),
        ("<Code>RequestTimeout</Code>", SlowDownError, True),
        ("HTTP error: error sending request", NoAnswerError, True),
        ("error decoding response body", NoAnswerError, True),
        ("HTTP error: builder error", StorageError, False),
        ("non-2xx status code: 400", StorageError, False),
    ],
)
def test_error_is_told_by_its_kind_and_tried_again_if_it_may_pass(text: str, kind: type[StorageError], again: bool) -> None:
    s3, library, _clock = failing(GENERIC(text))

    with within(Run("run1", deadline=30.0)), pytest.raises(StorageError) as caught:
        s3.get("bucket", "key")

    assert type(caught.value) is kind
    assert (library.asked > 1) == again
    assert (caught.value.action, caught.value.bucket, caught.value.key) == ("s3:GetObject", "bucket", "key")


def test_retries_are_counted_by_action_and_the_request_once() -> None:
    s3, library, _clock = failing(
        GENERIC("non-2xx status code: 503"), GENERIC("non-2xx status code: 503"), FileNotFoundError("none")
    )

    with within(Run("run1")) as run:
        assert s3.get("bucket", "key") is None

    assert library.asked == 3
    assert (dict(run.requests), dict(run.retries)) == ({"s3.GetObject": 1}, {"s3:GetObject": 2})


def test_bucket_that_is_not_there_is_told() -> None:
    s3, _library, _clock = failing(FileNotFoundError("<Code>NoSuchBucket</Code>"))

    with pytest.raises(StorageError, match="there is no such bucket"):
        s3.get("bucket", "key")


def test_error_is_told_without_the_librarys_debug_output_and_not_at_any_length() -> None:
    s3, _library, _clock = failing(GENERIC("non-2xx status code: 400 " + "x" * 1000 + "\n\nDebug source:\nsecret"))

    with pytest.raises(StorageError) as caught:
        s3.get("bucket", "key")

    assert "secret" not in caught.value.cause
    assert len(caught.value.cause) == 600


CALLS: dict[str, tuple[Callable[[S3], Any], str]] = {
    "get": (lambda s3: s3.get("bucket", "key"), "s3:GetObject"),
    "get_end": (lambda s3: s3.get_end("bucket", "key", 1), "s3:GetObject"),
    "get_range": (lambda s3: s3.get_range("bucket", "key", 0, 1), "s3:GetObject"),
    "get_version": (lambda s3: s3.get_version("bucket", "key"), "s3:GetObject"),
    "put": (lambda s3: s3.put("bucket", "key", b""), "s3:PutObject"),
    "put_once": (lambda s3: s3.put_once("bucket", "key", b""), "s3:PutObject"),
    "put_in_parts": (lambda s3: s3.put_in_parts("bucket", "key", 1, lambda: [b"1"]), "s3:PutObject"),
    "create": (lambda s3: s3.create("bucket", "key", b""), "s3:PutObject"),
    "replace": (lambda s3: s3.replace("bucket", "key", b"", "1"), "s3:PutObject"),
    "delete": (lambda s3: s3.delete("bucket", "key"), "s3:DeleteObject"),
    "list_objects": (lambda s3: list(s3.list_objects("bucket", "key")), "s3:ListBucket"),
    "list_directories": (lambda s3: s3.list_directories("bucket", "key"), "s3:ListBucket"),
}


@pytest.mark.parametrize(("call", "action"), CALLS.values(), ids=CALLS)
def test_error_names_the_right_that_a_method_needs(call: Callable[[S3], Any], action: str) -> None:
    s3, _, _ = failing(GENERIC("non-2xx status code: 400"))

    with pytest.raises(StorageError, match=f"{action} on s3://bucket/key failed: non-2xx status code: 400"):
        call(s3)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            AccessDeniedError("s3:GetObject", "b", "k", "no"),
            "s3:GetObject on s3://b/k was denied; the function's role lacks it, or",
        ),
        (
            AccessDeniedError("s3:PutObject", "b", "k", "no"),
            "s3:PutObject on s3://b/k was denied; the function's role lacks it: no",
        ),
        (StorageError("dynamodb:PutItem", "t", "k", "no"), "dynamodb:PutItem on t/k failed: no"),
        (TransportError(OSError("no"), sent=False), "not sent: OSError: no"),
        (TransportError(OSError("no"), sent=True), "no answer: OSError: no"),
        (TransportError(OSError("no"), sent=True, answer_begun=True), "the answer broke off: OSError: no"),
        (FunctionFailed("f", {"errorType": "KeyError", "errorMessage": "'k'"}), "f failed: KeyError: 'k'"),
        (FunctionFailed("f", "no"), "f failed: None: no"),
    ],
)
def test_error_says_what_came_to_nothing(error: Exception, text: str) -> None:
    assert str(error).startswith(text)


@pytest.mark.parametrize(("error", "transient"), [(RequestError("no"), False), (TransportError(OSError(), sent=True), True)])
def test_error_says_whether_it_may_pass(error: RequestError, transient: bool) -> None:
    assert error.transient is transient


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (StorageError(action="s3:GetObject", bucket="b", key="k", cause="no"), ("s3:GetObject", "b", "k", "no")),
        (TransportError(OSError, sent=True, answer_begun=True), (OSError, True, True)),  # type: ignore[arg-type]
        (RefusedError(status=429, code="Throttled", message="no", tries=2), (429, "Throttled", "no", 2)),
        (FunctionFailed(name="f", response={}), ("f", {})),
    ],
)
def test_error_has_all_that_it_was_made_of(error: Exception, arguments: tuple[Any, ...]) -> None:
    assert error.args == arguments
