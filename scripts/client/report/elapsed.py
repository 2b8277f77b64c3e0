"""The time since the command was entered.

Linux keeps when a process began, which is when the shell made it: `scripts/invoke.sh` becomes the client, so its own start counts
as well. Elsewhere the time begins with the import of this module, some hundredths of a second later.
"""

import os
import time
from pathlib import Path

_START_FIELD = 21
"""Of /proc/self/stat, counted from 0: clock ticks since the machine's start (`man 5 proc`)."""


def _age_at_import() -> float:
    """How long the process had run when this module was imported; 0 where that can't be known."""
    try:
        name_and_rest = Path("/proc/self/stat").read_text(encoding="ascii", errors="replace")
        after_name = name_and_rest.rpartition(")")[2].split()  # the name, field 1, may hold blanks
        ticks = int(after_name[_START_FIELD - 2])
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, IndexError, AttributeError):  # no /proc, or no such clock: not Linux
        return 0.0


_AGE = _age_at_import()
_BEGAN = time.monotonic() - _AGE


def since_enter() -> float:
    """Seconds since the command was entered."""
    return time.monotonic() - _BEGAN
