"""What a function on the embedded AWS sees of its machine, and how much memory it may hold."""

from typing import Any

from tests.embedded.emulator import Emulator

LOOKING = """
import importlib.util
import os

def handler(event, context):
    return {"found": [name for name in event["modules"] if importlib.util.find_spec(name)], "variables": dict(os.environ)}
"""

HOLDING = """
import os

def handler(event, context):
    held = b"x" * (event["mb"] * 1024 * 1024)
    if event.get("free"):
        del held
    return os.getpid()
"""


def look(emulator: Emulator, *modules: str, **settings: Any) -> dict[str, Any]:
    told: dict[str, Any] = emulator.invoke(emulator.function(code=LOOKING, Layers=[], **settings), {"modules": modules})
    return told


def test_functions_see_no_package_of_the_emulator_or_of_the_tools(emulator: Emulator) -> None:
    found = look(emulator, "yaml", "ministack", "hypercorn", "obstore", "pytest", "rich", "scripts")["found"]

    assert found == []


def test_functions_find_what_lambdas_python_brings(emulator: Emulator) -> None:
    found = look(emulator, "boto3", "botocore", "urllib3", "json")["found"]

    assert found == ["boto3", "botocore", "urllib3", "json"]


def test_functions_see_no_variable_of_the_emulator(emulator: Emulator) -> None:
    variables = look(emulator)["variables"]

    ours = ("MAPREDUCE_", "PYTHON", "S3_", "STATE_DIR", "AUTH", "GATEWAY_", "LOG_LEVEL", "SFTP_", "LAMBDA_ASYNC", "LAMBDA_WARM")
    assert [name for name in variables if name.startswith(ours)] == []
    assert {"AWS_LAMBDA_FUNCTION_NAME", "AWS_REGION", "AWS_ENDPOINT_URL", "LAMBDA_TASK_ROOT"} <= variables.keys()


def test_a_functions_own_variable_is_kept_though_the_emulator_has_one_of_that_name(emulator: Emulator) -> None:
    variables = look(emulator, Environment={"Variables": {"LOG_LEVEL": "of the function", "AUTH": "of the function"}})[
        "variables"
    ]

    assert (variables["LOG_LEVEL"], variables["AUTH"]) == ("of the function", "of the function")


def test_a_function_within_its_memory_is_left_alone(emulator: Emulator) -> None:
    name = emulator.function(code=HOLDING, Layers=[], MemorySize=256)

    assert emulator.invoke(name, {"mb": 150}) == emulator.invoke(name, {"mb": 150})


def test_a_function_that_outgrows_its_memory_is_killed(emulator: Emulator) -> None:
    told = emulator.invoke(emulator.function(code=HOLDING, Layers=[], MemorySize=128), {"mb": 400})

    assert told["errorType"] == "Runtime.ExitError"


def test_a_peak_of_memory_that_is_freed_at_once_is_noticed(emulator: Emulator) -> None:
    told = emulator.invoke(emulator.function(code=HOLDING, Layers=[], MemorySize=128), {"mb": 200, "free": True})

    assert told["errorType"] == "Runtime.ExitError"


def test_after_such_a_death_the_function_runs_again(emulator: Emulator) -> None:
    name = emulator.function(code=HOLDING, Layers=[], MemorySize=128)
    emulator.invoke(name, {"mb": 400})

    assert isinstance(emulator.invoke(name, {"mb": 1}), int)
