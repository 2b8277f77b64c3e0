"""What is made of a workflow: each function's zip, and the files that say who follows whom.

Paths in a zip are the repository's, so an import is the same in a test and in Lambda.
"""

import json

from runtime.orchestration.workflow.place import Place
from scripts import orchestrations, paths
from scripts.package.source import Source
from scripts.package.workflow.manifest import NAME as MANIFEST
from scripts.package.workflow.manifest import manifest
from scripts.package.workflow.model import RECORDER
from scripts.package.workflow.needs import NAME as NEEDS
from scripts.package.workflow.next_files import next_file
from scripts.package.workflow.state_machine import MODES, state_machine
from scripts.package.zips import files_under, zip_bytes

JOB = "job"
"""Where a job's folder lies in a zip; see `runtime.mapreduce.user_code`."""


def functions_of(orchestration: str) -> tuple[str, ...]:
    """The Lambda functions that an orchestration deploys of the repository's own workflow: its functions, and the recorder."""
    return (*(place.name for place in Source().places(orchestration)), RECORDER)


def workflow_files(orchestration: str, source: Source) -> dict[str, bytes]:
    """What Terraform reads of a workflow, by file in build/{orchestration}/. Raises WorkflowError."""
    workflow = source.read()
    files = {MANIFEST: manifest(workflow, source.places(orchestration), source.job_record())}
    if "state machine" in orchestrations.needs(orchestration):
        for mode in MODES:
            files[f"definition.{mode}.asl.json"] = (json.dumps(state_machine(workflow, mode), indent=2) + "\n").encode()
    return files


def function_zip(source: Source, place: Place) -> bytes:
    """The zip of one function of a workflow. All but its `.next` is the same in every orchestration."""
    files = component_files(source, place.name)
    files[".next"] = next_file(place)
    return zip_bytes(_runtime() | files)


def recorder_zip() -> bytes:
    """The zip of the recorder, which is the runtime alone."""
    return zip_bytes(_runtime())


def component_files(source: Source, function: str) -> dict[str, bytes]:
    """A component's files by their path in the zip; what it needs of AWS is not for itself to read.

    A job's folder is `job/` there, if the component has user code. Nothing else differs from the zip without a job.
    """
    folder = source.folder(function)
    files = {f"functions/{path}": content for path, content in files_under(folder, folder.parent).items()}
    files.pop(f"functions/{function}/{NEEDS}", None)
    if source.job and source.has_user_code(function):
        files |= {f"{JOB}/{path}": content for path, content in source.job_files.items()}
    return files


def _runtime() -> dict[str, bytes]:
    return files_under(paths.ROOT / "runtime", paths.ROOT)
