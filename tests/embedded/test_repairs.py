"""The repairs as a whole: each says how it can be seen to be unneeded, and they are applied in an order that works."""

import inspect
import re
from collections.abc import Callable
from functools import partial

import pytest

from scripts.embedded.server.counting import Counter
from scripts.embedded.server.deliveries import Deliveries
from scripts.embedded.server.repairs import in_order
from scripts.embedded.server.slots import Slots
from scripts.paths import ROOT


def unwrapped(repair: Callable[[], None]) -> Callable[[], None]:
    return unwrapped(repair.func) if isinstance(repair, partial) else repair


REPAIRS = [unwrapped(repair) for repair in in_order(Counter(), Slots(8), Deliveries())]
NAMES = [repair.__name__ for repair in REPAIRS]


@pytest.mark.parametrize("repair", REPAIRS, ids=NAMES)
def test_repair_says_how_it_can_be_seen_to_be_unneeded(repair: Callable[[], None]) -> None:
    last = " ".join(inspect.getdoc(repair).rpartition("\n\n")[2].split())

    assert re.match(r"Unneeded once \S+ .*\.$", last)
    for file, test in re.findall(r"(\S+\.py)::(\w+)", last):
        assert f"\ndef {test}(" in (ROOT / file).read_text()


@pytest.mark.parametrize(
    ("earlier", "later", "why"),
    [
        ("give_mappings_their_defaults", "map_streams", "a mapping's thread begins with settings that are complete"),
        ("refuse_unreadable_streams", "map_streams", "a mapping that is refused gets no thread"),
        ("end_what_outgrows_its_memory", "tell_of_exits_as_lambda_does", "a worker that outgrew its memory is told as killed"),
    ],
)
def test_order_in_which_repairs_wrap_the_same_function(earlier: str, later: str, why: str) -> None:
    assert NAMES.index(earlier) < NAMES.index(later), why
