"""The programs that the project's commands start: how our own are called, and what of the user's settings reaches the others."""

import os
import re
import sys
from pathlib import Path

PYTHON = (sys.executable, "-S", str(Path(__file__).resolve().parent / "start.py"))
"""Followed by the name of one of the project's modules, and its arguments."""

_PIP = re.compile(r"PIP_(USER|TARGET|PREFIX|ROOT|PYTHON|NO_DEPS|REQUIREMENT|REQUIRE_VIRTUALENV|PLATFORM|ABI|IMPLEMENTATION)$")
"""Of pip's settings those that say what is installed and where, in place of what we ask for. Indexes and proxies stay."""

_TEMPORARY_BYTES = 80
"""Terraform and its provider talk through a socket below TMPDIR, whose whole path has 104 bytes (macOS) or 108 (Linux)."""


def without_empty_aws(environment: dict[str, str]) -> dict[str, str]:
    """Without AWS settings that are empty: what reads them takes some for a name, such as AWS_CA_BUNDLE for a file's."""
    return {name: value for name, value in environment.items() if value or not name.startswith("AWS_")}


def for_pip() -> dict[str, str]:
    """The environment of pip. `PIP_USER=0` also outdoes a configuration file that says `user = true`."""
    return {name: value for name, value in os.environ.items() if not _PIP.match(name)} | {"PIP_USER": "0"}


def for_terraform() -> dict[str, str]:
    """The environment of Terraform on whatever target."""
    environment = without_empty_aws(dict(os.environ))
    if len(os.fsencode(environment.get("TMPDIR", ""))) > _TEMPORARY_BYTES:
        environment["TMPDIR"] = "/tmp"  # noqa: S108  (Terraform makes a folder of its own there, which only its user can read)
    return environment


def without_aws(environment: dict[str, str]) -> dict[str, str]:
    """Without any of the user's AWS settings, those in files included: nothing of them is for the embedded AWS."""
    kept = {name: value for name, value in environment.items() if not name.startswith("AWS_")}
    return kept | {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
