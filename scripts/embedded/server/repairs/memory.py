"""A function's `memory_mb`, which ministack only stores."""

import contextlib
import signal
import threading
import time
from pathlib import Path
from typing import Any

from scripts.embedded.server.patching import module, wrap

_LOOK_SECONDS = 0.05


def end_what_outgrows_its_memory() -> None:
    """Kill a worker whose process has held more memory than its function has, as AWS does.

    What counts is the most that was ever resident at once, so that a short peak is seen as well. Processes that a function starts
    are not counted. Where there is no /proc (macOS), nothing is killed.

    Unneeded once tests/embedded/test_isolation.py::test_a_function_that_outgrows_its_memory_is_killed passes without it.
    """
    if not Path("/proc/self/status").exists():
        return
    runtime = module("core.lambda_runtime", "_workers, _lock, Worker")

    def watch() -> None:
        while True:
            time.sleep(_LOOK_SECONDS)
            with runtime._lock:
                busy = [worker for pool in runtime._workers.values() for worker in pool if worker.in_use]
            for worker in busy:
                _kill_if_too_large(worker)

    @wrap(runtime.Worker, "invoke")
    def invoke(original: Any, self: Any, event: Any, request_id: str, **more: Any) -> Any:
        response = original(self, event, request_id, **more)
        if response.get("status") == "ok" and _kill_if_too_large(self):
            # It outgrew its memory between two looks, and ended before the second.
            return {"status": "error", "error": "Worker process died", "log": response.get("log", "")}
        return response

    threading.Thread(target=watch, name="memory", daemon=True).start()


def _kill_if_too_large(worker: Any) -> bool:
    process = worker._proc
    if process is None or process.poll() is not None:
        return False
    if _peak_kb(process.pid) <= int(worker.config.get("MemorySize", 128)) * 1024:
        return False
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGKILL)
    return True


def _peak_kb(pid: int) -> int:
    """The most memory that a process has had resident; 0 if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")), 0)
