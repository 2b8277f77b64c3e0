"""Our lines in a function's log, which user code prints to as well.

Each of them is JSON and begins on a line of its own, also where user code has printed the beginning of one. Its first field,
`"log": "mapreduce"`, says that it is ours, since user code may print JSON, too. It goes to the standard output that the process
had before any user code ran, even if user code has replaced, closed or redirected `sys.stdout` since.
"""

import io
import json
import os
import sys
from contextlib import suppress
from typing import Any

from runtime.orchestration.safe_text import safe

FIELD, OURS = "log", "mapreduce"


def _kept() -> int:
    try:
        return os.dup(1)
    except OSError:  # whoever started the process has closed it
        return 2


_descriptor = _kept()


def write(fields: dict[str, Any]) -> None:
    """Print a line at the end of an invocation. A log that cannot be written is ignored."""
    line = json.dumps({FIELD: OURS, **fields}, default=safe)
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # closed, or no stream at all but an object of the user's
            stream.flush()
    body = f"\n{line}\n".encode()
    with suppress(OSError):
        while body:
            body = body[os.write(_descriptor, body) :]
        _open_again()


def _open_again() -> None:
    """Open what user code has closed: the next invocation of this process is another run's, and may print."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None or getattr(stream, "closed", False):
            log = io.FileIO(os.dup(_descriptor), "w")
            setattr(sys, name, io.TextIOWrapper(log, "utf-8", "backslashreplace", write_through=True))
