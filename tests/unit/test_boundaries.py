"""Who may import whom; and what a cold start does not pay for."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import paths
from scripts.orchestrations import ORCHESTRATIONS
from tests.fakes.package import unpacked


def imported(path: Path) -> set[str]:
    """The absolute names of the modules that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def sources(folder: str) -> list[str]:
    return sorted(path.relative_to(paths.ROOT).as_posix() for path in (paths.ROOT / folder).rglob("*.py"))


def is_within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


@pytest.mark.parametrize("source", sources("functions"))
def test_component_imports_the_standard_library_mapreduce_and_itself_only(source: str) -> None:
    own = "functions." + source.split("/")[1]

    names = imported(paths.ROOT / source)

    strangers = {name for name in names if name.partition(".")[0] not in sys.stdlib_module_names}
    assert {name for name in strangers if not is_within(name, "runtime.mapreduce", own)} == set()


@pytest.mark.parametrize("source", sources("runtime/mapreduce"))
def test_mapreduce_knows_no_orchestration(source: str) -> None:
    assert {name for name in imported(paths.ROOT / source) if is_within(name, "runtime.orchestration", "functions")} == set()


@pytest.mark.parametrize("source", sources("runtime"))
def test_runtime_does_without_boto3(source: str) -> None:
    assert {name for name in imported(paths.ROOT / source) if is_within(name, "boto3", "botocore")} == set()


@pytest.mark.parametrize("source", sources("runtime") + sources("functions"))
def test_deployed_code_imports_nothing_that_is_not_deployed(source: str) -> None:
    assert {name for name in imported(paths.ROOT / source) if is_within(name, "scripts", "tests")} == set()


@pytest.mark.parametrize("orchestration", ORCHESTRATIONS)
def test_orchestration_knows_no_other(orchestration: str) -> None:
    others = [f"runtime.orchestration.{name}" for name in ORCHESTRATIONS if name != orchestration]

    names = [imported(paths.ROOT / source) for source in sources(f"runtime/orchestration/{orchestration}")]

    assert {name for name in set().union(*names) if is_within(name, *others)} == set()


COSTLY = {
    "dataclasses",
    "inspect",
    "obstore",
    "pathlib",
    "tempfile",
    "traceback",
    "uuid",
    "asyncio",
    "backports.zstd",
    "compression.zstd",
}
"""What takes milliseconds, and a function that has just started needs later or not at all."""


@pytest.mark.parametrize("orchestration", ORCHESTRATIONS)
def test_cold_start_imports_no_boto3_and_no_other_orchestration(orchestration: str) -> None:
    program = f"""
import json, sys
from runtime.orchestration import wrapper
from runtime.orchestration.workflow.place import Place
from runtime.orchestration.settings import Settings
place = Place("mapper", "branch", "mapper-input", "partition", "Fan-in", "mapper-output")
wrapper.build(Settings({orchestration!r}, "mapper", "p-", "returns", "results", place=place), None)
print(json.dumps(sorted(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=paths.ROOT, capture_output=True, text=True, check=True, timeout=60)

    modules = set(json.loads(done.stdout))
    others = {f"runtime.orchestration.{name}" for name in ORCHESTRATIONS if name != orchestration}
    assert f"runtime.orchestration.{orchestration}.orchestration" in modules
    assert modules & ({"boto3", "botocore"} | others) == set()
    assert modules & COSTLY == set()


def started(package: Path, function: str, program: str, orchestration: str = "sfn") -> str:
    """Return what a program prints that begins as a deployed function does."""
    environment = {
        "ORCHESTRATION": orchestration,
        "FUNCTION": function,
        "FUNCTION_PREFIX": "p-",
        "BUCKETS": '{"returns": "returns", "results": "results"}',
        "PYTHONPATH": str(package),
    }
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=package, env=environment, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.mark.parametrize(("orchestration", "most"), [("sfn", 34), ("http_sync_s3", 37)])
def test_function_that_starts_imports_few_modules(tmp_path: Path, orchestration: str, most: int) -> None:
    package = unpacked("summary", tmp_path)
    program = """
import sys
from runtime.orchestration import entry
print(sorted(name for name in sys.modules if name.split(".")[0] in ("functions", "runtime")))
"""
    told = started(package, "summary", program, orchestration)

    assert len(ast.literal_eval(told)) <= most, told


def test_entry_serves_the_function_that_the_environment_names(tmp_path: Path) -> None:
    package = unpacked("unum_map", tmp_path)
    program = """
from runtime.orchestration import entry
import sys
class Empty:
    def list_keys(self, bucket, prefix): return []  # the one request that each function makes, to S3
vars(entry._ports)["s3"] = Empty()
class Context:
    aws_request_id = "request1"
    def get_remaining_time_in_millis(self): return 1000
print(entry.lambda_handler({"Session": "run1", "Data": {"Source": "http", "Value": [1, 2]}}, Context()))
print("boto3" in sys.modules)
"""
    _empty, log, answer, boto3 = started(package, "unum_map", program).splitlines()
    assert json.loads(log)["function"] == "unum_map"
    assert (answer, boto3) == ("{'Source': 'http', 'Value': [1, 2]}", "False")


PUT_IN_ON_PURPOSE = {"tests/simulation/mistakes.py", "tests/simulation/shuffle_mistakes.py"}
"""What these change of the runtime are mistakes, which the simulation has to find."""


@pytest.mark.parametrize("source", sorted(set(sources("tests")) - PUT_IN_ON_PURPOSE))
def test_no_test_sets_a_name_of_the_runtime(source: str) -> None:
    tree = ast.parse((paths.ROOT / source).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and is_within(str(node.module), "runtime")]
    own = {alias.asname or alias.name for node in imports for alias in node.names}

    found = set()
    for node in ast.walk(tree):
        match node:
            # setattr(module, ...), patch.object(module.Class, ...)
            case ast.Call(func=ast.Attribute(attr=verb) | ast.Name(id=verb), args=[ast.Name() | ast.Attribute() as owner, *_]):
                if verb in ("setattr", "delattr", "object") and ast.unparse(owner).partition(".")[0] in own:
                    found.add(ast.unparse(node))
            # setattr("runtime.module.name", ...), patch("runtime.module.name", ...)
            case ast.Call(func=ast.Attribute(attr=verb) | ast.Name(id=verb), args=[ast.Constant(value=str(name)), *_]):
                if verb in ("setattr", "delattr", "patch") and is_within(name, "runtime"):
                    found.add(ast.unparse(node))

    assert found == set(), "change the test's own `ports()`, or pass an argument, in place of that"
