"""What functions see of the emulator: nothing."""

import os
from typing import Any

from scripts.embedded.server.patching import RepairError, edit_worker_script, module, wrap
from scripts.paths import LAMBDA_PYTHON

_FORGET = """
import os

for name in NAMES:
    os.environ.pop(name, None)

"""
_LAMBDAS_OWN = ("AWS_", "LAMBDA_", "_", "MINISTACK_")
_KEPT = {"PATH", "LANG", "LC_ALL", "HOME", "TMPDIR", "TZ"}


def run_on_a_python_of_their_own() -> None:
    """Start workers on the interpreter that MAPREDUCE_LAMBDA_PYTHON names, without the emulator's own variables.

    ministack starts them on its own interpreter and with its own environment: `import yaml` works there, and fails on AWS.
    Variables that a function's configuration sets are kept, whatever their name: a worker gets those after its start.

    Unneeded once tests/embedded/test_isolation.py::test_functions_see_no_package_of_the_emulator_or_of_the_tools
    passes without it.
    """
    python = os.environ.get(LAMBDA_PYTHON, "")
    if not os.access(python, os.X_OK):
        raise RepairError(f"embedded AWS: {LAMBDA_PYTHON} must name an interpreter; it is {python!r}")
    own = sorted(name for name in os.environ if not name.startswith(_LAMBDAS_OWN) and name not in _KEPT)
    settings = ["LAMBDA_ASYNC_RETRY_BASE_SECONDS", "LAMBDA_WARM_TTL_SECONDS"]
    edit_worker_script(_FORGET.replace("NAMES", repr(own + settings)))

    @wrap(module("core.lambda_runtime"), "_detect_runtime_binary")
    def detect(original: Any, runtime: str) -> tuple[str, str]:
        binary, worker = original(runtime)
        return (python if runtime.startswith("python") else binary), worker
