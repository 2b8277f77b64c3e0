"""Buckets as obstore reaches them: handles that the environment's settings open, and its errors in our terms."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache

import obstore
from obstore.exceptions import AlreadyExistsError, PermissionDeniedError, PreconditionError
from obstore.store import S3Store

from runtime.aws.errors import AccessDeniedError, NoAnswerError, SlowDownError, StorageError

# obstore has no types for these. 501 says that S3 can't; RequestTimeout that it waited for a body which the network held up.
_SLOW_DOWN = re.compile(r"non-2xx status code: (429|500|502|503|504)|<Code>RequestTimeout</Code>")
_NO_ANSWER = re.compile(r"HTTP error: (?!builder error)|response body")


@lru_cache(maxsize=16)
def _store(bucket: str, endpoint: str | None, retries: int) -> S3Store:
    return S3Store(
        bucket,
        client_options={
            "allow_http": endpoint is not None and endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=5),
            "timeout": timedelta(seconds=30),
            # S3 closes idle connections after some seconds; one that lay in a frozen function must not be used again.
            "pool_idle_timeout": timedelta(seconds=10),
        },
        # `_request` tries again, with no retries here. The other numbers are of no use then, but must be given.
        retry_config={
            "max_retries": retries,
            "backoff": {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=5), "base": 4},
            "retry_timeout": timedelta(seconds=20),
        },
    )


def open_bucket(bucket: str, retries: int = 0) -> S3Store:
    """A handle of a bucket where the environment says that S3 is; it may try each request so many times again by itself."""
    return _store(bucket, os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"), retries)


@contextmanager
def translated_errors(action: str, bucket: str, key: str) -> Iterator[None]:
    """Translate obstore's errors once; conflicts and a missing key stay what they are, callers expect them."""
    try:
        yield
    except (AlreadyExistsError, PreconditionError):
        raise
    except PermissionDeniedError as error:
        raise AccessDeniedError(action, bucket, key, first_line(error)) from error
    except FileNotFoundError as error:
        if "NoSuchBucket" in str(error):
            raise StorageError(action, bucket, key, "there is no such bucket") from error
        raise
    except (OSError, ValueError, obstore.exceptions.BaseError) as error:
        cause = first_line(error)
        raise _kind(cause)(action, bucket, key, cause) from error


def first_line(error: Exception) -> str:
    """What an error of obstore says, without its debug output."""
    return str(error).partition("\n\nDebug source:")[0].strip()[:600]


def _kind(cause: str) -> type[StorageError]:
    # A refused listing arrives as a generic error that quotes the answer.
    if "AccessDenied" in cause:
        return AccessDeniedError
    if _SLOW_DOWN.search(cause):
        return SlowDownError
    return NoAnswerError if _NO_ANSWER.search(cause) else StorageError
