"""A deployment on moto's S3 for tests of the client: what Lambda and Step Functions would do is done here, as a test says."""

import json
import re
import threading
from collections import Counter

import boto3
import obstore
from botocore.exceptions import ClientError

from scripts.client.aws.clients import Aws
from scripts.client.deployment import Deployment
from tests.fakes.deployed import workflow_record

HOSTILE = ["and/or", "//", "..", ".", "100%", "%2F", "a\x01b", "he’ll", "日本語", "😀", "[red]", "w" * 3000]
ROLES = ("shuffle", "returns", "results")


class Cloud:
    """One deployment, and what its functions would do: count, or whatever `behave` does with a started run."""

    def __init__(self, endpoint, folder, orchestration, number, mode):
        buckets = {role: f"wordcount-{orchestration.replace('_', '-')}-{role}-{number}" for role in ROLES}
        functions = ["unum_map", "mapper", "partition", "reducer", "summary", "recorder"]
        self.record = {
            "orchestration": orchestration,
            "prefix": "wordcount",
            "region": "us-east-1",
            "account_id": "000000000000",
            "endpoint_url": endpoint,
            "functions": {name: f"wordcount-{orchestration}-{name}" for name in functions},
            "buckets": buckets,
            "state_machine_arn": f"arn:aws:states:us-east-1:000000000000:stateMachine:wordcount-{orchestration}",
            "sfn_map_mode": mode,
            "log_groups": {name: f"/aws/lambda/wordcount-{orchestration}-{name}" for name in functions},
            "timeout_seconds": 300,
            "workflow": workflow_record(orchestration),
        }
        self.path = folder / f"{orchestration}.json"
        self.change()
        self.aws = Aws(Deployment.parse(self.record, "test"))
        self.s3 = boto3.client(
            "s3", endpoint_url=endpoint, aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
        )
        for bucket in buckets.values():
            self.s3.create_bucket(Bucket=bucket)
        self.behave = self.count
        self.started = []
        self.threads = []
        self.refuse = None
        self.verdict = {"status": "RUNNING"}
        self.history = []

    def change(self, **told):
        self.record |= told
        self.path.write_text(json.dumps(self.record))

    def keys(self, role):
        """All keys; of the markers of open runs without the deadlines."""
        found = (item["path"] for page in obstore.list(self.aws.store(role)) for item in page)
        return sorted({re.sub(r"^(\.open/\w+)/\d+$", r"\1", key) for key in found})

    def put(self, role, key, body):
        obstore.put(self.aws.store(role), key, body if isinstance(body, bytes) else json.dumps(body).encode())

    def get(self, role, key):
        return json.loads(bytes(obstore.get(self.aws.store(role), key).bytes()))

    def resolve(self, run, datum):
        return datum["Value"] if datum["Source"] == "http" else self.get("returns", f"{run}/{datum['Value']}")

    def count(self, run, chunks):
        for i, chunk in enumerate(chunks, 1):
            bucket, _, prefix = chunk["destination"].partition("/")
            assert bucket == self.record["buckets"]["shuffle"]
            self.put("shuffle", f"{prefix + '/' if prefix else ''}{run}/reducer0/word/{i}", b"")
            self.put("returns", f"{run}/mapper/{i}.json", {})
        self.put("results", f"{run}/result.json", Counter(w for chunk in chunks for w in chunk["text"].split()))

    def run(self, run, chunks):
        if self.refuse:
            raise self.refuse
        self.started.append((run, chunks))
        self.threads.append(threading.Thread(target=self.behave, args=(run, chunks)))
        self.threads[-1].start()

    # What the client calls of boto3.

    class exceptions:
        class ExecutionAlreadyExists(ClientError):
            pass

    def invoke(self, FunctionName, InvocationType, Payload):
        assert (FunctionName, InvocationType) == (self.record["functions"]["unum_map"], "Event")
        event = json.loads(Payload)
        self.run(event["Session"], [self.resolve(event["Session"], datum) for datum in event["Data"]])
        return {"StatusCode": 202}

    def start_execution(self, stateMachineArn, name, input):
        given = json.loads(input)
        assert stateMachineArn == self.record["state_machine_arn"]
        if self.record["sfn_map_mode"] == "DISTRIBUTED":
            assert given == {"size": len(self.get("returns", f"{name}/mapper-input.json"))}
            given = {"data": self.get("returns", f"{name}/mapper-input.json")}
        self.input = input
        self.run(name, [self.resolve(name, datum) for datum in given["data"]])

    def describe_execution(self, executionArn):
        assert executionArn == f"arn:aws:states:us-east-1:000000000000:execution:wordcount-sfn:{self.started[-1][0]}"
        return self.verdict

    def get_paginator(self, name):
        assert name == "get_execution_history"
        return self

    def paginate(self, **_):
        return [{"events": list(reversed(self.history))}]


EXPECTED = dict(Counter(["to", "be", "or", "not", "to", "be", *HOSTILE]))
