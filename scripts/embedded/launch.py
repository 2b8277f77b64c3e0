"""Starting the server process: its port, its clean environment, and the wait until it answers."""

import os
import secrets
import shutil
import socket
import subprocess
import time
from contextlib import closing
from pathlib import Path

from scripts import lambda_python
from scripts.embedded import process, state
from scripts.embedded.errors import EmbeddedError, PortTakenError
from scripts.paths import LAMBDA_PYTHON, Embedded

LOOPBACK = "127.0.0.1"
USUAL_PORT = 4566
_READY_SECONDS = 60.0
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "MAPREDUCE_EMBEDDED_WORKERS")


def listening_socket(port: int | None) -> socket.socket:
    """A socket bound to loopback: on `port`, or (None) on the usual port, or on any free one when that is taken.

    The server inherits this very socket, so nobody can take the port between the choice and the start.
    Raises PortTakenError when `port` is given and taken.
    """
    for candidate in (USUAL_PORT, 0) if port is None else (port,):
        if candidate and _somebody_listens(candidate):
            continue
        try:
            return socket.create_server((LOOPBACK, candidate), backlog=1)
        except PermissionError as error:
            if port is not None:
                raise PortTakenError(f"port {port} cannot be used: {error.strerror}; try one above 1023") from error
        except OSError:  # it was taken meanwhile
            pass
    raise PortTakenError(f"port {port} is taken; stop what listens there, or leave --port out to get a free one")


def _somebody_listens(port: int) -> bool:
    """Binding alone is no proof on BSD: there, a wildcard listener and a loopback one can share a port."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((LOOPBACK, port)) == 0


def start(paths: Embedded, listener: socket.socket, settings: state.Settings) -> state.State:
    """Start the server on `listener`, wait until it answers, write state.json and return what is in it.

    One that `keeps` reads what an earlier one kept in the temporary directory, and keeps there what it has when it ends.

    Raises EmbeddedError, with the end of the log, when it dies or is not ready within 60 s; whatever interrupts this,
    the processes are ended and the temporary directory is removed before the exception leaves.
    """
    port = int(listener.getsockname()[1])
    token = secrets.token_hex(16)
    (paths.tmp / "home").mkdir(parents=True, exist_ok=True)
    python = lambda_python.prepare(paths.build)
    watched, alive = os.pipe()
    options = ("--socket", str(listener.fileno()), "--guard", str(watched), "--token", token)
    server: subprocess.Popen[bytes] | None = None
    try:
        with paths.log.open("wb") as log:
            server = subprocess.Popen(
                [str(paths.python), "-m", "scripts.embedded.server", *options],
                cwd=paths.root,
                env=_variables(paths.tmp, port, settings, python),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(listener.fileno(), watched),
                start_new_session=True,
            )
        os.close(watched)
        watched = -1
        started = state.State(
            pid=server.pid,
            port=port,
            endpoint_url=f"http://{LOOPBACK}:{port}",
            started=time.time(),
            log=str(paths.log),
            tmpdir=str(paths.tmp),
            token=token,
            auth=settings.auth,
            lambda_endpoint=settings.lambda_endpoint,
            keeps=settings.keeps,
        )
        _wait_until_ready(server, started, paths.log)
        started.write(paths.state)
        os.write(alive, b".")
        return started
    except BaseException:
        if server is not None:
            process.end_group(server.pid, grace_seconds=1.0)
        paths.state.unlink(missing_ok=True)
        shutil.rmtree(paths.tmp, ignore_errors=True)
        raise
    finally:
        for descriptor in (watched, alive):
            if descriptor >= 0:
                os.close(descriptor)


def _wait_until_ready(server: "subprocess.Popen[bytes]", expected: state.State, log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while expected.ask("/_embedded/status", timeout_seconds=1.0) is None:
        code = server.poll()
        if code is not None:
            raise EmbeddedError(f"the server ended at once (exit code {code}):{_tail(log)}")
        if time.monotonic() >= deadline:
            raise EmbeddedError(f"the server is not ready after {_READY_SECONDS:.0f} s:{_tail(log)}")
        time.sleep(0.05)


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-12:]
    return f"\n  the last lines of {log}:\n    " + "\n    ".join(lines) if lines else f" {log} is empty"


def _variables(tmp: Path, port: int, settings: state.Settings, python: Path) -> dict[str, str]:
    """The server's whole environment. Its Lambda workers inherit it, and forget what is the server's alone.

    Built from nothing rather than copied: the caller's own AWS profile, proxies and Python settings have no business
    in a Lambda function, and HOME points away from the real ~/.aws.
    """
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {
        "LANG": "C.UTF-8",
        **kept,
        **({"AWS_ENDPOINT_URL": settings.lambda_endpoint} if settings.lambda_endpoint else {}),
        LAMBDA_PYTHON: str(python),
        "HOME": str(tmp / "home"),
        "TMPDIR": str(tmp),
        **({"PERSIST_STATE": "1", "S3_PERSIST": "1"} if settings.keeps else {}),
        "STATE_DIR": str(tmp / "state"),
        "S3_DATA_DIR": str(tmp / "s3"),
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "AUTH": "true" if settings.auth else "false",
        "LOG_LEVEL": "WARNING",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.2",
        "LAMBDA_WARM_TTL_SECONDS": "60",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONNOUSERSITE": "1",
        "TZ": "UTC",
    }
