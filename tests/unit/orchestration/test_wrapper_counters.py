"""What the programmer's functions count is stored by the wrapper, once for each branch."""

from contextlib import suppress
from typing import Any

import pytest

from runtime.mapreduce import Job, count
from runtime.orchestration.values.json_objects import Found
from runtime.ports import ports
from tests.fakes.context import FakeContext
from tests.fakes.recorded import EVENT, Recorded, Results, wrap


@pytest.fixture(autouse=True)
def _run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports(), "s3", Results(set()))


class Counting(Recorded):
    def component(self, value: Any, context: Any) -> Any:
        with Job().in_force():
            count("lines", 2)
        return super().component(value, context)


def stored_by(orchestration: Recorded, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, bytes, int]]:
    """What was created if absent, and after how many steps."""
    stored: list[tuple[str, str, bytes, int]] = []

    def create_or_read(bucket: str, key: str, body: bytes) -> bytes:
        stored.append((bucket, key, body, len(orchestration.calls)))
        return body

    monkeypatch.setattr(ports().s3, "create_or_read", create_or_read, raising=False)
    with suppress(LookupError):
        wrap(orchestration)(EVENT, FakeContext())
    return stored


def test_counters_are_stored_between_component_and_egress(monkeypatch: pytest.MonkeyPatch) -> None:
    orchestration = Counting()

    assert stored_by(orchestration, monkeypatch) == [("results", ".counters/run1/mapper/3.json", b'{"lines":2}', 4)]
    assert [name for name, _, _ in orchestration.calls[3:]] == ["component", "egress"]


@pytest.mark.parametrize("orchestration", [Recorded(), Counting(Found("stored")), Counting(breaks="component")])
def test_nothing_is_stored_of_what_counted_nothing_or_failed_or_was_done_before(
    orchestration: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stored_by(orchestration, monkeypatch) == []
