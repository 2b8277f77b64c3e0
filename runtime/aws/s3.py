"""S3 as the rest of the runtime uses it: objects or parts of them, create-if-absent, endless listings, errors with their cause.

Built on obstore: a put costs a tenth of boto3's CPU time and its import a tenth of boto3's cold start.

A request that S3 has no time for is made again for as long as the invocation lasts, see `retries`.

Its errors are those of `errors.StorageError`.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from typing import Any, TypeVar

import obstore
from obstore.exceptions import AlreadyExistsError, PermissionDeniedError, PreconditionError
from obstore.store import S3Store

from runtime.aws.errors import AccessDeniedError, ChangedError, NoAnswerError, SlowDownError, StorageError, TransientError
from runtime.clock import Clock
from runtime.record import record
from runtime.retries import Retries
from runtime.run import current_run

PAGE_SIZE = 1000
"""Keys a listing request returns at most: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html"""

PART_BYTES = 8 * 2**20
"""Of a multipart upload. S3 takes at least 5 MiB, and at most 10,000 parts."""

_PARTS_AT_ONCE = 4
_RETRIES_OF_A_PART = 8
_CREATE_ATTEMPTS = 5

_Answer = TypeVar("_Answer")

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
        cause = _first_line(error)
        raise _kind(cause)(action, bucket, key, cause) from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n\nDebug source:")[0].strip()[:600]


def _kind(cause: str) -> type[StorageError]:
    # A refused listing arrives as a generic error that quotes the answer.
    if "AccessDenied" in cause:
        return AccessDeniedError
    if _SLOW_DOWN.search(cause):
        return SlowDownError
    return NoAnswerError if _NO_ANSWER.search(cause) else StorageError


@record
class Ending:
    """What an object ends with, and how many bytes the whole object has."""

    body: bytes
    size: int


def _is_empty(error: StorageError) -> bool:
    """Whether the end was asked for of an object that is empty: S3 refuses, others answer with all of it, and obstore refuses."""
    return any(sign in error.cause for sign in ("416 Range Not Satisfiable", "non-partial response"))


@record
class Version:
    """An object's content, and what tells this version of it from others."""

    body: bytes
    e_tag: str


Listed = tuple[str, int]
"""What a listing tells of an object: its key, and its size in bytes."""


class S3:
    """S3. Safe to share between threads.

    Args:
        clock: what tells how long requests take, and pauses before the next try.
        library: `obstore`, or what stands for it.
        open: makes its handle of a bucket, given how often the library itself may try a part again.
        page_size: how many keys a listing's page holds at most.
        part_bytes: of a multipart upload.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        library: Any = obstore,
        open: Callable[..., Any] = open_bucket,
        page_size: int = PAGE_SIZE,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self._clock, self._obstore, self._open = clock, library, open
        self._page_size, self._part_bytes = page_size, part_bytes

    def _request(self, action: str, bucket: str, key: str, make: Callable[[], _Answer]) -> _Answer:
        """Make a request, again and again while it fails for a reason that passes.

        Raises:
            StorageError: it finally failed.
        """
        run = current_run()
        retries = Retries(self._clock, run.deadline)
        while True:
            try:
                with _errors(action, bucket, key):
                    return make()
            except TransientError as error:
                pause = retries.pause(answered=isinstance(error, SlowDownError))
                if pause is None:
                    raise type(error)(action, bucket, key, f"{error.cause} ({retries})") from error
            run.retries[action] += 1
            self._clock.sleep(pause)

    def _read(self, bucket: str, key: str, read: Callable[[], _Answer]) -> _Answer | None:
        """Make and count a request for an object; None if there is none. Raises StorageError."""
        current_run().requests["s3.GetObject"] += 1
        try:
            return self._request("s3:GetObject", bucket, key, read)
        except FileNotFoundError:
            return None

    def _put_if(self, bucket: str, key: str, body: bytes, mode: Any, *unless: type[Exception]) -> bool:
        """Make and count a conditional put; False if it fails in one of these ways. Raises StorageError."""
        current_run().requests["s3.PutObject"] += 1

        def put() -> None:
            self._obstore.put(self._open(bucket), key, body, mode=mode, use_multipart=False)

        try:
            self._request("s3:PutObject", bucket, key, put)
        except unless:
            return False
        return True

    def put_once(self, bucket: str, key: str, body: bytes) -> None:
        """Write an object, whether or not it exists; for those who try again by themselves.

        Raises:
            TransientError: S3 has no time, or gave no answer.
            StorageError: S3 refuses; names bucket, key and cause.
        """
        action = "s3:PutObject"
        try:
            with _errors(action, bucket, key):
                self._obstore.put(self._open(bucket), key, body, use_multipart=False)
        except AlreadyExistsError as error:
            # S3's 409: another request for the same key is under way. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
            raise SlowDownError(action, bucket, key, _first_line(error)) from error

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write an object, whether or not it exists.

        Raises:
            StorageError: the put finally failed; names bucket, key and cause.
        """
        self._request("s3:PutObject", bucket, key, lambda: self.put_once(bucket, key, body))

    def put_in_parts(self, bucket: str, key: str, size: int, chunks: Callable[[], Iterable[bytes]]) -> None:
        """Write an object too large to be held in memory, by a multipart upload: it is there once that is completed.

        Args:
            size: of the whole object, in bytes.
            chunks: gives the object's bytes from the beginning, each time that it is called.

        Raises:
            StorageError: the upload finally failed, and was ended.
        """
        requests = {"s3.CreateMultipartUpload": 1, "s3.UploadPart": -(-size // self._part_bytes), "s3.CompleteMultipartUpload": 1}
        current_run().requests.update(requests)

        def upload() -> None:
            # One part that S3 has no time for must not make all the others be sent again.
            store = self._open(bucket, _RETRIES_OF_A_PART)
            self._obstore.put(
                store, key, iter(chunks()), use_multipart=True, chunk_size=self._part_bytes, max_concurrency=_PARTS_AT_ONCE
            )

        self._request("s3:PutObject", bucket, key, upload)

    def create(self, bucket: str, key: str, body: bytes) -> bool:
        """Write an object only if there is none; False when there is one, by another writer or by an earlier try of this one.

        Raises:
            StorageError: the put finally failed.
        """
        return self._put_if(bucket, key, body, "create", AlreadyExistsError)

    def create_or_read(self, bucket: str, key: str, body: bytes) -> bytes:
        """Write an object only if there is none, and return what is stored: the first writer wins.

        "Already exists" is no proof that another writer was first: a retried request meets its own write, and obstore says the
        same for S3's 409, when nothing may exist yet. So the object is read back, and the write repeated if it isn't there.

        Raises:
            StorageError: a request finally failed, or the object came and went `_CREATE_ATTEMPTS` times.
        """
        for _ in range(_CREATE_ATTEMPTS):
            if self.create(bucket, key, body):
                return body
            if (stored := self.get(bucket, key)) is not None:
                return stored
        raise StorageError("s3:PutObject", bucket, key, "others create and delete this object all the time")

    def get(self, bucket: str, key: str) -> bytes | None:
        """Read an object whole; None if there is none. (S3 says so only to roles with s3:ListBucket: others get AccessDenied.)

        Raises:
            StorageError: the read finally failed.
        """
        return self._read(bucket, key, lambda: bytes(self._obstore.get(self._open(bucket), key).bytes()))

    def get_end(self, bucket: str, key: str, length: int) -> Ending | None:
        """Read the last `length` bytes of an object, or all if it has no more; None if there is none.

        Raises:
            StorageError: the read finally failed.
        """

        def read() -> Ending:
            found = self._obstore.get(self._open(bucket), key, options={"range": {"suffix": length}})
            return Ending(bytes(found.bytes()), found.meta["size"])

        try:
            return self._read(bucket, key, read)
        except StorageError as error:
            if _is_empty(error):
                return Ending(b"", 0)
            raise

    def get_range(self, bucket: str, key: str, start: int, length: int, e_tag: str | None = None) -> bytes | None:
        """Read `length` bytes, at least one, of an object from `start` on; fewer if it ends before, None if there is none.

        Raises:
            ChangedError: the object's version is no longer the one with this ETag, if one is given.
            StorageError: the read finally failed.
        """

        def read() -> bytes:
            if e_tag is None:
                return bytes(self._obstore.get_range(self._open(bucket), key, start=start, length=length))
            options = {"range": (start, start + length), "if_match": e_tag}
            return bytes(self._obstore.get(self._open(bucket), key, options=options).bytes())

        try:
            return self._read(bucket, key, read)
        except PreconditionError as error:
            raise ChangedError("s3:GetObject", bucket, key, f"it is no longer the version {e_tag}") from error
        except StorageError as error:
            if _is_empty(error):
                return b""
            raise

    def get_version(self, bucket: str, key: str) -> Version | None:
        """Like `get`, with the version for `replace`.

        Raises:
            StorageError: the read finally failed.
        """

        def read() -> Version:
            found = self._obstore.get(self._open(bucket), key)
            return Version(bytes(found.bytes()), str(found.meta["e_tag"]))

        return self._read(bucket, key, read)

    def replace(self, bucket: str, key: str, body: bytes, e_tag: str) -> bool:
        """Overwrite just that version of an object; False when it is no longer the one that is stored.

        That may be by an earlier try of this very request, whose answer got lost: the caller reads what is stored now. The same
        for S3's 409, which says that another request for the key is under way.

        Raises:
            StorageError: the put finally failed.
        """
        return self._put_if(bucket, key, body, {"e_tag": e_tag}, FileNotFoundError, PreconditionError, AlreadyExistsError)

    def delete(self, bucket: str, key: str) -> None:
        """Delete an object, whether or not there is one.

        Raises:
            StorageError: the request finally failed.
        """
        current_run().requests["s3.DeleteObject"] += 1
        self._request("s3:DeleteObject", bucket, key, lambda: self._obstore.delete(self._open(bucket), key))

    def list_keys(self, bucket: str, prefix: str) -> Iterator[str]:
        """All keys under `prefix` (empty, or whole segments ending in a slash), page by page, in memory one page at a time.

        Raises:
            StorageError: a page finally failed.
        """
        return (key for key, _ in self.list_objects(bucket, prefix))

    def list_objects(self, bucket: str, prefix: str, after: str | None = None, until: str | None = None) -> Iterator[Listed]:
        """Like `list_keys`, with sizes; only keys greater than `after` and not greater than `until`.

        Raises:
            StorageError: a page finally failed.
        """
        listing, end = _Listing(self, bucket, prefix, after), until.encode() if until is not None else None
        while True:
            current_run().requests["s3.ListObjectsV2"] += 1
            page = self._request("s3:ListBucket", bucket, prefix, listing.next_page)
            if end is not None and page and page[-1][0].encode() > end:
                yield from (listed for listed in page if listed[0].encode() <= end)
                return
            yield from page
            if len(page) < self._page_size:
                return

    def pages(self, bucket: str, prefix: str, after: str | None) -> Iterator[Any]:
        """A listing's pages as the library gives them, each asked for when it is wanted."""
        return iter(self._obstore.list(self._open(bucket), prefix or None, offset=after, chunk_size=self._page_size))

    def list_directories(self, bucket: str, prefix: str) -> list[str]:
        """The names, each with a trailing slash, of what lies directly under `prefix`; every page is read.

        Raises:
            StorageError: a page finally failed.
        """
        found = self._request(
            "s3:ListBucket",
            bucket,
            prefix,
            lambda: self._obstore.list_with_delimiter(self._open(bucket), prefix or None)["common_prefixes"],
        )
        current_run().requests["s3.ListObjectsV2"] += 1 + len(found) // self._page_size
        return [path.removeprefix(prefix) + "/" for path in found]


class _Listing:
    """A listing's pages. One that failed can't be continued: another one then begins after the last key that was read."""

    def __init__(self, s3: S3, bucket: str, prefix: str, after: str | None) -> None:
        self._s3, self._bucket, self._prefix = s3, bucket, prefix
        self._pages: Iterator[Any] | None = None
        self._last = after

    def next_page(self) -> list[Listed]:
        """The objects of the next page; the one after the last page is empty."""
        pages, self._pages = self._pages, None
        if pages is None:
            pages = self._s3.pages(self._bucket, self._prefix, self._last)
        found = [(item["path"], item["size"]) for item in next(pages, ())]
        self._pages, self._last = pages, found[-1][0] if found else self._last
        return found
