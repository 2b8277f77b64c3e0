"""Elements of a text of any size: the same whether they lie in memory or in a file."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.client.input.chunks import Element
from scripts.client.input.settling import settle
from scripts.client.input.spooled import spooled

BUCKETS = {"shuffle": "shuffle"}


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1)), st.integers(0, 30))
def test_elements_are_the_same_wherever_they_lie(texts: list[str], held: int) -> None:
    elements = spooled(({"text": text} for text in texts), held)

    assert [element.text for element in elements] == texts
    assert list(reversed(elements)) == [Element(text) for text in reversed(texts)]
    assert elements[1:3] == [Element(text) for text in texts[1:3]]
    assert isinstance(elements, list) is (sum(map(len, texts)) <= held)


def test_element_that_is_not_there_is_no_element() -> None:
    elements = spooled([{"text": "to"}, {"text": "be"}], 0)

    assert elements[-1] == Element("be")
    for index in (2, -3):
        with pytest.raises(IndexError):
            elements[index]


def test_texts_that_have_no_room_are_not_held() -> None:
    class Counted(str):
        alive = 0

        def __new__(cls, text: str) -> "Counted":
            Counted.alive += 1
            return super().__new__(cls, text)

        def __del__(self) -> None:
            Counted.alive -= 1

    most = 0

    def texts() -> Iterator[dict[str, str]]:
        nonlocal most
        for number in range(100):
            most = max(most, Counted.alive)
            yield {"text": Counted(f"text {number}")}

    elements = spooled(texts(), 30)

    assert most <= 10
    assert elements[99].text == "text 99"


def test_chunks_of_them_are_made_when_they_are_asked_for() -> None:
    elements = spooled([{"text": f"text {number}", "name": "é"} for number in range(20)], 30)

    chunks, *_ = settle(elements, BUCKETS, None, 5, {"shuffle": "packed"})

    assert not isinstance(chunks, list)
    assert len(chunks) == 20
    assert list(chunks) == list(settle(list(elements), BUCKETS, None, 5, {"shuffle": "packed"})[0])
    assert chunks[3] == {"text": "text 3", "name": "é", "destination": "shuffle", "numReducer": 5, "shuffle": "packed"}
