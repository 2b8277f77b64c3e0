"""An execution's history ends at 25,000 events: the largest run that the client starts stays below, whatever errors it meets.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html. This counts what the definition allows, not what is
likely: every item uses all its attempts for errors before it returns, and every item under way at the end fails and is recorded.
Throttling is left out here: how often it happens depends on the account. `simulation/test_concurrency.py` counts it.
"""

from typing import Any

from scripts.client.orchestrations.sfn.client import MAX_INLINE_ITEMS
from scripts.package.source import Source
from scripts.package.workflow.state_machine import state_machine

HISTORY_EVENTS = 25_000
INLINE_CONCURRENCY = 40
"""Items of an inline Map that run at once, at most; so many may be at the recording of their failure when the Map ends."""

ATTEMPT = 3
"""LambdaFunctionScheduled, LambdaFunctionStarted, and LambdaFunctionSucceeded, LambdaFunctionFailed or LambdaFunctionTimedOut."""

STATE = 2
"""...StateEntered and ...StateExited."""

ITERATION = 2
"""MapIterationStarted, and MapIterationSucceeded, MapIterationFailed or MapIterationAborted."""

MAP = STATE + 2
"""MapStateStarted, and MapStateSucceeded, MapStateFailed or MapStateAborted."""

THROTTLED = "Lambda.TooManyRequestsException"

EXECUTION = 2
"""ExecutionStarted, and its end."""


def task(state: dict[str, Any]) -> int:
    """Events of a task that uses all its attempts for errors."""
    attempts = 1 + sum(retry["MaxAttempts"] for retry in state["Retry"] if retry["ErrorEquals"] != [THROTTLED])
    return STATE + ATTEMPT * attempts


def failing(states: dict[str, Any], name: str) -> int:
    """Events of what follows once a task has failed for good."""
    return STATE + task(states[f"{name}-failed"])


def worst(definition: dict[str, Any], items: int) -> int:
    """Events of an execution whose Maps have so many items together, each of the kind that takes more."""
    states = definition["States"]
    maps = [state for state in states.values() if state["Type"] == "Map"]
    branches = [(state["ItemProcessor"]["States"], state["ItemProcessor"]["StartAt"]) for state in maps]
    an_item = max(ITERATION + task(inner[name]) for inner, name in branches)
    recorded = max(INLINE_CONCURRENCY * failing(inner, name) for inner, name in branches)
    return EXECUTION + MAP * len(maps) + sum(task(states[name]) for name in ("partition", "summary")) + items * an_item + recorded


def test_largest_inline_run_stays_below_the_end_of_the_history() -> None:
    assert worst(state_machine(Source().read(), "INLINE"), MAX_INLINE_ITEMS) < HISTORY_EVENTS
