"""What is kept in memory and what goes to the disk: pieces in a spool, and lines that are sorted piece by piece."""

import io
import json
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from runtime.mapreduce.packed.spool import Spool
from runtime.mapreduce.packed.writer import MEMORY_VARIABLE
from runtime.mapreduce.sorting import Sorting
from tests.fakes.limits import limit
from tests.fakes.round_trip import emitted, in_memory, run_mapper


class Disk(io.BytesIO):
    """A temporary file that notes how much is written at once."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[int] = []

    def write(self, data: Any) -> int:
        self.writes.append(len(data))
        return super().write(data)


@pytest.fixture
def disks(monkeypatch: pytest.MonkeyPatch) -> list[Disk]:
    made: list[Disk] = []

    def open_one(prefix: str) -> Disk:
        assert prefix == "packed-"
        made.append(Disk())
        return made[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", open_one)
    return made


def test_pieces_go_to_the_disk_once_memory_is_full(disks: list[Disk]) -> None:
    with Spool(memory_bytes=6) as spool:
        places = [spool.append(piece) for piece in (b"one", b"two", b"3", b"four")]

        assert places == [0, 3, 6, 7]
        assert [spool.read(place, length) for place, length in zip(places, (3, 3, 1, 4), strict=True)] == [
            b"one",
            b"two",
            b"3",
            b"four",
        ]
        assert [disk.writes for disk in disks] == [[1, 4]]
    assert disks[0].closed


def test_spool_takes_as_much_memory_as_the_limits_say(disks: list[Disk]) -> None:
    limit(spooled_bytes=3)

    with Spool() as spool:
        spool.append(b"one")
        assert disks == []
        spool.append(b"2")

    assert [disk.writes for disk in disks] == [[1]]


WORDS = ["d", "b", "é", "a", "c"]


def in_order(lines: Iterable[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    with Spool(memory_bytes=0) as spool:
        sorting = Sorting(spool)
        for word, text in lines:
            sorting.add(word, text)
        return list(sorting.in_order())


def line(word: str) -> tuple[str, bytes]:
    return word, json.dumps([word, 1]).encode() + b"\n"


@pytest.mark.parametrize(
    ("limits", "writes"),
    [
        ({}, []),
        # A line is taken for 200 bytes beside its word, here 1, and itself, here 9, or 14 for the one of é.
        ({"sorted_bytes": 2 * 210}, [18, 23]),
        ({"sorted_bytes": 2 * 210 + 1}, [32]),
        ({"sorted_bytes": 2 * 210, "put_away_bytes": 10}, [18, 23]),
        ({"sorted_bytes": 2 * 210, "put_away_bytes": 9}, [9, 9, 9, 14]),
        ({"sorted_bytes": 1}, [9, 9, 14, 9, 9]),
    ],
)
def test_lines_are_sorted_by_pieces_that_fit_into_memory(limits: dict[str, int], writes: list[int], disks: list[Disk]) -> None:
    limit(**limits)

    found = in_order(map(line, WORDS))

    assert found == [line(word) for word in sorted(WORDS)]
    assert [size for disk in disks for size in disk.writes] == writes


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\u2028b", "a\x1cb"])
def test_word_with_a_line_end_in_it_stays_whole(text: str, disks: list[Disk]) -> None:
    limit(sorted_bytes=1)

    assert in_order([line("z"), line(text)]) == [line(text), line("z")]


def test_mapper_and_reducer_leave_no_file_open(disks: list[Disk]) -> None:
    limit(spooled_bytes=0)

    emitted("packed", lambda text: iter([("word", 1), ("other", 2)]))

    assert disks
    assert all(disk.closed for disk in disks)


def test_mapper_that_fails_leaves_no_file_open(disks: list[Disk], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MEMORY_VARIABLE, "0")
    limit(spooled_bytes=0)

    def user_map(text: str) -> Iterator[tuple[str, int]]:
        yield "word", 2
        raise LookupError("mine")

    with pytest.raises(LookupError), in_memory():
        run_mapper("packed", user_map)

    assert [disk.closed for disk in disks] == [True]
