"""Signature Version 4: what proves to AWS which role sends a request, and that nobody changed it on the way.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import os
import time
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote

from runtime.record import field, record

_ALGORITHM = "AWS4-HMAC-SHA256"


@record
class Credentials:
    """Of a role, for as long as the token is good."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(default_factory=str, repr=False)

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "Credentials | None":
        """Those that Lambda gives a function, or None if there are none.

        https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
        """
        access_key, secret_key = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
        if not access_key or not secret_key:
            return None
        return cls(access_key, secret_key, environment.get("AWS_SESSION_TOKEN", ""))


@record
class Signer:
    """Signs requests to one service in one region."""

    service: str
    region: str

    def signed(
        self, path: str, headers: Mapping[str, str], body: bytes, credentials: Credentials, now: float | None = None
    ) -> dict[str, str]:
        """The headers of a POST, with those that sign it.

        Args:
            path: as it is sent, percent-encoded.
            headers: what is signed, `Host` among it, each name once.
            body: of the request.
            credentials: whose request it is.
            now: seconds since the epoch, for tests.
        """
        stamp = _stamp(now)
        made = {**headers, "X-Amz-Date": stamp}
        if credentials.token:
            made["X-Amz-Security-Token"] = credentials.token
        lines = sorted((name.lower(), " ".join(value.split())) for name, value in made.items())
        names = ";".join(name for name, _ in lines)
        # All services but S3 expect the path, which is encoded already, to be encoded once more.
        canonical = "\n".join(
            [
                "POST",
                quote(path, safe="/~"),
                "",
                *(f"{name}:{value}" for name, value in lines),
                "",
                names,
                hashlib.sha256(body).hexdigest(),
            ]
        )
        credential = f"{credentials.access_key}/{self._scope(stamp)}"
        signature = self._signature(stamp, canonical, credentials)
        made["Authorization"] = f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
        return made

    def presigned(
        self, host: str, query: Mapping[str, str], seconds: int, credentials: Credentials, now: float | None = None
    ) -> str:
        """A GET of `/` that whoever has it may send, for so many seconds: `{host}/?{query, signature}`."""
        stamp = _stamp(now)
        parameters = {
            **query,
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": f"{credentials.access_key}/{self._scope(stamp)}",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(seconds),
            "X-Amz-SignedHeaders": "host",
        }
        if credentials.token:
            parameters["X-Amz-Security-Token"] = credentials.token
        pairs = sorted((quote(name, safe=""), quote(value, safe="")) for name, value in parameters.items())
        text = "&".join(f"{name}={value}" for name, value in pairs)
        canonical = "\n".join(["GET", "/", text, f"host:{host}", "", "host", hashlib.sha256(b"").hexdigest()])
        return f"{host}/?{text}&X-Amz-Signature={self._signature(stamp, canonical, credentials)}"

    def _scope(self, stamp: str) -> str:
        return f"{stamp[:8]}/{self.region}/{self.service}/aws4_request"

    def _signature(self, stamp: str, canonical: str, credentials: Credentials) -> str:
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        key = _signing_key(credentials.secret_key, stamp[:8], self.region, self.service)
        return _hmac(key, f"{_ALGORITHM}\n{stamp}\n{self._scope(stamp)}\n{digest}").hex()


def _stamp(now: float | None) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))


@lru_cache(maxsize=8)
def _signing_key(secret_key: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in (day, region, service, "aws4_request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
