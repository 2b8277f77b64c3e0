"""INPUT: each form that is taken, and one clear sentence for each that isn't."""

import json
import lzma
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.client.errors import InputError
from scripts.client.input import text as text_input
from scripts.client.input.chunks import Element
from scripts.client.input.reading import read_input
from scripts.client.input.text import joined
from tests.unit.client.input.inputs import HOSTILE, texts


@pytest.mark.parametrize(
    ("document", "elements"),
    [
        ({"data": [{"text": "a b", "destination": "x/y"}]}, [Element("a b", "x/y")]),
        ([{"text": "a", "numReducer": 3}, {"text": ""}], [Element("a", None, 3), Element("")]),
        (["a b", "c"], [Element("a b"), Element("c")]),
        (["a", {"text": "b"}], [Element("a"), Element("b")]),
        ([], []),
        ({"data": []}, []),
    ],
)
def test_json_forms(tmp_path, document, elements):
    path = tmp_path / "in.json"
    path.write_text(json.dumps(document))

    assert read_input(str(path)).elements == elements


@pytest.mark.parametrize("as_json", [True, False])
def test_hostile_words_come_through(tmp_path, as_json):
    path = tmp_path / ("in.json" if as_json else "in.txt")
    text = " ".join(HOSTILE)
    path.write_text(json.dumps([text]) if as_json else text, encoding="utf-8")

    assert " ".join(texts(read_input(str(path)))).split() == HOSTILE


@pytest.mark.parametrize("name", ["empty.txt", "empty.json", "blank.json"])
def test_empty_input_is_no_error(tmp_path, name):
    path = tmp_path / name
    path.write_text("" if name.startswith("empty") else " \n")

    assert read_input(str(path)).elements == []


def test_lines_without_a_word_are_input_too(tmp_path):
    (tmp_path / "blank.txt").write_text("\n \n")

    assert texts(read_input(str(tmp_path / "blank.txt"))) == ["\n \n"]


@pytest.mark.parametrize(
    ("content", "words"),
    [(b'["a", "b c"]', ["a", "b c"]), (b'\xef\xbb\xbf {"data": ["a"]}', ["a"]), (b"to be", ["to be"]), (b"", [])],
)
def test_standard_input_is_json_if_it_begins_like_it(stdin, content, words):
    stdin(content)

    assert texts(read_input("-")) == words


def test_format_overrules_what_input_looks_like(stdin):
    stdin(b"[Chorus] la la")

    assert texts(read_input("-", form="text")) == ["[Chorus] la la"]


def test_a_file_without_suffix_is_told_by_its_beginning(tmp_path):
    (tmp_path / "chunks").write_text('["a"]')

    assert texts(read_input(str(tmp_path / "chunks"))) == ["a"]


def test_a_byte_order_mark_is_no_part_of_the_first_word(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfto be \xef\xbb\xbf")

    assert texts(read_input(str(tmp_path / "a.txt"))) == ["to be \ufeff"]


def test_characters_that_span_blocks_are_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("scripts.client.input.text._BLOCK_BYTES", 3)
    (tmp_path / "a.txt").write_text("日本語 😀é", encoding="utf-8")

    assert texts(read_input(str(tmp_path / "a.txt"))) == ["日本語 😀é"]


def test_elements_are_the_chunks_unless_others_are_asked_for(tmp_path):
    path = tmp_path / "in.json"
    path.write_text(json.dumps([{"text": "a\nb\nc\nd", "numReducer": 2}, {"text": "e\nf", "numReducer": 2}]))

    assert texts(read_input(str(path))) == ["a\nb\nc\nd", "e\nf"]
    assert read_input(str(path), chunks=3).elements == [Element(text, None, 2) for text in ("a\nb\n", "c\nd\n", "e\nf\n")]
    assert texts(read_input(str(path), chunk_bytes=6)) == ["a\nb\nc\n", "d\ne\nf\n"]


@given(st.lists(st.text(st.sampled_from("ab \n\r\f\u2028"))))
def test_the_lines_of_several_texts_are_the_lines_of_each(several):
    lines = "".join(joined([text] for text in several)).splitlines()

    assert lines == [line for text in several for line in text.splitlines()]


@pytest.mark.parametrize("form", [{}, {"chunks": 4}, {"chunk_bytes": 1500}])
def test_no_line_of_a_log_is_cut(tmp_path, form):
    lines = [f'10.0.0.{i % 256} - - [26/Nov/2026] "GET /{"x" * (i % 90)}.html HTTP/1.1" 200 {i}' for i in range(3000)]
    (tmp_path / "access.log").write_text("\n".join(lines) + "\n")

    given = read_input(str(tmp_path / "access.log"), **form)

    assert len(given.elements) > 3
    assert [line for text in texts(given) for line in text.splitlines()] == lines
    assert given.notices == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("short\n" + "long " * 9 + "\n", "line 2 is longer"),
        ("long " * 9 + "\n\n" + "long " * 9, "2 lines, the first of them line 1,"),
    ],
)
@pytest.mark.parametrize("form", [{"chunk_bytes": 12}, {"chunks": 9}])
def test_lines_that_are_cut_are_told(tmp_path, text, told, form):
    (tmp_path / "in.txt").write_text(text)

    assert told in read_input(str(tmp_path / "in.txt"), **form).notices[0]


def test_unknown_keys_are_said_to_be_ignored(tmp_path):
    path = tmp_path / "in.json"
    path.write_text('[{"text": "a", "num_reducer": 3}]')

    assert "'num_reducer'" in read_input(str(path)).notices[0]


BAD_JSON = [
    ('{"data": [', "line 1, column 11"),
    ('["a",\n  oops]', "line 2, column 3"),
    ("{}", 'without "data"'),
    ('{"text": "a"}', "found 'text'"),
    ('{"data": {"text": "a"}}', "data is an object"),
    ('"text"', 'the document is a string "text"'),
    ("12", "a number 12"),
    ("null", "null"),
    ('["a", 5]', "[1] (element 2) is a number 5"),
    ('{"data": ["a", null]}', "data[1] (element 2) is null"),
    ("[[]]", "[0] (element 1) is an array"),
    ('[{"destination": "b"}]', 'has no "text"'),
    ('[{"text": 5}]', '"text" is a number 5'),
    ('[{"text": "a", "destination": 5}]', '"destination" is a number 5'),
    ('[{"text": "a", "numReducer": 0}]', '"numReducer" is 0'),
    ('[{"text": "a", "numReducer": -1}]', '"numReducer" is -1'),
    ('[{"text": "a", "numReducer": 1001}]', "1 to 1000"),
    ('[{"text": "a", "numReducer": "3"}]', 'a string "3"'),
    ('[{"text": "a", "numReducer": 3.0}]', "a number 3.0"),
    ('[{"text": "a", "numReducer": true}]', "a boolean true"),
    ('[{"text": "a", "numReducer": NaN}]', "a number NaN"),
    ('["fine", "x \\ud800"]', "[1] (element 2): the text has a lone surrogate (\\ud800) at character 3"),
    ('[{"text": "\\udfff"}]', "(\\udfff) at character 1"),
    ("[" * 100_000, "nested too deeply"),
    ("[" + "9" * 5000 + "]", "is not JSON that can be read"),
]


@pytest.mark.parametrize(("document", "told"), BAD_JSON, ids=[told for _, told in BAD_JSON])
def test_bad_json_is_refused_with_its_place(tmp_path, document, told):
    path = tmp_path / "in.json"
    path.write_text(document)

    with pytest.raises(InputError) as refused:
        read_input(str(path))

    assert told in str(refused.value)
    assert "in.json" in str(refused.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"abc\0def", "binary (a NUL byte at offset 3)"),
        (b"caf\xe9 noir", "not UTF-8: invalid continuation byte (byte 0xe9) at offset 3"),
        (b"abc \xff", "at offset 4"),
        ("日本語".encode()[:-1], "unexpected end of data (byte 0xe8) at offset 6"),
        (b"ab \xed\xa0\x80", "at offset 3"),
    ],
)
@pytest.mark.parametrize("block", [1, 3, 1 << 20])
@pytest.mark.parametrize("name", ["in.txt", "in.json"])
def test_what_is_not_utf8_is_refused_with_its_offset(tmp_path, monkeypatch, content, told, block, name):
    monkeypatch.setattr("scripts.client.input.text._BLOCK_BYTES", block)
    (tmp_path / name).write_bytes(content)

    with pytest.raises(InputError) as refused:
        read_input(str(tmp_path / name))

    assert told in str(refused.value)
    assert name in str(refused.value)


KINDS = [
    ("one".encode("utf-32"), "is UTF-32 text", "iconv -f UTF-32 -t UTF-8"),
    (lzma.compress(b"one"), "is compressed with xz", "unxz -c"),
    (b"PK\x03\x04\x14\0", "is a zip archive", "unzip -p"),
    (b"a.txt".ljust(257, b"\0") + b"ustar\x0000", "is a tar archive", "tar -xOf"),
    (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "is a PDF document", "pdftotext"),
]


@pytest.mark.parametrize(("content", "kind", "command"), KINDS, ids=[f"{kind} {command}" for _, kind, command in KINDS])
@pytest.mark.parametrize("name", ["my file.txt", "in.json", "folder/file"])
def test_a_file_of_another_kind_is_called_what_it_is(tmp_path, content, kind, command, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(content)

    with pytest.raises(InputError) as refused:
        read_input(str(tmp_path / name.partition("/")[0]))

    assert f"{tmp_path / name} {kind}" in str(refused.value)
    assert f"{command} {shlex.quote(str(tmp_path / name))}" in str(refused.value)


def test_standard_input_of_another_kind_is_called_what_it_is(stdin):
    stdin(lzma.compress(b"one"))

    with pytest.raises(InputError, match=r"standard input is compressed with xz.* unxz -c FILE \|"):
        read_input("-")


@pytest.mark.parametrize(("text", "encoding"), [("one two", "UTF-16LE"), ("é une\r\n 日本", "UTF-16BE")])
def test_utf16_without_a_mark_is_called_what_it_is(tmp_path, text, encoding):
    (tmp_path / "in.txt").write_bytes(text.encode(encoding))

    with pytest.raises(InputError, match=f"in.txt is UTF-16 text without a mark in front; say so: --encoding {encoding}"):
        read_input(str(tmp_path / "in.txt"))


@pytest.mark.parametrize("text", ["BZhang is a name", "PK", "7z %PDF- é", "(µ/"])
def test_text_that_begins_like_another_kind_is_text(tmp_path, text):
    (tmp_path / "in.txt").write_text(text, encoding="utf-8")

    assert texts(read_input(str(tmp_path / "in.txt"))) == [text]


@pytest.mark.parametrize("content", [b"[1] a footnote", b"{curly} words", b'["a", 5]', b" [a]"])
def test_what_only_looks_like_json_can_be_read_as_text(stdin, content):
    stdin(content)

    with pytest.raises(InputError, match="--format text"):
        read_input("-")

    stdin(content)
    assert texts(read_input("-", form="text")) == [content.decode()]


def test_what_was_said_to_be_json_is_not_advised_to_be_text(tmp_path):
    (tmp_path / "in").write_text("[1] a footnote")

    with pytest.raises(InputError) as refused:
        read_input(str(tmp_path / "in"), form="json")

    assert "--format text" not in str(refused.value)


def test_differing_elements_cannot_be_cut_again(tmp_path):
    path = tmp_path / "in.json"
    path.write_text('[{"text": "a", "numReducer": 1}, {"text": "b", "numReducer": 2}]')

    with pytest.raises(InputError, match="differ in destination or numReducer"):
        read_input(str(path), chunks=2)


@pytest.mark.parametrize("name", ["-", "in.txt", "folder"])
def test_the_size_of_chunks_is_chosen_by_the_size_of_the_text(tmp_path, stdin, name):
    text = "to be é\n" * 100
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "in.txt", tmp_path / "folder" / "a.txt"):
        path.write_text(text, encoding="utf-8")
    stdin(text.encode())
    asked = []

    given = read_input(name if name == "-" else str(tmp_path / name), choose=lambda size: asked.append(size) or 50)

    assert asked == [len(text.encode())]
    assert given.chunk_bytes == 50
    assert "".join(texts(given)) == text
    assert max(len(piece.encode()) for piece in texts(given)) <= 50


def test_a_text_that_is_larger_than_what_is_read_ahead_has_no_size(stdin, monkeypatch):
    monkeypatch.setattr("scripts.client.input.elements.AHEAD_BYTES", 20)
    monkeypatch.setattr(text_input, "_BLOCK_BYTES", 8)
    stdin(b"to be\n" * 10)
    asked = []

    given = read_input("-", choose=lambda size: asked.append(size) or 12)

    assert asked == [None]
    assert texts(given) == ["to be\nto be\n"] * 5


@pytest.mark.parametrize("asked", [{"chunks": 2}, {"chunk_bytes": 20}])
def test_nothing_is_chosen_for_a_user_who_says_it(tmp_path, asked):
    (tmp_path / "in.txt").write_text("to be\n" * 5)

    assert read_input(str(tmp_path / "in.txt"), choose=lambda size: pytest.fail("asked"), **asked).chunk_bytes is None
