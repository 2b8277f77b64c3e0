"""The embedded AWS with what a bench needs on it, and away with it in the end, whatever happens."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from scripts.client.deployment import Deployment, find_deployments
from scripts.steps import StepFailedError, Steps

STEPS = Steps("bench")
REGION = "us-east-1"

OWN = "bench"
EMIT_ALL = "bench-all"
"""Prefixes: of the deployments with the repository's own job, and of those whose map calls `emit_all`."""

_JOB = Path(__file__).parent / "jobs" / "emit_all"

say = STEPS.say


@dataclass(frozen=True)
class Deployed:
    """What is there: by orchestration, with the own job and with `emit_all`."""

    own: dict[str, Deployment]
    emit_all: dict[str, Deployment]


@contextmanager
def deployed(
    orchestrations: Sequence[str], emit_all: Sequence[str], variables: str = "", *, keep_up: bool = False
) -> Iterator[Deployed]:
    """The embedded AWS with these orchestrations on it, under prefixes of their own, while the body runs.

    One that runs already is used, and afterwards has nothing of this any more; one that was started here is stopped. With
    `keep_up` all stays as it is, and another bench is deployed in no time. `variables` are passed on to Terraform.

    Raises:
        StepFailedError: a command failed; it has said why.
    """
    wanted = [(EMIT_ALL, name) for name in emit_all] + [(OWN, name) for name in orchestrations]
    with STEPS.embedded(keep_up=keep_up) as lasting:
        begun: list[tuple[str, str]] = []
        try:
            if emit_all:
                STEPS.run(f"the zips of {EMIT_ALL}", "scripts.package", "--job", str(_JOB))
            for number, (prefix, name) in enumerate(wanted, 1):
                begun.append((prefix, name))
                title = f"terraform apply {number}/{len(wanted)}: {prefix}-{name}"
                STEPS.run(title, *_command("apply", prefix, name), "--unless-current", f"--vars={variables}")
            yield Deployed(
                {name: _found(OWN, name) for name in orchestrations}, {name: _found(EMIT_ALL, name) for name in emit_all}
            )
        finally:
            for prefix, name in begun if lasting and not keep_up else ():
                with suppress(StepFailedError):  # it has said why, and the others go all the same
                    STEPS.run(f"terraform destroy: {prefix}-{name}", *_command("destroy", prefix, name))


def _command(name: str, prefix: str, orchestration: str) -> tuple[str, ...]:
    where = ("--target", "embedded", "--prefix", prefix, "--region", REGION, "--orchestration", orchestration)
    return ("scripts.deploy", name, *where, "--job", str(_JOB) if prefix == EMIT_ALL else "")


def _found(prefix: str, name: str) -> Deployment:
    return find_deployments("embedded", name, prefix, REGION)[0]
