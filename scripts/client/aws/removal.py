"""Deleting many objects, as fast as the store lets: the requests go out side by side, while the listing goes on.

A request deletes up to 1,000 objects, and S3 counts each of them. It refuses some with SlowDown when that is too many a second,
in an answer that is otherwise a success. The whole request is then made again, after a pause that grows: to delete what is gone
already does no harm.
"""

from collections.abc import Callable, Iterator
from functools import partial

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from runtime.clock import Clock
from runtime.concurrency import in_order
from runtime.retries import Pauses, Retries
from scripts.client.aws.objects import bucket_of, translating
from scripts.client.errors import StorageError

_BATCH = 1000
_THREADS = 8
_AHEAD = 2 * _THREADS
"""Requests under way or waiting at most. Listing farther ahead is no use: what is deleted first need not be listed past."""

_PASSES = 10
_PAUSES = Pauses(0.2, 5.0)
CLOCK = Clock()
_PASSING = ("SlowDown", "ServiceUnavailable", "InternalError", "503 ")


Tell = Callable[[int, int], None]
"""Called often, from one thread, with how many objects have been found and how many of these are deleted."""


def remove_below(store: S3Store, prefix: str, tell: Tell = lambda found, removed: None) -> int:
    """Delete all objects under a prefix that ends in a slash. Returns how many there were.

    More than a page of them are listed again until nothing is left, for a listing that goes on while its own objects vanish may
    skip some. After a failure, or Ctrl-C, no request is begun any more, and those under way are waited for.

    Raises:
        StorageError: some could not be deleted, or new ones keep appearing.
    """
    found = removed = 0

    def pages() -> Iterator[list[str]]:
        nonlocal found
        for page in obstore.list(store, prefix, chunk_size=_BATCH):
            found += len(page)
            tell(found, removed)
            yield [item["path"] for item in page]

    with translating("s3:DeleteObject", store, prefix):
        for _ in range(_PASSES):
            before = found
            for number in in_order(partial(_delete, store), pages(), _THREADS, ahead=_AHEAD):
                removed += number
                tell(found, removed)
            if found - before < _BATCH:
                return removed
    raise _keep_appearing(store, prefix)


def remove_what_appears(store: S3Store, prefix: str) -> None:
    """`remove_below` again, until there is nothing: of a run that has not ended, whose mappers may still be at work.

    Raises:
        StorageError: some could not be deleted, or new ones keep appearing.
    """
    for _ in range(_PASSES):
        if not remove_below(store, prefix):
            return
    raise _keep_appearing(store, prefix)


def _keep_appearing(store: S3Store, prefix: str) -> StorageError:
    return StorageError("s3:DeleteObject", bucket_of(store), prefix, "new objects keep appearing there")


def _delete(store: S3Store, keys: list[str]) -> int:
    retries = Retries(CLOCK, None, _PAUSES)
    while True:
        try:
            obstore.delete(store, keys)
            return len(keys)
        except BaseError as error:
            if not any(sign in str(error) for sign in _PASSING) or not retries.wait():
                raise
