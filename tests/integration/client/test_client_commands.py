"""status, cancel, clean and resume as a user gives them, on moto's S3; what a platform does of it is the orchestrations' own."""

import json

import obstore
import pytest

from scripts.client.app import main
from scripts.client.errors import StartError
from scripts.client.orchestrations import ORCHESTRATIONS
from tests.integration.client.deployed import EXPECTED, ROLES

FAILURE = {
    "run": "r1",
    "function": "mapper",
    "index": 2,
    "error": "ValueError",
    "message": "poisoned",
    "traceback": ["  File user_map.py, line 3"],
    "request_id": "q1",
    "attempts": 3,
    "log_group": "/aws/lambda/x",
    "time": "2026-11-24T00:00:00+00:00",
}


@pytest.fixture
def cloud(deploy):
    """http_sync_s3, whose functions do nothing until a test says what."""
    made = deploy("http_sync_s3")
    made.behave = lambda run, chunks: None
    return made


@pytest.fixture
def started(cloud, sample, capsys):
    """A run of two chunks, r1, that goes on."""
    assert main([sample, "--no-wait", "--run-id", "r1"]) == 0
    for thread in cloud.threads:
        thread.join(10)
    capsys.readouterr()
    return cloud


def fail(cloud):
    cloud.put("returns", "r1/mapper/1.json", {})
    cloud.put("results", "r1/failed.json", FAILURE)


def count(cloud):
    cloud.put("results", ".counters/r1/mapper/1.json", {"words": 4, "bad lines": 1000})
    cloud.put("results", ".counters/r1/mapper/2.json", {"bad lines": 3})
    cloud.put("results", ".counters/r10/mapper/1.json", {"bad lines": 5})


def told_by(capsys, *arguments):
    status = main(list(arguments))
    told = capsys.readouterr()
    return status, told.out, told.err


def test_status_of_a_running_run_counts_what_has_returned(started, capsys):
    started.put("returns", "r1/mapper/1.json", {})

    status, out, _ = told_by(capsys, "status", "r1")

    assert status == 0
    assert out.startswith("run r1: running, wordcount-http_sync_s3")
    assert [line.split() for line in out.splitlines()[2:]] == [
        ["mapper:", "1/2"],
        ["partition:", "0/1"],
        ["reducer:", "0/?"],
        ["summary:", "0/1"],
    ]


def test_status_of_a_failed_run_says_why(started, capsys):
    fail(started)

    status, out, _ = told_by(capsys, "status", "r1")

    assert status == 0
    assert out.startswith("run r1: failed,")
    assert "mapper, index 2 (chunk 2 of the input)" in out
    assert "poisoned" in out


@pytest.mark.parametrize(
    ("ended", "state"),
    [
        ({}, "running"),
        ({"failed.json": FAILURE}, "failed"),
        ({"failed.json": FAILURE | {"error": "Cancelled"}}, "cancelled"),
        ({"result.json": {"a": 1}}, "done"),
        ({"result.json": {"a": 1}, "failed.json": FAILURE}, "done"),
    ],
)
def test_status_as_json(started, capsys, ended, state):
    for name, body in ended.items():
        started.put("results", f"r1/{name}", body)

    status, out, _ = told_by(capsys, "status", "r1", "--json")

    told = json.loads(out)
    assert status == 0
    assert (told["run"], told["orchestration"], told["state"]) == ("r1", "http_sync_s3", state)
    assert told["failure"] == ended.get("failed.json")
    assert list(told["stages"]) == ["mapper", "partition", "reducer", "summary"]
    assert told["stages"]["summary"] == ([1, 1] if state == "done" else [0, 1])


def test_status_of_a_done_run_that_was_tidied_up_asks_no_questions(started, capsys):
    started.put("results", "r1/result.json", {"a": 1})
    obstore.delete(started.aws.store("results"), "r1/run.json")

    _, out, _ = told_by(capsys, "status", "r1")

    assert "?" not in out
    assert [line.split() for line in out.splitlines()[1:]] == [
        ["mapper:", "done"],
        ["partition:", "1/1"],
        ["reducer:", "done"],
        ["summary:", "1/1"],
    ]


def test_status_sums_what_the_functions_have_counted(started, capsys):
    count(started)

    _, out, _ = told_by(capsys, "status", "r1")
    _, told, _ = told_by(capsys, "status", "r1", "--json")

    assert out.endswith("counters:\n  bad lines  1,003\n  words          4\n")
    assert json.loads(told)["counters"] == {"bad lines": 1003, "words": 4}


def test_status_of_a_cancelled_run_says_what_can_be_done_with_it(started, capsys):
    main(["cancel", "r1"])

    _, out, _ = told_by(capsys, "status", "r1")

    assert "go on with it (resume), or remove it (clean)" in out
    assert "mend the cause" not in out
    assert "unknown" not in out


def test_status_of_a_run_that_only_the_platform_saw_end(deploy, sample, capsys):
    cloud = deploy("sfn")
    cloud.behave = lambda run, chunks: None
    assert main([sample, "--no-wait", "--run-id", "r1"]) == 0
    cloud.verdict = {"status": "TIMED_OUT", "error": "States.Timeout", "cause": "too long"}

    _, out, _ = told_by(capsys, "status", "r1")

    assert "run r1: failed" in out
    assert "States.Timeout" in out


@pytest.mark.parametrize("question", ["progress", "verdict"])
def test_status_says_what_could_not_be_asked(started, capsys, monkeypatch, question):
    def refuse(self, *_):
        raise LookupError("there is no such execution")

    monkeypatch.setattr(ORCHESTRATIONS["http_sync_s3"], question, refuse)

    status, out, err = told_by(capsys, "status", "r1")

    assert status == 0
    assert out.startswith("run r1: running")
    assert "there is no such execution" in err


def test_cancelled_run_is_recorded_as_failed(started, capsys):
    status, _, err = told_by(capsys, "cancel", "r1")

    record = started.get("results", "r1/failed.json")
    assert status == 0
    assert record.keys() == FAILURE.keys()
    assert (record["run"], record["error"]) == ("r1", "Cancelled")
    assert "scripts/invoke.sh resume r1 --orchestration http_sync_s3 --target embedded" in err
    assert told_by(capsys, "status", "r1")[1].startswith("run r1: cancelled")


def test_cancelling_twice_changes_nothing(started, capsys):
    assert main(["cancel", "r1"]) == 0
    record = started.get("results", "r1/failed.json")

    assert told_by(capsys, "cancel", "r1")[0] == 0

    assert started.get("results", "r1/failed.json") == record


def test_who_waits_for_a_run_learns_that_it_was_cancelled(started, capsys):
    main(["cancel", "r1"])

    status, _, err = told_by(capsys, "--attach", "r1")

    assert status == 1
    assert "cancelled by its user" in err


def test_run_that_has_failed_keeps_its_failure_when_cancelled(started, capsys):
    fail(started)

    status, _, err = told_by(capsys, "cancel", "r1")

    assert status == 0
    assert "has failed already" in err
    assert started.get("results", "r1/failed.json") == FAILURE


def test_run_that_is_done_cannot_be_cancelled(started, capsys):
    started.put("results", "r1/result.json", {"a": 1})

    status, _, err = told_by(capsys, "cancel", "r1")

    assert status == 1
    assert "is done" in err
    assert "r1/failed.json" not in started.keys("results")


def test_run_that_was_done_meanwhile_is_not_cancelled(started, capsys, monkeypatch):
    kind = ORCHESTRATIONS["http_sync_s3"]
    monkeypatch.setattr(kind, "cancel", lambda self: started.put("results", "r1/result.json", {"a": 1}))

    status, _, err = told_by(capsys, "cancel", "r1")

    assert status == 1
    assert "its result is kept" in err
    assert started.keys("results") == [".open/r1", "r1/result.json", "r1/run.json"]


@pytest.mark.parametrize("ended", ["result.json", "failed.json"])
def test_clean_leaves_nothing_of_a_run(started, capsys, ended):
    started.put("results", f"r1/{ended}", FAILURE)
    started.put("shuffle", "r1/reducer0/a/1", b"")
    started.put("returns", "r1/mapper/1.json", {})
    started.put("results", "r2/result.json", {})

    status, _, err = told_by(capsys, "clean", "r1")

    assert status == 0
    assert "run r1 is removed" in err
    assert [started.keys(role) for role in ROLES] == [[], [], ["r2/result.json"]]


def test_clean_removes_what_the_run_has_counted(started, capsys):
    fail(started)
    count(started)

    assert told_by(capsys, "clean", "r1")[0] == 0

    assert started.keys("results") == [".counters/r10/mapper/1.json"]


def test_run_that_runs_is_not_cleaned(started, capsys):
    before = [started.keys(role) for role in ROLES]

    status, _, err = told_by(capsys, "clean", "r1")

    assert status == 2
    assert "cancel it first: scripts/invoke.sh cancel r1" in err
    assert [started.keys(role) for role in ROLES] == before


@pytest.fixture
def resumed(monkeypatch):
    """Calls of the orchestration's `resume`, as (size, attended); a test says what it does."""
    calls = []

    def resume(self, size, *, attended):
        calls.append((size, attended))
        resume.does(self)
        return ["mapper 2"]

    resume.does = lambda self: None
    monkeypatch.setattr(ORCHESTRATIONS["http_sync_s3"], "resume", resume)
    resume.calls = calls
    return resume


def test_resumed_run_ends_like_any_other(started, resumed, capsys):
    fail(started)
    resumed.does = lambda self: started.put("results", "r1/result.json", EXPECTED)

    status, out, err = told_by(capsys, "resume", "r1", "--json")

    assert status == 0, err
    assert json.loads(out) == EXPECTED
    assert resumed.calls == [(2, True)]
    assert "run r1 goes on with mapper 2" in err
    assert [started.keys(role) for role in ROLES] == [[], [], ["r1/result.json"]]


def test_failure_is_gone_before_functions_start_again(started, resumed, capsys):
    fail(started)
    seen = []
    resumed.does = lambda self: seen.append(started.keys("results"))

    assert told_by(capsys, "resume", "r1", "--no-wait")[:2] == (0, "r1\n")

    assert seen == [[".open/r1", "r1/run.json"]]
    assert resumed.calls == [(2, False)]


def test_failure_is_put_back_when_the_run_cannot_be_resumed(started, resumed, capsys):
    fail(started)

    def refuse(self):
        raise StartError("invoking was refused", certain=True)

    resumed.does = refuse

    status, _, err = told_by(capsys, "resume", "r1")

    assert status == 1
    assert "refused" in err
    assert started.get("results", "r1/failed.json") == FAILURE


def test_only_a_run_that_has_failed_is_resumed(started, resumed, capsys):
    status, _, err = told_by(capsys, "resume", "r1")

    assert status == 2
    assert "has not failed" in err
    assert "--force" in err
    assert resumed.calls == []


def test_run_that_hangs_can_be_resumed_by_force(started, resumed, capsys):
    assert told_by(capsys, "resume", "r1", "--force", "--no-wait")[0] == 0

    assert resumed.calls == [(2, False)]


def test_run_that_is_done_is_not_resumed(started, resumed, capsys):
    started.put("results", "r1/result.json", {"a": 1})

    status, _, err = told_by(capsys, "resume", "r1")

    assert status == 2
    assert "--attach r1" in err
    assert resumed.calls == []


@pytest.mark.parametrize("command", ["status", "cancel", "clean", "resume"])
def test_run_that_never_was(cloud, capsys, command):
    status, _, err = told_by(capsys, command, "r9")

    assert status == 2
    assert "there is no run r9" in err
    assert cloud.keys("results") == []


@pytest.mark.parametrize("command", ["status", "cancel", "clean", "resume"])
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "RUN"),
        (["../x"], "can't be a run id"),
        (["r1", "--orchestration", "sfm"], "unknown orchestration 'sfm'"),
        (["r1", "--run-id", "r2"], "unrecognized arguments"),
    ],
)
def test_bad_usage_of_a_command(cloud, capsys, command, arguments, told):
    try:
        status = main([command, *arguments])
    except SystemExit as ended:
        status = ended.code

    assert status == 2
    assert told in capsys.readouterr().err
