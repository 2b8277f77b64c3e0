"""Processes that a user_map starts: what they emit cannot be stored, so that it fails the mapper by name."""

import sys
from typing import Any

import pytest

from tests.unit.mapreduce.mappers import told

FORKED = {
    "pool": """
        def user_map(text):
            emit("first")
            with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
                pool.map(emit, ["lost"] * 10)
        """,
    "process": """
        def user_map(text):
            process = multiprocessing.get_context("fork").Process(target=emit, args=("lost",))
            process.start()
            process.join()
        """,
    "thread of a process": """
        def work():
            thread = threading.Thread(target=emit, args=("lost",))
            thread.start()
            thread.join()

        def user_map(text):
            process = multiprocessing.get_context("fork").Process(target=work)
            process.start()
            process.join()
        """,
    "pool made before": """
        pool = multiprocessing.get_context("fork").Pool(1)

        def user_map(text):
            pool.map_async(emit, ["lost"]).wait()
        """,
    "caught": """
        def user_map(text):
            if os.fork() == 0:
                try:
                    emit("lost")
                finally:
                    os._exit(0)
            os.wait()
        """,
    "comes out of user_map": """
        def user_map(text):
            emit("first")
            if os.fork() != 0:
                os.wait()
        """,
    "fails in user_map": """
        def user_map(text):
            emit("first")
            if os.fork() == 0:
                raise LookupError("mine")
            os.wait()
        """,
}


@pytest.mark.parametrize("user_map", FORKED.values(), ids=FORKED)
def test_forked_process_that_emits_fails_the_mapper_by_name(user_map: str, tmp_path: Any) -> None:
    said, _ = told(tmp_path, user_map)

    assert said.startswith(
        "RuntimeError: a process that user_map started called emit() or came out of user_map; return the words"
    )
    assert said.count("\n") == 1


def test_forked_process_is_told_at_once(tmp_path: Any) -> None:
    _, errors = told(tmp_path, FORKED["process"])

    assert "RuntimeError: emit() was called in another process than user_map; return the words to the process" in errors


SPAWNED = """
    def user_map(text):
        with ProcessPoolExecutor(1, multiprocessing.get_context("{method}")) as pool:
            {call}(pool.map(emit, ["lost"]))
    """


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_spawned_process_is_told_at_once(method: str, tmp_path: Any) -> None:
    said, _ = told(tmp_path, SPAWNED.format(method=method, call="list"))

    assert said.startswith("RuntimeError: emit() was called in another process than user_map")


@pytest.mark.skipif(sys.platform != "linux", reason="a spawned process finds its parent's page in /proc")
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_spawned_process_that_emits_fails_the_mapper_even_if_nobody_asks(method: str, tmp_path: Any) -> None:
    said, _ = told(tmp_path, SPAWNED.format(method=method, call="id"))

    assert said.startswith("RuntimeError: a process that user_map started called emit() or came out of user_map")


@pytest.mark.parametrize("end", ["os._exit(0)", "sys.exit(0)", "sys.exit()"])
def test_forked_process_that_ends_of_itself_is_no_fault(end: str, tmp_path: Any) -> None:
    said, _ = told(
        tmp_path,
        f"""
        def user_map(text):
            emit("first")
            if os.fork() == 0:
                {end}
            assert os.wait()[1] == 0
            emit("second")
        """,
    )

    assert said == "stored 2\n"


def test_forked_process_that_ends_with_a_message_has_it_printed(tmp_path: Any) -> None:
    said, errors = told(
        tmp_path,
        """
        def user_map(text):
            if os.fork() == 0:
                sys.exit("the child's last words")
            emit(str(os.waitstatus_to_exitcode(os.wait()[1])))
        """,
    )

    assert (said, errors) == ("stored 1\n", "the child's last words\n")


def test_words_that_processes_return_are_emitted(tmp_path: Any) -> None:
    said, _ = told(
        tmp_path,
        """
        def user_map(text):
            with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
                for word in pool.map(str.lower, ["A", "B"] * 5):
                    yield word, 1
        """,
    )

    assert said == "stored 10\n"
