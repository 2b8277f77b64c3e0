"""The manifest, build/{orchestration}/workflow.json: what Terraform, the client and the comparison know of a workflow::

    {"name": "wordcount", "input": "chunks", "functions": [{"Name": "mapper", ..., "Needs": {"emits": true, ...}}, ...],
     "job": {"name": "top-urls", "folder": "samples/jobs/top_urls"}}

`functions` stand in the order of the flow; each has the fields of its `.next`, and what its needs.json says, with
`"user_code": true` where a job's code belongs. `input` is `chunks` where the client cuts text for the first function, and
`document` where it passes a JSON document on as it is. `job` is left out for the code that the functions have of their own.
"""

import json

from runtime.orchestration.workflow.place import Place
from scripts.package.workflow.model import Workflow

NAME = "workflow.json"


def manifest(workflow: Workflow, places: list[Place], job: dict[str, str] | None = None) -> bytes:
    """The manifest of a workflow for an orchestration, given the places that its functions have there."""
    needs = {step.function: step.needs | ({"user_code": True} if step.user_code else {}) for step in workflow.steps}
    document = {
        "name": workflow.name,
        "input": workflow.steps[0].needs.get("input", "document"),
        **({"job": job} if job else {}),
        "functions": [place.json() | {"Needs": needs.get(place.name, {})} for place in places],
    }
    return (json.dumps(document, indent=2) + "\n").encode()
