"""Jobs in folders, as an author writes them."""

from collections.abc import Callable
from pathlib import Path

import pytest

MakeJob = Callable[..., Path]

MAP = (
    "def user_map(text):\n    for line in text.splitlines():\n"
    "        word, value = line.split()\n        yield word, int(value)\n"
)
REDUCE = "def user_reduce(word, values):\n    return sum(values)\n"


@pytest.fixture
def make_job(tmp_path: Path) -> MakeJob:
    """Make a job's folder: a sum for each word, but for the files that are given."""

    def make(input: str = "a 1\nb 2\na 3\nc 4\nb 5\n", **files: str) -> Path:
        folder = tmp_path / "job"
        folder.mkdir()
        (folder / "input.txt").write_text(input)
        for name, text in {"user_map": MAP, "user_reduce": REDUCE, **files}.items():
            (folder / (name if "." in name else f"{name}.py")).write_text(text)
        return folder

    return make
