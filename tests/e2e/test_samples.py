"""Every sample job in every orchestration: by turns in one layout or the other, so that each job and orchestration meets both.

They are apart from other tests, since they exchange the code of the deployment for as long as pytest is in this file.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.mapreduce.shuffle import LAYOUTS
from scripts.orchestrations import ORCHESTRATIONS
from tests.cloud import Cloud
from tests.deployed_code import with_job
from tests.samples import EXPECTED, JOBS, NAMES, input_of, plain


@pytest.fixture(scope="module", params=NAMES)
def job(cloud: Cloud, orchestration: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """Each sample in turn, deployed in the place of the repository's own job."""
    name: str = request.param
    with with_job(cloud, orchestration, JOBS / name):
        yield name


def test_sample_gives_what_its_input_says(job: str, cloud: Cloud, orchestration: str, tmp_path: Path) -> None:
    layout = LAYOUTS[(NAMES.index(job) + ORCHESTRATIONS.index(orchestration)) % len(LAYOUTS)]
    chosen = ("--job", str(JOBS / job), "--shuffle", layout, "--chunks", "3")

    done = cloud.invoke(orchestration, *chosen, "--output", str(tmp_path / "output.json"), str(input_of(job)))

    assert done.status == 0, done.out + done.err
    assert plain(job, json.loads((tmp_path / "output.json").read_text("utf-8"))) == EXPECTED[job]
    assert ("bad lines  1" in done.err) == (job == "access_logs")
