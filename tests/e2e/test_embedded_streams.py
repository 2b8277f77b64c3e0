"""Event source mappings of DynamoDB streams on the embedded AWS: batches, retries, what is given up, and who may read."""

import itertools
import json
import re
import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.embedded.server.lanes import Batch, Lane, Settings, first_failure, lane_of
from tests.e2e.test_embedded import LIMIT, S3, Cloud, cloud, code, until, venv

__all__ = ["cloud", "venv"]  # fixtures

STREAM = {
    "Effect": "Allow",
    "Action": ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"],
    "Resource": "arn:aws:dynamodb:us-east-1:000000000000:table/*/stream/*",
}

HANDLER = """
import json, os, time, uuid
import obstore
from obstore.store import S3Store

STORE = S3Store(os.environ["BUCKET"], client_options={"allow_http": True})

def handler(event, context):
    call = {"began": time.time(), "request": context.aws_request_id}
    items = [(record["dynamodb"]["NewImage"], record["dynamodb"]["SequenceNumber"]) for record in event["Records"]]
    call["ids"] = [item["id"]["S"] for item, _number in items]
    refused, failed = "", []
    for item, number in items:
        do = json.loads(item["do"]["S"])
        seen = "seen/" + item["id"]["S"]
        before = sum(len(page) for page in obstore.list(STORE, prefix=seen)) if do else 0
        if do:
            obstore.put(STORE, seen + "/" + uuid.uuid4().hex, b"", use_multipart=False)
        time.sleep(do.get("sleep", 0))
        end = time.process_time() + do.get("compute", 0)
        while time.process_time() < end:
            pass
        if before < do.get("raise", 0):
            refused = item["id"]["S"]
        if before < do.get("fail", 0):
            failed.append({"itemIdentifier": number})
    call["ended"] = time.time()
    obstore.put(STORE, "call/%020d-%s" % (time.time_ns(), uuid.uuid4().hex), json.dumps(call).encode(), use_multipart=False)
    print("called with", call["ids"])
    if refused:
        raise ValueError(refused)
    return {"batchItemFailures": failed}
"""


class Stage:
    """A table, a function that does what the items say, and the bucket where it notes its calls."""

    def __init__(self, cloud: Cloud, *statements: dict[str, Any]) -> None:
        self.cloud = cloud
        self.bucket = cloud.bucket()
        self.role = cloud.role(*(statements or (S3, STREAM)))
        self.function = cloud.function(self.role, code=HANDLER, Environment={"Variables": {"BUCKET": self.bucket}})
        self.table = f"table-{uuid.uuid4().hex[:8]}"
        description = cloud.dynamodb.create_table(
            TableName=self.table,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )["TableDescription"]
        self.stream = description["LatestStreamArn"]

    def put(self, number: str, key: str = "", **do: Any) -> None:
        """Writes an item; `do` is what the function does with it: raise, fail (so many times), sleep, compute (seconds)."""
        item = {"k": {"S": key or number}, "id": {"S": number}, "do": {"S": json.dumps(do)}}
        self.cloud.dynamodb.put_item(TableName=self.table, Item=item)

    def map(self, **settings: Any) -> str:
        given = {"StartingPosition": "TRIM_HORIZON", "FunctionResponseTypes": ["ReportBatchItemFailures"], **settings}
        made = self.cloud.functions.create_event_source_mapping(EventSourceArn=self.stream, FunctionName=self.function, **given)
        return str(made["UUID"])

    def calls(self) -> list[dict[str, Any]]:
        """In the order in which they ended."""
        keys = sorted(self.cloud.keys(self.bucket, "call/"))
        return [json.loads(self.cloud.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()) for key in keys]

    def batches(self) -> list[list[str]]:
        return [call["ids"] for call in self.calls()]

    def destination(self) -> tuple[str, dict[str, Any]]:
        """A new bucket, and the setting that makes it the failure destination."""
        bucket = self.cloud.bucket()
        return bucket, {"DestinationConfig": {"OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}}}

    def given_up(self, bucket: str, seconds: float = 20) -> dict[str, Any]:
        """What the one object in a bucket says, once it is there."""
        until(lambda: bool(self.cloud.keys(bucket, "")), seconds)
        (key,) = self.cloud.keys(bucket, "")
        body: dict[str, Any] = json.loads(self.cloud.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        return body


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    return Stage(cloud)


def lane_keys(factor: int) -> list[str]:
    """One key for each lane."""
    found: dict[int, str] = {}
    for number in range(1_000):
        found.setdefault(lane_of({"dynamodb": {"Keys": {"k": {"S": f"key{number}"}}}}, factor), f"key{number}")
    return [found[lane] for lane in range(factor)]


# --- batches ----------------------------------------------------------------------------------------------------------


def test_a_mapping_reads_from_the_start_of_the_stream_or_from_now(cloud: Cloud, stage: Stage) -> None:
    stage.put("1")
    stage.put("2")
    latest = cloud.bucket()
    other = cloud.function(stage.role, code=HANDLER, Environment={"Variables": {"BUCKET": latest}})
    cloud.functions.create_event_source_mapping(EventSourceArn=stage.stream, FunctionName=other, StartingPosition="LATEST")
    made = cloud.functions.get_event_source_mapping(UUID=stage.map())
    assert (made["BatchSize"], made["ParallelizationFactor"], made["MaximumRetryAttempts"]) == (100, 1, -1)
    until(lambda: stage.batches() == [["1", "2"]], 20)
    stage.put("3")
    until(lambda: stage.batches() == [["1", "2"], ["3"]], 20)
    until(lambda: len(cloud.keys(latest, "call/")) == 1, 20)


def test_a_write_is_delivered_at_once(stage: Stage) -> None:
    stage.map(BatchSize=1)
    stage.put("warm")
    until(lambda: len(stage.calls()) == 1, 20)
    delays = []
    for number in range(5):
        time.sleep(0.3)
        began = time.time()
        stage.put(str(number))
        until(lambda number=number: len(stage.calls()) == number + 2, 20)
        delays.append(stage.calls()[-1]["began"] - began)
    print("from PutItem to the handler:", [f"{1000 * delay:.0f} ms" for delay in delays])
    assert sorted(delays)[2] < 0.5, "not at the next look, a second later"


def test_a_window_gathers_a_batch(stage: Stage) -> None:
    stage.map(BatchSize=3, MaximumBatchingWindowInSeconds=2)
    began = time.time()
    for number in "12":
        stage.put(number)
    until(lambda: stage.batches() == [["1", "2"]], 20)
    assert stage.calls()[0]["began"] - began >= 2
    for number in "345":
        stage.put(number)
    until(lambda: len(stage.calls()) == 2, 1.5)


def test_items_run_side_by_side_and_each_in_order(stage: Stage) -> None:
    keys = lane_keys(4)
    for number in range(3):
        for key in keys:
            stage.put(f"{key}.{number}", key, sleep=0.5)
    stage.map(BatchSize=1, ParallelizationFactor=4)
    until(lambda: len(stage.calls()) == 12, 30)
    calls = stage.calls()
    for key in keys:
        own = [call for call in calls if call["ids"][0].startswith(f"{key}.")]
        assert [call["ids"] for call in own] == [[f"{key}.{number}"] for number in range(3)]
        assert all(before["ended"] <= after["began"] for before, after in itertools.pairwise(own))
    assert overlap(calls) == 4


def test_the_invocations_of_mappings_keep_to_the_bound_on_workers(cloud: Cloud) -> None:
    stages = [Stage(cloud) for _ in range(1 + LIMIT // 4)]
    for stage in stages:
        for key in lane_keys(10):
            stage.put(key, compute=0.3)
        stage.map(BatchSize=1, ParallelizationFactor=10)
    until(lambda: all(len(cloud.keys(stage.bucket, "call/")) == 10 for stage in stages), 90)
    # Without a bound all would overlap. One whose own request waits at a busy emulator makes room, and is not stopped afterwards.
    assert 2 <= overlap([call for stage in stages for call in stage.calls()]) < 2 * LIMIT < 10 * len(stages)


def overlap(calls: list[dict[str, Any]]) -> int:
    """How many ran at once at most."""
    return max(sum(one["began"] <= call["began"] < one["ended"] for one in calls) for call in calls)


def test_a_changed_factor_keeps_what_was_read(cloud: Cloud, stage: Stage) -> None:
    keys = lane_keys(4)
    for number in range(3):
        for key in keys:
            stage.put(f"{key}.{number}", key, sleep=0.2)
    mapping = stage.map(BatchSize=1, ParallelizationFactor=1)
    until(lambda: len(stage.calls()) >= 2, 20)
    cloud.functions.update_event_source_mapping(UUID=mapping, ParallelizationFactor=4)
    until(lambda: len(stage.calls()) == 12, 30)
    got = [call["ids"][0] for call in stage.calls()]
    for key in keys:
        assert [one for one in got if one.startswith(f"{key}.")] == [f"{key}.{number}" for number in range(3)]


def test_a_disabled_mapping_waits_and_goes_on(cloud: Cloud, stage: Stage) -> None:
    mapping = stage.map(BatchSize=1)
    cloud.functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    stage.put("1")
    time.sleep(1.5)
    assert stage.calls() == []
    cloud.functions.update_event_source_mapping(UUID=mapping, Enabled=True)
    until(lambda: stage.batches() == [["1"]], 20)


# --- failures ---------------------------------------------------------------------------------------------------------


def test_a_reported_failure_and_what_follows_it_come_again(stage: Stage) -> None:
    for number in "12345":
        stage.put(number, **({"fail": 2} if number == "3" else {}))
    stage.map()
    until(lambda: len(stage.calls()) == 3, 20)
    time.sleep(1.5)
    assert stage.batches() == [list("12345"), list("345"), list("345")]
    assert len({call["request"] for call in stage.calls()}) == 3


def test_reported_failures_mean_nothing_without_the_response_type(stage: Stage) -> None:
    stage.put("1", fail=9)
    stage.put("2")
    stage.map(BatchSize=1, FunctionResponseTypes=[])
    until(lambda: len(stage.calls()) == 2, 20)
    time.sleep(1)
    assert stage.batches() == [["1"], ["2"]]


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


def test_what_fails_for_good_is_left_in_the_bucket_and_the_rest_goes_on(stage: Stage) -> None:
    bucket, destination = stage.destination()
    stage.put("1", **{"raise": 99})
    stage.put("2")
    mapping = stage.map(BatchSize=1, MaximumRetryAttempts=2, **destination)
    until(lambda: stage.batches() == [["1"], ["1"], ["1"], ["2"]], 20)

    message = stage.given_up(bucket)

    assert set(message) == {"requestContext", "responseContext", "version", "timestamp", "DDBStreamBatchInfo", "payload"}
    ((record,),) = json.loads(message["payload"]).values()
    assert (record["eventSourceARN"], record["dynamodb"]["NewImage"]["id"]) == (stage.stream, {"S": "1"})
    (key,) = stage.cloud.keys(bucket, "")
    place = f"aws/lambda/{mapping}/shardId-00000000000000000000-00000000"
    assert re.fullmatch(rf"{place}/\d{{4}}/\d\d/\d\d/[\d-]{{10}}T\d\d\.\d\d\.\d\d-[0-9a-f-]{{36}}", key)
    assert message["requestContext"] == {
        "requestId": stage.calls()[2]["request"],
        "functionArn": f"arn:aws:lambda:us-east-1:000000000000:function:{stage.function}",
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 3,
    }
    assert message["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    assert message["version"] == "1.0"
    info = message["DDBStreamBatchInfo"]
    arrived = (info.pop("approximateArrivalOfFirstRecord"), info.pop("approximateArrivalOfLastRecord"))
    assert arrived[0] == arrived[1]
    assert abs(time.time() - seconds(arrived[0])) < 30
    assert info.pop("startSequenceNumber") == info.pop("endSequenceNumber")
    assert info == {"shardId": "shardId-00000000000000000000-00000000", "batchSize": 1, "streamArn": stage.stream}


def seconds(moment: str) -> float:
    return time.mktime(time.strptime(moment, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone


def test_the_failed_part_alone_is_left_in_the_bucket(stage: Stage) -> None:
    bucket, destination = stage.destination()
    for number in "1234":
        stage.put(number, **({"fail": 99} if number == "3" else {}))
    stage.map(MaximumRetryAttempts=0, **destination)
    message = stage.given_up(bucket)
    assert stage.batches() == [list("1234")]
    assert message["DDBStreamBatchInfo"]["batchSize"] == 2
    assert message["DDBStreamBatchInfo"]["startSequenceNumber"] < message["DDBStreamBatchInfo"]["endSequenceNumber"]
    assert message["responseContext"]["functionError"] is None


def test_a_record_that_is_too_old_is_given_up(stage: Stage) -> None:
    bucket, destination = stage.destination()
    stage.put("1", **{"raise": 99})
    stage.map(MaximumRecordAgeInSeconds=3, **destination)
    message = stage.given_up(bucket)
    assert message["requestContext"]["condition"] == "RecordAgeExceeded"
    assert message["requestContext"]["approximateInvokeCount"] == len(stage.calls()) >= 2
    assert message["DDBStreamBatchInfo"]["batchSize"] == 1


def test_bisection_isolates_the_record_that_fails(stage: Stage) -> None:
    bucket, destination = stage.destination()
    for number in "1234":
        stage.put(number, **({"raise": 99} if number == "3" else {}))
    stage.map(MaximumRetryAttempts=0, BisectBatchOnFunctionError=True, **destination)
    until(lambda: stage.batches() == [list("1234"), list("12"), list("34"), ["3"], ["4"]], 20)
    assert stage.given_up(bucket)["DDBStreamBatchInfo"]["batchSize"] == 1


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


def test_a_poisoned_record_blocks_its_own_lane_only(stage: Stage) -> None:
    poisoned, *others = lane_keys(4)
    stage.put("poison", poisoned, **{"raise": 3})
    stage.put("behind", poisoned)
    stage.map(BatchSize=1, ParallelizationFactor=4)
    until(lambda: stage.batches()[:1] == [["poison"]], 20)
    for key in others:
        stage.put(key)
    until(lambda: stage.batches()[-1:] == [["behind"]], 20)
    got = [call["ids"][0] for call in stage.calls()]
    assert [one for one in got if one in ("poison", "behind")] == ["poison"] * 4 + ["behind"]
    last = len(got) - 1 - got[::-1].index("poison")
    assert all(got.index(key) < last for key in others)


def test_a_throttled_batch_is_neither_lost_nor_counted(cloud: Cloud, stage: Stage) -> None:
    cloud.functions.put_function_concurrency(FunctionName=stage.function, ReservedConcurrentExecutions=0)
    cloud.requests(reset=True)
    stage.put("1")
    stage.map(MaximumRetryAttempts=0)
    until(lambda: cloud.requests()["counts"].get("lambda.throttles", 0) >= 3, 20)
    cloud.functions.delete_function_concurrency(FunctionName=stage.function)
    until(lambda: stage.batches() == [["1"]], 20)


def test_a_deleted_mapping_tries_no_more(cloud: Cloud, stage: Stage) -> None:
    stage.put("1", **{"raise": 99})
    mapping = stage.map()
    until(lambda: len(stage.calls()) >= 2, 20)
    assert threads(cloud, mapping)
    cloud.functions.delete_event_source_mapping(UUID=mapping)
    until(lambda: not threads(cloud, mapping), 3)
    time.sleep(1)  # one that was in flight
    before = len(stage.calls())
    stage.put("2")
    time.sleep(3)
    assert len(stage.calls()) == before


def threads(cloud: Cloud, mapping: str) -> bool:
    """Whether the mapping's thread runs: the emulator says when it ends."""
    return f"stream mapping {mapping}: ended" not in cloud.log()


# --- permissions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["DescribeStream", "GetShardIterator", "GetRecords"])
def test_a_role_that_may_not_read_the_stream_gets_no_mapping(cloud: Cloud, action: str) -> None:
    kept = [one for one in STREAM["Action"] if one != f"dynamodb:{action}"]
    stage = Stage(cloud, S3, {**STREAM, "Action": kept})
    with pytest.raises(ClientError) as error:
        stage.map()
    assert code(error) == "InvalidParameterValueException"
    assert f"Cannot access stream {stage.stream}" in str(error.value)
    assert f"not authorized to perform: dynamodb:{action} on resource: {stage.stream}" in cloud.log()


def test_a_role_that_may_no_longer_read_the_stream_reads_nothing(cloud: Cloud, stage: Stage) -> None:
    stage.map()
    stage.put("1")
    until(lambda: stage.batches() == [["1"]], 20)
    name = stage.role.rpartition("/")[2]
    policy = cloud.iam.get_role_policy(RoleName=name, PolicyName="policy")["PolicyDocument"]
    without = {**policy, "Statement": [S3]}
    cloud.iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=json.dumps(without))

    stage.put("2")

    until(lambda: f"not authorized to perform: dynamodb:DescribeStream on resource: {stage.stream}" in cloud.log(), 10)
    time.sleep(1.5)
    assert stage.batches() == [["1"]]
    cloud.iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=json.dumps(policy))
    until(lambda: stage.batches() == [["1"], ["2"]], 20)


@pytest.mark.parametrize(("action", "resource"), [("s3:PutObject", "arn:aws:s3:::*/aws/lambda/*"), ("s3:ListBucket", "*")])
def test_a_role_that_may_not_write_to_the_bucket_loses_the_record(cloud: Cloud, action: str, resource: str) -> None:
    stage = Stage(cloud, S3, STREAM, {"Effect": "Deny", "Action": action, "Resource": resource})
    bucket, destination = stage.destination()
    stage.put("1", **{"raise": 99})
    stage.put("2")
    stage.map(BatchSize=1, MaximumRetryAttempts=0, **destination)
    target = destination["DestinationConfig"]["OnFailure"]["Destination"]
    until(lambda: f"not authorized to perform: {action} on resource: {target}" in cloud.log(), 20)
    assert cloud.keys(bucket, "") == []


def test_a_bucket_that_is_not_there_is_named_in_the_log(cloud: Cloud, stage: Stage) -> None:
    target = f"arn:aws:s3:::bucket-{uuid.uuid4().hex[:12]}"
    stage.put("1", **{"raise": 99})
    stage.map(BatchSize=1, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": target}})
    until(lambda: f"failure destination {target}: b" in cloud.log() and "NoSuchBucket" in cloud.log(), 20)
