"""How the client starts a run: what it refuses, whose id it is, and what becomes of a start that fails."""

import json
import threading
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from scripts.client.app import main
from scripts.client.aws.capacity import Capacity
from tests.integration.client.deployed import ROLES


def test_list_for_a_distributed_map_is_bounded_however_much_text_there_is(deploy, tmp_path, monkeypatch):
    monkeypatch.setattr("scripts.client.orchestrations.sfn.client.LIST_BYTES", 1000)
    cloud, words = deploy("sfn", "DISTRIBUTED"), "to be or not to be\n" * 50
    (tmp_path / "in.txt").write_text(words)

    assert main([str(tmp_path / "in.txt"), "--chunk-bytes", "100", "--quiet", "--keep"]) == 0

    ((run, chunks),) = cloud.started
    body = json.dumps(cloud.get("returns", f"{run}/mapper-input.json"))
    assert "".join(chunk["text"] for chunk in chunks) == words
    assert len(body) < 1000


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
    cloud.put("results", ".counters/r1/mapper/1.json", {"lines": 3})  # of a branch that began before the start failed

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
