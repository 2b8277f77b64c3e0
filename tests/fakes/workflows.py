"""Workflows for tests: any chain that the compiler takes, as the text of its file and as folders of functions."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from scripts.package.workflow.model import ENTRY, RECORDER, Step, Workflow
from scripts.package.workflow.reader import LONGEST_NAME

NAMES = ("a", "b2", "count", "in_the_middle", "last_of_all", "f" * LONGEST_NAME, "reducer", "data", "input", "output")
"""Names of functions, those among them that could be taken for something else."""


def task(function: str, **fields: Any) -> dict[str, Any]:
    """A Task state; fields that are None are left out."""
    return {name: value for name, value in ({"Type": "Task", "Resource": function} | fields).items() if value is not None}


def branches(function: str, **fields: Any) -> dict[str, Any]:
    """A Map state over one function; fields that are None are left out."""
    inner = {"StartAt": function, "States": {function: task(function, End=True)}}
    state = {"Type": "Map", "ItemProcessor": inner} | fields
    return {name: value for name, value in state.items() if value is not None}


def machine(steps: Sequence[Step]) -> dict[str, Any]:
    """A workflow's file, as JSON: states are named after their functions, and Maps end in `-map`."""
    names = [f"{step.function}-map" if step.branch else step.function for step in steps]
    states = {}
    for number, (step, name) in enumerate(zip(steps, names, strict=True)):
        onwards = {"Next": names[number + 1]} if number + 1 < len(steps) else {"End": True}
        path = {"ItemsPath": "$.data"} if step.branch and number == 0 else {}
        states[name] = (branches if step.branch else task)(step.function, **onwards, **path)
    return {"StartAt": names[0], "States": states}


def make_functions(folder: Path, names: Sequence[str] = NAMES) -> Path:
    """Folders of functions that do nothing."""
    for name in (*names, ENTRY, RECORDER):
        (folder / name).mkdir(parents=True)
        (folder / name / f"{name}.py").touch()
    return folder


@st.composite
def chains(draw: st.DrawFn) -> Workflow:
    """Any workflow that can be compiled, of up to ten functions."""
    functions = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    steps: list[Step] = []
    for number, function in enumerate(functions):
        may_branch = number + 1 < len(functions) and not (steps and steps[-1].branch)
        steps.append(Step(function, may_branch and draw(st.booleans())))
    return Workflow("drawn", tuple(steps))


def text(workflow: Workflow) -> str:
    """The text of a workflow's file."""
    return json.dumps(machine(workflow.steps))
