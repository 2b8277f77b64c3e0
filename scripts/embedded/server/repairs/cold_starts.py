"""What a cold start costs: no more than what the function itself imports, as on AWS."""

import functools
import io
import os
import tempfile
import threading
import zipfile
from typing import Any

from scripts.embedded.server.patching import edit_worker_script, module
from scripts.embedded.server.repairs.workers import start_with, variables

_MARK = """
def _ms_mark_with_invoke_depth():
    import importlib.util, os, sys

    def mark(module):
        begin = module.HTTPConnection.putrequest
        def putrequest(self, *arguments, **options):
            begin(self, *arguments, **options)
            if "ENVIRONMENT" in os.environ:
                self.putheader("HEADER", os.environ["ENVIRONMENT"])
        module.HTTPConnection.putrequest = putrequest

    class Watch:
        def find_spec(self, name, path=None, target=None):
            if name != "http.client":
                return None
            sys.meta_path.remove(self)
            spec = importlib.util.find_spec(name)
            load = spec.loader.exec_module
            def exec_module(module):
                load(module)
                mark(module)
            spec.loader.exec_module = exec_module
            return spec

    if "http.client" in sys.modules:
        mark(sys.modules["http.client"])
    else:
        sys.meta_path.insert(0, Watch())

"""


def import_no_botocore() -> None:
    """Has a worker mark its HTTP requests, by which ministack knows recursive loops, whatever makes them.

    ministack marks botocore's alone, and imports it at every cold start, which takes longer than all that our functions import.

    Unneeded once tests/embedded/test_cold_starts.py::test_function_is_watched_for_loops_and_pays_for_no_botocore
    passes without it.
    """
    runtime = module("core.lambda_runtime", "INVOKE_DEPTH_ENV, INVOKE_DEPTH_HEADER")
    mark = _MARK.replace("ENVIRONMENT", runtime.INVOKE_DEPTH_ENV).replace("HEADER", runtime.INVOKE_DEPTH_HEADER)
    edit_worker_script(mark, ("_ms_install_invoke_depth()\n", "_ms_mark_with_invoke_depth()\n"))


def share_layers() -> None:
    """Unpack a layer when it is first used, for all workers; ministack does so for each worker anew.

    On AWS too, the layers of a function lie ready in a file system that it cannot write to.

    Unneeded once tests/embedded/test_cold_starts.py::test_workers_share_what_a_layer_unpacks_to passes without it.
    """
    resolve = module("services.lambda_svc", "_resolve_layer_zip(attachment)")._resolve_layer_zip
    lock = threading.Lock()

    def unpack(config: dict[str, Any]) -> dict[str, Any]:
        zips = [resolve(attachment) for attachment in config.get("Layers") or []]
        with lock:
            folders = os.pathsep.join(_unpacked(body) for body in zips if body)
        return {**config, "Layers": [], "Environment": {"Variables": {**variables(config), "_LAMBDA_LAYERS_DIRS": folders}}}

    start_with(unpack)


@functools.cache
def _unpacked(body: bytes) -> str:
    """The folder with what is in a layer's zip. Raises RuntimeError, as ministack does, if it is none."""
    folder = tempfile.mkdtemp(prefix="layer-")  # under TMPDIR, which ends with the server
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            archive.extractall(folder)  # keeps every member below the folder
    except (OSError, zipfile.BadZipFile) as error:
        raise RuntimeError(f"Failed to extract a layer: {error}") from error
    return folder
