"""Finds, checks, initialises and runs the `terraform` program. Arguments travel as lists, never through a shell."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from scripts import paths
from scripts.deploy import mirror
from scripts.deploy.errors import Interrupted, PrerequisiteError, TerraformError
from scripts.deploy.progress import Progress
from scripts.deploy.targets import Target
from scripts.only_one import only_one
from scripts.program import SAME_SIGNAL_SECONDS

LOWEST = (1, 9)
_WANTED = ".".join(map(str, LOWEST))
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOCK_FILE = paths.TERRAFORM / ".terraform.lock.hcl"
_NO_REGISTRY = re.compile(
    r"discovery document|query available provider packages|connect|dial tcp|no such host|timeout|timed out|TLS",
    re.I,
)


@dataclass(frozen=True)
class Program:
    """A Terraform that is new enough; `platform` is its own name for this machine, such as linux_amd64."""

    path: str
    version: str
    platform: str

    def command(self, *arguments: str) -> list[str]:
        """The whole command line for running it on this repository's configuration."""
        return [self.path, f"-chdir={paths.TERRAFORM}", *arguments]


def prepare(target: Target) -> Program:
    """Find Terraform and make it ready for the target; the first thing to do with one.

    Raises PrerequisiteError, TerraformError, and LockedError when another command does not end what it makes ready.
    """
    drop_missing_cli_config(target.environment)
    program = find(target.environment)
    with only_one(target.data_dir / "lock", "Terraform's provider and modules"):
        initialise(program, target)
    return program


def variables(target: Target) -> list[str]:
    """The target's variables as options of plan, apply, destroy and test."""
    return [f"-var={variable}" for variable in target.variables]


def find(environment: dict[str, str]) -> Program:
    """The Terraform of the search path. Raises PrerequisiteError when there is none, it doesn't run, or it is older than 1.9."""
    path = locate(environment)
    ran = subprocess.run([path, "version", "-json"], env=environment, capture_output=True, text=True, timeout=60, check=False)
    try:
        found = json.loads(ran.stdout)
        version, platform = str(found["terraform_version"]), str(found["platform"])
        parts = tuple(int(part) for part in version.split("-")[0].split(".")[:2])
    except (ValueError, KeyError) as error:
        words = (ran.stderr or ran.stdout).strip()[-500:]
        raise PrerequisiteError(f"{path} doesn't say its version: {words}") from error
    if parts < LOWEST:
        raise PrerequisiteError(f"Terraform {version} ({path}) is too old: {_WANTED} or newer is needed.")
    return Program(path, version, platform)


def locate(environment: dict[str, str]) -> str:
    """The path of the program. Raises PrerequisiteError when there is none."""
    if path := shutil.which("terraform", path=environment.get("PATH")):
        return path
    raise PrerequisiteError(f"Terraform isn't installed. Install {_WANTED} or newer and put it on the PATH.")


def drop_missing_cli_config(environment: dict[str, str]) -> None:
    """Take out a TF_CLI_CONFIG_FILE that names a missing file: Terraform warns about it at every step."""
    if not Path(environment.get("TF_CLI_CONFIG_FILE") or "/").is_file():
        environment.pop("TF_CLI_CONFIG_FILE", None)


def initialise(program: Program, target: Target) -> None:
    """Install provider and modules, unless that was done already for the same lock file and the same modules.

    Raises TerraformError when the provider comes neither from a registry nor from a mirror on this machine.
    """
    stamp = target.data_dir / "initialised"
    want = _fingerprint(program)
    installed = any((target.data_dir / "providers").glob("*/*/*/*/*/terraform-provider-*"))
    if installed and stamp.is_file() and stamp.read_text(encoding="utf-8") == want:
        return
    print("  preparing Terraform (provider and modules) ...", file=sys.stderr, flush=True)
    cache = target.environment.get("TF_PLUGIN_CACHE_DIR")
    if cache:
        Path(cache).mkdir(parents=True, exist_ok=True)
    try:
        _init(program, target.environment)
    except TerraformError as error:
        if not _NO_REGISTRY.search(str(error)):
            raise
        _init_from_mirror(program, target.environment, error)
    stamp.write_text(want, encoding="utf-8")


def run(program: Program, target: Target, arguments: Sequence[str], log: Path) -> tuple[int, Progress]:
    """Run a command that speaks JSON, show its progress and give back its exit code and what it said.

    An interrupt goes on to Terraform, which ends what it is doing and saves its state; a second one makes it stop at once.
    Raises Interrupted after that.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as file:
        progress = Progress(file)
        with (
            subprocess.Popen(
                program.command(*arguments),
                env=target.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                process_group=0,  # the terminal's Ctrl-C reaches Terraform through us, once
            ) as process,
            _forwarded_signals(process) as signals,
        ):
            for line in process.stdout or ():
                progress.line(line)
            code = process.wait()
    if signals:
        raise Interrupted("Interrupted; Terraform has stopped and saved its state. Run the same command to go on.")
    return code, progress


def run_in_terminal(program: Program, target: Target, arguments: Sequence[str]) -> int:
    """Run a command with the user's own terminal, so that Terraform asks before it changes an account.

    The terminal tells Terraform of Ctrl-C and of its end by itself. SIGTERM is for this process alone, and goes on to Terraform.
    """
    process = subprocess.Popen(program.command(*arguments), env=target.environment)

    def forward(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGTERM and process.poll() is None:
            process.send_signal(signal.SIGINT)

    with _handled_by(forward):
        return process.wait()


def select_workspace(program: Program, target: Target, name: str) -> None:
    """Go to the workspace, a new one if need be: each deployment's state is its own. Raises TerraformError."""
    answer(program.path, target.environment, "workspace", "select", "-or-create", name)


def workspaces(program: Program, target: Target) -> list[str]:
    """The names of all workspaces. Raises TerraformError."""
    return names(answer(program.path, target.environment, "workspace", "list"))


def names(listing: str) -> list[str]:
    """The names that `terraform workspace list` prints."""
    return [name for line in listing.splitlines() if (name := line.removeprefix("*").strip())]


def state(program: Program, target: Target) -> str:
    """The state of the current workspace as JSON, empty when there is none yet. Raises TerraformError."""
    return answer(program.path, target.environment, "state", "pull").strip()


def push_state(program: Program, target: Target, state: str) -> None:
    """Put a later state in place of the current workspace's. Raises TerraformError."""
    answer(program.path, target.environment, "state", "push", "-", given=state)


def answer(path: str, environment: dict[str, str], *arguments: str, given: str = "") -> str:
    """What a command of the program at this path prints, given its stdin. Raises TerraformError when it fails."""
    command = [path, f"-chdir={paths.TERRAFORM}", *arguments]
    ran = subprocess.run(command, env=environment, input=given, capture_output=True, text=True, timeout=600, check=False)
    if ran.returncode != 0:
        what = " ".join(word for word in arguments[:2] if not word.startswith("-"))
        words = ran.stderr.strip() or ran.stdout.strip() or f"exit code {ran.returncode}"
        raise TerraformError(f"terraform {what} failed:\n{words}")
    return ran.stdout


@contextmanager
def _forwarded_signals(process: subprocess.Popen[str]) -> Iterator[list[int]]:
    """While open, SIGINT, SIGTERM and SIGHUP go to the process as SIGINT; those that came are in the list.

    One that comes again at once is the same: a second SIGINT would make Terraform stop without saving its state.
    """
    came: list[int] = []
    last = float("-inf")

    def forward(number: int, frame: FrameType | None) -> None:
        nonlocal last
        now = time.monotonic()
        again, last = now - last < SAME_SIGNAL_SECONDS, now
        if again:
            return
        if not came:
            print("\n  waiting for Terraform to stop ...", file=sys.stderr, flush=True)
        came.append(number)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)

    with _handled_by(forward):
        yield came


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """While open, SIGINT, SIGTERM and SIGHUP are told to the handler, but for those that were ignored."""
    before = {number: signal.signal(number, handler) for number in _SIGNALS if signal.getsignal(number) != signal.SIG_IGN}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _init(program: Program, environment: dict[str, str]) -> None:
    """Run `terraform init`. The committed lock file stays as it is. Raises TerraformError."""
    answer(program.path, environment, "init", "-input=false", "-no-color", "-lockfile=readonly")


def _init_from_mirror(program: Program, environment: dict[str, str], failure: TerraformError) -> None:
    """Run `terraform init` with a mirror of this machine. Raises TerraformError: `failure`, with advice, when there is none."""
    provider = mirror.locked_provider(_LOCK_FILE)
    print("  no registry can be reached; looking for the provider on this machine ...", file=sys.stderr, flush=True)
    folder = mirror.find(provider, program.platform)
    if folder is None:
        raise TerraformError(
            f"{failure}\nNo copy of {provider.address} {provider.version} for {program.platform} was found on this machine "
            "either. Allow access to the registry, or make a copy with `terraform providers mirror`."
        )
    config = paths.BUILD / "terraform-mirror.rc"
    mirror.write_cli_config(config, folder)
    # A cache would be filled with a second copy of what is on this disk already.
    plain = {name: value for name, value in environment.items() if name != "TF_PLUGIN_CACHE_DIR"}
    _init(program, plain | {"TF_CLI_CONFIG_FILE": str(config)})


def _fingerprint(program: Program) -> str:
    """What an initialisation depends on: the program, the locked provider, and the modules that are called, also by tests."""
    digest = hashlib.sha256(program.version.encode())
    digest.update(_LOCK_FILE.read_bytes())
    for path in sorted(path for ending in ("tf", "hcl") for path in paths.TERRAFORM.rglob(f"*.{ending}")):
        called = re.findall(r"^\s*(?:module|source|version)\b.*", path.read_text(encoding="utf-8"), re.MULTILINE)
        digest.update("\n".join([str(path), *called]).encode())
    return digest.hexdigest()
