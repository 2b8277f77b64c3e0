"""What the log lines tell of who did what."""

from collections import Counter
from typing import Any

from scripts.compare.telemetry import parse_line

FAN_INS = ("partition", "summary")


def parse_lines(printed: str) -> list[dict[str, Any]]:
    """The log lines in what was printed."""
    return [fields for line in printed.splitlines() if (fields := parse_line(line))]


def workers(lines: list[dict[str, Any]]) -> Counter[str]:
    """How many invocations of each fan-in function did its work, rather than being turned back, failing, or repeating it."""
    worked = (line for line in lines if line["outcome"] == "ok" and not line.get("duplicate"))
    return Counter(line["function"] for line in worked if line["function"] in FAN_INS)


def outcomes(lines: list[dict[str, Any]], function: str) -> Counter[str]:
    """How the invocations of a function ended: `ok`, `duplicate`, `turned back`, `error`."""
    return Counter("duplicate" if line.get("duplicate") else line["outcome"] for line in lines if line["function"] == function)
