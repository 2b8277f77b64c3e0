"""What a run that ends well prints, writes, keeps and removes."""

import json
import os
import subprocess
import sys
from collections import Counter

import pytest

from scripts import paths
from scripts.client import app
from scripts.client.app import main
from tests.integration.client.deployed import EXPECTED, HOSTILE, ROLES


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


def test_counters_are_told_below_the_result_and_kept_with_it(cloud, sample, capsys):
    def counting(run, chunks):
        cloud.put("results", f".counters/{run}/mapper/1.json", {"bad lines": 3})
        cloud.put("results", f".counters/{run}/reducer/2.json", {"bad lines": 1})
        cloud.count(run, chunks)

    cloud.behave = counting
    assert main([sample, "--run-id", "r1"]) == 0

    assert capsys.readouterr().err.splitlines()[-2:] == ["counters:", "  bad lines  4"]
    assert cloud.keys("results") == [".counters/r1/mapper/1.json", ".counters/r1/reducer/2.json", "r1/result.json"]


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


def test_a_filter_and_an_order_hold_for_the_file_and_the_table_alike(deploy, tmp_path, capsys):
    deploy("http_sync_s3")
    (tmp_path / "in.txt").write_text("to be or not to be to")
    options = ["--filter", "o", "--sort", "value", "--top", "2", "--output", str(tmp_path / "out.csv")]

    assert main([str(tmp_path / "in.txt"), *options]) == 0

    told = capsys.readouterr()
    assert (tmp_path / "out.csv").read_bytes() == b"word,value\r\nto,3\r\nnot,1\r\n"
    assert [line.split()[1] for line in told.out.splitlines() if line.startswith("│")] == ["to", "not"]
    assert "note: 3 of 4 words match --filter" in told.err


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
            cwd=paths.ROOT,
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


def test_as_a_command_with_real_clients_it_says_what_is_missing(deploy, sample):
    """The whole process, boto3 included: moto has no such state machine."""
    cloud = deploy("sfn")

    done = subprocess.run(
        [sys.executable, "-m", "scripts.client", sample, "--run-id", "r1"],
        cwd=paths.ROOT,
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
