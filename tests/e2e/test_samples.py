"""The sample jobs in every orchestration and both layouts: values that are not 1, and a combiner.

They are apart from other tests, since they exchange the code of the deployment for as long as pytest is in this file.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import paths
from scripts.client.report.output import to_bytes
from tests.cloud import Cloud
from tests.deployed_code import with_job
from tests.e2e.conftest import Written
from tests.one_process import load

JOBS = ("access_logs", "temperatures")


@pytest.fixture(scope="module", params=JOBS)
def job(cloud: Cloud, orchestration: str, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Each sample in turn, deployed in the place of the repository's own job."""
    folder = paths.ROOT / "samples" / "jobs" / request.param
    with with_job(cloud, orchestration, folder):
        yield folder


def test_sample_gives_what_one_process_gives(job: Path, written: Written) -> None:
    text = (job / "input.txt").read_text(encoding="utf-8")

    assert written(text, "--chunks", "3", "--num-reducer", "4") == to_bytes(load(job).result([text]))
