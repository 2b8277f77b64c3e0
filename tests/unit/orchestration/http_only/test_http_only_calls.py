"""http_only's calls: tried again after pauses that double, as often and as long as there is sense in it."""

from collections.abc import Callable
from typing import Any

import pytest

from runtime.aws.errors import AnswerLost, FunctionFailed, InvokeError
from runtime.orchestration.contract import Invocation
from runtime.orchestration.http_only.orchestration import BranchFailed, HttpOnly
from runtime.orchestration.settings import Settings
from runtime.orchestration.workflow.envelope import Envelope, FanOut, Inline
from runtime.ports import Ports, using
from tests.fakes.clock import FakeTime
from tests.fakes.context import FakeContext
from tests.fakes.places import WORDCOUNT

SETTINGS = Settings("http_only", "unum_map", "p-", "returns", "results", place=WORDCOUNT["unum_map"])
FAILED = FunctionFailed("p-mapper", {"errorType": "ValueError", "errorMessage": "no"})
LOST, REFUSED = AnswerLost("gone"), InvokeError("no")


def calling(*outcomes: Exception | Any, clock: FakeTime, deadline: float = 1000.0) -> tuple[list[Any], Callable[[], Any]]:
    """What is invoked, and a call whose tries come out like that."""
    invoked: list[Any] = []
    left = list(outcomes)

    def invoke(function: str, payload: Any, until: float | None = None) -> Any:
        invoked.append((function, payload, until))
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    invocation = Invocation("run1", Envelope("run1", Inline([])), FakeContext(), None, None)

    def call() -> Any:
        with using(Ports(clock=clock)):
            return HttpOnly(SETTINGS, invoke)._call(invocation, "mapper", Inline(1), deadline, FanOut(2, 3))

    return invoked, call


def test_function_that_failed_is_called_again_after_pauses_that_double() -> None:
    clock = FakeTime(0.0)
    invoked, call = calling(FAILED, FAILED, {"Source": "http", "Value": 1}, clock=clock)

    assert call() == {"Source": "http", "Value": 1}

    assert clock.pauses == [1.0, 2.0]
    assert [(function, until) for function, _, until in invoked] == [("mapper", 1000.0)] * 3


@pytest.mark.parametrize(
    ("outcomes", "attempts", "error"),
    [
        ((FAILED, FAILED, FAILED), 3, "ValueError"),
        ((LOST, FAILED, FAILED, FAILED), 4, "ValueError"),
        ((LOST, LOST), 2, "AnswerLost"),
        ((REFUSED,), 1, "InvokeError"),
        (({"TurnedBack": "the run has ended"},), 1, "TurnedBack"),
    ],
)
def test_call_that_finally_failed_is_told_with_its_place_and_its_attempts(
    outcomes: tuple[Any, ...], attempts: int, error: str
) -> None:
    invoked, call = calling(*outcomes, clock=FakeTime(0.0))

    with pytest.raises(BranchFailed) as caught:
        call()

    told = caught.value.failure.json()
    assert [told[name] for name in ("function", "index", "attempts", "error")] == ["mapper", 2, attempts, error]
    assert len(invoked) == attempts


@pytest.mark.parametrize(("deadline", "tries"), [(1.0, 1), (1.5, 2), (3.0, 2), (3.5, 3)])
def test_call_is_not_repeated_without_time_for_it(deadline: float, tries: int) -> None:
    invoked, call = calling(FAILED, FAILED, FAILED, clock=FakeTime(0.0), deadline=deadline)

    with pytest.raises(BranchFailed):
        call()

    assert len(invoked) == tries
