"""Lines of a web server's log in the common format: for each URL how often it was asked for, and how many bytes were sent.

10.0.0.7 - - [27/Nov/2026:08:00:01 +0000] "GET /index.html HTTP/1.1" 200 5120
"""

import re

from runtime.mapreduce import count, emit

_LINE = re.compile(r'\S+ \S+ \S+ \[[^]]*\] "\S+ (\S+)[^"]*" \d{3} (\d+|-)')


def user_map(text: str) -> None:
    """Emit under `hits /index.html` a 1, and under `bytes /index.html` the size. Count the lines that are no such lines."""
    for line in text.splitlines():
        if match := _LINE.match(line):
            url, size = match.groups()
            emit(f"hits {url}")
            emit(f"bytes {url}", 0 if size == "-" else int(size))
        elif line.strip():
            count("bad lines")
