"""Pairs as frames, and back. A frame holds some words in order with their values, and can be read without the others.

    [["be","to"],[2,3]]                   `be` two times and `to` three times with the value 1
    [["be","to"],[2,[1,3,"x",1]]]         `to` three times with the value 1, then once with "x"

Values stand as runs: a value, and how many times it comes in a row. A frame holds about `frame_bytes` before it is compressed, so
that a reader needs little memory for each of many mappers. A word whose values are more than that goes on in the next frame.
"""

import json
from bisect import bisect_right
from collections.abc import Collection, Iterator
from itertools import accumulate
from typing import Any, TypeAlias

from runtime.mapreduce.packed.compression import compress, decompress
from runtime.ports import ports

Runs: TypeAlias = int | list[Any]
"""All values of a word in one place: how many ones, or `[value, times, value, times, ...]`."""

_ALL_FRAMES_BYTES = 8 * 2**20
"""A reader holds about one frame of each mapper; with many mappers, frames are smaller."""

_WEIGHT = 8
"""About how many bytes it takes to say how often a word comes, or one value."""

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


def frame_bytes(mappers: int) -> int:
    """How large frames are in a run of so many mappers."""
    limits = ports().limits
    return max(limits.least_frame_bytes, min(limits.frame_bytes, _ALL_FRAMES_BYTES // max(1, mappers)))


def encode_frames(words: list[str], runs: list[Runs], size: int) -> Iterator[bytes]:
    """Compressed frames of some `size` bytes each for words that are sorted, and their values.

    Raises:
        ValueError: one pair is larger than a frame can be; names the word.
    """
    for start, end in _cuts(words, runs, size):
        first = runs[start]
        if end - start > 1 or isinstance(first, int):
            yield from _encode_some(words[start:end], runs[start:end], size)
        else:
            at_once = 2 * max(1, size // (2 * _WEIGHT))
            for place in range(0, len(first), at_once):
                yield from _encode_some(words[start:end], [first[place : place + at_once]], size)


def count_pairs(runs: Collection[Runs]) -> int:
    """How many pairs."""
    try:
        return sum(runs)  # type: ignore[arg-type]  # nearly always
    except TypeError:
        return sum(run if isinstance(run, int) else sum(run[1::2]) for run in runs)


def decode_frame(frame: bytes, ones: bool) -> tuple[list[str], list[Runs]]:
    """The words and runs of a frame. `ones`: each value must be 1. Raises ValueError: it is no such frame."""
    try:
        match json.loads(decompress(frame).decode(), parse_constant=_refuse):
            case [[*_] as words, [*_] as runs] if len(words) == len(runs) > 0:
                "".join(words).encode()
            case _:
                raise ValueError("a frame holds no words with their values")
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"a frame can't be read: {error}") from None
    if words != sorted(words) or len(set(words)) != len(words):
        raise ValueError("a frame holds words that are not in order")
    kinds = set(map(type, runs))
    if kinds == {int}:
        if min(runs) < 1:
            raise ValueError("a frame holds a word that was never emitted")
    elif ones or not kinds <= {int, list} or not all(map(_is_run, runs)):
        raise ValueError("a frame holds values that are none")
    return words, runs


def _cuts(words: list[str], runs: list[Runs], size: int) -> Iterator[tuple[int, int]]:
    """Where to cut: an estimate, since only encoding tells."""
    if list not in set(map(type, runs)):
        frames = -(-(len("".join(words)) + _WEIGHT * len(words)) // size)
        step = max(1, len(words) // max(1, frames))
        yield from ((start, min(start + step, len(words))) for start in range(0, len(words), step))
        return
    weights = (len(word) + _WEIGHT * (1 if isinstance(run, int) else len(run)) for word, run in zip(words, runs, strict=True))
    ends = list(accumulate(weights))
    start = 0
    while start < len(words):
        limit = size + (ends[start - 1] if start else 0)
        end = max(start + 1, bisect_right(ends, limit, start))
        yield start, end
        start = end


def _encode_some(words: list[str], runs: list[Runs], size: int) -> Iterator[bytes]:
    raw = f"[{_encode_words(words)},{_encode(runs)}]\n".encode()
    if len(raw) <= 2 * size:
        yield compress(raw)
    elif len(words) > 1:
        half = len(words) // 2
        yield from _encode_some(words[:half], runs[:half], size)
        yield from _encode_some(words[half:], runs[half:], size)
    elif isinstance(runs[0], list) and len(runs[0]) > 2:
        half = len(runs[0]) // 4 * 2
        yield from _encode_some(words, [runs[0][:half]], size)
        yield from _encode_some(words, [runs[0][half:]], size)
    else:
        try:
            yield compress(raw)
        except ValueError as error:
            raise ValueError(f"the word {words[0]!r:.200} can't be stored with its value: {error}") from None


def _encode_words(words: list[str]) -> str:
    """`_encode(words)`, in less time for nearly all words: those that JSON writes as they are."""
    text = "".join(words)
    if text and text.isprintable() and '"' not in text and "\\" not in text:
        return '["' + '","'.join(words) + '"]'
    return _encode(words)


def _is_run(run: Runs) -> bool:
    if isinstance(run, int):
        return run > 0
    return len(run) > 0 and len(run) % 2 == 0 and set(map(type, run[1::2])) == {int} and min(run[1::2]) > 0


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
