"""Requests to S3, as far as their errors are concerned."""

from datetime import timedelta
from typing import Any

import pytest
from obstore.store import S3Store

from scripts.client.aws import objects
from scripts.client.errors import StorageError


def store(error: type[BaseException]) -> S3Store:
    """A bucket whose credentials can't be had."""

    def provide() -> Any:
        raise error

    return S3Store(
        "bucket",
        endpoint="http://127.0.0.1:1",
        region="us-east-1",
        credential_provider=provide,
        client_options={"allow_http": True},
        retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=1)},
    )


def test_an_interrupt_while_credentials_are_asked_for_stays_one() -> None:
    with pytest.raises(KeyboardInterrupt):
        objects.write(store(KeyboardInterrupt), "k", b"")


def test_another_failure_to_have_credentials_is_told() -> None:
    with pytest.raises(StorageError, match="LookupError"):
        objects.write(store(LookupError), "k", b"")
