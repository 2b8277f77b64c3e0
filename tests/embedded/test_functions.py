"""Lambda on the emulator: payloads, errors, asynchronous events, and how many workers there are."""

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from tests.embedded.emulator import INVOKE, LIMIT, S3, Emulator, code, idle, linux, until, workers


def test_payload_limits(emulator: Emulator) -> None:
    name = emulator.function()
    emulator.invoke(name, "x" * 1_000_000, "Event")
    for kind, size in (("Event", 1_048_576), ("RequestResponse", 6_291_456)):
        with pytest.raises(ClientError) as error:
            emulator.invoke(name, "x" * size, kind)
        assert code(error) == "RequestEntityTooLargeException"
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413
    assert emulator.invoke(name, {"do": "return", "bytes": 6_300_000})["errorType"] == "Function.ResponseSizeTooLarge"


def test_errors_carry_class_name_and_stack(emulator: Emulator) -> None:
    name = emulator.function()
    error = emulator.invoke(name, {"do": "raise", "text": "two\nlines: x"})
    assert (error["errorType"], error["errorMessage"]) == ("Refused", "no: two\nlines: x")
    (frame,) = error["stackTrace"]
    assert frame.startswith('  File "')
    assert "raise Refused" in frame
    assert emulator.invoke(name, {"do": "exit"})["errorType"] == "Runtime.ExitError"


def test_workers_see_what_aws_sets_and_nothing_of_the_caller(emulator: Emulator) -> None:
    group = f"/logs/{uuid.uuid4().hex}"
    name = emulator.function(LoggingConfig={"LogGroup": group, "LogFormat": "JSON"})
    seen = emulator.invoke(name, {"do": "environment"})
    assert (seen["AWS_LAMBDA_LOG_GROUP_NAME"], seen["AWS_LAMBDA_FUNCTION_NAME"]) == (group, name)
    assert (seen["AWS_REGION"], seen["AWS_EXECUTION_ENV"]) == ("us-east-1", "AWS_Lambda_python3.13")
    assert "MAPREDUCE_BUILD_DIR" not in seen
    assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA")


def test_an_event_that_fails_for_good_reaches_the_destination(emulator: Emulator) -> None:
    bucket = emulator.bucket()
    name, recorder = emulator.function(emulator.role(S3, INVOKE)), emulator.function()
    target = emulator.functions.get_function(FunctionName=recorder)["Configuration"]["FunctionArn"]
    emulator.functions.put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=1, DestinationConfig={"OnFailure": {"Destination": target}}
    )
    event = {"do": "raise", "text": "text", "bucket": bucket}

    emulator.invoke(name, event, "Event")

    until(lambda: bool(emulator.keys(bucket, "record/")), 20)
    record = json.loads(emulator.s3.get_object(Bucket=bucket, Key=emulator.keys(bucket, "record/")[0])["Body"].read())
    assert record["requestPayload"] == event
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["requestContext"]["functionArn"].endswith(f":function:{name}:$LATEST")
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    assert record["responsePayload"]["errorType"] == "Refused"
    messages = [entry["message"] for entry in emulator.logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]]
    assert messages.count(f"request {record['requestContext']['requestId']}") == 2, "both attempts have one request id"


def test_a_role_that_may_not_invoke_the_destination_loses_the_record(emulator: Emulator) -> None:
    bucket, recorder = emulator.bucket(), emulator.function()
    target = emulator.functions.get_function(FunctionName=recorder)["Configuration"]["FunctionArn"]
    other = {**INVOKE, "Resource": f"{target}-other"}
    name = emulator.function(emulator.role(S3, other))
    emulator.functions.put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": target}}
    )

    emulator.invoke(name, {"do": "raise", "text": "text", "bucket": bucket}, "Event")

    until(lambda: f"not authorized to perform: lambda:InvokeFunction on resource: {target} " in emulator.log(), 20)
    time.sleep(0.5)
    assert emulator.keys(bucket, "record/") == []


def test_throttled_events_are_not_lost(emulator: Emulator) -> None:
    bucket, name = emulator.bucket(), emulator.function()
    emulator.functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    emulator.requests(reset=True)
    for number in range(12):
        emulator.invoke(name, {"do": "sleep", "seconds": 0.5, "bucket": bucket, "key": f"done/{number}"}, "Event")
    until(lambda: len(emulator.keys(bucket, "done")) == 12, 60)
    counts = emulator.requests()["counts"]
    assert counts["lambda.throttles"] > 3
    assert counts["lambda.invocations"] == 12


def test_waiting_invocations_do_not_starve_those_they_wait_for(emulator: Emulator) -> None:
    bucket, name = emulator.bucket(), emulator.function()
    began = time.monotonic()
    for _ in range(30):
        emulator.invoke(name, {"do": "wait", "count": 30, "bucket": bucket}, "Event")
    for number in range(30):
        event = {"do": "compute", "seconds": 0.05, "bucket": bucket, "key": f"done/{number}"}
        emulator.invoke(name, event, "Event")
    until(lambda: len(emulator.keys(bucket, "done")) == 30, 150)
    print(f"30 waiting and 30 working: {time.monotonic() - began:.1f} s")
    until(lambda: emulator.invoke(name, {}) == {} and idle(emulator), 20)


@linux
def test_a_fan_out_of_200_starts_few_processes_and_keeps_fewer(emulator: Emulator) -> None:
    bucket, name = emulator.bucket(), emulator.function()
    most = 0
    began = time.monotonic()

    def start(number: int) -> None:
        emulator.invoke(name, {"do": "compute", "seconds": 0.02, "bucket": bucket, "key": f"done/{number}"}, "Event")

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(start, range(200)))
    while len(emulator.keys(bucket, "done")) < 200:
        assert time.monotonic() - began < 90
        most = max(most, len(workers(emulator, name)))
        time.sleep(0.1)
    print(f"200 invocations: {time.monotonic() - began:.1f} s, {most} processes at most, {len(workers(emulator, name))} after")
    assert most <= 3 * LIMIT + 8
    until(lambda: idle(emulator), 10)


@linux
def test_idle_workers_of_all_functions_together_are_few(emulator: Emulator) -> None:
    bucket = emulator.bucket()
    for number in range(6):
        name = emulator.function()
        for each in range(12):
            event = {"do": "sleep", "seconds": 0.5, "bucket": bucket, "key": f"done/{number}-{each}"}
            emulator.invoke(name, event, "Event")
        until(lambda done=12 * (number + 1): len(emulator.keys(bucket, "done")) == done, 60)

    until(lambda: idle(emulator), 10)
