"""A store that keeps what emitters put, in place of S3."""

import pytest

from runtime.ports import ports
from tests.fakes.shuffle_store import ShuffleStore


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> ShuffleStore:
    store = ShuffleStore()
    monkeypatch.setattr(ports().s3, "put_once", store.put)
    return store
