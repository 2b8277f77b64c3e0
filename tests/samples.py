"""What the sample jobs must give for the inputs beside them: by hand, or by other code than theirs."""

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

from scripts import paths

JOBS = paths.ROOT / "samples" / "jobs"
NAMES = sorted(folder.name for folder in JOBS.iterdir())


def input_of(job: str) -> Path:
    """The input beside a sample: a file or a folder."""
    (found,) = (JOBS / job).glob("input*")
    return found


def lines_of(job: str) -> list[str]:
    return input_of(job).read_text("utf-8").splitlines()


def pairs_of_words() -> Counter[str]:
    words = [line.lower().split() for line in lines_of("ngrams")]
    return Counter(f"{one} {other}" for line in words for one, other in pairwise(line))


def words_by_count() -> dict[str, list[str]]:
    counts = Counter(word.lower() for line in lines_of("words_by_count") for word in line.split())
    return {str(number): sorted(word for word in counts if counts[word] == number) for number in counts.values()}


def temperatures() -> dict[str, dict[str, float]]:
    stations: dict[str, list[float]] = {}
    for line in lines_of("temperatures"):
        station, degrees = line.split()[1:]
        stations.setdefault(station, []).append(float(degrees))
    return {
        station: {"average": round(sum(values) / len(values), 2), "maximum": max(values)} for station, values in stations.items()
    }


def found_lines(*parts: str) -> dict[str, str]:
    """The lines with these parts, by the byte where they begin."""
    body = input_of("grep").read_bytes()
    return {str(body.index(line.encode())): line for part in parts for line in lines_of("grep") if part in line}


EXPECTED: dict[str, Any] = {
    "word_count": {
        "the": 8, "ferry": 3, "left": 1, "at": 2, "six": 1, "was": 2, "late": 3, "and": 1, "so": 1, "baker": 2, "is": 1,
        "asked": 1, "it's": 1, "said": 1, "keeper": 1, "strasse": 3, "street-sign": 1, "ferry's": 1, "end": 1,
    },
    "grep": found_lines("gale from", "gale still", "gale is"),
    "inverted_index": {
        "boats": ["early morning.txt"], "burns": ["night.txt"], "follow": ["early morning.txt"], "gulls": ["early morning.txt"],
        "keeper": ["evening.txt", "night.txt"], "lamp": ["evening.txt", "night.txt"], "leave": ["early morning.txt"],
        "sleeps": ["night.txt"], "the": ["evening.txt", "night.txt"], "trims": ["evening.txt"],
    },
    "temperatures": temperatures(),
    "access_logs": {
        "hits /index.html": 4, "bytes /index.html": 10240, "hits /map.png": 1, "bytes /map.png": 81920,
        "hits /tides?day=1": 2, "bytes /tides?day=1": 652,
    },
    "join": {
        "c1": {"name": "Anna", "orders": 2, "total": 17.5}, "c2": {"name": "Bo, the baker", "orders": 2, "total": 3.3},
        "c3": {"name": "Cem", "orders": 0, "total": 0.0}, "c9": {"name": None, "orders": 1, "total": 1.0},
    },
    "ngrams": dict(pairs_of_words()),
    "words_by_count": words_by_count(),
}  # fmt: skip


def plain(job: str, result: dict[str, Any]) -> dict[str, Any]:
    """A result without the folders in which the input lies here."""
    if job == "grep":
        return {place.rpartition(":")[2]: line for place, line in result.items()}
    if job == "inverted_index":
        return {word: sorted(Path(name).name for name in names) for word, names in result.items()}
    return result
