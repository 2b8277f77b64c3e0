"""Connections to Redis: by a URL, or to an ElastiCache serverless cache with the function's own role for a password.

    RedisTarget(url="rediss://:password@host:6379/0")        anything that redis-py takes; rediss is TLS
    RedisTarget(host=..., user=..., cache=...)               ElastiCache: TLS, and IAM authentication of that user

ElastiCache takes a request to itself, signed and never sent, as the user's password
(https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html). It is good for 15 minutes, and each connection is opened
with a new one, so nothing secret is stored anywhere.
"""

import os
from functools import cache
from typing import Any

from redis import CredentialProvider, Redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import BusyLoadingError
from redis.exceptions import ConnectionError as BrokenConnectionError
from redis.exceptions import TimeoutError as AnswerTimeoutError
from redis.retry import Retry

from runtime.aws.signature import Credentials, Signer
from runtime.orchestration.settings import RedisTarget

PORT = 6379
TOKEN_SECONDS = 900
_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 10.0
"""More than any blocking read takes."""
_RETRIES = 6


@cache
def connect(target: RedisTarget) -> Any:
    """Return the process's client, which opens a connection when it is used, and again when it broke.

    Raises:
        ValueError: the target names neither a URL nor a host, or the URL is none.
    """
    options: dict[str, Any] = {
        "socket_connect_timeout": _CONNECT_SECONDS,
        "socket_timeout": _ANSWER_SECONDS,
        "socket_keepalive": True,
        # The older protocol answers all that we ask, and its greeting needs fewer commands.
        "protocol": 2,
        # Every command of ours may be repeated.
        "retry": Retry(ExponentialWithJitterBackoff(base=0.1, cap=3.0), _RETRIES),
        "retry_on_error": [BrokenConnectionError, AnswerTimeoutError, BusyLoadingError],
    }
    if target.url:
        try:
            return Redis.from_url(target.url, **options)
        except ValueError:
            # What a URL's parser complains of may be a part of the password.
            raise ValueError("REDIS_URL is not like redis://:password@host:6379/0; escape / and @ in a password") from None
    if not target.host:
        raise ValueError("RETURN_STORE is redis, but neither REDIS_URL nor REDIS_HOST is set")
    return Redis(host=target.host, port=PORT, ssl=True, credential_provider=RoleCredentials(target.user, target.cache), **options)


class RoleCredentials(CredentialProvider):
    """The user, and a token that proves the function's role."""

    def __init__(self, user: str, cache: str) -> None:
        self._user, self._cache = user, cache

    def get_credentials(self) -> tuple[str, str]:
        """Return user and password for one connection."""
        return self._user, token(self._user, self._cache)


def token(user: str, cache: str) -> str:
    """Return a password of that user for a serverless cache, valid for `TOKEN_SECONDS`. Nothing is sent for it."""
    credentials = Credentials.load()
    if credentials is None:
        raise BrokenConnectionError("there are no AWS credentials to sign a token with")
    wanted = {"Action": "connect", "User": user, "ResourceType": "ServerlessCache"}
    return Signer("elasticache", os.environ["AWS_REGION"]).presigned(cache, wanted, TOKEN_SECONDS, credentials)
