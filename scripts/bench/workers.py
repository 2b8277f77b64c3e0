"""What the embedded AWS and its functions' processes use while something runs: CPU time and memory, read from /proc.

Each function of the embedded AWS runs in processes of its own, children of the server, which know their function's name by the
variable FUNCTION. Where there is no /proc (macOS), nothing is known.
"""

import contextlib
import os
import threading
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

SERVER = "embedded AWS"

_PROC = Path("/proc")
_LOOK_SECONDS = 0.2
_PARENT, _USER, _SYSTEM = 1, 11, 12
"""Fields of /proc/{pid}/stat behind the name, see `man 5 proc`."""

_FORGET_PEAK = "5"
"""Written to /proc/{pid}/clear_refs, it sets VmHWM back to what is resident now."""


@dataclass(frozen=True)
class _State:
    """Of a process at one moment; `switches` grows whenever it has run."""

    cpu_seconds: float
    peak_mb: float
    switches: int


class Watch:
    """Watches a server and its children while the body of the `with` runs.

    `cpu_seconds` and `peak_mb` tell by function, and for SERVER, the CPU time of all its processes together, and the most memory
    that one of them held. A process that ends meanwhile is known up to a fifth of a second before its end.
    """

    def __init__(self, server: int) -> None:
        self.cpu_seconds: dict[str, float] = {}
        self.peak_mb: dict[str, float] = {}
        self._server = server
        self._begun: dict[int, tuple[float, int]] = {}
        self._seen: dict[int, tuple[str, _State]] = {}
        self._names: dict[int, str] = {server: SERVER}
        self._others: tuple[int, ...] = ()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_again, daemon=True)

    def __enter__(self) -> "Watch":
        for pid in _family(self._server):
            with contextlib.suppress(OSError):
                (_PROC / str(pid) / "clear_refs").write_text(_FORGET_PEAK)
            if state := _state(pid):
                self._begun[pid] = state.cpu_seconds, state.switches
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.look()

    def follow(self, pid: int, name: str) -> None:
        """Watch another process, too, which has just begun."""
        self._names[pid] = name
        self._others += (pid,)

    def look(self) -> None:
        """Bring what is told up to this moment."""
        self._look()
        cpu: dict[str, float] = defaultdict(float)
        peak: dict[str, float] = defaultdict(float)
        for pid, (name, state) in list(self._seen.items()):
            begun, switches = self._begun.get(pid, (0.0, 0))
            if state.switches != switches:  # one that was idle all the time holds what an earlier run left in it
                cpu[name] += state.cpu_seconds - begun
                peak[name] = max(peak[name], state.peak_mb)
        self.cpu_seconds, self.peak_mb = dict(cpu), dict(peak)

    def _look_again(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            self._look()

    def _look(self) -> None:
        for pid in (*_family(self._server), *self._others):
            name, state = self._names.get(pid) or _function(pid), _state(pid)
            if name is not None and state is not None:
                self._names[pid] = name
                self._seen[pid] = name, state


def _family(server: int) -> list[int]:
    """A process and its children; nothing where there is no /proc."""
    found = [server]
    for entry in _PROC.iterdir() if _PROC.exists() else ():
        if entry.name.isdecimal() and (stat := _stat(int(entry.name))) and int(stat[_PARENT]) == server:
            found.append(int(entry.name))
    return found


def _stat(pid: int) -> list[str] | None:
    """The fields behind the name, which may hold blanks and brackets."""
    try:
        return (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None


def _state(pid: int) -> "_State | None":
    stat = _stat(pid)
    try:
        lines = (_PROC / str(pid) / "status").read_text(errors="replace").splitlines()
    except OSError:
        return None
    status = {name: value.split()[0] for name, _, value in (line.partition(":") for line in lines) if value.strip()}
    if stat is None or "VmHWM" not in status:  # it has ended, and nobody has looked yet how
        return None
    return _State(
        cpu_seconds=(int(stat[_USER]) + int(stat[_SYSTEM])) / os.sysconf("SC_CLK_TCK"),
        peak_mb=int(status["VmHWM"]) / 1024,
        switches=int(status["voluntary_ctxt_switches"]) + int(status["nonvoluntary_ctxt_switches"]),
    )


def _function(pid: int) -> str | None:
    """The name of the function that a process runs; None for a process that has not begun to, and for others."""
    try:
        variables = (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return None
    return next((value[9:].decode(errors="replace") for value in variables if value.startswith(b"FUNCTION=")), None)
