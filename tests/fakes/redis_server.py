"""A real redis-server for tests: the machine's own, or Debian's package unpacked without root under build/redis.

It listens on a free port of loopback, wants a password, keeps nothing on disk, and is ended by its process id. Where no server
can be had, the test fails with the reason.
"""

import fcntl
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

from redis import Redis
from redis.exceptions import RedisError

from scripts import paths

PASSWORD = "only-for-tests"
PACKAGES = ("redis-server", "redis-tools", "liblzf1", "libjemalloc2")
"""The server is a link into redis-tools; the libraries are those that few machines have already."""

_FETCH_SECONDS = 120
_START_SECONDS = 20.0


class NoRedisServerError(Exception):
    """There is no redis-server, and none could be fetched; says why."""


class RedisServer:
    """A running server; `with RedisServer(folder) as server: server.url`. With `tls`, a certificate for 127.0.0.1 is made.

    Attributes:
        url: with the password; `rediss://` with `tls`, and the certificate to trust as a parameter.
    """

    def __init__(self, folder: Path, *, tls: bool = False) -> None:
        self._folder, self._tls = folder, tls
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        scheme, trust = ("rediss", f"?ssl_ca_certs={folder / 'certificate.pem'}") if tls else ("redis", "")
        self.url = f"{scheme}://:{PASSWORD}@127.0.0.1:{self.port}/0{trust}"

    def __enter__(self) -> "RedisServer":
        program, environment = _program()
        options = [
            "--bind",
            "127.0.0.1",
            "--requirepass",
            PASSWORD,
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            str(self._folder),
        ]
        if self._tls:
            key, certificate = _certificate(self._folder)
            options += ["--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no"]
            options += ["--tls-key-file", str(key), "--tls-cert-file", str(certificate), "--tls-ca-cert-file", str(certificate)]
        else:
            options += ["--port", str(self.port)]
        log = self._folder / "redis.log"
        with log.open("wb") as output:
            self._process = subprocess.Popen([program, *options], env=environment, stdout=output, stderr=output)
        try:
            self._await_answer(log)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process and wait for it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._process = None

    def client(self) -> Redis:
        """A client of the test's own; close it."""
        return Redis.from_url(self.url)

    def _await_answer(self, log: Path) -> None:
        deadline = time.monotonic() + _START_SECONDS
        with self.client() as client:
            while True:
                try:
                    client.ping()
                    return
                except RedisError as error:
                    assert self._process is not None
                    if self._process.poll() is not None or time.monotonic() > deadline:
                        said = log.read_text(errors="replace")[-2000:]
                        raise NoRedisServerError(f"redis-server gave no answer ({error}); it said: {said}") from error
                    time.sleep(0.02)


def _program() -> tuple[str, dict[str, str]]:
    """The server's path, and the environment that it needs."""
    found = shutil.which("redis-server")
    if found:
        return found, dict(os.environ)
    folder = paths.ROOT / "build" / "redis"
    folder.mkdir(parents=True, exist_ok=True)
    server = folder / "usr" / "bin" / "redis-server"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may look at once
        if not server.exists():
            _fetch(folder)
    libraries = ":".join(str(path) for path in sorted((folder / "usr" / "lib").glob("*-linux-*")))
    return str(server), {**os.environ, "LD_LIBRARY_PATH": libraries}


def _fetch(folder: Path) -> None:
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise NoRedisServerError(
                f"redis-server is not on the PATH, and without {program} it can't be fetched; install it, e.g. brew install redis"
            )
    unpacked = folder / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    unpacked.mkdir()
    _run(["apt-get", "download", *PACKAGES], unpacked)
    for package in sorted(unpacked.glob("*.deb")):
        _run(["dpkg-deb", "-x", str(package), str(unpacked)], unpacked)
        package.unlink()
    (unpacked / "usr").rename(folder / "usr")
    shutil.rmtree(unpacked)


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_FETCH_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise NoRedisServerError(
            f"{' '.join(command)} took more than {_FETCH_SECONDS} s; install redis-server by hand"
        ) from error
    if done.returncode != 0:
        raise NoRedisServerError(
            f"redis-server is not on the PATH, and {' '.join(command)} failed: {done.stderr.strip()[-800:]}\n"
            "Install it, or refresh the package lists: apt-get update"
        )


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A throw-away key and a certificate for 127.0.0.1 that is good for a day."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, capture_output=True, check=True, timeout=60)
    return key, certificate


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
