"""Lines such as `2026-01-31 north 4.5`: one temperature in degrees for each line, under the station that measured it."""

from runtime.mapreduce import emit


def user_map(text: str) -> None:
    """Emit each temperature under its station."""
    for line in text.splitlines():
        if not line.strip():
            continue
        _day, station, degrees = line.split()
        emit(station, float(degrees))
