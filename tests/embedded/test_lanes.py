"""The lanes of an event source mapping: what a response means, and when a batch comes again."""

from typing import Any

import pytest

from scripts.embedded.server.lanes import Batch, Lane, Settings, first_failure


@pytest.mark.parametrize(
    ("response", "first"),
    [
        (None, None),
        ({}, None),
        ({"batchItemFailures": []}, None),
        ({"batchItemFailures": None}, None),
        ({"batchItemFailures": [{"itemIdentifier": "3"}, {"itemIdentifier": "2"}]}, 1),
        ({"batchItemFailures": [{"itemIdentifier": "3"}]}, 2),
        ({"batchItemFailures": [{"itemIdentifier": "3"}, {"itemIdentifier": ""}]}, 0),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, 0),
        ({"batchItemFailures": [{"id": "3"}]}, 0),
        ({"batchItemFailures": ["3"]}, 0),
        ({"batchItemFailures": [{"itemIdentifier": "99"}]}, 0),
        ({"batchItemFailures": 3}, 0),
        ({"batchItemFailures": {"itemIdentifier": "3"}}, 0),
        ("done", 0),
        ([], 0),
    ],
)
def test_responses_mean_what_aws_says(response: Any, first: int | None) -> None:
    records = [{"dynamodb": {"SequenceNumber": number}} for number in "123"]
    assert first_failure(records, response) == first


def test_splitting_costs_no_retry_and_a_part_keeps_its_place() -> None:
    settings = Settings.of({"MaximumRetryAttempts": 1, "BisectBatchOnFunctionError": True})
    records = [{"dynamodb": {"SequenceNumber": str(number), "ApproximateCreationDateTime": 0}} for number in range(4)]
    lane = Lane()
    assert lane.ended(Batch(records), 1, settings, 0.0) is None
    (rest,) = lane.again
    assert (rest.records, rest.failures) == (records[1:], 0)
    lane = Lane()
    assert lane.ended(Batch(records[:1]), 0, settings, 0.0) is None
    (again,) = lane.again
    assert again.failures == 1
    discard = lane.ended(again, 0, settings, 0.0)
    assert discard is not None
    assert discard.condition == "RetryAttemptsExhausted"


def test_retries_wait_longer_each_time() -> None:
    lane, settings, waits = Lane(), Settings.of({}), []
    for _ in range(7):
        lane.ended(Batch([{}]), 0, settings, 0.0)
        waits.append(round(lane.wait(settings, 0.0), 1))
    assert waits == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
