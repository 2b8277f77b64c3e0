"""A job in one process, without any shuffle: what it must give, whatever runs it."""

import importlib.util
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from runtime.mapreduce.job import serving

Pair = tuple[str, Any]


@dataclass(frozen=True)
class Job:
    """The programmer's functions, and `pairs`: what the map emits for a text, in order."""

    name: str
    user_map: Callable[[str], None] = field(repr=False)
    user_reduce: Callable[[str, Any], Any] = field(repr=False)
    user_combine: Callable[[str, Any], Any] | None = field(repr=False)
    pairs: Callable[[str], Iterable[Pair]] = field(repr=False)

    def result(self, texts: Iterable[str]) -> dict[str, Any]:
        """What one process makes of the texts."""
        held: dict[str, list[Any]] = defaultdict(list)
        for text in texts:
            for word, value in self.pairs(text):
                held[word].append(value)
        with serving(None):  # What is counted here belongs to none of the functions that may be at work in this process.
            return {word: self.user_reduce(word, values) for word, values in held.items()}


def load(folder: Path) -> Job:
    """Load the files of a job in a folder such as those in samples/jobs."""
    listening: Any = _module(folder / "user_map.py")
    combine: Any = _module(folder / "user_combine.py") if (folder / "user_combine.py").exists() else None
    reduce: Any = _module(folder / "user_reduce.py")

    def pairs(text: str) -> list[Pair]:
        heard: list[Pair] = []
        listening.emit = lambda word, value=1: heard.append((word, value))
        listening.user_map(text)
        return heard

    user_map: Any = _module(folder / "user_map.py")
    return Job(folder.name, user_map.user_map, reduce.user_reduce, combine and combine.user_combine, pairs)


def _module(path: Path) -> ModuleType:
    """Anew each time: not the one that others have."""
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
