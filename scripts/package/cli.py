"""Makes the zips: `python -m scripts.package --help`."""

import argparse
import json
import sys
from pathlib import Path

from runtime.orchestration import ORCHESTRATIONS
from runtime.orchestration.workflow.edge import FUNCTIONS as COMPONENTS
from runtime.orchestration.workflow.place import DefinitionError
from scripts import paths
from scripts.files import write_if_changed
from scripts.only_one import LockedError, only_one
from scripts.package import sources
from scripts.package.definitions import check, read_asl, render_asl
from scripts.package.functions import function_zip, functions_of
from scripts.package.imports import ImportFailedError, check_imports
from scripts.package.job import JobError, check_job
from scripts.package.layer import LOCAL, LayerError, make_layer
from scripts.package.platforms import ARCHITECTURES, PYTHON_VERSIONS, Platform, lambda_platform, this_machine

MAP_MODES = ("INLINE", "DISTRIBUTED")
WITH_STORES = "http_sync_s3"
"""The orchestration whose return values may lie in Redis."""


def main(arguments: list[str] | None = None) -> int:
    """Check the definitions, then make what is missing or out of date. Exit code 1: something can't be packaged."""
    parser = argparse.ArgumentParser(prog="scripts.package", description="Make the zips that Terraform deploys, under build/.")
    parser.add_argument("--orchestration", choices=ORCHESTRATIONS, action="append", help="only this one; default: all")
    parser.add_argument("--arch", choices=ARCHITECTURES, default="x86_64")
    parser.add_argument("--python-version", choices=PYTHON_VERSIONS, default=PYTHON_VERSIONS[-1])
    parser.add_argument(
        "--job",
        default="",
        metavar="FOLDER",
        help="user_map.py, user_reduce.py, perhaps user_combine.py; default: those in functions/",
    )
    options = parser.parse_args(arguments)
    job = Path(options.job) if options.job else None
    orchestrations = options.orchestration or ORCHESTRATIONS
    layers = ["layer", *(["redis-layer"] if WITH_STORES in orchestrations else [])]
    manifest = {"architecture": options.arch, "python_version": options.python_version}
    try:
        if job:
            check_job(job)
        check(paths.DEFINITIONS, ORCHESTRATIONS)
        with only_one(paths.BUILD / "package.lock", "the packages"):
            write_if_changed(paths.BUILD / "manifest.json", (json.dumps(manifest) + "\n").encode())
            made = _make_layers(layers, lambda_platform(options.arch, options.python_version), paths.BUILD)
            local = _make_local_layers(layers)
            made += local or []
            for orchestration in orchestrations:
                made += _make_functions(orchestration, job)
            if local is not None:
                _try_imports(layers, job)
    except (DefinitionError, ImportFailedError, JobError, LayerError, LockedError) as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    print(f"package: {_told(made)}", flush=True)
    return 0


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


def _make_functions(orchestration: str, job: Path | None) -> list[str]:
    digest = sources.digest(orchestration, job).encode()  # before the files are read: what changes meanwhile shows as changed
    files = {f"{function}.zip": function_zip(orchestration, function, job) for function in functions_of(orchestration)}
    if orchestration == "sfn":
        definition = read_asl(paths.DEFINITIONS / "sfn" / "definition.asl.json")
        for mode in MAP_MODES:
            text = json.dumps(render_asl(definition, mode), indent=2) + "\n"
            files[f"definition.{mode}.asl.json"] = text.encode()
    folder = paths.BUILD / orchestration
    made = [f"{orchestration}/{name}" for name, content in files.items() if write_if_changed(folder / name, content)]
    write_if_changed(folder / sources.NAME, digest)
    return made


def _try_imports(layers: list[str], job: Path | None) -> None:
    """Try to import every component; they are the same in every orchestration.

    Raises:
        ImportFailedError: one cannot be imported.
    """
    zips = {function: function_zip("http_only", function, job) for function in COMPONENTS}
    for note in check_imports(zips, [paths.BUILD / LOCAL / f"{name}.zip" for name in layers]):
        print(f"package: note: {note}", file=sys.stderr)
