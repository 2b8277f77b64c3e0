"""Which job a deployment runs. Its record says `"job": {"name": "visits", "folder": absolute or from the repository's root}`.

A record whose `"job"` is null is of a deployment of the user code in functions/.
"""

from collections.abc import Mapping
from pathlib import Path

from scripts import paths

Told = Mapping[str, str] | None


def runs(told: Told, prefix: str, job: str) -> bool:
    """Whether a deployment of that prefix runs `job`: the job's folder or, where there is no such folder here, its name."""
    if told is None:
        return False
    if not Path(job).is_dir():
        return job in (told["name"], prefix)
    own = paths.ROOT / told["folder"]
    # What another machine has deployed may lie elsewhere there.
    return Path(job).resolve() == own.resolve() or (not own.is_dir() and told["name"] == _name_of(job))


def code(told: Told, sources: str | None) -> str | None:
    """What of the user's code a deployment runs, for messages; `sources` is the hash of what its packages were made from."""
    if told is None:
        return None
    return f"job {told['name']} of {told['folder']}, code {(sources or 'unknown')[:8]}"


def _name_of(folder: str) -> str | None:
    from scripts.jobs.job import Job, JobError  # here, since a client that is given a name does without

    try:
        return Job.read(Path(folder)).name
    except JobError:
        return None  # what is wrong with it is told when its settings are read
