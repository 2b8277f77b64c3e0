"""The flow of a run in one process: each component function gets what it gets in Lambda, and its messages pass through JSON."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from obstore.store import MemoryStore

from runtime.aws.buckets import open_bucket
from runtime.aws.s3 import S3
from runtime.clock import Clock
from runtime.encoding import encode
from runtime.ports import Ports, using
from runtime.run import Run, within

BUCKET = "memory"
"""Where mappers emit to. All other buckets are S3's: a mapper may read its input there."""

_RUN = "try"

Component = Callable[[Any, Any], Any]

Tell = Callable[[str, int, int], None]
"""Is told of each invocation that begins: of which function, which one it is, and of how many."""


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Attributes:
        counters: their sums.
        mappers: how many there were; of the reducers likewise.
        notes: what a log line would say, such as `{"combiner": "left out"}`.
    """

    result: Any
    counters: dict[str, int]
    mappers: int
    reducers: int
    notes: dict[str, str]


def run_components(chunks: Sequence[Mapping[str, Any]], tell: Tell = lambda function, number, size: None) -> Outcome:
    """Run the flow over the mappers' events, each of which has `BUCKET` for its destination.

    Raises:
        Exception: whatever a component raises; nothing is tried again.
    """
    # Imported here, within the job that is in force: they import the programmer's functions.
    from functions.mapper.mapper import lambda_handler as mapper
    from functions.partition.partition import lambda_handler as partition
    from functions.reducer.reducer import lambda_handler as reducer
    from functions.summary.summary import lambda_handler as summary

    counters, notes = Counter[str](), dict[str, str]()

    def branches(function: str, component: Component, events: Sequence[Any]) -> list[Any]:
        returned = []
        for number, event in enumerate(events, 1):
            tell(function, number, len(events))
            with within(Run(_RUN, number, len(events), counters=counters, notes=notes)):
                returned.append(_through_json(component(_through_json(event), None)))
        return returned

    with _in_memory():
        (partitions,) = branches("partition", partition, [branches("mapper", mapper, chunks)])
        (result,) = branches("summary", summary, [branches("reducer", reducer, partitions)])
    return Outcome(result, dict(sorted(counters.items())), len(chunks), len(partitions), notes)


def _through_json(message: Any) -> Any:
    return json.loads(encode(message))


@contextmanager
def _in_memory() -> Iterator[None]:
    store, clock = MemoryStore(), Clock()

    def open_either(bucket: str, retries: int = 0) -> Any:
        return store if bucket == BUCKET else open_bucket(bucket, retries)

    with using(Ports(clock=clock, s3=S3(clock, open=open_either))):
        yield
