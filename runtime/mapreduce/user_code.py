"""Where the programmer's functions are found.

a job in the package    the folder `job/` beside `runtime/`: modules `user_map`, `user_reduce` and perhaps `user_combine`, or
                        those that the run's `"job"` names. The folder is on `sys.path`, so that they import what lies beside them
otherwise               the modules of these names in the package of the component function that asks
in tests and the like   whatever `using` puts in force
"""

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from runtime.mapreduce.job import job_here, serving

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_FOLDER = os.path.join(_ROOT, "job")

_own: ContextVar[Mapping[str, Any] | None] = ContextVar("user code", default=None)
_in_force: ContextVar[str | None] = ContextVar("folder of a job", default=None)


@contextmanager
def using(functions: Mapping[str, Any]) -> Iterator[None]:
    """Let these be the programmer's functions for the body of the `with`: `{"map": ..., "reduce": ..., "combine": ...}`."""
    token = _own.set(functions)
    try:
        yield
    finally:
        _own.reset(token)


@contextmanager
def in_folder(folder: str) -> Iterator[None]:
    """Let the job in this folder be the packaged one for the body of the `with`.

    Its modules are forgotten after that. They leave no byte code, which Python takes for fresh if a file changes within a second.
    """
    folder = os.path.abspath(folder)
    token = _in_force.set(folder)
    sys.path.insert(0, folder)
    wrote_none, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        _in_force.reset(token)
        sys.path.remove(folder)
        sys.dont_write_bytecode = wrote_none
        for name, module in list(sys.modules.items()):
            if any(place.startswith(folder + os.sep) for place in _places(module)):
                del sys.modules[name]


def _places(module: Any) -> list[str]:
    """Where a module or a package lies."""
    return [place for place in (getattr(module, "__file__", None), *getattr(module, "__path__", ())) if isinstance(place, str)]


def preload(package: str, *kinds: str) -> None:
    """Import the usual modules of these kinds before the first event, and tell then what can't be. Raises ImportError.

    A job need not have them: its runs may name others.
    """
    for kind in kinds:
        if (module := _module(f"user_{kind}", package, optional=_folder() is not None or kind == "combine")) is not None:
            _function(module, kind)


def user_function(kind: str, package: str) -> Any:
    """The programmer's function of a kind, `map`, `reduce` or `combine`; None if there is no `combine`.

    Args:
        kind: which.
        package: of the component function that calls it, for its modules if no job is packaged.

    Raises:
        ImportError: its module can't be imported, or has no such function.
    """
    if (own := _own.get()) is not None:
        return own.get(kind)
    modules = job_here().modules
    if kind == "combine" and modules and kind not in modules:
        return None
    module = _module(modules.get(kind, f"user_{kind}"), package, optional=kind == "combine" and kind not in modules)
    return None if module is None else _function(module, kind)


def _function(module: Any, kind: str) -> Any:
    name = f"user_{kind}"
    if not hasattr(module, name):
        raise ImportError(f"{shown_file(module.__file__)} has no {name}; write def {name}{SIGNATURES[kind]}")
    return getattr(module, name)


SIGNATURES = {"map": "(text)", "reduce": "(word, values)", "combine": "(word, values)"}


def _folder() -> str | None:
    """The folder of the job in the package, if there is one."""
    return _in_force.get() or (_FOLDER if os.path.isdir(_FOLDER) else None)


def _module(name: str, package: str, *, optional: bool) -> Any:
    if (folder := _folder()) is None:
        name = f"{package}.{name}"
    elif folder not in sys.path:
        sys.path.insert(0, folder)
    if name in sys.modules:
        return sys.modules[name]
    try:
        with serving(None):  # A module is imported once, for all runs to come: none of them is in force meanwhile.
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name or not optional:
            raise
        return None


def told(kind: str, function: Callable[..., Any] | Any) -> str:
    """A function in a message: `user_map in functions/mapper/user_map.py`."""
    code = getattr(function, "__code__", None)
    file = code.co_filename if code else getattr(sys.modules.get(getattr(function, "__module__", None) or ""), "__file__", None)
    return f"user_{kind} in {shown_file(file)}" if file else f"user_{kind}"


def shown_file(file: str | None) -> str:
    """A file in a message, from the package's root if it lies there."""
    return (file or "its module").removeprefix(_ROOT + os.sep)
