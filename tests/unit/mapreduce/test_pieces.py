"""The texts of a mapper's event, and where they come from."""

from typing import Any

import pytest

from runtime.mapreduce.pieces import texts_of
from runtime.mapreduce.source import Source


@pytest.mark.parametrize(
    ("event", "texts"),
    [
        ({"text": "to be"}, [("to be", Source())]),
        ({"text": "to be", "name": "a.txt", "offset": 7}, [("to be", Source("a.txt", 7))]),
        ({"pieces": []}, []),
        (
            {"pieces": [{"text": "to", "name": "a.txt", "offset": 9}, {"text": "be", "name": "b.txt"}]},
            [("to", Source("a.txt", 9)), ("be", Source("b.txt", 0))],
        ),
    ],
)
def test_texts_come_in_order_with_their_sources(event: dict[str, Any], texts: list[tuple[str, Source]]) -> None:
    assert list(texts_of(event)) == texts


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({}, 'mapper: "text" must be a string; got NoneType'),
        ({"text": "a", "name": 3}, 'mapper: "name" must be a string; got int'),
        ({"text": "a", "offset": -1}, 'mapper: "offset" must be a whole number from 0 on; got -1'),
        ({"text": "a", "offset": True}, 'mapper: "offset" must be a whole number from 0 on; got True'),
        ({"text": "a", "pieces": []}, 'mapper takes either "text"'),
        ({"pieces": {"text": "a"}}, 'mapper takes either "text", a string, or "pieces", an array'),
        ({"pieces": [{"text": "a"}, "b"]}, "mapper: piece 2 must be an object; got str"),
        ({"pieces": [{"text": "a"}, {"name": "b"}]}, 'mapper: piece 2: "text" must be a string; got NoneType'),
    ],
)
def test_malformed_event_is_refused_before_its_first_text(event: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=f"^{told}"):
        texts_of(event)
