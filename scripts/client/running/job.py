"""What a run takes from its job: what job.toml says of options that were not given, and the settings that travel with the run."""

import argparse
from pathlib import Path
from typing import Any

from runtime.mapreduce.job import Job as Settings
from scripts import paths
from scripts.client.deployment import Deployment
from scripts.client.errors import UsageError
from scripts.jobs.job import Job, JobError, Step
from scripts.jobs.params import ParamError, with_params


def read_job(asked: str | None, deployment: Deployment) -> Job | None:
    """The job of a deployment, as its folder says now; None if it runs the user code in functions/.

    `asked` is what --job says. A folder there goes before the one that the deployment's record names, which may be of another
    machine.

    Raises:
        UsageError: the folder is gone, or holds no job that can be run.
    """
    if deployment.job is None:
        return None
    folder = Path(asked) if asked and Path(asked).is_dir() else paths.ROOT / deployment.job["folder"]
    try:
        return Job.read(folder)
    except JobError as error:
        raise UsageError(
            f"{deployment} runs the job {deployment.job['name']}, whose settings can't be read: {error}; say where it lies with "
            "--job FOLDER, or deploy it again"
        ) from None


def take_defaults(options: argparse.Namespace, job: Job | None) -> None:
    """Let job.toml say what the command line does not."""
    if job is None:
        return
    options.num_reducer = options.num_reducer or job.steps[0].num_reducer
    options.shuffle = options.shuffle or job.shuffle
    if options.format == "auto":
        options.format = job.input.format or "auto"
    options.encoding = options.encoding or job.input.encoding
    options.header, options.multiline = job.input.header, job.input.multiline
    if options.chunks is None:
        options.chunk_bytes = options.chunk_bytes or job.chunk_bytes


def settings(given: list[str] | None, job: Job | None, step: Step | None = None) -> dict[str, Any]:
    """The field `"job"` of the run's messages, see `runtime.mapreduce.job`; empty where it is to be left out.

    `given` is what --param says, each as `name=value`; `step` is the job's first if it is not given.

    Raises:
        UsageError: a parameter can't be understood, or all of them are too much to travel.
    """
    step = step or (job.steps[0] if job else None)
    try:
        params = with_params(job.params | step.params if job and step else {}, given or [])
    except ParamError as error:
        raise UsageError(str(error)) from None
    return checked({"params": params, "modules": job.modules_of(step) if job and step else {}})


def checked(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields without those that are empty. Raises UsageError: they can't travel, or are too much."""
    try:
        return Settings(**fields).checked().json()
    except ValueError as error:
        raise UsageError(str(error)) from None
