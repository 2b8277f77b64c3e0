"""INPUT as several names, compressed, in other encodings, and as records."""

import bz2
import gzip
import json
import sys

import pytest

from runtime.mapreduce.parsing import records
from runtime.mapreduce.pieces import texts_of
from runtime.mapreduce.ranged.opening import Form
from scripts.client.errors import InputError
from scripts.client.input.reading import read_input
from tests.unit.client.input.inputs import folder, texts

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def pieces(given):
    return [piece for element in given.elements for piece in element.content.get("pieces", [element.content])]


def read_records(given):
    """As a map gets them."""
    return [
        record for element in given.elements for text, source in texts_of(element.content) for record in records(text, source)
    ]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, zstd.compress], ids=["gzip", "bzip2", "zstd"])
@pytest.mark.parametrize("name", ["in.txt", "in", "in.json", "folder/a.log"])
def test_compressed_files_are_read_whatever_their_name_is(tmp_path, pack, name):
    (tmp_path / "folder").mkdir()
    body = b'["to be", "or"]' if name == "in.json" else b"to be\nor"
    (tmp_path / name).write_bytes(pack(body[:4]) + pack(body[4:]))

    found = texts(read_input(str(tmp_path / name.partition("/")[0])))

    assert " ".join(found).split() == ["to", "be", "or"]


def test_compressed_standard_input_is_read(stdin):
    stdin(gzip.compress(b"to be"))

    assert texts(read_input("-")) == ["to be"]


@pytest.mark.parametrize(
    "change", [lambda body: body[:-9], lambda body: body[:12] + b"\xff" * 8 + body[20:]], ids=["cut", "damaged"]
)
def test_damaged_file_is_named_with_the_cause(tmp_path, change):
    (tmp_path / "a.gz").write_bytes(change(gzip.compress(bytes(range(32, 120)) * 9)))

    with pytest.raises(InputError, match=r"a\.gz can't be read: its gzip data (are damaged|end too early)"):
        read_input(str(tmp_path / "a.gz"))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_with_a_mark_is_read(tmp_path, encoding):
    (tmp_path / "in.txt").write_bytes("\ufeffété 日本".encode(encoding))

    assert texts(read_input(str(tmp_path / "in.txt"))) == ["été 日本"]


def test_encoding_that_is_asked_for_is_used(tmp_path):
    (tmp_path / "in.txt").write_bytes("été".encode("latin-1"))

    assert texts(read_input(str(tmp_path / "in.txt"), of_text=Form(encoding="latin-1"))) == ["été"]


def test_another_encoding_is_told_with_its_place_and_the_option(tmp_path):
    (tmp_path / "in.txt").write_bytes("ab été".encode("latin-1"))

    with pytest.raises(InputError, match=r"in\.txt is not UTF-8.* at offset 3;.* --encoding latin-1"):
        read_input(str(tmp_path / "in.txt"))


def test_several_names_are_read_in_their_order(tmp_path, stdin):
    folder(tmp_path, b__y="four", b__x="three", a="one")
    stdin(b"[two]")

    given = read_input([str(tmp_path / "a"), "-", str(tmp_path / "b")])

    assert texts(given) == ["one", "[two]", "three", "four"]


def test_pattern_of_names_is_expanded(tmp_path):
    folder(tmp_path, **{"a.txt": "one", "b.txt": "two", "c.log": "three", "d__e.txt": "four"})

    assert texts(read_input(str(tmp_path / "*.txt"))) == ["one", "two"]
    assert texts(read_input(str(tmp_path / "**" / "*.txt"))) == ["one", "two", "four"]


@pytest.mark.parametrize("pattern", ["**", "**/*", "*"])
def test_each_file_that_a_pattern_finds_is_read_once(pattern, tmp_path):
    folder(tmp_path, **{"a.txt": "one", "d__b.txt": "two"})

    assert texts(read_input(str(tmp_path / pattern))) == ["one", "two"]


def test_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path):
    folder(tmp_path, **{"a[1].txt": "one", "a1.txt": "two"})

    assert texts(read_input(str(tmp_path / "a[1].txt"))) == ["one"]


def test_pattern_that_nothing_matches_is_refused(tmp_path):
    with pytest.raises(InputError, match="no file matches"):
        read_input(str(tmp_path / "*.txt"))


def test_standard_input_can_be_named_once(stdin):
    with pytest.raises(InputError, match="once only"):
        read_input(["-", "-"])


def test_empty_files_among_several_are_told_once(tmp_path):
    folder(tmp_path, a="one", b="", c="")

    given = read_input([str(tmp_path / name) for name in "abc"])

    assert given.notices == [f"2 files are empty, the first is {tmp_path / 'b'}"]


def test_small_files_share_a_chunk_each_with_its_name_and_place(tmp_path):
    folder(tmp_path, a="one\n", b="é\ntwo\nthree\n", c="x")

    given = read_input(str(tmp_path), chunk_bytes=8)

    assert [element.content for element in given.elements] == [
        {"text": "one\n", "name": f"{tmp_path}/a", "offset": 0},
        {"text": "é\ntwo\n", "name": f"{tmp_path}/b", "offset": 0},
        {"pieces": [
            {"text": "three\n", "name": f"{tmp_path}/b", "offset": 7},
            {"text": "x", "name": f"{tmp_path}/c", "offset": 0},
        ]},
    ]  # fmt: skip


def test_place_counts_the_mark_in_front(tmp_path):
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfone")

    assert [piece["offset"] for piece in pieces(read_input(str(tmp_path / "a")))] == [3]


@pytest.mark.parametrize("limit", [1, 9, 30, 1000])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_csv_is_cut_between_records_and_each_piece_knows_the_columns(tmp_path, limit, pack):
    rows = [(f"n{i}", "line\n" * (i % 3) + '"' * (i % 2)) for i in range(12)]
    text = "name,says\n" + "".join(f'{name},"{says.replace(chr(34), chr(34) * 2)}"\r\n' for name, says in rows)
    (tmp_path / "in").write_bytes(pack(text.encode()))

    given = read_input(str(tmp_path / "in"), "csv", chunk_bytes=limit)

    assert read_records(given) == [{"name": name, "says": says} for name, says in rows]
    assert len(given.elements) >= (12 if limit == 1 else 1)


def test_json_lines_are_cut_between_lines(tmp_path):
    values = [{"n": i, "t": "a\u2028b " * (i % 4)} for i in range(20)]
    (tmp_path / "in.json").write_text("".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values))

    given = read_input(str(tmp_path / "in.json"), "jsonl", chunk_bytes=40)

    assert read_records(given) == values
    assert given.notices == []


def test_lines_are_never_cut_however_long(tmp_path):
    lines = ["word " * 30, "short", "", "é " * 50]
    (tmp_path / "in").write_text("\n".join(lines), encoding="utf-8")

    given = read_input(str(tmp_path / "in"), "lines", chunk_bytes=10)

    assert read_records(given) == lines


@pytest.mark.parametrize("form", ["text", "csv"])
def test_number_of_chunks_holds_for_several_files_too(tmp_path, form):
    folder(tmp_path, **dict.fromkeys("abc", "one,two\n" * 100))

    given = read_input(str(tmp_path), form, chunks=6)

    assert 6 <= len(given.elements) <= 9


def test_line_that_is_torn_is_told_with_its_file(tmp_path):
    folder(tmp_path, a="short", b="fine\n" + "long " * 9)

    given = read_input(str(tmp_path), chunk_bytes=12)

    (notice,) = given.notices
    assert notice.startswith(f"line 2 of {tmp_path}/b is longer than a chunk and cut at whitespace")


def test_json_document_is_all_of_the_input(tmp_path):
    folder(tmp_path, a="[]", b="[]")

    with pytest.raises(InputError, match="give it alone"):
        read_input([str(tmp_path / "a"), str(tmp_path / "b")], "json")
