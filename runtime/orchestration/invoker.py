"""Invoking the deployment's own functions over HTTP: Lambda's Invoke, asynchronous, with many at once under way.

boto3 is imported only here, and this module only where something is invoked: it costs a cold start half a second.
"""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from runtime.mapreduce.run import current_run
from runtime.orchestration.envelope import encode

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

CONNECTIONS = 32


class InvokeError(Exception):
    """Lambda refused an invocation after all retries; the message names the function and the cause."""


@cache
def _client() -> "LambdaClient":
    import boto3
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": 8}
    config = Config(retries=retries, max_pool_connections=CONNECTIONS, connect_timeout=5, read_timeout=15)  # type: ignore[arg-type]
    return boto3.client("lambda", config=config)


def invoke_async(name: str, payload: Mapping[str, Any]) -> None:
    """Put an event into a function's queue; Lambda delivers it at least once.

    Raises:
        InvokeError: Lambda didn't take it.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    current_run().requests["lambda.Invoke"] += 1
    try:
        _client().invoke(FunctionName=name, InvocationType="Event", Payload=encode(payload))
    except (BotoCoreError, ClientError) as error:
        raise InvokeError(f"lambda:InvokeFunction on {name} failed: {error}") from error
