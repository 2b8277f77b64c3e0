"""What emit itself costs: `python -m scripts.bench.emit_cost LAYOUT TEXT` prints CPU seconds of its own.

    {"words": 188306, "emit": 0.05, "emit_all": 0.02}

Each is the CPU time of the map's thread alone: of a loop that calls `emit(word)` for each word, less that of the same loop with a
function that does nothing; and of `emit_all(words)`. Nothing is stored: each time the mapper fails before its end, on purpose.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from runtime.mapreduce import emit, emit_all
from runtime.mapreduce.emitter import emitting
from runtime.run import Run, within

_TIMES = 5
_REDUCERS = 3


class _EnoughError(Exception):
    """Ends the mapper before it stores anything."""


def _cost(layout: str, work: Callable[[], None]) -> float:
    """CPU seconds, the least of several times: whatever else the machine does only adds to it."""
    return min(_once(layout, work) for _ in range(_TIMES))


def _once(layout: str, work: Callable[[], None]) -> float:
    seconds = 0.0
    try:
        with within(Run("bench")), emitting("a-bucket", _REDUCERS, layout):
            began = time.thread_time()
            work()
            seconds = time.thread_time() - began
            raise _EnoughError
    except _EnoughError:
        return seconds


def _nothing(word: str, value: int = 1) -> None:
    pass


def main() -> int:
    """Measure and print."""
    layout, path = sys.argv[1:]
    words = Path(path).read_text(encoding="utf-8").split()

    def each(call: Callable[[str], None]) -> Callable[[], None]:
        def work() -> None:
            for word in words:
                call(word)

        return work

    told = {
        "words": len(words),
        "emit": _cost(layout, each(emit)) - _cost(layout, each(_nothing)),
        "emit_all": _cost(layout, lambda: emit_all(words)),
    }
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
