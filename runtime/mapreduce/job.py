"""The settings of one run that travel with its messages, and what the programmer's functions ask of them while they run.

Mapper events, mapper outputs, partition's entries and reducer events may have a field `"job"`::

    {"params": {"threshold": 3, "stop words": ["a", "the"]},
     "modules": {"map": "user_map", "reduce": "user_reduce", "combine": "user_combine"},
     "output": "s3://bucket/prefix/"}

Each key may be left out, and so is the whole field if it would be empty.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any

from runtime.encoding import encode
from runtime.mapreduce.values import canonical, shown
from runtime.record import field, record
from runtime.run import Run, current_run

MAX_BYTES = 8 * 1024
"""Of the field as JSON: it travels with each chunk and each partition of a run."""

KINDS = ("map", "reduce", "combine")

_REQUIRED: Any = object()


class ParamError(KeyError):
    """A parameter was asked for that the run does not have."""

    def __str__(self) -> str:
        """Return the message as it is; a KeyError would quote it."""
        return str(self.args[0])


@record
class Job:
    """The field `"job"`.

    Attributes:
        params: what `param` hands out, by name: values that JSON has.
        modules: in which module of the job's folder each function is, by kind, e.g. `{"map": "split_words"}`. A kind that is
            left out is in its usual module, such as `user_map`; but if any is named, there is no combiner unless that is, too.
        output: where the reducers write the result, `s3://bucket/prefix/`; None if they return it.
    """

    params: dict[str, Any] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    output: str | None = None

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> "Job":
        """The job of a message; one without settings if the message has no such field.

        Raises:
            ValueError: the field is malformed or too large.
        """
        if "job" not in message:
            return cls()
        given = message["job"]
        if not isinstance(given, dict):
            raise ValueError(f'"job" must be an object; got {shown(given)}')
        if unknown := sorted(given.keys() - _KEYS):
            raise ValueError(f'"job" has {unknown[0]!r:.200}; it may have {", ".join(_KEYS)}')
        return cls(**given).checked()

    def checked(self) -> "Job":
        """Return the job itself. Raises ValueError if it can't be sent as it is."""
        if not isinstance(self.params, dict):
            raise ValueError(f'"params" of "job" must be an object; got {shown(self.params)}')
        for name, value in self.params.items():
            try:
                canonical({name: value})
            except (TypeError, ValueError) as error:
                raise ValueError(f"the parameter {shown(name)} can't travel with a run: {error}") from None
        if not isinstance(self.modules, dict) or not all(
            kind in KINDS and isinstance(name, str) and name.isidentifier() for kind, name in self.modules.items()
        ):
            kinds = ", ".join(KINDS)
            raise ValueError(f'"modules" of "job" must name a module for any of {kinds}; got {shown(self.modules)}')
        if self.output is not None and not (isinstance(self.output, str) and self.output.startswith("s3://")):
            raise ValueError(f'"output" of "job" must be like "s3://bucket/prefix/"; got {shown(self.output)}')
        if (size := len(encode(self.json()))) > MAX_BYTES:
            raise ValueError(f'"job" has {size} bytes as JSON; it may have {MAX_BYTES}, since it travels with each message')
        return self

    def json(self) -> dict[str, Any]:
        """What stands in a message; empty if the field is to be left out."""
        return {name: value for name in _KEYS if (value := getattr(self, name))}

    @contextmanager
    def in_force(self) -> Iterator["Job"]:
        """Let `param` and `count` serve the programmer's functions that are called in the body of the `with`."""
        with serving(_Served(self, current_run())):
            yield self


_KEYS = ("params", "modules", "output")


class _Served:
    """One component function at work, as the programmer's functions see it.

    Attributes:
        open: whether it is still at work.
    """

    def __init__(self, job: Job, run: Run) -> None:
        self.job, self.run, self.process, self.open = job, run, os.getpid(), True


_here: ContextVar[_Served | None] = ContextVar("served")

_all: tuple[_Served, ...] = ()
"""Those at work in this process. A plain thread of the programmer's has no context of its own, and finds the only one here."""

_lock = Lock()


@contextmanager
def serving(one: _Served | None) -> Iterator[None]:
    """Put it in force for the body of the `with`; None hides the one that is."""
    global _all
    token = _here.set(one)
    with _lock:
        _all = _all if one is None else (*_all, one)
    try:
        yield
    finally:
        _here.reset(token)
        if one is not None:
            one.open = False
            with _lock:
                _all = tuple(other for other in _all if other is not one)


def served() -> _Served | None:
    """The component function in force in this thread or task; None outside of any.

    Raises:
        RuntimeError: this is a thread without a context, and several are at work in this process.
    """
    try:
        return _here.get()
    except LookupError:
        if len(_all) > 1:
            raise RuntimeError(
                f"a thread asks for one of {len(_all)} functions in this process; start it with contextvars.copy_context().run"
            ) from None
        return _all[0] if _all else None


def job_here() -> Job:
    """The job in force, or one without settings."""
    one = served()
    return one.job if one else Job()


def param(name: str, default: Any = _REQUIRED) -> Any:
    """Return the value of a parameter of this run: a value that JSON has, from `job.toml` or from `--param name=value`.

    Args:
        name: the parameter's.
        default: what to return if the run has no such parameter.

    Raises:
        ParamError: the run has no such parameter, and there is no default. It is a KeyError.
        RuntimeError: no function of a run is at work here, as when a module is imported: runs differ in their parameters.
    """
    one = served()
    if one is None:
        raise RuntimeError(
            f"param({name!r:.200}) works only while a map, a combine or a reduce runs; call it inside the function"
        )
    if name in one.job.params:
        return one.job.params[name]
    if default is not _REQUIRED:
        return default
    known = ", ".join(sorted(one.job.params)) or "none"
    raise ParamError(f"the run has no parameter {name!r:.200}; it has: {known}. Give it with --param {name}=VALUE or in job.toml")
