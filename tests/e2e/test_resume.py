"""Runs that fail on the embedded AWS, which enforces policies, and are resumed once they may do what they lacked."""

from collections import Counter

import pytest

from tests.e2e.conftest import Cloud, run_module

TEXT = "to be or not to be that is the question"


@pytest.mark.parametrize(
    ("orchestration", "function", "action"),
    [
        ("http_sync_s3", "partition", "s3:ListBucket"),
        ("http_sync_s3", "summary", "s3:PutObject"),
        ("http_only", "partition", "s3:ListBucket"),
        ("http_only", "reducer", "s3:ListBucket"),
        ("http_only", "summary", "s3:PutObject"),
        ("s3_triggers", "partition", "s3:ListBucket"),
        ("s3_triggers", "summary", "s3:PutObject"),
        ("dynamodb_triggers", "partition", "s3:ListBucket"),
        ("dynamodb_triggers", "summary", "s3:PutObject"),
    ],
)
def test_run_goes_on_once_the_cause_is_mended(cloud: Cloud, orchestration: str, function: str, action: str) -> None:
    run = f"mended-{function}-{orchestration}"
    with cloud.without_action(orchestration, function, action):
        failed = cloud.invoke(orchestration, "--run-id", run, "--chunks", "4", "--timeout", "90", "--json", "-", stdin=TEXT)
    assert failed.status == 1, failed.out + failed.err

    where = ("--target", "embedded", "--orchestration", orchestration)
    resumed = run_module("scripts.client", "resume", run, *where, "--timeout", "90", "--json")

    assert resumed.counts == Counter(TEXT.split())
    assert f"goes on with {function}" in resumed.err
    assert "mapper" not in resumed.err.partition("goes on with")[2].splitlines()[0]
