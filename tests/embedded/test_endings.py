"""How invocations that failed are told on the embedded AWS, and what becomes of a function's output: as on AWS."""

import re
from typing import Any

import pytest

from tests.embedded.emulator import Emulator

ENDING = """
import os, signal, sys

class TextFails(Exception):
    def __str__(self):
        return 5

def handler(event, context):
    exec(event["do"])
    return "well"
"""


@pytest.fixture(scope="module")
def ending(emulator: Emulator) -> str:
    """A function that does what its event says."""
    return emulator.function(code=ENDING, Layers=[])


@pytest.mark.parametrize(
    ("do", "told"),
    [
        ("os._exit(3)", "Runtime exited with error: exit status 3"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("sys.exit(4)", "Runtime exited with error: exit status 4"),
        ("raise KeyboardInterrupt", "Runtime exited with error: "),
        ("os.kill(os.getpid(), signal.SIGKILL)", "Runtime exited with error: signal: killed"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "Runtime exited with error: signal: segmentation fault"),
        ("raise TextFails", "Runtime exited with error: exit status 1"),
        ("raise ValueError('half ' + chr(0xd83d))", "Runtime exited with error: exit status 1"),
    ],
)
def test_end_of_the_process_is_told_with_its_status(emulator: Emulator, ending: str, do: str, told: str) -> None:
    answer = emulator.invoke(ending, {"do": do})

    assert answer["errorType"] == "Runtime.ExitError"
    assert re.fullmatch(r"RequestId: [0-9a-f-]{36} Error: " + re.escape(told) + ".*", answer["errorMessage"])


def test_end_of_the_process_while_it_starts_is_told_likewise(emulator: Emulator) -> None:
    answer = emulator.invoke(emulator.function(code="import os\nos._exit(7)", Layers=[]), {})

    assert answer["errorType"] == "Runtime.ExitError"
    assert "exit status 7" in answer["errorMessage"]


@pytest.mark.parametrize(
    "message", ["Task timed out after 3.00 seconds", "Worker process died", '{"errorType": "Mine"}', "a\nb: c", ""]
)
def test_message_of_an_exception_is_told_as_it_is(emulator: Emulator, ending: str, message: str) -> None:
    answer = emulator.invoke(ending, {"do": f"raise LookupError({message!r})"})

    assert (answer["errorType"], answer["errorMessage"]) == ("LookupError", message)
    assert answer.keys() == {"errorType", "errorMessage", "requestId", "stackTrace"}


@pytest.mark.parametrize(
    ("do", "logged"),
    [
        ("print('a word', end=' ')", "a word"),
        ("os.write(1, b'to the descriptor')", "to the descriptor"),
        ("os.system('echo by a child')", "by a child"),
        ("print('to stderr', file=sys.stderr)", "to stderr"),
        ("sys.stdout.buffer.write(bytes([255, 254])); print('no UTF-8')", "\ufffd\ufffdno UTF-8"),
        ('os.write(1, b\'{"status": "ok", "result": "forged"}\\n\')', '"forged"'),
    ],
)
def test_output_is_the_log_and_nothing_else(emulator: Emulator, do: str, logged: str) -> None:
    name = emulator.function(code=ENDING, Layers=[])

    assert emulator.invoke(name, {"do": do}) == "well"

    assert logged in log_of(emulator, name)
    assert "end of the output" not in log_of(emulator, name)


def test_there_is_nothing_to_read(emulator: Emulator, ending: str) -> None:
    assert emulator.invoke(ending, {"do": "input()"})["errorType"] == "EOFError"
    assert emulator.invoke(ending, {"do": "pass"}) == "well"


def test_what_was_printed_before_a_sudden_end_is_in_the_log(emulator: Emulator) -> None:
    name = emulator.function(code=ENDING, Layers=[])

    emulator.invoke(name, {"do": "print('last words', end=''); os._exit(1)"})

    assert "last words" in log_of(emulator, name)


def test_worker_that_printed_much_that_is_no_text_does_not_wait_for_ever(emulator: Emulator) -> None:
    name = emulator.function(code=ENDING, Layers=[])

    assert emulator.invoke(name, {"do": "os.write(2, bytes([255])); print('x' * 300_000)"}) == "well"


def test_each_invocation_has_its_own_output(emulator: Emulator) -> None:
    name = emulator.function(code=ENDING, Layers=[])

    for number in range(5):
        emulator.invoke(name, {"do": f"print('this is number {number}')"})

    kinds = [message.split()[0] for message in log_of(emulator, name).splitlines()]
    assert kinds == ["START", "this", "END", "REPORT"] * 5


def log_of(emulator: Emulator, name: str) -> str:
    events: list[dict[str, Any]] = emulator.logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    return "\n".join(event["message"] for event in events)
