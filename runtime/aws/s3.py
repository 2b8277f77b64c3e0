"""S3 as the rest of the runtime uses it: objects or parts of them, create-if-absent, endless listings, errors with their cause.

Built on obstore: a put costs a tenth of boto3's CPU time and its import a tenth of boto3's cold start.

A request that S3 has no time for is made again for as long as the invocation lasts, see `retries`.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import obstore
from obstore.exceptions import AlreadyExistsError, PreconditionError

from runtime.aws.buckets import first_line, open_bucket, translated_errors
from runtime.aws.errors import ChangedError, SlowDownError, StorageError, TransientError
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
    """S3. Safe to share between threads. Each method raises StorageError where a request finally failed, with key and cause.

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
        """Make a request, again and again while it fails for a reason that passes. Raises StorageError: it finally failed."""
        run = current_run()
        retries = Retries(self._clock, run.deadline)
        while True:
            try:
                with translated_errors(action, bucket, key):
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
            with translated_errors(action, bucket, key):
                self._obstore.put(self._open(bucket), key, body, use_multipart=False)
        except AlreadyExistsError as error:
            # S3's 409: another request for the same key is under way. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
            raise SlowDownError(action, bucket, key, first_line(error)) from error

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write an object, whether or not it exists."""
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
        """Write an object only if there is none; False when there is one, by another writer or by an earlier try of this one."""
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
        """Read an object whole; None if there is none. (S3 says so only to roles with s3:ListBucket: others get AccessDenied.)"""
        return self._read(bucket, key, lambda: bytes(self._obstore.get(self._open(bucket), key).bytes()))

    def get_end(self, bucket: str, key: str, length: int) -> Ending | None:
        """Read the last `length` bytes of an object, or all if it has no more; None if there is none."""

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
        """Like `get`, with the version for `replace`."""

        def read() -> Version:
            found = self._obstore.get(self._open(bucket), key)
            return Version(bytes(found.bytes()), str(found.meta["e_tag"]))

        return self._read(bucket, key, read)

    def replace(self, bucket: str, key: str, body: bytes, e_tag: str) -> bool:
        """Overwrite just that version of an object; False when it is no longer the one that is stored.

        That may be by an earlier try of this very request, whose answer got lost: the caller reads what is stored now. The same
        for S3's 409, which says that another request for the key is under way.
        """
        return self._put_if(bucket, key, body, {"e_tag": e_tag}, FileNotFoundError, PreconditionError, AlreadyExistsError)

    def delete(self, bucket: str, key: str) -> None:
        """Delete an object, whether or not there is one."""
        current_run().requests["s3.DeleteObject"] += 1
        self._request("s3:DeleteObject", bucket, key, lambda: self._obstore.delete(self._open(bucket), key))

    def list_keys(self, bucket: str, prefix: str) -> Iterator[str]:
        """All keys under `prefix` (empty, or whole segments ending in a slash), page by page, in memory one page at a time."""
        return (key for key, _ in self.list_objects(bucket, prefix))

    def list_objects(self, bucket: str, prefix: str, after: str | None = None, until: str | None = None) -> Iterator[Listed]:
        """Like `list_keys`, with sizes; only keys greater than `after` and not greater than `until`."""
        end = until.encode() if until is not None else None
        pages: Iterator[Any] | None = None
        last = after

        def next_page() -> list[Listed]:
            nonlocal pages, last
            # A listing that failed can't be continued: another one then begins after the last key that was read.
            begun, pages = pages, None
            if begun is None:
                begun = iter(self._obstore.list(self._open(bucket), prefix or None, offset=last, chunk_size=self._page_size))
            found = [(item["path"], item["size"]) for item in next(begun, ())]
            pages, last = begun, found[-1][0] if found else last
            return found

        while True:
            current_run().requests["s3.ListObjectsV2"] += 1
            page = self._request("s3:ListBucket", bucket, prefix, next_page)
            if end is not None and page and page[-1][0].encode() > end:
                yield from (listed for listed in page if listed[0].encode() <= end)
                return
            yield from page
            if len(page) < self._page_size:
                return

    def list_directories(self, bucket: str, prefix: str) -> list[str]:
        """The names, each with a trailing slash, of what lies directly under `prefix`; every page is read."""
        found = self._request(
            "s3:ListBucket",
            bucket,
            prefix,
            lambda: self._obstore.list_with_delimiter(self._open(bucket), prefix or None)["common_prefixes"],
        )
        current_run().requests["s3.ListObjectsV2"] += 1 + len(found) // self._page_size
        return [path.removeprefix(prefix) + "/" for path in found]
