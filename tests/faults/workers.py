"""The processes that the embedded AWS runs functions in."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path


def kill(build: Path, function: str) -> int:
    """kill -9 each process of a function, at work or idle; how many there were."""
    marker = f"{build}/embedded/tmp/ministack-lambda-{function}-"
    listing = subprocess.run(["ps", "-ww", "-A", "-o", "pid=,command="], capture_output=True, text=True, timeout=10, check=True)
    rows = [line.split(None, 1) for line in listing.stdout.splitlines()]
    found = [int(pid) for pid, command in rows if marker in command]
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(found)
