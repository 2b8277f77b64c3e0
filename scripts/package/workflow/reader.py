"""Reads a workflow's file: a chain of `Task` and `Map` states in Amazon States Language, and nothing else.

A Map's ItemProcessor holds one Task. A Map is followed by a Task, which gathers. A Map with which the workflow begins takes its
elements from `$.data`; any other takes them from what the function before it returned. `Resource` names a function's folder.
"""

import json
import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.package.workflow.model import ENTRY, RECORDER, Step, Workflow, WorkflowError
from scripts.package.workflow.needs import read_needs

ENDING = ".asl.json"
LONGEST_NAME = 20
"""Letters of a function's name. The names of its Lambda, role and buckets are made from it, and AWS bounds those."""

USER_MODULES = "user_*.py"
"""The programmer's modules in a function's folder."""

INPUT_PATH = "$.data"

_NAME = re.compile(r"[a-z][a-z0-9_]*")

_MACHINE = {"Comment", "StartAt", "States"}
_STATE = {"Type", "Comment", "Next", "End"}
_FIELDS = {"Task": _STATE | {"Resource"}, "Map": _STATE | {"ItemsPath", "ItemProcessor"}}

_OTHER_TYPES = {
    "Choice": "decide in a function's code, and let what it returns say so",
    "Parallel": 'write a "Map", whose branches all run one function',
    "Wait": "leave the state out; a function that must wait does so itself",
    "Pass": "leave the state out; let the function before it return what the next one takes",
    "Succeed": 'leave the state out, and write "End": true in the state before it',
    "Fail": "leave the state out; a function that raises an exception ends the run as failed",
}

_ADDED = "leave it out: packaging adds retriers, catchers and time limits itself"
_AS_IT_IS = "leave it out: each function gets, as it is, what the one before it returned"
_OTHER_FIELDS = {
    **dict.fromkeys(("Retry", "Catch", "TimeoutSeconds", "HeartbeatSeconds"), _ADDED),
    **dict.fromkeys(
        (
            "Parameters",
            "Arguments",
            "ItemSelector",
            "InputPath",
            "OutputPath",
            "ResultPath",
            "ResultSelector",
            "Output",
            "Assign",
        ),
        _AS_IT_IS,
    ),
    "Iterator": 'write "ItemProcessor"',
    "ProcessorConfig": "leave it out: the deployment chooses the Map's mode (sfn.map_mode)",
    "MaxConcurrency": "leave it out: the deployment chooses it (sfn.map_concurrency)",
    "ItemReader": f'write "ItemsPath": "{INPUT_PATH}" in the first Map; packaging adds a reader where it needs one',
}


class _Object(dict[str, Any]):
    """A JSON object that remembers which of its keys stood in it twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        keys = [key for key, _ in pairs]
        self.twins = sorted({key for key in keys if keys.count(key) > 1})


def read_workflow(path: Path, functions: Path, shown: str | None = None) -> Workflow:
    """Read and check a workflow's file.

    Args:
        path: the file, `{name}.asl.json`.
        functions: the folder with a folder for each function.
        shown: the file's name for messages; default: `path`.

    Raises:
        WorkflowError: the file can't be read, or describes no workflow that can be compiled.
    """
    source = shown or str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise WorkflowError(f"{source}: can't be read: {reason}") from None
    return parse_workflow(text, path.name.removesuffix(ENDING).removesuffix(".json"), functions, source)


def parse_workflow(text: str, name: str, functions: Path, source: str) -> Workflow:
    """Check the text of a workflow's file; the arguments and the error are those of `read_workflow`."""
    try:
        machine = json.loads(text, object_pairs_hook=_Object)
    except (ValueError, RecursionError) as error:
        raise WorkflowError(f"{source}: no JSON: {error}") from None
    reader = _Reader(source, functions)
    return Workflow(name, reader.steps(machine))


@dataclass(frozen=True)
class _State:
    """A state that has been checked by itself: `Task` or `Map`, with known fields, each once."""

    name: str
    where: str
    fields: _Object

    @property
    def is_map(self) -> bool:
        return bool(self.fields["Type"] == "Map")


@dataclass(frozen=True)
class _Reader:
    source: str
    functions: Path

    def steps(self, machine: Any) -> tuple[Step, ...]:
        """The steps in the order of the chain."""
        chain = self._chain(self.source, self._object(self.source, machine, _MACHINE))
        for before, state in zip([None, *chain], chain, strict=False):
            _check_neighbours(before, state)
        tasks = [(state.is_map, self._branch(state) if state.is_map else state) for state in chain]
        names: set[str] = set()
        for state in [*chain, *(task for branch, task in tasks if branch)]:
            if state.name in names:
                raise WorkflowError(f"{state.where}: another state has the same name; give each state a name of its own")
            names.add(state.name)
        users: dict[str, str] = {}
        steps = []
        for branch, task in tasks:
            function = self._function(task)
            if function in users:
                raise WorkflowError(
                    f'{task.where}: "Resource" is {function!r}, as in state "{users[function]}"; a function occurs once in a '
                    "workflow: copy its folder under another name"
                )
            users[function] = task.name
            folder = self.functions / function
            steps.append(Step(function, branch, read_needs(folder), user_code=any(folder.glob(USER_MODULES))))
        return tuple(steps)

    def _chain(self, where: str, scope: _Object) -> list[_State]:
        """The states of a scope from its first to its last."""
        states = self._object(f'{where}: "States"', scope.get("States"))
        name = scope.get("StartAt")
        asking = f'{where}: "StartAt"'
        chain: dict[str, _State] = {}
        while name is not None:
            if not isinstance(name, str) or name not in states:
                raise WorkflowError(f"{asking} is {_told(name)}, and no state here has that name; known are {_listed(states)}")
            if name in chain:
                raise WorkflowError(
                    f'{asking} leads back to {name!r}; a workflow has no loop: write "End": true in its last state'
                )
            chain[name] = state = self._state(name, states[name])
            asking, name = f'{state.where}: "Next"', state.fields.get("Next")
        if not chain:
            raise WorkflowError(f"{asking} is missing; write the name of the first state: {_listed(states) or 'there is none'}")
        if lost := sorted(states.keys() - chain.keys()):
            raise WorkflowError(
                f'{self._where(lost[0])}: no state leads here; name it in the "Next" of another one, or leave it out'
            )
        return list(chain.values())

    def _state(self, name: str, value: Any) -> _State:
        where = self._where(name)
        kind = self._object(where, value).get("Type")
        if not isinstance(kind, str) or kind not in _FIELDS:
            instead = _OTHER_TYPES.get(kind, 'write "Task" or "Map"') if isinstance(kind, str) else 'write "Task" or "Map"'
            raise WorkflowError(f'{where}: "Type" is {_told(kind)}, which can\'t be compiled; {instead}')
        fields = self._object(where, value, _FIELDS[kind])
        if "End" in fields and fields["End"] is not True:
            raise WorkflowError(f'{where}: "End" is {_told(fields["End"])}; write true, or leave it out')
        if ("Next" in fields) == ("End" in fields) or fields.get("Next", "") is None:
            raise WorkflowError(f'{where}: needs either "Next" with the name of a state, or "End": true')
        return _State(name, where, fields)

    def _branch(self, state: _State) -> _State:
        """The one Task of a Map."""
        where = f'{state.where}: "ItemProcessor"'
        inner = self._chain(where, self._object(where, state.fields.get("ItemProcessor"), _MACHINE))
        if len(inner) > 1:
            raise WorkflowError(
                f'{state.where}: "ItemProcessor" holds {len(inner)} states; write one Task, and let its function do what the '
                "others do, or give them a Map of their own"
            )
        if inner[0].is_map:
            raise WorkflowError(
                f"{inner[0].where}: a Map within a Map can't be compiled; write a Task here, and let the outer Map's array hold "
                "all elements"
            )
        return inner[0]

    def _function(self, task: _State) -> str:
        """The name of a Task's function, which has a folder."""
        name = task.fields.get("Resource")
        where = f'{task.where}: "Resource"'
        if "Resource" not in task.fields:
            raise WorkflowError(f"{where} is missing; write the name of the function's folder")
        if not isinstance(name, str) or not _NAME.fullmatch(name) or keyword.iskeyword(name) or len(name) > LONGEST_NAME:
            raise WorkflowError(
                f"{where} is {_told(name)}; write the name of a function's folder: 1 to {LONGEST_NAME} lower-case letters, "
                'digits and "_", beginning with a letter, and no keyword of Python'
            )
        if name in (ENTRY, RECORDER):
            raise WorkflowError(f"{where} is {name!r}, which packaging adds itself; write another name")
        if not (self.functions / name / f"{name}.py").is_file():
            raise WorkflowError(
                f"{where} is {name!r}, and there is no {self.functions.name}/{name}/{name}.py; known functions: "
                f"{_listed({path.stem for path in self.functions.glob('*/*.py') if path.stem == path.parent.name} - {ENTRY})}"
            )
        return name

    def _object(self, where: str, value: Any, known: set[str] | None = None) -> _Object:
        """A JSON object whose keys stand in it once and are known."""
        if not isinstance(value, _Object):
            raise WorkflowError(f"{where}: must be an object, and is {_told(value)}")
        if value.twins:
            raise WorkflowError(f"{where}: {value.twins[0]!r} stands twice; write it once")
        if known is not None and (unknown := sorted(value.keys() - known)):
            instead = _OTHER_FIELDS.get(unknown[0], f"leave it out; known fields are {_listed(known)}")
            raise WorkflowError(f'{where}: the field "{unknown[0]}" can\'t be compiled; {instead}')
        return value

    def _where(self, state: str) -> str:
        return f'{self.source}: state "{state}"'


def _check_neighbours(before: _State | None, state: _State) -> None:
    """Check what a state must have by its place in the chain; `before` is the state before it."""
    if not state.is_map:
        return
    path = state.fields.get("ItemsPath")
    if before is None and path != INPUT_PATH:
        raise WorkflowError(
            f'{state.where}: "ItemsPath" is {_told(path)}; the first state fans out over "{INPUT_PATH}": write that'
        )
    if before is not None and path is not None:
        raise WorkflowError(
            f'{state.where}: "ItemsPath" is {_told(path)}; leave it out: the Map fans out over what "{before.name}" returns'
        )
    if before is not None and before.is_map:
        raise WorkflowError(f'{state.where}: a Map right after the Map "{before.name}"; write a Task between them, which gathers')
    if "Next" not in state.fields:
        raise WorkflowError(f'{state.where}: a Map at the end; write "Next" with the name of a Task, which gathers')


def _told(value: Any) -> str:
    return "missing" if value is None else f"{value!r:.100}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
