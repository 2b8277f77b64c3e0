"""One command, clocked: from its start to its last output, and to its end.

The client prints the counts and then removes what the run left: the counts are there with its last output on stdout.
"""

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from scripts import paths
from scripts.bench.workers import Watch

OWN = "client"
"""The name of the command itself among those that used CPU time and memory."""

_BLOCK = 1 << 16
_GRACE_SECONDS = 15.0


class CommandFailedError(Exception):
    """A command ended with another exit code than 0, or not in time; the message holds the end of what it said."""


@dataclass(frozen=True)
class Clocked:
    """What one command took.

    Attributes:
        seconds: from its start to its last output on stdout; to its end if it printed nothing.
        whole_seconds: to its end.
        output: what it printed.
        cpu_seconds: of the command itself (OWN) and, if they were watched, of the embedded AWS and its functions.
        peak_mb: of all of these, if they were watched.
    """

    seconds: float
    whole_seconds: float
    output: bytes = b""
    cpu_seconds: Mapping[str, float] = field(default_factory=dict)
    peak_mb: Mapping[str, float] = field(default_factory=dict)


def clock(
    command: Sequence[str | Path],
    timeout_seconds: float,
    watch: Watch | None = None,
    environment: Mapping[str, str] | None = None,
) -> Clocked:
    """Run a command from the repository's root and clock it. On Ctrl-C it is interrupted and waited for.

    Raises:
        CommandFailedError: see there.
    """
    with tempfile.TemporaryFile() as errors, watch or nullcontext():
        began = time.monotonic()
        process = subprocess.Popen(
            list(map(str, command)),
            cwd=paths.ROOT,
            env=None if environment is None else dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        if watch:
            watch.follow(process.pid, OWN)
        try:
            with _ended_after(process, timeout_seconds) as late:
                output, last = _read(process)
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
        except BaseException:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
        ended = time.monotonic()
        if late.is_set() or process.returncode != 0:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()[-1500:]
            why = f"no end after {timeout_seconds:.0f} s" if late.is_set() else f"exit code {process.returncode}"
            raise CommandFailedError(f"{why}: {said}" if said else why)
    return Clocked(
        seconds=(last or ended) - began,
        whole_seconds=ended - began,
        output=output,
        cpu_seconds={**(watch.cpu_seconds if watch else {}), OWN: usage.ru_utime + usage.ru_stime},
        peak_mb=watch.peak_mb if watch else {},
    )


def _read(process: "subprocess.Popen[bytes]") -> tuple[bytes, float]:
    """All that it prints, and when the last of it came; 0 if it prints nothing."""
    pipe = process.stdout
    assert pipe is not None  # noqa: S101
    blocks, last = [], 0.0
    while block := os.read(pipe.fileno(), _BLOCK):
        blocks.append(block)
        last = time.monotonic()
    pipe.close()
    return b"".join(blocks), last


@contextmanager
def _ended_after(process: "subprocess.Popen[bytes]", seconds: float) -> Iterator[threading.Event]:
    """Interrupt it after so many seconds, so that it can tidy up, and kill it if that does not end it; the event says so."""
    late = threading.Event()

    def end() -> None:
        late.set()
        process.send_signal(signal.SIGINT)

    timers = [threading.Timer(seconds, end), threading.Timer(seconds + _GRACE_SECONDS, process.kill)]
    for timer in timers:
        timer.daemon = True
        timer.start()
    try:
        yield late
    finally:
        for timer in timers:
            timer.cancel()
