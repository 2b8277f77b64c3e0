"""What Terraform's workspaces say of the deployments on an account."""

import json
import os
from collections.abc import Iterator
from typing import Any

from scripts import children, paths
from scripts.deploy import terraform


def deployments() -> Iterator[tuple[str, Any]]:
    """The name of each workspace with a deployment, and its output `deployment`.

    Raises:
        PrerequisiteError: there is no Terraform.
        TerraformError: it failed.
    """
    if not (paths.TERRAFORM / ".terraform").exists() and "TF_DATA_DIR" not in os.environ:
        return  # never initialised: nothing was ever deployed from here
    environment = children.for_terraform() | {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}
    terraform.drop_missing_cli_config(environment)
    path = terraform.locate(environment)
    for workspace in terraform.names(terraform.answer(path, environment, "workspace", "list")):
        told = terraform.answer(path, environment | {"TF_WORKSPACE": workspace}, "output", "-json")
        outputs = json.loads(told or "{}")
        if "deployment" in outputs:
            yield workspace, outputs["deployment"]["value"]
