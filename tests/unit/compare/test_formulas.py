"""The formulas' own parts; tests/e2e/test_compare.py holds the whole against real runs."""

import pytest

from runtime.orchestration.http_sync_s3.fan_in import wait
from scripts.compare import formulas
from scripts.compare.formulas import Shape
from scripts.orchestrations import ORCHESTRATIONS
from tests.fakes.clock import FakeTime


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.5, 2.0, 30.0])
def test_polls_are_no_more_than_the_waiting_branch_makes(seconds):
    time = FakeTime(0.0)

    waited = wait(1, lambda: {1} if time.seconds >= seconds else set(), lambda: False, 900.0, 900.0, time)

    assert waited.polls == formulas.polls(seconds)


@pytest.mark.parametrize("orchestration", ORCHESTRATIONS)
def test_every_orchestration_has_formulas(orchestration):
    shape = Shape(chunks=3, reducers=2, words=100)

    ranges = {**formulas.by_functions(orchestration, shape), **formulas.by_client(orchestration, shape)}

    assert all(0 <= low <= high for low, high in ranges.values())


@pytest.mark.parametrize("orchestration", ORCHESTRATIONS)
def test_words_change_no_request_of_packed(orchestration):
    few, many = (Shape(3, 2, words, shuffle="packed") for words in (1, 10**6))

    assert formulas.by_functions(orchestration, few) == formulas.by_functions(orchestration, many)
    assert formulas.by_client(orchestration, few) == formulas.by_client(orchestration, many)


@pytest.mark.parametrize("orchestration", ORCHESTRATIONS)
def test_a_word_more_is_a_put_more_and_nothing_else(orchestration):
    before = formulas.by_functions(orchestration, Shape(3, 2, 100))
    after = formulas.by_functions(orchestration, Shape(3, 2, 101))

    assert after.pop("s3.PutObject") == tuple(number + 1 for number in before.pop("s3.PutObject"))
    assert after == before
