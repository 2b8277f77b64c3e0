"""Step Functions: what the state machine sends is understood, whether it is an envelope's datum or bare input."""

from typing import Any

import pytest

from runtime.orchestration.settings import Settings
from runtime.orchestration.sfn.orchestration import StepFunctions
from runtime.orchestration.workflow.envelope import EnvelopeError, Inline, Pointer
from tests.fakes.context import FakeContext
from tests.fakes.places import WORDCOUNT


def given_to(function: str, data: Any, **more: Any) -> Any:
    settings = Settings("sfn", function, "p-", "returns", "results", place=WORDCOUNT[function])
    event = {"Session": "run1", "Data": data, **more}
    return StepFunctions(settings, lambda *_: None).ingress(event, FakeContext()).given.data


@pytest.mark.parametrize("element", [5, None, "text", [1, 2], {"text": "to be"}, {"Value": 1}])
def test_element_of_the_input_may_be_bare(element: Any) -> None:
    assert given_to("mapper", element, **{"Fan-out": {"Index": 1, "Size": 2}}) == Inline(element)


def test_element_of_the_input_may_be_a_claim_check() -> None:
    pointer = Pointer("mapper.input/1.json")

    assert given_to("mapper", pointer.json(), **{"Fan-out": {"Index": 1, "Size": 2}}) == pointer


def test_list_of_what_branches_returned_is_no_bare_array() -> None:
    assert given_to("summary", [Inline(1).json(), Pointer("reducer/2.json").json()]) == [Inline(1), Pointer("reducer/2.json")]


@pytest.mark.parametrize(("function", "place"), [("mapper", {}), ("summary", {"Fan-out": {"Index": 1, "Size": 2}})])
def test_place_in_a_fan_out_is_for_branches_and_for_nobody_else(function: str, place: dict[str, Any]) -> None:
    with pytest.raises(EnvelopeError, match=f'{function} is .* "Fan-out" in its envelope'):
        given_to(function, Inline([]).json(), **place)


@pytest.mark.parametrize(("event", "unclaimed"), [([1, 2], True), ({"Session": "run1", "Data": Inline([1]).json()}, False)])
def test_keeper_knows_nothing_of_a_run_that_no_client_has_started(event: Any, unclaimed: bool) -> None:
    settings = Settings("sfn", "unum_map", "p-", "returns", "results", place=WORDCOUNT["unum_map"])

    assert StepFunctions(settings, lambda *_: None).ingress(event, FakeContext()).unclaimed is unclaimed
