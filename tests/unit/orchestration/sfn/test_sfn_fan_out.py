"""Step Functions: an array to fan out over is answered as it is, or by claim checks where a state can't hold it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.limits import LIMITS
from runtime.orchestration.contract import Invocation
from runtime.orchestration.settings import Settings
from runtime.orchestration.sfn.orchestration import StepFunctions
from runtime.orchestration.workflow.envelope import Envelope, EnvelopeError, Inline
from runtime.ports import Ports, using
from runtime.record import replace
from tests.fakes.context import FakeContext
from tests.fakes.places import WORDCOUNT

DATA = [{"Source": "s3", "Value": "reducer.input/2.json"}, {"Source": "http", "Value": 1}, {"Source": "s3", "Value": ["a"]}]
"""Values of a user's that look like data of ours."""

values = st.one_of(st.none(), st.integers(), st.text(st.characters(codec="utf-8")), st.sampled_from(DATA))


class Objects:
    """S3 as a fan-out uses it, and what it was asked for."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.asked: list[str] = []

    def create_or_read(self, bucket: str, key: str, body: bytes) -> bytes:
        """The first writer wins."""
        self.asked.append(key)
        return self.held.setdefault(key, body)

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """The last writer wins."""
        self.asked.append(key)
        self.held[key] = body

    def get(self, bucket: str, key: str) -> bytes | None:
        """What is there."""
        return self.held.get(key)


def function(name: str) -> StepFunctions:
    return StepFunctions(Settings("sfn", name, "p-", "returns", "results", place=WORDCOUNT[name]), lambda *_: None)


def fanned_out(array: list[Any], objects: Objects, state_bytes: int = LIMITS.state_bytes) -> Any:
    """What partition answers that returned this array."""
    invocation = Invocation("run1", Envelope("run1", Inline([])), FakeContext())
    with using(Ports(s3=objects, limits=replace(LIMITS, state_bytes=state_bytes))):
        return function("partition").egress(invocation, array)


def branches_of(answer: Any, objects: Objects) -> list[Any]:
    """What the branches read, of the events that the state machine makes of an answer as its definition says."""
    reducer, read = function("reducer"), []
    for index, item in enumerate(answer["Value"], 1):
        data = {"Source": answer["Source"], "Value": item}
        event = {"Session": "run1", "Data": data, "Fan-out": {"Index": index, "Size": len(answer["Value"])}}
        with using(Ports(s3=objects)):
            read.append(reducer.read(reducer.ingress(event, FakeContext())))
    return read


def test_array_that_fits_is_answered_as_it_is_and_asks_nothing_of_s3() -> None:
    objects = Objects()

    assert fanned_out([{"n": 1}, {"n": 2}], objects) == {"Source": "http", "Value": [{"n": 1}, {"n": 2}]}
    assert objects.asked == []


def test_array_that_does_not_fit_is_answered_by_pointers_alone() -> None:
    objects = Objects()

    answer = fanned_out(["x" * 200, "y", "z"], objects, state_bytes=120)

    assert answer == {"Source": "s3", "Value": [f"reducer.input/{index}.json" for index in (1, 2, 3)]}
    assert objects.held["run1/reducer.input/2.json"] == b'"y"'


@given(array=st.lists(values, max_size=9), state_bytes=st.sampled_from((260, LIMITS.state_bytes)))
def test_each_branch_gets_its_element_whatever_it_looks_like(array: list[Any], state_bytes: int) -> None:
    objects = Objects()

    assert branches_of(fanned_out(array, objects, state_bytes), objects) == array


def test_attempts_that_overlap_hand_on_the_array_of_the_first_one() -> None:
    objects = Objects()
    first, second = ["a" * 200, "b"], ["c" * 200, "d", "e"]

    answers = [fanned_out(array, objects, state_bytes=150) for array in (first, second)]

    assert answers[0] == answers[1]
    assert branches_of(answers[1], objects) == first


def test_array_whose_pointers_do_not_fit_is_refused_and_no_element_is_stored() -> None:
    objects = Objects()

    with pytest.raises(EnvelopeError, match=r"^partition returned 4 elements .* 123 bytes, and a state holds 122: use fewer"):
        fanned_out(["x" * 200] * 4, objects, state_bytes=122)

    assert list(objects.held) == ["run1/partition/1.json"]


def test_pointers_to_as_many_elements_as_a_state_may_have_branches_fit() -> None:
    objects = Objects()

    answer = fanned_out(["x" * 100] * 4600, objects)

    assert len(json.dumps(answer)) <= LIMITS.state_bytes
    assert len(answer["Value"]) == 4600
