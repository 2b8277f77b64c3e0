"""How many requests a run makes, as formulas; docs/costs.md says them in words, and a test holds them against real runs.

Each is a pair (least, most): the same number twice where it is exact, a bound where it depends on timing. They hold for a run in
which nothing fails and nothing runs twice, whose values are small (no claim checks), and none of whose fan-outs is empty.

What an orchestration asks for stands in `scripts.client.orchestrations.{orchestration}.formulas`, over any workflow; what the
shuffle asks for, in `shuffle`. Here are the two together, and what every client does.
"""

from collections import Counter
from importlib import import_module
from math import ceil
from types import ModuleType

from scripts.client.orchestrations.shape import PAGE, Range, Shape, client_polls, exactly
from scripts.compare import shuffle

__all__ = ["Range", "Shape", "by_client", "by_functions"]


def by_functions(orchestration: str, shape: Shape) -> dict[str, Range]:
    """What all functions of a run do together: requests by name, `invocations`, and `transitions` of a state machine."""
    return _sum(_formulas(orchestration).by_functions(shape), shuffle.by_functions(shape) if shape.pairs else {})


def by_client(orchestration: str, shape: Shape) -> dict[str, Range]:
    """What the client does from claiming the run id to removing what the run left, without display of progress."""
    # Whether the run id was used; the shuffle's first page, and if that is full, all pages and one more that is found empty.
    stored = shuffle.objects(shape) if shape.pairs else 0
    pages = ceil(stored / PAGE)
    shuffled = 0 if shape.pairs is None else 1 if stored < PAGE else 1 + pages + 1
    always = {
        "s3.PutObject": exactly(1),  # run.json
        "s3.ListObjectsV2": exactly(1 + shuffled),
        "s3.HeadObject": (1, 2 * client_polls(shape.seconds)),
        "s3.GetObject": exactly(1),
        "s3.DeleteObjects": (1 + (shape.pairs is not None), 1 + pages),  # run.json, and the shuffle
    }
    return _sum(always, _formulas(orchestration).by_client(shape))


def _formulas(orchestration: str) -> ModuleType:
    return import_module(f"scripts.client.orchestrations.{orchestration}.formulas")


def _sum(one: dict[str, Range], other: dict[str, Range]) -> dict[str, Range]:
    least, most = Counter[str](), Counter[str]()
    for ranges in (one, other):
        least.update({name: low for name, (low, _) in ranges.items()})
        most.update({name: high for name, (_, high) in ranges.items()})
    return {name: (least[name], most[name]) for name in most}
