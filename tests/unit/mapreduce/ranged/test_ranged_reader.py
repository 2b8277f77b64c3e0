"""Ranges of objects to texts: what is cut, what is read whole, and what is refused."""

import bz2
import csv
import gzip
import io
import sys
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.mapreduce.parsing import records
from runtime.mapreduce.pieces import texts_of
from runtime.mapreduce.ranged.reader import InputError
from runtime.mapreduce.source import Source
from tests.fakes.input_objects import BUCKET, InputObjects

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

KEY = "logs/a b#1%20é漢.txt"
WORDS = "to be, or not\r\nto be: é漢😀\n\nthat is\tthe question"

PACKERS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "bzip2": bz2.compress, "zstd": zstd.compress}


def held(body: bytes, key: str = KEY) -> InputObjects:
    objects = InputObjects()
    objects.put(key, body)
    return objects


def text_of(found: list[tuple[str, Source]]) -> str:
    return "".join(text for text, _ in found)


@given(form=st.sampled_from(["text", "lines"]), marks=st.lists(st.integers(1, 60), max_size=5))
def test_ranges_together_are_the_text_with_places(form: str, marks: list[int]) -> None:
    objects, body = held(WORDS.encode()), WORDS.encode()

    found = objects.read(*objects.pieces(KEY, marks, format=form))

    assert text_of(found) == WORDS
    assert all(source.name == f"s3://{BUCKET}/{KEY}" for _, source in found)
    assert all(body[source.offset :].startswith(text.encode()) for text, source in found)


@given(rows=st.lists(st.lists(st.text(alphabet='a", é;1', max_size=6), min_size=2, max_size=2), max_size=8), data=st.data())
def test_ranges_of_csv_have_each_record_once_with_its_columns(rows: list[list[str]], data: st.DataObject) -> None:
    written = io.StringIO(newline="")
    csv.writer(written).writerows([["name, first", "age"], *rows])
    body = written.getvalue().encode()
    marks = data.draw(st.lists(st.integers(1, len(body)), max_size=5))
    objects = held(body)

    found = objects.read(*objects.pieces(KEY, marks, format="csv", multiline=False))

    assert [record for text, source in found for record in records(text, source)] == [
        {"name, first": name, "age": age} for name, age in rows
    ]


def test_csv_with_line_ends_in_fields_is_read_whole_by_the_first_range() -> None:
    body = 'name,says\na,"b\nc"\nd,"e,""f"""\n'
    objects = held(b"\xef\xbb\xbf" + body.encode())

    first, *others = [objects.read(piece) for piece in objects.pieces(KEY, [12, 20], format="csv")]

    read = [record for text, source in first for record in records(text, source)]
    assert read == [{"name": "a", "says": "b\nc"}, {"name": "d", "says": 'e,"f"'}]
    assert others == [[], []]


@pytest.mark.parametrize("header", [False, ["x", "y"]])
def test_csv_without_columns_in_it_loses_no_record(header: bool | list[str]) -> None:
    objects = held(b"1,2\n3,4\n")

    found = objects.read(*objects.pieces(KEY, [4], format="csv", multiline=False, header=header))

    expected = [{"x": "1", "y": "2"}, {"x": "3", "y": "4"}] if header else [["1", "2"], ["3", "4"]]
    assert [record for text, source in found for record in records(text, source)] == expected


@pytest.mark.parametrize("kind", PACKERS)
def test_packed_object_of_several_parts_is_unpacked_whatever_its_name_is(kind: str) -> None:
    pack = PACKERS[kind]
    objects = held(pack(WORDS.encode()[:20]) + pack(b"") + pack(WORDS.encode()[20:]))

    first, *others = [objects.read(piece) for piece in objects.pieces(KEY, [5, 30])]

    assert text_of(first) == WORDS
    assert others == [[], []]


@pytest.mark.parametrize("kind", PACKERS)
def test_packed_object_that_is_cut_off_is_refused(kind: str) -> None:
    objects = held(PACKERS[kind](WORDS.encode() * 50)[:-3])

    with pytest.raises(InputError, match=rf"s3://{BUCKET}/logs/a b.* can't be read: its {kind} data .*cut off"):
        objects.read(objects.piece(KEY))


@pytest.mark.parametrize("kind", PACKERS)
def test_packed_object_that_is_damaged_is_refused(kind: str) -> None:
    body = bytearray(PACKERS[kind](bytes(range(256)) * 8 + WORDS.encode()))
    body[len(body) // 2] ^= 0xFF
    body[-2] ^= 0xFF
    objects = held(bytes(body))

    with pytest.raises(InputError, match=f"s3://{BUCKET}/.*{kind}|NUL byte"):
        objects.read(objects.piece(KEY))


@pytest.mark.parametrize("kind", PACKERS)
def test_packed_object_with_something_else_behind_is_refused(kind: str) -> None:
    objects = held(PACKERS[kind](WORDS.encode()) + b"and more, not packed")

    with pytest.raises(InputError, match=f"what follows its {kind} data is none"):
        objects.read(objects.piece(KEY))


def test_zeros_after_gzip_are_left_out() -> None:
    objects = held(gzip.compress(b"to be") + bytes(1000))

    assert text_of(objects.read(objects.piece(KEY))) == "to be"


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["utf-8", "utf-8 with a mark"])
def test_mark_of_utf8_is_no_part_of_the_text(mark: bytes, pack: Callable[[bytes], bytes]) -> None:
    objects = held(pack(mark + b"to be\nor not"))

    ((text, source),) = objects.read(objects.piece(KEY))

    assert (text, source.offset) == ("to be\nor not", len(mark))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_with_a_mark_is_read_whole_by_the_first_range(encoding: str) -> None:
    objects = held(f"\ufeff{WORDS}".encode(encoding))

    first, second = (objects.read(piece) for piece in objects.pieces(KEY, [31]))

    assert text_of(first) == WORDS
    assert second == []


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "shift_jis", "gbk", "utf-16-le"])
def test_text_in_the_encoding_that_is_told_is_read(encoding: str) -> None:
    text = "漢字 テスト\nto be\n" if encoding in ("shift_jis", "gbk") else "été à\xa0la\nto be\n"
    objects = held(text.encode(encoding))

    found = [text_of(objects.read(piece)) for piece in objects.pieces(KEY, [3, 7], encoding=encoding)]

    assert "".join(found) == text
    assert (len(list(filter(None, found))) > 1) == (encoding in ("latin-1", "cp1252"))


def test_text_of_another_encoding_is_told_with_its_place_and_what_to_do() -> None:
    objects = held(b"to be\n" + "été".encode("latin-1"))

    with pytest.raises(InputError, match=r"it is not utf-8: .* \(byte 0xe9\) at offset 6; .*--encoding latin-1"):
        objects.read(objects.piece(KEY))


def test_unknown_encoding_is_told_with_the_file_and_what_to_do() -> None:
    objects = held(b"to be")

    with pytest.raises(InputError, match=rf"s3://{BUCKET}/logs/.* can't be read: 'utf-9' is no encoding .* --encoding latin-1"):
        objects.read(objects.piece(KEY, encoding="utf-9"))


def test_encoding_that_is_no_name_makes_a_malformed_piece() -> None:
    objects = held(b"to be")

    with pytest.raises(ValueError, match=r'"encoding" of a piece must be a name such as "latin-1"; got 5'):
        objects.read(objects.piece(KEY, encoding=5))


def test_object_that_changed_is_refused() -> None:
    objects = held(b"to be")
    piece = objects.piece(KEY)
    objects.put(KEY, b"or not")

    with pytest.raises(InputError, match=f"s3://{BUCKET}/logs/.* has changed since the run was started"):
        objects.read(piece)


def test_object_that_is_gone_is_refused() -> None:
    objects = held(b"to be")
    piece = objects.piece(KEY) | {"url": f"s3://{BUCKET}/other"}

    with pytest.raises(InputError, match="other can't be read: it has been deleted"):
        objects.read(piece)


def test_empty_object_has_no_text() -> None:
    objects = held(b"")

    assert objects.read(objects.piece(KEY)) == []


def test_memory_does_not_grow_with_what_is_unpacked() -> None:
    lines = b"".join(b"line %d of a text that repeats itself\n" % i for i in range(1000))
    objects = held(gzip.compress(lines * 700))

    tracemalloc.start()
    with objects.in_force():
        total = sum(len(text) for text, _ in texts_of({"pieces": [objects.piece(KEY)]}))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert total == len(lines) * 700
    assert most < 18 << 20


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"url": "s3://bucket"}, "needs s3://bucket/key"),
        ({"start": -1}, "a range within its size"),
        ({"end": 99}, "a range within its size"),
        ({"format": "xml"}, "must be one of text, lines, jsonl, csv"),
        ({"else": 1}, "malformed"),
    ],
)
def test_malformed_range_is_refused(change: dict[str, object], told: str) -> None:
    objects = held(b"to be")

    with pytest.raises(ValueError, match=told):
        objects.read(objects.piece(KEY) | change)


LINE = b"x" * 1023 + b"\n"
KB, MB = 1 << 10, 1 << 20
TAIL, COLUMNS, READ = 64 * KB, 64 * KB, 4 * MB


@pytest.mark.parametrize(
    ("start", "end", "form", "reads"),
    [
        # A first range is read with what may lie across its end, and a later one from just before its beginning, after a look
        # at how the object begins.
        (0, 100 * KB, "text", [(0, 100 * KB + TAIL)]),
        (0, 980 * KB, "text", [(0, 1000 * KB)]),
        (100 * KB, 200 * KB, "text", [(0, 10), (100 * KB - 3, 200 * KB + TAIL)]),
        (900 * KB, 1000 * KB, "text", [(0, 10), (900 * KB - 3, 1000 * KB)]),
        (100 * KB, 200 * KB, "csv", [(0, COLUMNS), (100 * KB - 3, 200 * KB + TAIL)]),
    ],
)
def test_range_is_read_with_as_few_requests_and_bytes_as_it_takes(
    start: int, end: int, form: str, reads: list[tuple[int, int]]
) -> None:
    objects = held(LINE * 1000)

    text = text_of(objects.read(objects.piece(KEY, start, end, format=form, multiline=False)))

    assert objects.reads == reads
    assert len(text) == end - start - (len(LINE) if form == "csv" and start == 0 else 0)


def test_object_is_read_by_a_few_megabytes() -> None:
    objects = held(LINE * 10 * KB)

    text = text_of(objects.read(objects.piece(KEY, 0, 9 * MB)))

    assert objects.reads == [(0, READ), (READ, 2 * READ), (2 * READ, 9 * MB + TAIL)]
    assert len(text) == 9 * MB
