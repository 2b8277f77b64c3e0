"""Whatever is raised can be described, and raised to the platform."""

import json
import traceback
from types import TracebackType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.orchestration.ending.record import FailureRecord, describe, from_response
from runtime.orchestration.safe_text import MESSAGE_BYTES, frames_of, message_of, name_of, presentable, safe
from tests.fakes import answers
from tests.fakes.hostile import LONG, Group, Hostile, StrIsNoString, StrRaises, errors, true_name

_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
    max_leaves=5,
)


def raised(error: BaseException) -> BaseException:
    """The error, with the traceback of one that was raised in here."""
    try:
        raise error
    except BaseException as caught:
        return caught


def told_by_lambda(error: Exception) -> bytes:
    """What Lambda's Python runtime makes of an error."""
    return json.dumps(answers.raised(error, "r"), ensure_ascii=False).encode()


@given(errors())
def test_any_error_can_be_described(hostile: Hostile) -> None:
    told = describe(raised(hostile.error))

    name = true_name(hostile.error)
    assert told["error"] in (name, name.replace("\n", "\\n"), safe(name, 200))
    assert len(told["message"].encode()) <= MESSAGE_BYTES
    assert "in raised" in told["traceback"][-1]
    assert len(json.dumps(told).encode()) < 32_000


@given(errors())
def test_any_error_can_be_told_by_lambda_and_says_the_same(hostile: Hostile) -> None:
    shown = presentable(raised(hostile.error))

    told = json.loads(told_by_lambda(shown))
    recorded, described = FailureRecord.parse("run1", "", from_response(told)).json(), describe(shown)
    assert {field: recorded[field] for field in described} == described
    assert (described["error"], described["traceback"]) == tuple(
        describe(hostile.error)[field] for field in ("error", "traceback")
    )


def test_harmless_error_is_raised_as_it_is() -> None:
    error = raised(LookupError("broken", 5))

    assert presentable(error) is error


def test_message_that_no_string_came_of_is_told_by_its_arguments() -> None:
    assert message_of(StrIsNoString("a", 1)) == "(its __str__ raised TypeError; its arguments: 'a', 1)"


def test_exit_is_called_that() -> None:
    shown = presentable(raised(SystemExit(3)))

    assert (type(shown).__name__, str(shown)) == ("SystemExit", "the code called sys.exit(3); a function that is done returns")
    assert isinstance(shown, Exception)


def test_errors_of_a_group_are_named() -> None:
    message = message_of(Group())

    assert message.splitlines()[1:] == [
        "- StrRaises: (its __str__ raised ZeroDivisionError; its arguments: 'a')",
        "- ValueError: half \\ud83d",
        "- KeyError: 'k'",
    ]


def test_notes_are_told() -> None:
    error = ValueError("bad")
    error.add_note("line 7")

    assert message_of(error) == "bad\nline 7"


def test_long_text_is_shown_by_its_beginning_and_its_end() -> None:
    shown = safe("begin" + "x" * 600_000 + "end")

    assert (shown[:5], shown[-3:], len(shown) <= MESSAGE_BYTES) == ("begin", "end", True)
    assert "of 600008 characters" in shown


@given(
    st.text(st.characters()) | st.text(st.characters(), min_size=1).map(lambda text: text * 3000), st.sampled_from([200, 4096])
)
def test_safe_text_is_bounded_unicode_without_control_characters_and_stays_as_it_is(text: str, limit: int) -> None:
    shown = safe(text, limit)

    assert len(shown.encode()) <= limit
    assert all(character.isprintable() or ord(character) > 0x9F or character in "\t\n" for character in shown)
    assert safe(shown, limit) == shown


@settings(max_examples=20)
@given(st.integers(1, 3))
def test_deep_recursion_leaves_a_short_traceback(functions: int) -> None:
    def first(depth: int) -> None:
        (second if depth % 2 else third)(depth)

    def second(depth: int) -> None:
        third(depth) if functions > 1 else first(depth + 1)

    def third(depth: int) -> None:
        first(depth + 1)

    error: BaseException = RecursionError()
    try:
        first(0)
    except RecursionError as caught:
        error = caught

    assert len(told_by_lambda(presentable(error))) < 10_000


def test_line_of_source_without_end_makes_no_long_traceback(tmp_path: Any) -> None:
    source = tmp_path / "long.py"
    source.write_text(f"def fail(): raise ValueError('short') # {'x' * 600_000}\n")
    space: dict[str, Any] = {}
    exec(compile(source.read_text(), str(source), "exec"), space)  # noqa: S102
    error: BaseException = StrRaises()
    try:
        space["fail"]()
    except ValueError as caught:
        error = caught

    assert str(source) in frames_of(error)[-1]
    assert len(told_by_lambda(presentable(error))) < 10_000


def test_file_name_that_is_no_unicode_hinders_nobody() -> None:
    space: dict[str, Any] = {}
    exec(compile("def fail(): raise ValueError('x')", "half \udc80.py", "exec"), space)  # noqa: S102
    error: BaseException = StrRaises()
    try:
        space["fail"]()
    except ValueError as caught:
        error = caught

    assert "half \\udc80.py" in frames_of(error)[-1]
    assert b"errorMessage" in told_by_lambda(presentable(error))


def test_source_that_cannot_be_read_leaves_file_and_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Any:
        raise SystemExit("no source")

    error = raised(ValueError("x"))
    monkeypatch.setattr(traceback, "format_tb", broken)

    assert "test_safe_text.py" in frames_of(error)[-1]
    assert "in raised" in frames_of(error)[-1]


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(
    ("function", "index", "error", "message", "traceback", "request_id", "attempts", "time", "run"), _anything
)))  # fmt: skip
def test_any_record_can_be_stored(told: dict[str, Any]) -> None:
    record = FailureRecord.parse("run1", "prefix-", told).json()

    assert record["run"] == "run1"
    assert len(json.dumps(record, ensure_ascii=False).encode()) < 32_000


@pytest.mark.parametrize(
    ("name", "told"),
    [("Broken", "Broken"), ("two\nlines", "two\\nlines"), ("wide\u3000gap", "wide\\u3000gap"), ("é" * 5, "é" * 5)],
)
def test_name_of_a_class_is_told_on_one_line(name: str, told: str) -> None:
    assert name_of(type(name, (Exception,), {})()) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x" * 60, "x" * 60),
        ("a" * 50 + "é" * 20, "a" * 16 + " [... of 70 characters ...] " + "é" * 8),
        ("\x00" * 15, "\\x00" * 15),
        ("\x00" * 16, "\\x00" * 4 + " [... of 16 characters ...] " + "\\x00" * 4),
    ],
)
def test_text_is_cut_where_its_bytes_are_too_many(text: str, told: str) -> None:
    assert safe(text, 60) == told


def test_name_of_a_class_fits_into_a_state_machine() -> None:
    assert len(describe(LONG("x"))["error"]) <= 256


def test_traceback_stays_whole_where_it_is_short() -> None:
    error = raised(StrRaises())

    entries: TracebackType | None = presentable(error).__traceback__
    assert entries is error.__traceback__
