"""Makes the zips: `python -m scripts.package --help`."""

import argparse
import json
import sys
from pathlib import Path
from textwrap import indent

from scripts import paths
from scripts.files import write_if_changed
from scripts.jobs.fields import JobError
from scripts.only_one import LockedError, only_one
from scripts.orchestrations import ORCHESTRATIONS, needs
from scripts.package import sources
from scripts.package.functions import function_zip, recorder_zip, workflow_files
from scripts.package.imports import ImportFailedError, Tried, check_imports
from scripts.package.layer import JOB_LAYER, LOCAL, LayerError, make_layer, remove_layer
from scripts.package.platforms import ARCHITECTURES, PYTHON_VERSIONS, Platform, lambda_platform, this_machine
from scripts.package.size import TooLargeError, check_sizes
from scripts.package.source import Source, add_arguments, shown, source_from
from scripts.package.workflow.model import RECORDER, Workflow, WorkflowError
from scripts.package.workflow.next_files import places_of
from scripts.package.workflow.picture import picture


def main(arguments: list[str] | None = None) -> int:
    """Compile the workflow, then make what is missing or out of date. Exit code 1: something can't be packaged."""
    parser = argparse.ArgumentParser(prog="scripts.package", description="Make the zips that Terraform deploys, under build/.")
    parser.add_argument("--orchestration", choices=ORCHESTRATIONS, action="append", help="only this one; default: all")
    parser.add_argument("--arch", choices=ARCHITECTURES, default="x86_64")
    parser.add_argument("--python-version", choices=PYTHON_VERSIONS, default=PYTHON_VERSIONS[-1])
    add_arguments(parser)
    options = parser.parse_args(arguments)
    source = source_from(options)
    orchestrations = options.orchestration or ORCHESTRATIONS
    layers = ["layer", *(["redis-layer"] if any("redis layer" in needs(name) for name in orchestrations) else [])]
    versions = {"architecture": options.arch, "python_version": options.python_version}
    try:
        workflow = source.read()
        print(f"package: {shown(source.workflow)}\n\n{indent(picture(workflow), '    ')}\n", flush=True)
        if source.job:
            _look_at_the_job(source, workflow)
        with only_one(paths.BUILD / "package.lock", "the packages"):
            write_if_changed(source.build / "manifest.json", (json.dumps(versions) + "\n").encode())
            made = _make_layers(layers, lambda_platform(options.arch, options.python_version), paths.BUILD, source)
            local = _make_local_layers(layers, source)
            made += local or []
            for orchestration in orchestrations:
                made += _make_functions(orchestration, source)
            check_sizes(source, orchestrations)
            if local is not None:
                _try_imports(layers, source, workflow)
    except OSError as error:
        print(f"package: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    except (ImportFailedError, JobError, LayerError, LockedError, TooLargeError, WorkflowError) as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    print(f"package: {_told(made)}", flush=True)
    return 0


def _told(made: list[str]) -> str:
    """In one line: 31 names tell nobody anything."""
    if not made:
        return "nothing changed"
    places = dict.fromkeys(name.rpartition("/")[0] or name for name in made)
    return f"made {len(made)} file{'s' * (len(made) != 1)} under {paths.BUILD.name}/: {', '.join(places)}"


def _look_at_the_job(source: Source, workflow: Workflow) -> None:
    """Say what is left out of the job's folder, before anything is made.

    Raises:
        JobError: the folder holds no job, or the workflow has no use for one.
    """
    job = source.read_job()
    if not any(step.user_code for step in workflow.steps):
        raise JobError(f"{job.folder} can't be used: no function of {shown(source.workflow)} has user code")
    found = job.contents()
    print(f"package: job {job.name}, {len(found.files)} files of {shown(job.folder)}", flush=True)
    if found.left_out:
        more = f" and {len(found.left_out) - 5} more" if len(found.left_out) > 5 else ""
        print(f"package: note: left out of the job: {', '.join(found.left_out[:5])}{more}", file=sys.stderr)


def _make_layers(layers: list[str], platform: Platform, folder: Path, source: Source) -> list[str]:
    """The layers for a platform, in build/ or a folder below it; a job's packages lie in a folder of its own, and whole."""
    made = [path for name in layers if (path := _made(name, platform, folder))]
    if source.job:
        own = source.build / folder.relative_to(paths.BUILD)
        for name in layers:
            for ending in ("zip", "stamp"):
                write_if_changed(own / f"{name}.{ending}", (folder / f"{name}.{ending}").read_bytes())
        if asked := source.read_job().requirements:
            made += [path] if (path := _made(JOB_LAYER, platform, own, asked)) else []
        else:
            remove_layer(JOB_LAYER, own)
    return made


def _made(name: str, platform: Platform, folder: Path, job: Path | None = None) -> str | None:
    """Make a layer; its path below build/, or None if it was there already."""
    if not (folder / f"{name}.zip").exists():
        print(f"package: fetching the wheels of {name}.zip for {platform.name}", flush=True)
    try:
        return (folder / f"{name}.zip").relative_to(paths.BUILD).as_posix() if make_layer(name, platform, folder, job) else None
    except LayerError:
        remove_layer(name, folder)  # an older one would be deployed in its place
        raise


def _make_local_layers(layers: list[str], source: Source) -> list[str] | None:
    """None if a package has no wheel for this machine: a deployment on AWS can do without."""
    try:
        return _make_layers(layers, this_machine(), paths.BUILD / LOCAL, source)
    except LayerError as error:
        print(f"package: note: the embedded AWS can't run the functions, and no import is tried: {error}", file=sys.stderr)
        return None


def _make_functions(orchestration: str, source: Source) -> list[str]:
    digest = sources.digest(orchestration, source).encode()  # before the files are read: what changes meanwhile shows as changed
    files = {f"{place.name}.zip": function_zip(source, place) for place in source.places(orchestration)}
    files |= {f"{RECORDER}.zip": recorder_zip()} | workflow_files(orchestration, source)
    folder = source.build / orchestration
    for path in folder.glob("*.zip"):
        if path.name not in files:  # of another workflow
            path.unlink()
    below = folder.relative_to(paths.BUILD).as_posix()
    made = [f"{below}/{name}" for name, content in files.items() if write_if_changed(folder / name, content)]
    write_if_changed(folder / sources.NAME, digest)
    return made


def _try_imports(layers: list[str], source: Source, workflow: Workflow) -> None:
    """Try to import every component; they are the same in every orchestration.

    Raises:
        ImportFailedError: one cannot be imported.
    """
    folder = source.build / LOCAL
    common = [folder / f"{name}.zip" for name in layers]
    tried = {}
    for place in places_of(workflow, entry=True):
        if source.job and source.has_user_code(place.name):
            job = source.read_job()
            own = [folder / f"{JOB_LAYER}.zip"] if job.requirements else []
            modules = list(dict.fromkeys(name for step in job.steps for name in step.modules))
            asked = shown(job.folder / "requirements.txt")
            tried[place.name] = Tried(function_zip(source, place), [*common, *own], asked, modules)
        else:
            tried[place.name] = Tried(function_zip(source, place), common, "requirements/runtime.txt")
    for note in check_imports(tried):
        print(f"package: note: {note}", file=sys.stderr)
