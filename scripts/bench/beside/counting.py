"""One process that counts a text's words with a `Counter`: `python -m scripts.bench.beside.counting TEXT`."""

import sys
from collections import Counter

_BLOCK_BYTES = 1 << 20
_SHOWN = 20


def main() -> int:
    """Count and print."""
    counts: Counter[str] = Counter()
    with open(sys.argv[1], encoding="utf-8") as file:
        while lines := file.readlines(_BLOCK_BYTES):
            counts.update("".join(lines).split())
    for word, times in counts.most_common(_SHOWN):
        print(word, times)
    return 0


if __name__ == "__main__":
    sys.exit(main())
