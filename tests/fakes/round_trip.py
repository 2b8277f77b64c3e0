"""A job's mappers and readers, one after the other, over objects in memory: the true code of a layout, down to obstore."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from obstore.store import MemoryStore

from runtime.mapreduce import emitting, list_partitions, read_partition, run_map
from runtime.mapreduce.shuffle import Combine
from runtime.ports import ports
from runtime.run import Run, within

LAYOUTS = ("objects", "packed")

Map = Callable[[str], Any]


@contextmanager
def in_memory() -> Iterator[None]:
    """Let every bucket be the same one, in memory."""
    store = MemoryStore()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ports().s3, "_open", lambda bucket, retries=0: store)
        yield


def run_mapper(layout: str, user_map: Map, run: Run | None = None, combine: Combine | None = None) -> None:
    """One mapper."""
    with within(run or Run("run1")), emitting("my-bucket", 3, layout, combine):
        run_map(user_map, "")


def read_back(layout: str, mappers: int = 1, run_id: str = "run1") -> dict[str, list[Any]]:
    """Each word's values, as the reducers get them."""
    with within(Run(run_id)):
        found = list_partitions("my-bucket", layout, mappers)
        pairs = [pair for partition in found for pair in read_partition("my-bucket", partition, layout)]
    assert len(dict(pairs)) == len(pairs)
    return {word: list(values) for word, values in pairs}


def emitted(layout: str, *user_maps: Map) -> dict[str, list[Any]]:
    """What the readers of a run find in which these maps ran, as one mapper each."""
    with in_memory():
        for index, user_map in enumerate(user_maps, 1):
            run_mapper(layout, user_map, Run("run1", index, len(user_maps)))
        return read_back(layout, len(user_maps))
