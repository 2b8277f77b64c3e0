"""Every action that a function is granted is needed, and every one that it needs is granted: simulated, and by taking each away.

The embedded AWS asks IAM, so that a small run fails for want of any action that it uses. What it does not use, some other path of
the simulation does; what only AWS itself uses is listed here, with its reason.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.orchestration import ORCHESTRATIONS
from tests.e2e.conftest import Cloud
from tests.e2e.policies import Grant, arn_of, grants, without
from tests.simulation.usage import PLAIN, Use, anything, plain

SEEDS = range(1, 201)

OF_AWS_ITSELF = {
    "WriteTheOwnLog": "Lambda writes the log",
    "HandFinalFailuresToTheirRecorder": "Lambda invokes the recorder when an event has finally failed",
    "LeaveARecordOfWhatCouldNotBeDelivered": "Lambda writes to the queue when a stream's record could not be delivered",
    "FollowTheStreamOfChunks": "Lambda reads the stream; without it nothing begins, so that nothing could fail",
    "FollowTheStreamOfMappers": "the same",
    "FollowTheStreamOfPartitions": "the same",
    "FollowTheStreamOfReducers": "the same",
    "FollowTheStreamOfResults": "the same",
}
"""Statements that no request of our code needs."""

NOT_ASKED_FOR = "s3:ListBucket"
"""Of whoever reads an object that isn't there, S3 asks for this to answer 404; the embedded AWS does not. Removing it fails a run
there only where the function lists."""


def used(grant: Grant, uses: set[Use], orchestration: str, cloud: Cloud) -> bool:
    deployment = cloud.deployment(orchestration)
    return any(grant.allows(use, arn_of(use, orchestration, deployment)) for use in uses)


def test_every_action_that_is_used_is_granted(cloud: Cloud, orchestration: str) -> None:
    granted, deployment = grants(cloud, orchestration), cloud.deployment(orchestration)

    uses = anything(orchestration, SEEDS) | plain(orchestration)

    missing = {use for use in uses if not any(grant.allows(use, arn_of(use, orchestration, deployment)) for grant in granted)}
    assert missing == set()


def test_every_action_that_is_granted_is_used_by_some_path(cloud: Cloud, orchestration: str) -> None:
    uses = anything(orchestration, SEEDS) | plain(orchestration)

    idle = {str(grant) for grant in grants(cloud, orchestration) if not used(grant, uses, orchestration, cloud)}

    assert {name for name in idle if name.split("/")[1] not in OF_AWS_ITSELF} == set()


def needed(cloud: Cloud, orchestration: str) -> list[Grant]:
    """What a small run uses, as far as the embedded AWS asks for it."""
    uses = plain(orchestration)
    listed = {use for use in uses if use.action != NOT_ASKED_FOR or use.resource.endswith("/")}
    return [grant for grant in grants(cloud, orchestration) if used(grant, listed, orchestration, cloud)]


@pytest.fixture(scope="module")
def denials(cloud: Cloud) -> dict[str, dict[str, str]]:
    """For each orchestration, what became of a run without each action that it needs; the orchestrations side by side."""
    wanted = {name: needed(cloud, name) for name in ORCHESTRATIONS}

    def deny(orchestration: str) -> dict[str, str]:
        return {str(grant): _denied(cloud, orchestration, grant) for grant in wanted[orchestration]}

    with ThreadPoolExecutor(len(ORCHESTRATIONS)) as pool:
        return dict(zip(ORCHESTRATIONS, pool.map(deny, ORCHESTRATIONS), strict=True))


def _denied(cloud: Cloud, orchestration: str, grant: Grant) -> str:
    with without(cloud, orchestration, grant):
        done = cloud.invoke(orchestration, "--json", "--timeout", "60", "--chunks", "2", "-", stdin=" ".join(PLAIN.texts))
    told = [word for word in (grant.action, grant.function) if word not in done.err]
    return "refused" if done.status == 1 and not told else f"exit code {done.status}, lacks {told}: {done.err[-600:]}"


def test_run_without_one_action_fails_and_names_it(denials: dict[str, dict[str, str]], orchestration: str) -> None:
    outcomes = denials[orchestration]

    assert {name: told for name, told in outcomes.items() if told != "refused"} == {}
    assert len(outcomes) >= 9
