"""Batches of DynamoDB items: what a throttled table hands back is sent again, with pauses that grow, until it is hopeless."""

import pytest
from botocore.exceptions import EndpointConnectionError

from scripts.client.aws import items
from scripts.client.aws.items import Table
from scripts.client.errors import StorageError, TableError
from tests.fakes.client_tables import Tables, refusal
from tests.fakes.clock import FakeTime


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = FakeTime()
    monkeypatch.setattr(items, "CLOCK", clock)
    return clock


@pytest.fixture
def tables():
    return Tables()


def images(number):
    return [{"Key": {"S": f"r1/{i}"}, "Index": {"N": str(i)}} for i in range(1, number + 1)]


def test_items_are_written_read_and_deleted_in_batches(tables, clock):
    Table(tables, "t", "r1/").put(images(60))
    found = Table(tables, "t", "r1/").get(range(55, 170))
    Table(tables, "t", "r1/").remove(range(2, 70))

    assert sorted(tables.requests[:3]) == [10, 25, 25]
    assert sorted(tables.requests[3:5]) == [15, 100]
    assert sorted(found) == [f"r1/{i}" for i in range(55, 61)]
    assert list(tables.items["t"]) == ["r1/1"]
    assert clock.pauses == []


def test_what_is_handed_back_is_sent_again_and_nothing_else(tables, clock):
    handed_back = iter([20, 20, 3, 0])
    tables.throttle = lambda count: next(handed_back)

    Table(tables, "t", "r1/").put(images(25))

    assert tables.requests == [25, 20, 20, 3]
    assert len(tables.items["t"]) == 25
    assert len(clock.pauses) == 3


def test_reading_goes_on_with_unprocessed_keys(tables, clock):
    Table(tables, "t", "r1/").put(images(50))
    tables.requests.clear()
    handed_back = iter([30, 1, 0])
    tables.throttle = lambda count: next(handed_back)

    found = Table(tables, "t", "r1/").get(range(1, 51))

    assert len(found) == 50
    assert tables.requests == [50, 30, 1]


@pytest.mark.parametrize("code", ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"])
def test_a_batch_that_is_refused_as_a_whole_is_sent_again(tables, clock, code):
    refusals = iter([refusal(code), refusal(code), None])

    def throttle(count):
        if error := next(refusals):
            raise error
        return 0

    tables.throttle = throttle

    Table(tables, "t", "r1/").put(images(5))

    assert len(tables.items["t"]) == 5
    assert len(clock.pauses) == 2


def test_pauses_grow_up_to_five_seconds_until_a_minute_is_gone(tables, clock):
    tables.throttle = lambda count: count

    with pytest.raises(TableError, match=r"BatchWriteItem on table t, item r1/1 failed: .* took none of 3 items in 60 s"):
        Table(tables, "t", "r1/").put(images(3))

    assert clock.pauses[:-1] == [min(0.05 * 2**i, 5.0) for i in range(len(clock.pauses) - 1)]
    assert sum(clock.pauses) == pytest.approx(60)


def test_a_slow_table_is_given_its_time(tables, clock):
    """One item each time, after half a minute of nothing: slow, but not hopeless."""
    began = clock.seconds
    last = [began]

    def throttle(count):
        if clock.seconds - last[0] < 30:
            return count
        last[0] = clock.seconds
        return count - 1

    tables.throttle = throttle

    Table(tables, "t", "r1/").put(images(5))

    assert len(tables.items["t"]) == 5
    assert clock.seconds - began > 120


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (refusal("ResourceNotFoundException"), "there is no such table"),
        (refusal("AccessDeniedException"), "credentials lack dynamodb:BatchWriteItem"),
        (refusal("ValidationException"), "ValidationException"),
        (EndpointConnectionError(endpoint_url="x"), "Could not connect"),
    ],
)
def test_other_errors_end_it_at_once(tables, clock, error, told):
    def refuse(count):
        raise error

    tables.throttle = refuse

    with pytest.raises(StorageError, match=told):
        Table(tables, "t", "r1/").put(images(3))

    assert len(tables.requests) == 1
    assert clock.pauses == []


def test_nothing_is_no_request(tables):
    Table(tables, "t", "r1/").put([])
    Table(tables, "t", "r1/").remove([])

    assert Table(tables, "t", "r1/").get([]) == {}
    assert tables.requests == []
