"""sfn on the embedded AWS: an execution whose Map fails by itself is recorded as well, and can be cleaned up."""

import json
import uuid

from tests.cloud import Cloud
from tests.embedded.emulator import until


def fail_by_itself(cloud: Cloud) -> str:
    """A run that its client claimed, and whose Map finds nothing to map over: no state of its execution can say so."""
    run, deployment, s3 = f"unmapped-{uuid.uuid4().hex[:8]}", cloud.deployment("sfn"), cloud.client("s3")
    claim = {
        "run": run,
        "orchestration": "sfn",
        "chunks": 1,
        "num_reducer": None,
        "destination": deployment["buckets"]["shuffle"],
    }
    s3.put_object(Bucket=deployment["buckets"]["results"], Key=f"{run}/run.json", Body=json.dumps(claim).encode())
    cloud.client("stepfunctions").start_execution(
        stateMachineArn=deployment["state_machine_arn"], name=run, input=json.dumps({"data": "no array"})
    )
    return run


def test_execution_that_fails_by_itself_is_recorded_with_its_cause(cloud: Cloud) -> None:
    run = fail_by_itself(cloud)

    until(lambda: f"{run}/failed.json" in cloud.keys("sfn", "results", f"{run}/"), 30)
    attached = cloud.invoke("sfn", "--attach", run, "--json")
    status = json.loads(cloud.command("status", run, "--json").out)
    cleaned = cloud.command("clean", run)

    assert attached.status == 1
    assert "States.Runtime" in attached.err, attached.err
    assert (status["state"], status["failure"]["function"]) == ("failed", None)
    assert cleaned.status == 0, cleaned.err
    assert cloud.keys("sfn", "results", f"{run}/") == []
