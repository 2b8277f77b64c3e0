"""Which runs may still be open: a marker for each, in the results bucket under a prefix of its own.

    .open/{run}/{deadline}    empty; the deadline is in seconds since the epoch

So a sweep reads one listing, whatever number of runs there ever was. Whoever starts a run marks it. That is the client, before it
starts anything, with the deadline that it has worked out; or the first function of a run that no client has claimed (an upload by
hand, a bare event). Of several markers of a run the latest counts. They go when the run is cleaned up, or when a sweep finds that
it has ended. No run has a key there, for a run id begins with a letter or digit.
"""

import re

from runtime.ports import ports

PREFIX = ".open/"

DEFAULT_SECONDS = 24 * 3600
"""How long a run may last whose deadline nobody has worked out: four hand-overs of six hours, as long as Lambda keeps an event;
and as long as a stream keeps a record."""

_ROUNDED_SECONDS = 3600
_MARKER = re.compile(r"\.open/([^/]+)/([0-9]{1,12})")


def folder(run_id: str) -> str:
    """What the keys of a run's markers begin with."""
    return f"{PREFIX}{run_id}/"


def marker(run_id: str, deadline: int) -> str:
    """The key of a run's marker; the deadline is in seconds since the epoch."""
    return f"{folder(run_id)}{deadline}"


def parse_marker(key: str) -> tuple[str, int] | None:
    """Run and deadline of a marker; None for any other key."""
    match = _MARKER.fullmatch(key)
    return None if match is None else (match[1], int(match[2]))


def mark_by_default(bucket: str, run_id: str) -> None:
    """Mark a run whose deadline nobody has worked out. Rounded up to an hour, so that all who do this write the same few objects.

    Raises:
        StorageError: the put finally failed.
    """
    deadline = (int(ports().clock.time()) + DEFAULT_SECONDS) // _ROUNDED_SECONDS * _ROUNDED_SECONDS + _ROUNDED_SECONDS
    ports().s3.create(bucket, marker(run_id, deadline), b"")
