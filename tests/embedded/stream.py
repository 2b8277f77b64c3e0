"""A stream for tests: a table, a function that does what the items say, and the bucket where it notes its calls."""

import json
import uuid
from typing import Any

from scripts.embedded.server.lanes import lane_of
from tests.embedded.emulator import S3, Emulator, until

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


class Stream:
    """A table, a function that does what the items say, and the bucket where it notes its calls."""

    def __init__(self, emulator: Emulator, *statements: dict[str, Any]) -> None:
        self.emulator = emulator
        self.bucket = emulator.bucket()
        self.role = emulator.role(*(statements or (S3, STREAM)))
        self.function = emulator.function(self.role, code=HANDLER, Environment={"Variables": {"BUCKET": self.bucket}})
        self.table = f"table-{uuid.uuid4().hex[:8]}"
        description = emulator.dynamodb.create_table(
            TableName=self.table,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )["TableDescription"]
        self.arn = description["LatestStreamArn"]

    def put(self, number: str, key: str = "", **do: Any) -> None:
        """Write an item; `do` is what the function does with it: raise, fail (so many times), sleep, compute (seconds)."""
        item = {"k": {"S": key or number}, "id": {"S": number}, "do": {"S": json.dumps(do)}}
        self.emulator.dynamodb.put_item(TableName=self.table, Item=item)

    def map(self, **settings: Any) -> str:
        given = {"StartingPosition": "TRIM_HORIZON", "FunctionResponseTypes": ["ReportBatchItemFailures"], **settings}
        made = self.emulator.functions.create_event_source_mapping(EventSourceArn=self.arn, FunctionName=self.function, **given)
        return str(made["UUID"])

    def calls(self) -> list[dict[str, Any]]:
        """In the order in which they ended."""
        keys = sorted(self.emulator.keys(self.bucket, "call/"))
        return [json.loads(self.emulator.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()) for key in keys]

    def batches(self) -> list[list[str]]:
        return [call["ids"] for call in self.calls()]

    def destination(self) -> tuple[str, dict[str, Any]]:
        """A new bucket, and the setting that makes it the failure destination."""
        bucket = self.emulator.bucket()
        return bucket, {"DestinationConfig": {"OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}}}

    def given_up(self, bucket: str, seconds: float = 20) -> dict[str, Any]:
        """What the one object in a bucket says, once it is there."""
        until(lambda: bool(self.emulator.keys(bucket, "")), seconds)
        (key,) = self.emulator.keys(bucket, "")
        body: dict[str, Any] = json.loads(self.emulator.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        return body


def lane_keys(factor: int) -> list[str]:
    """One key for each lane."""
    found: dict[int, str] = {}
    for number in range(1_000):
        found.setdefault(lane_of({"dynamodb": {"Keys": {"k": {"S": f"key{number}"}}}}, factor), f"key{number}")
    return [found[lane] for lane in range(factor)]
