"""A hash of what an orchestration's packages are made from: whether what is deployed is what is here.

Packaging leaves it beside the zips, Terraform passes it on into the deployment's record, and the client compares. A hash of the
zips would not do: another machine's zlib packs the same files into other bytes. What was chosen stands behind the hash, as JSON:
another workflow, other functions, another job.
"""

import hashlib
import json

from scripts import paths
from scripts.package.functions import component_files, workflow_files
from scripts.package.source import Source
from scripts.package.zips import files_under

NAME = "sources.sha256"
"""Its file, in build/{orchestration}/."""


def digest(orchestration: str, source: Source) -> str:
    """Of names and contents: the workflow as compiled, its functions, the job, the runtime and the layers' pins.

    Raises:
        OSError: one of them can't be read.
        JobError: the job is none any more.
        WorkflowError: the workflow can't be compiled.
    """
    files = files_under(paths.ROOT / "runtime", paths.ROOT) | workflow_files(orchestration, source)
    for place in source.places(orchestration):
        files |= component_files(source, place.name)
    for pins in ("runtime.txt", "redis.txt"):
        files[f"requirements/{pins}"] = (paths.REQUIREMENTS / pins).read_bytes()
    if source.job and (asked := source.read_job().requirements):
        files["job/requirements.txt"] = asked.read_bytes()
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    told = hashlib.sha256(json.dumps(hashes).encode()).hexdigest()
    names = source.names()
    return f"{told} {json.dumps(names)}" if names else told


def source_of(told: str) -> Source:
    """What a deployment was made from, by its digest."""
    _, _, names = told.partition(" ")
    return Source.chosen(json.loads(names or "{}"))
