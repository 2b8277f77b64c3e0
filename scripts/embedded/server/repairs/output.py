"""A worker's standard streams: the function's own, as on AWS, however it uses them. What it prints is its log, all of it."""

import queue
import time
import uuid
from typing import Any

from scripts.embedded.server.patching import edit_worker_script, module, wrap

_TAKEN = """    _real_stdout = sys.stdout
    sys.stdout = sys.stderr
"""
_READ = "sys.stdin.readline()"
_CALL = "            result = handler_fn(event, context)\n"
_GIVEN = """    import io

    _ms_stdin = os.fdopen(os.dup(0), encoding="utf-8")
    _real_stdout = os.fdopen(os.dup(1), "w", encoding="utf-8")
    _ms_log = os.dup(2)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    for name, descriptor, errors in (("stdout", 1, "strict"), ("stderr", 2, "backslashreplace")):
        raw = io.FileIO(descriptor, "w", closefd=False)
        setattr(sys, name, io.TextIOWrapper(raw, "utf-8", errors, write_through=True))
"""
_CALLED = """            try:
                result = handler_fn(event, context)
            finally:
                os.write(_ms_log, ("END" + context.aws_request_id + "\\n").encode())
"""
_END = f"end of the output {uuid.uuid4().hex} "
_MOST_SECONDS = 2.0


def give_functions_their_streams() -> None:
    """Leave a worker's descriptors 0 to 2 to the function: nothing to read, and a log to write to, at once.

    ministack speaks with a worker through descriptors 0 and 1. So `input()` takes the next event away and waits for ever, what a
    function writes to the descriptor rather than to `sys.stdout` is lost, and so is an unfinished line when it is killed.

    Unneeded once tests/embedded/test_endings.py::test_output_is_the_log_and_nothing_else passes without it.
    """
    edit_worker_script("", (_READ, "_ms_stdin.readline()"), (_TAKEN, _GIVEN), (_CALL, _CALLED.replace("END", _END)))


def read_all_output() -> None:
    """Take all that a worker has printed when an invocation ends, whatever it is.

    ministack waits for it for some milliseconds, which on a busy machine are too few. It stops reading at a byte that is no
    UTF-8, and the worker then waits for ever. Here a worker says where its output ends; the end of the process says so, too.

    Unneeded once tests/embedded/test_endings.py::test_worker_that_printed_much_that_is_no_text_does_not_wait_for_ever
    passes without it.
    """
    worker = module("core.lambda_runtime", "Worker").Worker

    @wrap(worker, "_read_stderr")
    def read(original: Any, self: Any) -> None:
        waiting = self._stderr_queue
        self._proc.stderr.reconfigure(errors="replace")
        original(self)
        waiting.put(_END)

    @wrap(worker, "invoke")
    def invoke(original: Any, self: Any, event: Any, request_id: str, **more: Any) -> Any:
        self.request_id = request_id
        return original(self, event, request_id, **more)

    @wrap(worker, "_drain_stderr_bounded")
    def drain(_original: Any, self: Any) -> str:
        lines: list[str] = []
        ends, deadline = (_END + self.request_id, _END), time.monotonic() + _MOST_SECONDS
        try:
            while not (lines and lines[-1].endswith(ends)):
                lines.append(self._stderr_queue.get(timeout=max(deadline - time.monotonic(), 0.001)))
        except queue.Empty:  # a child of the worker's holds its output open, or the machine is very busy
            pass
        # What stands before an end is a line that the function left unfinished.
        told = [line.partition(_END)[0] for line in lines]
        return "\n".join(text for text, line in zip(told, lines, strict=True) if text or _END not in line)
