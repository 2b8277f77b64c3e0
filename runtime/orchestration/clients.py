"""Clients of the services that obstore does not speak. boto3 is imported on first use: it costs a cold start half a second."""

import threading
from collections.abc import Callable
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient

CONNECTIONS = 64
_CONNECT_SECONDS = 5
_ANSWER_SECONDS = 15

_Client = TypeVar("_Client")
_making = threading.Lock()


def _once(make: Callable[[], _Client]) -> Callable[[], _Client]:
    """Make a client when it is first asked for, and once: many threads may ask, and boto3's default session serves only one."""
    cached = cache(make)

    @wraps(make)
    def get() -> _Client:
        with _making:
            return cached()

    return get


@_once
def lambda_client() -> "LambdaClient":
    """Lambda, for asynchronous invocations: answers are quick, and a repeated request is harmless."""
    client: LambdaClient = _client("lambda", read_timeout=_ANSWER_SECONDS, retries={"mode": "standard", "total_max_attempts": 8})
    return client


@_once
def patient_lambda_client() -> "LambdaClient":
    """Lambda, for synchronous invocations: waits as long as a function may run, and sends nothing twice by itself."""
    client: LambdaClient = _client("lambda", read_timeout=910, retries={"total_max_attempts": 1}, tcp_keepalive=True)
    return client


@_once
def dynamodb_client() -> "DynamoDBClient":
    """DynamoDB; every write of ours may be repeated."""
    client: DynamoDBClient = _client(
        "dynamodb", read_timeout=_ANSWER_SECONDS, retries={"mode": "standard", "total_max_attempts": 10}
    )
    return client


def _client(service: str, **settings: Any) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(max_pool_connections=CONNECTIONS, connect_timeout=_CONNECT_SECONDS, **settings)
    return boto3.client(service, config=config)  # type: ignore[call-overload]
