"""The report on a failed run, whatever its record holds."""

import json
from types import SimpleNamespace

import pytest

from scripts.client.failure import describe_failure, describe_verdict
from scripts.client.orchestrations import Verdict

DEPLOYMENT = SimpleNamespace(log_groups={"reducer": "/aws/lambda/wordcount-sfn-reducer"})


@pytest.mark.parametrize(
    "body", [None, b"", b"{", b"[]", b"{}", b'{"function": null, "index": null, "traceback": null}', b'{"traceback": [null, 5]}']
)
def test_a_poor_record_still_gives_a_report(body):
    told = describe_failure(DEPLOYMENT, "r1", body)

    assert told.startswith("run r1 failed\n  function:   unknown")
    assert "what to do:" in told


def test_the_log_group_is_looked_up_when_the_record_lacks_it():
    body = json.dumps({"function": "reducer", "index": 3, "error": "KeyError", "log_group": None}).encode()

    told = describe_failure(DEPLOYMENT, "r1", body)

    assert "reducer, index 3\n" in told
    assert "/aws/lambda/wordcount-sfn-reducer" in told


@pytest.mark.parametrize(
    ("error", "message", "remedy"),
    [
        ("AccessDeniedError", "s3:PutObject was denied: AccessDenied", "lacks an action"),
        ("Sandbox.Timedout", "Task timed out after 300.00 seconds", "timeout_seconds"),
        ("OutOfTimeError", "time is up after 895 s: S3 answered that it has no time (503 SlowDown).", "timeout_seconds"),
        ("SlowDownError", "s3:GetObject on s3://b/k failed: 503 Service Unavailable: SlowDown", "put the input in parts"),
        ("Runtime.OutOfMemory", "", "memory_mb"),
        ("Lambda.TooManyRequestsException", "", "fewer, larger chunks"),
        ("ValueError", "bad word", "mend the cause"),
    ],
)
def test_what_to_do_follows_from_the_error(error, message, remedy):
    assert remedy in describe_failure(DEPLOYMENT, "r1", json.dumps({"error": error, "message": message}).encode())


def test_a_success_without_a_result_is_called_that():
    assert "stored no result" in describe_verdict(DEPLOYMENT, "r1", Verdict("SUCCEEDED"))


def test_terminal_escapes_do_nothing():
    assert "\x1b" not in describe_failure(DEPLOYMENT, "r1", json.dumps({"message": "\x1b]0;evil\x07"}).encode())
