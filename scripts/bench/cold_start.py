"""How long a function's import takes in a fresh process: from the start of its entry point's import to its first line.

Code and layer are unpacked as Lambda has them, without byte code, and the environment is the deployed function's. The interpreter
is the one on which the embedded AWS runs functions. Python's own start comes before that, and is the platform's.
"""

import json
import subprocess
from pathlib import Path

from scripts import paths
from scripts.bench.as_lambda import as_lambda, unpacked
from scripts.bench.statistic import Sample
from scripts.client.deployment import Deployment
from scripts.compare import telemetry

_SECONDS = 60
_PROGRAM = """
import time
began, used = time.perf_counter(), time.process_time()
import runtime.orchestration.entry
print([time.perf_counter() - began, time.process_time() - used])
"""


def measure(deployment: Deployment, times: int) -> dict[str, tuple[Sample, Sample]]:
    """By function the seconds of its imports, and the CPU seconds, which are the same on a machine that has nothing else to do.

    Each is imported once more than `times`, and the first is not counted: it brings the files into memory.

    Raises:
        subprocess.CalledProcessError: a function can't be imported.
    """
    client = telemetry.client(deployment, "lambda")
    found: dict[str, tuple[Sample, Sample]] = {}
    with as_lambda() as place:
        for function in (place.name for place in deployment.workflow.steps):
            code = unpacked(paths.BUILD / deployment.orchestration / f"{function}.zip", place.scratch / function)
            configured = client.get_function_configuration(FunctionName=deployment.function(function))
            environment = {
                **configured["Environment"]["Variables"],
                **place.environment(code),
                "AWS_LAMBDA_FUNCTION_NAME": configured["FunctionName"],
                "AWS_REGION": deployment.region,
            }
            imports = [_once(place.python, code, environment) for _ in range(times + 1)][1:]
            seconds, cpu_seconds = zip(*imports, strict=True)
            found[function] = Sample(seconds), Sample(cpu_seconds)
    return found


def _once(python: Path, code: Path, environment: dict[str, str]) -> tuple[float, float]:
    done = subprocess.run(
        [python, "-c", _PROGRAM],
        cwd=code,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_SECONDS,
        check=True,
    )
    seconds, cpu_seconds = json.loads(done.stdout)
    return seconds, cpu_seconds
