"""Makes the zips: `python -m scripts.package --help`."""

import argparse
import json
import sys

from runtime.orchestration import ORCHESTRATIONS
from runtime.orchestration.edge import DefinitionError
from scripts import paths
from scripts.package import layer
from scripts.package.definitions import check, read_asl, render_asl
from scripts.package.functions import function_zip, functions_of
from scripts.package.zips import write_if_changed

MAP_MODES = ("INLINE", "DISTRIBUTED")
WITH_STORES = "http_sync_s3"
"""The orchestration whose return values may lie in Redis."""


def main(arguments: list[str] | None = None) -> int:
    """Check the definitions, then make what is missing or out of date. Exit code 1: a definition is wrong, or pip failed."""
    parser = argparse.ArgumentParser(prog="scripts.package", description="Make the zips that Terraform deploys, under build/.")
    parser.add_argument("--orchestration", choices=ORCHESTRATIONS, action="append", help="only this one; default: all")
    parser.add_argument("--arch", choices=sorted(layer.ARCHITECTURES), default=layer.DEFAULT_ARCHITECTURE)
    parser.add_argument("--python-version", choices=layer.PYTHON_VERSIONS, default=layer.DEFAULT_PYTHON_VERSION)
    options = parser.parse_args(arguments)
    orchestrations = options.orchestration or ORCHESTRATIONS
    try:
        check(paths.DEFINITIONS, ORCHESTRATIONS)
        if not (paths.BUILD / "layer.zip").exists():
            print(f"package: fetching the layer's wheels for {options.arch}, Python {options.python_version}", flush=True)
        paths.BUILD.mkdir(parents=True, exist_ok=True)
        made = ["layer.zip"] if layer.make_layer(options.arch, options.python_version) else []
        if WITH_STORES in orchestrations and layer.make_redis_layer(options.arch, options.python_version):
            made.append("redis-layer.zip")
    except (DefinitionError, layer.LayerError) as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    for orchestration in orchestrations:
        made += _make_functions(orchestration)
    print(f"package: {', '.join(made) if made else 'nothing changed'}", flush=True)
    return 0


def _make_functions(orchestration: str) -> list[str]:
    files = {f"{function}.zip": function_zip(orchestration, function) for function in functions_of(orchestration)}
    if orchestration == "sfn":
        definition = read_asl(paths.DEFINITIONS / "sfn" / "definition.asl.json")
        for mode in MAP_MODES:
            text = json.dumps(render_asl(definition, mode), indent=2) + "\n"
            files[f"definition.{mode}.asl.json"] = text.encode()
    folder = paths.BUILD / orchestration
    return [f"{orchestration}/{name}" for name, content in files.items() if write_if_changed(folder / name, content)]


if __name__ == "__main__":
    sys.exit(main())
