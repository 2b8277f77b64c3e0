"""Which deployment to start the run on.

The embedded AWS, if it is up, has a record file for each deployment; an account's are Terraform's output `deployment`, one
workspace each. Both are the same object::

    {"orchestration": "sfn", "prefix": "wordcount", "region": "us-east-1", "account_id": "000000000000",
     "endpoint_url": null or "http://127.0.0.1:4566", "functions": {function: its Lambda's name, ...},
     "buckets": {"shuffle": ..., "results": ..., ...}, "tables": {role: name, ...}, "state_machine_arn": null or ARN,
     "shuffle": "objects" or "packed", "sfn_map_mode": null or "INLINE" or "DISTRIBUTED", "log_groups": {function: name},
     "timeout_seconds": 300, "timeouts": {function: seconds}, "memory_mb": {function: MB},
     "concurrency": {function: most invocations at once, where the deployment bounds them}, "sweep_minutes": 5,
     "return_store": null or "s3" or "dynamodb" or "redis", "redis_url": null or URL,
     "input_buckets": names of buckets that runs may read, "output_buckets": names of those that results may be written to,
     "sources": null or a hash of what the packages were made from,
     "job": null or {"name": ..., "folder": absolute or from the repository's root},
     "workflow": {"name": ..., "input": ..., "functions": [...]}, see `scripts.workflow`}

Which buckets and tables there are is the orchestration's and the workflow's own.
"""

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from scripts import paths
from scripts.client.errors import ClientError, NothingDeployedError
from scripts.embedded import state
from scripts.jobs import deployed as jobs
from scripts.workflow import Workflow, WorkflowError


@dataclass(frozen=True)
class Deployment:
    """One deployed orchestration."""

    orchestration: str
    prefix: str
    region: str
    account_id: str
    endpoint_url: str | None
    functions: dict[str, str]
    buckets: dict[str, str]
    state_machine_arn: str | None
    sfn_map_mode: str | None
    log_groups: dict[str, str]
    timeout_seconds: int
    workflow: Workflow
    tables: dict[str, str] = field(default_factory=dict)
    timeouts: dict[str, int] = field(default_factory=dict)
    concurrency: dict[str, int] = field(default_factory=dict)
    sweep_minutes: int = 5
    return_store: str = "s3"
    redis_url: str | None = field(default=None, repr=False)
    sources: str | None = None
    job: dict[str, str] | None = None
    shuffle: str = "objects"
    memory_mb: dict[str, int] = field(default_factory=dict)
    input_buckets: list[str] = field(default_factory=list)
    output_buckets: list[str] = field(default_factory=list)

    @classmethod
    def parse(cls, record: Any, where: str) -> "Deployment":
        """Read a record; keys that a later version adds are left alone. Raises ClientError: it is no such record."""
        required = [field.name for field in fields(cls) if field.default is MISSING and field.default_factory is MISSING]
        missing = [name for name in required if not isinstance(record, dict) or name not in record]
        roles = {} if missing else record["buckets"]
        if missing or not isinstance(roles, dict) or "results" not in roles:
            lacks = ", ".join(missing) or "a bucket for results"
            raise ClientError(f"{where} is no deployment record (it lacks {lacks}); deploy again")
        told = {field.name: record.get(field.name) for field in fields(cls)}
        try:
            told["workflow"] = Workflow.parse(record["workflow"])
        except WorkflowError as error:
            raise ClientError(f"{where} is no deployment record (its workflow: {error}); deploy again") from None
        return cls(**{name: value for name, value in told.items() if name in required or value is not None})

    def bucket(self, role: str) -> str:
        """The name of the bucket of a role. Raises ClientError: there is none."""
        return require(self.buckets.get(role), f"bucket {role}")

    def table(self, role: str) -> str:
        """The name of the table of a role. Raises ClientError: there is none."""
        return require(self.tables.get(role), f"table {role}")

    def function(self, name: str) -> str:
        """The Lambda's name of a function. Raises ClientError: there is none."""
        return require(self.functions.get(name), f"function {name}")

    def timeout_of(self, function: str) -> int:
        """Seconds that a function may run."""
        return self.timeouts.get(function, self.timeout_seconds)

    def runs(self, job: str) -> bool:
        """Whether it runs a job, given the job's folder or, where there is no such folder here, its name."""
        return jobs.runs(self.job, self.prefix, job)

    def how_to_add(self, variable: str, bucket: str) -> str:
        """The command that deploys this again with one more bucket in a variable, and those that both of them have now."""
        named = {"ORCHESTRATION": self.orchestration, "PREFIX": self.prefix, "REGION": self.region}
        told = assigned(named | {"JOB": self.job["folder"] if self.job else None})
        lists = {"input_buckets": self.input_buckets, "output_buckets": self.output_buckets}
        lists[variable] = [*lists[variable], bucket]
        wanted = " ".join(f"{name}={json.dumps(buckets, separators=(',', ':'))}" for name, buckets in lists.items() if buckets)
        return f"{self.how_to_deploy} {told} VARS='{wanted}'"

    @property
    def options(self) -> str:
        """The client's options that name it."""
        return f"--orchestration {self.orchestration} --target {'embedded' if self.is_embedded else 'aws'}"

    @property
    def how_to_deploy(self) -> str:
        """The command that deploys where this lies; its variables are to follow."""
        return "make local-deploy" if self.is_embedded else "make deploy"

    @property
    def is_embedded(self) -> bool:
        """Whether it lies on the embedded AWS."""
        return self.endpoint_url is not None

    @property
    def name(self) -> str:
        """What its state is called by, such as wordcount-sfn-us-east-1."""
        return f"{self.prefix}-{self.orchestration}-{self.region}"

    @property
    def code(self) -> str | None:
        """What of the user's code it runs, for messages; None for the user code in functions/."""
        return jobs.code(self.job, self.sources)

    def __str__(self) -> str:
        return f"{self.prefix}-{self.orchestration} on {self.endpoint_url or f'account {self.account_id}, {self.region}'}"


def require(value: str | None, what: str) -> str:
    """A part of the deployment record that an orchestration can't do without. Raises ClientError: it is missing."""
    if not value:
        raise ClientError(f"the deployment record has no {what}; deploy again")
    return value


def assigned(variables: Mapping[str, str | None]) -> str:
    """`ORCHESTRATION=sfn PREFIX=mine`, for make: those that have a value."""
    return " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items() if value)


def find_deployments(
    target: str = "auto",
    orchestration: str | None = None,
    prefix: str | None = None,
    region: str | None = None,
    job: str | None = None,
) -> list[Deployment]:
    """All deployments of the target ("embedded", "aws", or "auto": the embedded AWS if it is up), or those of what is given.

    Raises:
        NothingDeployedError: there is none.
        ClientError: a record can't be read, or Terraform fails.
    """
    up = _embedded_is_up()
    asked = assigned({"ORCHESTRATION": orchestration or "sfn", "PREFIX": prefix, "REGION": region, "JOB": job})
    if target == "embedded" and not up:
        raise NothingDeployedError(f"the embedded AWS is not running; deploy with: make local-up local-deploy {asked}")
    if up and target != "aws":
        found, how, where = list(_embedded()), "make local-deploy", "the embedded AWS"
    else:
        found, how, where = list(_on_account()), "make deploy", "an account (Terraform's workspaces in terraform/)"
        if target == "auto":
            how, where = "make local-up local-deploy", f"{where}, and the embedded AWS is not running"
    wanted = {"orchestration": orchestration, "prefix": prefix, "region": region}
    chosen = [
        deployment
        for deployment in found
        if all(value in (None, getattr(deployment, name)) for name, value in wanted.items()) and (not job or deployment.runs(job))
    ]
    if chosen:
        return chosen
    others = ", ".join(sorted(f"{each.name} ({each.code})" if job and each.code else each.name for each in found))
    if others:
        told = [orchestration, prefix and f"of prefix {prefix}", region and f"in {region}", job and f"job {job}"]
        raise NothingDeployedError(
            f"{' '.join(filter(None, told))} is not deployed on {where}, but {others} is; deploy with: {how} {asked}"
        )
    raise NothingDeployedError(f"nothing is deployed on {where}; deploy with: {how} {asked}")


def _embedded_is_up() -> bool:
    found = state.read(paths.Embedded().state)
    return found is not None and found.alive()


def _embedded() -> Iterator[Deployment]:
    for path in sorted(paths.Embedded().deployments.glob("*.json")):
        try:
            record = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise ClientError(f"{path} can't be read as JSON: {error}; deploy again") from error
        yield Deployment.parse(record, str(path))


def _on_account() -> Iterator[Deployment]:
    from scripts.deploy import outputs
    from scripts.deploy.errors import PrerequisiteError, TerraformError

    try:
        for workspace, record in outputs.deployments():
            yield Deployment.parse(record, f"output deployment of Terraform workspace {workspace}")
    except PrerequisiteError as error:
        raise NothingDeployedError(
            f"an account's deployments can't be looked up: {error} Or use the embedded AWS: make local-up local-deploy"
        ) from None
    except TerraformError as error:
        raise ClientError(str(error)) from None
