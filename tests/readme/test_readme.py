"""The README's commands, run in order in a fresh copy of the repository, as a newcomer would run them.

The account's commands run too, literally, on an embedded AWS that stands for the account: Terraform is told by environment
variables alone where it is.
"""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from scripts.deploy.mirror import find, locked_provider, write_cli_config
from tests.fakes.round_trip import emitted
from tests.readme.newcomer import ROOT, commands, section, shell

README = (ROOT / "README.md").read_text(encoding="utf-8")


def sample_counts() -> Counter[str]:
    chunks = json.loads((ROOT / "samples" / "lighthouse.json").read_text(encoding="utf-8"))["data"]
    return Counter(word for chunk in chunks for word in chunk["text"].split())


def test_first_command_prints_what_the_readme_shows(clone: Path) -> None:
    first = commands(README.partition("\n## ")[0])
    shown = re.findall(r"^ {4}[┏┃┡│└].*$", README, re.MULTILINE)
    assert first == ["make demo"]
    assert len(shown) > 5

    printed = shell(clone, first)

    assert [line for line in shown if line.strip() not in printed] == []


def test_commands_in_one_go_and_in_pieces_count_right(clone: Path) -> None:
    lines = commands(section(README, "Commands"))
    assert [line.split()[1] for line in lines if line.startswith("make")] == ["demo", "local-up", "local-deploy", "local-down"]

    shell(clone, lines)

    assert json.loads((clone / "build" / "counts.json").read_text(encoding="utf-8")) == sample_counts()


def test_account_commands_work_as_written(clone: Path) -> None:
    lines = commands(section(README, "On an AWS account"))
    assert [line.split()[0] for line in lines] == ["make", "cd", "cd", "cd"]
    account = {"MAPREDUCE_BUILD_DIR": str(clone / "build" / "account")}
    shell(clone, ["build/venv/bin/python -m scripts.embedded up"], **account)
    try:
        state = json.loads((clone / "build" / "account" / "embedded" / "state.json").read_text())
        settings = {
            "TF_VAR_endpoint_url": state["endpoint_url"],
            "TF_VAR_force_destroy": "true",
            "TF_VAR_expiry_days": "0",
            "TF_CLI_ARGS_apply": "-auto-approve",
            "TF_CLI_ARGS_destroy": "-auto-approve",
            "TF_INPUT": "0",
            "TF_CLI_CONFIG_FILE": str(provider_settings(clone)),
        }

        printed = shell(clone, lines, **settings)

        assert "Apply complete!" in printed
        assert f"{sum(sample_counts().values())} words, {len(sample_counts())} distinct" in printed
        assert "Destroy complete!" in printed
    finally:
        shell(clone, ["build/venv/bin/python -m scripts.embedded down"], **account)


def provider_settings(clone: Path) -> Path:
    """A CLI configuration with this machine's mirror of the provider, where it has one; else an empty one."""
    path = clone / "build" / "terraform.rc"
    path.write_text("")
    told = subprocess.run(["terraform", "version", "-json"], capture_output=True, check=True, text=True)
    provider = locked_provider(ROOT / "terraform" / ".terraform.lock.hcl")
    if mirror := find(provider, json.loads(told.stdout)["platform"]):
        write_cli_config(path, mirror)
    return path


def test_own_functions_of_the_readme_are_valid() -> None:
    user_map, user_reduce = re.findall(r"```python\n(.*?)```", section(README, "Your own map and reduce"), re.DOTALL)
    scope: dict[str, Any] = {}

    exec(user_map + user_reduce, scope)  # noqa: S102

    assert emitted("objects", lambda text: scope["user_map"]("To be OR not")) == {"to": [1], "be": [1], "or": [1], "not": [1]}
    assert scope["user_reduce"]("be", [1, 1]) == 2


def test_ci_runs_the_readmes_test_command() -> None:
    assert "`make test`" in README
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "make test"


def test_every_option_and_target_that_the_readme_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    told = subprocess.run(
        [sys.executable, "-m", "scripts.client", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    targets = set(re.findall(r"(?:`|^ {4})make ([a-z][a-z-]*)", README, re.MULTILINE))
    options = set(re.findall(r"`(--[a-z-]+)`", README))

    assert {target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)} == set()
    assert {option for option in options if option not in told.stdout} == set()
