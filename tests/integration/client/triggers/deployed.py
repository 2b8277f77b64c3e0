"""Deployments on moto whose functions are the runtime's own Stage and Table: the client meets what they write, and they what it
writes. moto triggers nothing by itself.
"""

import itertools
import json
import re
import threading
import time
from collections import Counter
from io import BytesIO
from typing import Any, ClassVar

import boto3
import obstore

from runtime.orchestration.s3_triggers.stage import Stage
from runtime.orchestration.values.returns import Returns
from runtime.orchestration.values.table import Table
from runtime.run import Run, within
from scripts.client.app import main
from scripts.client.aws.clients import Aws
from scripts.client.deployment import Deployment
from tests.fakes.deployed import workflow_record

TEXT = "to be or not to be and/or // .. 100% %2F a\x01b he’ll 日本語 😀"
ROLES = {
    "s3_triggers": ("shuffle", "mapper-input", "mapper-output", "reducer-input", "reducer-output", "results"),
    "dynamodb_triggers": ("shuffle", "returns", "results"),
    "http_only": ("shuffle", "returns", "results"),
}
TABLES = ("mapper-input", "mapper-output", "reducer-input", "reducer-output", "results")
_numbers = itertools.count(1)
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


class Cloud:
    """One deployment, and a thread that does what its functions do once a run has begun."""

    orchestration: ClassVar[str]

    def __init__(self, endpoint, folder):
        number, name = next(_numbers), self.orchestration
        dashed = name.replace("_", "-")
        self.buckets = {role: f"client{number}-{dashed}-{role.replace('_', '-')}" for role in ROLES[name]}
        self.tables = {role: f"client{number}-{name}-{role}" for role in TABLES} if name == "dynamodb_triggers" else {}
        record = {
            "orchestration": name,
            "prefix": "wordcount",
            "region": "us-east-1",
            "account_id": "000000000000",
            "endpoint_url": endpoint,
            "functions": {"unum_map": "the-entry"} if name == "http_only" else {"mapper": "the-mapper"},
            "buckets": self.buckets,
            "tables": self.tables,
            "state_machine_arn": None,
            "sfn_map_mode": None,
            "log_groups": {},
            "timeout_seconds": 300,
            "workflow": workflow_record(name),
            "timeouts": {"unum_map": 60},
        }
        (folder / f"{name}.json").write_text(json.dumps(record))
        self.aws = Aws(Deployment.parse(record, "test"))
        self.s3 = boto3.client("s3", endpoint_url=endpoint, **KEYS)
        self.dynamodb = boto3.client("dynamodb", endpoint_url=endpoint, **KEYS)
        for bucket in self.buckets.values():
            self.s3.create_bucket(Bucket=bucket)
        for table in self.tables.values():
            self.dynamodb.create_table(
                TableName=table,
                KeySchema=[{"AttributeName": "Key", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "Key", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        self.pause = threading.Event()
        self.errors, self.threads, self.ended = [], [], threading.Event()

    def keys(self, role):
        """All keys; of the markers of open runs without the deadlines."""
        found = (item["path"] for page in obstore.list(self.aws.store(role)) for item in page)
        return sorted({re.sub(r"^(\.open/\w+)/\d+$", r"\1", key) for key in found})

    def left(self):
        """All that is anywhere."""
        found = {role: self.keys(role) for role in self.buckets}
        for role, table in self.tables.items():
            found[f"table {role}"] = sorted(item["Key"]["S"] for item in self.dynamodb.scan(TableName=table)["Items"])
        return {name: keys for name, keys in found.items() if keys}

    def serve(self, run):
        """Be the functions of one run, as soon as it has begun."""

        def work():
            try:
                with within(Run(run)):
                    chunks = self.await_run(run)
                    if chunks is not None:
                        self.work(run, chunks)
            except BaseException as error:
                self.errors.append(error)

        self.threads.append(threading.Thread(target=work))
        self.threads[-1].start()

    def settle(self):
        """Wait until the functions have ended too."""
        for thread in self.threads:
            thread.join(20)
        assert self.errors == []

    def close(self):
        self.pause.set()
        self.ended.set()
        self.settle()

    def until(self, found):
        deadline = time.monotonic() + 20
        while (value := found()) is None and time.monotonic() < deadline and not self.ended.is_set():
            time.sleep(0.01)
        return value

    def emit(self, run, chunk, i):
        bucket, _, prefix = chunk["destination"].partition("/")
        assert bucket == self.buckets["shuffle"]
        obstore.put(self.aws.store("shuffle"), f"{prefix + '/' if prefix else ''}{run}/reducer0/word/{i}", b"")

    def finish(self, run, chunks):
        counts = Counter(word for chunk in chunks for word in chunk["text"].split())
        obstore.put(self.aws.store("results"), f"{run}/result.json", json.dumps(counts).encode())


class S3Cloud(Cloud):
    orchestration = "s3_triggers"

    def stage(self, role, run):
        return Stage(self.buckets[role], run)

    def await_run(self, run):
        given, returned = self.stage("mapper-input", run), self.stage("mapper-output", run)

        def begun():
            fan_out, nothing = given.find(".unum_map"), returned.find("0.json")
            if nothing is not None:
                assert returned.must_find(".sync") == {"Size": 0}
                return []
            if fan_out is None or given.indexes() != set(range(1, fan_out.value["Size"] + 1)):
                return None
            return given.values(fan_out.value["Size"])

        return self.until(begun)

    def work(self, run, chunks):
        returned, reducers, reduced = (self.stage(role, run) for role in ("mapper-output", "reducer-input", "reducer-output"))
        for i, chunk in enumerate(chunks, 1):
            self.emit(run, chunk, i)
            returned.create_or_read(".sync", {"Size": len(chunks)})
            returned.create_or_read(f"{i}.json", {"bucket": "b"})
        returned.create_or_read(".lock", {"Owner": "x", "Time": 1.0})
        reducers.create_or_read(".unum_map", {"Size": 2, "Values": [{}, {}]})
        reducers.create_all({"1.json": {}, "2.json": {}})
        reduced.create_or_read(".sync", {"Size": 2})
        reduced.create_or_read("1.json", {})
        self.pause.wait(5)
        reduced.create_or_read("2.json", {})
        self.finish(run, chunks)


class DynamoDBCloud(Cloud):
    orchestration = "dynamodb_triggers"

    def table(self, role, run):
        return Table(self.tables[role], run, Returns(self.buckets["returns"], run))

    def item(self, role, key):
        return self.dynamodb.get_item(TableName=self.tables[role], Key={"Key": {"S": key}}).get("Item")

    def await_run(self, run):
        def begun():
            nothing = self.dynamodb.get_item(TableName=self.tables["mapper-output"], Key={"Key": {"S": f"{run}/fan-in"}}).get(
                "Item"
            )
            if nothing is not None:
                assert (nothing["To"], nothing["Size"]) == ({"S": "partition"}, {"N": "0"})
                return []
            first = self.item("mapper-input", f"{run}/1")
            if first is None:
                return None
            size = int(first["Size"]["N"])
            held = self.dynamodb.scan(TableName=self.tables["mapper-input"])["Items"]
            if sum(item.get("Run") == {"S": run} for item in held) < size:
                return None
            return self.table("mapper-input", run).values(size)

        return self.until(begun)

    def work(self, run, chunks):
        returned, reducers, reduced, results = (self.table(role, run) for role in TABLES[1:])
        for i, chunk in enumerate(chunks, 1):
            self.emit(run, chunk, i)
            assert self.table("mapper-input", run).count_attempt(str(i), "request-1") == 1
            returned.create_or_read(str(i), f"mapper/{i}.json", {"bucket": "b"}, Index=i)
            if returned.finish(i, len(chunks)):
                returned.create_item("fan-in", {}, To="partition", Size=len(chunks))
        reducers.create_or_read("fan-out", "partition/1.json", [{}, {}])
        for i in (1, 2):
            reducers.create_or_read(str(i), f"reducer.input/{i}.json", {}, To="reducer", Index=i, Size=2)
            reduced.create_or_read(str(i), f"reducer/{i}.json", {}, Index=i)
            if i == 2:
                self.pause.wait(5)
            if reduced.finish(i, 2):
                reduced.create_item("fan-in", {}, To="summary", Size=2)
        self.finish(run, chunks)
        time.sleep(0.3)  # a client that polls now is faster than summary
        results.create_item("result", {}, Status="done")


class HttpOnlyCloud(Cloud):
    orchestration = "http_only"
    failure: Any = None

    def serve(self, run):
        """The client itself calls."""

    def invoke(self, FunctionName, InvocationType, Payload):
        assert FunctionName == "the-entry"
        event = json.loads(Payload)
        run = event["Session"]
        chunks = [datum["Value"] if datum["Source"] == "http" else self.stored(run, datum["Value"]) for datum in event["Data"]]
        self.types = [*getattr(self, "types", []), InvocationType]
        if InvocationType == "Event":
            threading.Thread(target=self.work, args=(run, chunks)).start()
            return {"StatusCode": 202}
        if self.failure:
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": BytesIO(json.dumps(self.failure).encode())}
        self.work(run, chunks)
        return {"StatusCode": 200, "Payload": BytesIO(b"{}")}

    def stored(self, run, key):
        return json.loads(bytes(obstore.get(self.aws.store("returns"), f"{run}/{key}").bytes()))

    def work(self, run, chunks):
        for i, chunk in enumerate(chunks, 1):
            self.emit(run, chunk, i)
        self.pause.wait(5)
        self.finish(run, chunks)


CLOUDS = {kind.orchestration: kind for kind in (S3Cloud, DynamoDBCloud, HttpOnlyCloud)}
EXPECTED = dict(Counter(f"{TEXT} to be {TEXT}".split()))


def run_client(arguments):
    return main([*arguments, "--timeout", "20"])
