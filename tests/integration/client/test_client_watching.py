"""How the client waits: progress, failures, time limits, signals, and attaching to a run that goes on."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from moto.server import ThreadedMotoServer

from scripts import paths, program
from scripts.client import app
from scripts.client.app import main
from scripts.client.aws.clients import Aws
from scripts.client.deployment import Deployment
from scripts.client.running.deadline import patience_seconds
from tests.integration.client.deployed import EXPECTED, ROLES, Cloud


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


@pytest.mark.parametrize(("given", "seconds"), [([], None), (["--timeout", "77"], 77)])
def test_the_client_waits_as_long_as_the_run_may_last(deploy, sample, monkeypatch, given, seconds):
    cloud = deploy("http_sync_s3")
    cloud.change(timeouts={"mapper": 800})
    real, waited = app.wait_for_result, []
    monkeypatch.setattr(app, "wait_for_result", lambda *arguments: waited.append(arguments[2]) or real(*arguments))

    assert main([sample, "--num-reducer", "5", *given]) == 0

    assert waited == [seconds or patience_seconds(Deployment.parse(cloud.record, "test"), {"mapper": 2, "reducer": 5})]


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
    assert "mapper 1/2, reducer ?/?" in told
    assert "mapper 2/2, reducer 1/3" in told


def test_failing_progress_fails_no_run(deploy, sample, capsys):
    cloud = deploy("sfn")
    cloud.paginate = None
    cloud.behave = lambda run, chunks: (time.sleep(1.5), cloud.count(run, chunks))

    assert main([sample]) == 0

    assert "mapper ?/2" in capsys.readouterr().err


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


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_client_that_a_signal_ends_says_that_the_run_goes_on(deploy, sample, number, status):
    """The whole process, attached to a run that does not end."""
    cloud = deploy("http_sync_s3")
    cloud.behave = lambda run, chunks: None
    assert main([sample, "--no-wait", "--run-id", "r1"]) == 0
    command = [sys.executable, "-m", "scripts.client", "--attach", "r1"]

    with subprocess.Popen(command, cwd=paths.ROOT, stderr=subprocess.PIPE, text=True) as client:
        try:
            assert "mapper 0/2" in client.stderr.readline()
            client.send_signal(number)
            told = client.stderr.read()
        finally:
            client.kill()

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
