"""Event source mappings of DynamoDB streams on the emulator: what they read, in which batches, and how much at once."""

import itertools
import time
import uuid
from typing import Any

from tests.embedded.emulator import LIMIT, Emulator, until
from tests.embedded.stream import HANDLER, Stream, lane_keys


def test_a_mapping_reads_from_the_start_of_the_stream_or_from_now(emulator: Emulator, stream: Stream) -> None:
    stream.put("1")
    stream.put("2")
    latest = emulator.bucket()
    other = emulator.function(stream.role, code=HANDLER, Environment={"Variables": {"BUCKET": latest}})
    emulator.functions.create_event_source_mapping(EventSourceArn=stream.arn, FunctionName=other, StartingPosition="LATEST")
    made = emulator.functions.get_event_source_mapping(UUID=stream.map())
    assert (made["BatchSize"], made["ParallelizationFactor"], made["MaximumRetryAttempts"]) == (100, 1, -1)
    until(lambda: stream.batches() == [["1", "2"]], 20)
    stream.put("3")
    until(lambda: stream.batches() == [["1", "2"], ["3"]], 20)
    until(lambda: len(emulator.keys(latest, "call/")) == 1, 20)


def test_a_write_is_delivered_at_once(stream: Stream) -> None:
    stream.map(BatchSize=1)
    stream.put("warm")
    until(lambda: len(stream.calls()) == 1, 20)
    delays = []
    for number in range(5):
        time.sleep(0.3)
        began = time.time()
        stream.put(str(number))
        until(lambda number=number: len(stream.calls()) == number + 2, 20)
        delays.append(stream.calls()[-1]["began"] - began)
    print("from PutItem to the handler:", [f"{1000 * delay:.0f} ms" for delay in delays])
    assert sorted(delays)[2] < 0.5, "not at the next look, a second later"


def test_a_window_gathers_a_batch(stream: Stream) -> None:
    stream.map(BatchSize=3, MaximumBatchingWindowInSeconds=2)
    began = time.time()
    for number in "12":
        stream.put(number)
    until(lambda: stream.batches() == [["1", "2"]], 20)
    assert stream.calls()[0]["began"] - began >= 2
    for number in "345":
        stream.put(number)
    until(lambda: len(stream.calls()) == 2, 1.5)


def test_items_run_side_by_side_and_each_in_order(stream: Stream) -> None:
    keys = lane_keys(4)
    for number in range(3):
        for key in keys:
            stream.put(f"{key}.{number}", key, sleep=0.5)
    stream.map(BatchSize=1, ParallelizationFactor=4)
    until(lambda: len(stream.calls()) == 12, 30)
    calls = stream.calls()
    for key in keys:
        own = [call for call in calls if call["ids"][0].startswith(f"{key}.")]
        assert [call["ids"] for call in own] == [[f"{key}.{number}"] for number in range(3)]
        assert all(before["ended"] <= after["began"] for before, after in itertools.pairwise(own))
    assert overlap(calls) == 4


def test_the_invocations_of_mappings_keep_to_the_bound_on_workers(emulator: Emulator) -> None:
    stages = [Stream(emulator) for _ in range(1 + LIMIT // 4)]
    for stream in stages:
        for key in lane_keys(10):
            stream.put(key, compute=0.3)
        stream.map(BatchSize=1, ParallelizationFactor=10)
    until(lambda: all(len(emulator.keys(stream.bucket, "call/")) == 10 for stream in stages), 90)
    # Without a bound all would overlap. One whose own request waits at a busy emulator makes room, and is not stopped afterwards.
    assert 2 <= overlap([call for stream in stages for call in stream.calls()]) < 2 * LIMIT < 10 * len(stages)


def test_a_changed_factor_keeps_what_was_read(emulator: Emulator, stream: Stream) -> None:
    keys = lane_keys(4)
    for number in range(3):
        for key in keys:
            stream.put(f"{key}.{number}", key, sleep=0.2)
    mapping = stream.map(BatchSize=1, ParallelizationFactor=1)
    until(lambda: len(stream.calls()) >= 2, 20)
    emulator.functions.update_event_source_mapping(UUID=mapping, ParallelizationFactor=4)
    until(lambda: len(stream.calls()) == 12, 30)
    got = [call["ids"][0] for call in stream.calls()]
    for key in keys:
        assert [one for one in got if one.startswith(f"{key}.")] == [f"{key}.{number}" for number in range(3)]


def test_a_disabled_mapping_waits_and_goes_on(emulator: Emulator, stream: Stream) -> None:
    mapping = stream.map(BatchSize=1)
    emulator.functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    stream.put("1")
    time.sleep(1.5)
    assert stream.calls() == []
    emulator.functions.update_event_source_mapping(UUID=mapping, Enabled=True)
    until(lambda: stream.batches() == [["1"]], 20)


def overlap(calls: list[dict[str, Any]]) -> int:
    """How many ran at once at most."""
    return max(sum(one["began"] <= call["began"] < one["ended"] for one in calls) for call in calls)


def test_streams_of_three_tables_are_read_at_the_same_time(emulator: Emulator) -> None:
    bucket = emulator.bucket()
    role = emulator.role({"Effect": "Allow", "Action": ["s3:*", "dynamodb:*"], "Resource": "*"})
    tables, names = [], []
    for _ in range(3):
        names.append(emulator.function(role, Environment={"Variables": {"BUCKET": bucket}}))
        tables.append(f"table-{uuid.uuid4().hex[:8]}")
        table = emulator.dynamodb.create_table(
            TableName=tables[-1],
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        emulator.functions.create_event_source_mapping(
            EventSourceArn=table["TableDescription"]["LatestStreamArn"],
            FunctionName=names[-1],
            StartingPosition="TRIM_HORIZON",
            BatchSize=1,
        )
    for table_name in tables:
        emulator.dynamodb.put_item(TableName=table_name, Item={"k": {"S": "1"}})
    until(lambda: len(emulator.keys(bucket, "stream/")) == 3, 60)
    bodies = [emulator.s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in emulator.keys(bucket, "stream/")]
    spans = [[float(moment) for moment in body.split()] for body in bodies]
    assert max(began for began, _ended in spans) < min(ended for _began, ended in spans), "one after the other"
