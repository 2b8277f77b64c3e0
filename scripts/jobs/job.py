"""A job as its folder says: which modules it has, and in job.toml how it wants to be run. All of job.toml may be left out::

name = "top-urls"             # default: the folder's name; deployments are called by it
num_reducer = 4
shuffle = "packed"            # or "objects"
chunk_bytes = 1048576

[input]
format = "csv"                # or "jsonl", "lines", "text"
encoding = "latin-1"
header = true                 # csv: the first record names the columns; or a list of their names
multiline = false             # csv: no quoted field has a line end, so that files can be cut

[params]                      # any values that JSON has, for param(name) in user code
smallest = 3

[[steps]]                     # run one after the other; without any, the one step user_map, user_reduce
map = "map_visits"            # a module of the same folder, with a function user_map
reduce = "reduce_visits"
combine = "combine_visits"
num_reducer = 2
params = { smallest = 5 }
"""

from __future__ import annotations

import hashlib
import re
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runtime.mapreduce.keys import MAX_NUM_REDUCER
from runtime.mapreduce.shuffle import LAYOUTS
from scripts import paths
from scripts.jobs.fields import JobError, boolean, json_table, one_of, read_fields, text, whole
from scripts.jobs.folder import Contents, contents
from scripts.jobs.names import check_names

__all__ = ["Input", "Job", "JobError", "Step"]

FILE = "job.toml"
FORMATS = ("csv", "jsonl", "lines", "text")

_LONGEST_PREFIX = 23
"""As terraform/variables.tf has it."""


@dataclass(frozen=True)
class Input:
    """What [input] says of the input's files; None is what the reader of input takes by itself.

    Attributes:
        format: one of FORMATS.
        encoding: a name that Python's codecs know.
        header: whether the first record names the columns, or their names.
        multiline: whether a quoted field may hold a line end.
    """

    format: str | None = None
    encoding: str | None = None
    header: bool | tuple[str, ...] | None = None
    multiline: bool | None = None


@dataclass(frozen=True)
class Step:
    """One pass of map and reduce, by the names of modules in the job's folder.

    Attributes:
        combine: None if the step has no combiner.
        num_reducer: its own, or else the job's; None is what the input says, or what the client chooses.
        params: in the place of the job's own of the same names.
    """

    map: str = "user_map"
    reduce: str = "user_reduce"
    combine: str | None = None
    num_reducer: int | None = None
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def by_kind(self) -> dict[str, str]:
        """Names of its modules by what is in them."""
        return {"map": self.map, "reduce": self.reduce} | ({"combine": self.combine} if self.combine else {})

    @property
    def modules(self) -> tuple[str, ...]:
        """Names of its modules."""
        return tuple(self.by_kind.values())


@dataclass(frozen=True)
class Job:
    """A job in its folder; what job.toml leaves out is None, or empty.

    Attributes:
        folder: absolute.
        name: as job.toml says, else the folder's name.
        steps: at least one.
    """

    folder: Path
    name: str
    shuffle: str | None = None
    chunk_bytes: int | None = None
    leave_out: tuple[str, ...] = ()
    input: Input = Input()
    params: dict[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = (Step(),)

    @classmethod
    def read(cls, folder: Path) -> Job:
        """Read a job's folder.

        Raises:
            JobError: it is no folder, lacks a module, has one that can't be told from another's, or its job.toml says something
                that can't be used.
        """
        folder = folder.resolve()
        if not folder.is_dir():
            raise JobError(f"{folder} is no folder; a job is a folder with user_map.py and user_reduce.py")
        file = folder / FILE
        found = read_fields(str(file), _document(file) if file.exists() else {}, _JOB)
        steps = [read_fields(str(file), step, _STEP, f"steps[{number}]") for number, step in enumerate(found.pop("steps", []))]
        found["input"] = Input(**read_fields(str(file), found.get("input", {}), _INPUT, "input"))
        steps = [{"num_reducer": found.get("num_reducer")} | step for step in steps or [_usual(folder)]]
        found.pop("num_reducer", None)
        job = cls(folder=folder, **{"name": folder.name} | found, steps=tuple(Step(**step) for step in steps))
        job._check_modules(file)
        check_names(folder)
        return job

    @property
    def prefix(self) -> str:
        """The name as AWS takes it: the first part of the names of all that is deployed of the job."""
        fit = re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")
        fit = fit if fit[:1].isalpha() else f"job-{fit}".rstrip("-")
        if len(fit) < 2 or len(fit) > _LONGEST_PREFIX or not self.name.isascii():
            # Names that differ only in what is cut off, or has no letter here, stay apart.
            fit = f"{fit[: _LONGEST_PREFIX - 7].rstrip('-')}-{hashlib.sha256(self.name.encode()).hexdigest()[:6]}"
        return fit

    @property
    def build(self) -> Path:
        """The folder of its packages, laid out as build/ itself is."""
        return paths.BUILD / "jobs" / self.prefix

    @property
    def requirements(self) -> Path | None:
        """Its requirements.txt, if there is one that asks for anything."""
        file = self.folder / "requirements.txt"
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        return file if any(line.strip() and not line.strip().startswith("#") for line in lines) else None

    def modules_of(self, step: Step) -> dict[str, str]:
        """What a run says of the modules of a step, by kind; empty where all are the usual ones."""
        return {} if step.by_kind == Step(**_usual(self.folder)).by_kind else step.by_kind

    def contents(self) -> Contents:
        """What goes into the zips of functions with user code. Raises JobError: it is too much."""
        return contents(self.folder, self.leave_out)

    def _check_modules(self, file: Path) -> None:
        for step in self.steps:
            for module in step.modules:
                if not (self.folder / f"{module}.py").is_file():
                    said = (
                        f"{file} names the module {module}, and"
                        if file.exists() and step.by_kind != Step().by_kind
                        else f"{self.folder} is no job:"
                    )
                    raise JobError(f"{said} there is no {module}.py in {self.folder}")


def _document(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise JobError(f"{file} can't be read as TOML: {error}") from None


def _usual(folder: Path) -> dict[str, Any]:
    """The one step of a job that names none: the usual modules, and the combiner if it is there."""
    return {"combine": "user_combine" if (folder / "user_combine.py").is_file() else None}


def _module(value: Any) -> str:
    if not isinstance(value, str) or not value.isidentifier():
        raise ValueError('the name of a module in the job\'s folder, such as "user_map"')
    if value in sys.stdlib_module_names:
        raise ValueError("the name of a module that Python has none of, for it would find its own")
    return value


def _encoding(value: Any) -> str:
    from runtime.mapreduce.ranged.encodings import EncodingError, known

    try:
        return known(text(value))
    except EncodingError:
        raise ValueError('an encoding that Python knows, such as "utf-8" or "latin-1"') from None


def _header(value: Any) -> bool | tuple[str, ...]:
    if isinstance(value, bool):
        return value
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value) and len(set(value)) == len(value):
        return tuple(value)
    raise ValueError("true, false, or a list of different column names")


def _patterns(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise ValueError('a list of paths or patterns in the job\'s folder, such as ["data/*.csv"]')
    return tuple(value)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise ValueError("one or more tables [[steps]]")
    return value


_NUM_REDUCER = whole(1, MAX_NUM_REDUCER)

_JOB = {
    "name": text,
    "num_reducer": _NUM_REDUCER,
    "shuffle": one_of(*LAYOUTS),
    "chunk_bytes": whole(1),
    "leave_out": _patterns,
    "input": lambda value: value,
    "params": json_table,
    "steps": _list,
}
_INPUT = {"format": one_of(*FORMATS), "encoding": _encoding, "header": _header, "multiline": boolean}
_STEP = {"map": _module, "reduce": _module, "combine": _module, "num_reducer": _NUM_REDUCER, "params": json_table}
