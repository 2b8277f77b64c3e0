"""signature: the same as botocore's, for whatever is signed."""

from datetime import UTC, datetime
from urllib.parse import quote

import botocore.auth
import botocore.credentials
import pytest
from botocore.awsrequest import AWSRequest
from hypothesis import given
from hypothesis import strategies as st

from runtime.aws.signature import Credentials, Signer

HOST = "lambda.eu-west-1.amazonaws.com"
SIGNER = Signer("lambda", "eu-west-1")

times = st.integers(946_684_800, 4_102_444_799)  # of this century
printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
credentials = st.builds(Credentials, words, words, st.just("") | words)
names = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=12).map(lambda name: f"X-Any-{name}")
functions = words.filter(lambda name: name.strip(".")) | st.sampled_from(
    ["arn:aws:lambda:eu-west-1:123456789012:function:p-mapper:$LATEST", "p-mapper:1", "日本", "a b/c%2F~_"]
)


def others(given: Credentials) -> botocore.credentials.Credentials:
    return botocore.credentials.Credentials(given.access_key, given.secret_key, given.token or None)


def at(patch: pytest.MonkeyPatch, now: int) -> None:
    """Lets botocore think that it is this time."""
    patch.setattr(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: datetime.fromtimestamp(now, UTC))


@given(functions, st.dictionaries(names, printable, max_size=4), st.binary(max_size=200), credentials, times)
def test_request_is_signed_as_botocore_signs_it(
    function: str, headers: dict[str, str], body: bytes, given: Credentials, now: int
) -> None:
    path = f"/2015-03-31/functions/{quote(function, safe='')}/invocations"
    headers = {name.lower(): value for name, value in headers.items()}
    request = AWSRequest("POST", f"https://{HOST}{path}", headers=headers, data=body)
    with pytest.MonkeyPatch.context() as patch:
        at(patch, now)
        botocore.auth.SigV4Auth(others(given), "lambda", "eu-west-1").add_auth(request)

    signed = SIGNER.signed(path, {"Host": HOST, **headers}, body, given, now)

    for name in ("Authorization", "X-Amz-Date", "X-Amz-Security-Token"):
        assert signed.get(name) == request.headers.get(name)


@given(
    st.dictionaries(words.filter(lambda name: name[:2] != "X-"), printable, max_size=4),
    st.integers(1, 604_800),
    credentials,
    times,
)
def test_query_is_signed_as_botocore_signs_it(query: dict[str, str], seconds: int, given: Credentials, now: int) -> None:
    request = AWSRequest("GET", f"https://{HOST}/", params=query)
    with pytest.MonkeyPatch.context() as patch:
        at(patch, now)
        botocore.auth.SigV4QueryAuth(others(given), "lambda", "eu-west-1", seconds).add_auth(request)

    url = SIGNER.presigned(HOST, query, seconds, given, now)

    theirs, _, signature = request.url.removeprefix("https://").rpartition("&X-Amz-Signature=")
    ours, _, our_signature = url.rpartition("&X-Amz-Signature=")
    assert our_signature == signature
    assert sorted(ours.partition("?")[2].split("&")) == sorted(theirs.partition("?")[2].split("&"))


def test_credentials_are_lambdas() -> None:
    environment = {"AWS_ACCESS_KEY_ID": "AKEY", "AWS_SECRET_ACCESS_KEY": "skey", "AWS_SESSION_TOKEN": "stoken"}

    assert Credentials.load(environment) == Credentials("AKEY", "skey", "stoken")


@pytest.mark.parametrize("missing", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_half_a_key_is_none(missing: str) -> None:
    environment = {"AWS_ACCESS_KEY_ID": "AKEY", "AWS_SECRET_ACCESS_KEY": "skey"} | {missing: ""}

    assert Credentials.load(environment) is None


def test_secrets_are_not_shown() -> None:
    assert repr(Credentials("AKEY", "skey", "stoken")) == "Credentials(access_key='AKEY')"
