"""Whether what is deployed was made from what is here: else an edit without a deployment gives yesterday's result."""

from scripts.client.deployment import Deployment, assigned
from scripts.deploy.choice import DEFAULT_PREFIX, DEFAULT_REGION
from scripts.jobs.fields import JobError
from scripts.package import sources
from scripts.package.workflow.model import WorkflowError

_DEFAULTS = {"PREFIX": DEFAULT_PREFIX, "REGION": DEFAULT_REGION}


def stale(deployment: Deployment) -> str | None:
    """A note if the deployment's code is not the code here, be it edited since or deployed from another checkout; else None."""
    if deployment.sources is None:
        return None  # an older version's record
    source = sources.source_of(deployment.sources)
    try:
        if sources.digest(deployment.orchestration, source) == deployment.sources:
            return None
    except (JobError, OSError, WorkflowError) as error:
        return f"whether {deployment} runs the code that is here can't be told: {error}"
    names = {"ORCHESTRATION": deployment.orchestration, "PREFIX": deployment.prefix, "REGION": deployment.region}
    defaults = _DEFAULTS | ({"PREFIX": source.read_job().prefix} if source.job else {})
    asked = assigned({name: value for name, value in (names | source.names()).items() if value != defaults.get(name)})
    here = "the job's folder and functions/" if source.job else "functions/"
    return (
        f"{deployment} runs other code than {here}, runtime/, definitions/ and requirements/ here would make, so this run does, "
        f"too; deploy what is here with: {deployment.how_to_deploy} {asked}"
    )
