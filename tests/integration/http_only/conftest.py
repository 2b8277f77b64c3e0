"""A deployment of http_only for each test."""

import pytest

from tests.fakes.cluster import Cluster
from tests.fakes.deployments import CalledFunctions


@pytest.fixture
def deployment(http_only_deployment: CalledFunctions) -> CalledFunctions:
    return http_only_deployment


@pytest.fixture
def cluster(deployment: CalledFunctions) -> Cluster:
    return deployment.cluster
