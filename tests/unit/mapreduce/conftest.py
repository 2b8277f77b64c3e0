"""A store that keeps what emitters put, in place of S3."""

import pytest

from runtime.mapreduce import storage
from tests.fakes.shuffle_store import ShuffleStore


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> ShuffleStore:
    store = ShuffleStore()
    monkeypatch.setattr(storage, "put_once", store.put)
    return store
