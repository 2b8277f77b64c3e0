"""The clients that talk to one deployment's AWS: obstore for S3, and for the rest boto3 or, on the embedded AWS, `services`.

On the embedded AWS the credentials are always test/test, so that a user's own never go there; on an account they come from
boto3's default chain (environment, profile, single sign-on, instance role).
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cached_property
from typing import Any, Literal
from urllib.parse import urlsplit

import obstore.store

from scripts import children
from scripts.client.deployment import Deployment
from scripts.client.errors import ClientError

Service = Literal["dynamodb", "lambda", "stepfunctions"]

_ANSWER_SECONDS = 20.0

_LOOPBACK = "127.0.0.1,localhost"


class Aws:
    """Clients for one deployment, made once each."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self._made: dict[Any, Any] = {}
        self._lock = threading.RLock()
        if urlsplit(deployment.endpoint_url or "").hostname in _LOOPBACK.split(","):
            # A proxy set for the internet must not be asked for this machine's own port.
            for name in ("NO_PROXY", "no_proxy"):
                os.environ[name] = ",".join(filter(None, [os.environ.get(name), _LOOPBACK]))

    @classmethod
    def open(cls, deployment: Deployment) -> "Aws":
        """Clients that go by this process's environment, in which only those of the user's settings are left that are for them.

        Of the libraries that read them, each reads some that the others don't, and an explicit setting doesn't outdo them all.
        """
        before = dict(os.environ)
        kept = children.without_aws(before) if deployment.is_embedded else children.without_empty_aws(before)
        for name in before.keys() - kept.keys():
            del os.environ[name]
        os.environ.update(kept)
        return cls(deployment)

    def store(self, role: str, *, patient: bool = True) -> obstore.store.S3Store:
        """The bucket of a role. Impatient ones, for polling, give up after seconds rather than minutes."""
        return self.bucket(self.deployment.bucket(role), patient=patient)

    def bucket(self, name: str, *, patient: bool = True) -> obstore.store.S3Store:
        """Any bucket, as `store`."""
        store: obstore.store.S3Store = self._once(self._open, name, patient)
        return store

    def client(self, service: Service) -> Any:
        """A client for a service, with boto3's methods."""
        return self._once(self._make, service, _ANSWER_SECONDS, False)

    def long_client(self, service: Service, answer_seconds: float) -> Any:
        """A client for calls that may take that long to be answered, and are sent once only: another would do all again."""
        return self._once(self._make, service, answer_seconds, True)

    def _once(self, make: Callable[..., Any], *arguments: Any) -> Any:
        """What `make` gives for these arguments, which is made once."""
        with self._lock:
            key = (make.__name__, *arguments)
            if key not in self._made:
                self._made[key] = make(*arguments)
            return self._made[key]

    def _make(self, service: Service, answer_seconds: float, once: bool) -> Any:
        if self.deployment.endpoint_url:
            from scripts.client.aws.local import LocalClient

            return LocalClient(service, self.deployment.endpoint_url, self.deployment.region, answer_seconds, once=once)
        with _usable_settings():
            from botocore.config import Config

            retries: Any = {"mode": "standard", **({"total_max_attempts": 1} if once else {"max_attempts": 4})}
            config = Config(connect_timeout=5, read_timeout=answer_seconds, tcp_keepalive=once, retries=retries)
            return self._session.client(service, config=config)

    def warm_up(self, service: Service) -> None:
        """Make boto3's client in the background: its import takes longer than all requests of a start together."""

        def make() -> None:
            with suppress(Exception):  # the caller that needs it meets the same error, and reports it
                self.client(service)

        if not self.deployment.is_embedded:
            threading.Thread(target=make, daemon=True).start()

    @cached_property
    def _session(self) -> Any:
        import boto3

        return boto3.Session(region_name=self.deployment.region)

    def _open(self, bucket: str, patient: bool) -> obstore.store.S3Store:
        endpoint = self.deployment.endpoint_url
        given: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
        return obstore.store.S3Store(
            bucket,
            region=self.deployment.region,
            **given,
            virtual_hosted_style_request=False,
            credential_provider=_test_credentials if self.deployment.is_embedded else self._account_credentials(),
            client_options={
                "allow_http": (endpoint or "").startswith("http://"),
                # Where nothing is encrypted, no certificates need be read, which takes 5 ms for each store.
                "allow_invalid_certificates": (endpoint or "").startswith("http://"),
                "connect_timeout": timedelta(seconds=5),
                "timeout": timedelta(seconds=300 if patient else 10),
            },
            retry_config={
                "max_retries": 8 if patient else 1,
                "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=3), "base": 2},
                "retry_timeout": timedelta(seconds=30 if patient else 5),
            },
        )

    def _account_credentials(self) -> Any:
        from obstore.auth.boto3 import Boto3CredentialProvider

        try:
            with _usable_settings():
                return Boto3CredentialProvider(self._session, ttl=timedelta(minutes=5))
        except ValueError:
            raise ClientError(
                "no AWS credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            ) from None


@contextmanager
def _usable_settings() -> Iterator[None]:
    """Tell in a sentence what botocore refuses of the user's settings: a file that it can't parse, a profile that isn't there."""
    from botocore.exceptions import BotoCoreError

    try:
        yield
    except BotoCoreError as error:
        raise ClientError(
            f"the AWS settings of this machine can't be used: {error}; mend them (~/.aws/config, ~/.aws/credentials, AWS_...)"
        ) from error


def _test_credentials() -> Any:
    return {"access_key_id": "test", "secret_access_key": "test", "token": None, "expires_at": None}
