"""A hash of what an orchestration's packages are made from: whether what is deployed is what is here.

Packaging leaves it beside the zips, Terraform passes it on into the deployment's record, and the client compares. A hash of the
zips would not do: another machine's zlib packs the same files into other bytes. Where another job than the repository's own was
packaged, its folder stands behind the hash.
"""

import hashlib
import json
from pathlib import Path

from scripts import paths
from scripts.package.job import with_job
from scripts.package.zips import files_under

NAME = "sources.sha256"
"""Its file, in build/{orchestration}/."""


def digest(orchestration: str, job: Path | None = None) -> str:
    """Of names and contents: the functions with the job's files, the runtime, the orchestration's definitions, the layer's pins.

    Raises:
        OSError: one of them can't be read.
    """
    files: dict[str, bytes] = {}
    for folder in (paths.ROOT / "runtime", paths.FUNCTIONS, paths.DEFINITIONS / orchestration):
        files |= files_under(folder, paths.ROOT)
    for pins in ("runtime.txt", "redis.txt"):
        files[f"requirements/{pins}"] = (paths.REQUIREMENTS / pins).read_bytes()
    files = with_job(files, job)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    told = hashlib.sha256(json.dumps(hashes).encode()).hexdigest()
    return f"{told} {shown(job)}" if job else told


def job_of(told: str) -> Path | None:
    """The folder of the job that a deployment was made from, by its digest; None is the repository's own job."""
    _, _, folder = told.partition(" ")
    return paths.ROOT / folder if folder else None


def shown(folder: Path) -> str:
    """A job's folder, from the repository's root if it lies there."""
    folder = folder.resolve()
    return folder.relative_to(paths.ROOT).as_posix() if folder.is_relative_to(paths.ROOT) else str(folder)
