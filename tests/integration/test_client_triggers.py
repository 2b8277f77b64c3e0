"""The client on s3_triggers, dynamodb_triggers and http_only, against moto's S3 and DynamoDB.

What the functions would do is done here, by the runtime's own Stage and Table: so the client meets what they write, and they what
it writes. moto triggers nothing by itself.
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
import pytest
from botocore.exceptions import ClientError

from runtime.orchestration.s3_triggers.stage import Stage
from runtime.orchestration.values.returns import Returns
from runtime.orchestration.values.table import Table
from runtime.run import Run, within
from scripts import paths
from scripts.client.app import main
from scripts.client.aws import items, objects
from scripts.client.aws.clients import Aws
from scripts.client.deployment import Deployment
from scripts.client.report import console
from tests.fakes.embedded import note_running

TEXT = "to be or not to be and/or // .. 100% %2F a\x01b he’ll 日本語 😀"
ROLES = {
    "s3_triggers": ("shuffle", "mapper-input", "mapper-output", "reducer-input", "reducer-output", "results"),
    "dynamodb_triggers": ("shuffle", "returns", "results"),
    "http_only": ("shuffle", "returns", "results"),
}
TABLES = ("mapper-input", "mapper-output", "reducer-input", "reducer-output", "results")
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}

_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def embedded(tmp_path, monkeypatch, moto_endpoint, aws_environment):
    """A build folder that says: the embedded AWS is up. Nothing is deployed yet."""
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    # The functions' part is done in the client's process, whose settings the client would take away.
    monkeypatch.setattr(Aws, "open", Aws)
    folder = tmp_path / "build" / "embedded" / "deployments"
    folder.mkdir(parents=True)
    note_running(folder.parent, moto_endpoint)
    return folder


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
                returned.put("fan-in", {}, To="partition", Size=len(chunks))
        reducers.create_or_read("fan-out", "partition/1.json", [{}, {}])
        for i in (1, 2):
            reducers.create_or_read(str(i), f"reducer.input/{i}.json", {}, To="reducer", Index=i, Size=2)
            reduced.create_or_read(str(i), f"reducer/{i}.json", {}, Index=i)
            if i == 2:
                self.pause.wait(5)
            if reduced.finish(i, 2):
                reduced.put("fan-in", {}, To="summary", Size=2)
        self.finish(run, chunks)
        time.sleep(0.3)  # a client that polls now is faster than summary
        results.put("result", {}, Status="done")


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


@pytest.fixture
def deploy(moto_endpoint, embedded, monkeypatch):
    clouds = {}

    def make(orchestration):
        made = clouds[orchestration] = CLOUDS[orchestration](moto_endpoint, embedded)
        made.pause.set()
        return made

    real = Aws.client
    monkeypatch.setattr(Aws, "client", lambda self, name: clouds["http_only"] if name == "lambda" else real(self, name))
    monkeypatch.setattr(Aws, "long_client", lambda self, name, seconds: clouds["http_only"])
    yield make
    for cloud in clouds.values():
        cloud.close()


@pytest.fixture(params=CLOUDS)
def cloud(request, deploy):
    return deploy(request.param)


@pytest.fixture(params=["s3_triggers", "dynamodb_triggers"])
def triggers(request, deploy):
    return deploy(request.param)


@pytest.fixture
def sample(tmp_path):
    path = tmp_path / "in.json"
    path.write_text(json.dumps([TEXT, "to be", TEXT]))
    return str(path)


EXPECTED = dict(Counter(f"{TEXT} to be {TEXT}".split()))


def run_client(arguments):
    return main([*arguments, "--timeout", "20"])


def test_a_run_gives_the_counts_and_leaves_only_the_result(cloud, sample, capsys):
    cloud.serve("r1")

    status = run_client([sample, "--run-id", "r1", "--json"])

    told = capsys.readouterr()
    assert status == 0, told.err
    assert json.loads(told.out) == EXPECTED
    assert cloud.left() == {"results": ["r1/result.json"]}


def test_empty_input_gives_no_counts(cloud, tmp_path, capsys):
    (tmp_path / "in.txt").write_text("")
    cloud.serve("r1")

    assert run_client([str(tmp_path / "in.txt"), "--run-id", "r1", "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == {}
    assert cloud.left() == {"results": ["r1/result.json"]}


def test_many_and_large_chunks_arrive_whole(cloud, tmp_path, capsys):
    texts = [f"word{i} 日本語" for i in range(120)] + ["long " * 80_000]
    (tmp_path / "in.json").write_text(json.dumps(texts))
    cloud.serve("r1")

    assert run_client([str(tmp_path / "in.json"), "--run-id", "r1", "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == Counter(" ".join(texts).split())
    assert cloud.left() == {"results": ["r1/result.json"]}


def test_what_was_kept_can_be_attached_to_and_cleaned_up_by_nobody_else(cloud, sample, capsys):
    cloud.serve("r1")
    assert run_client([sample, "--run-id", "r1", "--keep"]) == 0
    cloud.settle()
    kept = cloud.left()
    cloud.serve("r2")

    assert run_client([sample, "--run-id", "r2"]) == 0
    capsys.readouterr()
    assert run_client(["--attach", "r1", "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == EXPECTED
    assert cloud.left() == kept | {"results": [".open/r1", "r1/result.json", "r1/run.json", "r2/result.json"]}


def test_a_run_that_is_attached_to_is_cleaned_up_as_any(cloud, sample, capsys):
    cloud.pause.clear()
    cloud.serve("r1")
    assert run_client([sample, "--run-id", "r1", "--no-wait"]) == 0
    cloud.pause.set()

    assert run_client(["--attach", "r1", "--json"]) == 0

    assert cloud.left() == {"results": ["r1/result.json"]}
    assert getattr(cloud, "types", ["Event"]) == ["Event"]


def go_on_once_told(monkeypatch, words, pause):
    """Lets the functions go on when the client has shown these words; after a minute in any case."""
    say = console.say

    def watched(text):
        say(text)
        if words in text:
            pause.set()

    monkeypatch.setattr(console, "say", watched)
    deadline = threading.Timer(60, pause.set)
    deadline.daemon = True
    deadline.start()


def test_progress_is_shown(triggers, sample, capsys, monkeypatch):
    triggers.pause.clear()
    triggers.serve("r1")
    go_on_once_told(monkeypatch, "mapped 3/3, reduced 1/2", triggers.pause)

    assert run_client([sample, "--run-id", "r1"]) == 0

    assert "mapped 3/3, reduced 1/2" in capsys.readouterr().err


def test_progress_of_http_only_is_unknown(deploy, sample, capsys, monkeypatch):
    cloud = deploy("http_only")
    cloud.pause.clear()
    go_on_once_told(monkeypatch, "mapped ?/3, reduced ?/?", cloud.pause)

    assert run_client([sample]) == 0

    assert "mapped ?/3, reduced ?/?" in capsys.readouterr().err


def test_a_function_that_was_ended_fails_the_run(deploy, sample, capsys):
    cloud = deploy("http_only")
    cloud.failure = {"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out after 60.00 seconds"}

    assert run_client([sample, "--run-id", "r1"]) == 1

    told = capsys.readouterr().err
    assert "function:   unum_map" in told
    assert "Task timed out" in told
    assert cloud.left() == {"results": [".open/r1", "r1/failed.json", "r1/run.json"], "returns": ["r1/unum_map.input/1.json"]}


def test_a_used_run_id_writes_nothing(cloud, sample, capsys):
    obstore.put(cloud.aws.store("results"), "r1/result.json", b"{}")

    assert run_client([sample, "--run-id", "r1"]) == 2

    assert cloud.left() == {"results": ["r1/result.json"]}


@pytest.mark.parametrize("lacking", ["mapper-input", "table mapper-input"])
def test_a_start_that_fails_leaves_nothing(deploy, sample, capsys, lacking):
    cloud = deploy("s3_triggers" if lacking == "mapper-input" else "dynamodb_triggers")
    if lacking == "mapper-input":
        cloud.s3.delete_bucket(Bucket=cloud.buckets.pop("mapper-input"))
    else:
        cloud.dynamodb.delete_table(TableName=cloud.tables.pop("mapper-input"))

    assert run_client([sample, "--run-id", "r1"]) == 1

    assert "there is no such " in capsys.readouterr().err


def test_a_start_that_breaks_off_in_the_middle_leaves_nothing(triggers, tmp_path, capsys, monkeypatch):
    (tmp_path / "in.json").write_text(json.dumps(["w"] * 60))
    tries = itertools.count(1)

    def breaking(real):
        def request(*arguments, **named):
            if next(tries) == 3:
                raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "AccessDenied"}}, "Put")
            return real(*arguments, **named)

        return request

    if triggers.orchestration == "s3_triggers":
        real = obstore.put

        def put(store, key, *arguments, **named):
            if key.endswith("/30.json"):
                raise PermissionError("AccessDenied")
            return real(store, key, *arguments, **named)

        monkeypatch.setattr(obstore, "put", put)
    else:
        client = triggers.aws.client("dynamodb")
        monkeypatch.setattr(Aws, "client", lambda self, service: client)
        monkeypatch.setattr(client, "batch_write_item", breaking(client.batch_write_item))

    assert run_client([str(tmp_path / "in.json"), "--run-id", "r1"]) == 1

    assert "access denied" in capsys.readouterr().err
    assert triggers.left() == {}


def test_ctrl_c_amid_the_start_leaves_nothing(triggers, sample, capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    if triggers.orchestration == "s3_triggers":
        ensure = objects.ensure
        monkeypatch.setattr(objects, "ensure", lambda *arguments: ensure(*arguments) or interrupted())
    else:
        real = items.put_all
        monkeypatch.setattr(items, "put_all", lambda *arguments: real(*arguments) or interrupted())

    assert run_client([sample, "--run-id", "r1"]) == 130

    assert "what was written of it is removed" in capsys.readouterr().err
    assert triggers.left() == {}


def test_a_throttled_table_delays_the_start_and_loses_nothing(deploy, tmp_path, capsys, monkeypatch):
    cloud = deploy("dynamodb_triggers")
    (tmp_path / "in.json").write_text(json.dumps([f"w{i}" for i in range(60)]))
    client = cloud.aws.client("dynamodb")
    monkeypatch.setattr(Aws, "client", lambda self, service: client)
    real, handed_back = client.batch_write_item, []

    def throttled(RequestItems):
        ((table, requests),) = RequestItems.items()
        if len(requests) > 5 and len(handed_back) < 8:
            handed_back.append(len(requests) - 5)
            real(RequestItems={table: requests[:5]})
            return {"UnprocessedItems": {table: requests[5:]}}
        return real(RequestItems=RequestItems)

    monkeypatch.setattr(client, "batch_write_item", throttled)
    cloud.serve("r1")

    assert run_client([str(tmp_path / "in.json"), "--run-id", "r1", "--json"]) == 0

    assert len(json.loads(capsys.readouterr().out)) == 60
    assert len(handed_back) == 8
    assert cloud.left() == {"results": ["r1/result.json"]}


def test_a_table_that_takes_nothing_is_told_and_nothing_stays(deploy, sample, capsys, monkeypatch):
    cloud = deploy("dynamodb_triggers")
    monkeypatch.setattr(items, "_PATIENCE_SECONDS", 0.3)
    client = cloud.aws.client("dynamodb")
    monkeypatch.setattr(Aws, "client", lambda self, service: client)
    real = client.batch_write_item

    def throttled(RequestItems):
        ((_, requests),) = RequestItems.items()
        return {"UnprocessedItems": RequestItems} if "PutRequest" in requests[0] else real(RequestItems=RequestItems)

    monkeypatch.setattr(client, "batch_write_item", throttled)

    assert run_client([sample, "--run-id", "r1"]) == 1

    assert "took none of 3 items" in capsys.readouterr().err
    assert cloud.left() == {}


def test_too_many_chunks_are_refused_before_anything_is_written(deploy, tmp_path, capsys):
    cloud = deploy("dynamodb_triggers")
    (tmp_path / "in.json").write_text(json.dumps(["w"] * 100_001))

    assert run_client([str(tmp_path / "in.json")]) == 2

    assert "--chunks 100000" in capsys.readouterr().err
    assert cloud.left() == {}
