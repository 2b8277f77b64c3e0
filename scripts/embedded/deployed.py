"""What is deployed on the embedded AWS, as the deployments' records say."""

import json

from scripts.client.deployment import Deployment
from scripts.client.errors import ClientError
from scripts.paths import Embedded


def deployed(paths: Embedded, job: str = "") -> dict[str, str | None]:
    """The name of each deployment with the job that it runs, None for the user code in functions/.

    `job` leaves those of one job alone, given its folder or its name.
    """
    found: dict[str, str | None] = {}
    for file in sorted(paths.deployments.glob("*.json")):
        try:
            deployment = Deployment.parse(json.loads(file.read_bytes()), str(file))
        except (ClientError, ValueError):
            found |= {} if job else {file.stem: "its record can't be read"}
            continue
        if not job or deployment.runs(job):
            found[file.stem] = deployment.code
    return found
