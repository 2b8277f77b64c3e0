"""table: the set of those that have returned, in blocks, in any order and with duplicates; requests and their errors."""

import random
import threading
from collections import Counter
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.aws.errors import AccessDeniedError, RefusedError, RequestError, StorageError, TransportError
from runtime.concurrency import at_once
from runtime.orchestration.values.returns import Returns
from runtime.orchestration.values.table import Table
from runtime.ports import ports
from runtime.run import Run, within
from tests.fakes.clock import FakeTime
from tests.fakes.limits import limit


class Items:
    """A client of DynamoDB, as far as Table uses it: sets, and batches of reads.

    Attributes:
        unprocessed: how many items each batch leaves unprocessed.
        error: what every request raises.
    """

    def __init__(self) -> None:
        self.items: dict[str, Any] = {}
        self.unprocessed = 0
        self.error: Exception | None = None
        self.requests: list[Any] = []
        self._lock = threading.Lock()

    def request(self, operation: str, arguments: Any) -> Any:
        self.requests.append(arguments)
        if self.error:
            raise self.error
        return getattr(self, operation)(**arguments)

    def UpdateItem(self, **request: Any) -> Any:
        with self._lock:
            item = self.items.setdefault(request["Key"]["Key"]["S"], {"Finished": {"NS": []}})
            added = request["ExpressionAttributeValues"][":members"]["NS"]
            item["Finished"] = {"NS": sorted({*item["Finished"]["NS"], *added})}
            return {"Attributes": {"Finished": {"NS": list(item["Finished"]["NS"])}}}

    def BatchGetItem(self, RequestItems: Any) -> Any:
        ((name, wanted),) = RequestItems.items()
        keys = wanted["Keys"]
        assert 1 <= len(keys) <= 100
        assert wanted["ConsistentRead"] is True
        taken = max(len(keys) - self.unprocessed, 1)
        found = [self.items[key["Key"]["S"]] for key in keys[:taken] if key["Key"]["S"] in self.items]
        random.shuffle(found)
        rest = {name: wanted | {"Keys": keys[taken:]}} if keys[taken:] else {}
        return {"Responses": {name: found}, "UnprocessedKeys": rest}

    def GetItem(self, **request: Any) -> Any:
        return {}

    def PutItem(self, **request: Any) -> Any:
        return {}


def refusal(code: str) -> RefusedError:
    return RefusedError(400, code, "no")


@pytest.fixture
def items(monkeypatch: pytest.MonkeyPatch) -> Items:
    return installed(Items(), monkeypatch)


def installed(items: Items, patch: pytest.MonkeyPatch) -> Items:
    patch.setattr(ports().dynamodb, "_client", lambda: items)
    return items


def a_table() -> Table:
    return Table("t", "run1", Returns("returns", "run1"))


@st.composite
def returning(draw: st.DrawFn) -> tuple[int, int, list[int]]:
    """Size of a block, size of a fan-out, and its indexes in any order with duplicates."""
    block, size = draw(st.integers(1, 5)), draw(st.integers(1, 17))
    duplicates = draw(st.lists(st.integers(1, size), max_size=10))
    return block, size, draw(st.permutations([*range(1, size + 1), *duplicates]))


@given(returning())
def test_set_is_complete_with_the_last_index_and_never_before(case: tuple[int, int, list[int]]) -> None:
    block, size, indexes = case
    with pytest.MonkeyPatch.context() as patch:
        installed(Items(), patch)
        limit(set_indexes=block)
        seen: set[int] = set()
        for index in indexes:
            seen.add(index)

            assert a_table().finish(index, size) is (len(seen) == size)


@given(returning())
def test_at_least_one_of_all_that_return_at_once_finds_the_set_complete(case: tuple[int, int, list[int]]) -> None:
    block, size, indexes = case
    with pytest.MonkeyPatch.context() as patch:
        items = installed(Items(), patch)
        limit(set_indexes=block)

        told = at_once([partial(a_table().finish, index, size) for index in indexes], 8)

        assert any(told)
        held = {int(number) for key, item in items.items.items() if "/finished/" in key for number in item["Finished"]["NS"]}
        assert held == set(range(1, size + 1))


@given(returning(), st.integers(1, 17))
def test_set_with_an_index_missing_is_never_complete(case: tuple[int, int, list[int]], missing: int) -> None:
    block, size, indexes = case
    with pytest.MonkeyPatch.context() as patch:
        installed(Items(), patch)
        limit(set_indexes=block)

        assert not any(a_table().finish(index, size) for index in indexes if index != min(missing, size))


@pytest.mark.parametrize(("size", "blocks"), [(1, 1), (500, 1), (501, 2), (1000, 2), (1001, 3)])
def test_indexes_are_kept_in_blocks_of_500(size: int, blocks: int, items: Items) -> None:
    told = [a_table().finish(index, size) for index in range(1, size + 1)]

    assert told == [False] * (size - 1) + [True]
    assert {key for key in items.items if "/finished/" in key} == {f"run1/finished/{block}" for block in range(blocks)}
    assert ("run1/finished" in items.items) is (blocks > 1)


def test_items_are_read_in_batches_and_come_in_order(items: Items, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports().clock, "sleep", lambda seconds: None)
    items.items = {f"run1/{n}": {"Key": {"S": f"run1/{n}"}, "Value": {"S": str(n)}} for n in range(1, 251)}
    items.unprocessed = 60

    assert a_table().values(250) == list(range(1, 251))


def test_nothing_is_asked_for_where_there_are_no_values(items: Items) -> None:
    assert a_table().values(0) == []
    assert items.requests == []


def test_value_that_is_missing_is_named(items: Items) -> None:
    items.items = {"run1/1": {"Key": {"S": "run1/1"}, "Value": {"S": "1"}}}

    with pytest.raises(StorageError, match="dynamodb:BatchGetItem on t/run1/2 failed: no such value in this run"):
        a_table().values(2)


def test_table_that_stays_throttled_is_an_error(items: Items, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeTime(0.0)
    monkeypatch.setattr(ports().dynamodb, "_clock", clock)
    monkeypatch.setattr(
        items, "BatchGetItem", lambda RequestItems: {"Responses": {}, "UnprocessedKeys": RequestItems}, raising=True
    )

    with pytest.raises(StorageError, match="still throttled after 60 s"):
        a_table().values(2)

    assert sum(clock.pauses) == pytest.approx(60)


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (
            refusal("AccessDeniedException"),
            AccessDeniedError,
            r"dynamodb:PutItem on t/run1/1 was denied; .*: AccessDeniedException \(400\): no",
        ),
        (refusal("ValidationException"), StorageError, r"dynamodb:PutItem on t/run1/1 failed: ValidationException \(400\): no"),
        (TransportError(TimeoutError("timed out"), sent=True), StorageError, "failed: no answer: TimeoutError: timed out"),
        (RequestError("there is no region"), StorageError, "dynamodb:PutItem on t/run1/1 failed: there is no region"),
    ],
)
def test_errors_name_action_table_and_key(error: Exception, kind: type[Exception], said: str, items: Items) -> None:
    items.error = error

    with pytest.raises(StorageError, match=said) as caught:
        a_table().create_item("1", {})

    assert type(caught.value) is kind


def test_item_that_is_there_is_no_error(items: Items) -> None:
    items.error = refusal("ConditionalCheckFailedException")

    assert a_table().create_item("1", {}) is False


def test_value_that_came_and_went_is_an_error(items: Items, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "PutItem", refuse_condition)

    with pytest.raises(StorageError, match="the run is being removed"):
        a_table().create_or_read("1", "mapper/1.json", {})


def refuse_condition(**_: Any) -> Any:
    raise refusal("ConditionalCheckFailedException")


def test_requests_are_counted(items: Items) -> None:
    with within(Run("run1")) as run:
        a_table().create_item("1", {})
        a_table().finish(1, 2)

    assert run.requests == Counter({"dynamodb.PutItem": 1, "dynamodb.UpdateItem": 1})
