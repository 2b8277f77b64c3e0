"""The texts of a bench as files, with what their counts must be."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.bench import text

ONE_WORD_TIMES = 5_000_000
DISTINCT_WORDS = 2_000_000

ONE_WORD = "one word"
DISTINCT = "distinct words"


@dataclass(frozen=True)
class Text:
    """One text. `words` are all, `counts` by word; `megabytes` are millions of bytes, rounded: a text ends
    with a word, some bytes before its size."""

    name: str
    path: Path
    megabytes: float
    words: int
    counts: Mapping[str, int]


def of_size(megabytes: float, folder: Path, seed: int = 0) -> Text:
    """A text by Zipf's law, called `5 MB`."""
    return _written(name_of(megabytes), text.zipf(megabytes, seed), folder)


def one_word(folder: Path, times: int = ONE_WORD_TIMES) -> Text:
    """A text of one word."""
    return _written(ONE_WORD, text.one_word(times), folder)


def distinct(folder: Path, number: int = DISTINCT_WORDS) -> Text:
    """A text of different words."""
    return _written(DISTINCT, text.distinct(number), folder)


def given(path: Path, folder: Path) -> Text:
    """A copy of a file of the user's, called by its name.

    Raises:
        OSError, UnicodeDecodeError: it can't be read as text.
    """
    return _written(path.name, [path.read_text(encoding="utf-8")], folder)


def name_of(megabytes: float) -> str:
    """`0.12 MB`."""
    return f"{megabytes:g} MB"


def _written(name: str, blocks: Iterable[str], folder: Path) -> Text:
    path = folder / f"{name.replace(' ', '-')}.txt"
    counts: Counter[str] = Counter()
    size = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        for block in blocks:
            file.write(block)
            counts.update(block.split())
            size += len(block.encode())
    return Text(name, path, round(size / text.MEGABYTE, 4), counts.total(), counts)
