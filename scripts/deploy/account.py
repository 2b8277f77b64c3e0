"""Whether a state and the credentials at hand belong to the same account.

Names repeat from account to account. With the wrong credentials, Terraform would look for everything in the other account,
make what is missing there, or remove what has the same name. terraform/place.tf refuses that, too; here it is told in one
sentence, and before Terraform spends its seconds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from scripts.deploy.choice import Choice
from scripts.deploy.errors import PrerequisiteError, TerraformError


@dataclass(frozen=True)
class Held:
    """What a state holds: how many resources, and the account that its first apply wrote down (None before that)."""

    resources: int
    account_id: str | None


def read(state: str) -> Held:
    """Read what `terraform state pull` prints; nothing at all for a state that nobody has written yet.

    Raises TerraformError when it is no state.
    """
    try:
        resources: list[dict[str, Any]] = json.loads(state or "{}").get("resources", [])
        managed = [resource for resource in resources if resource["mode"] == "managed" and resource["instances"]]
        places = [resource for resource in managed if (resource["type"], resource["name"]) == ("terraform_data", "place")]
        accounts = [str(place["instances"][0]["attributes"]["input"]["value"]["account_id"]) for place in places]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise TerraformError(f"terraform state pull printed what can't be read as a state: {error!r}") from error
    return Held(len(managed), accounts[0] if accounts else None)


def check(held: Held, choice: Choice, environment: dict[str, str]) -> None:
    """Refuse to go on with credentials of another account than the one that the state names. Raises PrerequisiteError."""
    if held.account_id is None:
        return
    found = of_credentials(choice.region, environment)
    if found != held.account_id:
        raise PrerequisiteError(
            f"The state of {choice.name} says account {held.account_id}, and your credentials are for account {found}; nothing "
            f"was changed. Use credentials for {held.account_id}, or choose another name for a deployment in {found}: PREFIX=..."
        )


def of_credentials(region: str, environment: dict[str, str]) -> str:
    """The account of the credentials that Terraform will use: those of the environment, or the well-known ones of an emulator.

    Raises PrerequisiteError when there are none, or they are not accepted.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    endpoint = environment.get("TF_VAR_endpoint_url") or None
    key = "test" if endpoint else None
    try:
        client = boto3.Session(key, key, region_name=region).client("sts", endpoint_url=endpoint)
        return str(client.get_caller_identity()["Account"])
    except (BotoCoreError, ClientError) as error:
        raise PrerequisiteError(f"Your credentials don't tell their account: {error}") from error
