"""Lines in which the parameter `pattern`, a regular expression, is found, under their file and the byte where they begin."""

import re

from runtime.mapreduce import Source, emit, param


def user_map(text: str, source: Source) -> None:
    """Emit each such line under a word such as `log.txt:1042`."""
    pattern, offset = re.compile(param("pattern")), source.offset
    for line in text.split("\n"):
        if pattern.search(line):
            emit(f"{source.name}:{offset}", line)
        offset += len(line.encode()) + 1
