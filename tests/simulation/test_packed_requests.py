"""How many requests the layout packed makes, with objects so small that they are inlined, and with larger ones.

tests/e2e/test_compare.py holds the same formulas against what the embedded AWS counts, where all is small.
"""

from collections import Counter
from random import Random
from typing import Any

import pytest

from runtime.limits import LIMITS
from scripts.client.orchestrations.shape import Pairs, Shape
from scripts.compare import shuffle
from scripts.package.source import Source
from scripts.workflow import Workflow
from tests.fakes.limits import limit
from tests.simulation.scenario import SHUFFLE, Scenario
from tests.simulation.simulation import Simulation

CHUNKS, REDUCERS, WORDS = 5, 3, 400
WORKFLOW = Workflow("wordcount", "chunks", tuple(Source().places("sfn")))


class Counting:
    """Counts the requests for the shuffle's bucket, by the method of obstore."""

    def __init__(self, obstore: Any) -> None:
        self.counts: Counter[str] = Counter()
        self._obstore = obstore

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._obstore, name)
        if not callable(method) or name == "exceptions":
            return method

        def counted(store: str, *arguments: Any, **options: Any) -> Any:
            self.counts[name] += store == SHUFFLE
            return method(store, *arguments, **options)

        return counted


def counted_run() -> Counter[str]:
    """A run without faults, in which each mapper has words for each reducer."""
    random = Random(1)
    texts = tuple(" ".join(f"word{random.randrange(10**6)}" for _ in range(WORDS)) for _ in range(CHUNKS))
    simulation = Simulation("sfn", 1, Scenario(texts, REDUCERS, "survivable", shuffle="packed"), forced={})
    counting: Any = Counting(simulation.obstore)
    simulation.obstore = counting
    assert simulation.run().violations == []
    return +counting.counts


@pytest.mark.parametrize(
    ("end_bytes", "blocks"), [(LIMITS.end_bytes, 0), (1000, CHUNKS * REDUCERS)], ids=["inlined", "not inlined"]
)
def test_requests_of_packed_follow_the_formula(end_bytes: int, blocks: int) -> None:
    limit(end_bytes=end_bytes)
    ranges = shuffle.by_functions(Shape(WORKFLOW, (CHUNKS, REDUCERS), Pairs(CHUNKS * WORDS, "packed", blocks=blocks)))

    counts = counted_run()

    least, most = ranges["s3.GetObject"]
    gets = counts["get"] + counts["get_range"]
    assert counts["put"] == CHUNKS + 1 == ranges["s3.PutObject"][0]
    assert least <= gets <= most
    assert counts.keys() <= {"put", "get", "get_range"}
