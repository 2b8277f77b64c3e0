"""A deployment of s3_triggers for each test."""

import pytest

from tests.fakes.cluster import Cluster
from tests.fakes.deployments import TriggeredByObjects


@pytest.fixture
def deployment(s3_triggers_deployment: TriggeredByObjects) -> TriggeredByObjects:
    return s3_triggers_deployment


@pytest.fixture
def cluster(deployment: TriggeredByObjects) -> Cluster:
    return deployment.cluster
