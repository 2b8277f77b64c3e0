"""What is packaged: a workflow, the folder of its functions and, in place of the user code there, a job."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.orchestration.workflow.place import Place
from scripts import orchestrations, paths
from scripts.package.workflow.model import ENTRY, Workflow
from scripts.package.workflow.next_files import places_of
from scripts.package.workflow.reader import USER_MODULES, read_workflow

if TYPE_CHECKING:
    from scripts.jobs.job import Job

DEFAULT_WORKFLOW = "wordcount.asl.json"

NAMES = ("WORKFLOW", "FUNCTIONS", "JOB")


@dataclass(frozen=True)
class Source:
    """What is packaged; each of its parts may be chosen, under the name that it has in the Makefile.

    Attributes:
        workflow: the file in Amazon States Language.
        functions: a folder with a folder for each function.
        job: a job's folder, see `scripts.jobs.job`; None is the user code in `functions`.
    """

    workflow: Path = field(default_factory=lambda: paths.DEFINITIONS / DEFAULT_WORKFLOW)
    functions: Path = field(default_factory=lambda: paths.FUNCTIONS)
    job: Path | None = None

    @classmethod
    def chosen(cls, names: dict[str, str]) -> Source:
        """The source that `WORKFLOW`, `FUNCTIONS` and `JOB` choose; what is empty or left out is the repository's own."""
        return cls(**{name.lower(): paths.ROOT / path for name, path in names.items() if path})

    def names(self) -> dict[str, str]:
        """What `chosen` takes: no more than what differs from the repository's own."""
        own, parts = vars(Source()), vars(self)
        return {name: shown(parts[name.lower()]) for name in NAMES if parts[name.lower()] != own[name.lower()]}

    @property
    def build(self) -> Path:
        """The folder of the packages, with the layers beside them. Raises JobError."""
        return self.read_job().build if self.job else paths.BUILD

    def read_job(self) -> Job:
        """The chosen job as it is now. Raises JobError; TypeError: none was chosen."""
        from scripts.jobs.job import Job  # here, since most runs of the client have none

        if self.job is None:
            raise TypeError("no job was chosen")
        return Job.read(self.job)

    def job_record(self) -> dict[str, str] | None:
        """What a deployment's record says of the job; None if there is none. Raises JobError."""
        return {"name": self.read_job().name, "folder": shown(self.job)} if self.job else None

    @cached_property
    def job_files(self) -> dict[str, bytes]:
        """The files of the job that are packaged, by their path in its folder. Raises JobError and OSError."""
        return self.read_job().contents().read()

    def has_user_code(self, function: str) -> bool:
        """Whether a job's code belongs to a function."""
        return any(self.folder(function).glob(USER_MODULES))

    def read(self) -> Workflow:
        """The workflow, checked. Raises WorkflowError."""
        return read_workflow(self.workflow, self.functions, shown(self.workflow))

    def places(self, orchestration: str) -> list[Place]:
        """The places of the workflow's functions in an orchestration, in the order of the flow. Raises WorkflowError."""
        return places_of(self.read(), entry="entry" in orchestrations.needs(orchestration))

    def folder(self, function: str) -> Path:
        """Where a function lies. The entry before a fan-out is the repository's own in every workflow."""
        return (paths.FUNCTIONS if function == ENTRY else self.functions) / function


def shown(path: Path) -> str:
    """A path, from the repository's root if it lies there."""
    path = path.resolve()
    return path.relative_to(paths.ROOT).as_posix() if path.is_relative_to(paths.ROOT) else str(path)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that choose a source; an empty one chooses the repository's own."""
    parser.add_argument(
        "--workflow", default="", metavar="FILE", help=f"who follows whom, in Amazon States Language; default: {DEFAULT_WORKFLOW}"
    )
    parser.add_argument("--functions", default="", metavar="FOLDER", help="the workflow's functions; default: functions/")
    parser.add_argument(
        "--job",
        default="",
        metavar="FOLDER",
        help="a job: user_map.py, user_reduce.py and what they need; default: the user code in functions/",
    )


def arguments_of(options: argparse.Namespace) -> list[str]:
    """The same options, for another command."""
    return [word for name in NAMES for word in (f"--{name.lower()}", getattr(options, name.lower()))]


def source_from(options: argparse.Namespace) -> Source:
    """The source that these options choose."""
    given = {name: getattr(options, name.lower()) for name in NAMES}
    return Source.chosen({name: str(Path(value).resolve()) for name, value in given.items() if value})
