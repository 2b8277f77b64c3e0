"""Each action that a function uses, on whichever path, is granted to it; each that is granted, some path uses.

The paths are those of simulated schedules: duplicates, claim checks, failures, hand-ons. The other half, a run on the embedded
AWS without each action in turn, is tests/e2e/test_permissions.py.
"""

from functools import cache

import pytest

from runtime.mapreduce.shuffle import LAYOUTS
from scripts.orchestrations import ORCHESTRATIONS
from tests.simulation.policies import allows, granted, without_grant
from tests.simulation.usage import Use, anything, plain

pytestmark = pytest.mark.parametrize("orchestration", ORCHESTRATIONS)

SEEDS = range(1, 501)

UNSEEN = {
    # of AWS itself
    "lambda:InvokeFunction recorder": "Lambda invokes it for an event that has finally failed, with the function's role",
    "dynamodb:DescribeStream": "Lambda reads a stream with the role of the function that it feeds",
    "dynamodb:GetRecords": "the same",
    "dynamodb:GetShardIterator": "the same",
    "dynamodb:ListStreams": "the same",
    "s3:PutObject given-up/aws/lambda/*": "Lambda leaves what a stream gave up, with the function's role",
    "s3:ListBucket given-up": "the same; the recorder finds another invocation's work done (test_given_up.py)",
    # of runs that clients start in other ways than a simulated one
    "s3:GetObject returns/*/mapper.input/*": "the client puts a large chunk into a claim check (test_client_triggers.py)",
    "s3:PutObject results/.open/*": "the first function of a run that no client has claimed marks it (test_s3_triggers.py)",
    "s3:AbortMultipartUpload shuffle/*/packed/": "an upload in parts of which one has failed",
    "s3:AbortMultipartUpload shuffle/*/parts/": "the same",
    # of events that come when all is removed
    "s3:ListBucket input": "an event of a run that was removed is turned back, not retried (test_s3_triggers.py)",
    "s3:ListBucket reducer-input": "the same",
}
"""What no simulated path uses, with the reason why it is granted all the same."""

UNSEEN_IN = {
    ("http_sync_s3", "unum_map", "s3:GetObject returns/*/unum_map/*"): "a bare document has no list to pass on, so it is stored",
    ("http_sync_s3", "unum_map", "s3:PutObject returns/*/unum_map/*"): "the same",
    ("http_sync_s3", "unum_map", "s3:ListBucket returns"): "the same",
    ("http_only", "unum_map", "s3:GetObject returns/*/unum_map/*"): "the same",
    ("http_only", "unum_map", "s3:PutObject returns/*/unum_map/*"): "the same",
    ("http_sync_s3", "summary", "s3:ListBucket returns"): "a value that was removed is told from one that is forbidden",
    ("http_only", "unum_map", "s3:ListBucket returns"): "a resumed run looks for what branches have answered (test_resume.py)",
    ("http_only", "partition", "s3:ListBucket returns"): "the same",
    ("http_only", "partition", "s3:GetObject returns/*/partition/*"): "a resumed run fans out over the same array",
    ("dynamodb_triggers", "recorder", "dynamodb:GetItem results"): "of a record that was the recorder's own (test_given_up.py)",
    ("sfn", "recorder", "s3:GetObject results/*/run.json"): "of an execution that failed by itself (test_redrive.py)",
    ("sfn", "recorder", "s3:ListBucket results"): "the same, told after the run was removed (test_execution_ended.py)",
    ("http_only", "recorder", "s3:PutObject results/*/failed.json"): "of a unum_map that somebody invoked asynchronously",
    ("http_only", "recorder", "s3:ListBucket results"): "the same",
}


REFUSED = {
    ("dynamodb_triggers", Use("mapper", "s3:ListBucket", "sim-returns")): (
        "a late duplicate whose claim check was removed with the run: missing or refused, the attempt fails, and the next one is"
        " turned back"
    ),
}
"""What is used and granted to nobody, with the reason why that does no harm."""


@cache
def uses_of(orchestration: str) -> frozenset[Use]:
    return frozenset(anything(orchestration, SEEDS).union(*(plain(orchestration, shuffle) for shuffle in LAYOUTS)))


def test_what_is_used_is_granted(orchestration: str) -> None:
    missing = without_grant(set(uses_of(orchestration)), orchestration)

    assert [use for use in missing if (orchestration, use) not in REFUSED] == []


def test_what_is_granted_is_used(orchestration: str) -> None:
    uses, permissions = uses_of(orchestration), granted(orchestration)

    idle = [
        (function, permission)
        for function, own in permissions.items()
        for permission in own
        if not any(use.function == function and allows(permission, use) for use in uses)
        and not any(permission.startswith(seen) for seen in UNSEEN)
        and (orchestration, function, permission) not in UNSEEN_IN
    ]

    assert {"mapper", "partition", "reducer", "summary", "recorder"} <= permissions.keys()
    assert idle == []
