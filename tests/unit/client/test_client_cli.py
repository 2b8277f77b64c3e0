"""Options, run ids, and the wrapper script."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scripts.client.app import main
from scripts.client.errors import UsageError
from scripts.client.orchestrations import ORCHESTRATIONS
from scripts.client.running.run_id import check_run_id, new_run_id

ROOT = Path(__file__).parents[3]

SLOW = ("boto3", "botocore", "rich")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "give INPUT or --attach RUN"),
        (["in.txt", "--attach", "r1"], "give INPUT or --attach RUN"),
        (["in.txt", "--num-reducer", "0"], "0 is not from 1 to 1000"),
        (["in.txt", "--num-reducer", "1001"], "1001 is not from 1 to 1000"),
        (["in.txt", "--num-reducer", "two"], "'two' is not a whole number"),
        (["in.txt", "--chunks", "0"], "0 is not 1 or more"),
        (["in.txt", "--chunk-bytes", "-1"], "-1 is not 1 or more"),
        (["in.txt", "--chunks", "2", "--chunk-bytes", "5"], "not allowed with"),
        (["in.txt", "--timeout", "0"], "seconds above 0"),
        (["in.txt", "--timeout", "nan"], "seconds above 0"),
        (["in.txt", "--timeout", "inf"], "seconds above 0"),
        (["in.txt", "--timeout", "soon"], "not a number of seconds"),
        (["in.txt", "--top", "-1"], "-1 is not 0 or more"),
        (["in.txt", "--run-id", "../x"], "can't be a run id"),
        (["in.txt", "--run-id", ""], "can't be a run id"),
        (["in.txt", "--orchestration", "sfm"], "known are sfn, http_sync_s3, http_only, s3_triggers, dynamodb_triggers"),
        (["in.txt", "--no-wait", "--json"], "--no-wait ends before"),
        (["in.txt", "--colour"], "unrecognized"),
        (["in.txt", "--shuffle", "zipped"], "invalid choice: 'zipped' (choose from"),
        (["--attach", "r1", "--shuffle", "packed"], "--shuffle can't be used with --attach"),
        (["--attach", "a/b"], "can't be a run id"),
        (["--attach", "r1", "--chunks", "3", "--run-id", "r2"], "--run-id, --chunks can't be used with --attach"),
        (["nothing.txt"], "nothing.txt: there is no such file"),
    ],
)
def test_bad_usage_is_exit_code_2(capsys, arguments, told):
    try:
        status = main(arguments)
    except SystemExit as ended:
        status = ended.code

    assert status == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "own", "others"),
    [
        ([], ["INPUT", "--attach", "--chunk-bytes", "--shuffle", "--top", "exit codes"], []),
        (["run"], ["INPUT", "--attach"], []),
        (["status"], ["RUN", "--json", "--target"], ["--attach", "--top", "--force", "--keep"]),
        (["resume"], ["RUN", "--force", "--no-wait", "--output"], ["--attach", "--shuffle", "--num-reducer"]),
        (["cancel"], ["RUN", "--orchestration"], ["--json", "--force", "--top"]),
        (["clean"], ["RUN", "--orchestration"], ["--json", "--force", "--keep"]),
    ],
)
def test_help_of_a_command_shows_its_own_options_only(capsys, command, own, others):
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])

    help_text = capsys.readouterr().out
    assert ended.value.code == 0
    assert [option for option in own if option not in help_text] == []
    assert [option for option in others if option in help_text] == []


@pytest.mark.parametrize("run_id", ["r", "a-b_C9", "9" * 64])
def test_run_ids(run_id):
    assert check_run_id(run_id) == run_id


@pytest.mark.parametrize("run_id", ["", "-a", "_a", "a/b", "..", "a b", "é", "9" * 65, "a\n", "a%2Fb"])
def test_no_run_ids(run_id):
    with pytest.raises(UsageError):
        check_run_id(run_id)


def test_new_run_ids_sort_by_time_and_differ():
    now = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)

    assert new_run_id(now).startswith("20260102T030405678-")
    assert new_run_id(now) < new_run_id(now + timedelta(milliseconds=1)) < new_run_id(now + timedelta(days=300))
    assert len({new_run_id(now) for _ in range(100)}) == 100


def test_each_orchestration_is_found_by_its_folder():
    found = {name: kind.__module__ for name, kind in ORCHESTRATIONS.items()}

    assert found == {name: f"scripts.client.orchestrations.{name}.client" for name in ORCHESTRATIONS}


def test_help_does_not_import_what_is_slow():
    assert imported("import scripts.client.app") & {*SLOW, "concurrent.futures", "subprocess", "tempfile", "zipfile"} == set()


@pytest.mark.parametrize("orchestration", ORCHESTRATIONS)
def test_a_run_on_the_embedded_aws_does_not_import_what_is_slow(orchestration):
    parts = f"scripts.client.aws.local, scripts.client.orchestrations.{orchestration}.client, scripts.client.running.staleness"

    assert imported(f"import scripts.client.app, {parts}") & {*SLOW, "subprocess", "zipfile"} == set()


def test_a_run_imports_its_own_orchestration_alone():
    modules = imported("from scripts.client.orchestrations import ORCHESTRATIONS; ORCHESTRATIONS['http_sync_s3']")

    assert "scripts.client.orchestrations.http_sync_s3.client" in modules
    assert not modules & {f"scripts.client.orchestrations.{name}" for name in ORCHESTRATIONS if name != "http_sync_s3"}


def imported(code):
    """The modules of a process that has run the code."""
    program = f"{code}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.split())


@pytest.fixture
def script(tmp_path):
    """invoke.sh in a copy of the tree whose `make tools` and client only tell how they were called."""
    (tmp_path / "a b" / "scripts").mkdir(parents=True)
    root = tmp_path / "a b"
    (root / "scripts" / "invoke.sh").write_bytes((ROOT / "scripts" / "invoke.sh").read_bytes())
    (root / "scripts" / "invoke.sh").chmod(0o755)
    (root / "python").write_text('#!/bin/sh\nfor a in "$@"; do echo "$a"; done; exit 7\n')
    (root / "python").chmod(0o755)
    (root / "Makefile").write_text("tools:\n\t@echo made; mkdir -p build/venv/bin && cp python build/venv/bin/python\n")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def call(*arguments, path=root / "scripts" / "invoke.sh", folder=tmp_path):
        return subprocess.run(
            [path, *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    return root, call


def test_the_script_makes_the_tools_once_and_passes_everything_on(script):
    root, call = script

    first, second = call("my file.txt", "--top", "3"), call("-")

    assert first.stdout.splitlines() == ["-S", f"{root}/scripts/start.py", "scripts.client", "my file.txt", "--top", "3"]
    assert first.returncode == 7
    assert "made" in first.stderr
    assert "made" not in second.stderr
    assert second.stdout.splitlines()[-1] == "-"


@pytest.mark.parametrize("target", ["absolute", "relative", "link to a link"])
def test_the_script_works_through_a_symbolic_link_and_from_any_folder(script, tmp_path, target):
    root, call = script
    (folder := tmp_path / "my bin").mkdir()
    (folder / "absolute").symlink_to(root / "scripts" / "invoke.sh")
    (folder / "relative").symlink_to("../a b/scripts/invoke.sh")
    (folder / "link to a link").symlink_to("relative")

    for path, where in ((folder / target, Path("/")), (f"./{target}", folder), (f"my bin/{target}", tmp_path)):
        assert f"{root}/scripts/start.py" in call("in.txt", path=path, folder=where).stdout


def test_the_script_says_when_the_tools_cannot_be_made(script):
    root, call = script
    (root / "Makefile").write_text("tools:\n\t@exit 1\n")

    done = call("in.txt")

    assert done.returncode == 2
    assert "the tools could not be made" in done.stderr
