"""S3 takes only so many PUTs a second: the mappers slow down together, and no run fails of it.

How well S3 is used is noted, and depends on what else the machine does; tests/simulation/test_request_rate.py has bounds for it.
"""

import json
from collections import Counter
from collections.abc import Callable

import pytest

from tests.faults.conftest import Site
from tests.faults.request_rate import ask
from tests.faults.runs import Outcome, ends_of, started

RATE = 60.0
MAPPERS = 24
WORDS = 100
SECONDS = 400.0


@pytest.mark.parametrize("orchestration", ["sfn", "s3_triggers"])
def test_fan_out_that_s3_has_no_time_for_counts_exactly(
    site: Site, note: Callable[[list[Outcome]], None], orchestration: str
) -> None:
    cloud, run = site.cloud, f"rate-{orchestration}"
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
    assert told["refused"]
    ended = f"exact counts, {told['while_busy']:.0%} used"
    note([Outcome(orchestration, f"{RATE:.0f} PUTs a second", told["refused"], ended, client.seconds)])
