"""Lines of a web server's log such as `10.0.0.7 GET /index.html 200 5120`: the bytes that each address was sent."""

from runtime.mapreduce import emit


def user_map(text: str) -> None:
    """Emit the number of bytes of each line under its address."""
    for line in text.splitlines():
        if not line.strip():
            continue
        address, _method, _path, _status, size = line.split()
        emit(address, int(size))
