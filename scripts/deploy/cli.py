"""The command line: reads it, runs one of apply, plan, destroy and check, and turns errors into one message and an exit code."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from scripts import paths
from scripts.deploy import account, code, targets, terraform
from scripts.deploy.choice import DEFAULT_PREFIX, DEFAULT_REGION, Choice, choose
from scripts.deploy.current import Applied, Inputs
from scripts.deploy.errors import DeployError, PrerequisiteError, TerraformError
from scripts.deploy.targets import EmbeddedTarget, Target
from scripts.deploy.terraform import Program
from scripts.files import write_whole
from scripts.only_one import LockedError, only_one
from scripts.orchestrations import ORCHESTRATIONS

# Exit codes of `terraform plan -detailed-exitcode`, and of `plan` here.
_NOTHING_CHANGED = 0
_CHANGES_PLANNED = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments` (the process's own by default) and give back the exit code.

    0 done; 1 Terraform failed; 2 something is missing or named wrongly; 130 interrupted. `plan` means something else by 2,
    that there is something to change, and gives 1 for every error.
    """
    options = _parser().parse_args(arguments)
    try:
        options.var += targets.split_variables(options.vars)
        targets.check_variables(options.var)
        return _run(options)
    except (DeployError, LockedError) as error:
        print(f"error: {error}", file=sys.stderr)
        code = error.exit_code if isinstance(error, DeployError) else PrerequisiteError.exit_code
        return 1 if options.command == "plan" and code == _CHANGES_PLANNED else code
    except KeyboardInterrupt:
        print("Interrupted before Terraform had begun.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.deploy", description="Deploy an orchestration with Terraform.")
    parser.add_argument("command", choices=["apply", "plan", "destroy", "check"])
    parser.add_argument("--target", choices=["embedded", "aws"], default="embedded", help="default: %(default)s")
    parser.add_argument("--orchestration", choices=ORCHESTRATIONS, default=ORCHESTRATIONS[0], help="default: %(default)s")
    parser.add_argument(
        "--prefix", metavar="NAME", help=f"first part of every name; default: the job's name, or {DEFAULT_PREFIX}"
    )
    parser.add_argument("--region", metavar="NAME", help=f"default: {DEFAULT_REGION}")
    parser.add_argument(
        "--job", default="", metavar="FOLDER", help="a job's folder, or its name; default: the user code in functions/"
    )
    parser.add_argument("--var", action="append", default=[], metavar="NAME=VALUE", help="a variable of terraform/variables.tf")
    parser.add_argument(
        "--vars", default="", metavar="TEXT", help="several of them, separated by spaces, values quoted as in a shell"
    )
    parser.add_argument("--unless-current", action="store_true", help="apply nothing if nothing has changed since (embedded)")
    parser.add_argument("--whole", action="store_true", help="let Terraform look at everything, also if only code has changed")
    parser.add_argument("--yes", action="store_true", help="change an account without asking (target aws)")
    return parser


def _run(options: argparse.Namespace) -> int:
    if options.command == "check":
        return _check()
    choice = choose(options.orchestration, options.prefix, options.region, options.job)
    return _on_aws(options, choice) if options.target == "aws" else _on_embedded(options, choice)


def _on_embedded(options: argparse.Namespace, choice: Choice) -> int:
    """Run the command on the embedded AWS: nothing to ask, Terraform's output condensed, state and logs below build/."""
    try:
        target = targets.embedded(choice, options.var)
    except PrerequisiteError:
        if options.command != "destroy":
            raise
        _forget(targets.embedded(choice, options.var, running=False))
        print("The embedded AWS isn't running, and all that was in it is gone: nothing to destroy.")
        return 0
    if options.command != "destroy":
        targets.check_packages(target, options.orchestration)
    current = target.record.is_file() and _applied(target).is_current(_state(target))
    if options.command == "apply" and options.unless_current and current:
        print(f"Nothing has changed since {choice.name} was deployed.")
        return 0
    with only_one(target.logs / "lock", f"deployment {choice.name}"):
        if options.command == "apply" and not options.whole and _update_code(target):
            return 0
        program = terraform.prepare(target)
        return {"apply": _apply, "plan": _plan, "destroy": _destroy}[options.command](program, target)


def _update_code(target: EmbeddedTarget) -> bool:
    """Update the code of functions where nothing else has changed; whether that was so, and done."""

    def write(state: str) -> None:
        write_whole(target.state, [state.encode()], lasting=True)

    applied = _applied(target)
    inputs = applied.inputs()
    functions = applied.changed_code(_state(target)) if target.record.is_file() else []
    record = code.update_alone(applied, target.choice, functions, _state(target), write)
    if record is not None:
        _note(target, record, inputs)
    return record is not None


def _applied(target: EmbeddedTarget) -> Applied:
    return Applied.of(target, target.choice, target.logs)


def _state(target: EmbeddedTarget) -> str:
    """Terraform's state; empty if there is none."""
    return target.state.read_text(encoding="utf-8") if target.state.is_file() else ""


def _note(target: EmbeddedTarget, record: dict[str, Any], inputs: Inputs) -> None:
    """Write the record that the client reads, and what the deployment was made of."""
    write_whole(target.record, [json.dumps(record, indent=2, sort_keys=True).encode(), b"\n"])
    _applied(target).note(inputs, _state(target))


def _apply(program: Program, target: EmbeddedTarget) -> int:
    """Make or update the deployment and write the record that the client reads."""
    started, inputs = time.monotonic(), _applied(target).inputs()
    print(f"Deploying {target.choice.name} onto the embedded AWS", file=sys.stderr, flush=True)
    _tell_left_out(_applied(target), inputs)
    _applied(target).forget()
    _, outputs = _terraform(program, target, "apply", "-auto-approve")
    _note(target, outputs["deployment"], inputs)
    print(f"Deployed {target.choice.name} in {time.monotonic() - started:.0f} s.")
    return 0


def _tell_left_out(applied: Applied, inputs: Inputs) -> None:
    """Say which variables an apply takes back."""
    if names := ", ".join(applied.left_out(inputs)):
        print(
            f"It was deployed with {names}, which is not given any more: the default holds again (VARS keeps it).",
            file=sys.stderr,
        )


def _plan(program: Program, target: EmbeddedTarget) -> int:
    """Say what apply would change; 0 when that is nothing, 2 otherwise."""
    exit_code, _ = _terraform(program, target, "plan", "-detailed-exitcode")
    return exit_code


def _destroy(program: Program, target: EmbeddedTarget) -> int:
    """Remove the deployment, its record and its state."""
    if target.state.is_file():
        print(f"Destroying {target.choice.name} on the embedded AWS", file=sys.stderr, flush=True)
        _terraform(program, target, "destroy", "-auto-approve")
    _forget(target)
    print(f"Destroyed {target.choice.name}.")
    return 0


def _terraform(program: Program, target: EmbeddedTarget, command: str, option: str) -> tuple[int, dict[str, Any]]:
    """Run a command of Terraform; its exit code, 0 or a plan's 2, and the outputs by name.

    Raises TerraformError with Terraform's own words.
    """
    log = target.logs / f"{command}.log"
    arguments = [command, "-json", "-input=false", f"-state={target.state}", option, *terraform.variables(target)]
    code, progress = terraform.run(program, target, arguments, log)
    if code not in (_NOTHING_CHANGED, _CHANGES_PLANNED):
        raise TerraformError(_failure(command, progress.errors, code, log))
    return code, progress.outputs


def _failure(command: str, errors: list[str], code: int, log: Path) -> str:
    last_lines = "\n".join(log.read_text(encoding="utf-8").splitlines()[-15:])
    words = "\n\n".join(dict.fromkeys(errors)) or last_lines or f"exit code {code}"
    return f"terraform {command} failed:\n\n{words}\n\nAll of its output: {log}"


def _forget(target: EmbeddedTarget) -> None:
    """Delete record and state of a deployment that is gone; what was installed for Terraform stays."""
    _applied(target).forget()
    for path in (target.record, target.state, target.state.with_name(target.state.name + ".backup")):
        path.unlink(missing_ok=True)


def _on_aws(options: argparse.Namespace, choice: Choice) -> int:
    """Run the command on an account, in the deployment's workspace, with Terraform's own output and its own question."""
    target = targets.aws(choice, options.var)
    if options.command != "destroy":
        targets.check_packages(target, options.orchestration)
    asks = options.command != "plan" and not options.yes
    if asks and (sys.stdin is None or not sys.stdin.isatty()):
        raise PrerequisiteError(f"There is nobody to ask: {options.command} on an account needs --yes or a terminal.")
    with only_one(paths.BUILD / "deploy.lock", "deployments on an account"):
        return _in_workspace(options, target, choice, asks=asks)


def _in_workspace(options: argparse.Namespace, target: Target, choice: Choice, *, asks: bool) -> int:
    """All of them share what says which workspace is selected, so another one must not select its own meanwhile."""
    program = terraform.prepare(target)
    _enter(program, target, choice, options.command)
    applied = Applied.of(target, choice, paths.BUILD / "aws" / choice.name)
    if options.command == "plan":
        return terraform.run_in_terminal(
            program, target, ["plan", "-input=false", "-detailed-exitcode", *terraform.variables(target)]
        )
    inputs = applied.inputs() if options.command == "apply" else {}
    if options.command == "apply" and not options.whole:
        state = terraform.state(program, target)
        functions = applied.changed_code(state)
        if functions and asks and not _agreed(functions, choice):
            return 1
        if code.update_alone(applied, choice, functions, state, partial(terraform.push_state, program, target)) is not None:
            applied.note(inputs, terraform.state(program, target))
            return 0
        _tell_left_out(applied, inputs)
    applied.forget()
    flags = [] if asks else ["-input=false", "-auto-approve"]
    status = terraform.run_in_terminal(program, target, [options.command, *flags, *terraform.variables(target)])
    if status == 0 and options.command == "apply":
        applied.note(inputs, terraform.state(program, target))
    return status


def _agreed(functions: list[str], choice: Choice) -> bool:
    """Ask as Terraform does."""
    print(f"Only the code of {', '.join(functions)} of {choice.name} has changed, and is updated without Terraform.")
    return input("Only 'yes' will be accepted to approve: ").strip() == "yes"


def _enter(program: Program, target: Target, choice: Choice, command: str) -> None:
    """Go to the workspace of a deployment, if the credentials are for its account.

    Raises PrerequisiteError when they are not, when there is nothing to destroy, and when what an earlier version has deployed is
    in the way: that version kept a state for each orchestration, and gave buckets and roles other names.
    """
    workspaces = terraform.workspaces(program, target)
    if command == "destroy" and choice.name not in workspaces:
        others = ", ".join(name for name in workspaces if name != "default") or "none"
        raise PrerequisiteError(f"There is no deployment {choice.name} to destroy. Workspaces with deployments: {others}.")
    if choice.orchestration in workspaces:
        terraform.select_workspace(program, target, choice.orchestration)
        if account.read(terraform.state(program, target)).resources:
            raise PrerequisiteError(
                f"Workspace {choice.orchestration} holds a deployment of an earlier version of this project, whose names are "
                "in the way. Destroy it with that version first."
            )
    terraform.select_workspace(program, target, choice.name)
    account.check(account.read(terraform.state(program, target)), choice, target.environment)


def _check() -> int:
    """Run `terraform validate` and `terraform test`, which plan with a mocked provider: no account, no emulator.

    Terraform validates each test when it runs that; doing so for all of them before takes ten seconds.
    """
    target = targets.checks()
    program = terraform.prepare(target)
    for arguments in (["validate", "-no-tests", "-no-color"], ["test", "-no-color", *terraform.variables(target)]):
        if terraform.run_in_terminal(program, target, arguments) != 0:
            raise TerraformError(f"terraform {arguments[0]} failed.")
    return 0
