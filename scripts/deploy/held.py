"""Terraform's state as far as the code of functions stands in it, and how another code is written there.

Terraform compares the hash of a zip with the one in its state, and not with what Lambda runs. So whoever updates a function's
code by another way writes that hash, too, or the next plan would update it again. The state of format 4::

    {"version": 4, "serial": 7, "lineage": ..., "outputs": {"deployment": {"value": {...}, "type": ...}, ...},
     "resources": [{"mode": "managed", "type": "aws_lambda_function", "instances": [{"attributes": {...}}, ...], ...}, ...]}
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scripts.deploy.errors import TerraformError

_PENDING = "being updated"
"""No zip has this hash, so Terraform's next plan updates what has it."""


@dataclass(frozen=True)
class Code:
    """Where the code of a function lies: its Lambda's name, and the object from which Lambda takes it."""

    name: str
    bucket: str
    key: str


class State:
    """A state, to be changed and written."""

    def __init__(self, text: str) -> None:
        """Raises TerraformError: it is no state of the format that is known here."""
        try:
            self._document: dict[str, Any] = json.loads(text)
            if self._document["version"] != 4:
                raise ValueError(f"version {self._document['version']}")
            self.deployment: dict[str, Any] = self._document["outputs"]["deployment"]["value"]
            self._functions = {each["function_name"]: each for each in self._attributes("aws_lambda_function")}
            self._zips = {(each["bucket"], each["key"]): each for each in self._attributes("aws_s3_object")}
        except (ValueError, KeyError, TypeError) as error:
            raise TerraformError(f"the state can't be read: {error!r}") from error

    def code(self, name: str) -> Code:
        """Where a Lambda's code lies. Raises TerraformError: the state has no such function."""
        try:
            function = self._functions[name]
            found = Code(name, function["s3_bucket"], function["s3_key"])
            self._zips[found.bucket, found.key]
        except KeyError:
            raise TerraformError(f"the state has no function {name} whose code lies in S3") from None
        return found

    def note(self, code: Code, code_hash: str = _PENDING) -> None:
        """Say that a function runs the zip of that SHA-256, in Base64; without one, let the next plan update the function."""
        function, stored = self._functions[code.name], self._zips[code.bucket, code.key]
        function["source_code_hash"] = stored["source_hash"] = code_hash
        if code_hash != _PENDING and "code_sha256" in function:
            function["code_sha256"] = code_hash

    def text(self) -> str:
        """The state as it is written next."""
        self._document["serial"] += 1
        return json.dumps(self._document, indent=2) + "\n"

    def _attributes(self, kind: str) -> Iterator[dict[str, Any]]:
        for resource in self._document["resources"]:
            if resource["mode"] == "managed" and resource["type"] == kind:
                for instance in resource["instances"]:
                    yield instance["attributes"]
