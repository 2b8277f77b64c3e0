"""Lithops' own map-reduce on this machine; run by the Python of a virtual environment that has Lithops, see `lithops`.

`python with_lithops.py TEXT PIECES OUTPUT` counts each piece with a `Counter`, joins them, writes all counts as JSON.
"""

import json
import os
import sys
from collections import Counter

_SHOWN = 20

CONFIG = {"lithops": {"backend": "localhost", "storage": "localhost", "data_cleaner": False}}


def cut(path: str, number: int) -> list[tuple[str, int, int]]:
    """Pieces of a file that end at line ends: `(path, begin, end)` in bytes."""
    size = os.path.getsize(path)
    ends = [0]
    with open(path, "rb") as file:
        for piece in range(1, number):
            file.seek(max(ends[-1], size * piece // number))
            file.readline()
            ends.append(file.tell())
    ends.append(size)
    return [(path, begin, end) for begin, end in zip(ends, ends[1:]) if begin < end]  # noqa: B905, RUF007  (as old Pythons can)


def count(path: str, begin: int, end: int) -> "Counter[str]":
    """The counts of one piece."""
    with open(path, "rb") as file:
        file.seek(begin)
        return Counter(file.read(end - begin).decode().split())


def join(results: "list[Counter[str]]") -> "dict[str, int]":
    """The counts of all pieces together."""
    total: Counter[str] = Counter()
    for counts in results:
        total.update(counts)
    return dict(total)


def main() -> int:
    """Count, write, print."""
    import lithops  # type: ignore[import-not-found]

    path, number, output = sys.argv[1:]
    with lithops.FunctionExecutor(config=CONFIG, log_level="ERROR") as executor:
        executor.map_reduce(count, cut(path, int(number)), join)
        counts = executor.get_result()
    with open(output, "w", encoding="utf-8") as file:
        json.dump(counts, file)
    for word, times in Counter(counts).most_common(_SHOWN):
        print(word, times)
    return 0


if __name__ == "__main__":
    sys.exit(main())
