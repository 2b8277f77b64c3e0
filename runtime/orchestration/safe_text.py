"""Text of errors, and of what else comes from outside, made safe to store and to pass on, whatever it holds.

User code raises anything: an error whose message has 600 KB or half a surrogate pair, whose `__str__` raises, whose type claims
to be another. The path that reports failures must not fail on what it reports. So each error and each text goes through this
module where it is first described: text becomes valid Unicode of a bounded size, and what runs user code is guarded.
"""

import re
from collections.abc import Iterator
from types import TracebackType
from typing import TypeGuard

MESSAGE_BYTES = 4096
NAME_BYTES = 200
"""A state machine takes 256 characters (https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskFailure.html)."""

FRAMES = 5
"""The last ones of a traceback: what a failure record shows of it."""

_FRAME_BYTES = 1000
_TRACEBACK_FRAMES = 30
_TRACEBACK_BYTES = 8000
"""What Lambda may make of a traceback: a state machine's cause holds 32 KiB, the message and all escapes included."""

_MEMBERS = 10
_NOTES = 10
_ARGUMENTS = 10
_PART_BYTES = 500
_PLAIN = (str, int, float, bool, bytes, type(None))
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters but for tab and newline, and lone surrogates, which are no valid Unicode."""


def safe(value: object, limit: int = MESSAGE_BYTES) -> str:
    """The text of a value in at most `limit` bytes of UTF-8: a longer one is shown by its beginning and its end.

    Control characters and lone surrogates are shown as escapes such as `\\x00` and `\\ud83d`.
    """
    whole = _text(value)
    # No more than this can be shown; escaping all of a text of many megabytes would take seconds.
    text = whole if len(whole) <= 2 * limit else whole[:limit] + whole[-limit:]
    text = _UNSAFE.sub(_escape, text)
    body = text.encode()
    if len(body) <= limit:
        return text
    mark = f" [... of {len(whole)} characters ...] "
    half = (limit - len(mark)) // 2
    return body[:half].decode(errors="ignore") + mark + body[-half:].decode(errors="ignore")


def name_of(error: BaseException) -> str:
    """Return the true name of an error's class, whatever its metaclass says."""
    name = safe(type.__dict__["__name__"].__get__(type(error)), NAME_BYTES)
    return name if name.isprintable() else safe(repr(name)[1:-1], NAME_BYTES)


def message_of(error: BaseException) -> str:
    """What an error says: its message, its notes, and the errors of a group. Never raises."""
    return safe("\n".join([_own_message(error), *_notes(error), *_members(error)]))


def frames_of(error: BaseException) -> list[str]:
    """The last frames of an error's traceback, as Python prints them. Never raises."""
    entries = list(_entries(_traceback(error)))[-FRAMES:]
    return [safe(_frame(entry).rstrip(), _FRAME_BYTES) for entry in entries]


def presentable(error: BaseException) -> Exception:
    """Return the error itself if it is safe to report, else a safe one with the same class name and message.

    Lambda's Python runtime takes `str()` of an error and encodes it beside the traceback; if that fails, the process ends and
    nobody learns why (https://github.com/aws/aws-lambda-python-runtime-interface-client). It lets what is no `Exception`, such as
    SystemExit, end the process, too.
    """
    name, message = name_of(error), message_of(error)
    shown = error if _is_harmless(error, name, message) else type(name, (Exception,), {"__module__": __name__})(message)
    return shown.with_traceback(_bounded(_traceback(error)))


def _text(value: object) -> str:
    try:
        # Joined, so that it is of the class `str` itself.
        return "".join((str(value),))
    except BaseException as failed:
        return f"(text that can't be told: its __str__ raised {name_of(failed)})"


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _own_message(error: BaseException) -> str:
    arguments = BaseException.__dict__["args"].__get__(error)
    if issubclass(type(error), SystemExit):
        return f"the code called sys.exit({_list(arguments)}); a function that is done returns"
    before = _traceback(error)
    try:
        return "".join((str(error),))
    except BaseException as failed:
        if failed is error:
            BaseException.__dict__["__traceback__"].__set__(error, before)
        return f"(its __str__ raised {name_of(failed)}; its arguments: {_list(arguments)})"


def _list(arguments: tuple[object, ...]) -> str:
    return ", ".join(map(_shown, arguments[:_ARGUMENTS]))


def _shown(value: object) -> str:
    try:
        return safe(repr(value), _PART_BYTES)
    except BaseException as failed:
        return f"(its __repr__ raised {name_of(failed)})"


def _notes(error: BaseException) -> Iterator[str]:
    try:
        notes = error.__notes__
    except BaseException:
        return
    if type(notes) is list:
        yield from (safe(note, _PART_BYTES) for note in notes[:_NOTES] if isinstance(note, str))


def _members(error: BaseException) -> Iterator[str]:
    """A line for each error of a group, those of the groups within it included."""
    if not issubclass(type(error), BaseExceptionGroup):
        return
    waiting, told = [error], 0
    while waiting and told < _MEMBERS:
        each = waiting.pop(0)
        if issubclass(type(each), BaseExceptionGroup):
            waiting[:0] = BaseExceptionGroup.__dict__["exceptions"].__get__(each)
        else:
            yield f"- {name_of(each)}: {safe(_own_message(each), _PART_BYTES)}"
            told += 1
    if waiting:
        yield "- and more"


def _traceback(error: BaseException) -> TracebackType | None:
    traceback_: TracebackType | None = BaseException.__dict__["__traceback__"].__get__(error)
    return traceback_


def _entries(traceback_: TracebackType | None) -> Iterator[TracebackType]:
    while traceback_ is not None:
        yield traceback_
        traceback_ = traceback_.tb_next


def _frame(entry: TracebackType) -> str:
    """One entry of a traceback as text; without its line of source, where that can't be read."""
    try:
        import traceback  # a cold start would pay for it and what it imports, and only failures need it

        (told,) = traceback.format_tb(entry, 1)
    except BaseException:
        code = entry.tb_frame.f_code
        return f'  File "{code.co_filename}", line {entry.tb_lineno}, in {code.co_name}'
    return told


def _bounded(traceback_: TracebackType | None) -> TracebackType | None:
    """Return the last entries of a traceback that can be encoded and that fit."""
    entries = list(_entries(traceback_))
    bounded, room = None, _TRACEBACK_BYTES
    kept = 0
    for entry in reversed(entries[-_TRACEBACK_FRAMES:]):
        text = _frame(entry)
        size = len(text.encode(errors="replace"))
        if size <= room and not _UNSAFE.search(text):
            bounded = TracebackType(bounded, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
            room, kept = room - size, kept + 1
    return traceback_ if kept == len(entries) else bounded


def _is_harmless(error: BaseException, name: str, message: str) -> TypeGuard[Exception]:
    """Return whether reading an error runs no user code, and shows what is told here."""
    kind = type(error)
    if type(kind) is not type or not issubclass(kind, Exception):
        return False
    ours = kind.__module__ == "builtins" or str(kind.__module__).startswith("runtime.")
    plain = ours and all(map(_is_plain, error.args))
    return plain and kind.__name__ == name and str(error) == message


def _is_plain(value: object) -> bool:
    return type(value) in _PLAIN or (type(value) is tuple and all(type(each) in _PLAIN for each in value))
