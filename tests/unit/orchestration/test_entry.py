"""The entry point, started as Lambda starts it: whom a function invokes, by which name, and how."""

import json
import subprocess
import sys
from pathlib import Path

from tests.fakes.package import unpacked

PROGRAM = """
import json
from runtime.orchestration import entry

class Noted:
    def invoke_async(self, *asked):
        print(json.dumps(asked))

    def invoke_sync(self, *asked):
        print(json.dumps(asked))
        return "answer"

vars(entry._ports)["lambda_"] = Noted()
print(json.dumps([entry._invoke("next", {"a": 1}), entry._invoke("next", {"a": 1}, 0.0)]))
"""


def test_function_is_invoked_by_its_deployed_name_and_waited_for_if_there_is_a_deadline(tmp_path: Path) -> None:
    package = unpacked("mapper", tmp_path)
    environment = {
        "ORCHESTRATION": "sfn",
        "FUNCTION": "mapper",
        "FUNCTION_PREFIX": "wordcount-sfn-",
        "BUCKETS": '{"results": "results"}',
        "PYTHONPATH": str(package),
    }

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=package, env=environment, capture_output=True, text=True, check=True, timeout=60
    )

    waiting, waited, answers = map(json.loads, done.stdout.splitlines())
    assert waiting == ["wordcount-sfn-next", {"a": 1}]
    assert waited == ["wordcount-sfn-next", {"a": 1}, 0.0]
    assert answers == [None, "answer"]
