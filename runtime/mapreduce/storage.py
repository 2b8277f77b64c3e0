"""S3 as the rest of the runtime uses it: whole objects, create-if-absent, listings without end, errors that name the action.

Built on obstore: a put costs a tenth of boto3's CPU time and its import a tenth of boto3's cold start.

    StorageError            a request finally failed: action, bucket, key, cause
    └── AccessDeniedError   the role lacks the action
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

import obstore
from obstore.exceptions import AlreadyExistsError, PermissionDeniedError, PreconditionError
from obstore.store import S3Store

from runtime.mapreduce.run import current_run

PAGE_SIZE = 1000
"""Keys a listing request returns at most: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html"""

_RETRY_SECONDS = 60
_CREATE_ATTEMPTS = 5


class StorageError(Exception):
    """A request to S3 failed after all retries."""

    def __init__(self, action: str, bucket: str, key: str, cause: str) -> None:
        super().__init__(action, bucket, key, cause)
        self.action, self.bucket, self.key, self.cause = action, bucket, key, cause

    def __str__(self) -> str:
        return f"{self.action} on {self._where()} failed: {self.cause}"

    def _where(self) -> str:
        # A store other than S3 has its own errors in this class, with a table for the bucket.
        return ("s3://" if self.action.startswith("s3:") else "") + f"{self.bucket}/{self.key}"


class AccessDeniedError(StorageError):
    """S3 refused the request: the role's policy lacks the action for this object."""

    def __str__(self) -> str:
        return f"{self.action} on {self._where()} was denied; the function's role lacks it: {self.cause}"


@lru_cache(maxsize=16)
def _store(bucket: str, endpoint: str | None) -> S3Store:
    return S3Store(
        bucket,
        client_options={
            "allow_http": endpoint is not None and endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=5),
            "timeout": timedelta(seconds=30),
        },
        # 503 SlowDown is normal while S3 splits a busy prefix; ride it out, but end before the function's own timeout.
        retry_config={
            "max_retries": 12,
            "backoff": {
                "init_backoff": timedelta(milliseconds=100),
                "max_backoff": timedelta(seconds=5),
                "base": 2,
            },
            "retry_timeout": timedelta(seconds=_RETRY_SECONDS),
        },
    )


def _open(bucket: str) -> S3Store:
    return _store(bucket, os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"))


@contextmanager
def _errors(action: str, bucket: str, key: str) -> Iterator[None]:
    """Translate obstore's errors once; conflicts and a missing key stay what they are, callers expect them."""
    try:
        yield
    except (AlreadyExistsError, PreconditionError):
        raise
    except PermissionDeniedError as error:
        raise AccessDeniedError(action, bucket, key, _first_line(error)) from error
    except FileNotFoundError as error:
        if "NoSuchBucket" in str(error):
            raise StorageError(action, bucket, key, "there is no such bucket") from error
        raise
    except (OSError, ValueError, obstore.exceptions.BaseError) as error:
        # A refused listing arrives as a generic error that quotes the answer.
        kind = AccessDeniedError if "AccessDenied" in str(error) else StorageError
        raise kind(action, bucket, key, _first_line(error)) from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n\nDebug source:")[0].strip()[:600]


def put(bucket: str, key: str, body: bytes) -> None:
    """Write an object, whether or not it exists.

    Raises:
        StorageError: the put finally failed; names bucket, key and cause.
    """
    with _errors("s3:PutObject", bucket, key):
        obstore.put(_open(bucket), key, body, use_multipart=False)


def create(bucket: str, key: str, body: bytes) -> bool:
    """Write an object only if there is none; False when there is one, be it by another writer or by an earlier try of this one.

    Raises:
        StorageError: the put finally failed.
    """
    current_run().requests["s3.PutObject"] += 1
    try:
        with _errors("s3:PutObject", bucket, key):
            obstore.put(_open(bucket), key, body, mode="create", use_multipart=False)
    except AlreadyExistsError:
        return False
    return True


def create_or_read(bucket: str, key: str, body: bytes) -> bytes:
    """Write an object only if there is none, and return what is stored: the first writer wins.

    "Already exists" is no proof that another writer was first: a retried request meets its own write, and obstore says the
    same for S3's 409, when nothing may exist yet. So the object is read back, and the write repeated if it isn't there.

    Raises:
        StorageError: a request finally failed, or the object came and went `_CREATE_ATTEMPTS` times.
    """
    for _ in range(_CREATE_ATTEMPTS):
        if create(bucket, key, body):
            return body
        if (stored := get(bucket, key)) is not None:
            return stored
    raise StorageError("s3:PutObject", bucket, key, "others create and delete this object all the time")


def get(bucket: str, key: str) -> bytes | None:
    """Read an object whole; None if there is none. (S3 says so only to roles with s3:ListBucket: others get AccessDenied.)

    Raises:
        StorageError: the read finally failed.
    """
    current_run().requests["s3.GetObject"] += 1
    try:
        with _errors("s3:GetObject", bucket, key):
            return bytes(obstore.get(_open(bucket), key).bytes())
    except FileNotFoundError:
        return None


@dataclass(frozen=True)
class Version:
    """An object's content, and what tells this version of it from others."""

    body: bytes
    e_tag: str


def get_version(bucket: str, key: str) -> Version | None:
    """Like `get`, with the version for `replace`.

    Raises:
        StorageError: the read finally failed.
    """
    current_run().requests["s3.GetObject"] += 1
    try:
        with _errors("s3:GetObject", bucket, key):
            found = obstore.get(_open(bucket), key)
            return Version(bytes(found.bytes()), str(found.meta["e_tag"]))
    except FileNotFoundError:
        return None


def replace(bucket: str, key: str, body: bytes, e_tag: str) -> bool:
    """Overwrite just that version of an object; False when it is no longer the one that is stored.

    Raises:
        StorageError: the put finally failed.
    """
    current_run().requests["s3.PutObject"] += 1
    try:
        with _errors("s3:PutObject", bucket, key):
            obstore.put(_open(bucket), key, body, mode={"e_tag": e_tag}, use_multipart=False)
    except (FileNotFoundError, PreconditionError):
        return False
    return True


def delete(bucket: str, key: str) -> None:
    """Delete an object, whether or not there is one.

    Raises:
        StorageError: the request finally failed.
    """
    current_run().requests["s3.DeleteObject"] += 1
    with _errors("s3:DeleteObject", bucket, key):
        obstore.delete(_open(bucket), key)


def list_keys(bucket: str, prefix: str) -> Iterator[str]:
    """All keys under `prefix` (empty, or whole segments ending in a slash), page by page, in memory one page at a time.

    Raises:
        StorageError: a page finally failed.
    """
    with _errors("s3:ListBucket", bucket, prefix):
        pages = iter(obstore.list(_open(bucket), prefix or None, chunk_size=PAGE_SIZE))
        while True:
            current_run().requests["s3.ListObjectsV2"] += 1
            page = next(pages, ())
            yield from (item["path"] for item in page)
            if len(page) < PAGE_SIZE:
                return


def list_directories(bucket: str, prefix: str) -> list[str]:
    """The names, each with a trailing slash, of what lies directly under `prefix`; every page is read.

    Raises:
        StorageError: a page finally failed.
    """
    with _errors("s3:ListBucket", bucket, prefix):
        found = obstore.list_with_delimiter(_open(bucket), prefix or None)["common_prefixes"]
    current_run().requests["s3.ListObjectsV2"] += 1 + len(found) // PAGE_SIZE
    return [path.removeprefix(prefix) + "/" for path in found]
