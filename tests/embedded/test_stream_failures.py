"""Event source mappings of DynamoDB streams on the emulator: retries, what is given up, and what their roles allow."""

import json
import re
import time
import uuid

import pytest
from botocore.exceptions import ClientError

from tests.embedded.emulator import S3, Emulator, code, until
from tests.embedded.stream import STREAM, Stream, lane_keys


def test_a_reported_failure_and_what_follows_it_come_again(stream: Stream) -> None:
    for number in "12345":
        stream.put(number, **({"fail": 2} if number == "3" else {}))
    stream.map()
    until(lambda: len(stream.calls()) == 3, 20)
    time.sleep(1.5)
    assert stream.batches() == [list("12345"), list("345"), list("345")]
    assert len({call["request"] for call in stream.calls()}) == 3


def test_reported_failures_mean_nothing_without_the_response_type(stream: Stream) -> None:
    stream.put("1", fail=9)
    stream.put("2")
    stream.map(BatchSize=1, FunctionResponseTypes=[])
    until(lambda: len(stream.calls()) == 2, 20)
    time.sleep(1)
    assert stream.batches() == [["1"], ["2"]]


def test_what_fails_for_good_is_left_in_the_bucket_and_the_rest_goes_on(stream: Stream) -> None:
    bucket, destination = stream.destination()
    stream.put("1", **{"raise": 99})
    stream.put("2")
    mapping = stream.map(BatchSize=1, MaximumRetryAttempts=2, **destination)
    until(lambda: stream.batches() == [["1"], ["1"], ["1"], ["2"]], 20)

    message = stream.given_up(bucket)

    assert set(message) == {"requestContext", "responseContext", "version", "timestamp", "DDBStreamBatchInfo", "payload"}
    ((record,),) = json.loads(message["payload"]).values()
    assert (record["eventSourceARN"], record["dynamodb"]["NewImage"]["id"]) == (stream.arn, {"S": "1"})
    (key,) = stream.emulator.keys(bucket, "")
    place = f"aws/lambda/{mapping}/shardId-00000000000000000000-00000000"
    assert re.fullmatch(rf"{place}/\d{{4}}/\d\d/\d\d/[\d-]{{10}}T\d\d\.\d\d\.\d\d-[0-9a-f-]{{36}}", key)
    assert message["requestContext"] == {
        "requestId": stream.calls()[2]["request"],
        "functionArn": f"arn:aws:lambda:us-east-1:000000000000:function:{stream.function}",
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
    assert info == {"shardId": "shardId-00000000000000000000-00000000", "batchSize": 1, "streamArn": stream.arn}


def test_the_failed_part_alone_is_left_in_the_bucket(stream: Stream) -> None:
    bucket, destination = stream.destination()
    for number in "1234":
        stream.put(number, **({"fail": 99} if number == "3" else {}))
    stream.map(MaximumRetryAttempts=0, **destination)
    message = stream.given_up(bucket)
    assert stream.batches() == [list("1234")]
    assert message["DDBStreamBatchInfo"]["batchSize"] == 2
    assert message["DDBStreamBatchInfo"]["startSequenceNumber"] < message["DDBStreamBatchInfo"]["endSequenceNumber"]
    assert message["responseContext"]["functionError"] is None


def test_a_record_that_is_too_old_is_given_up(stream: Stream) -> None:
    bucket, destination = stream.destination()
    stream.put("1", **{"raise": 99})
    stream.map(MaximumRecordAgeInSeconds=3, **destination)
    message = stream.given_up(bucket)
    assert message["requestContext"]["condition"] == "RecordAgeExceeded"
    assert message["requestContext"]["approximateInvokeCount"] == len(stream.calls()) >= 2
    assert message["DDBStreamBatchInfo"]["batchSize"] == 1


def test_bisection_isolates_the_record_that_fails(stream: Stream) -> None:
    bucket, destination = stream.destination()
    for number in "1234":
        stream.put(number, **({"raise": 99} if number == "3" else {}))
    stream.map(MaximumRetryAttempts=0, BisectBatchOnFunctionError=True, **destination)
    until(lambda: stream.batches() == [list("1234"), list("12"), list("34"), ["3"], ["4"]], 20)
    assert stream.given_up(bucket)["DDBStreamBatchInfo"]["batchSize"] == 1


def test_a_poisoned_record_blocks_its_own_lane_only(stream: Stream) -> None:
    poisoned, *others = lane_keys(4)
    stream.put("poison", poisoned, **{"raise": 3})
    stream.put("behind", poisoned)
    stream.map(BatchSize=1, ParallelizationFactor=4)
    until(lambda: stream.batches()[:1] == [["poison"]], 20)
    for key in others:
        stream.put(key)
    until(lambda: stream.batches()[-1:] == [["behind"]], 20)
    got = [call["ids"][0] for call in stream.calls()]
    assert [one for one in got if one in ("poison", "behind")] == ["poison"] * 4 + ["behind"]
    last = len(got) - 1 - got[::-1].index("poison")
    assert all(got.index(key) < last for key in others)


def test_a_throttled_batch_is_neither_lost_nor_counted(emulator: Emulator, stream: Stream) -> None:
    emulator.functions.put_function_concurrency(FunctionName=stream.function, ReservedConcurrentExecutions=0)
    emulator.requests(reset=True)
    stream.put("1")
    stream.map(MaximumRetryAttempts=0)
    until(lambda: emulator.requests()["counts"].get("lambda.throttles", 0) >= 3, 20)
    emulator.functions.delete_function_concurrency(FunctionName=stream.function)
    until(lambda: stream.batches() == [["1"]], 20)


def test_a_deleted_mapping_tries_no_more(emulator: Emulator, stream: Stream) -> None:
    stream.put("1", **{"raise": 99})
    mapping = stream.map()
    until(lambda: len(stream.calls()) >= 2, 20)
    assert threads(emulator, mapping)
    emulator.functions.delete_event_source_mapping(UUID=mapping)
    until(lambda: not threads(emulator, mapping), 3)
    time.sleep(1)  # one that was in flight
    before = len(stream.calls())
    stream.put("2")
    time.sleep(3)
    assert len(stream.calls()) == before


@pytest.mark.parametrize("action", ["DescribeStream", "GetShardIterator", "GetRecords"])
def test_a_role_that_may_not_read_the_stream_gets_no_mapping(emulator: Emulator, action: str) -> None:
    kept = [one for one in STREAM["Action"] if one != f"dynamodb:{action}"]
    stream = Stream(emulator, S3, {**STREAM, "Action": kept})
    with pytest.raises(ClientError) as error:
        stream.map()
    assert code(error) == "InvalidParameterValueException"
    assert f"Cannot access stream {stream.arn}" in str(error.value)
    assert f"not authorized to perform: dynamodb:{action} on resource: {stream.arn}" in emulator.log()


def test_a_role_that_may_no_longer_read_the_stream_reads_nothing(emulator: Emulator, stream: Stream) -> None:
    stream.map()
    stream.put("1")
    until(lambda: stream.batches() == [["1"]], 20)
    name = stream.role.rpartition("/")[2]
    policy = emulator.iam.get_role_policy(RoleName=name, PolicyName="policy")["PolicyDocument"]
    without = {**policy, "Statement": [S3]}
    emulator.iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=json.dumps(without))

    stream.put("2")

    until(lambda: f"not authorized to perform: dynamodb:DescribeStream on resource: {stream.arn}" in emulator.log(), 10)
    time.sleep(1.5)
    assert stream.batches() == [["1"]]
    emulator.iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=json.dumps(policy))
    until(lambda: stream.batches() == [["1"], ["2"]], 20)


@pytest.mark.parametrize(("action", "resource"), [("s3:PutObject", "arn:aws:s3:::*/aws/lambda/*"), ("s3:ListBucket", "*")])
def test_a_role_that_may_not_write_to_the_bucket_loses_the_record(emulator: Emulator, action: str, resource: str) -> None:
    stream = Stream(emulator, S3, STREAM, {"Effect": "Deny", "Action": action, "Resource": resource})
    bucket, destination = stream.destination()
    stream.put("1", **{"raise": 99})
    stream.put("2")
    stream.map(BatchSize=1, MaximumRetryAttempts=0, **destination)
    target = destination["DestinationConfig"]["OnFailure"]["Destination"]
    until(lambda: f"not authorized to perform: {action} on resource: {target}" in emulator.log(), 20)
    assert emulator.keys(bucket, "") == []


def test_a_bucket_that_is_not_there_is_named_in_the_log(emulator: Emulator, stream: Stream) -> None:
    target = f"arn:aws:s3:::bucket-{uuid.uuid4().hex[:12]}"
    stream.put("1", **{"raise": 99})
    stream.map(BatchSize=1, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": target}})
    until(lambda: f"failure destination {target}: b" in emulator.log() and "NoSuchBucket" in emulator.log(), 20)


def seconds(moment: str) -> float:
    return time.mktime(time.strptime(moment, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone


def threads(emulator: Emulator, mapping: str) -> bool:
    """Whether the mapping's thread runs: the emulator says when it ends."""
    return f"stream mapping {mapping}: ended" not in emulator.log()


# --- permissions ------------------------------------------------------------------------------------------------------
