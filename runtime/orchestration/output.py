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


def standard_output() -> int:
    """Return a descriptor of the process's standard output that user code does not know; the error stream's if there is none."""
    try:
        return os.dup(1)
    except OSError:  # whoever started the process has closed it
        return 2


class Output:
    """A function's log. Make it before any user code runs.

    Args:
        descriptor: where the lines go.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, fields: dict[str, Any]) -> None:
        """Print a line at the end of an invocation. A log that cannot be written is ignored."""
        line = json.dumps({FIELD: OURS, **fields}, default=safe)
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):  # closed, or no stream at all but an object of the user's
                stream.flush()
        body = f"\n{line}\n".encode()
        with suppress(OSError):
            while body:
                body = body[os.write(self._descriptor, body) :]
            self._open_again()

    def _open_again(self) -> None:
        """Open what user code has closed: the next invocation of this process is another run's, and may print."""
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is None or getattr(stream, "closed", False):
                log = io.FileIO(os.dup(self._descriptor), "w")
                setattr(sys, name, io.TextIOWrapper(log, "utf-8", "backslashreplace", write_through=True))
