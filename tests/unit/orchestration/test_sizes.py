"""What is bounded is measured in the form in which Lambda carries it: return values fit into a state, an answer its limit."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.encoding import encode
from runtime.limits import LIMITS
from runtime.orchestration.contract import Invocation
from runtime.orchestration.http_only import orchestration as http_only
from runtime.orchestration.settings import Settings
from runtime.orchestration.sfn import orchestration as sfn
from runtime.orchestration.workflow.envelope import Envelope, FanOut, Inline, answer_bytes
from runtime.ports import ports
from runtime.record import replace
from tests.fakes.places import WORDCOUNT

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c), max_leaves=8
).filter(lambda value: "\\ud" not in json.dumps(value))


class Context:
    """Lambda's."""

    aws_request_id = "request"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What became a claim check."""
    claims: dict[str, Any] = {}
    monkeypatch.setattr(ports().s3, "put", lambda bucket, key, body: claims.update({key: body}))
    return claims


def invocation(index: int, size: int) -> Invocation:
    return Invocation("run1", Envelope("run1", Inline(None), FanOut(index, size)), Context(), index, size)


@given(VALUES)
def test_no_runtime_of_lambda_writes_an_answer_longer(value: Any) -> None:
    """Python 3.11's escapes what is not ASCII, later ones don't; both put blanks."""
    assert answer_bytes(value) == max(len(json.dumps(value)), len(json.dumps(value, ensure_ascii=False).encode()))
    assert answer_bytes(value) >= len(encode(value))


def test_value_that_no_carrier_takes_has_no_size() -> None:
    for value in ("\ud800", float("nan")):
        with pytest.raises(ValueError, match=r"surrogate|float"):
            answer_bytes(value)


SETTINGS = Settings("any", "reducer", "p-", "returns", "results", place=WORDCOUNT["reducer"])


def machine() -> sfn.StepFunctions:
    return sfn.StepFunctions(SETTINGS, lambda *_: None)


def caller() -> http_only.HttpOnly:
    return http_only.HttpOnly(SETTINGS, lambda *_: None)


@pytest.mark.parametrize(
    ("make", "limit", "size"),
    [
        *((machine, LIMITS.state_bytes, size) for size in (2, 50, 400, 1000)),
        *((caller, 50_000, size) for size in (1, 2, 50, 400)),
    ],
)
def test_what_all_reducers_answer_fits_together(make: Any, limit: int, size: int, written: dict[str, Any]) -> None:
    ports().limits = replace(LIMITS, payload_bytes=50_000)
    branch, words = make(), 0
    while not written:
        words += 1 + words // 20
        counts = {f"é{number}": number for number in range(words)}
        datum = branch.egress(invocation(size, size), counts)
        assert len(json.dumps({"items": [datum] * size})) <= limit + len('{"items": []}')
