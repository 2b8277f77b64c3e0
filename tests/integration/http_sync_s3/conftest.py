"""A deployment of http_sync_s3 for each test and each store of return values."""

from collections.abc import Callable

import pytest

from runtime.orchestration.http_sync_s3.stores import RETURN_STORES
from tests.fakes.cluster import Cluster
from tests.fakes.return_stores import StoreUnderTest


@pytest.fixture(params=RETURN_STORES)
def store(request: pytest.FixtureRequest) -> StoreUnderTest:
    made: StoreUnderTest = request.getfixturevalue(f"{request.param}_store")
    return made


@pytest.fixture
def cluster(make_cluster: Callable[..., Cluster], store: StoreUnderTest) -> Cluster:
    return make_cluster("http_sync_s3", **store.settings)
