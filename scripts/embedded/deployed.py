"""What is deployed on the embedded AWS, as the deployments' records say."""

import json

from scripts.jobs import deployed as jobs
from scripts.paths import Embedded


def deployed(paths: Embedded, job: str = "") -> dict[str, str | None]:
    """The name of each deployment with the job that it runs, None for the user code in functions/.

    `job` leaves those of one job alone, given its folder or its name.
    """
    found: dict[str, str | None] = {}
    for file in sorted(paths.deployments.glob("*.json")):
        try:
            record = json.loads(file.read_bytes())
            told, prefix = record.get("job"), record["prefix"]
            if not job or jobs.runs(told, prefix, job):
                found[file.stem] = jobs.code(told, record.get("sources"))
        except (ValueError, TypeError, AttributeError, KeyError):
            found |= {} if job else {file.stem: "its record can't be read"}
    return found
