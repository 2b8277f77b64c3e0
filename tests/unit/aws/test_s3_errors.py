"""What becomes of the library's errors: which are tried again, and which error the caller gets."""

from typing import Any

import obstore
import pytest

from runtime.aws.errors import AccessDeniedError, NoAnswerError, SlowDownError, StorageError
from runtime.aws.s3 import S3
from runtime.run import Run, within
from tests.fakes.clock import FakeTime


class Failing:
    """A library whose requests fail, each with the next of some errors, and then with the last of them."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.asked = list(errors), 0

    def get(self, *_: Any) -> Any:
        self.asked += 1
        raise self.errors.pop(0) if len(self.errors) > 1 else self.errors[0]

    put = get


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
