"""Replacing private functions of ministack, so that an update which moves one is noticed at start and not in a run."""

import functools
import importlib
import importlib.metadata
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

PINNED = "1.5.33"


class RepairError(Exception):
    """ministack has not the private name, or not the parameters, that a repair was written for."""


def module(name: str, used: str = "") -> Any:
    """Import `ministack.<name>`, untyped, as ministack is, and check what is used of it: "_tables, _end(run, status)".

    Raises RepairError, which names the pinned version.
    """
    found = importlib.import_module(f"ministack.{name}")
    for wanted, parameters in re.findall(r"(\w+)(?:\((.*?)\))?", used):
        _checked(found, wanted, re.findall(r"\w+", parameters))
    return found


def wrap(owner: Any, *names: str) -> Callable[[Callable[..., Any]], None]:
    """Put a function in the place of some of `owner`'s; as its first argument it gets the one that it replaces::

        @wrap(s3, "_delete_objects")
        def delete(original: Any, bucket_name: str, body: bytes, headers: Any = None) -> Any:
            return original(bucket_name, body, headers)

    Raises RepairError when a function is missing, or its leading parameters are named otherwise than these.
    """

    def put(function: Callable[..., Any]) -> None:
        own = [each.name for each in inspect.signature(function).parameters.values() if each.kind is each.POSITIONAL_OR_KEYWORD]
        for name in names:
            setattr(owner, name, _bound(function, _checked(owner, name, own[1:])))

    return put


def _bound(function: Callable[..., Any], original: Any) -> Callable[..., Any]:
    @functools.wraps(original)  # for later repairs, which look at its parameters
    def call(*arguments: Any, **keywords: Any) -> Any:
        return function(original, *arguments, **keywords)

    return call


def edit_worker_script(before: str, *edits: tuple[str, str]) -> None:
    """Put some code before the program that ministack's workers run, and replace texts in it: `(old, new)`.

    Raises RepairError when there is no such text.
    """
    runtime = module("core.lambda_runtime", "_PYTHON_WORKER_SCRIPT")
    script: str = runtime._PYTHON_WORKER_SCRIPT
    for old, new in edits:
        if old not in script:
            raise RepairError(_complaint(f"the workers' program has no {old!r}"))
        script = script.replace(old, new)
    runtime._PYTHON_WORKER_SCRIPT = before + script


def after_restart(do: Callable[[], None]) -> None:
    """Has `do` called once ministack has read what an earlier one kept."""

    @wrap(module("app"), "_load_persisted_state")
    def load(original: Any) -> None:
        original()
        do()


@contextmanager
def setting(variable: ContextVar[Any], value: Any) -> Iterator[None]:
    """Let a variable have the value while the body runs."""
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def _checked(owner: Any, name: str, parameters: Sequence[str]) -> Any:
    """`owner.name`, if its leading parameters are named so."""
    where = f"{getattr(owner, '__qualname__', None) or owner.__name__}.{name}"
    if not hasattr(owner, name):
        raise RepairError(_complaint(f"{where} does not exist"))
    found = getattr(owner, name)
    actual = list(inspect.signature(found).parameters)[: len(parameters)] if parameters else []
    if actual != list(parameters):
        raise RepairError(_complaint(f"{where} takes {actual}, not {list(parameters)}"))
    return found


def _complaint(what: str) -> str:
    installed = importlib.metadata.version("ministack")
    return (
        f"embedded AWS: {what} in ministack {installed}; its repairs are written for ministack=={PINNED}: "
        "install that version (requirements/embedded.txt) or adapt scripts/embedded/server/repairs"
    )
