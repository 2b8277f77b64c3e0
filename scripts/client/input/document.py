"""INPUT of a workflow that takes a JSON document as it is.

Where the workflow begins with a fan-out, the document is an array, or an object whose `data` is one; each of its elements gets a
branch. Else the whole document, whatever it is, goes to the first function.
"""

import os
from typing import Any

from runtime.mapreduce.ranged.opening import Form
from scripts.client.errors import InputError
from scripts.client.input.chunks import kind_of, load_json
from scripts.client.input.local import SHOWN_STDIN, STDIN, Local
from scripts.client.input.reading import Input
from scripts.workflow import Workflow


def read_document(name: str, workflow: Workflow) -> Input[Any]:
    """Read all of INPUT, a file or `-`, once; its elements are what the workflow's first function is given.

    Raises:
        InputError: it can't be read, is not JSON, or no array where one is needed.
    """
    if os.path.isdir(name):
        raise InputError(f"{name} is a folder; workflow {workflow.name} takes one JSON document")
    local = Local([name])
    text = "".join(next(local.contents(Form())).blocks)
    shown = SHOWN_STDIN if name == STDIN else name
    wanted = (
        f'{{"data": [...]}}, with an element for each {workflow.first.name}' if workflow.begins_with_fan_out else "any JSON value"
    )
    value = load_json(shown, text, wanted)
    if not workflow.begins_with_fan_out:
        return Input([value], local.notices)
    elements = value.get("data") if isinstance(value, dict) else value
    if not isinstance(elements, list):
        raise InputError(f"{shown}: the document is {kind_of(value)}; expected {wanted}")
    return Input(elements, local.notices)
