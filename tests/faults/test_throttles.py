"""Lambda takes one invocation of each function at a time and refuses the others: they are tried again, and none is lost.

Two of a function whose last branch waits for the others; Terraform refuses to deploy it with one place.
"""

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from scripts.orchestrations import ORCHESTRATIONS
from tests.cloud import Cloud
from tests.faults.conftest import Site
from tests.faults.runs import Outcome, ends_of, own_page, started

TEXTS = [f"word{n} all of {n % 3}" for n in range(8)]
SECONDS = 300.0
"""A throttled run's time limit: Lambda waits longer and longer before it tries a refused event again."""


@contextlib.contextmanager
def one_at_a_time(cloud: Cloud, orchestration: str) -> Iterator[None]:
    """The deployment while each function has the least reserved concurrency."""
    client, functions = cloud.client("lambda"), cloud.deployment(orchestration)["functions"]
    for function, name in functions.items():
        least = 2 if orchestration == "http_sync_s3" and function in ("mapper", "reducer") else 1
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=least)
    try:
        yield
    finally:
        for name in functions.values():
            client.delete_function_concurrency(FunctionName=name)


def throttles(cloud: Cloud) -> int:
    """How many invocations the embedded AWS has refused so far."""
    count: int = own_page(cloud, "requests")["counts"].get("lambda.throttles", 0)
    return count


# One orchestration after another: what is refused is counted for all of them together.
@pytest.mark.parametrize("orchestration", ORCHESTRATIONS)
def test_functions_that_run_one_at_a_time_lose_no_word(
    site: Site, note: Callable[[list[Outcome]], None], orchestration: str
) -> None:
    cloud, run = site.cloud, f"throttled-{orchestration}"
    before = throttles(cloud)
    with (
        one_at_a_time(cloud, orchestration),
        started(cloud.build, orchestration, "--run-id", run, "--json", "-", stdin=json.dumps(TEXTS)) as client,
    ):
        done = client.end(SECONDS)
    refused = throttles(cloud) - before

    assert done.counts == Counter(word for text in TEXTS for word in text.split())
    assert ends_of(cloud, orchestration, run) == [f"{run}/result.json"]
    assert refused
    note([Outcome(orchestration, "one invocation of a function at a time", refused, "exact counts", client.seconds)])
