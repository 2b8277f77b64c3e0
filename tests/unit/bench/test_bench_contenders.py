"""What runs beside the shuffles does the same work as they, and its counts are looked at."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.bench.beside import counting, with_lithops
from scripts.bench.contenders import Contender, Program, WrongCountsError, check, check_top, difference, lithops_environment
from scripts.bench.texts import Text


@pytest.fixture
def text(tmp_path: Path) -> Text:
    path = tmp_path / "text.txt"
    path.write_text("to be or\nnot to be\n")
    return Text("a text", path, 0.001, 6, Counter(["to", "be", "or", "not", "to", "be"]))


@pytest.fixture
def contender() -> Contender:
    return Program("counts", "some.module", 60.0)


@given(st.lists(st.sampled_from(["to be", "or", "", "nöt to", "x" * 50]), max_size=40), st.integers(1, 9))
def test_pieces_of_a_file_are_the_file_and_end_with_lines(lines: list[str], number: int) -> None:
    import tempfile

    with tempfile.NamedTemporaryFile() as file:
        content = "".join(line + "\n" for line in lines).encode()
        file.write(content)
        file.flush()

        pieces = with_lithops.cut(file.name, number)

        assert [begin for _, begin, _ in pieces[1:]] == [end for _, _, end in pieces[:-1]]
        assert b"".join(content[begin:end] for _, begin, end in pieces) == content
        assert all(content[end - 1 : end] == b"\n" for _, _, end in pieces)
        joined = with_lithops.join([with_lithops.count(*piece) for piece in pieces])
        assert joined == Counter(content.decode().split())


def test_lithops_workers_find_its_own_python_first(tmp_path: Path) -> None:
    environment = lithops_environment(tmp_path / "bin" / "python", tmp_path / "home")

    assert environment["PATH"].split(":")[0] == str(tmp_path / "bin")
    assert environment["HOME"] == environment["TMPDIR"] == str(tmp_path / "home")


def test_one_process_counts_right(text: Text, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["counting", str(text.path)])

    assert counting.main() == 0

    assert capsys.readouterr().out.splitlines() == ["to 2", "be 2", "or 1", "not 1"]


def test_right_counts_pass_and_their_file_goes(contender: Contender, text: Text, tmp_path: Path) -> None:
    output = tmp_path / "counts.json"
    output.write_text(json.dumps(text.counts))

    check(contender, text, output)

    assert not output.exists()


@pytest.mark.parametrize("counts", [{"to": 2, "be": 2, "or": 1}, {"to": 2, "be": 2, "or": 1, "not": 2}, {}, [], None])
def test_wrong_counts_are_found(contender: Contender, text: Text, tmp_path: Path, counts: object) -> None:
    output = tmp_path / "counts.json"
    output.write_text(json.dumps(counts))

    with pytest.raises(WrongCountsError, match="counts"):
        check(contender, text, output)


def test_counts_that_were_never_written_are_wrong(contender: Contender, text: Text, tmp_path: Path) -> None:
    with pytest.raises(WrongCountsError, match="no counts of a text"):
        check(contender, text, tmp_path / "counts.json")


@pytest.mark.parametrize("output", [b"to 2\nbe 3\n", b"to 2\nbee 2\n", b""])
def test_wrong_words_at_the_top_are_found(contender: Contender, text: Text, output: bytes) -> None:
    check_top(contender, text, b"to 2\nbe 2\n")

    with pytest.raises(WrongCountsError, match="counts"):
        check_top(contender, text, output)


def test_difference_names_a_word_and_both_numbers() -> None:
    assert difference({"a": 1, "b": 3}, {"a": 2, "c": 1}) == "3 words have wrong counts: 'a' is 1 in place of 2"
