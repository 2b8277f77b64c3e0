"""S3 takes only so many PUTs a second: the mappers slow down together, no attempt fails of it, and S3 is kept busy."""

import json
from collections import Counter
from collections.abc import Callable

import pytest

from tests.faults.conftest import Site
from tests.faults.request_rate import ask
from tests.faults.runs import Outcome, ends_of, own_page, started

RATE = 300.0
"""A third of what the embedded AWS takes on two processors."""

MAPPERS = 24
WORDS = 600
PROOFS = MAPPERS + 1
"""How many objects say what was emitted: one of each mapper, and the sum of all."""

LEAST_SHARE = 0.85
SECONDS = 400.0


@pytest.mark.parametrize("orchestration", ["sfn", "s3_triggers"])
def test_fan_out_that_s3_has_no_time_for_counts_exactly(
    site: Site, note: Callable[[list[Outcome]], None], orchestration: str
) -> None:
    cloud, run = site.cloud, f"rate-{orchestration}"
    errors = own_page(cloud, "requests")["counts"].get("lambda.errors", 0)
    bucket = cloud.deployment(orchestration)["buckets"]["shuffle"]
    texts = [" ".join(f"w{(mapper + word) % 500}" for word in range(WORDS)) for mapper in range(MAPPERS)]

    ask(site.proxy.endpoint_url, "PUT", bucket, RATE)
    try:
        with started(cloud.build, orchestration, "--run-id", run, "--json", "-", stdin=json.dumps(texts)) as client:
            done = client.end(SECONDS)
    finally:
        told = ask(site.proxy.endpoint_url, "DELETE", bucket)

    assert done.counts == Counter(word for text in texts for word in text.split()), done.err
    assert ends_of(cloud, orchestration, run) == [f"{run}/result.json"]
    assert own_page(cloud, "requests")["counts"].get("lambda.errors", 0) == errors
    assert (told["taken"], told["refused"] > 0) == (MAPPERS * WORDS + PROOFS, True)
    assert told["while_busy"] >= LEAST_SHARE
    ended = f"exact counts, {told['while_busy']:.0%} used"
    note([Outcome(orchestration, f"{RATE:.0f} PUTs a second", told["refused"], ended, client.seconds)])
