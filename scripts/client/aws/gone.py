"""Whether the embedded AWS is gone from under a client that waits for a run on it."""

import fcntl
import socket
from urllib.parse import urlsplit

from scripts import paths

_CONNECT_SECONDS = 2.0


def is_gone(endpoint_url: str) -> bool:
    """Whether nothing listens at the endpoint, and no command is at work that would start it (again)."""
    url = urlsplit(endpoint_url)
    try:
        socket.create_connection((url.hostname or "", url.port or 80), _CONNECT_SECONDS).close()
    except OSError as error:
        # Without an answer in time, for example, it may only be busy.
        return isinstance(error, ConnectionRefusedError) and not _is_being_started()
    return False


def _is_being_started() -> bool:
    """`up`, `restart` and `down` hold a lock as long as they work."""
    try:
        with paths.Embedded().lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return isinstance(error, BlockingIOError)
    return False
