"""Results on disk and on the terminal."""

import io
import os
import stat

import pytest

from scripts.client.errors import ClientError, UsageError
from scripts.client.report import output
from scripts.client.report.choice import ALL
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


def print_table(counts):
    output.print_table(counts, ALL.for_table(counts, counts))


def test_averages_are_shown_with_the_digits_that_are_sure(capsys):
    print_table({"Oslo": 0.1 + 0.2, "Rome": 21.5})

    assert capsys.readouterr().out.splitlines()[3:5] == ["│ Rome │  21.5 │", "│ Oslo │   0.3 │"]


def test_lists_and_objects_are_shown_as_json_in_the_order_of_the_words(capsys):
    print_table({"b": {"x": None}, "a": [True, "é"]})

    assert capsys.readouterr().out.splitlines()[1:5] == [
        "┃ word ┃ value       ┃",
        "┡━━━━━━╇━━━━━━━━━━━━━┩",
        '│ a    │ [true, "é"] │',
        '│ b    │ {"x": null} │',
    ]


def test_long_values_are_shortened_in_the_table_alone(capsys):
    print_table({"a": list(range(1000))})
    shown = capsys.readouterr().out
    output.print_json({"a": list(range(1000))})

    assert "0, 1, 2, 3" in shown
    assert "… (4890 characters)" in shown
    assert max(map(len, shown.splitlines())) < 80


def test_wide_and_combining_characters_leave_the_borders_straight(capsys):
    print_table({"日本": 2, "e\u0301": 1})

    assert capsys.readouterr().out.splitlines()[3:5] == ["│ 日本 │     2 │", "│ e\u0301    │     1 │"]


def test_a_stream_that_has_no_borders_gets_plain_ones(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", stream)

    print_table({"é": 12})

    stream.flush()
    assert stream.buffer.getvalue().decode().splitlines()[1:4] == ["| word | count |", "+------+-------+", "| \\xe9 |    12 |"]


def test_a_table_fits_a_narrow_terminal(monkeypatch, capsys):
    monkeypatch.setattr("scripts.client.report.table._terminal_width", lambda: 50)

    print_table({"w" * 60: 1})

    assert {len(line) for line in capsys.readouterr().out.splitlines()} == {50}


@pytest.mark.parametrize("word", ["[red]x", "[/]", "[bold", "\\[red]", "日本語", ":smile:", "👨\u200d👩\u200d👧"])
def test_the_table_shows_markup_as_it_is(capsys, word):
    print_table({word: 1})

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
