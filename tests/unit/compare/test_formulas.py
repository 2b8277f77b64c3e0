"""The formulas' own parts; tests/e2e/test_compare.py holds the whole against real runs."""

import pytest

from runtime.orchestration.http_sync_s3.fan_in import Branch, wait
from scripts.client.orchestrations.shape import Pairs, Shape, exactly, polls
from scripts.compare import formulas
from scripts.orchestrations import ORCHESTRATIONS
from tests.fakes.clock import FakeTime
from tests.fakes.deployed import chain, wordcount


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.5, 2.0, 30.0])
def test_polls_are_no_more_than_the_waiting_branch_makes(seconds):
    time = FakeTime(0.0)

    branch = Branch("mapper", 1, 1, 900.0, 900.0, lambda: False, time)
    waited = wait(branch, lambda: {1} if time.seconds >= seconds else set())

    assert waited.polls == polls(seconds)


def shape(orchestration, words, layout="objects"):
    return Shape(wordcount(orchestration), [3, 2], Pairs(words, layout), waits=[0.0, 0.0])


@pytest.mark.parametrize("orchestration", ORCHESTRATIONS)
def test_every_orchestration_has_formulas(orchestration):
    some = shape(orchestration, 100)

    ranges = {**formulas.by_functions(orchestration, some), **formulas.by_client(orchestration, some)}

    assert all(0 <= low <= high for low, high in ranges.values())


@pytest.mark.parametrize("orchestration", ORCHESTRATIONS)
def test_words_change_no_request_of_packed(orchestration):
    few, many = (shape(orchestration, words, "packed") for words in (1, 10**6))

    assert formulas.by_functions(orchestration, few) == formulas.by_functions(orchestration, many)
    assert formulas.by_client(orchestration, few) == formulas.by_client(orchestration, many)


@pytest.mark.parametrize("orchestration", ORCHESTRATIONS)
def test_a_word_more_is_a_put_more_and_nothing_else(orchestration):
    before = formulas.by_functions(orchestration, shape(orchestration, 100))
    after = formulas.by_functions(orchestration, shape(orchestration, 101))

    assert after.pop("s3.PutObject") == tuple(number + 1 for number in before.pop("s3.PutObject"))
    assert after == before


ELECTING = ("sfn", "http_sync_s3", "http_only", "s3_triggers", "dynamodb_triggers")
"""Those in which exactly one continues after a fan-out."""


@pytest.mark.parametrize("orchestration", ORCHESTRATIONS)
def test_formulas_hold_for_a_workflow_without_a_shuffle(orchestration):
    workflow = chain(orchestration, "split", "square*", "total", "describe")

    ranges = formulas.by_functions(orchestration, Shape(workflow, [5], waits=[0.0]))

    # With triggers, each value that returns from the fan-out sets off the function that gathers.
    assert ranges["invocations"][0] == (12 if orchestration == "s3_triggers" else 8)
    # In another one, more than one branch may find that all have returned.
    assert orchestration not in ELECTING or ranges["invocations"] == exactly(ranges["invocations"][0])
