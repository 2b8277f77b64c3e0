"""docs/packed.md and `python -m runtime.mapreduce.packed`: both say what the code does."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.limits import LIMITS
from runtime.mapreduce.packed import compression
from runtime.mapreduce.packed import format as container
from runtime.mapreduce.packed.__main__ import main
from scripts import paths
from tests.fakes.packed_store import PackedStore, partitions, write_all

DOCUMENT = (paths.ROOT / "docs/packed.md").read_text(encoding="utf-8")
MAPPERS = [[("to", 1), ("be", 1), ("to", 1), ("to", "x")], [("or", 1)]]


def examples(language: str) -> list[str]:
    """The document's blocks of code."""
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)


@pytest.fixture
def objects() -> Iterator[dict[str, bytes]]:
    """The document's example: a run of two mappers and two partitions."""
    with pytest.MonkeyPatch.context() as patch:
        store = PackedStore(patch)
        write_all(MAPPERS, num_reducer=2)
        partitions(2)
        yield store.objects


@pytest.fixture
def file(objects: dict[str, bytes], tmp_path: Path) -> Path:
    """The first mapper's object."""
    (tmp_path / "1").write_bytes(objects["run1/packed/1"])
    return tmp_path / "1"


def documented_index(body: bytes) -> Any:
    _, length, _, _ = container._TAIL.unpack(body[-32:])
    return json.loads(compression.decompress(body[-32 - length : -32]))


def test_documented_index_is_the_one_that_is_written(objects: dict[str, bytes]) -> None:
    assert json.loads(examples("json")[0]) == documented_index(objects["run1/packed/1"])


def test_documented_frame_is_the_one_that_is_written(objects: dict[str, bytes]) -> None:
    assert examples("json")[1].encode() == compression.decompress(objects["run1/packed/1"][:39])


def test_documented_references_are_those_that_are_written(objects: dict[str, bytes]) -> None:
    body = objects["run1/packed/index"]
    block = documented_index(body)["blocks"][1]
    start = block["offset"]
    frame = body[start : start + block["parts"][0][0]]

    assert json.loads(examples("json")[2]) == json.loads(compression.decompress(frame))


def test_documented_reader_reads(file: Path, tmp_path: Path) -> None:
    (program,) = examples("python")
    (tmp_path / "reader.py").write_text(program, encoding="utf-8")

    read = subprocess.run([sys.executable, tmp_path / "reader.py", file], capture_output=True, text=True, check=True)

    assert read.stdout == "1 be 1\n1 to [1, 2, 'x', 1]\n"


def test_documented_limits_are_those_of_the_code() -> None:
    assert LIMITS.single_put_bytes == compression.MAX_RAW_BYTES == 16 * 2**20
    assert (LIMITS.end_bytes, LIMITS.inlined_bytes) == (64 * 2**10, 32 * 2**20)


def test_object_is_printed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(file)]) == 0

    assert capsys.readouterr().out.splitlines() == [
        "pairs of mapper 1 of 2, of run run1",
        "4 pairs emitted, and 4 written, over 2 partitions",
        "partition 1: 4 pairs of 2 words, with any values; 39 bytes at 0, sha256 b6380fec526f5debb2c7b5bb5c586924",
        "  part 1: 1 frames",
        '    "be" 1',
        '    "to" [1, 2, "x", 1]',
    ]


def test_merged_index_is_printed(objects: dict[str, bytes], file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(objects["run1/packed/index"])

    assert main([str(file)]) == 0

    printed = capsys.readouterr().out
    assert printed.startswith("merged index of run run1, 2 mappers\n5 pairs emitted, and 5 written, over 2 partitions\n")
    assert "\n  1: 4 pairs of 2 words, with any values; inlined here, sha256 b6380fec526f5debb2c7b5bb5c586924\n" in printed


def test_printing_a_broken_object_says_what_is_wrong(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(b"\0" + file.read_bytes()[1:])

    assert main([str(file)]) == 1

    assert capsys.readouterr().err == f"the packed object {file} is damaged: the checksum of the block at byte 0 is wrong\n"


def test_printing_no_object_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "nothing")]) == 1

    assert "No such file" in capsys.readouterr().err
