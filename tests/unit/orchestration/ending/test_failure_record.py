"""The failure record: one form for whoever writes it, and whoever reads it back."""

from typing import Any

import pytest

from runtime.orchestration.ending.record import FailureRecord
from runtime.orchestration.workflow.envelope import EnvelopeError
from runtime.ports import Ports, using
from tests.fakes.clock import FakeTime

TOLD: dict[str, Any] = {"function": "square", "index": 3, "error": "ValueError", "message": "no number", "attempts": 2}


def test_record_that_is_written_and_read_back_is_the_same() -> None:
    record = FailureRecord.build("run1", "p-", **TOLD, traceback=["a frame"], request_id="request1")

    assert FailureRecord.parse("run1", "p-", record.json()) == record


def test_time_is_the_clocks_unless_it_was_told() -> None:
    with using(Ports(clock=FakeTime(0.0))):
        made, read = FailureRecord.build("run1"), FailureRecord.parse("run1", "", {"time": "earlier"})

    assert (made.time, read.time) == ("1970-01-01T00:00:00+00:00", "earlier")


def test_what_is_no_field_is_left_out() -> None:
    assert "color" not in FailureRecord.parse("run1", "", TOLD | {"color": "red", "run": "another"}).json()


def test_run_is_the_one_that_is_known_whatever_was_written() -> None:
    assert FailureRecord.parse("run1", "", TOLD | {"run": "another"}).run == "run1"


@pytest.mark.parametrize("document", [None, 5, "text", ["failed"]])
def test_what_is_no_object_is_refused(document: object) -> None:
    with pytest.raises(EnvelopeError, match='"Failure" is no failure record'):
        FailureRecord.parse("run1", "", document)


@pytest.mark.parametrize(("index", "said"), [(3, "square 3: ValueError: no number"), (None, "square: ValueError: no number")])
def test_text_says_where_and_why(index: int | None, said: str) -> None:
    assert str(FailureRecord.build("run1", **TOLD | {"index": index})) == said
