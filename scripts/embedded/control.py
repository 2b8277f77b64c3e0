"""up, status and down: what they print, and in which order they do things."""

import json
import shutil
import time
from dataclasses import asdict

from scripts.embedded import environment, launch, process, state
from scripts.embedded.deployed import deployed
from scripts.embedded.errors import EmbeddedError, PortTakenError
from scripts.only_one import only_one
from scripts.paths import Embedded

NOT_RUNNING = 3
_WHAT = "the embedded AWS"
_KEEPING_SECONDS = 60.0
_INSTALLING = "embedded AWS: installing the emulator (once; again only when requirements/embedded.txt changes)"


def up(paths: Embedded, port: int | None, settings: state.Settings) -> int:
    """Start the emulator unless it runs; print the endpoint. A second call changes nothing and returns 0, too.

    Raises EmbeddedError (exit 1) or PortTakenError (exit 2); then, and when interrupted, nothing of it is left.
    """
    with only_one(paths.lock, _WHAT):
        running = _running(paths)
        if running is not None:
            if port not in (None, running.port):
                raise PortTakenError(f"it runs already, on port {running.port}; stop it first to have it on {port}")
            print(f"embedded AWS: already running at {running.endpoint_url} (pid {running.pid})")
            if settings.auth != running.auth:
                print(
                    f"embedded AWS: note: it runs with IAM enforcement {'on' if running.auth else 'off'}; "
                    "stop it first to change that"
                )
            return 0
        with launch.listening_socket(port) as listener:
            environment.prepare(paths.venv, paths.requirements, _INSTALLING)
            started = launch.start(paths, listener, settings)
    log = paths.log.relative_to(paths.root) if paths.log.is_relative_to(paths.root) else paths.log
    iam = f"IAM enforcement {'on' if settings.auth else 'off'}"
    print(f"embedded AWS: ready at {started.endpoint_url} (pid {started.pid}, {iam}, log {log})")
    return 0


def restart(paths: Embedded) -> int:
    """End the emulator and its workers, and start it on the same port with what it held: deployments, objects, items.

    What was under way is lost: invocations, events in queues. Executions that ran have failed then, and can be redriven.

    Raises EmbeddedError when it doesn't run, or was started to keep nothing.
    """
    with only_one(paths.lock, _WHAT):
        known = state.read(paths.state)
        if known is None or not known.alive():
            raise EmbeddedError("it does not run, so there is nothing to restart; start it with `up --keep-state`")
        if not known.keeps:
            raise EmbeddedError("it keeps nothing; stop it, and start it with `up --keep-state`")
        process.end_group(known.pid, grace_seconds=_KEEPING_SECONDS)
        with launch.listening_socket(known.port) as listener:
            started = launch.start(paths, listener, known)
    print(f"embedded AWS: restarted at {started.endpoint_url} (pid {started.pid}), with what it held")
    return 0


def down(paths: Embedded) -> int:
    """End the emulator and its workers and remove what they held; log.txt stays. Nothing running: also fine."""
    with only_one(paths.lock, _WHAT):
        known = state.read(paths.state)
        if known is not None and known.alive():
            process.end_group(known.pid)
            print(f"embedded AWS: stopped (pid {known.pid})")
        elif known is not None and process.end_orphans(known.pid, str(paths.tmp)):
            print(f"embedded AWS: pid {known.pid} was gone; ended the workers that it left")
        else:
            print("embedded AWS: not running")
        _forget(paths)
    return 0


def status(paths: Embedded, *, as_json: bool, job: str = "") -> int:
    """Print what runs and return 0, or 3 when nothing does. With `job`, of deployments those of that job alone.

    As JSON: {"running": true, "endpoint_url", "pid", "port", "auth", "uptime_seconds", "deployments": [name, ...],
    "requests": {"since", "total", "counts": {"s3.PutObject": n, ...}, "functions": {name: invocations}}, ...} or
    {"running": false, "reason": str}.
    """
    known = state.read(paths.state)
    answer = known.ask("/_embedded/requests") if known is not None and known.alive() else None
    if known is None or answer is None:
        reason = "not running"
        if known is not None and known.alive():
            reason = f"pid {known.pid} runs but does not answer"
        elif known is not None:
            reason = f"not running (pid {known.pid} has gone; `down` removes what it left)"
        print(json.dumps({"running": False, "reason": reason}) if as_json else f"embedded AWS: {reason}")
        return NOT_RUNNING
    requests = {key: value for key, value in answer.items() if key != "token"}
    uptime = max(0.0, time.time() - known.started)
    deployments = deployed(paths, job)
    if as_json:
        facts = {key: value for key, value in asdict(known).items() if key != "token"}
        told = {"uptime_seconds": round(uptime, 1), "deployments": sorted(deployments), "requests": requests}
        print(json.dumps({"running": True, **facts, **told}))
        return 0
    counts: dict[str, int] = requests["counts"]
    print(f"embedded AWS: running at {known.endpoint_url}")
    print(f"  pid          {known.pid}, up {_duration(uptime)}, IAM enforcement {'on' if known.auth else 'off'}")
    print(f"  deployments  {'' if deployments else 'none'}".rstrip())
    for name, code in sorted(deployments.items()):
        print(f"    {name}{f': {code}' if code else ''}")
    print(f"  requests     {requests['total']}")
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        print(f"    {count:>9}  {name}")
    return 0


def _running(paths: Embedded) -> state.State | None:
    """The emulator of this build directory if it lives and answers; whatever else is there is cleared away."""
    known = state.read(paths.state)
    if known is not None and known.alive():
        if known.ask("/_embedded/status") is not None:
            return known
        print(f"embedded AWS: pid {known.pid} no longer answers; ending it", flush=True)
        process.end_group(known.pid)
    elif known is not None:
        process.end_orphans(known.pid, str(paths.tmp))
    _forget(paths)
    return None


def _forget(paths: Embedded) -> None:
    """Remove the state, the temporary files, and the records of what was deployed on the emulator that is gone."""
    paths.state.unlink(missing_ok=True)
    for directory in (paths.tmp, paths.deployments, paths.terraform):
        shutil.rmtree(directory, ignore_errors=True)
        if directory.exists():  # a dying worker wrote while we removed
            time.sleep(0.2)
            shutil.rmtree(directory)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
