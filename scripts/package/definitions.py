"""Checks that every orchestration describes the same workflow, and renders the state machine's two Map modes.

The edges of a workflow are `{(from, to, kind)}`, e.g. `("unum_map", "mapper", "Map")`. Each `.next` gives one. In the ASL, a Map
state is the fan-out edge from the state before it (from `unum_map` at the start) and the state after it is its fan-in.
"""

import json
from pathlib import Path
from typing import Any

from runtime.orchestration.workflow.edge import Edge
from runtime.orchestration.workflow.place import DefinitionError

Edges = set[tuple[str, str, str]]


def check(definitions: Path, orchestrations: tuple[str, ...]) -> None:
    """Check all definitions.

    Raises:
        DefinitionError: a file is wrong in itself, or the workflow that it describes is; says which and what to write.
    """
    asl = definitions / "sfn" / "definition.asl.json"
    reference = asl_edges(read_asl(asl))
    for orchestration in orchestrations:
        if orchestration != "sfn":
            edges = next_edges(definitions / orchestration)
            if difference := sorted(edges ^ reference):
                where = "only here" if difference[0] in edges else f"missing here, but in {asl.name}"
                raise DefinitionError(
                    f"definitions/{orchestration}: the edge {' -> '.join(difference[0][:2])} ({difference[0][2]}) is {where}; "
                    "all orchestrations must describe the same edges"
                )


def next_edges(folder: Path) -> Edges:
    """The edges of a folder of `.next` files.

    Raises:
        DefinitionError: a file is wrong, a `Next` has no file of its own, or a fan-out has no fan-in.
    """
    where = f"definitions/{folder.name}"
    edges: dict[str, Edge] = {}
    for path in sorted(folder.glob("*.next")):
        edge = Edge.load(path, f"{where}/{path.name}")
        if edge.name != path.stem:
            raise DefinitionError(f'{where}/{path.name}: "Name" is {edge.name!r}, but the file is that of {path.stem!r}')
        edges[edge.name] = edge
    if not edges:
        raise DefinitionError(f"{where}: no .next file")
    for edge in edges.values():
        for field, target in (("Next", edge.next), ("FanIn", edge.fan_in)):
            if target is not None and target not in edges:
                raise DefinitionError(f'{where}/{edge.name}.next: "{field}" is {target!r}, but there is no {target}.next')
        if edge.kind == "Map":
            branch = edges[str(edge.next)]
            if branch.kind == "Map":
                raise DefinitionError(f"{where}/{branch.name}.next: a fan-out within the fan-out of {edge.name} is not supported")
            if branch.kind != "Fan-in":
                raise DefinitionError(
                    f'{where}/{edge.name}.next: fans out to {edge.next!r}, whose "Edge" is {branch.kind!r}; it must be "Fan-in"'
                )
            if branch.next != edge.fan_in:
                raise DefinitionError(
                    f'{where}/{edge.name}.next: "FanIn" is {edge.fan_in!r}, but {branch.name} fans in to {branch.next!r}'
                )
        if edge.kind == "Fan-in" and not any(other.kind == "Map" and other.next == edge.name for other in edges.values()):
            raise DefinitionError(f"{where}/{edge.name}.next: fans in, but nothing fans out to {edge.name}")
    return {(edge.name, edge.next, edge.kind) for edge in edges.values() if edge.next is not None and edge.kind is not None}


def read_asl(path: Path) -> dict[str, Any]:
    """Read the state machine's template.

    Raises:
        DefinitionError: it is no JSON object.
    """
    try:
        definition = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DefinitionError(f"definitions/sfn/{path.name}: can't be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise DefinitionError(f"definitions/sfn/{path.name}: no JSON: {error}") from None
    if not isinstance(definition, dict):
        raise DefinitionError(f"definitions/sfn/{path.name}: must be a JSON object")
    return definition


def asl_edges(definition: dict[str, Any]) -> Edges:
    """The edges that a state machine describes along its path without failures.

    Raises:
        DefinitionError: a state that is named isn't there or lacks something, or the path doesn't end.
    """
    try:
        return _follow(definition["States"], definition["StartAt"])
    except (KeyError, TypeError, AttributeError) as error:
        told = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise DefinitionError(f"definitions/sfn: not a state machine: {told}") from None


def _follow(states: dict[str, Any], name: str | None) -> Edges:
    edges: Edges = set()
    before, seen = "unum_map", set()
    fan_in_from: str | None = None
    while name is not None:
        if name not in states or name in seen:
            raise DefinitionError(f"definitions/sfn: state {name!r} is {'not there' if name not in states else 'in a loop'}")
        seen.add(name)
        state = states[name]
        if state["Type"] == "Map":
            branch = state["ItemProcessor"]["StartAt"]
            edges.add((before, branch, "Map"))
            fan_in_from = branch
        elif state["Type"] == "Task":
            if fan_in_from is not None:
                edges.add((fan_in_from, name, "Fan-in"))
            elif len(seen) > 1:
                edges.add((before, name, "Scalar"))
            fan_in_from, before = None, name
        name = state.get("Next")
    return edges


def render_asl(definition: dict[str, Any], mode: str) -> dict[str, Any]:
    """The definition for a Map mode, `INLINE` (as written) or `DISTRIBUTED`; ARNs stay `${...}` for Terraform.

    A Distributed Map runs each item as an execution of its own: no limit of 40 at once or of 25,000 events. The input's items are
    read from S3, where the client puts them, so that 256 KiB don't bound them either; the execution's input is then
    `{"size": number of items}`.
    """
    rendered: dict[str, Any] = json.loads(json.dumps(definition))
    if mode == "DISTRIBUTED":
        for state in rendered["States"].values():
            if state["Type"] == "Map":
                state["ItemProcessor"]["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
        first = rendered["States"][rendered["StartAt"]]
        del first["ItemsPath"]
        first["ItemReader"] = {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {
                "Bucket": "${returns_bucket}",
                "Key.$": "States.Format('{}/unum_map.input/1.json', $$.Execution.Name)",
            },
        }
        first["ItemSelector"]["Fan-out"]["Size.$"] = "$.size"
    return rendered
