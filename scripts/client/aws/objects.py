"""What the client does with S3 objects, with errors that name action, bucket, key and cause."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store

from runtime.concurrency import at_once
from scripts.client.errors import StorageError

_PAGE = 1000
_INTERRUPTED = "credential provider: KeyboardInterrupt"
"""What obstore makes of a Ctrl-C that comes while it asks us for credentials."""

_THREADS = 8
_ATTEMPTS = 5

NO_BUCKET = "there is no such bucket"
"""A cause of StorageError."""


def read(store: S3Store, key: str) -> bytes | None:
    """An object's body, or None if there is none."""
    found = read_tagged(store, key)
    return None if found is None else found[0]


def read_tagged(store: S3Store, key: str) -> tuple[bytes, str] | None:
    """An object's body and its ETag, or None if there is none."""
    with translating("s3:GetObject", store, key):
        try:
            found = obstore.get(store, key)
            return bytes(found.bytes()), str(found.meta["e_tag"])
        except FileNotFoundError as error:
            _refuse_missing_bucket(error)
            return None


def exists(store: S3Store, key: str) -> bool:
    """Whether there is an object. (A bucket that doesn't exist looks the same: HEAD has no body to tell it.)"""
    return head(store, key) is not None


def head(store: S3Store, key: str) -> tuple[int, str] | None:
    """An object's size in bytes and its ETag, or None if there is none; see `exists`."""
    with translating("s3:GetObject", store, key):
        try:
            found = obstore.head(store, key)
        except FileNotFoundError:
            return None
        return found["size"], str(found["e_tag"])


def write(store: S3Store, key: str, body: bytes) -> None:
    """Write an object, whether or not there is one."""
    with translating("s3:PutObject", store, key):
        # In one request: by itself obstore takes three and more for what is larger than 5 MB.
        obstore.put(store, key, body, use_multipart=False)


def write_all(store: S3Store, bodies: dict[str, bytes]) -> None:
    """Write several objects, concurrently; after a failure none is begun any more, and it is raised once all have ended."""
    at_once([partial(write, store, key, body) for key, body in bodies.items()], _THREADS)


def create(store: S3Store, key: str, body: bytes) -> bool:
    """Write an object if there is none; False if there is, which may be what an earlier try of this very request wrote."""
    with translating("s3:PutObject", store, key):
        try:
            obstore.put(store, key, body, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return False
        return True


def replace(store: S3Store, key: str, body: bytes, e_tag: str) -> bool:
    """Write an object in the place of the one with this ETag; False if there is another or none.

    The other may be what an earlier try of this very request wrote. S3 answers a conflict of two writers likewise.
    """
    with translating("s3:PutObject", store, key):
        try:
            obstore.put(store, key, body, mode={"e_tag": e_tag}, use_multipart=False)
        except (PreconditionError, AlreadyExistsError):
            return False
        except FileNotFoundError as error:
            _refuse_missing_bucket(error)
            return False
        return True


def create_or_read(store: S3Store, key: str, body: bytes) -> bytes:
    """Write an object if there is none; what is stored then, which is `body` also where the answer to a first try was lost."""
    for attempt in range(_ATTEMPTS):
        if create(store, key, body):
            return body
        if (stored := read(store, key)) is not None:
            return stored
        time.sleep(0.1 * attempt)  # deleted meanwhile, or a conflict of two writers which left nothing yet
    raise StorageError("s3:PutObject", bucket_of(store), key, "others write and delete it all the time")


def ensure(store: S3Store, key: str, body: bytes) -> None:
    """Write an object if there is none, so that this can be repeated. Raises StorageError also when another object is there."""
    if create_or_read(store, key, body) != body:
        raise StorageError("s3:PutObject", bucket_of(store), key, "another object is there, of an earlier run of this id")


def listed(store: S3Store, prefix: str) -> Iterator[Any]:
    """What S3 says of each object under a prefix that ends in a slash, or is empty: `path`, `size`, `e_tag`."""
    with translating("s3:ListBucket", store, prefix):
        for page in obstore.list(store, prefix or None, chunk_size=_PAGE):
            yield from page


def names(store: S3Store, prefix: str) -> list[str]:
    """All keys under a prefix that ends in a slash."""
    return [item["path"] for item in listed(store, prefix)]


def remove(store: S3Store, key: str) -> None:
    """Delete an object, if there is one."""
    with translating("s3:DeleteObject", store, key):
        obstore.delete(store, key)


def bucket_of(store: S3Store) -> str:
    """The name of a bucket."""
    return str(store.config.get("bucket", "?"))


def _refuse_missing_bucket(error: FileNotFoundError) -> None:
    if "NoSuchBucket" in str(error):
        raise error


@contextmanager
def translating(action: str, store: S3Store, key: str) -> Iterator[None]:
    """Raise what goes wrong with requests in the body as StorageError."""
    try:
        yield
    except (BaseError, OSError, ValueError) as error:
        text = str(error)
        if _INTERRUPTED in text:
            raise KeyboardInterrupt from error
        if "NoSuchBucket" in text:
            cause = NO_BUCKET
        elif "AccessDenied" in text:
            cause = f"access denied: the client's credentials lack {action} there"
        elif "error sending request" in text:
            cause = f"there is no connection to {store.config.get('endpoint', 'S3')}, or it broke"
        else:
            cause = text.partition("\n\nDebug source:")[0].strip()[:500]
        raise StorageError(action, bucket_of(store), key, cause) from error
