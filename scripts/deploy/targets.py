"""Where a deployment goes: what Terraform is told, and in which environment it runs."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts import children, paths
from scripts.deploy.choice import Choice
from scripts.deploy.errors import PrerequisiteError
from scripts.embedded import state
from scripts.package.layer import JOB_LAYER, LOCAL

# The user's own settings that must not reach a run against the embedded AWS, beside those of AWS: another workspace, and options
# that Terraform would add to every command.
_NOT_FOR_EMBEDDED = re.compile(r"TF_WORKSPACE$|TF_CLI_ARGS")
_NOT_FOR_CHECKS = re.compile(_NOT_FOR_EMBEDDED.pattern + "|TF_VAR_")

# Terraform and its provider spend a third of their CPU time on collecting what the provider's schema leaves; memory is cheaper.
_SETTINGS = {"GOGC": "400"}

_VARIABLE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?=", re.ASCII)

# What is chosen by an option of its own, because it decides where the deployment lies or which state is its own.
_OPTIONS = {
    "orchestration": "--orchestration (make: ORCHESTRATION=...)",
    "prefix": "--prefix (make: PREFIX=...)",
    "region": "--region (make: REGION=...)",
    "endpoint_url": "--target",
}


@dataclass(frozen=True)
class Target:
    """What Terraform is told (variables as `name=value`), in which environment it runs, and where its own data lies."""

    variables: tuple[str, ...]
    environment: dict[str, str]
    data_dir: Path


@dataclass(frozen=True)
class EmbeddedTarget(Target):
    """A deployment on the embedded AWS.

    `state` is Terraform's state file, `record` the JSON file that the client reads, `logs` the folder that gets all of
    Terraform's lines, a file for each command.
    """

    choice: Choice
    state: Path
    record: Path
    logs: Path


_LIST = re.compile(r"""(?<!\S)\w+=\[[^]'\\]*\](?!\S)""")


def split_variables(text: str) -> list[str]:
    """Several variables from one text, as make passes them on: separated by spaces, quoted where a value has spaces of its own.

    `memory_mb=1024 function_overrides='{mapper = {memory_mb = 1769}}'` are two. The quotes are read here: no shell sees the text.
    Those in a list such as `output_buckets=["a", "b"]` are Terraform's.

    Raises PrerequisiteError for a quotation that doesn't end.
    """
    try:
        return shlex.split(_LIST.sub(lambda match: shlex.quote(match[0]), text))
    except ValueError as error:
        raise PrerequisiteError(f"VARS can't be split into NAME=VALUE: {error}, in {text}") from error


def check_variables(variables: list[str]) -> None:
    """Refuse what isn't `name=value`, and names that a target sets itself. Raises PrerequisiteError."""
    for variable in variables:
        if not _VARIABLE.match(variable):
            raise PrerequisiteError(f"--var {variable!r}: expected NAME=VALUE, such as memory_mb=1024.")
        if option := _OPTIONS.get(variable.partition("=")[0]):
            raise PrerequisiteError(f"--var {variable!r}: use {option} for that.")


def joined(variables: Iterable[str]) -> tuple[str, ...]:
    """The variables as Terraform takes them, each once, and the last one of a name wins.

    `sfn.map_mode=DISTRIBUTED` and `sfn.map_concurrency=40` are settings of one object: `sfn={"map_mode": ..., ...}`.
    """
    values: dict[str, str] = {}
    settings: dict[str, dict[str, str]] = {}
    for variable in variables:
        name, _, value = variable.partition("=")
        name, dot, setting = name.partition(".")
        if dot:
            # Terraform would take ${ and %{ in quoted text for its own.
            settings.setdefault(name, {})[setting] = re.sub(r"([$%])\{", r"\1\1{", value)
            value = json.dumps(settings[name])
        else:
            settings.pop(name, None)
        values[name] = value
    return tuple(f"{name}={value}" for name, value in values.items())


def check_packages(target: Target, orchestration: str) -> None:
    """Refuse to start when the packages aren't built, before Terraform spends its seconds to find that out.

    A layer that is there for Lambda and not for this machine could not be made for this machine.

    Raises PrerequisiteError. Terraform itself looks for every single file.
    """
    folder = build_dir(target)
    packages = folder / orchestration
    layers = [folder / "layer.zip", *folder.glob(f"{JOB_LAYER}.zip")]
    if isinstance(target, EmbeddedTarget):
        layers = [folder / LOCAL / layer.name for layer in layers]
    for path in (folder / "manifest.json", *layers, packages):
        if not path.exists() or (path == packages and not any(packages.glob("*.zip"))):
            raise PrerequisiteError(f"Not built yet: {path}. Run `make package` first.")


def build_dir(target: Target) -> Path:
    """Where Terraform finds the packages."""
    folder = paths.BUILD
    for variable in target.variables:
        if variable.startswith("build_dir="):
            folder = paths.TERRAFORM / variable.partition("=")[2]
    return folder


def embedded(choice: Choice, variables: list[str], *, running: bool = True) -> EmbeddedTarget:
    """The deployment on the embedded AWS; its state lies under build/embedded/.

    There are no lifecycle rules: the emulator only stores them, and the provider waits a minute for them to settle;
    `--var expiry_days=7` makes them.
    With `running` false the emulator is allowed to be gone, and the target is good for tidying up only.

    Raises PrerequisiteError when the embedded AWS isn't running.
    """
    endpoint = _endpoint() if running else ""
    work = paths.Embedded().terraform / choice.name
    environment = _without_account(_NOT_FOR_EMBEDDED)
    # The provider asks IAM for the account, wherever `endpoints` says IAM is: without this, it asks the real AWS.
    if running:
        environment["AWS_ENDPOINT_URL_IAM"] = endpoint
    own = [
        *choice.variables,
        f"endpoint_url={endpoint}",
        f"layer_dir={(choice.packages or paths.BUILD) / LOCAL}",
        "force_destroy=true",
        "expiry_days=0",
        # Synchronous invocations are not bounded there: each is a process of this machine.
        "http_only.fan_out_concurrency=8",
    ]
    return EmbeddedTarget(
        choice=choice,
        variables=joined([*own, *_build_dir_variable(choice.packages), *variables]),
        environment=environment,
        data_dir=_data_dir(),
        state=work / "terraform.tfstate",
        record=paths.Embedded().deployments / f"{choice.name}.json",
        logs=work,
    )


def aws(choice: Choice, variables: list[str]) -> Target:
    """The deployment on an account: what `cd terraform && terraform apply` in the workspace of its name makes."""
    environment = _environment(re.compile("TF_WORKSPACE$"))
    return Target(
        variables=joined([*choice.variables, *_build_dir_variable(choice.packages), *variables]),
        environment=environment,
        data_dir=paths.TERRAFORM / environment.get("TF_DATA_DIR", ".terraform"),
    )


def checks() -> Target:
    """No deployment: where Terraform's data lies, and what it is told, while the configuration is checked."""
    return Target(variables=tuple(_build_dir_variable()), environment=_without_account(_NOT_FOR_CHECKS), data_dir=_data_dir())


def _data_dir() -> Path:
    """Provider and modules, initialised once for all that needs no account; it outlives the embedded AWS."""
    return paths.BUILD / "terraform"


def _without_account(left_out: re.Pattern[str]) -> dict[str, str]:
    return children.without_aws(_environment(left_out)) | {"TF_DATA_DIR": str(_data_dir())}


def _environment(left_out: re.Pattern[str]) -> dict[str, str]:
    return _SETTINGS | {name: value for name, value in children.for_terraform().items() if not left_out.match(name)}


def _build_dir_variable(packages: Path | None = None) -> list[str]:
    """Terraform's default is build/ of the repository."""
    return [f"build_dir={packages or paths.BUILD}"] if packages or os.environ.get("MAPREDUCE_BUILD_DIR") else []


def _endpoint() -> str:
    """Address of the running embedded AWS. Raises PrerequisiteError when there is none that answers."""
    advice = "Run `make local-up` first."
    known = state.read(paths.Embedded().state)
    if known is None:
        raise PrerequisiteError(f"The embedded AWS isn't running. {advice}")
    try:
        if not known.alive():
            raise ProcessLookupError
        socket.create_connection(("127.0.0.1", known.port), timeout=5).close()
    except OSError as error:
        message = f"The embedded AWS isn't running any more: no answer from process {known.pid} at {known.endpoint_url}. {advice}"
        raise PrerequisiteError(message) from error
    return known.endpoint_url
