"""Workflows as a deployment's record says them, and such a record's text."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from scripts import orchestrations
from scripts.package.source import Source
from scripts.package.workflow import model
from scripts.package.workflow.manifest import manifest
from scripts.package.workflow.model import Step
from scripts.package.workflow.next_files import places_of
from scripts.workflow import Workflow


@cache
def workflow_record(orchestration: str) -> Any:
    """The repository's own workflow under an orchestration."""
    source = Source()
    return json.loads(manifest(source.read(), source.places(orchestration)))


def wordcount(orchestration: str) -> Workflow:
    """The same, read."""
    return Workflow.parse(workflow_record(orchestration))


def chain(orchestration: str, *steps: str) -> Workflow:
    """A workflow that takes a document: functions in a row, those that end in `*` once for each element of an array."""
    made = model.Workflow("chain", tuple(Step(step.rstrip("*"), step.endswith("*")) for step in steps))
    places = places_of(made, entry="entry" in orchestrations.needs(orchestration))
    return Workflow.parse(json.loads(manifest(made, places)))


def add_workflow(record: Mapping[str, Any]) -> dict[str, Any]:
    """A deployment's record with the workflow that its orchestration has."""
    return {**record, "workflow": workflow_record(record["orchestration"])}
