"""A worker's standard streams: the function's own, as on AWS, however it uses them."""

from typing import Any

from scripts.embedded.server.patching import RepairError, module, replace, require

_TAKEN = """    _real_stdout = sys.stdout
    sys.stdout = sys.stderr
"""
_READ = "sys.stdin.readline()"
_GIVEN = """    import io

    _ms_stdin = os.fdopen(os.dup(0), encoding="utf-8")
    _real_stdout = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    for name, descriptor, errors in (("stdout", 1, "strict"), ("stderr", 2, "backslashreplace")):
        raw = io.FileIO(descriptor, "w", closefd=False)
        setattr(sys, name, io.TextIOWrapper(raw, "utf-8", errors, write_through=True))
"""


def give_functions_their_streams() -> None:
    """Leaves a worker's descriptors 0 to 2 to the function: nothing to read, and a log to write to, at once.

    ministack speaks with a worker through descriptors 0 and 1. So `input()` takes the next event away and waits for ever, what a
    function writes to the descriptor rather than to `sys.stdout` is lost, and so is an unfinished line when it is killed.
    """
    runtime = module("core.lambda_runtime")
    script: str = require(runtime, "_PYTHON_WORKER_SCRIPT")
    if script.count(_TAKEN) != 1 or script.count(_READ) != 2:
        raise RepairError("embedded AWS: ministack's worker script does not use its standard streams as it did")
    runtime._PYTHON_WORKER_SCRIPT = script.replace(_READ, "_ms_stdin.readline()").replace(_TAKEN, _GIVEN)


def read_any_output() -> None:
    """Takes what a worker prints, whatever it is: at a byte that is no UTF-8, ministack stops reading, and the worker waits."""

    def make(original: Any) -> Any:
        def read(self: Any) -> None:
            self._proc.stderr.reconfigure(errors="replace")
            original(self)

        return read

    replace(require(module("core.lambda_runtime"), "Worker"), "_read_stderr", ("self",), make)
