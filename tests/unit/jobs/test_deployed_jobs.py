"""What the embedded AWS tells of the jobs that are deployed on it."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.embedded.deployed import deployed
from scripts.paths import Embedded
from tests.fakes.deployed import add_workflow

RECORD: dict[str, Any] = {
    "orchestration": "sfn",
    "region": "us-east-1",
    "account_id": "000000000000",
    "endpoint_url": "http://127.0.0.1:4566",
    "functions": {},
    "buckets": {"results": "x"},
    "state_machine_arn": None,
    "sfn_map_mode": None,
    "log_groups": {},
    "timeout_seconds": 300,
    "sources": "0123456789abcdef",
}


@pytest.fixture
def embedded(tmp_path: Path) -> Embedded:
    """Two jobs, the user code in functions/, and a file that is no record."""
    paths = Embedded(build=tmp_path)
    paths.deployments.mkdir(parents=True)
    for prefix, job in (("visits", {"name": "visits", "folder": "/of/visits"}), ("grep", {"name": "grep", "folder": "grep"})):
        record = add_workflow(RECORD) | {"prefix": prefix, "job": job}
        (paths.deployments / f"{prefix}-sfn-us-east-1.json").write_text(json.dumps(record))
    (paths.deployments / "wordcount-sfn-us-east-1.json").write_text(json.dumps(add_workflow(RECORD) | {"prefix": "wordcount"}))
    (paths.deployments / "broken.json").write_text("{}")
    return paths


def test_each_deployment_is_told_with_its_job_and_code(embedded: Embedded) -> None:
    assert deployed(embedded) == {
        "broken": "its record can't be read",
        "grep-sfn-us-east-1": "job grep of grep, code 01234567",
        "visits-sfn-us-east-1": "job visits of /of/visits, code 01234567",
        "wordcount-sfn-us-east-1": None,
    }


def test_those_of_one_job_can_be_asked_for(embedded: Embedded) -> None:
    assert list(deployed(embedded, "visits")) == ["visits-sfn-us-east-1"]
