"""A deployment of dynamodb_triggers for each test."""

import pytest

from tests.fakes.cluster import Cluster
from tests.fakes.deployments import TriggeredByItems


@pytest.fixture
def deployment(dynamodb_triggers_deployment: TriggeredByItems) -> TriggeredByItems:
    return dynamodb_triggers_deployment


@pytest.fixture
def cluster(deployment: TriggeredByItems) -> Cluster:
    return deployment.cluster
