"""What every command of the project has in common: its streams, its signals, its end. `__main__` calls `run`, and nothing else.

Streams. Each can be closed, full or cut off (`2>&-`, `>/dev/full`, `| head`, a terminal that is gone), and no work is lost or
broken off by that. What stderr can't take is dropped. What stdout can't take is dropped and noted: `output_error` tells it, and a
command that succeeded otherwise ends with exit code 1, unless the reader itself has gone (`| head`).

Signals. Ctrl-C, SIGTERM and SIGHUP (a terminal that is closed) all raise KeyboardInterrupt, and the exit code is 130, 143 or 129.
While modules are imported there is nothing to tidy up: the command ends at once. What was ignored when it began stays so (nohup).

Errors. A file that can't be read or written is one sentence; what else isn't caught is a bug, and has its traceback.
"""

import errno
import importlib
import io
import os
import select
import signal
import sys
import threading
import time
from types import FrameType
from typing import TYPE_CHECKING, NoReturn, TextIO

if TYPE_CHECKING:
    from typing_extensions import Buffer

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130
_SIGNALED = 128
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SAME_SIGNAL_SECONDS = 0.5
"""A signal that comes again so soon is the same one: a terminal tells all its processes, and a parent its child."""


class _Lenient(io.FileIO):
    """A stream whose failures are noted and otherwise ignored. A `lasting` one takes nothing more after the first."""

    def __init__(self, descriptor: int, *, closed_at_start: bool, lasting: bool) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self.closed_at_start, self._lasting = closed_at_start, lasting
        self.error: OSError | None = None

    def write(self, data: "Buffer", /) -> int:
        while self.error is None or not self._lasting:
            try:
                written: int | None = super().write(data)
            except OSError as error:
                self.error = error
                break
            if written is not None:
                return written
            select.select([], [self], [])  # somebody else has made it non-blocking
        return len(memoryview(data))


_output: _Lenient | None = None
_interrupts: list[tuple[int, float]] = []


def run(module: str) -> NoReturn:
    """Import a command's module, run its `main()`, and end the process with the exit code that it returns."""
    global _output
    told = [number for number in _SIGNALS if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler)]
    for number in told:
        signal.signal(number, _leave)
    closed = _open_missing()
    _output = _Lenient(1, closed_at_start=1 in closed, lasting=True)
    sys.stdout = _text(_output, sys.stdout, line_buffering=os.isatty(1))
    sys.stderr = _text(_Lenient(2, closed_at_start=2 in closed, lasting=False), sys.stderr, line_buffering=True)
    try:
        main = importlib.import_module(module).main
        for number in told:
            signal.signal(number, _interrupt)
        status = main()
    except SystemExit as ended:
        status = ended.code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        status = EXIT_INTERRUPTED
    except OSError as error:
        if error.filename is None:
            raise
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
        status = EXIT_FAILED
    _end(status if isinstance(status, int) else EXIT_FAILED if status else 0)


def output_error() -> OSError | None:
    """Why not all that was printed so far has reached standard output; None if it has, or if its reader has seen enough."""
    sys.stdout.flush()
    error = _output.error if _output else None
    return None if error is None or error.errno == errno.EPIPE else error


def output_is_gone() -> bool:
    """Whether nobody reads standard output, or it was closed from the beginning."""
    if sys.stdout is None:
        return True
    sys.stdout.flush()
    return _output is not None and (_output.closed_at_start or _output.error is not None)


def output_was_closed() -> bool:
    """Whether standard output was closed from the beginning."""
    return sys.stdout is None or (_output is not None and _output.closed_at_start)


def _end(status: int) -> NoReturn:
    error = output_error()
    if error is not None and status == 0:
        print(f"error: standard output can't be written: {error.strerror}", file=sys.stderr)
        status = EXIT_FAILED
    if status == EXIT_INTERRUPTED and _interrupts:
        status = _SIGNALED + _interrupts[0][0]
    sys.stderr.flush()
    if any(thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        # A request in the background still hangs. Ending the interpreter under a thread inside native code can abort it.
        os._exit(status)
    sys.exit(status)


def _open_missing() -> list[int]:
    """Let standard descriptors that are closed lead nowhere: the next file or socket must not get their numbers."""
    closed = []
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            closed.append(descriptor)
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    return closed


def _text(raw: _Lenient, like: TextIO | None, *, line_buffering: bool) -> TextIO:
    encoding, errors = (like.encoding, like.errors) if like else ("utf-8", "backslashreplace")
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors, line_buffering=line_buffering)


def _leave(number: int, frame: FrameType | None) -> None:
    try:
        os.write(2, b"interrupted; nothing was begun\n")
    finally:
        os._exit(_SIGNALED + number)


def _interrupt(number: int, frame: FrameType | None) -> None:
    now = time.monotonic()
    again = bool(_interrupts) and now - _interrupts[-1][1] < SAME_SIGNAL_SECONDS
    _interrupts.append((number, now))
    if number == signal.SIGHUP:
        signal.signal(number, signal.SIG_IGN)  # a shell that ends may tell it twice; tidying up goes on
    if not again:
        raise KeyboardInterrupt
