"""The client as a user runs it, against moto's S3. Lambda and Step Functions are faked where the client calls them."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import boto3
import obstore
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from moto.server import ThreadedMotoServer

from scripts import paths, program
from scripts.client import app
from scripts.client.app import main
from scripts.client.aws.capacity import Capacity
from scripts.client.aws.clients import Aws
from scripts.client.deployment import Deployment
from scripts.client.running.deadline import patience_seconds
from tests.fakes.embedded import note_running

HOSTILE = ["and/or", "//", "..", ".", "100%", "%2F", "a\x01b", "he’ll", "日本語", "😀", "[red]", "w" * 3000]
ROLES = ("shuffle", "returns", "results")


@pytest.fixture(scope="session")
def endpoint():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def embedded(tmp_path, monkeypatch, endpoint):
    """A build folder that says: the embedded AWS is up. Nothing is deployed yet."""
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    monkeypatch.setenv("MAPREDUCE_BUILD_DIR", str(tmp_path / "build"))
    folder = tmp_path / "build" / "embedded" / "deployments"
    folder.mkdir(parents=True)
    note_running(folder.parent, endpoint)
    return folder


class Cloud:
    """One deployment, and what its functions would do: count, or whatever `behave` does with a started run."""

    def __init__(self, endpoint, folder, orchestration, number, mode):
        buckets = {role: f"wordcount-{orchestration.replace('_', '-')}-{role}-{number}" for role in ROLES}
        functions = ["unum_map", "mapper", "partition", "reducer", "summary", "failure"]
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
            assert given == {"size": len(self.get("returns", f"{name}/unum_map.input/1.json"))}
            given = {"data": self.get("returns", f"{name}/unum_map.input/1.json")}
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


@pytest.fixture
def deploy(endpoint, embedded, monkeypatch, request):
    clouds = {}

    def make(orchestration, mode=None):
        mode = mode or ("INLINE" if orchestration == "sfn" else None)
        number = abs(hash((request.node.nodeid, orchestration))) % 10**12
        clouds[orchestration] = Cloud(endpoint, embedded, orchestration, number, mode)
        return clouds[orchestration]

    monkeypatch.setattr(Aws, "client", lambda self, service: clouds[self.deployment.orchestration])
    yield make
    for cloud in clouds.values():
        for thread in cloud.threads:
            thread.join(10)


@pytest.fixture(params=["sfn", "sfn DISTRIBUTED", "http_sync_s3"])
def cloud(request, deploy):
    return deploy(*request.param.split())


@pytest.fixture
def sample(tmp_path):
    path = tmp_path / "in.json"
    path.write_text(
        json.dumps(
            {"data": [{"text": "to be or", "destination": "elsewhere"}, {"text": " ".join(["not", "to", "be", *HOSTILE])}]}
        )
    )
    return str(path)


EXPECTED = dict(Counter(["to", "be", "or", "not", "to", "be", *HOSTILE]))


def test_a_run_prints_and_writes_the_counts_and_leaves_only_the_result(cloud, sample, tmp_path, capsysbinary):
    output = tmp_path / "counts.json"

    status = main([sample, "--output", str(output), "--run-id", "r1", "--num-reducer", "5"])

    told = capsysbinary.readouterr()
    assert status == 0, told.err
    assert output.read_bytes() == (json.dumps(EXPECTED, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode()
    assert [chunk["numReducer"] for chunk in cloud.started[0][1]] == [5, 5]
    assert b"'elsewhere' is no bucket of this deployment" in told.err
    assert b"16 words" not in told.err
    assert b"18 words, 16 distinct" in told.err
    assert [cloud.keys(role) for role in ROLES] == [[], [], ["r1/result.json"]]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_table_shows_hostile_words_harmlessly(deploy, sample, capsys):
    deploy("sfn")

    assert main([sample, "--top", "40"]) == 0

    table = capsys.readouterr().out
    assert "[red]" in table
    assert "\x01" not in table
    assert "a\\x01b" in table
    assert all(word in table for word in HOSTILE if word not in ("a\x01b", "w" * 3000))


def test_json_goes_to_stdout_alone(deploy, sample, capsysbinary):
    deploy("http_sync_s3")

    assert main([sample, "--json", "--quiet"]) == 0

    told = capsysbinary.readouterr()
    assert json.loads(told.out) == EXPECTED
    assert told.out.endswith(b"}\n")
    assert told.err == b""


def test_keep_keeps_everything(cloud, sample):
    assert main([sample, "--keep", "--run-id", "r1"]) == 0

    claim = cloud.get("results", "r1/run.json")
    assert {name: claim[name] for name in ("run", "orchestration", "chunks", "num_reducer")} == {
        "run": "r1",
        "orchestration": cloud.record["orchestration"],
        "chunks": 2,
        "num_reducer": None,
    }
    assert len(cloud.keys("shuffle")) == 2
    assert "r1/mapper/1.json" in cloud.keys("returns")

    kept = [cloud.keys(role) for role in ROLES]
    assert main(["--attach", "r1"]) == 0
    assert [cloud.keys(role) for role in ROLES] == kept


def test_text_is_cut_and_large_input_travels_as_claim_checks(cloud, tmp_path):
    text = "\n".join(f"word{i} 日本語" for i in range(60_000))
    (tmp_path / "in.txt").write_text(text, encoding="utf-8")

    assert main([str(tmp_path / "in.txt"), "--output", str(tmp_path / "out.json"), "--top", "0"]) == 0

    assert json.loads((tmp_path / "out.json").read_bytes()) == Counter(text.split())
    assert len(cloud.started[0][1]) > 10
    if cloud.record["sfn_map_mode"] == "INLINE":
        assert len(cloud.input.encode()) < 256 * 1024
    assert [cloud.keys(role) for role in ROLES[:2]] == [[], []]


def test_empty_input_gives_no_counts(cloud, tmp_path):
    (tmp_path / "in.txt").write_text("")

    assert main([str(tmp_path / "in.txt"), "--output", str(tmp_path / "out.json")]) == 0

    assert (tmp_path / "out.json").read_text() == "{}\n"


def test_more_than_a_thousand_intermediate_objects_are_deleted(deploy, sample):
    cloud = deploy("http_sync_s3")

    def many(run, chunks):
        for i in range(1100):
            cloud.s3.put_object(Bucket=cloud.record["buckets"]["shuffle"], Key=f"{run}/reducer0/100%25 {i}/日本語%2F😀/[x]&<y>'")
        cloud.count(run, chunks)

    cloud.behave = many

    assert main([sample, "--run-id", "r1"]) == 0
    assert cloud.keys("shuffle") == []


def interrupt(*_):
    raise KeyboardInterrupt


def test_ctrl_c_while_cleaning_up_says_what_is_left_and_the_run_has_ended_well(deploy, sample, tmp_path, capsys, monkeypatch):
    cloud = deploy("http_sync_s3")
    monkeypatch.setattr("scripts.client.stored.cleanup.remove_below", interrupt)

    assert main([sample, "--json", "--output", str(tmp_path / "counts.json"), "--run-id", "r1"]) == 0

    told = capsys.readouterr()
    assert json.loads(told.out) == json.loads((tmp_path / "counts.json").read_bytes()) == EXPECTED
    assert "the clean-up was interrupted" in told.err
    assert "clean r1" in told.err
    assert len(cloud.keys("shuffle")) == 2


def test_the_counts_are_out_before_anything_is_removed(deploy, sample, tmp_path, capsys, monkeypatch):
    deploy("http_sync_s3")
    real, seen = app.remove_intermediate, []

    def look(*arguments):
        seen.append((json.loads(capsys.readouterr().out), json.loads((tmp_path / "counts.json").read_bytes())))
        real(*arguments)

    monkeypatch.setattr(app, "remove_intermediate", look)

    assert main([sample, "--json", "--output", str(tmp_path / "counts.json")]) == 0

    assert seen == [(EXPECTED, EXPECTED)]


def test_the_time_that_is_printed_begins_when_the_command_is_entered(deploy, sample, capsys, monkeypatch):
    deploy("http_sync_s3")
    monkeypatch.setattr(app, "since_enter", lambda: 123.4)

    assert main([sample]) == 0

    assert "in 123.4 s" in capsys.readouterr().err


def test_a_prefix_is_used_and_cleaned_up_and_nothing_beside_it(deploy, sample):
    cloud = deploy("http_sync_s3")
    shuffle = cloud.record["buckets"]["shuffle"]
    cloud.put("shuffle", "other/r1/reducer0/x/1", b"")
    cloud.put("shuffle", "mine/r10/reducer0/x/1", b"")

    assert main([sample, "--run-id", "r1", "--destination", f"s3://{shuffle}/mine/"]) == 0

    assert cloud.started[0][1][0]["destination"] == f"{shuffle}/mine"
    assert cloud.keys("shuffle") == ["mine/r10/reducer0/x/1", "other/r1/reducer0/x/1"]


def test_a_failure_is_reported_and_its_objects_are_kept(cloud, sample, capsys):
    def fail(run, chunks):
        cloud.put("shuffle", f"{run}/reducer0/x/1", b"")
        record = {
            "run": run,
            "function": "mapper",
            "index": 2,
            "error": "ValueError",
            "message": "no \x1b[31mwords",
            "traceback": ["a\n", "last frame\n"],
        }
        cloud.put("results", f"{run}/failed.json", record | {"log_group": None, "attempts": 3, "request_id": None, "time": None})

    cloud.behave = fail

    assert main([sample, "--run-id", "r1"]) == 1

    told = capsys.readouterr().err
    for part in (
        "mapper, index 2 (chunk 2",
        "ValueError",
        "no \\x1b[31mwords",
        "last frame",
        cloud.record["log_groups"]["mapper"],
        "what to do",
    ):
        assert part in told
    assert cloud.keys("shuffle") == ["r1/reducer0/x/1"]


def test_a_failed_execution_without_a_record_is_a_failure(deploy, sample, capsys, monkeypatch):
    monkeypatch.setattr("scripts.client.running.waiting._GRACE_SECONDS", 0.2)
    cloud = deploy("sfn")
    cloud.behave = lambda run, chunks: None
    cloud.verdict = {"status": "ABORTED", "error": "Nobody", "cause": "stopped by hand"}

    assert main([sample]) == 1

    assert "stopped by hand" in capsys.readouterr().err


def test_a_result_wins_over_a_verdict_that_comes_earlier(deploy, sample):
    cloud = deploy("sfn")
    cloud.verdict = {"status": "SUCCEEDED"}
    cloud.behave = lambda run, chunks: (time.sleep(1.5), cloud.count(run, chunks))

    assert main([sample]) == 0


def test_a_run_that_takes_too_long_can_be_attached_to(cloud, sample, capsys):
    go_on = threading.Event()
    cloud.behave = lambda run, chunks: (go_on.wait(20), cloud.count(run, chunks))
    try:
        assert main([sample, "--run-id", "r1", "--timeout", "0.3"]) == 3
    finally:
        go_on.set()
    assert "--attach r1" in capsys.readouterr().err

    assert main(["--attach", "r1", "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == EXPECTED
    assert [cloud.keys(role) for role in ROLES] == [[], [], ["r1/result.json"]]


def test_a_finished_run_can_be_attached_to_again(deploy, sample, capsys):
    deploy("sfn")
    main([sample, "--run-id", "r1"])
    capsys.readouterr()

    assert main(["--attach", "r1", "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == EXPECTED


def test_attach_finds_the_deployment_of_the_run(deploy, sample, capsys):
    deploy("sfn")
    deploy("http_sync_s3")
    main([sample, "--run-id", "r1", "--orchestration", "http_sync_s3"])

    assert main(["--attach", "r1"]) == 0
    assert main(["--attach", "r2"]) == 2
    assert "there is no run r2" in capsys.readouterr().err


def test_no_wait_prints_the_run_id_alone(deploy, sample, capsys):
    cloud = deploy("sfn")

    assert main([sample, "--no-wait"]) == 0

    assert capsys.readouterr().out.strip() == cloud.started[0][0]


@pytest.mark.parametrize("left", ["run.json", "result.json", "failed.json"])
def test_a_run_id_is_used_once(cloud, sample, capsys, left):
    cloud.put("results", f"r1/{left}", {"owner": "someone else"})

    assert main([sample, "--run-id", "r1"]) == 2

    assert f"r1/{left}" in capsys.readouterr().err
    assert cloud.started == []
    assert cloud.keys("results") == [f"r1/{left}"]


def test_a_retried_claim_that_meets_itself_is_no_conflict(deploy, sample, monkeypatch):
    cloud = deploy("sfn")
    from scripts.client.aws import objects

    real = objects.create
    monkeypatch.setattr(objects, "create", lambda *a: real(*a) and real(*a))  # the answer to the first one is lost

    assert main([sample, "--run-id", "r1"]) == 0
    assert len(cloud.started) == 1


def test_two_clients_with_one_run_id_start_one_run(deploy, sample):
    cloud = deploy("http_sync_s3")
    done = []
    clients = [
        threading.Thread(target=lambda: done.append(main([sample, "--run-id", "r1", "--quiet", "--top", "0"]))) for _ in range(4)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join(30)

    assert sorted(done) == [0, 2, 2, 2]
    assert len(cloud.started) == 1


REFUSED = ClientError(
    {"Error": {"Code": "AccessDeniedException", "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "Start"
)


@pytest.mark.parametrize("refusal", [REFUSED, EndpointConnectionError(endpoint_url="x")])
def test_what_could_not_start_leaves_nothing(cloud, tmp_path, capsys, refusal):
    (tmp_path / "in.txt").write_text(f"some {'w' * 100} " * 20_000)
    cloud.refuse = refusal

    assert main([str(tmp_path / "in.txt"), "--run-id", "r1"]) == 1

    assert "error: " in capsys.readouterr().err
    assert [cloud.keys(role) for role in ROLES] == [[], [], []]


def test_what_may_have_started_keeps_its_claim(cloud, sample, capsys):
    cloud.refuse = ReadTimeoutError(endpoint_url="x")

    assert main([sample, "--run-id", "r1"]) == 1

    assert "may have started" in capsys.readouterr().err
    marked = [] if "sfn" in cloud.aws.deployment.orchestration else [".open/r1"]
    assert cloud.keys("results") == [*marked, "r1/run.json"]


@pytest.mark.parametrize(("same", "status"), [(True, 0), (False, 1)])
def test_a_retried_start_that_meets_its_own_execution_goes_on(deploy, sample, same, status):
    cloud = deploy("sfn")
    real = cloud.start_execution

    def answer_lost(**request):
        real(**request)
        cloud.verdict = {"status": "RUNNING", "input": request["input"] if same else "{}", "startDate": datetime.now(UTC)}
        raise cloud.exceptions.ExecutionAlreadyExists({"ResponseMetadata": {"HTTPStatusCode": 400}}, "StartExecution")

    cloud.start_execution = answer_lost

    assert main([sample, "--run-id", "r1"]) == status


def test_an_explicit_destination_must_be_the_shuffle_bucket(deploy, sample, capsys):
    cloud = deploy("sfn")
    cloud.s3.create_bucket(Bucket="somebodys-bucket")

    for destination, told in [
        ("no-such-bucket", "there is no such bucket"),
        ("somebodys-bucket", "the deployed functions may not write there"),
        (cloud.record["buckets"]["returns"], "the deployed functions may not write there"),
        (cloud.record["buckets"]["shuffle"] + "/a/../b", "unsafe step"),
        ("NOT A BUCKET", "does not start with the name of a bucket"),
    ]:
        assert main([sample, "--destination", destination]) == 2
        assert told in capsys.readouterr().err

    assert cloud.started == []
    assert [cloud.keys(role) for role in ROLES] == [[], [], []]


def test_a_bucket_that_is_gone_is_named(deploy, sample, capsys):
    cloud = deploy("sfn")
    cloud.s3.delete_bucket(Bucket=cloud.record["buckets"]["results"])

    assert main([sample]) == 1

    told = capsys.readouterr().err
    assert cloud.record["buckets"]["results"] in told
    assert "there is no such bucket" in told


def test_an_inline_map_has_its_limit(deploy, tmp_path, capsys):
    cloud = deploy("sfn")
    (tmp_path / "in.json").write_text(json.dumps(["w"] * 1001))

    assert main([str(tmp_path / "in.json")]) == 2

    assert "--chunks 397" in capsys.readouterr().err
    assert cloud.keys("results") == []


def test_bad_input_starts_nothing(deploy, tmp_path, capsys):
    cloud = deploy("sfn")
    (tmp_path / "in.json").write_text('["a", 1]')

    assert main([str(tmp_path / "in.json")]) == 2

    assert "element 2" in capsys.readouterr().err
    assert cloud.keys("results") == []


def test_a_run_whose_mappers_cannot_end_is_refused_unless_forced(cloud, tmp_path, capsys):
    cloud.change(timeouts={"mapper": 1})
    (tmp_path / "in.txt").write_text("word\n" * 1500)

    assert main([str(tmp_path / "in.txt"), "--run-id", "r1"]) == 2
    told = capsys.readouterr().err
    assert "--force" in told
    assert "a mapper needs about 2 s and may run 1 s" in told
    assert cloud.started == []
    assert cloud.keys("results") == []

    assert main([str(tmp_path / "in.txt"), "--force"]) == 0


def test_a_run_of_more_than_a_minute_is_told_so(deploy, tmp_path, capsys):
    cloud = deploy("sfn")
    cloud.behave = lambda run, chunks: cloud.put("results", f"{run}/result.json", {})
    (tmp_path / "in.txt").write_text("word\n" * 100_000)

    assert main([str(tmp_path / "in.txt"), "--top", "0"]) == 0

    assert "emitting takes about 1 min 40 s" in capsys.readouterr().err


def test_run_that_needs_more_than_the_account_runs_is_noted_before_it_starts(cloud, sample, capsys, monkeypatch):
    monkeypatch.setattr(Capacity, "limit", lambda self, seconds=1.0: 1)

    assert main([sample, "--run-id", "r1"]) == 0

    told = capsys.readouterr().err
    assert 0 <= told.index("note: this account runs 1 function at once. ") < told.index("run r1: 2 chunks")


def test_quiet_run_notes_nothing_of_what_the_account_runs(cloud, sample, capsys, monkeypatch):
    monkeypatch.setattr(Capacity, "limit", lambda self, seconds=1.0: 1)

    assert main([sample, "--quiet"]) == 0

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("given", "seconds"), [([], None), (["--timeout", "77"], 77)])
def test_the_client_waits_as_long_as_the_run_may_last(deploy, sample, monkeypatch, given, seconds):
    cloud = deploy("http_sync_s3")
    cloud.change(timeouts={"mapper": 800})
    real, waited = app.wait_for_result, []
    monkeypatch.setattr(app, "wait_for_result", lambda *arguments: waited.append(arguments[2]) or real(*arguments))

    assert main([sample, "--num-reducer", "5", *given]) == 0

    assert waited == [seconds or patience_seconds(Deployment.parse(cloud.record, "test"), chunks=2, reducers=5)]


def test_several_deployments_need_a_choice(deploy, sample, capsys):
    deploy("sfn")
    other = deploy("http_sync_s3")

    assert main([sample]) == 2
    assert "wordcount-http_sync_s3-us-east-1, wordcount-sfn-us-east-1" in capsys.readouterr().err

    assert main([sample, "--orchestration", "http_sync_s3"]) == 0
    assert len(other.started) == 1


def test_nothing_deployed(sample, capsys):
    assert main([sample]) == 4

    assert "make local-deploy" in capsys.readouterr().err


def test_progress_is_shown_line_by_line_when_not_on_a_terminal(deploy, sample, capsys, monkeypatch):
    cloud = deploy("http_sync_s3")
    go_on = threading.Event()

    def slowly(run, chunks):
        cloud.put("returns", f"{run}/mapper/1.json", {})
        go_on.wait(1.6)
        cloud.put("returns", f"{run}/mapper/2.json", {})
        cloud.put("returns", f"{run}/partition/1.json", [{}, {}, {}])
        cloud.put("returns", f"{run}/reducer/2.json", {})
        go_on.wait(2.2)
        cloud.count(run, chunks)

    cloud.behave = slowly

    assert main([sample]) == 0

    told = capsys.readouterr().err
    assert "mapped 1/2, reduced ?/?" in told
    assert "mapped 2/2, reduced 1/3" in told


def test_failing_progress_fails_no_run(deploy, sample, capsys):
    cloud = deploy("sfn")
    cloud.paginate = None
    cloud.behave = lambda run, chunks: (time.sleep(1.5), cloud.count(run, chunks))

    assert main([sample]) == 0

    assert "mapped ?/2" in capsys.readouterr().err


def test_ctrl_c_says_that_the_run_goes_on(deploy, sample, capsys):
    cloud = deploy("sfn")
    cloud.behave = lambda run, chunks: None
    ended = threading.Event()

    def press() -> None:
        """Ctrl-C once the run has started; and again, as a person would, should nothing come of it."""
        while not cloud.started:
            ended.wait(0.05)
        while not ended.wait(1):
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    try:
        status = main([sample, "--run-id", "r1", "--timeout", "60"])
    finally:
        ended.set()
        thread.join()

    assert status == 130
    assert "--attach r1" in capsys.readouterr().err
    marked = [] if "sfn" in cloud.aws.deployment.orchestration else [".open/r1"]
    assert cloud.keys("results") == [*marked, "r1/run.json"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("orchestration", ["sfn", "http_sync_s3"])
def test_an_embedded_aws_that_stops_under_a_waiting_client_is_told(embedded, monkeypatch, sample, capsys, orchestration):
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    cloud = Cloud(f"http://{host}:{port}", embedded, orchestration, 1, "INLINE" if orchestration == "sfn" else None)
    monkeypatch.setattr(Aws, "client", lambda self, service: cloud)

    real, waits = app.wait_for_result, threading.Event()
    monkeypatch.setattr(app, "wait_for_result", lambda *arguments: waits.set() or real(*arguments))

    def stop(*_):
        waits.wait(30)
        server.stop()
        server._server.server_close()

    cloud.behave = stop

    assert main([sample, "--run-id", "r1"]) == 1

    told = capsys.readouterr().err
    assert f"the embedded AWS at http://{host}:{port} is gone, and run r1 with it" in told
    cloud.threads[0].join()


def test_output_that_cannot_be_written_is_found_out_before_the_run(deploy, sample, tmp_path, capsys):
    cloud = deploy("sfn")

    assert main([sample, "--output", str(tmp_path / "no" / "out.json")]) == 2
    assert main([sample, "--output", str(tmp_path)]) == 2

    assert cloud.keys("results") == []


@pytest.mark.parametrize(("target", "status"), [("head", 0), ("/dev/full", 1)])
def test_a_stdout_that_takes_no_more(deploy, sample, tmp_path, target, status):
    """The whole process, attached to a run that is done."""
    cloud = deploy("sfn")
    cloud.put("results", "r1/result.json", {f"word{i}": i for i in range(20_000)})
    command = [sys.executable, "-m", "scripts.client", "--attach", "r1", "--json"]

    with open("/dev/full" if target == "/dev/full" else os.devnull, "wb") as full:
        client = subprocess.Popen(
            command,
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE if target == "head" else full,
            stderr=subprocess.PIPE,
        )
        if client.stdout:
            client.stdout.close()
        told = client.stderr.read().decode()
        client.stderr.close()

    assert client.wait(30) == status, told
    assert "Traceback" not in told
    assert "Exception ignored" not in told


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_client_that_a_signal_ends_says_that_the_run_goes_on(deploy, sample, number, status):
    """The whole process, attached to a run that does not end."""
    cloud = deploy("http_sync_s3")
    cloud.behave = lambda run, chunks: None
    assert main([sample, "--no-wait", "--run-id", "r1"]) == 0
    command = [sys.executable, "-m", "scripts.client", "--attach", "r1"]

    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.PIPE, text=True) as client:
        assert "mapped" in client.stderr.readline()
        client.send_signal(number)
        told = client.stderr.read()

    assert client.returncode == status
    assert "run r1 goes on. Attach with: scripts/invoke.sh --attach r1" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(("error", "gone", "status"), [(OSError(28, "No space left on device"), True, 1), (None, True, 0)])
def test_the_id_of_a_run_that_goes_on_is_told_on_stderr_if_stdout_takes_none(
    deploy, sample, capsys, monkeypatch, error, gone, status
):
    deploy("sfn")
    monkeypatch.setattr(program, "output_error", lambda: error)
    monkeypatch.setattr(program, "output_is_gone", lambda: gone)

    assert main([sample, "--no-wait", "--run-id", "r1", "--quiet"]) == status

    assert "--attach r1" in capsys.readouterr().err


def test_as_a_command_with_real_clients_it_says_what_is_missing(deploy, sample):
    """The whole process, boto3 included: moto has no such state machine."""
    cloud = deploy("sfn")

    done = subprocess.run(
        [sys.executable, "-m", "scripts.client", sample, "--run-id", "r1"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        env={
            **os.environ,
            "HTTP_PROXY": "http://127.0.0.1:1",
            "http_proxy": "http://127.0.0.1:1",
            "AWS_PROFILE": "no-such-profile",
        },
        check=False,
    )

    assert done.returncode == 1, done.stderr
    assert "StateMachineDoesNotExist" in done.stderr
    assert "Traceback" not in done.stderr
    assert cloud.keys("results") == []
