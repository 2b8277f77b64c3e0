"""A word that emit already counts up, emitted by processes that were forked from the mapper."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from scripts import paths
from tests.fakes.waiting import PATIENCE_SECONDS

PROGRAM = """
import multiprocessing, os, sys, threading
from concurrent.futures import ProcessPoolExecutor
from runtime.mapreduce import emit, emit_all, emitting, run_map
from tests.fakes.round_trip import in_memory, read_back, run_mapper

{user_map}

if __name__ == "__main__":
    try:
        with in_memory():
            run_mapper("packed", user_map)
            print(read_back("packed"), flush=True)
    except Exception as error:
        print(f"{{type(error).__name__}}: {{error}}", flush=True)
"""
FORKED = {
    "in its only thread": """
        if os.fork() == 0:
            try:
                {emit}
            finally:
                os._exit(0)
        os.wait()
        """,
    "by multiprocessing": """
        process = multiprocessing.get_context("fork").Process(target=lambda: {emit})
        process.start()
        process.join()
        """,
    "in a pool": """
        with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
            pool.map(emit, ["counted"] * 10)
        """,
    "from a thread": """
        def work():
            if os.fork() == 0:
                try:
                    {emit}
                finally:
                    os._exit(0)
            os.wait()
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        """,
    "of a forked process": """
        if os.fork() == 0:
            if os.fork() == 0:
                try:
                    {emit}
                finally:
                    os._exit(0)
            os.wait()
            os._exit(0)
        os.wait()
        """,
}


def told(tmp_path: Path, body: str) -> str:
    """What a mapper of its own process says in the end."""
    user_map = 'def user_map(text):\n    emit_all(["counted"] * 2)\n' + textwrap.indent(textwrap.dedent(body), "    ")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(user_map=user_map))
    command = [sys.executable, "-W", "ignore", str(program)]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(paths.ROOT)}, capture_output=True, text=True, timeout=PATIENCE_SECONDS * 4, check=True
    )
    return done.stdout


@pytest.mark.parametrize("hand_out", ["emit('counted')", "emit_all(['counted'])"])
@pytest.mark.parametrize("body", FORKED.values(), ids=FORKED)
def test_forked_process_that_emits_a_counted_word_fails_the_mapper_by_name(body: str, hand_out: str, tmp_path: Path) -> None:
    said = told(tmp_path, body.replace("{emit}", hand_out))

    assert said.startswith(
        "RuntimeError: a process that user_map started called emit() or came out of user_map; return the words"
    )
    assert said.count("\n") == 1


def test_parent_counts_on_after_a_fork(tmp_path: Path) -> None:
    said = told(
        tmp_path,
        """
        if os.fork() == 0:
            os._exit(0)
        os.wait()
        emit("counted")
        """,
    )

    assert said == "{'counted': [1, 1, 1]}\n"


def test_process_forked_in_a_mapper_may_run_a_mapper_of_its_own(tmp_path: Path) -> None:
    said = told(
        tmp_path,
        """
        def own(text):
            emit_all(["mine"] * 2)
            emit("mine")

        if os.fork() == 0:
            with in_memory():
                run_mapper("packed", own)
                print(read_back("packed"), flush=True)
            os._exit(0)
        os.wait()
        emit("counted")
        """,
    )

    assert said.splitlines() == ["{'mine': [1, 1, 1]}", "{'counted': [1, 1, 1]}"]
