"""What goes into each function's zip. Paths in the zip are the repository's, so an import is the same in a test and in Lambda."""

from pathlib import Path

from runtime.orchestration.workflow.edge import FUNCTIONS as COMPONENTS
from scripts import paths
from scripts.package.job import with_job
from scripts.package.zips import files_under, zip_bytes

RECORDER = "recorder"
WITHOUT_ENTRY = {"sfn", "s3_triggers", "dynamodb_triggers"}
"""Orchestrations whose fan-out over the input is the state machine's or the client's, and needs no function of ours."""


def functions_of(orchestration: str) -> tuple[str, ...]:
    """The Lambda functions that an orchestration deploys: the components, and the recorder of failures."""
    components = tuple(name for name in COMPONENTS if not (name == "unum_map" and orchestration in WITHOUT_ENTRY))
    return (*components, RECORDER)


def function_zip(orchestration: str, function: str, job: Path | None = None) -> bytes:
    """The zip of one function, with a job's files if its folder is given; nothing of `functions/` is an orchestration's."""
    files = files_under(paths.ROOT / "runtime", paths.ROOT)
    if function != RECORDER:
        files |= with_job(files_under(paths.FUNCTIONS / function, paths.ROOT), job)
        next_file = paths.DEFINITIONS / orchestration / f"{function}.next"
        if next_file.exists():
            files[".next"] = next_file.read_bytes()
    return zip_bytes(files)
