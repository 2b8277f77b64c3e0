"""The counts as a JSON file, as JSON on stdout, as a table."""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from scripts.client.errors import ClientError, UsageError
from scripts.client.escaping import shortened, visible

_WORD_WIDTH = 60

_NAME_BYTES = 255
"""Longest file name of all usual file systems."""


def parse_counts(run_id: str, body: bytes) -> dict[str, int]:
    """The result of a run, `{word: count}`.

    Raises:
        ClientError: result.json holds something else.
    """
    try:
        counts = json.loads(body)
    except ValueError as error:
        raise ClientError(f"result.json of run {run_id} is not JSON: {error}") from None
    if not isinstance(counts, dict):
        raise ClientError(f"result.json of run {run_id} is no object of words and counts")
    return counts


def to_bytes(counts: dict[str, int]) -> bytes:
    """`{word: count}` sorted by word, in UTF-8, the same bytes for the same counts."""
    return (json.dumps(counts, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode()


def check_output(name: str, given: str | None = None) -> Path:
    """The file that an --output will be: found out before the run rather than after it. `given` is INPUT, which it must not be.

    Raises:
        UsageError: it can't be written.
    """
    path = Path(os.path.realpath(name))  # through links, so that what they point at is replaced, not they
    if len(os.fsencode(path.name)) > _NAME_BYTES:
        raise UsageError(f"--output {name[:40]}...: the name is longer than {_NAME_BYTES} bytes; choose a shorter one")
    if given is not None and os.path.isfile(path) and os.path.exists(given) and os.path.samefile(path, given):
        raise UsageError(f"--output {name}: this is INPUT, which the counts would overwrite; choose another file")
    if os.path.isdir(path):
        raise UsageError(f"--output {name}: this is a folder; name a file in it")
    if not os.path.isdir(path.parent):
        raise UsageError(f"--output {name}: there is no folder {path.parent}; make it first")
    if not os.access(path.parent if _replaceable(path) else path, os.W_OK):
        raise UsageError(f"--output {name}: {path.parent} can't be written; choose another place")
    return path


def write_whole(path: Path, body: bytes) -> None:
    """Write a file whole or not at all: beside its place first, then moved there.

    Raises:
        ClientError: it could not be written; what was there before is still there.
    """
    try:
        if not _replaceable(path):
            path.write_bytes(body)  # a device or a pipe
            return
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(beside, mode)
            os.replace(beside, path)
        except BaseException:
            os.unlink(beside)
            raise
    except OSError as error:
        raise ClientError(f"--output {path} could not be written: {error.strerror or error}") from error


def _replaceable(path: Path) -> bool:
    return path.is_file() or not path.exists()


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def print_json(counts: dict[str, int]) -> None:
    """The bytes of an --output file, on stdout."""
    sys.stdout.buffer.write(to_bytes(counts))
    sys.stdout.buffer.flush()


def print_table(counts: dict[str, int], top: int) -> None:
    """The `top` most frequent words, the most frequent first and then by word; what is no number (a reduce of one's own) last."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    rows = sorted(counts.items(), key=lambda pair: (-_as_number(pair[1]), pair[0]))[:top]
    if not rows:
        return
    encoding = sys.stdout.encoding or "utf-8"
    table = Table("word")
    table.add_column("count", justify="right")
    for word, count in rows:
        shown = shortened(visible(word), _WORD_WIDTH).encode(encoding, "backslashreplace").decode(encoding)
        table.add_row(Text(shown), shortened(visible(str(count)), _WORD_WIDTH))
    console = Console()
    (console if console.is_terminal else Console(width=10 * _WORD_WIDTH)).print(table)


def summed_up(counts: dict[str, Any]) -> str:
    """`"210 words, 98 distinct"`; or `"98 distinct words"`, where no value is a number (a reduce of one's own)."""
    numbers = [count for count in counts.values() if _is_number(count)]
    if counts and not numbers:
        return f"{len(counts)} distinct word{'s' * (len(counts) != 1)}"
    total = sum(numbers)
    return f"{total:.15g} words, {len(counts)} distinct" if isinstance(total, float) else f"{total} words, {len(counts)} distinct"


def _as_number(count: Any) -> float:
    return count if _is_number(count) else float("-inf")


def _is_number(count: Any) -> bool:
    # To Python, True and False are numbers.
    return isinstance(count, int | float) and not isinstance(count, bool)
