"""Results on disk and on the terminal."""

import io
import json
import os
import stat
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.client.errors import ClientError, UsageError
from scripts.client.report import output
from scripts.client.report.escaping import shortened, visible


def test_the_same_counts_give_the_same_bytes():
    assert output.to_bytes({"é": 1, "a": 2}) == output.to_bytes({"a": 2, "é": 1}) == '{\n  "a": 2,\n  "é": 1\n}\n'.encode()


def test_a_file_is_replaced_and_keeps_its_mode(tmp_path):
    path = tmp_path / "out.json"
    path.write_bytes(b"old")
    path.chmod(0o640)

    output.write_output(path, [b"n", b"ew"])

    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_is_as_readable_as_any_other(tmp_path):
    output.write_output(tmp_path / "out.json", [b"new"])
    (tmp_path / "plain").write_bytes(b"")

    assert (tmp_path / "out.json").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_what_was_there_stays_when_writing_fails(tmp_path, monkeypatch):
    path = tmp_path / "out.json"
    path.write_bytes(b"old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(ClientError, match="No space left on device"):
        output.write_output(path, [b"n", b"ew"])

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "real.json")

    output.write_output(output.check_output(str(tmp_path / "link")), [b"new"])

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real.json").read_bytes() == b"new"


def test_a_device_is_written_to_not_replaced():
    output.write_output(output.check_output("/dev/null"), [b"new"])

    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize(("name", "told"), [("", "is a folder"), ("no/out.json", "there is no folder")])
def test_places_that_cannot_be_written(tmp_path, name, told):
    with pytest.raises(UsageError, match=told):
        output.check_output(str(tmp_path / name))


def test_a_folder_without_permission_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere

    with pytest.raises(UsageError, match="can't be written"):
        output.check_output(str(tmp_path / "out.json"))


def test_the_table_is_ordered_and_cut_off(capsys):
    output.print_table({"b": 2, "a": 2, "c": 9, "d": 1}, 3)

    rows = [line.split()[1:4:2] for line in capsys.readouterr().out.splitlines() if any(n in line for n in "29")]
    assert rows == [["c", "9"], ["a", "2"], ["b", "2"]]


def test_the_table_puts_what_is_no_number_last(capsys):
    output.print_table({"a": True, "b": "text", "c": None, "d": -5, "e": 0.5}, 5)

    shown = [line.split()[1] for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    assert shown == ["e", "d", "a", "b", "c"]


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"a": 1, "b": 2}, "3 words, 2 distinct"),
        ({}, "0 words, 0 distinct"),
        ({"a": 0}, "0 words, 1 distinct"),
        ({"a": 1, "b": True, "c": "7", "d": None}, "4 distinct words"),
        ({"a": 0.1, "b": 0.2}, "2 distinct words"),
        ({"a": 1, "b": 1.5}, "2 distinct words"),
        ({"a": True, "b": False}, "2 distinct words"),
        ({"a": [1, 2]}, "1 distinct word"),
    ],
)
def test_only_whole_numbers_are_summed_up(counts, told):
    assert output.summed_up(counts) == told


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.text(), VALUES, max_size=8))
def test_the_bytes_are_those_of_json_dumps(counts):
    with mock.patch.object(output, "_BLOCK_WORDS", 3):
        assert output.to_bytes(counts) == (json.dumps(counts, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode()


@given(st.dictionaries(st.text(max_size=2), st.integers(0, 3) | st.floats(0, 3), max_size=20), st.integers(0, 25))
def test_the_first_rows_are_those_of_a_sort(counts, top):
    assert output._first(counts, top) == sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:top]


def test_averages_are_shown_with_the_digits_that_are_sure(capsys):
    output.print_table({"Oslo": 0.1 + 0.2, "Rome": 21.5}, 2)

    assert capsys.readouterr().out.splitlines()[3:5] == ["│ Rome │  21.5 │", "│ Oslo │   0.3 │"]


def test_lists_and_objects_are_shown_as_json_in_the_order_of_the_words(capsys):
    output.print_table({"b": {"x": None}, "a": [True, "é"]}, 2)

    assert capsys.readouterr().out.splitlines()[1:5] == [
        "┃ word ┃ value       ┃",
        "┡━━━━━━╇━━━━━━━━━━━━━┩",
        '│ a    │ [true, "é"] │',
        '│ b    │ {"x": null} │',
    ]


def test_long_values_are_shortened_in_the_table_alone(capsys):
    output.print_table({"a": list(range(1000))}, 1)
    shown = capsys.readouterr().out
    output.print_json({"a": list(range(1000))})

    assert "0, 1, 2, 3" in shown
    assert "… (4890 characters)" in shown
    assert max(map(len, shown.splitlines())) < 80


def test_wide_and_combining_characters_leave_the_borders_straight(capsys):
    output.print_table({"日本": 2, "e\u0301": 1}, 2)

    assert capsys.readouterr().out.splitlines()[3:5] == ["│ 日本 │     2 │", "│ e\u0301    │     1 │"]


def test_a_stream_that_has_no_borders_gets_plain_ones(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", stream)

    output.print_table({"é": 12}, 1)

    stream.flush()
    assert stream.buffer.getvalue().decode().splitlines()[1:4] == ["| word | count |", "+------+-------+", "| \\xe9 |    12 |"]


def test_a_table_fits_a_narrow_terminal(monkeypatch, capsys):
    monkeypatch.setattr("scripts.client.report.table._terminal_width", lambda: 50)

    output.print_table({"w" * 60: 1}, 1)

    assert {len(line) for line in capsys.readouterr().out.splitlines()} == {50}


@pytest.mark.parametrize("word", ["[red]x", "[/]", "[bold", "\\[red]", "日本語", ":smile:", "👨\u200d👩\u200d👧"])
def test_the_table_shows_markup_as_it_is(capsys, word):
    output.print_table({word: 1}, 1)

    assert word in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 日本語 😀", "plain é 日本語 😀"),
        ("a\x01b\x1b[31m", "a\\x01b\\x1b[31m"),
        ("\u202eevil", "\\u202eevil"),
        ("\x9b31m", "\\x9b31m"),
        ("\n", "\\n"),
    ],
)
def test_visible(text, shown):
    assert visible(text) == shown


def test_shortened():
    assert shortened("w" * 60, 60) == "w" * 60
    assert shortened("w" * 3000, 60).endswith("w… (3000 characters)")
    assert len(shortened("w" * 3000, 60)) == 60


@pytest.mark.parametrize("body", [b"", b"{"])
def test_a_result_that_is_none(body):
    with pytest.raises(ClientError, match="run r1"):
        output.parse_result("r1", body)
