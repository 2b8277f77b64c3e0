"""Jobs deployed side by side: a folder outside the repository, with all that a job may have, and a sample.

The tests stand in the order in which they use the deployments, and remove them again: nobody else's tests meet them.
"""

import base64
import hashlib
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scripts import paths
from scripts.deploy.held import State
from tests.cloud import Cloud, Done, record, run_module

pytestmark = pytest.mark.timeout(900)  # the first test makes all the deployments

ORCHESTRATIONS = ("sfn", "dynamodb_triggers")
"""Of the job with all that it may have; beside it there is a sample in the first. Two deployments side by side in each of the
orchestrations are the matter of `test_workflows`."""

GREP = paths.ROOT / "samples" / "jobs" / "grep"
TEXT = "The cat, the dog — a CAT of the house; naïve dogs\n"

FILES = {
    "user_map.py": """
import regex
from helper import stop_words
from runtime.mapreduce import emit, param

def user_map(text):
    for word in regex.findall(r"\\p{Alphabetic}+", text.lower()):
        if word not in stop_words() and len(word) >= param("shortest"):
            emit(word)
""",
    "helper.py": """
from pathlib import Path

def stop_words():
    return Path(__file__).with_name("stop words.txt").read_text().split()
""",
    "stop words.txt": "the a of",
    "user_reduce.py": "def user_reduce(word, ones): return sum(ones)",
    "requirements.txt": "regex==2024.11.6\n",
    "job.toml": 'name = "Own Words"\nnum_reducer = 2\n[params]\nshortest = 1\n',
}


def words(*stop: str, shortest: int = 1) -> Counter[str]:
    """What the job makes of TEXT."""
    found = re.findall(r"\w+", TEXT.lower())
    return Counter(word for word in found if word not in stop and len(word) >= shortest)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("elsewhere") / "my job"
    made.mkdir()
    for name, content in FILES.items():
        (made / name).write_text(content)
    return made


def package(cloud: Cloud, orchestration: str, job: Path) -> None:
    done = run_module(cloud.build, "scripts.package", "--orchestration", orchestration, "--job", str(job))
    assert done.status == 0, done.out + done.err


def deploy(cloud: Cloud, command: str, orchestration: str, job: Path | str) -> Done:
    where = ("--target", "embedded", "--orchestration", orchestration)
    return run_module(cloud.build, "scripts.deploy", command, *where, "--job", str(job))


@pytest.fixture(scope="module")
def deployed(cloud: Cloud, folder: Path) -> Iterator[Cloud]:
    """One job in both orchestrations, and the sample in one, beside what the session has deployed."""
    each = [*((orchestration, folder) for orchestration in ORCHESTRATIONS), (ORCHESTRATIONS[0], GREP)]

    def make(orchestration: str, job: Path) -> None:
        package(cloud, orchestration, job)
        done = deploy(cloud, "apply", orchestration, job)
        assert done.status == 0, done.out + done.err

    try:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda one: make(*one), each))
        yield cloud
    finally:
        for orchestration, job in each:
            deploy(cloud, "destroy", orchestration, job)
        shutil.rmtree(cloud.build / "jobs", ignore_errors=True)


def run(cloud: Cloud, orchestration: str, job: Path | str, *options: str) -> Done:
    chosen = ("--target", "embedded", "--orchestration", orchestration, "--job", str(job))
    return run_module(cloud.build, "scripts.client", *chosen, "--json", *options, "-", stdin=TEXT)


def test_jobs_run_at_once_each_with_its_own_code_and_settings(deployed: Cloud, folder: Path) -> None:
    runs = [*((name, folder) for name in ORCHESTRATIONS), (ORCHESTRATIONS[0], "grep")]
    options = {folder: (), "grep": ("--param", "pattern=dog")}

    with ThreadPoolExecutor(len(runs)) as pool:
        done = list(pool.map(lambda one: run(deployed, *one, *options[one[1]]), runs))

    for (_, job), each in zip(runs, done, strict=True):
        if job == "grep":
            assert list(each.counts.values()) == [TEXT.rstrip()]
        else:
            assert each.counts == words("the", "a", "of")


def test_a_parameter_of_one_run_needs_no_deployment(deployed: Cloud) -> None:
    done = run(deployed, "sfn", "Own Words", "--param", "shortest=4")

    assert done.counts == words("the", "a", "of", shortest=4)
    assert "runs other code" not in done.err


def test_changed_code_alone_is_deployed_without_terraform_which_then_plans_nothing(deployed: Cloud, folder: Path) -> None:
    (folder / "stop words.txt").write_text("the a of house")
    package(deployed, "sfn", folder)

    done = deploy(deployed, "apply", "sfn", folder)

    assert "Updated the code of mapper, reducer of own-words-sfn-us-east-1" in done.out
    assert run(deployed, "sfn", folder).counts == words("the", "a", "of", "house")
    assert deploy(deployed, "plan", "sfn", folder).status == 0


def test_an_update_of_code_that_broke_off_is_repaired_by_the_next_deployment(deployed: Cloud, folder: Path) -> None:
    """It broke off when Lambda had the new code already, and then the edit was taken back."""
    work = deployed.build / "embedded" / "terraform" / "own-words-sfn-us-east-1"
    name = record(deployed.build, "sfn", "own-words")["functions"]["mapper"]
    client = deployed.client("lambda")
    state = State((work / "terraform.tfstate").read_text())
    state.note(state.code(name))
    (work / "terraform.tfstate").write_text(state.text())
    (work / "applied").unlink()
    other = (deployed.build / "jobs" / "own-words" / "sfn" / "reducer.zip").read_bytes()
    client.update_function_code(FunctionName=name, ZipFile=other)

    done = deploy(deployed, "apply", "sfn", folder)

    built = (deployed.build / "jobs" / "own-words" / "sfn" / "mapper.zip").read_bytes()
    assert done.status == 0, done.out + done.err
    assert client.get_function_configuration(FunctionName=name)["CodeSha256"] == _hash(built)


def _hash(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def test_jobs_are_removed_one_by_one(deployed: Cloud, folder: Path) -> None:
    def there() -> set[str]:
        done = run_module(deployed.build, "scripts.embedded", "status", "--json")
        return {name for name in json.loads(done.out)["deployments"] if not name.startswith("wordcount-")}

    of_grep = {f"grep-{ORCHESTRATIONS[0]}-us-east-1"}
    assert there() == of_grep | {f"own-words-{orchestration}-us-east-1" for orchestration in ORCHESTRATIONS}

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda orchestration: deploy(deployed, "destroy", orchestration, folder), ORCHESTRATIONS))

    assert [each.status for each in done] == [0, 0], done
    assert there() == of_grep
    name = record(deployed.build, ORCHESTRATIONS[0], "grep")["functions"]["mapper"]
    deployed.client("lambda").get_function(FunctionName=name)
    assert deploy(deployed, "destroy", ORCHESTRATIONS[0], "grep").status == 0
    assert there() == set()
