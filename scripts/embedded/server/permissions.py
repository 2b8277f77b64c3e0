"""Whether IAM lets a role, or one of AWS's services, do what ministack does in their name without asking.

Nothing is denied with AUTH off. Each denial is a sentence in AWS's words, for the caller and for the log.
"""

import functools
import logging
from typing import Any

from scripts.embedded.server.patching import module

_logger = logging.getLogger("embedded.permissions")


@functools.cache
def _iam() -> Any:
    """ministack's evaluator; all that is used here is checked."""
    module("app", "AUTH")
    module("services.iam", "_roles")
    module("services.lambda_svc", "_get_func_record_for_ref(function_ref)")
    module("core.iam_actions", "identity_denial_message(action, principal_arn, resource, explicit_deny)")
    return module(
        "core.iam_evaluator",
        """
        EvalContext, evaluate(ctx, policies, limits), evaluate_resource_policy(doc, ctx, service),
        _gather_role_policies(role_name, account_id), _permissions_boundary(store, name, account_id)
        """,
    )


def check() -> None:
    """Raises RepairError when ministack's evaluator is not as expected: at start, not at the first question."""
    _iam()


def role_denial(role: str, session: str, action: str, resource: str) -> str | None:
    """Why the role, assumed under the session name, may not do the action on the resource; None if it may."""
    iam = _iam()
    if not module("app").AUTH:
        return None
    account, name = (role.split(":") + [""] * 5)[4], role.rpartition("/")[2]
    principal = f"arn:aws:sts::{account}:assumed-role/{name}/{session}"
    context = iam.EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=(resource.split(":") + [""] * 4)[3],
    )
    limits = iam._permissions_boundary(module("services.iam")._roles, name, account)
    result = iam.evaluate(context, iam._gather_role_policies(name, account), *limits)
    if result.decision == "Allow":
        return None
    explicit = result.decision == "Deny"
    return _told(module("core.iam_actions").identity_denial_message(action, principal, resource, explicit))


def invocation_denial(function: str, service: str, source: str, account: str) -> str | None:
    """Why a function's resource policy does not let a service invoke it for `source`, an ARN; None if it does."""
    iam = _iam()
    if not module("app").AUTH:
        return None
    context = iam.EvalContext(
        principal_arn=service,
        principal_type="Service",
        principal_account=account,
        action="lambda:InvokeFunction",
        resource_arn=function,
        region=(function.split(":") + [""] * 4)[3],
        service_context={"aws:sourcearn": source, "aws:sourceaccount": account},
    )
    record, _config, _name = module("services.lambda_svc")._get_func_record_for_ref(function)
    if iam.evaluate_resource_policy((record or {}).get("policy"), context, service).decision == "Allow":
        return None
    return _told(f"{service} may not invoke {function} for {source}: the function's resource policy does not allow it")


def _told(denial: str) -> str:
    _logger.error("%s", denial)
    return denial
