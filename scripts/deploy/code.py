"""Deploys changed code of functions in a second, where Terraform would take ten to find out that nothing else has changed.

1. The state is marked, so that Terraform would update the functions: whatever goes wrong from here on, the next apply repairs.
2. Each changed zip goes to where Terraform puts it, and Lambda is told to take it from there; then it is waited for.
3. State and record say what runs now, so that Terraform's next plan is empty.
"""

from __future__ import annotations

import base64
import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.deploy.choice import Choice
from scripts.deploy.current import Applied
from scripts.deploy.errors import DeployError, Interrupted, TerraformError
from scripts.deploy.held import Code, State
from scripts.package import sources

_SECONDS = 120
_PAUSE_SECONDS = 0.2


class UpdateError(DeployError):
    """The code of a function could not be updated; Terraform can do it."""


def update_alone(
    applied: Applied, choice: Choice, functions: list[str], state: str, write: Callable[[str], None]
) -> dict[str, Any] | None:
    """Let functions run the zips that were built for them, and say so; the deployment's record, or None if Terraform is to do it.

    `state` is Terraform's, and `write` puts another one in its place.

    Raises:
        Interrupted: by the user. The next apply goes on.
    """
    if not functions:
        return None
    started = time.monotonic()
    applied.forget()
    try:
        record = _update(applied.packages, functions, state, write, applied.target.environment)
    except (UpdateError, TerraformError) as error:
        print(f"note: the code alone could not be updated, so Terraform deploys all: {error}", file=sys.stderr, flush=True)
        return None
    except KeyboardInterrupt:
        raise Interrupted("Interrupted while code was updated. Run the same command to go on.") from None
    took = time.monotonic() - started
    print(f"Updated the code of {', '.join(functions)} of {choice.name} in {took:.1f} s; nothing else had changed.")
    return record


def _update(
    packages: Path, functions: Sequence[str], state: str, write: Callable[[str], None], environment: Mapping[str, str]
) -> dict[str, Any]:
    """Do it, and return the deployment's record.

    Raises:
        UpdateError: Lambda or S3 refused; the state is marked.
        TerraformError: the state is not as it is expected, and nothing was changed; or it could not be written.
    """
    held = State(state)
    record = held.deployment
    zips = {held.code(record["functions"][name]): (packages / f"{name}.zip").read_bytes() for name in functions}
    for code in zips:
        held.note(code)
    write(held.text())
    for code, code_hash in _put(zips, record, environment).items():
        held.note(code, code_hash)
    record["sources"] = (packages / sources.NAME).read_text(encoding="utf-8")
    write(held.text())
    return record


def _put(zips: Mapping[Code, bytes], record: Mapping[str, Any], environment: Mapping[str, str]) -> dict[Code, str]:
    """Put zips into force; the hash of each."""
    with _environment(environment):
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError

        key = "test" if record["endpoint_url"] else None
        session = boto3.Session(key, key, region_name=record["region"])
        s3, functions = (session.client(service, endpoint_url=record["endpoint_url"]) for service in ("s3", "lambda"))
        try:
            with ThreadPoolExecutor(4) as pool:
                return dict(pool.map(lambda item: (item[0], _put_one(s3, functions, *item)), zips.items()))
        except (BotoCoreError, ClientError) as error:
            raise UpdateError(str(error)) from error


def _put_one(s3: Any, functions: Any, code: Code, content: bytes) -> str:
    code_hash = base64.b64encode(hashlib.sha256(content).digest()).decode()
    s3.put_object(Bucket=code.bucket, Key=code.key, Body=content, ContentType="application/zip")
    answer = functions.update_function_code(FunctionName=code.name, S3Bucket=code.bucket, S3Key=code.key)
    if answer["CodeSha256"] != code_hash:
        raise UpdateError(f"{code.name} now has other code than was sent: somebody else deploys it, too")
    deadline = time.monotonic() + _SECONDS
    while answer.get("LastUpdateStatus", "Successful") != "Successful":
        if answer["LastUpdateStatus"] == "Failed" or time.monotonic() > deadline:
            raise UpdateError(f"{code.name} was not updated: {answer.get('LastUpdateStatusReason') or 'no end of it'}")
        time.sleep(_PAUSE_SECONDS)
        answer = functions.get_function_configuration(FunctionName=code.name)
    return code_hash


@contextmanager
def _environment(environment: Mapping[str, str]) -> Iterator[None]:
    """Of the user's settings those that are for the target; boto3 reads more of them than can be overruled."""
    before = dict(os.environ)
    local = {name: ",".join(filter(None, [environment.get(name), "127.0.0.1,localhost"])) for name in ("NO_PROXY", "no_proxy")}
    os.environ.clear()
    os.environ.update({**environment, **local})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
