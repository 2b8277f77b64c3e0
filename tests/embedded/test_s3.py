"""S3 on the emulator: limits, denials, and whom it may notify."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from tests.embedded.emulator import Emulator, code, until


def test_keys_above_1024_bytes_are_refused(emulator: Emulator) -> None:
    bucket = emulator.bucket()
    emulator.s3.put_object(Bucket=bucket, Key="é" * 512, Body=b"")
    with pytest.raises(ClientError) as error:
        emulator.s3.put_object(Bucket=bucket, Key="é" * 512 + "x", Body=b"")
    assert code(error) == "KeyTooLongError"


def test_pages_hold_1000_keys_and_batches_delete_1000(emulator: Emulator) -> None:
    bucket = emulator.bucket()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: emulator.s3.put_object(Bucket=bucket, Key=f"{n:04}", Body=b""), range(1001)))
    page = emulator.s3.list_objects_v2(Bucket=bucket, MaxKeys=5000)
    assert (page["KeyCount"], page["IsTruncated"]) == (1000, True)
    assert len(emulator.keys(bucket, "")) == 1001
    with pytest.raises(ClientError) as error:
        emulator.s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": f"{n:04}"} for n in range(1001)]})
    assert code(error) == "MalformedXML"


def test_a_missing_key_is_403_without_list_bucket_and_404_with_it(emulator: Emulator) -> None:
    bucket = emulator.bucket()
    get = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    listing = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"}
    event = {"do": "get", "bucket": bucket, "key": "missing"}
    assert emulator.invoke(emulator.function(emulator.role(get)), event) == "PermissionDeniedError"
    assert emulator.invoke(emulator.function(emulator.role(get, listing)), event) == "FileNotFoundError"


@pytest.mark.parametrize("source", ["nothing", "another bucket"])
def test_s3_may_notify_only_functions_whose_policy_allows_the_bucket(emulator: Emulator, source: str) -> None:
    bucket, results = emulator.bucket(), emulator.bucket()
    name = emulator.function(Environment={"Variables": {"BUCKET": results}})
    arn = emulator.functions.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    notification = {
        "Bucket": bucket,
        "NotificationConfiguration": {
            "LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]
        },
    }

    def allow(one: str) -> None:
        emulator.functions.add_permission(
            FunctionName=name,
            StatementId=f"from-{one}",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            SourceArn=f"arn:aws:s3:::{one}",
            SourceAccount="000000000000",
        )

    if source == "another bucket":
        allow(results)
    with pytest.raises(ClientError) as error:
        emulator.s3.put_bucket_notification_configuration(**notification)
    assert code(error) == "InvalidArgument"
    allow(bucket)
    emulator.s3.put_bucket_notification_configuration(**notification)
    emulator.s3.put_object(Bucket=bucket, Key="seen", Body=b"")
    until(lambda: emulator.keys(results, "stream/") == [f"stream/{name}"], 20)
    emulator.s3.delete_object(Bucket=results, Key=f"stream/{name}")

    emulator.functions.remove_permission(FunctionName=name, StatementId=f"from-{bucket}")
    emulator.s3.put_object(Bucket=bucket, Key="unseen", Body=b"")

    until(lambda: f"may not invoke {arn} for arn:aws:s3:::{bucket}:" in emulator.log().rpartition("InvalidArgument")[2], 20)
    time.sleep(4.0)
    assert emulator.keys(results, "stream/") == []
