"""The report on a failed run, whatever its record holds."""

import json
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scripts.client.orchestrations import Verdict
from scripts.client.report.failure import describe_failure, describe_verdict
from tests.fakes.deployed import wordcount

FIELDS = ("run", "function", "index", "error", "message", "traceback", "request_id", "attempts", "log_group", "time")
DEPLOYMENT = SimpleNamespace(log_groups={"reducer": "/aws/lambda/wordcount-sfn-reducer"}, workflow=wordcount("sfn"))


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


@pytest.mark.parametrize(
    ("error", "message", "remedy"),
    [
        ("Runtime.ExitError", "RequestId: 1 Error: Runtime exited with error: exit status 3", "find what ends"),
        ("Runtime.ExitError", "RequestId: 1 Error: Runtime exited without providing a reason", "find what ends"),
        ("Runtime.ExitError", "RequestId: 1 Error: Runtime exited with error: signal: killed", "memory_mb"),
        ("Runtime.ExitError", "RequestId: 1 Error: Runtime exited with error: signal: segmentation fault", "find what ends"),
        ("SystemExit", "the code called sys.exit(3); a function that is done returns", "find what ends"),
        ("FunctionKilled", "3 attempts ended without a word: ... time or memory ...", "look into the function's log"),
        ("ValueError", "can't read memory.txt: Timeout killed", "mend the cause"),
    ],
)
def test_what_to_do_is_not_guessed_from_the_words_of_a_message(error, message, remedy):
    told = describe_failure(DEPLOYMENT, "r1", json.dumps({"error": error, "message": message}).encode())

    assert remedy in told.rpartition("what to do:")[2]


def test_lines_of_a_message_stay_lines():
    told = describe_failure(DEPLOYMENT, "r1", json.dumps({"message": "several\n- ValueError: a"}).encode())

    assert "  message:    several\n              - ValueError: a\n" in told


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.just("half \ud83d \x1b[31m" * 9000),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(FIELDS), anything))
def test_any_record_gives_a_report_that_a_terminal_can_show(record):
    told = describe_failure(DEPLOYMENT, "r1", json.dumps(record).encode())

    assert "what to do:" in told
    assert len(told.encode()) < 16_000
    assert all(line.isprintable() or "\u200c" in line or "\u200d" in line for line in told.split("\n"))


@given(st.binary())
@example(b"[" * 100_000)
@example(b'{"message": ' * 100_000)
def test_any_bytes_give_a_report(body):
    assert "what to do:" in describe_failure(DEPLOYMENT, "r1", body)
