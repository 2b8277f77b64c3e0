"""Which runs may still be open: a marker for each, in the results bucket under a prefix of its own.

    .open/{run}/{deadline}    empty; the deadline is in seconds since the epoch

So a sweep reads one listing, however many runs there were. The client marks a run before it starts anything, with the deadline
that it has worked out. The first function marks a run that no client has claimed (an upload by hand, a bare event). If a run has
several markers, the latest counts. They go with the run, or when a sweep finds that it has ended. No run has a key there, since a
run id begins with a letter or digit.
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
    """Return what the keys of a run's markers begin with."""
    return f"{PREFIX}{run_id}/"


def marker(run_id: str, deadline: int) -> str:
    """Return the key of a run's marker. The deadline is in seconds since the epoch."""
    return f"{folder(run_id)}{deadline}"


def parse_marker(key: str) -> tuple[str, int] | None:
    """Return run and deadline of a marker, or None for any other key."""
    match = _MARKER.fullmatch(key)
    return None if match is None else (match[1], int(match[2]))


def mark_by_default(bucket: str, run_id: str) -> None:
    """Mark a run whose deadline nobody has worked out. It is an hour's end, so that few different objects are written.

    Raises:
        StorageError: the put finally failed.
    """
    deadline = (int(ports().clock.time()) + DEFAULT_SECONDS) // _ROUNDED_SECONDS * _ROUNDED_SECONDS + _ROUNDED_SECONDS
    ports().s3.create(bucket, marker(run_id, deadline), b"")
