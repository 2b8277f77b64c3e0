"""Runs on s3_triggers, dynamodb_triggers and http_only: what they give, what is left, and starts that fail."""

import itertools
import json
import threading
from collections import Counter

import obstore
import pytest
from botocore.exceptions import ClientError

from scripts.client.aws import items, objects
from scripts.client.aws.clients import Aws
from scripts.client.report import console
from tests.fakes.clock import FakeTime
from tests.integration.client.triggers.deployed import EXPECTED, run_client


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
    go_on_once_told(monkeypatch, "mapper 3/3, reducer 1/2", triggers.pause)

    assert run_client([sample, "--run-id", "r1"]) == 0

    assert "mapper 3/3, reducer 1/2" in capsys.readouterr().err


def test_progress_of_http_only_is_unknown(deploy, sample, capsys, monkeypatch):
    cloud = deploy("http_only")
    cloud.pause.clear()
    go_on_once_told(monkeypatch, "mapper ?/3, reducer ?/?", cloud.pause)

    assert run_client([sample]) == 0

    assert "mapper ?/3, reducer ?/?" in capsys.readouterr().err


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
        real = items.Table.put
        monkeypatch.setattr(items.Table, "put", lambda *arguments: real(*arguments) or interrupted())

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
    monkeypatch.setattr(items, "CLOCK", FakeTime())
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
