"""Processes, by pid: is that one ours, and how to end it together with everything that it started."""

import contextlib
import os
import signal
import time
from pathlib import Path

from scripts.embedded.errors import EmbeddedError

_POLL_SECONDS = 0.05


def runs(pid: int, token: str) -> bool:
    """Whether process `pid` exists, is no zombie, and has `token` in its command line."""
    return token in _command_line(pid) and not _zombie(pid)


def end_group(group: int, grace_seconds: float = 5.0) -> None:
    """End the process group: SIGTERM, then SIGKILL after `grace_seconds`; return when nobody is left in it.

    The emulator leads a group of its own, and its worker processes are born into it, so this reaches those too whose
    parent is gone. Raises EmbeddedError when something survives SIGKILL for 5 seconds.
    """
    for number, patience in ((signal.SIGTERM, grace_seconds), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, number)
        deadline = time.monotonic() + patience
        while _group_lives(group):
            if time.monotonic() >= deadline:
                break
            time.sleep(_POLL_SECONDS)
        else:
            return
    raise EmbeddedError(f"processes of group {group} survive SIGKILL; look at `ps -o pid,pgid,stat,args`")


def end_orphans(group: int, marker: str) -> bool:
    """End what is left of a group whose leader died: workers that were busy then. Returns whether there was any.

    Only if one of them has `marker` (the emulator's own temporary directory) in its command line: the number of a group
    that is gone may belong to somebody else by now.
    """
    listing = _members(group)
    if not any(marker in _command_line(pid) for pid in listing):
        return False
    end_group(group, grace_seconds=1.0)
    return True


def _members(group: int) -> list[int]:
    proc = Path("/proc")
    if (proc / "self" / "stat").exists():
        return [int(entry.name) for entry in proc.iterdir() if entry.name.isdecimal() and _stat(int(entry.name))[1] == group]
    import subprocess  # here, since a client that looks for the embedded AWS on Linux does without

    listing = subprocess.run(["ps", "-axo", "pid=,pgid="], capture_output=True, text=True, timeout=10).stdout
    rows = [line.split() for line in listing.splitlines()]
    return [int(row[0]) for row in rows if len(row) == 2 and row[1] == str(group)]


def _group_lives(group: int) -> bool:
    """Zombies do not count: they hold nothing, and it is their parent's business to collect them."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(group, os.WNOHANG)
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS says so of a group that has only zombies
        return False
    proc = Path("/proc/self/stat")
    if not proc.exists():
        return True
    return any(not _zombie(pid) for pid in _members(group))


def _stat(pid: int) -> tuple[str, int]:
    """(state letter, process group) from Linux's /proc; ("", 0) when there is no such process or no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return fields[0], int(fields[2])
    except (OSError, IndexError, ValueError):
        return "", 0


def _zombie(pid: int) -> bool:
    return _stat(pid)[0] == "Z"


def _command_line(pid: int) -> str:
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            return ""
    import subprocess

    listing = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, timeout=10)
    return listing.stdout
