"""Makes the zips: `python -m scripts.package --help`."""

import argparse
import json
import sys
from pathlib import Path

from scripts import paths
from scripts.files import write_if_changed
from scripts.only_one import LockedError, only_one
from scripts.orchestrations import ORCHESTRATIONS, needs
from scripts.package import sources
from scripts.package.functions import function_zip, recorder_zip, workflow_files
from scripts.package.imports import ImportFailedError, check_imports
from scripts.package.job import JobError, check_job
from scripts.package.layer import LOCAL, LayerError, make_layer
from scripts.package.platforms import ARCHITECTURES, PYTHON_VERSIONS, Platform, lambda_platform, this_machine
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
        if source.job:
            check_job(source.job, shown(source.workflow), [source.folder(step.function) for step in workflow.steps])
        print(f"package: {shown(source.workflow)}\n\n{_indented(picture(workflow))}\n", flush=True)
        with only_one(paths.BUILD / "package.lock", "the packages"):
            write_if_changed(paths.BUILD / "manifest.json", (json.dumps(versions) + "\n").encode())
            made = _make_layers(layers, lambda_platform(options.arch, options.python_version), paths.BUILD)
            local = _make_local_layers(layers)
            made += local or []
            for orchestration in orchestrations:
                made += _make_functions(orchestration, source)
            if local is not None:
                _try_imports(layers, source, workflow)
    except (ImportFailedError, JobError, LayerError, LockedError, WorkflowError) as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    print(f"package: {_told(made)}", flush=True)
    return 0


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def _told(made: list[str]) -> str:
    """In one line: 31 names tell nobody anything."""
    if not made:
        return "nothing changed"
    places = dict.fromkeys(name.partition("/")[0] for name in made)
    return f"made {len(made)} file{'s' * (len(made) != 1)} under {paths.BUILD.name}/: {', '.join(places)}"


def _make_layers(layers: list[str], platform: Platform, folder: Path) -> list[str]:
    made = []
    for name in layers:
        if not (folder / f"{name}.zip").exists():
            print(f"package: fetching the wheels of {name}.zip for {platform.name}", flush=True)
        if make_layer(name, platform, folder):
            made.append((folder / f"{name}.zip").relative_to(paths.BUILD).as_posix())
    return made


def _make_local_layers(layers: list[str]) -> list[str] | None:
    """None if a package has no wheel for this machine: a deployment on AWS can do without."""
    try:
        return _make_layers(layers, this_machine(), paths.BUILD / LOCAL)
    except LayerError as error:
        print(f"package: note: the embedded AWS can't run the functions, and no import is tried: {error}", file=sys.stderr)
        return None


def _make_functions(orchestration: str, source: Source) -> list[str]:
    digest = sources.digest(orchestration, source).encode()  # before the files are read: what changes meanwhile shows as changed
    files = {f"{place.name}.zip": function_zip(source, place) for place in source.places(orchestration)}
    files |= {f"{RECORDER}.zip": recorder_zip()} | workflow_files(orchestration, source)
    folder = paths.BUILD / orchestration
    for path in folder.glob("*.zip"):
        if path.name not in files:  # of another workflow
            path.unlink()
    made = [f"{orchestration}/{name}" for name, content in files.items() if write_if_changed(folder / name, content)]
    write_if_changed(folder / sources.NAME, digest)
    return made


def _try_imports(layers: list[str], source: Source, workflow: Workflow) -> None:
    """Try to import every component; they are the same in every orchestration.

    Raises:
        ImportFailedError: one cannot be imported.
    """
    zips = {place.name: function_zip(source, place) for place in places_of(workflow, entry=True)}
    for note in check_imports(zips, [paths.BUILD / LOCAL / f"{name}.zip" for name in layers]):
        print(f"package: note: {note}", file=sys.stderr)
