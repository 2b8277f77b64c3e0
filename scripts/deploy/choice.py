"""Which deployment is meant, and by what name its state is kept.

Orchestration, prefix and region tell deployments of one account apart, so all three are part of that name. The prefix of a job's
deployments is the job's name, so that several jobs lie side by side. The account itself is compared with
what the state says, before anything is changed: see `scripts.deploy.account`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts import paths
from scripts.deploy.errors import PrerequisiteError

if TYPE_CHECKING:
    from scripts.jobs.job import Job

DEFAULT_PREFIX = "wordcount"
DEFAULT_REGION = "us-east-1"

# As terraform/variables.tf wants them; here because they become part of a file's name.
_PREFIX = re.compile(r"(?=.{2,23}\Z)[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]", re.ASCII)
_SET_IN_A_FILE = re.compile(r'(?:^|[{,])\s*"?(prefix|region)"?\s*[=:]', re.MULTILINE)


@dataclass(frozen=True)
class Choice:
    """One deployment, whether it exists or not. `packages` is the folder of a job's packages, and None where that is build/."""

    orchestration: str
    prefix: str
    region: str
    packages: Path | None = None

    @property
    def name(self) -> str:
        """What its state is called by, such as wordcount-sfn-us-east-1."""
        return f"{self.prefix}-{self.orchestration}-{self.region}"

    @property
    def variables(self) -> tuple[str, ...]:
        """What Terraform is told of it, as `name=value`."""
        return (f"orchestration={self.orchestration}", f"prefix={self.prefix}", f"region={self.region}")


def choose(orchestration: str, prefix: str | None = None, region: str | None = None, job: str = "") -> Choice:
    """The deployment of these names. An empty one is that of the environment (TF_VAR_prefix, TF_VAR_region), else the default.

    `job` is a job's folder or, if there is no such folder, a job's name.

    Raises PrerequisiteError for a name that AWS would refuse, and when a file of variables beside the configuration sets one.
    """
    for path in sorted([*paths.TERRAFORM.glob("*.tfvars"), *paths.TERRAFORM.glob("*.tfvars.json")]):
        if found := _SET_IN_A_FILE.search(path.read_text(encoding="utf-8")):
            raise PrerequisiteError(
                f"{path} sets {found[1]}, which is part of the name of the state; take it out and say {found[1].upper()}=..."
            )
    chosen = _job(job) if job else None
    prefix = prefix or _told("prefix") or (chosen.prefix if chosen else DEFAULT_PREFIX)
    region = region or _told("region") or DEFAULT_REGION
    if not _PREFIX.fullmatch(prefix):
        raise PrerequisiteError(
            f"The prefix is {prefix!r}; it must be 2 to 23 lower-case letters, digits and single hyphens and begin with a letter."
        )
    if not _REGION.fullmatch(region):
        raise PrerequisiteError(f"The region is {region!r}; it must look like {DEFAULT_REGION}.")
    return Choice(orchestration, prefix, region, chosen.build if chosen else None)


def _job(told: str) -> Job:
    """A job by its folder. A name alone will do, too: what is destroyed may have no folder any more."""
    from scripts.jobs.job import Job, JobError  # here, since the client reads no more than the defaults of this module

    folder = Path(told)
    if not folder.is_dir():
        return Job(folder, folder.name)
    try:
        return Job.read(folder)
    except JobError as error:
        raise PrerequisiteError(f"{error}.") from None


def _told(variable: str) -> str | None:
    """What the environment tells Terraform of a variable."""
    return os.environ.get(f"TF_VAR_{variable}")
