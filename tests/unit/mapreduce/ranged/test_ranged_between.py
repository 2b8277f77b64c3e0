"""The bytes of ranges, however much is read at once."""

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.limits import LIMITS
from runtime.mapreduce.ranged.between import between
from runtime.mapreduce.ranged.cuts import FORMATS, Cuts

texts = st.text(alphabet=" \t\n\r\u2003\u3000aé漢😀", min_size=1, max_size=40).map(str.encode)


@pytest.mark.parametrize("form", FORMATS)
@given(text=texts, marks=st.lists(st.integers(1, 99), max_size=8), at_once=st.integers(1, 9))
def test_ranges_together_give_each_byte_once_and_no_half_word(form: str, text: bytes, marks: list[int], at_once: int) -> None:
    edges = sorted({0, len(text), *(mark for mark in marks if mark < len(text))})
    cuts = Cuts(form, line_bytes=5)

    def read(at: int, length: int) -> bytes:
        assert length > 0
        return text[at : at + min(length, at_once)]

    taken = [between(read, cuts, a, b, len(text)) for a, b in pairwise(edges)]
    bodies = [b"".join(parts) for _, parts in taken]

    assert b"".join(bodies) == text
    assert [word for body in bodies for word in body.decode().split()] == text.decode().split()
    assert all(text[begin:].startswith(body) for (begin, _), body in zip(taken, bodies, strict=True))


def test_range_is_read_with_little_beyond_it() -> None:
    text, asked = b"0123456789abcde\n" * (1 << 18), []

    def read(at: int, length: int) -> bytes:
        asked.append((at, length))
        return text[at : at + length]

    _, parts = between(read, Cuts("lines"), 1 << 20, 3 << 19, len(text))

    assert sum(map(len, parts)) == 1 << 19
    assert asked == [((1 << 20) - 3, (1 << 19) + (64 << 10) + 3)]


def test_range_is_not_held_whole_in_memory() -> None:
    size = 16 * LIMITS.range_bytes
    tracemalloc.start()
    try:
        _, parts = between(lambda at, length: (b"to be or\n" * (length // 9 + 1))[:length], Cuts("lines"), 0, size, 2 * size)
        read = sum(map(len, parts))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert read >= size
    assert peak < 6 * LIMITS.range_bytes
